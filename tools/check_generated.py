"""Try formatters, linters and checkers on generated modules and stubs: no file may change, and nothing may be reported.

    python -m pip install -e '.[test-tools]'
    python tools/check_generated.py

The tests try the tools that are small. This script tries all of them, each with its own rules switched on, on more
registries, at more widths, for every supported Python, and with hypiler installed and not. It prints the version of
each tool and what it found; a tool that is not on the path is named and skipped. The exit code is 1 if anything was
found. It takes about ten minutes on two cores.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from generated import import_file  # noqa: E402 (the helpers of the tests)

WIDTHS = (40, 79, 88, 100, 120)
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
FORMATTERS = (
    "ruff format --isolated --no-cache --line-length {width} .",
    "ruff format --isolated --no-cache --preview --line-length {width} .",
    "black --quiet --line-length {width} .",
    "black --quiet --preview --unstable --line-length {width} .",
    "isort --quiet --line-length {width} .",
    "isort --quiet --profile black --line-length {width} .",
    # It edits stubs between its own comments: `...` after a signature of several lines.
    "yapf --in-place --recursive --exclude *.pyi --style={{column_limit:{width}}} .",
)
# black takes minutes for a stub of a thousand models.
FORMATTED = ("empty", "one", "three", "spread", "ranges", "outputs", "core")
# It obeys its comment but for the header above, whose digest is longer than its default width.
FORMATTERS_ONCE = ("autopep8 --in-place --recursive -aaa --max-line-length 88 .",)
LINTERS = (
    "ruff check --isolated --no-cache --quiet --select ALL --ignore CPY,D104 .",
    "ruff check --isolated --no-cache --quiet --preview --select ALL --ignore CPY,D104 .",
    "flake8 --isolated --max-complexity 1 --max-doc-length 40 .",
    "pylint --rcfile= --score=n --enable-all-extensions {packages}",
)
CHECKERS = (
    "mypy --strict --warn-unreachable --no-error-summary --python-executable {python} --python-version {version} .",
    "zuban mypy --strict --warn-unreachable --no-error-summary --python-executable {python}"
    " --python-version {version} .",
    "zuban check --python-executable {python} --python-version {version} .",
    "ty check --quiet --error all --python {python} --python-version {version} .",
    "ty check --quiet --python {python} --python-version {version} .",
    "pyrefly check --output-format min-text --python-interpreter-path {python} --python-version {version} .",
    "pyrefly check --preset strict --output-format min-text --python-interpreter-path {python}"
    " --python-version {version} .",
    "basedpyright --level warning --pythonpath {python} --pythonversion {version} .",
    "pyright --pythonpath {python} --pythonversion {version} .",
)
# basedpyright reads the rules from a file: all that it has, as errors.
PYRIGHT = {"typeCheckingMode": "all", "reportUnnecessaryTypeIgnoreComment": "error"}


def main() -> int:
    """Try all tools; the exit code."""
    with TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        write_packages(project)
        found = [*try_formatters(project), *try_linters(project), *try_checkers(project, Path(folder))]
    for line in found:
        print(line)
    print(f"{len(found)} findings" if found else "nothing found")
    return 1 if found else 0


def write_packages(project: Path) -> None:
    """A package per registry of the tests of checkers, and two with a module and no stub."""
    checkers = import_file(ROOT / "tests/typing/test_checkers.py", "registries_for_checkers")
    for name, entries in checkers.REGISTRIES.items():
        checkers.generate(project / name, entries())
    checkers.generate(project / "core", checkers.CORE, checkers.Requirements("core"))
    for name in ("empty", "spread"):
        copy = shutil.copytree(project / name, project / f"{name}_without_stub")
        (copy / "model_registry.pyi").unlink()
    (project / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), "utf-8")
    (project / "pyrefly.toml").touch()


def try_formatters(project: Path) -> Iterator[str]:
    """The files that a formatter edits."""
    commands = [(command, width) for command in FORMATTERS for width in WIDTHS]
    for command, width in [*commands, *[(command, 79) for command in FORMATTERS_ONCE]]:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            for name in FORMATTED:
                shutil.copytree(project / name, copy / name)
            yield from run(command.format(width=width), copy)
            for path in sorted(copy.rglob("model_registry.*")):
                if path.read_bytes() != (project / path.relative_to(copy)).read_bytes():
                    yield f"{command.format(width=width)}: edited {path.relative_to(copy)}"


def try_linters(project: Path) -> Iterator[str]:
    """What linters report."""
    packages = " ".join(path.name for path in project.iterdir() if path.is_dir())
    for command in LINTERS:
        yield from run(command.format(packages=packages), project)


def try_checkers(project: Path, folder: Path) -> Iterator[str]:
    """What checkers report, for every Python, and with hypiler and without."""
    for installed in (True, False):
        python = interpreter(folder / f"installed_{installed}", installed=installed)
        for version in VERSIONS if installed else VERSIONS[:1]:
            for command in CHECKERS:
                yield from run(command.format(python=python, version=version), project)


def interpreter(folder: Path, *, installed: bool) -> str:
    """The interpreter of an environment with a copy of hypiler, or with nothing."""
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
    if installed:
        packages = next(folder.rglob("site-packages"))
        shutil.copytree(ROOT / "src/hypiler", packages / "hypiler")
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


_versions: dict[str, str | None] = {}


def run(command: str, folder: Path) -> Iterator[str]:
    """What a command reports, if its tool is installed."""
    tool, *arguments = command.split()
    if tool not in _versions:
        _versions[tool] = version_of(tool)
        print(f"{tool}: {_versions[tool] or 'not on the path, skipped'}", flush=True)
    if _versions[tool] is None:
        return
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [tool, *arguments], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if result.returncode:
        lines = (result.stdout + result.stderr).splitlines()
        yield "\n  ".join([f"{command}: exit code {result.returncode}", *lines[:10]])


def version_of(tool: str) -> str | None:
    """The first line with a number of what `--version` prints; None if there is no such tool."""
    if shutil.which(tool) is None:
        return None
    result = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    lines = (result.stdout + result.stderr).splitlines()
    return next((line.strip() for line in lines if any(map(str.isdigit, line))), "unknown version")


if __name__ == "__main__":
    sys.exit(main())
