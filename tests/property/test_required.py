"""Whatever a registry requires: its models are checked, shown and compared, and become modules, without the rest."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from generated import imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import registries

from hypiler import ModelConfig
from hypiler.cli.main import main
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.json_schema import json_schema
from hypiler.emit.markdown import emit_markdown
from hypiler.emit.models_json import entry
from hypiler.emit.python.stub import emit_stub
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import Requirements

USUAL = [field for field in FIELDS if field.required]
WORDS = st.sampled_from(["default", "core"]) | st.lists(st.sampled_from([field.name for field in USUAL]), unique=True)
PLACES = st.sampled_from(
    [None, {"api": "openai", "model": "m"}, {"ollama": "m:v1"}, {"path": "m"}, {"url": "https://example.org/m"}]
)


def reduced(draw: Any, tree: Any, required: Requirements) -> Any:
    """The registry with some models elsewhere, and without some of the facts that it does not require."""
    for model in tree["models"]:
        if place := draw(PLACES):
            del model["huggingface_id"]
            model["source"] = place
        for field in USUAL:
            if not required.needs(field, model) and field.get(model, None) is not None and draw(st.booleans()):
                section = model
                for key in field.path[:-1]:
                    section = section[key]
                del section[field.path[-1]]
        if "has_projection" not in model["architecture"]:
            model["architecture"].pop("projection_dims", None)
    return tree


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=registries(min_models=1, max_models=3), words=WORDS, data=st.data())
def test_facts_that_are_not_required_are_never_missed(tmp_path: Path, tree: Any, words: Any, data: Any) -> None:
    required = Requirements(words)
    reduced(data.draw, tree, required)
    path = tmp_path / "models.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    registry = compile_registry([(path.name, path.read_bytes())], required=required)
    assert registry.ok, registry.findings
    assert list(Draft202012Validator(json_schema(required=required)).iter_errors(tree)) == []
    entries = {**tree, "models": [entry(model, required) for model in registry]}
    again = compile_registry([(path.name, json.dumps(entries).encode())], required=required)
    assert [model.to_dict() for model in again] == [model.to_dict() for model in registry]
    assert emit_stub(registry)
    assert emit_markdown(registry)
    with imported(registry, tmp_path) as module, warnings.catch_warnings(action="ignore"):
        assert [model.to_dict() for model in module.MODEL_REGISTRY] == [model.to_dict() for model in registry]
        for model in (*module.MODEL_REGISTRY, *registry):
            config = ModelConfig.from_model(model)
            assert [config.with_variant(one.id).space()["model"] for one in model.variants] == [model.id] * len(
                model.variants
            )
            assert (config.space_id, config.query_space_id) == (model.space_id, model.query_space_id)
    assert main(["list", "--file", str(path), "--sort", "parameters"]) == 0
    assert main(["show", "--file", str(path), tree["models"][0]["id"]]) == 0
