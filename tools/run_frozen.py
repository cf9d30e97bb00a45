"""Freezes applications with PyInstaller, and runs them: facts, an engine, the registry, the pages, and what is missing.

    python tools/run_frozen.py [--environment DIR]

It makes an environment with PyInstaller and this checkout, about 400 MB, or uses one that has both. Exit code 0 if
every application prints what the program prints that it was made from.
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from zipapp import create_archive

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import tiny  # noqa: E402 - one of the tests' modules

_PYPROJECT = '[tool.hypiler]\noutput = "app/model_registry.py"\n'
_FACTS = "from app.model_registry import TINY, MODELS_BY_ID\nprint(TINY.embedding_dim, *MODELS_BY_ID)\n"
_ENGINE = """\
import sys
from app.model_registry import from_registry

encoder = from_registry("tiny").load(sys.argv[1], local=sys.argv[2])
vectors = encoder.encode_documents(["a b", "c"])
print(type(encoder).__name__, vectors.shape, vectors.dtype, [round(float(x), 6) for x in vectors[0]])
"""
_ERRORS = """\
import sys
from app.model_registry import from_registry

try:
    from_registry("tiny").load(sys.argv[1], local=sys.argv[2])
except ImportError as error:
    print(error)
except Exception as error:
    print(type(error).__name__, error)
"""
_REST = """\
import shutil
import sys
from hypiler.cli.main import main
from hypiler.engines import engine_specs
from hypiler.registry import Registry

shutil.rmtree("built", ignore_errors=True)
print(len(Registry.shipped()), [spec.name for spec in engine_specs()])
for words in (["check", "models.json"], ["explain", "M203"], ["build", "models.json", "--out", "built"], ["--version"]):
    try:
        print(main(words))
    except SystemExit as ended:
        print(ended.code)
"""


def main() -> int:
    """Run every case; the exit code."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--environment", metavar="DIR", help="has PyInstaller and this checkout; default: a new one")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        environment = Path(options.environment) if options.environment else _environment(place / "environment")
        python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        _prepare(place / "project", python)
        failed = [
            name for name, found, expected in _cases(place / "project", python) if not _shown(name, found, expected)
        ]
    print(f"{len(failed)} failed")
    return 1 if failed else 0


def _environment(place: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [place / "bin/python", "-m", "pip", "install", "--quiet", "pyinstaller>=6", f"{ROOT}[onnx,sparse]"]
    subprocess.run(pip, check=True)
    return place


def _prepare(project: Path, python: Path) -> None:
    """A project with one model of a few numbers, its module, and the programs."""
    tiny.write_tiny(project / "model")
    (project / "app").mkdir()
    (project / "app/__init__.py").touch()
    (project / "pyproject.toml").write_text(_PYPROJECT)
    (project / "models.json").write_text(json.dumps({"version": "1.0", "models": [tiny.entry()]}))
    for name, text in (("facts", _FACTS), ("engine", _ENGINE), ("errors", _ERRORS), ("rest", _REST)):
        (project / f"{name}.py").write_text(text)
    _run(project, python, "-m", "hypiler", "build")
    print(_run(project, python, "-m", "PyInstaller", "--version").strip(), "is the version of PyInstaller")


def _cases(project: Path, python: Path) -> Iterator[tuple[str, str, str]]:
    """The name of each case, what the frozen application prints, and what it should print."""
    for form in ("--onedir", "--onefile"):
        for name, uses in (("facts", [()]), ("engine", [("onnx", "model"), ("auto", "model")]), ("rest", [()])):
            frozen = _frozen(project, python, name, form)
            for words in uses:
                expected = _run(project, python, f"{name}.py", *words)
                yield " ".join([name, form, *words]), _run(project, frozen, *words), expected
    told = "install 'hypiler[onnx]' where this application is frozen, and freeze it again"
    frozen = _frozen(project, python, "errors", "--onedir", "--exclude-module", "onnxruntime")
    yield "without onnxruntime", _run(project, frozen, "onnx", "model"), f"onnxruntime is missing: {told}\n"
    frozen = _frozen(project, python, "errors", "--onedir", "--exclude-module", "hypiler")
    yield (
        "without hypiler",
        _run(project, frozen, "onnx", "model"),
        "from_registry needs hypiler: pip install hypiler\n",
    )
    yield "facts in a zip", _zipped(project, python), _run(project, python, "facts.py")


def _frozen(project: Path, python: Path, name: str, *options: str) -> Path:
    """The application that PyInstaller makes of a program."""
    command = ["-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *options, f"{name}.py"]
    _run(project, python, *command)
    inner = project / "dist" / name
    return inner / name if inner.is_dir() else inner


def _zipped(project: Path, python: Path) -> str:
    """What the program about facts prints as a zipapp, which has no file of its own on the disk."""
    place = project / "zip"
    (place / "app").mkdir(parents=True)
    for file in ("__init__.py", "model_registry.py"):
        (place / "app" / file).write_bytes((project / "app" / file).read_bytes())
    (place / "__main__.py").write_text(_FACTS)
    create_archive(place, project / "app.pyz")
    return _run(project / "dist", python, "-I", "../app.pyz")


def _run(folder: Path, program: Path, *words: str) -> str:
    """The output of a program, which knows nothing of this checkout."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([program, *words], cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        return f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def _shown(name: str, found: str, expected: str) -> bool:
    """Print the outcome of a case; whether it is right."""
    print(f"{'right' if found == expected else 'wrong'}: {name}", flush=True)
    if found != expected:
        print(f"expected:\n{expected}found:\n{found}", flush=True)
    return found == expected


if __name__ == "__main__":
    sys.exit(main())
