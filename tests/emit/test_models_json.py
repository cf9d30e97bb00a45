"""The way back from a record to the file."""

import json

import pytest
from generated import facts, facts_of, imported, valid
from hypothesis import given
from strategies import Tree, registries

from hypiler import Registry
from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import NOTE
from hypiler.emit.models_json import emit_models, entry
from hypiler.model_registry import MODEL_REGISTRY, ModelInfo


def warnings(registry: Registry | CheckedRegistry) -> set[tuple[str, str | None]]:
    """The code and the model of every finding that is no note."""
    return {(finding.code, finding.model) for finding in registry.findings if finding.severity != NOTE}


@pytest.fixture(scope="module")
def shipped() -> set[tuple[str, str | None]]:
    return warnings(Registry.shipped())


@pytest.mark.parametrize("model", MODEL_REGISTRY, ids=lambda model: model.id)
def test_entry_of_every_shipped_model_compiles_to_its_record(
    model: ModelInfo, shipped: set[tuple[str, str | None]]
) -> None:
    registry = compile_registry([("models.json", emit_models([model], "schema.json").encode())])
    assert not registry.has_errors
    assert warnings(registry) <= shipped
    assert facts_of(entry(model)) == facts(model)


@given(tree=registries(min_models=1))
def test_entries_of_any_registry_compile_to_its_records(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    with imported(valid(tree), tmp_path_factory.mktemp("entry", numbered=True)) as module:
        text = emit_models(module.MODEL_REGISTRY, "schema.json")
        again = valid(json.loads(text))
        assert not again.has_errors
        assert [facts_of(model) for model in json.loads(text)["models"]] == [
            facts(record) for record in module.MODEL_REGISTRY
        ]


def test_short_lists_and_objects_take_one_line() -> None:
    text = emit_models(MODEL_REGISTRY, "schema.json")
    assert '        "languages": ["en"],\n' in text
    assert text.startswith('{\n  "$schema": "schema.json",\n  "version": "1.0",\n  "models": [\n    {\n      "id": ')
