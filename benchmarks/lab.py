"""The place where everything is measured: an interpreter of its own, an installed copy of hypiler, made-up registries."""

import compileall
import json
import py_compile
import shutil
import subprocess
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
from hypiler.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""
# The time of one statement in a fresh process, without that of finding and compiling the statement.
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
        self.folder = folder
        # A bare environment: neither a shim nor another package's start-up files count as ours. Its interpreter is
        # named by its real place, which is what pip writes into scripts.
        venv.create(folder / "env", with_pip=False, symlinks=True)
        self.python = str(folder / "env" / "bin" / "python")
        packages = next((folder / "env" / "lib").glob("python*/site-packages"))
        ignored = shutil.ignore_patterns("__pycache__", "model_registry.py*")
        shutil.copytree(
            PROJECT / "src" / "hypiler", packages / "hypiler", ignore=ignored
        )
        compileall.compile_dir(packages, quiet=1)
        self.hypiler = str(folder / "env" / "bin" / "hypiler")
        Path(self.hypiler).write_text(_SCRIPT.format(python=self.python))
        Path(self.hypiler).chmod(0o755)
        self.build(PROJECT / "models.json", packages / "hypiler")
        py_compile.compile(
            str(packages / "hypiler" / "model_registry.py"), doraise=True
        )

    def nothing(self) -> Command:
        """The floor of every process: `python -c pass`."""
        return self.run("pass")

    def run(self, code: str, path: Path | None = None) -> Command:
        """A process that runs this code, with one folder to import from."""
        return Command([self.python, "-c", code], self.folder, path)

    def timed(self, statement: str, path: Path | None, *arguments: str) -> Command:
        """A process that prints the nanoseconds of a statement."""
        argv = [self.python, "-c", _TIME, statement, *arguments]
        return Command(argv, self.folder, path)

    def timed_source(self, statement: str, path: Path) -> Command:
        """The same where no .pyc may be read or written: the folder has none, and none is left."""
        argv = [self.python, "-B", "-c", _TIME, statement]
        return Command(argv, self.folder, path)

    def caller(self, *arguments: str) -> Command:
        """A process of the interpreter that runs the benchmark, which may have packages that the lab has not."""
        return Command([sys.executable, *arguments], self.folder)

    def models(self, count: int) -> list[dict[str, Any]]:
        """The made-up models of a registry of this size."""
        return _models(count)

    def registry(self, count: int) -> Path:
        """A registry file of this size."""
        return self.file(
            f"models-{count}.json", lambda path: _write(path, self.models(count))
        )

    def file(self, name: str, write: Callable[[Path], object]) -> Path:
        """The file of this name, written when it is first asked for."""
        path = self.folder / name
        if not path.exists():
            write(path)
        return path

    def generated(self, count: int) -> Path:
        """A folder with the generated module of a registry of this size, and its .pyc."""
        return self.compiled(
            f"generated-{count}", lambda out: self.build(self.registry(count), out)
        )

    def floor(self, count: int) -> Path:
        """A folder with F: the same values as one constant tuple."""
        return self.module(
            f"floor-{count}", lambda: rivals.floor_source(self.models(count))
        )

    def dataclasses(self, count: int) -> Path:
        """A folder with the same models as frozen dataclasses."""
        return self.module(
            f"dataclasses-{count}",
            lambda: rivals.dataclasses_source(self.models(count)),
        )

    def module(self, name: str, source: Callable[[], str]) -> Path:
        """A folder with a module `model_registry` of this source, and its .pyc."""

        def write(folder: Path) -> None:
            folder.mkdir()
            (folder / "model_registry.py").write_text(source(), encoding="utf-8")

        return self.compiled(name, write)

    def compiled(self, name: str, write: Callable[[Path], object]) -> Path:
        """A folder with `model_registry.py` and its .pyc, made when it is first asked for."""
        folder = self.folder / name
        if not folder.exists():
            write(folder)
            py_compile.compile(str(folder / "model_registry.py"), doraise=True)
        return folder

    def source_only(self, folder: Path) -> Path:
        """The same folder without .pyc."""
        copy = folder.with_name(folder.name + "-source")
        if not copy.exists():
            shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
        return copy

    def constant(self, count: int) -> str:
        """The name of the constant in the middle of the registry."""
        id: str = self.models(count)[count // 2]["id"]
        return id.upper().replace("-", "_").replace(".", "_")

    def build(self, registry: Path, out: Path) -> None:
        """Write the generated module of a registry file."""
        subprocess.run(
            [self.hypiler, "build", str(registry), "--out", str(out), "--quiet"],
            check=True,
        )


@cache
def _models(count: int) -> list[dict[str, Any]]:
    return synthetic.models(count)


def _write(path: Path, models: list[dict[str, Any]]) -> None:
    synthetic.write_registry(models, path)


def pyc_of(folder: Path) -> Path:
    """The .pyc of a module in a folder that `Lab` made."""
    return next((folder / "__pycache__").glob("model_registry.*.pyc"))


def tool(name: str) -> str | None:
    """A program installed beside the interpreter that runs the benchmark, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def read_json(text: str) -> Any:  # noqa: ANN401  (any JSON value)
    """What a measuring process printed."""
    return json.loads(text)
