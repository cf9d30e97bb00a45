"""A field whose type is composed of others, in a copy of the source: records of a class that no other field has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from golden import golden
from recipes import ROOT, copy_source

BEFORE = '    Field(\n        "extra",'
COMPOSED = """    Field(
        "benchmarks",
        Records(
            "Benchmark",
            name=(Text(), True, "The name."),
            scores=(ListOf(Score()), False, "The scores."),
            official=(Flag(), False, "Whether the authors published it."),
        ),
        "Benchmarks.",
    ),
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a copy of the package, and a registry that uses the field for one model."""
    folder = copy_source(tmp_path_factory.mktemp("copy")) / "src"
    table = folder / "hypiler/schema/fields.py"
    text = table.read_text("utf-8")
    assert text.count(BEFORE) == 1
    table.write_text(text.replace(BEFORE, COMPOSED + BEFORE), "utf-8")
    registry = json.loads((ROOT / "models.json").read_text("utf-8"))
    registry["models"][0]["benchmarks"] = [{"name": "a", "scores": [0.5, 1], "official": False}, {"name": "b"}]
    (folder / "models.json").write_text(json.dumps(registry), "utf-8")
    run(folder, "-m", "hypiler", "build", "models.json", "--out", "hypiler")
    return folder


def run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_entries_are_records_of_the_module(package: Path) -> None:
    code = "from hypiler.model_registry import Benchmark, MODEL_REGISTRY as M; print(M[0].benchmarks, M[1].benchmarks)"
    first = golden("Benchmark(name='a', scores=(0.5, 1.0), official=False), Benchmark(name='b'")
    second = golden("scores=())")
    assert run(package, "-c", code) == golden(f"({first}, {second}) ()\n")


def test_entries_are_in_the_stub(package: Path) -> None:
    stub = (package / "hypiler" / "model_registry.pyi").read_text("utf-8")
    assert "class Benchmark:" in stub
    assert "def scores(self) -> tuple[float, ...]:" in stub
    assert "def official(self) -> bool | None:" in stub
    assert "def benchmarks(self) -> tuple[Benchmark, ...]:" in stub


def test_entries_survive_pickle_and_are_plain_data(package: Path) -> None:
    code = "import pickle; from hypiler.model_registry import MODEL_REGISTRY as M; m = M[0];"
    code += "print(pickle.loads(pickle.dumps(m)) == m, m.to_dict()['benchmarks'][1])"
    assert run(package, "-c", code) == golden("True {'name': 'b', 'scores': [], 'official': None}\n")


def test_entries_are_in_models_and_go_back_to_models_json(package: Path) -> None:
    code = """
import json
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.models_json import entry
text = open("models.json", "rb").read()
model = compile_registry([("models.json", text)]).models[0]
print(model.benchmarks[0].scores, entry(model)["benchmarks"] == json.loads(text)["models"][0]["benchmarks"])
"""
    assert run(package, "-c", code) == golden("(0.5, 1.0) True\n")
