"""`hypiler migrate`: both layouts of the Rust original become models.json, and what is not carried is named."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from lifecycle.small_catalogue import small_catalogue

from hypiler.cli.main import main
from hypiler.registry import Registry

Capture = pytest.CaptureFixture[str]


def original(id: str, repository: str, **more: Any) -> dict[str, Any]:
    """An entry of the original, as its page describes it."""
    return {
        "id": id,
        "type": "dense",
        "name": id.title(),
        "huggingface_id": repository,
        "architecture": {"type": "bert", "has_projection": False, "projection_dims": None},
        "specs": {"parameters": "33M", "embedding_dim": 384, "hidden_dim": 384, "context_length": 512},
        "capabilities": {"languages": ["en"], "modalities": ["text"], "multi_vector": False},
        "performance": {"beir_avg": 0.0, "ms_marco_mrr10": 0.4},
        "license": "mit",
        **more,
    }


CUT = {
    "embedding_dim": {"default": 64, "matryoshka": {"min": 32, "max": 64, "supported": [32, 64], "strategy": "cut"}},
    "prediction_length": 8,
}
CATEGORIES = {
    "version": "1.0",
    "model_categories": {
        "dense": {
            "description": "One vector per text",
            "models": [
                original("small", "BAAI/bge-small-en-v1.5", pooling={"strategy": "mean", "normalize": True}),
                original("small-b", "BAAI/bge-small-en-v1.5", license="gemma"),
            ],
        },
        "other": {"models": [original("forecaster", "acme/forecaster", type="timeseries", specs=CUT)]},
        "empty": {"description": "nothing yet", "models": []},
    },
}


@pytest.fixture
def folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    found = small_catalogue(tmp_path_factory.mktemp("catalogue"))
    monkeypatch.setattr(import_module("hypiler.cli.migrate"), "catalogue", lambda: (found, "0.1.0"))
    (tmp_path / "old").mkdir()
    return tmp_path


def migrated(folder: Path, tree: Any) -> Any:
    (folder / "old/models.json").write_text(json.dumps(tree, indent=1))
    assert main(["migrate", "old", "--output", "models.json"]) == 0
    registry = Registry.load("models.json", lock=False, required="core")
    assert registry.ok, registry.report()
    return json.loads((folder / "models.json").read_text())["models"]


def test_everything_is_carried_or_named(folder: Path, capsys: Capture) -> None:
    first, second, third = migrated(folder, CATEGORIES)
    assert [first["id"], second["id"], third["id"]] == ["small", "small-b", "forecaster"]
    assert (first["encoding"], first["license"]) == ({"pooling": "mean", "normalize": True}, "MIT")
    assert (second["license"], third["type"]) == ("LicenseRef-Gemma", "time-series")
    assert third["specs"] == {"embedding_dim": 64}
    assert third["architecture"]["matryoshka_dims"] == [32, 64]
    assert third["extra"] == {"category": "other", "prediction_length": 8}
    lines = (folder / "old/models.json").read_text().splitlines()
    line = int(first["sources"]["encoding.pooling"].partition(":")[2])
    assert lines[line - 1].strip() == '"strategy": "mean",'
    assert capsys.readouterr().out == golden(
        "models.json: 3 models with 39 facts\n"
        "\n"
        "not carried:\n"
        "  performance.beir_avg: zero stands for an unknown score\n"
        "    3: small, small-b, forecaster; first at models.json:33\n"
        "  specs.embedding_dim.matryoshka.min: it is the first of `architecture.matryoshka_dims`\n"
        "    1: forecaster; first at models.json:91\n"
        "  specs.embedding_dim.matryoshka.max: it is the last of `architecture.matryoshka_dims`\n"
        "    1: forecaster; first at models.json:92\n"
        "  specs.embedding_dim.matryoshka.strategy: it says where the Rust code cuts, and nothing of the model\n"
        "    1: forecaster; first at models.json:97\n"
        "\n"
        "2 contradictions with the catalogue:\n"
        "  bge-small-en-v1.5\n"
        "    pooling: mean at models.json:38; the catalogue says cls (without a source)\n"
        "    licence: gemma at models.json:71; the catalogue says MIT (sourced)\n"
        "\n"
        "models.json: 3 models written, with 39 facts, each with its source\n"
        "next: hypiler check models.json --required core\n"
        'next: in a project, write `required = "core"` into [tool.hypiler] of pyproject.toml\n'
    )


def test_documented_layout_is_read_as_well(folder: Path) -> None:
    (model,) = migrated(folder, {"version": "1.0", "models": [original("small", "BAAI/bge-small-en-v1.5")]})
    assert model["specs"] == {"parameters": "33M", "embedding_dim": 384, "hidden_dim": 384, "context_length": 512}


def test_facts_that_contradict_each_other_do_not_cost_the_model(folder: Path, capsys: Capture) -> None:
    architecture = {"type": "bert", "has_projection": True, "projection_dims": 96}
    cut = {"embedding_dim": {"default": 64, "matryoshka": {"min": 32, "max": 64}}}
    more = {"architecture": architecture, "specs": cut, "extra": {"team": "a"}, "page": "b"}
    (model,) = migrated(folder, {"model_categories": {"dense": [original("own", "acme/own", **more)]}})
    assert model["architecture"] == {"type": "bert", "matryoshka_range": {"min": 32, "max": 64}}
    assert model["extra"] == {"category": "dense", "team": "a", "page": "b"}
    out = capsys.readouterr().out
    assert (
        "architecture.projection_dims: `architecture.projection_dims` must equal `specs.embedding_dim`, got 96" in out
    )
    assert "architecture.has_projection: `architecture.projection_dims` must be set, since" in out


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"models": 5}',
        '{"models": [1, null, {}]}',
        '{"model_categories": [{}]}',
        '{"model_categories": {"x": 1, "y": {"models": {"z": {}}}}}',
        '{"models": [{"id": 5, "huggingface_id": [], "specs": {"embedding_dim": {"default": "x"}}}]}',
        '{"models": [{"id": "A b", "huggingface_id": "no-owner", "type": "dense", "specs": {"embedding_dim": 8}}]}',
    ],
)
def test_file_that_is_no_registry_is_a_sentence(folder: Path, capsys: Capture, text: str) -> None:
    (folder / "old/models.json").write_text(text)
    assert main(["migrate", "old/models.json", "--output", "models.json"]) == 1
    assert not (folder / "models.json").exists()
