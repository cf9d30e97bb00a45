"""Packages built in copies, by real front ends in real processes, without the package index.

Nothing is built where it lies: pip builds a folder in place, and a second build would see the files of the first.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "tests/packages"
# What a fresh clone does not have.
IGNORED = shutil.ignore_patterns(
    ".*_cache",
    ".git",
    ".hypothesis",
    ".venv",
    "*.egg-info",
    "__pycache__",
    "dist",
    "hosted_registry.py*",
    "model_registry.py*",
)

Run = Callable[..., subprocess.CompletedProcess[str]]
Copy = Callable[[str], Path]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a Python with the arguments; what it printed is shown if it was not to fail."""

    def run(
        python: Path | str, *arguments: Path | str, fails: bool = False, cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            [python, *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env=environment,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done

    return run


def new_environment(folder: Path) -> Path:
    """An environment with nothing in it, not even pip; its Python."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return python_of(folder)


def python_of(folder: Path) -> Path:
    """The Python of an environment, beside its commands."""
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}), "python")


def packages_of(folder: Path) -> Path:
    """Where an environment keeps its packages."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """The Python of an environment with nothing in it."""
    return new_environment(tmp_path / "clean")


@pytest.fixture(scope="session")
def copy_self(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a copy of this project as a fresh clone has it."""

    def copy() -> Path:
        target = tmp_path_factory.mktemp("self") / "hypiler"
        shutil.copytree(ROOT, target, ignore=IGNORED)
        return target

    return copy


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def first(folder: Path) -> Iterator[bool]:
    """Whether this process is the first that wants `folder`; the others wait until it has made what lies there."""
    with FileLock(f"{folder}.lock"):
        yield not folder.exists()


@pytest.fixture(scope="session")
def hook_repository(copy_self: Callable[[], Path], shared: Path) -> Path:
    """A git repository with this project, as pre-commit clones it."""
    folder = shared / "hooks"
    with first(folder) as missing:
        if missing:
            source = copy_self()
            git = ["git", "-C", source, "-c", "user.name=n", "-c", "user.email=e@e"]
            for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "m"]):
                subprocess.run([*git, *words], check=True)
            source.rename(folder)
    return folder


@pytest.fixture(scope="session")
def distributions(run: Run, copy_self: Callable[[], Path], shared: Path) -> Path:
    """This project's sdist, and the wheel that was built from it."""
    folder = shared / "distributions"
    with first(folder) as missing:
        if missing:
            source = copy_self()
            build = ["-m", "build", "--no-isolation", "--outdir", folder, source]
            run(sys.executable, *build, cwd=source)
    return folder


@pytest.fixture(scope="session")
def wheelhouse(run: Run, distributions: Path, shared: Path) -> Path:
    """A folder with this project's wheel, all that isolated builds of the samples need, and a type checker."""
    folder = shared / "wheelhouse"
    with first(folder) as missing:
        if missing:
            (wheel,) = distributions.glob("*.whl")
            tools = ["hatchling", "setuptools>=69", "pdm-backend", "editables", f"mypy=={version('mypy')}"]
            download = ["download", "--quiet", "--dest", folder, wheel, *tools]
            run(sys.executable, "-m", "pip", *download, cwd=shared)
    return folder


@pytest.fixture(scope="session")
def wheels_to_run_models(run: Run, wheelhouse: Path, shared: Path) -> Path:
    """The same folder, with what the extra `onnx` needs as well."""
    with first(shared / "wheels-of-onnx") as missing:
        if missing:
            (wheel,) = wheelhouse.glob("hypiler-*.whl")
            download = ["download", "--quiet", "--find-links", wheelhouse, "--dest", wheelhouse, f"{wheel}[onnx]"]
            run(sys.executable, "-m", "pip", *download, cwd=shared)
            (shared / "wheels-of-onnx").touch()
    return wheelhouse


@pytest.fixture(scope="session")
def builder(run: Run, distributions: Path, shared: Path) -> Path:
    """The Python of an environment that has this project's wheel and, by way of a path, the tools of this one."""
    folder = shared / "builder"
    with first(folder) as missing:
        if missing:
            python = new_environment(folder)
            # Comes after the environment's own packages, so that the wheel hides an editable install of this project.
            tools = packages_of(folder) / "tools.pth"
            tools.write_text(sysconfig.get_path("purelib"))
            (wheel,) = distributions.glob("*.whl")
            install = ["install", "--quiet", "--no-index", "--ignore-installed", wheel]
            run(python, "-m", "pip", *install, cwd=shared)
    python = python_of(folder)
    told = run(python, "-c", "import hypiler; print(hypiler.__file__)", cwd=shared)
    assert told.stdout.startswith(str(folder))
    return python


@pytest.fixture
def copy_package(tmp_path: Path) -> Copy:
    """Copies one of tests/packages."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(PACKAGES / name, tmp_path / name, ignore=IGNORED))

    return copy
