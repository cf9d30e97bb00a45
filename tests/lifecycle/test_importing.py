"""`hypiler import`: drafts from the tables of packages and from files, and what they say of themselves."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from lifecycle.small_catalogue import small_catalogue

from hypiler.cli.main import main
from hypiler.cli.output_schemas import output_schema
from hypiler.lifecycle.importing import files as package_files
from hypiler.lifecycle.importing.catalogue import Catalogue
from hypiler.lifecycle.importing.conversion import NotCarried, convert
from hypiler.lifecycle.importing.drafting import draft_registry
from hypiler.lifecycle.importing.files import installed
from hypiler.lifecycle.importing.overlay import Overlay
from hypiler.lifecycle.importing.tables import read_table, with_type
from hypiler.registry import Registry
from hypiler.schema.fields import FIELDS

Capture = pytest.CaptureFixture[str]

# In our own words: two models in the way of fastembed, of which one has quantized weights as well.
DESCRIPTIONS = """\
models = [
    DenseModelDescription(
        model="BAAI/bge-small-en-v1.5", dim=512, license="mit", size_in_GB=0.13,
        description="Unimodal (text), English, 512 input tokens truncation, 2023 year.",
        sources=ModelSource(hf="acme/bge-small-onnx"), model_file="model.onnx",
    ),
    DenseModelDescription(
        model="Org/Own-Model", dim=64, license="apache-2.0", size_in_GB=1,
        description="Prefixes for queries/documents: `query: {content}` for queries.",
        sources=ModelSource(hf="Org/Own-Model"), model_file="onnx/model.onnx",
    ),
    DenseModelDescription(
        model="Org/Own-Model-Q", dim=64, license="apache-2.0", size_in_GB=0.5, description="",
        sources=ModelSource(hf="Org/Own-Model"), model_file="onnx/model_int8.onnx",
    ),
]
"""
WORDS = 'models = [SparseModelDescription(model="Org/Words", license="other", vocab_size=0, description="")]\n'
PACKAGE = {
    "fastembed/text/pooled_embedding.py": DESCRIPTIONS,
    "fastembed/sparse/words.py": WORDS,
}


class Package:
    """A package as if it were installed."""

    name, version = "fastembed", "0.9.1"

    def paths(self) -> list[str]:
        return [*PACKAGE]

    def text(self, path: str) -> str:
        return PACKAGE[path]


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    found = small_catalogue(tmp_path_factory.mktemp("catalogue"))
    monkeypatch.setattr(import_module("hypiler.cli.import"), "catalogue", lambda: (found, "0.1.0"))
    monkeypatch.setattr(package_files, "installed", lambda name: Package() if name == "fastembed" else None)
    return tmp_path


def models(file: str = "models.json") -> Any:
    """The models of a draft, which has no error."""
    registry = Registry.load(file, lock=False, required="core")
    assert registry.ok, registry.report()
    return json.loads(Path(file).read_text("utf-8"))["models"]


def test_table_of_a_package_becomes_a_registry_with_sources(folder: Path, capsys: Capture) -> None:
    assert main(["import", "fastembed", "--output", "models.json"]) == 0
    place = "fastembed 0.9.1, fastembed/text/pooled_embedding.py"
    facts = ["type", "specs.embedding_dim", "license", "encoding.pooling", "encoding.query_prefix", "variants"]
    assert models()[1] == {
        "id": "own-model",
        "type": "dense",
        "name": "Own-Model",
        "huggingface_id": "Org/Own-Model",
        "specs": {"embedding_dim": 64},
        "license": "Apache-2.0",
        "encoding": {"pooling": "mean", "query_prefix": "query: "},
        "variants": [
            {"id": "model", "format": "onnx", "file": "onnx/model.onnx"},
            {"id": "model-int8", "format": "onnx", "file": "onnx/model_int8.onnx"},
        ],
        "sources": dict.fromkeys(facts, f"{place}:7"),
    }
    assert capsys.readouterr().out == golden(
        "fastembed 0.9.1: 2 models with 15 facts\n"
        "\n"
        "left out:\n"
        "  `specs.embedding_dim` is not stated, and every model must state it\n"
        "    1: Org/Words; first at fastembed/sparse/words.py:1\n"
        "\n"
        "not carried:\n"
        "  size_in_GB: it is rounded: `size_bytes` of a variant is exact\n"
        "    3: BAAI/bge-small-en-v1.5, Org/Own-Model; first at fastembed/text/pooled_embedding.py:2\n"
        "  license: it names no licence of SPDX; terms that SPDX does not list are `LicenseRef-NAME`\n"
        "    1: Org/Words; first at fastembed/sparse/words.py:1\n"
        "  specs.vocab_size: zero stands for an unknown number\n"
        "    1: Org/Words; first at fastembed/sparse/words.py:1\n"
        "  prefixes: it says whether there are prefixes, and not which\n"
        "    1: Org/Own-Model; first at fastembed/text/pooled_embedding.py:7\n"
        "\n"
        "2 contradictions with the catalogue:\n"
        "  bge-small-en-v1.5\n"
        "    dimension: 512 at fastembed/text/pooled_embedding.py:2; the catalogue says 384 (sourced)\n"
        "    pooling: mean at fastembed/text/pooled_embedding.py:2; the catalogue says cls (without a source)\n"
        "\n"
        "models.json: 2 models written, with 15 facts, each with its source\n"
        "next: hypiler check models.json --required core\n"
        'next: in a project, write `required = "core"` into [tool.hypiler] of pyproject.toml\n'
    )


def test_draft_overwrites_nothing(folder: Path, capsys: Capture) -> None:
    (folder / "models.json").write_text("mine")
    assert main(["import", "fastembed", "--output", "models.json"]) == 3
    assert capsys.readouterr().err == golden("hypiler: cannot write `models.json`: it exists\n")
    assert (folder / "models.json").read_text() == "mine"
    assert [one.name for one in folder.iterdir()] == ["models.json"]


def test_one_model_is_drafted_by_its_id_or_its_name(folder: Path, capsys: Capture) -> None:
    for number, word in enumerate(["own-model", "org/own-model"]):
        assert main(["import", "fastembed", "--only", word, "--output", f"{number}.json"]) == 0
        assert [one["id"] for one in models(f"{number}.json")] == ["own-model"]
    assert main(["import", "fastembed", "--only", "x"]) == 2
    assert capsys.readouterr().err == golden('hypiler: fastembed 0.9.1 has no model "x"\n')


def test_report_for_programs_has_its_shape(folder: Path, capsys: Capture) -> None:
    from jsonschema import Draft202012Validator

    assert main(["import", "fastembed", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(output_schema("import")).validate(document)
    assert [one["id"] for one in document["models"]] == ["bge-small-en-v1.5", "own-model"]
    assert [one["name"] for one in document["left_out"]] == ["Org/Words"]
    assert document["contradictions"] == [
        {
            "model": "bge-small-en-v1.5",
            "path": path,
            "theirs": theirs,
            "ours": ours,
            "known": known,
            "place": "fastembed/text/pooled_embedding.py:2",
        }
        for path, theirs, ours, known in [
            ("specs.embedding_dim", "512", "384", "sourced"),
            ("encoding.pooling", "mean", "cls", "without a source"),
        ]
    ]


TABLE = """\
Model,Dims,Max tokens,License,Params,Size GB,Normalized,Colour
BAAI/bge-m3,"1,024","8,192 tokens",mit,568M,2.3,yes,red
bge-small-en-v1.5,384,"500 tokens",apache 2.0,0,0.13,,
who/knows,768,n/a,custom,1.5e9,1,perhaps,
,1,1,,,,,
"""


def test_csv_is_read_by_usual_words_and_units(folder: Path, capsys: Capture) -> None:
    (folder / "table.csv").write_text(TABLE)
    words = ["import", "table.csv", "--type", "dense", "--map", "Size GB=extra.size_gb", "--output", "models.json"]
    assert main(words) == 0
    first, second, third = models()
    assert first["specs"] == {"parameters": "568M", "embedding_dim": 1024, "context_length": 8192}
    assert (first["extra"], first["encoding"]) == ({"size_gb": 2.3}, {"normalize": True})
    assert second["huggingface_id"] == "BAAI/bge-small-en-v1.5"
    assert (second["specs"], second["license"]) == ({"embedding_dim": 384, "context_length": 500}, "Apache-2.0")
    assert third["specs"] == {"parameters": "1.5B", "embedding_dim": 768}
    assert third["sources"] == {
        "type": "table.csv:4",
        "specs.parameters": "table.csv:4",
        "specs.embedding_dim": "table.csv:4",
    }
    assert capsys.readouterr().out == golden(
        "table.csv: 3 models with 13 facts\n"
        "\n"
        "left out:\n"
        "  the row names no model\n"
        "    1: (unnamed); first at table.csv:5\n"
        "\n"
        "not carried:\n"
        "  Colour: no field means this\n"
        "    1: BAAI/bge-m3; first at table.csv:2\n"
        "  specs.parameters: zero stands for an unknown number\n"
        "    1: bge-small-en-v1.5; first at table.csv:3\n"
        "  license: it names no licence of SPDX; terms that SPDX does not list are `LicenseRef-NAME`\n"
        "    1: who/knows; first at table.csv:4\n"
        "  encoding.normalize: it is neither true nor false\n"
        "    1: who/knows; first at table.csv:4\n"
        "\n"
        "2 contradictions with the catalogue:\n"
        "  bge-small-en-v1.5\n"
        "    context: 500 tokens at table.csv:3; the catalogue says 512 (without a source)\n"
        "    licence: apache 2.0 at table.csv:3; the catalogue says MIT (sourced)\n"
        "\n"
        "models.json: 3 models written, with 13 facts, each with its source\n"
        "next: hypiler check models.json --required core\n"
        'next: in a project, write `required = "core"` into [tool.hypiler] of pyproject.toml\n'
    )


OVER = """\
model,type,dim,license,max_tokens,normalized
BAAI/bge-small-en-v1.5,dense,512,MIT,512,yes
BAAI/bge-m3,unified,1024,MIT,,
acme/own,dense,8,MIT,,
acme/bge-m3,dense,8,MIT,,
"""


def over(*words: str) -> Any:
    """The overlay of a table, which fits on the registry that it names."""
    Path("table.csv").write_text(OVER)
    assert main(["import", "table.csv", "--extends", "hypiler", "--output", "models.json", *words]) == 0
    assert Registry.load("models.json", lock=False, required="core").ok
    return json.loads(Path("models.json").read_text("utf-8"))


def test_overlay_adds_models_and_facts_that_the_catalogue_does_not_state(folder: Path, capsys: Capture) -> None:
    tree = over()
    assert (tree["extends"], [one["id"] for one in tree["models"]]) == (["hypiler"], ["own", "acme-bge-m3"])
    assert tree["overrides"] == [
        {"id": "bge-small-en-v1.5", "encoding": {"normalize": True}, "sources": {"encoding.normalize": "table.csv:2"}}
    ]
    assert capsys.readouterr().out == golden(
        "table.csv: 4 models with 14 facts\n"
        "\n"
        "1 contradiction with the catalogue:\n"
        "  bge-small-en-v1.5\n"
        "    dimension: 512 at table.csv:2; the catalogue says 384 (sourced)\n"
        "\n"
        "over the catalogue: 2 models added, 1 fact overridden in 1 model, 1 model unchanged\n"
        "next: hypiler check models.json --required core\n"
    )


def test_overlay_can_take_the_side_of_the_table(folder: Path) -> None:
    (override,) = over("--theirs")["overrides"]
    assert (override["specs"], override["encoding"]) == ({"embedding_dim": 512}, {"normalize": True})
    assert main(["import", "table.csv", "--theirs"]) == 2


@pytest.mark.parametrize(
    "tree",
    [
        [{"id": "own", "type": "dense", "repo": "org/own", "dim": 8}],
        {"models": [{"id": "own", "type": "dense", "hf_id": "org/own", "specs": {"embedding_dim": 8}}]},
        {"own": {"type": "dense", "repository": "org/own", "vector_size": 8, "max_tokens": None}},
        {"version": 3, "table": {"own": {"type": "dense", "repo_id": "org/own", "output_dimension": "8"}}},
    ],
)
def test_json_is_a_list_or_an_object_of_models(folder: Path, tree: Any) -> None:
    (folder / "table.json").write_text(json.dumps(tree, indent=1))
    assert main(["import", "table.json", "--output", "models.json"]) == 0
    (model,) = models()
    assert (model["huggingface_id"], model["specs"]) == ("org/own", {"embedding_dim": 8})
    assert model["sources"]["specs.embedding_dim"].startswith("table.json:")


def test_hosted_models_have_their_api_as_source(folder: Path) -> None:
    (folder / "table.csv").write_text("provider;model;dimensions;type\nopenai;text-embedding-3-small;1536;dense\n")
    assert main(["import", "table.csv", "--output", "models.json"]) == 0
    assert models()[0]["source"] == {"api": "openai", "model": "text-embedding-3-small"}


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("table.csv", b"", 1),
        ("table.csv", b"\xff", 1),
        ("table.csv", b"model,dim\n", 1),
        ("table.csv", b"model,dim,dim\norg/x,1,2\n", 1),
        ("table.csv", b"model,languages,dim\norg/x,English, German,8\n", 1),
        ("table.csv", b'model,dim\n"x,1\n', 1),
        ("table.csv", b"a," * 600 + b"\n", 1),
        ("table.json", b"[" * 5000, 1),
        ("table.json", b"7", 1),
        ("table.json", b'[{"id": "x"}, 5, null]', 1),
        ("table.json", b'{"a": {"b": {"c": {"d": {}}}}}', 1),
        ("table.csv", b"model,dim\norg/x," + b"9" * 5000 + b"\n", 1),
        ("table.csv", b"model,dim\n\x1b[31m/x,8\n", 1),
    ],
)
def test_file_that_is_no_table_is_a_sentence(folder: Path, capsys: Capture, name: str, data: bytes, code: int) -> None:
    (folder / name).write_bytes(data)
    assert main(["import", name, "--output", "models.json"]) == code
    assert not (folder / "models.json").exists()
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err


def test_cells_of_csv_keep_what_belongs_to_them(folder: Path, capsys: Capture) -> None:
    text = 'model, embedding dimension, query_prefix, document_prefix, description\norg/x, 8 , query: ," d: ","two\nlines"\norg/y,9,,,\n'
    (folder / "table.csv").write_text(text)
    assert main(["import", "table.csv", "--type", "dense", "--output", "models.json"]) == 0
    first, second = models()
    assert first["specs"] == {"embedding_dim": 8}
    assert first["encoding"] == {"query_prefix": "query: ", "document_prefix": " d: "}
    assert first["sources"]["description"] == "table.csv:2"
    assert second["sources"]["specs.embedding_dim"] == "table.csv:4"
    capsys.readouterr()
    assert main(["import", "table.csv", "--map", "Model=name"]) == 1
    assert capsys.readouterr().err == "hypiler: table.csv: the table has no column `Model`; did you mean `model`?\n"


def test_overlay_leaves_out_only_the_facts_that_do_not_fit(catalogue: Catalogue) -> None:
    text = b"model,dim,context_length\nnomic-ai/nomic-embed-text-v1.5,999,100\n"
    rows = read_table(text, "t.csv", {})
    overlay = Overlay(draft_registry(rows, "t.csv", catalogue, "1"), catalogue, theirs=True)
    (override,) = overlay.overrides
    assert override["specs"] == {"context_length": 100}
    assert overlay.kept == ["specs.embedding_dim of nomic-embed-text-v1.5"]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    found: Catalogue = small_catalogue(tmp_path_factory.mktemp("catalogue"))
    return found


STRANGE = [None, True, -1, 1e300, "", "\0", [], {}, ["a", 1], [{"file": 3}], {"a": {"b": 1}}, {"file": "x.onnx"}]


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_strange_values_of_fields_are_not_carried(value: Any, catalogue: Catalogue) -> None:
    words = {field.name: value for field in FIELDS if field.name not in ("id", "huggingface_id")}
    both = [{**words, "model": "BAAI/bge-m3"}, {"model": "acme/own", "dim": 8, "extra": value, "extra.team": "x"}]
    rows = [with_type(row, "dense") for row in read_table(json.dumps(both).encode(), "t.json", {})]
    draft = draft_registry(rows, "t.json", catalogue, "1")
    assert "acme/own" in draft.names.values() and draft.text


def test_a_fact_with_several_faults_is_not_carried_and_its_model_stays(catalogue: Catalogue) -> None:
    text = b'[{"model": "acme/own", "type": "dense", "dim": 8, "variants": [{"file": 3}]}]'
    draft = draft_registry(read_table(text, "t.json", {}), "t.json", catalogue, "1")
    assert [note.path for note in draft.uncarried] == ["variants"]
    assert [entry["id"] for entry in draft.entries] == ["own"]


def test_widths_are_shown_in_their_order(catalogue: Catalogue) -> None:
    (known,) = [model for model in catalogue.models if model.id == "nomic-embed-text-v1.5"]
    (found,) = catalogue.contradictions(known, "architecture.matryoshka_dims", [1024, 128, 64], "t:1")
    assert (found.theirs, found.ours) == ("64, 128, 1024", "64, 256, 768")


def test_an_object_with_one_model_is_a_table() -> None:
    (row,) = read_table(b'{"model": "acme/own", "dim": 8}', "t.json", {})
    assert (row.name, row.facts) == ("acme/own", (("specs.embedding_dim", 8),))


def test_what_cannot_be_imported_is_named(folder: Path, capsys: Capture) -> None:
    codes = [main(["import", *words.split()]) for words in ("mteb", "fastembd", "sentence-transformers", "x.csv")]
    codes += [main(["import", *words.split()]) for words in ("t.csv --map a", "t.csv --map a=dim", "mteb --map a=b")]
    assert codes == [3, 2, 1, 3, 2, 2, 2]
    assert capsys.readouterr().err.replace(sys.executable, "PYTHON") == golden(
        "hypiler: mteb is not installed for this Python (PYTHON)\n"
        "hypiler: no table of a package `fastembd` is known; did you mean `fastembed`?\n"
        "hypiler: nothing can be imported from sentence-transformers: it has no table of models: it reads each model's"
        " own files, as `hypiler add REPOSITORY` does\n"
        "hypiler: cannot read `x.csv`: No such file or directory\n"
        'hypiler: --map takes COLUMN=FIELD, got "a"\n'
        "hypiler: --map: no field has the path `dim`; `hypiler explain` lists the fields\n"
        "hypiler: --map and --type are about files: a package's table says what it means\n"
    )


@pytest.mark.parametrize(
    ("path", "theirs", "ours"),
    [
        ("specs.context_length", "8_192 tokens", 8192),
        ("specs.embedding_dim", "384-d", 384),
        ("specs.parameters", "0.6B params", "0.6B"),
        ("performance.ms_marco_mrr10", "39.7%", 0.397),
        ("specs.context_length", 512.0, 512),
        ("specs.parameters", "8x7B", "8x7B"),
        ("specs.parameters", 109_482_240, "109M"),
        ("license", "Apache License 2.0", "Apache-2.0"),
        ("license", "https://ai.google.dev/gemma/terms", "LicenseRef-Gemma"),
        ("capabilities.languages", "English, deu", ["de", "en"]),
        ("encoding.similarity", "Dot-Product", "dot"),
        ("encoding.pooling", "pooling_mode_mean_tokens", "mean"),
        ("encoding.query_prefix", "query: {text}", "query: "),
        ("performance.beir_avg", 54.39, 0.5439),
        ("architecture.matryoshka_dims", "64/128/256", [64, 128, 256]),
        ("type", "cross-encoder", "reranker"),
    ],
)
def test_units_and_words_become_those_of_the_format(path: str, theirs: Any, ours: Any) -> None:
    assert convert(path, theirs) == ours


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("specs.embedding_dim", 0),
        ("specs.embedding_dim", True),
        ("specs.embedding_dim", "384 or 768"),
        ("specs.embedding_dim", "9" * 400),
        ("specs.context_length", float("inf")),
        ("specs.context_length", 0.5),
        ("specs.context_length", "8k"),
        ("specs.context_length", "~8000 tokens"),
        ("specs.parameters", "500 MB"),
        ("license", "see card"),
        ("encoding.query_prefix", "Instruct: {task}\nQuery: "),
        ("capabilities.languages", "python-Code"),
        ("capabilities.languages", "most of them"),
        ("revision", "a" * 40),
        ("performance.beir_avg", 0.0),
        ("colour", "red"),
    ],
)
def test_what_says_nothing_certain_is_not_carried(path: str, value: Any) -> None:
    with pytest.raises(NotCarried):
        convert(path, value)


def test_installed_package_is_read_and_not_imported() -> None:
    found = installed("pytest")
    assert found is not None
    assert "pytest/__init__.py" in found.paths()
    assert "pytest" in found.text("pytest/__init__.py")
    assert installed("no-such-package-as-this") is None
