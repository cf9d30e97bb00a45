"""`hypiler ddl` prints what creates a store's table, as text or as data, and lists alternatives where a model does not fit."""

import json
from pathlib import Path

import pytest
from golden import golden
from jsonschema import Draft202012Validator

from hypiler import ModelConfig, stores
from hypiler.cli.main import main
from hypiler.cli.output_schemas import output_schema
from hypiler.registry import Registry

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped facts of two models: reading all of them takes longer than what is tested here."""
    tree = json.loads((Path(__file__).parents[2] / "models.json").read_text("utf-8"))
    tree["models"] = [model for model in tree["models"] if model["id"] in ("all-minilm-l6-v2", "nomic-embed-v1.5")]
    path = tmp_path_factory.mktemp("models") / "models.json"
    path.write_text(json.dumps(tree), "utf-8")
    return path


@pytest.mark.parametrize("store", stores.STORES)
def test_prints_the_text_of_the_record_and_notes_beside_it(store: str, models: Path, capsys: Capture) -> None:
    assert main(["ddl", "all-minilm-l6-v2", "--file", str(models), "--for", store]) == 0
    printed = capsys.readouterr()
    record = stores.record(store, ModelConfig.from_model(Registry.load(models)["all-minilm-l6-v2"]))
    assert printed.out == record["ddl"]
    assert printed.err == "".join([f"note: {note}\n" for note in record["notes"]])


def test_json_is_the_whole_record(capsys: Capture) -> None:
    words = "ddl bge-m3 --shipped --for qdrant --output sparse --table articles --field words --dtype float16 --json"
    assert main(words.split()) == 0
    config = ModelConfig.from_registry("bge-m3", output="sparse")
    record = stores.qdrant(config, collection="articles", field="words", dtype="float16")
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"version": 1, **record}


def test_stamp_is_that_of_the_chosen_variant_and_prompts(capsys: Capture) -> None:
    words = (
        "ddl embeddinggemma-300m --shipped --for qdrant --document-prompt Clustering --query-prompt Clustering --json"
    )
    assert main(words.split()) == 0
    config = ModelConfig.from_registry("embeddinggemma-300m").with_prompts(query="Clustering", document="Clustering")
    printed = json.loads(capsys.readouterr().out)
    assert printed["stamp"]["value"] == config.space()
    assert config.space()["document"]["document_prefix"] == "task: clustering | query: "
    assert main("ddl all-minilm-l6-v2 --shipped --for qdrant --variant qdrant-onnx --json".split()) == 0
    other = ModelConfig.from_registry("all-minilm-l6-v2").with_variant("qdrant-onnx")
    assert json.loads(capsys.readouterr().out)["stamp"]["value"] == other.space()


@pytest.mark.parametrize("store", stores.STORES)
def test_json_has_its_documented_shape(store: str) -> None:
    record = stores.record(store, ModelConfig.from_registry("all-minilm-l6-v2"))
    Draft202012Validator(output_schema("ddl")).validate({"version": 1, **record})


def test_width_is_one_of_the_models_own(models: Path, capsys: Capture) -> None:
    words = ["ddl", "nomic-embed-v1.5", "--file", str(models), "--for", "pgvector", "--dim"]
    assert main([*words, "256"]) == 0
    assert '"embedding" vector(256) NOT NULL' in capsys.readouterr().out
    assert main([*words, "100"]) == 2
    assert "100" in capsys.readouterr().err


def test_deprecated_model_gets_its_record_without_a_warning(capsys: Capture) -> None:
    from hypiler.model_registry import MODEL_REGISTRY

    ids = [model.id for model in MODEL_REGISTRY if model.deprecated and model.model_type == "dense"]
    for id in ids[:1]:
        assert main(["ddl", id, "--shipped", "--for", "chroma"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "qwen3-embedding-4b --for pgvector",
            golden(
                "hypiler: pgvector: vectors of type `vector` with index `hnsw` must have at most 2,000 dimensions, and `qwen3-embedding-4b` has 2,560; alternatives: --dim 2000 (the largest Matryoshka dimension that fits); --dtype float16 (half the disk space, less precision); --index half (float32 rows with a float16 index); --index binary (an index of bits, re-ranked by the full vectors); --index none (exact search that reads every row)\n"
            ),
        ),
        (
            "bge-m3 --for chroma --output sparse",
            golden(
                "hypiler: chroma cannot store sparse vectors, which `bge-m3` produces; alternatives: --for pgvector; --for qdrant; --for milvus; --for opensearch; --for elasticsearch\n"
            ),
        ),
        (
            "bge-m3 --for faiss --output other",
            golden("hypiler: 'bge-m3' has no output 'other'; it has: dense, sparse, multi-vector\n"),
        ),
        (
            "bge-reranker-v2-m3 --for faiss",
            golden(
                "hypiler: `bge-reranker-v2-m3` is a reranker: it returns scores, so there are no vectors to store\n"
            ),
        ),
        (
            "bge-m3 --for milvus --table a-b",
            golden(
                "hypiler: the name of the collection must have 1 to 255 ASCII letters, digits and `_`, and not begin with a digit; got 'a-b'\n"
            ),
        ),
        (
            "bge-m3 --for qdrant --index ivf",
            golden(
                "hypiler: qdrant has no index='ivf' for dense vectors; it has: dtype='float32' with index='hnsw', dtype='float16' with index='hnsw', dtype='float32' with index='none', dtype='float16' with index='none'\n"
            ),
        ),
        (
            "bge-m3 --for pinecone",
            golden(
                'hypiler: argument --for: must be one of pgvector, qdrant, lancedb, milvus, opensearch, elasticsearch, chroma, faiss, duckdb, sqlite-vec; got "pinecone"; see `hypiler ddl --help`\n'
            ),
        ),
        ("bge-m4 --for qdrant", golden("hypiler: no model 'bge-m4' in the shipped registry; did you mean 'bge-m3'?\n")),
    ],
    ids=range(8),
)
def test_what_does_not_fit_is_one_line_with_what_does(words: str, message: str, capsys: Capture) -> None:
    try:
        code = main(["ddl", *words.split(), "--shipped"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    assert (code, printed.out, printed.err) == (2, "", message)
