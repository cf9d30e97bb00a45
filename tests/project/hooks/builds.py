"""Builds projects by the real backends, in processes without a front end, and asks what was built."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

VALID = (Path(__file__).parents[2] / "packages/hatch-app/models.json").read_text()
BACKENDS = {"hatch": "hatchling.build", "setuptools": "setuptools.build_meta", "pdm": "pdm.backend"}
REQUIRED = {"hatch": "hatchling", "setuptools": "setuptools", "pdm": "pdm-backend"}

_BUILD = """
import importlib, os, sys
backend = importlib.import_module(sys.argv[1])
for word in sys.argv[2:]:
    kind, _, out = word.partition("=")
    os.makedirs(out, exist_ok=True)
    child = len(sys.argv) > 3 and os.fork()
    if not child:
        getattr(backend, "build_" + kind)(out)
        sys.stdout.flush()
        len(sys.argv) > 3 and os._exit(0)
    elif os.waitpid(child, 0)[1]:
        sys.exit(1)
"""
_IMPORT = """
import importlib, json, site, sys
place, name, extra = sys.argv[1:4]
sys.path.append(extra)  # what the environment would have: the package `editables`
site.addsitedir(place)
module = importlib.import_module(name)
print(json.dumps([module.__file__, module.MODEL_REGISTRY[0].embedding_dim]))
"""


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in ("GIT_DIR", "SOURCE_DATE_EPOCH")}


def pyproject(backend: str, options: str, settings: str = "", name: str = "app") -> str:
    hook = "[tool.hatch.build.hooks.hypiler]\n" if backend == "hatch" else ""
    return (
        f'[build-system]\nrequires = ["{REQUIRED[backend]}", "hypiler"]\nbuild-backend = "{BACKENDS[backend]}"\n'
        f'[project]\nname = "{name}"\nversion = "1"\n{settings}\n[tool.hypiler]\n{options}\n{hook}'
    )


def run_backend(root: Path, backend: str, *steps: str) -> subprocess.CompletedProcess[str]:
    """Run the functions of PEP 517 and 660; each step is `wheel=FOLDER`, `sdist=…` or `editable=…`.

    Each step has a process of its own, since setuptools remembers folders that it has made, and then removed. Where
    processes can fork, the backend is loaded once.
    """
    groups = [steps] if hasattr(os, "fork") else [(step,) for step in steps]
    for group in groups:
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, BACKENDS[backend], *group],
            cwd=root,
            env=environment(),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            break
    return done


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def wheel_files(folder: Path) -> dict[str, bytes]:
    """The files of the wheel in a folder, without its metadata."""
    with zipfile.ZipFile(only(folder)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def unpack_sdist(folder: Path, target: Path) -> Path:
    """The folder that the sdist in a folder holds, unpacked."""
    with tarfile.open(only(folder)) as archive:
        archive.extractall(target, filter="data")
    return only(target)


def files_below(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def imported(place: Path, name: str) -> tuple[str, int]:
    """The file of a module, and a fact in it, where the wheel in the folder `place` is installed."""
    import editables

    with zipfile.ZipFile(only(place)) as archive:
        archive.extractall(place / "site")
    place = place / "site"
    extra = str(Path(editables.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", _IMPORT, str(place), name, extra]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    file, dimension = json.loads(done.stdout)
    return file, dimension


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def models(dimension: int = 384) -> str:
    return VALID.replace('_dim": 384', f'_dim": {dimension}')
