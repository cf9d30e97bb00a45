"""The shipped registry: what must be in it, where its facts come from, and the mistakes that it must not repeat."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hypiler import hosted_registry, model_registry
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.json_schema import json_schema
from hypiler.project.shipped import HOSTED_REQUIRED
from hypiler.registry import Registry
from hypiler.schema.fields import FIELDS

ROOT = Path(__file__).parents[1]
MODELS: list[dict[str, Any]] = json.loads((ROOT / "models.json").read_text("utf-8"))["models"]
HOSTED: dict[str, Any] = json.loads((ROOT / "hosted.json").read_text("utf-8"))

EXPECTED_IDS = """
    colbert-v2 colbert-small jina-colbert-v2 gte-modern-colbert bge-m3 bge-small-en-v1.5 bge-base-en-v1.5
    all-minilm-l6-v2 nomic-embed-v1.5 jina-embeddings-v3 snowflake-arctic-l splade-v3 minicoil-v1 colpali-v1.3-hf
    chronos-bolt-small
""".split()

# Values that stood in a hand-typed registry of the same models, beside those that the models' own files and papers
# give: the mistakes that this project exists to prevent.
CORRECTED = [
    ("bge-m3", "max_position_embeddings", 8192, 8194),
    ("colbert-small", "architecture_type", "distilbert", "bert"),
    ("colbert-small", "beir_avg", 0.45, 0.5379),
    ("colbert-v2", "beir_avg", 0.52, None),
    ("gte-modern-colbert", "embedding_dim", 768, 128),
    ("gte-modern-colbert", "projection_dims", None, 128),
    ("gte-modern-colbert", "parameters", "130M", "149M"),
    ("gte-modern-colbert", "beir_avg", 0.68, 0.5489),
    ("jina-colbert-v2", "architecture_type", "jina-bert", "xlm-roberta"),
    ("jina-colbert-v2", "embedding_dim", 768, 128),
    ("jina-colbert-v2", "hidden_dim", 768, 1024),
    ("jina-colbert-v2", "max_position_embeddings", 8192, 8194),
    ("jina-colbert-v2", "vocab_size", 30528, 250004),
    (
        "jina-colbert-v2",
        "matryoshka_dims",
        (64, 96, 128, 256, 384, 512, 768),
        (64, 96, 128),
    ),
    ("jina-colbert-v2", "license", "Apache-2.0", "CC-BY-NC-4.0"),
    ("jina-colbert-v2", "beir_avg", 0.54, 0.521),
    ("bge-base-en-v1.5", "pooling", "mean", "cls"),
    ("jina-embeddings-v3", "max_position_embeddings", 8192, 8194),
    ("jina-embeddings-v3", "license", "Apache-2.0", "CC-BY-NC-4.0"),
    ("nomic-embed-v1.5", "architecture_type", "bert", "nomic_bert"),
    ("snowflake-arctic-l", "architecture_type", "bert", "xlm-roberta"),
    ("snowflake-arctic-l", "parameters", "335M", "568M"),
    ("snowflake-arctic-l", "context_length", 512, 8192),
    ("snowflake-arctic-l", "max_position_embeddings", 512, 8194),
    ("snowflake-arctic-l", "vocab_size", 30522, 250002),
    ("snowflake-arctic-l", "matryoshka_dims", (256, 512, 768, 1024), (256, 1024)),
    ("snowflake-arctic-l", "pooling", "mean", "cls"),
    ("minicoil-v1", "hidden_dim", 768, 512),
    ("minicoil-v1", "vocab_size", 30522, 19125),
    ("splade-v3", "parameters", "66M", "109M"),
    ("splade-v3", "release_date", "2023", "2024-03-08"),
    ("splade-v3", "beir_avg", 0.49, 0.517),
    ("splade-v3", "ms_marco_mrr10", 0.38, 0.402),
    ("chronos-bolt-small", "hidden_dim", 2048, 512),
    ("chronos-bolt-small", "beir_avg", 0.0, None),
]


def test_registry_has_no_findings_but_notes() -> None:
    findings = compile_registry([("models.json", (ROOT / "models.json").read_bytes())]).findings
    assert [(f.code, f.model) for f in findings if f.severity != "note"] == []
    assert {f.code for f in findings} <= {"M218", "M220", "M221", "M236", "M250"}


def test_installed_modules_are_made_from_these_registries() -> None:
    assert [model.id for model in model_registry.MODEL_REGISTRY] == [model["id"] for model in MODELS]
    assert [model.id for model in hosted_registry.MODEL_REGISTRY] == [model["id"] for model in HOSTED["models"]]


def test_hosted_registry_has_no_findings_but_notes() -> None:
    registry = Registry.project("hosted_registry", folder=ROOT)
    assert registry.required.words == HOSTED_REQUIRED
    assert [(f.code, f.model) for f in registry.findings if f.severity != "note"] == []
    assert {f.code for f in registry.findings} <= {"M218"}
    assert {model.source_api for model in registry} >= {"openai", "cohere", "voyage", "gemini", "mistral", "jina_ai"}
    assert [
        error.message for error in Draft202012Validator(json_schema(required=registry.required)).iter_errors(HOSTED)
    ] == []


def test_both_registries_together_have_no_errors() -> None:
    """So no id, alias or constant is of both, and a program may import from both modules."""
    registry = Registry.shipped(hosted=True)
    assert registry.ok
    assert registry.ids == (*Registry.shipped().ids, *[model["id"] for model in HOSTED["models"]])
    model = registry["text-embedding-3-small"]
    assert (model.embedding_dim, model.source_api, model.hidden_dim) == (1536, "openai", None)
    assert model.to_dict() == hosted_registry.TEXT_EMBEDDING_3_SMALL.to_dict()


@pytest.mark.parametrize("id", EXPECTED_IDS)
def test_expected_model_is_there(id: str) -> None:
    assert model_registry.is_model_id(id)


def test_registry_is_of_useful_breadth() -> None:
    assert len(MODELS) >= 30
    assert {
        "colbert",
        "dense",
        "sparse",
        "unified",
        "vision-language",
        "static",
        "reranker",
        "time-series",
    } <= {model["type"] for model in MODELS}


@pytest.mark.parametrize("model", [*MODELS, *HOSTED["models"]], ids=lambda model: model["id"])
def test_every_number_has_a_source(model: dict[str, Any]) -> None:
    assert [name for name in _numbers(model) if not _has_source(name, model["sources"])] == []


def _numbers(model: dict[str, Any]) -> list[str]:
    """The names of the fields of a model that hold a number, and the licence."""
    found = []
    for field in FIELDS:
        value: Any = model
        for key in field.path:
            value = value.get(key) if isinstance(value, dict) else None
        if (isinstance(value, int | float) and not isinstance(value, bool)) or field.name == "license":
            found.append(field.name)
    return found


def _has_source(name: str, sources: dict[str, str]) -> bool:
    """Whether a field, or a section that it stands in, has a source."""
    parts = name.split(".")
    return any(sources.get(".".join(parts[:depth])) for depth in range(1, len(parts) + 1))


@pytest.mark.parametrize("model", [*MODELS, *HOSTED["models"]], ids=lambda model: model["id"])
def test_mean_score_names_its_data_sets(model: dict[str, Any]) -> None:
    performance = model.get("performance", {})
    assert (performance.get("beir_avg") is None) == ("beir_datasets" not in performance)


@pytest.mark.parametrize("row", CORRECTED, ids=lambda row: f"{row[0]}:{row[1]}")
def test_known_mistake_is_not_repeated(row: tuple[str, str, object, object]) -> None:
    id, attribute, mistaken, correct = row
    value = getattr(model_registry.MODELS[id], attribute)  # type: ignore[literal-required]
    assert value == correct != mistaken
