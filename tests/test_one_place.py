"""Adding a field is one line in the table of fields: everything else follows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hypiler.model_registry import MODEL_REGISTRY

ROOT = Path(__file__).parents[1]
BEFORE = '    Field("extra"'
LINE = '    Field("specs.layers", Integer(), "Number of layers.", null=True),\n'
# A fact that the model's files prove and that document vectors depend on; and a type that no other field has.
PROVED = '    Field("encoding.lower_case", Flag(), "Whether text is lower-cased.", space="document"),\n'
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
    """A copy of the package with more fields, and a registry that uses them for one model."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        ROOT / "src" / "hypiler",
        folder / "hypiler",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    schema = folder / "hypiler" / "schema" / "fields.py"
    text = schema.read_text("utf-8")
    assert text.count(BEFORE) == 1
    schema.write_text(text.replace(BEFORE, LINE + PROVED + COMPOSED + BEFORE), "utf-8")
    registry = json.loads((ROOT / "models.json").read_text("utf-8"))
    registry["models"][0]["specs"]["layers"] = 12
    registry["models"][0]["encoding"]["lower_case"] = True
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


def test_new_field_is_in_the_records(package: Path) -> None:
    code = "from hypiler.model_registry import MODEL_REGISTRY as M; print(M[0].layers, M[1].layers)"
    assert run(package, "-c", code) == "12 None\n"


def test_new_field_is_in_the_stub(package: Path) -> None:
    stub = (package / "hypiler" / "model_registry.pyi").read_text("utf-8")
    assert 'def layers(self) -> int | None:\n        """Number of layers."""' in stub


def test_new_field_is_in_the_json_schema(package: Path) -> None:
    schema = json.loads(run(package, "-m", "hypiler", "schema"))
    specs = schema["properties"]["models"]["items"]["properties"]["specs"]["properties"]
    assert specs["layers"]["description"] == "Number of layers."


def test_new_field_is_in_the_reference(package: Path) -> None:
    reference = run(package, "-m", "hypiler", "schema", "--format", "markdown")
    assert "| `layers` | an integer, at least 1 or null | no | `layers` | Number of layers. |" in reference


def test_new_field_is_shown(package: Path) -> None:
    registry = json.loads((package / "models.json").read_text("utf-8"))
    shown = run(package, "-m", "hypiler", "show", registry["models"][0]["id"], "--file", "models.json")
    assert [line.split()[:2] for line in shown.splitlines() if line.split()[:1] == ["layers"]] == [["layers", "12"]]


def test_new_field_is_in_the_documentation(package: Path) -> None:
    run(package, "-m", "hypiler", "docs", "models.json")
    assert "\n| layers | 12 |  |\n" in (package / "MODELS.md").read_text("utf-8")


class TestFieldThatFilesProveAndVectorsDependOn:
    def test_files_are_compared_with_it(self, package: Path) -> None:
        code = """
from hypiler.model_files.facts import FileFact
from hypiler.verification.verdict import compare
for theirs in (True, False):
    fact = FileFact(theirs, "tokenizer_config.json", "do_lower_case")
    print(compare({"encoding": {"lower_case": True}}, {"encoding.lower_case": fact}, {})[0].state)
"""
        assert run(package, "-c", code) == "agrees\ndiffers\n"

    def test_it_is_part_of_the_space(self, package: Path) -> None:
        code = "from hypiler.model_registry import MODEL_REGISTRY as M; from hypiler.space import describe;"
        code += "print(describe(M[0])['lower_case'], 'lower_case' in describe(M[1]));"
        code += "print([m.space_id == describe(m)['space_id'] for m in M[:2]], M[0].space_id, M[1].space_id)"
        first, second = run(package, "-c", code).splitlines()
        assert first == "True False"
        shipped = [model.space_id for model in MODEL_REGISTRY[:2]]
        agree, own, other = second.rsplit(" ", 2)
        # A model that does not state the new fact keeps the id that it had.
        assert (agree, own == shipped[0], other == shipped[1]) == ("[True, True]", False, True)

    def test_it_is_counted_as_a_fact(self, package: Path) -> None:
        code = "from hypiler.model_registry import MODEL_REGISTRY as M; print(M[0].claimed_facts, M[1].claimed_facts)"
        before = [model.claimed_facts for model in MODEL_REGISTRY[:2]]
        # The first model also states the number of layers, and benchmarks.
        assert run(package, "-c", code) == f"{before[0] + 3} {before[1]}\n"


class TestRecordsOfAFurtherClass:
    def test_they_are_records_of_the_module(self, package: Path) -> None:
        code = (
            "from hypiler.model_registry import Benchmark, MODEL_REGISTRY as M; print(M[0].benchmarks, M[1].benchmarks)"
        )
        first = "Benchmark(**{'name': 'a', 'scores': (0.5, 1.0), 'official': False})"
        second = "Benchmark(**{'name': 'b', 'scores': (), 'official': None})"
        assert run(package, "-c", code) == f"({first}, {second}) ()\n"

    def test_they_are_in_the_stub(self, package: Path) -> None:
        stub = (package / "hypiler" / "model_registry.pyi").read_text("utf-8")
        assert "class Benchmark:" in stub
        assert "def scores(self) -> tuple[float, ...]:" in stub
        assert "def official(self) -> bool | None:" in stub
        assert "def benchmarks(self) -> tuple[Benchmark, ...]:" in stub

    def test_they_survive_pickle_and_are_plain_data(self, package: Path) -> None:
        code = "import pickle; from hypiler.model_registry import MODEL_REGISTRY as M; m = M[0];"
        code += "print(pickle.loads(pickle.dumps(m)) == m, m.to_dict()['benchmarks'][1])"
        assert run(package, "-c", code) == "True {'name': 'b', 'scores': [], 'official': None}\n"

    def test_they_are_in_models_and_go_back_to_models_json(self, package: Path) -> None:
        code = """
import json
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.models_json import entry
text = open("models.json", "rb").read()
model = compile_registry([("models.json", text)]).models[0]
print(model.benchmarks[0].scores, entry(model)["benchmarks"] == json.loads(text)["models"][0]["benchmarks"])
"""
        assert run(package, "-c", code) == "(0.5, 1.0) True\n"
