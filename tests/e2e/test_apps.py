"""Projects that use a hook: a registry of their own, compiled whenever they are built or installed."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from e2e.artifacts import only
from slow import all_or, slow

Run = Callable[..., CompletedProcess[str]]
Copy = Callable[[str], Path]

BUILD = ["-m", "build", "--no-isolation"]
PIP = ["-m", "pip"]
# With --prefix, pip would still take the same project out of the environment that it runs in.
OFFLINE = ["--no-index", "--no-build-isolation", "--no-deps", "--ignore-installed"]
PACKED = {"__init__.py", "py.typed", "registry.py", "registry.pyi"}
# Each sample, where its package lies, and its registries.
APPS = {
    "hatch-app": ("src/hatch_app", ["models.json"]),
    "setuptools-app": ("setuptools_app", ["models.json"]),
    "pdm-app": ("src/pdm_app", ["models.json"]),
    "several-app": ("src/several_app", ["models/own.json", "models/taken.json"]),
}
each_app = pytest.mark.parametrize("name", APPS)
BACKENDS = ["hatch-app", "setuptools-app", "pdm-app"]
each_backend = pytest.mark.parametrize("name", BACKENDS)
# Where hypiler is not installed.
QUESTION = """
import importlib.util, {package} as app
from {package} import registry
assert importlib.util.find_spec("hypiler") is None
assert registry.get_model("small-encoder") is registry.SMALL_ENCODER
assert registry.models_by_type(registry.ModelType.DENSE) == registry.MODEL_REGISTRY
print(app.__file__, app.dimension(), [model.id for model in registry.MODEL_REGISTRY])
"""


def package(name: str) -> str:
    return name.replace("-", "_")


def packed(wheel: Path, name: str) -> dict[str, bytes]:
    """The files of the package in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        found = {path.partition("/"): archive.read(path) for path in archive.namelist()}
    return {rest: data for (folder, _, rest), data in found.items() if folder == package(name)}


def answer(run: Run, clean: Path, name: str, installed: Path | str) -> None:
    told = run(clean, "-c", QUESTION.format(package=package(name)), cwd=clean.parent).stdout
    ids = ["small-encoder", "taken-encoder"][: len(APPS[name][1])]
    assert told == f"{installed}/__init__.py 384 {ids}\n"


def installed_in(clean: Path, name: str) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{clean.parents[1]}/lib/python{version}/site-packages/{package(name)}"


@slow
@pytest.mark.parametrize("name", BACKENDS)
def test_registry_on_the_shipped_one_and_on_a_file_is_built_from_its_sdist_whatever_builds(
    run: Run, builder: Path, copy_package: Copy, name: str
) -> None:
    """A build has hypiler, and so the shipped registry; a file travels in the sdist."""
    app = copy_package(name)
    options = (app / "pyproject.toml").read_text().replace("[tool.hypiler]", "[tool.hypiler]\nextends = LAYERS", 1)
    (app / "pyproject.toml").write_text(options.replace("LAYERS", '["hypiler", "team.json"]'))
    overlay = '{"version": "1.0", "overrides": [{"id": "bge-m3", "description": "Ours."}], "hidden": ["nv-embed-v2"]}'
    (app / "team.json").write_text(overlay)
    run(builder, *BUILD, cwd=app)
    registry = packed(only(app / "dist", "*.whl"), name)["registry.py"].decode()
    assert "Ours." in registry
    assert "small-encoder" in registry
    assert "nv-embed-v2|" not in registry


@slow
@each_app
def test_generated_files_reach_the_wheel_though_git_ignores_them(
    run: Run, builder: Path, copy_package: Copy, name: str
) -> None:
    app = copy_package(name)
    subprocess.run(["git", "init", "-q", app], check=True)
    ignored = subprocess.run(["git", "check-ignore", f"{APPS[name][0]}/registry.py"], cwd=app, check=False)
    assert ignored.returncode == 0
    # What a build that was killed, or that runs at this moment, has there is not packed.
    (app / APPS[name][0] / ".registry.py.0123456789ab.tmp.pyc").touch()
    run(builder, *BUILD, "--wheel", cwd=app)
    assert packed(only(app / "dist", "*.whl"), name).keys() == PACKED


@slow
@pytest.mark.parametrize("name", all_or(["hatch-app"], APPS))
def test_sdist_carries_the_registry_and_its_wheel_what_it_became(
    run: Run, builder: Path, copy_package: Copy, name: str
) -> None:
    """The wheel that is made from the sdist holds the same bytes as the one that is made from the tree."""
    app = copy_package(name)
    run(builder, *BUILD, cwd=app)
    sdist, wheel = only(app / "dist", "*.gz"), only(app / "dist", "*.whl")
    folder, sources = APPS[name]
    with tarfile.open(sdist) as archive:
        names = {path.partition("/")[2] for path in archive.getnames()}
    assert names >= {*sources, f"{folder}/__init__.py", "pyproject.toml", "PKG-INFO"}
    assert not names & {f"{folder}/registry.py", f"{folder}/registry.pyi"}, "an sdist generates nothing"
    assert not (app / folder / "registry.py").exists()
    run(builder, *BUILD, "--wheel", "-o", app.parent / "direct", cwd=app)
    direct = packed(only(app.parent / "direct", "*.whl"), name)
    assert packed(wheel, name) == direct
    assert direct.keys() == PACKED


@slow
def test_sdist_of_hatchling_carries_the_registry_even_if_git_ignores_it(
    run: Run, builder: Path, copy_package: Copy
) -> None:
    app = copy_package("hatch-app")
    (app / ".gitignore").write_text("*.json\nregistry.py*\n")
    run(builder, *BUILD, cwd=app)
    assert packed(only(app / "dist", "*.whl"), "hatch-app").keys() == PACKED


@pytest.mark.parametrize("name", all_or(["hatch-app"], APPS))
def test_install_answers_where_hypiler_is_not(
    run: Run, builder: Path, copy_package: Copy, clean: Path, name: str
) -> None:
    app = copy_package(name)
    prefix = ["--prefix", clean.parents[1]]
    run(builder, *PIP, "install", *OFFLINE, *prefix, app, cwd=app.parent)
    answer(run, clean, name, installed_in(clean, name))


@slow
@each_app
def test_editable_install_answers_and_follows_the_registry(
    run: Run, builder: Path, copy_package: Copy, clean: Path, name: str
) -> None:
    app = copy_package(name)
    prefix = ["--prefix", clean.parents[1]]
    run(builder, *PIP, "install", *OFFLINE, *prefix, "-e", app, cwd=app.parent)
    folder, sources = APPS[name]
    answer(run, clean, name, app / folder)
    models = app / sources[0]
    text = models.read_text()
    models.write_text(text.replace('_dim": 384', '_dim": 512'))
    run(builder, "-m", "hypiler", "build", cwd=app)
    told = run(clean, "-c", f"import {package(name)} as app; print(app.dimension())", cwd=app.parent)
    assert told.stdout == "512\n"


@slow
@pytest.mark.parametrize("name", BACKENDS)
def test_isolated_build_installs_what_it_needs(
    run: Run, wheelhouse: Path, copy_package: Copy, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = copy_package(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    run(sys.executable, "-m", "build", cwd=app)
    assert packed(only(app / "dist", "*.whl"), name).keys() == PACKED


@slow
@each_backend
def test_two_builds_of_one_tree_at_once_both_succeed(builder: Path, copy_package: Copy, name: str) -> None:
    app = copy_package(name)
    # Of the others, only what is ours: their own build folders are not made for two.
    steps = [[*BUILD, "--wheel", "-o", out] for out in ("a", "b")]
    if name != "hatch-app":
        steps = [["-m", "hypiler", "build"], ["-m", "hypiler", "build"]]
    both = [subprocess.Popen([builder, *step], cwd=app, stdout=subprocess.DEVNULL) for step in steps]
    assert [one.wait() for one in both] == [0, 0]
    if name == "hatch-app":
        assert only(app / "a", "*").read_bytes() == only(app / "b", "*").read_bytes()


@slow
@pytest.mark.parametrize("backend", ["hatch-app", "setuptools-app", "pdm-app"])
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
    run: Run, builder: Path, copy_package: Copy, command: list[str], backend: str
) -> None:
    app = copy_package("broken-app")
    table = (app.parent / "broken-app/pyproject.toml").read_text()
    if backend != "hatch-app":
        system = (Path(__file__).parents[1] / "packages" / backend / "pyproject.toml").read_text().partition("\n\n")[0]
        table = f"{system}\n{table.partition(chr(10) * 2)[2].partition('[tool.hatch')[0]}"
        (app / "pyproject.toml").write_text(table)
    if backend == "setuptools-app" and "--sdist" in command:
        pytest.skip("setuptools builds nothing for an sdist; its wheel fails")
    before = sorted(app.rglob("*"))
    said = run(builder, *command, cwd=app, fails=True).stdout
    assert "error[M108]: " in said
    assert "--> models.json:8:25" in said
    assert "error[M106]: " in said
    assert "2 errors" in said
    assert "hypiler: the model registry was not built" in said
    assert "Traceback" not in said
    after = [path for path in sorted(app.rglob("*")) if path.name != "dist" and not _is_of_setuptools(path)]
    assert after == before


def _is_of_setuptools(path: Path) -> bool:
    return any(part == "build" or part.endswith(".egg-info") for part in path.parts[-3:])


@slow
def test_project_without_the_table_is_none_of_our_business(run: Run, builder: Path, copy_package: Copy) -> None:
    """Where hypiler is installed, setuptools asks its hook for every project, also for one that only uses it."""
    app = copy_package("setuptools-app")
    table = (app / "pyproject.toml").read_text().partition("[tool.hypiler]")[0]
    (app / "pyproject.toml").write_text(table + 'dependencies = ["hypiler"]\n')
    shutil.rmtree(app / "setuptools_app")
    (app / "setuptools_app").mkdir()
    (app / "setuptools_app/__init__.py").touch()
    run(builder, *BUILD, "--wheel", cwd=app)
    assert packed(only(app / "dist", "*.whl"), "setuptools-app").keys() == {"__init__.py"}


@slow
def test_backend_without_hooks_packs_what_was_committed(run: Run, builder: Path, copy_package: Copy) -> None:
    app = copy_package("flit-app")
    missing = run(builder, "-m", "hypiler", "build", "--check", cwd=app, fails=True).stdout
    assert "error[M506]: `flit_app/registry.py` is missing" in missing
    run(builder, "-m", "hypiler", "build", cwd=app)
    run(builder, *BUILD, "--wheel", cwd=app)
    assert packed(only(app / "dist", "*.whl"), "flit-app").keys() == PACKED
    run(builder, "-m", "hypiler", "build", "--check", cwd=app)
