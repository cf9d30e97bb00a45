"""Projects that use the hook: a registry of their own, compiled whenever they are built or installed."""

import sys
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]
Copy = Callable[[str], Path]

BUILD = ["-m", "build", "--no-isolation"]
PIP = ["-m", "pip"]
# With --prefix, pip would still take the same project out of the environment that it runs in.
OFFLINE = ["--no-index", "--no-build-isolation", "--no-deps", "--ignore-installed"]
PACKED = {"__init__.py", "py.typed", "registry.py", "registry.pyi"}
# Where hypiler is not installed.
QUESTION = """
import importlib.util, hatch_app
assert importlib.util.find_spec("hypiler") is None
print(hatch_app.__file__, hatch_app.dimension())
"""


def packed(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = [name.partition("/") for name in archive.namelist()]
    return {rest for folder, _, rest in names if folder == "hatch_app"}


def answer(run: Run, clean: Path, installed: Path | str) -> None:
    told = run(clean, "-c", QUESTION, cwd=clean.parent).stdout
    assert told == f"{installed}/__init__.py 384\n"


def installed_in(clean: Path) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{clean.parents[1]}/lib/python{version}/site-packages/hatch_app"


def test_generated_files_reach_the_wheel_though_git_ignores_them(run: Run, builder: Path, copy_package: Copy) -> None:
    app = copy_package("hatch-app")
    run(builder, *BUILD, "--wheel", cwd=app)
    (wheel,) = (app / "dist").glob("*.whl")
    assert packed(wheel) == PACKED


def test_sdist_carries_the_registry_and_its_wheel_what_it_became(run: Run, builder: Path, copy_package: Copy) -> None:
    app = copy_package("hatch-app")
    run(builder, *BUILD, cwd=app)
    (sdist,), (wheel,) = (app / "dist").glob("*.gz"), (app / "dist").glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = ["src/hatch_app/__init__.py", "src/hatch_app/py.typed", "models.json"]
    assert names == {*sources, ".gitignore", "pyproject.toml", "PKG-INFO"}
    assert packed(wheel) == PACKED
    assert not (app / "src/hatch_app/registry.py").exists(), "an sdist generates nothing"


def test_sdist_carries_the_registry_even_if_git_ignores_it(run: Run, builder: Path, copy_package: Copy) -> None:
    app = copy_package("hatch-app")
    (app / ".gitignore").write_text("*.json\nregistry.py*\n")
    run(builder, *BUILD, cwd=app)
    (wheel,) = (app / "dist").glob("*.whl")
    assert packed(wheel) == PACKED


def test_install_answers_where_hypiler_is_not(run: Run, builder: Path, copy_package: Copy, clean: Path) -> None:
    app = copy_package("hatch-app")
    prefix = ["--prefix", clean.parents[1]]
    run(builder, *PIP, "install", *OFFLINE, *prefix, app, cwd=app.parent)
    answer(run, clean, installed_in(clean))


def test_editable_install_answers_and_follows_the_registry(
    run: Run, builder: Path, copy_package: Copy, clean: Path
) -> None:
    app = copy_package("hatch-app")
    prefix = ["--prefix", clean.parents[1]]
    run(builder, *PIP, "install", *OFFLINE, *prefix, "-e", app, cwd=app.parent)
    answer(run, clean, app / "src/hatch_app")
    models = app / "models.json"
    text = models.read_text()
    models.write_text(text.replace('_dim": 384', '_dim": 512'))
    run(builder, "-m", "hypiler", "build", cwd=app)
    told = run(clean, "-c", "import hatch_app; print(hatch_app.dimension())", cwd=app)
    assert told.stdout == "512\n"


def test_two_builds_of_one_tree_at_once_both_succeed(run: Run, builder: Path, copy_package: Copy) -> None:
    app = copy_package("hatch-app")
    with ThreadPoolExecutor() as pool:
        for out in ("a", "b"):
            pool.submit(run, builder, *BUILD, "--wheel", "-o", out, cwd=app)
    (one,), (other,) = (app / "a").glob("*"), (app / "b").glob("*")
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        [*BUILD, "--sdist"],
        [*BUILD, "--wheel"],
        [*PIP, "install", *OFFLINE, "."],
        [*PIP, "install", *OFFLINE, "-e", "."],
    ],
    ids=["sdist", "wheel", "install", "editable"],
)
def test_fault_in_the_registry_ends_the_build_with_the_findings(
    run: Run, builder: Path, copy_package: Copy, command: list[str]
) -> None:
    app = copy_package("broken-app")
    before = sorted(app.rglob("*"))
    said = run(builder, *command, cwd=app, fails=True).stdout
    assert "error[M108]: " in said
    assert "--> models.json:8:25" in said
    assert "error[M106]: " in said
    assert "2 errors" in said
    assert "Traceback" not in said
    after = [path for path in sorted(app.rglob("*")) if path.name != "dist"]
    assert after == before
