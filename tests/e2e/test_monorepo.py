"""Projects in a repository whose registries lie above them, or are several: built by real front ends."""

import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from e2e.artifacts import contents, only
from slow import slow

from hypiler.verification.lockfile import LockEntry, write_lock

pytestmark = slow

Run = Callable[..., CompletedProcess[str]]
Copy = Callable[[str], Path]
BUILD = ["-m", "build", "--no-isolation"]
# Each sample, and where its package lies.
APPS = {"hatch-app": "src/hatch_app", "setuptools-app": "setuptools_app", "pdm-app": "src/pdm_app"}
OPTIONS = """
[[tool.hypiler.registry]]
sources = ["../../shared/*.json"]
output = "{folder}/registry.py"
targets = {{ docs = "docs/models.md", schema = "{folder}/models.schema.json" }}
[[tool.hypiler.registry]]
sources = ["models.json", "../../shared/models.json"]
output = "{folder}/all_models.py"
lock = "all.lock.json"
"""


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest, copy_package: Copy, tmp_path: Path) -> Path:
    """A project in the folder `services/NAME` of a git repository, with a lock for each registry."""
    root = tmp_path / "repository"
    app = root / "services" / request.param
    app.parent.mkdir(parents=True)
    copy_package(request.param).rename(app)
    subprocess.run(["git", "init", "-q", root], check=True)
    folder = APPS[request.param]
    (root / "shared").mkdir()
    text = (app / "models.json").read_text()
    (root / "shared/models.json").write_text(text.replace("small-encoder", "shared-encoder"))
    before, _, after = (app / "pyproject.toml").read_text().partition("[tool.hypiler]")
    rest = "[" + after.partition("\n[")[2] if "\n[" in after else ""
    (app / "pyproject.toml").write_text(before + rest + OPTIONS.format(folder=folder))
    locked = LockEntry("org/other", "a" * 40, "2026-01-31")
    (app / "models.lock.json").write_text(write_lock({"other": locked}))
    (app / "all.lock.json").write_text(write_lock({"other": locked}))
    return app


def test_wheel_from_the_sdist_is_the_wheel_from_the_tree_and_nothing_is_written_above(
    run: Run, builder: Path, app: Path, tmp_path: Path
) -> None:
    root = app.parents[1]
    above = {path: path.read_bytes() for path in root.glob("shared/*")}
    run(builder, *BUILD, cwd=app)
    with tarfile.open(only(app / "dist", "*.gz")) as archive:
        names = {path.partition("/")[2] for path in archive.getnames()}
    carried = {"hypiler-sources/2/shared/models.json", "models.json", "models.lock.json", "all.lock.json"}
    assert carried <= names
    run(builder, *BUILD, "--wheel", "-o", tmp_path / "direct", cwd=app)
    wheel = contents(only(tmp_path / "direct", "*.whl"))
    assert contents(only(app / "dist", "*.whl")) == wheel
    package = app.name.replace("-", "_")
    modules = {f"{package}/{name}" for name in ("registry.py", "registry.pyi", "all_models.py", "all_models.pyi")}
    assert wheel.keys() >= {*modules, f"{package}/models.schema.json"}
    assert not [name for name in wheel if name.startswith(("docs", "hypiler-sources", "all."))]
    assert b"shared-encoder" in wheel[f"{package}/registry.py"]
    assert b"small-encoder" in wheel[f"{package}/all_models.py"]
    assert {path: path.read_bytes() for path in root.glob("shared/*")} == above
    assert not (app / "hypiler-sources").exists()
    assert (app / "docs/models.md").exists()


def test_an_sdist_is_made_from_an_unpacked_sdist(run: Run, builder: Path, app: Path, tmp_path: Path) -> None:
    run(builder, *BUILD, "--sdist", cwd=app)
    with tarfile.open(only(app / "dist", "*.gz")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    unpacked = only(tmp_path / "unpacked", "*")
    run(builder, *BUILD, cwd=unpacked)
    with tarfile.open(only(unpacked / "dist", "*.gz")) as archive:
        assert "hypiler-sources/2/shared/models.json" in {path.partition("/")[2] for path in archive.getnames()}


def test_a_fault_in_one_registry_ends_the_build_with_nothing_written(run: Run, builder: Path, app: Path) -> None:
    shared = app.parents[1] / "shared/models.json"
    shared.write_text(shared.read_text().replace('_dim": 384', '_dim": 0'))
    said = run(builder, *BUILD, "--wheel", cwd=app, fails=True).stdout
    assert "--> ../../shared/models.json:" in said
    assert "Traceback" not in said
    assert not [*app.rglob("registry.py"), *app.rglob("all_models.py"), *app.rglob("models.md")]


def test_wrong_options_end_every_build_without_a_traceback(run: Run, builder: Path, app: Path) -> None:
    table = app / "pyproject.toml"
    table.write_text(table.read_text().replace("../../shared/*.json", "../../../*.json"))
    for what in ("--sdist", "--wheel"):
        said = run(builder, *BUILD, what, cwd=app, fails=True).stdout
        assert 'error[M503]: a path must stay inside the project, got "../../../*.json"' in said
        assert "Traceback" not in said
