"""The image of docs/deploying.md is built and run, and everything else that the page has as a command."""

import os
import re
import sysconfig
from pathlib import Path
from textwrap import dedent

import acme_hub
import images
import pytest
from console import run_page
from e2e.conftest import new_environment, packages_of
from loopback_hub import LoopbackHub
from slow import slow

pytestmark = slow

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/deploying.md"
# Instead of Docker: `build` carries out the Dockerfile, and `run` runs its command where nothing can be written at home.
DOCKER = """\
    #!{python}
    import pickle, sys
    from pathlib import Path
    sys.path[:0] = {paths!r}
    from e2e.test_deploying import build_image, run_image
    place = Path({place!r})
    if sys.argv[1] == "build":
        place.write_bytes(pickle.dumps(build_image(Path(sys.argv[-1]).resolve(), place.with_name("stages"))))
    else:
        print(run_image(pickle.loads(place.read_bytes())), end="")
"""


def build_image(context: Path, target: Path) -> images.Stage:
    """An image whose stages have the packages of this environment."""

    def make_python(folder: Path) -> None:
        new_environment(folder)
        (packages_of(folder) / "installed.pth").write_text(os.environ["HYPILER_TEST_PACKAGES"])

    return images.build(context, target, make_python)


def run_image(image: images.Stage) -> str:
    """What the command prints, without a network and a home. Raises AssertionError if it writes anything."""
    assert image.user.partition(":")[0] not in ("root", "0", "")
    assert list(image.folder.rglob("site-packages/app/__pycache__/model_registry.*.pyc"))
    before = _state(image.folder)
    nowhere = str(image.folder / "python/pyvenv.cfg/home")
    settings = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE"), nowhere)
    said = images.run(image, image.command, settings | {"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert _state(image.folder) == before
    return said


def _state(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.exists()}


def test_image_is_one_that_needs_no_root_and_names_its_stages() -> None:
    (dockerfile,) = re.findall(
        r"^```dockerfile Dockerfile\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    lines = [line.partition(" ")[::2] for line in dockerfile.splitlines() if line]
    assert {instruction for instruction, _ in lines} <= images.INSTRUCTIONS
    stages = [rest.partition(" AS ")[2] for instruction, rest in lines if instruction == "FROM"]
    copied = [rest.split()[0].removeprefix("--from=") for _, rest in lines if rest.startswith("--from=")]
    assert stages == [*copied, ""]
    assert [instruction for instruction, _ in lines[-2:]] == ["USER", "CMD"]


def test_the_page_is_true(builder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    paths = [str(packages_of(builder.parents[1])), sysconfig.get_path("purelib")]
    own = {"python": builder, "paths": [str(ROOT / "tests"), *paths], "place": str(tmp_path / "image")}
    (tools / "docker").write_text(dedent(DOCKER).format(**own))
    (tools / "docker").chmod(0o755)
    monkeypatch.setenv("HYPILER_TEST_PACKAGES", "".join(f"{path}\n" for path in paths))
    monkeypatch.setenv("PATH", f"{builder.parent}:{sysconfig.get_path('scripts')}:{os.environ['PATH']}")
    # The environments have what a build needs already.
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    for name in ("NO_INDEX", "DISABLE_PIP_VERSION_CHECK", "QUIET"):
        monkeypatch.setenv(f"PIP_{name}", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    folder = tmp_path / "app"
    folder.mkdir()
    with LoopbackHub() as hub:
        acme_hub.publish(hub)
        acme_hub.use(hub, tmp_path / "cache", monkeypatch)
        assert run_page(PAGE, folder, tools) == 3
