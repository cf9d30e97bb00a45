"""Where everything is measured: an interpreter, an installed hypiler, registries."""

import compileall
import json
import py_compile
import shutil
import sys
import venv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import rivals
import synthetic
from timing import Command

PROJECT = Path(__file__).resolve().parent.parent
_SCRIPT = """#!{python}
import sys
from hypiler.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""
# Prints the nanoseconds of one statement in a fresh process, compiled before.
_TIME = """
import sys, time
code = compile(sys.argv.pop(1), "statement", "exec")
start = time.perf_counter_ns()
exec(code)
print(time.perf_counter_ns() - start)
"""


class Lab:
    """Makes what is measured, each thing once, below one temporary folder."""

    def __init__(self, folder: Path) -> None:
        """Set up the interpreter and install the source tree beside this file."""
        self.folder = folder
        # Bare, so that no shim and no other package's start-up file counts as ours.
        venv.create(folder / "env", with_pip=False, symlinks=True)
        self.python = str(folder / "env" / "bin" / "python")
        packages = next((folder / "env" / "lib").glob("python*/site-packages"))
        self._install(packages / "hypiler")
        self.hypiler = str(folder / "env" / "bin" / "hypiler")
        Path(self.hypiler).write_text(_SCRIPT.format(python=self.python))
        Path(self.hypiler).chmod(0o755)
        self.build(PROJECT / "models.json", packages / "hypiler")
        # Without any package.
        venv.create(folder / "bare", with_pip=False, symlinks=True)
        self.bare = str(folder / "bare" / "bin" / "python")
        compileall.compile_dir(packages, quiet=1)

    def _install(self, package: Path) -> None:
        ignored = shutil.ignore_patterns("__pycache__", "*_registry.py*")
        shutil.copytree(PROJECT / "src" / "hypiler", package, ignore=ignored)

    def nothing(self) -> Command:
        """Make the floor of every process: `python -c pass`."""
        return self.run("pass")

    def run(self, code: str, path: Path | None = None) -> Command:
        """Make a process that runs this code, with one folder to import from."""
        return Command([self.python, "-c", code], self.folder, path)

    def timed(self, statement: str, path: Path | None, *arguments: str) -> Command:
        """Make a process that prints the nanoseconds of a statement."""
        argv = [self.python, "-c", _TIME, statement, *arguments]
        return Command(argv, self.folder, path)

    def timed_source(self, statement: str, path: Path) -> Command:
        """Make the same for a folder without .pyc, which leaves none there."""
        argv = [self.python, "-B", "-c", _TIME, statement]
        return Command(argv, self.folder, path)

    def caller(self, *arguments: str) -> Command:
        """Make a process of the benchmark's own interpreter, for its packages."""
        return Command([sys.executable, *arguments], self.folder)

    def models(self, count: int) -> list[dict[str, Any]]:
        """Give the made-up models of a registry of this size."""
        return _models(count)

    def registry(self, count: int) -> Path:
        """Give a registry file of this size."""
        return self.file(
            f"models-{count}.json",
            lambda path: synthetic.write_registry(self.models(count), path),
        )

    def registry_without_lock(self) -> Path:
        """Give a copy of the shipped registry, with no lock beside it."""
        return self.file("models.json", lambda path: shutil.copy(PROJECT / "models.json", path))

    def file(self, name: str, write: Callable[[Path], object]) -> Path:
        """Give the file of this name, written when it is first asked for."""
        path = self.folder / name
        if not path.exists():
            write(path)
        return path

    def generated(self, count: int) -> Path:
        """Give a folder with the generated module of such a registry, and its .pyc."""
        return self.compiled(f"generated-{count}", lambda out: self.build(self.registry(count), out))

    def floor(self, count: int) -> Path:
        """Give a folder with F: the same values as one constant tuple."""
        return self.module(f"floor-{count}", lambda: rivals.floor_source(self.models(count)))

    def dataclasses(self, count: int) -> Path:
        """Give a folder with the same models as frozen dataclasses."""
        return self.module(
            f"dataclasses-{count}",
            lambda: rivals.dataclasses_source(self.models(count)),
        )

    def module(self, name: str, source: Callable[[], str]) -> Path:
        """Give a folder with a module of this source, and its .pyc."""

        def write(folder: Path) -> None:
            folder.mkdir()
            (folder / "model_registry.py").write_text(source(), encoding="utf-8")

        return self.compiled(name, write)

    def compiled(self, name: str, write: Callable[[Path], object]) -> Path:
        """Give a folder with a module and its .pyc, made when it is first asked for."""
        folder = self.folder / name
        if not folder.exists():
            write(folder)
            py_compile.compile(str(folder / "model_registry.py"), doraise=True)
        return folder

    def source_only(self, folder: Path) -> Path:
        """Give the same folder without .pyc."""
        copy = folder.with_name(folder.name + "-source")
        if not copy.exists():
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
        return copy

    def id(self, count: int) -> str:
        """Give the id of the model in the middle of the registry."""
        found: str = self.models(count)[count // 2]["id"]
        return found

    def constant(self, count: int) -> str:
        """Give the name of its constant."""
        return constant_of(self.id(count))

    def build(self, registry: Path, out: Path) -> None:
        """Write the generated module of a registry file."""
        arguments = [self.hypiler, "build", str(registry), "--out", str(out)]
        Command([*arguments, "--quiet"], self.folder).run()


@cache
def _models(count: int) -> list[dict[str, Any]]:
    return synthetic.models(count)


def constant_of(id: str) -> str:
    """Give the name of the constant that an id becomes."""
    return id.upper().replace("-", "_").replace(".", "_")


def pyc_of(folder: Path) -> Path:
    """Find the .pyc of a module in a folder that `Lab` made."""
    return next((folder / "__pycache__").glob("model_registry.*.pyc"))


def tool(name: str) -> str | None:
    """Find a program beside the interpreter that runs the benchmark, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def read_json(text: str) -> Any:
    """Read what a measuring process printed."""
    return json.loads(text)
