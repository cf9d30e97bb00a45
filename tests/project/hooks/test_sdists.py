"""An sdist holds every input and no outdated output, so that its wheel is the one of the tree."""

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from project.hooks.builds import files_below, imported, models, pyproject, run_backend, unpack_sdist, wheel_files, write
from project.test_lock import locked, stated
from slow import slow
from strategies import registry_of

from hypiler.verification.lockfile import write_lock

COMMIT = "a" * 40
OPTIONS = """\
[[tool.hypiler.registry]]
sources = ["models/own.json", "models/*.json", "../shared/models.json"]
output = "src/app/registry.py"
lock = "locks/models.lock.json"
targets = { docs = "MODELS.md", schema = "schema/models.schema.json" }

[[tool.hypiler.registry]]
sources = ["src/app/other.json"]
output = "src/app/other.py"
"""
INPUTS = {
    "models/own.json",
    "models/more.json",
    "hypiler-sources/1/shared/models.json",
    "locks/models.lock.json",
    "src/app/other.json",
    "pyproject.toml",
}
MODULES = {"src/app/registry.py", "src/app/registry.pyi", "src/app/other.py", "src/app/other.pyi"}
DOCUMENTS = {"MODELS.md", "schema/models.schema.json", "schema/hypiler.manifest.json"}
EXCLUDED = {
    "hatch": '[tool.hatch.build.targets.sdist]\nonly-include = ["src", "MODELS.md", "schema"]\nexclude = ["own.json", "*.lock.json"]',
    "setuptools": "",
    "pdm": '[tool.pdm.build]\nexcludes = ["**/own.json", "**/*.lock.json"]\nsource-includes = ["MODELS.md", "schema", "models"]',
}
each_backend = pytest.mark.parametrize("backend", ["hatch", "setuptools", "pdm"])


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.email=a@b", "-c", "user.name=t"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, backend: str) -> Path:
    """A project in a repository that has committed its outputs, with settings that exclude most of what is needed."""
    manifest = "include MODELS.md\nrecursive-include schema *.json\nglobal-exclude own.json *.lock.json other.json\nprune models\n"
    files = {
        "shared/models.json": models(),
        "app/models/own.json": json.dumps(registry_of(stated())),
        "app/models/more.json": models().replace("small-encoder", "more-encoder"),
        "app/locks/models.lock.json": write_lock({"model-a": locked()}),
        "app/src/app/other.json": models().replace("small-encoder", "other-encoder"),
        "app/src/app/__init__.py": "",
        "app/pyproject.toml": pyproject(backend, "", EXCLUDED[backend]).replace("[tool.hypiler]\n", OPTIONS),
    }
    if backend == "setuptools":
        files["app/MANIFEST.in"] = manifest
    write(folder, files)
    git(folder, "init", "-q")
    subprocess.run([sys.executable, "-m", "hypiler", "build", "-q"], cwd=folder / "app", check=True)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    return folder / "app"


@slow
@each_backend
def test_wheel_of_the_sdist_is_that_of_the_tree_though_settings_exclude_inputs(tmp_path: Path, backend: str) -> None:
    root = repository(tmp_path / "repository", backend)
    done = run_backend(root, backend, f"sdist={tmp_path}/sdist", f"wheel={tmp_path}/direct")
    assert done.returncode == 0, done.stdout
    sdist = unpack_sdist(tmp_path / "sdist", tmp_path / "unpacked")
    assert files_below(sdist) >= INPUTS | DOCUMENTS
    assert not files_below(sdist) & MODULES
    done = run_backend(sdist, backend, f"wheel={tmp_path}/again")
    assert done.returncode == 0, done.stdout
    direct = wheel_files(tmp_path / "direct")
    assert wheel_files(tmp_path / "again") == direct
    assert {f"src/{name}" for name in direct} >= MODULES
    # The lock was read in both.
    assert f"{COMMIT}".encode() in direct["app/registry.py"]
    code = "import sys; sys.path[:0] = sys.argv[1:]; from app.registry import MODEL_A as m; print(m.verified_facts)"
    imported(tmp_path / "again", "app.registry")
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "again/site")], capture_output=True, text=True, check=True
    )
    assert told.stdout == "3\n"


@each_backend
def test_outdated_outputs_that_were_committed_are_left_out(tmp_path: Path, backend: str) -> None:
    root = repository(tmp_path / "repository", backend)
    source = root / "models/more.json"
    source.write_text(source.read_text().replace('_dim": 384', '_dim": 512'))
    before = files_below(root)
    done = run_backend(root, backend, f"sdist={tmp_path}/sdist")
    assert done.returncode == 0, done.stdout
    sdist = unpack_sdist(tmp_path / "sdist", tmp_path / "unpacked")
    assert files_below(sdist) >= INPUTS | DOCUMENTS - {"MODELS.md"}
    assert not files_below(sdist) & (MODULES | {"MODELS.md"})
    made = {path for path in files_below(root) - before if not re.search("egg-info|pdm-build", path)}
    assert made == set()


@slow
@each_backend
def test_archive_of_git_is_built_as_the_checkout_is(tmp_path: Path, backend: str) -> None:
    root = repository(tmp_path / "repository", backend)
    git(root.parent, "archive", "-o", str(tmp_path / "all.tar"), "HEAD")
    with tarfile.open(tmp_path / "all.tar") as archive:
        archive.extractall(tmp_path / "archive", filter="data")
    # Around it there is no repository that would allow a source above the project.
    inner = tmp_path / "archive/app"
    text = (inner / "pyproject.toml").read_text()
    (inner / "pyproject.toml").write_text(text.replace(', "../shared/models.json"', ""))
    done = run_backend(inner, backend, f"sdist={tmp_path}/sdist", f"wheel={tmp_path}/direct")
    assert done.returncode == 0, done.stdout
    sdist = unpack_sdist(tmp_path / "sdist", tmp_path / "unpacked")
    assert not files_below(sdist) & MODULES
    done = run_backend(sdist, backend, f"wheel={tmp_path}/again")
    assert done.returncode == 0, done.stdout
    assert wheel_files(tmp_path / "again") == wheel_files(tmp_path / "direct")


def test_sdist_is_built_where_hatchling_calls_the_hook_for_wheels_alone(tmp_path: Path) -> None:
    """hatchling then packs what it selects by itself: a committed module is packed, and is made again."""
    text = pyproject("hatch", 'output = "src/app/registry.py"')
    text = text.replace("[tool.hatch.build.hooks", "[tool.hatch.build.targets.wheel.hooks")
    root = write(tmp_path / "app", {"src/app/__init__.py": "", "pyproject.toml": text, "models.json": models()})
    subprocess.run([sys.executable, "-m", "hypiler", "build", "-q"], cwd=root, check=True)
    write(root, {"models.json": models(512)})
    done = run_backend(root, "hatch", f"sdist={tmp_path}/sdist", f"wheel={tmp_path}/direct")
    assert done.returncode == 0, done.stdout
    sdist = unpack_sdist(tmp_path / "sdist", tmp_path / "unpacked")
    done = run_backend(sdist, "hatch", f"wheel={tmp_path}/again")
    assert done.returncode == 0, done.stdout
    assert wheel_files(tmp_path / "again") == wheel_files(tmp_path / "direct")
    assert imported(tmp_path / "again", "app.registry")[1] == 512


@pytest.mark.parametrize("backend", ["setuptools", "pdm"])
def test_sdist_of_a_project_that_does_not_require_hypiler_holds_current_outputs(tmp_path: Path, backend: str) -> None:
    """A build from this sdist makes no module: where it is made, hypiler may be missing."""
    text = pyproject(backend, 'output = "src/app/registry.py"').replace(', "hypiler"', "")
    root = write(tmp_path / "app", {"src/app/__init__.py": "", "pyproject.toml": text, "models.json": models()})
    subprocess.run([sys.executable, "-m", "hypiler", "build", "-q"], cwd=root, check=True)
    write(root, {"models.json": models(512)})
    done = run_backend(root, backend, f"sdist={tmp_path}/sdist")
    assert done.returncode == 0, done.stdout
    sdist = unpack_sdist(tmp_path / "sdist", tmp_path / "unpacked")
    for name in ("registry.py", "registry.pyi"):
        assert (sdist / "src/app" / name).read_bytes() == (root / "src/app" / name).read_bytes()
    assert "512" in (sdist / "src/app/registry.pyi").read_text()
