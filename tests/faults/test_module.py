"""The generated module in every kind of interpreter: the same values, and nothing of hypiler."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hypiler import model_registry

QUESTION = """
import sys, hashlib, warnings
import model_registry as r
names = [name for name in dir(r.MODEL_REGISTRY[0]) if name[0] != "_" and name != "resolve_dimension"]
facts = [(name, repr(getattr(model, name))) for model in r.MODEL_REGISTRY for name in names]
assert len(facts) > 40 * 40
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # some of the models are deprecated
    assert [r.get_model(model.id) is model for model in r.MODEL_REGISTRY] == [True] * len(r.MODEL_REGISTRY)
assert not [name for name in sys.modules if name.split(".")[0] == "hypiler"]
print(hashlib.sha256(repr(facts).encode()).hexdigest())
"""
OTHERS = sorted(Path.home().glob(".pyenv/versions/3.1[1-9]*/bin/python"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped registry's module by itself."""
    folder = tmp_path_factory.mktemp("module")
    shutil.copy(model_registry.__file__, folder)
    return folder


def answer(python: Path | str, *options: str, place: Path | str) -> str:
    code = f"import sys; sys.path.insert(0, {str(place)!r})\n{QUESTION}"
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run([python, *options, "-c", code], check=False, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def usual(folder: Path) -> str:
    return answer(sys.executable, place=folder)


@pytest.mark.parametrize("options", ["-O", "-OO", "-B", "-I", "-S", "-I -S -E -s", "-W error", "-X dev", "-X utf8=0"])
def test_no_option_changes_a_value(folder: Path, usual: str, options: str) -> None:
    assert answer(sys.executable, *options.split(), place=folder) == usual


def test_imported_from_a_zip_it_is_the_same(folder: Path, usual: str, tmp_path: Path) -> None:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(folder / "model_registry.py", "model_registry.py")
    assert answer(sys.executable, place=archive) == usual


def test_compiled_without_its_source_it_is_the_same(folder: Path, usual: str, tmp_path: Path) -> None:
    code = "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)"
    paths = [folder / "model_registry.py", tmp_path / "model_registry.pyc"]
    subprocess.run([sys.executable, "-c", code, *paths], check=True)
    assert answer(sys.executable, place=tmp_path) == usual


@pytest.mark.parametrize("python", OTHERS, ids=lambda path: path.parents[1].name)
def test_other_pythons_read_the_same(folder: Path, usual: str, python: Path) -> None:
    assert answer(python, place=folder) == usual
