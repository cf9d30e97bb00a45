"""Facts of a project's own: declared in `[tool.hypiler.extra]`, checked, and attributes of its models."""

import json
import pickle
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from generated import imported
from golden import golden
from jsonschema import Draft202012Validator
from strategies import plain_model, registry_of

from hypiler import Registry
from hypiler.project.options import OptionsError, options_of

DECLARED = {
    "size_gb": "float",
    "rank": "int",
    "tier": "str",
    "approved": "bool",
    "tags": "list[str]",
    "sizes": "list[int]",
    "rates": "list[float]",
    "config": "json",
}
STATED: dict[str, Any] = {
    "size_gb": 1,
    "rank": -3,
    "tier": "",
    "approved": True,
    "tags": ["a;b", "c,d"],
    "sizes": [1, 2],
    "rates": [1, 0.5],
    "config": {"a;=,|\\": [1, [], {}, {"b": [None, "x;=,|\\", True, {"": 0.5}]}]},
    "free": "x",
}
HELD = {
    **STATED,
    "size_gb": 1.0,
    "tags": ("a;b", "c,d"),
    "sizes": (1, 2),
    "rates": (1.0, 0.5),
    "config": {"a;=,|\\": (1, (), {}, {"b": (None, "x;=,|\\", True, {"": 0.5})})},
}


def _model(extra: Any) -> Any:
    model = plain_model(extra=extra)
    # A deprecated model would warn wherever it is named.
    del model["deprecated"]
    return model


def load(folder: Path, extra: Any, declared: dict[str, str] = DECLARED) -> Registry:
    path = folder / "models.json"
    path.write_text(json.dumps(registry_of(_model(extra))), "utf-8")
    return Registry.load(path, lock=False, extra=declared)


def test_a_model_in_memory_and_a_generated_one_have_the_attributes(tmp_path: Path) -> None:
    registry = load(tmp_path, STATED)
    with imported(registry, tmp_path) as module:
        for model in (registry["plain"], module.PLAIN):
            again = pickle.loads(pickle.dumps(model))
            for one in (model, again):
                assert {name: getattr(one, name) for name in DECLARED} == {name: HELD[name] for name in DECLARED}
                assert type(one.size_gb) is float
                assert type(one.config) is MappingProxyType
                assert one.extra == HELD
                assert json.loads(json.dumps(one.to_dict()))["extra"] == STATED


def test_a_fact_that_is_not_stated_is_none_and_a_list_is_empty(tmp_path: Path) -> None:
    registry = load(tmp_path, {})
    with imported(registry, tmp_path) as module:
        for model in (registry["plain"], module.PLAIN):
            assert [getattr(model, name) for name in DECLARED] == [None] * 4 + [()] * 3 + [None]


def test_without_declarations_there_are_no_such_attributes(tmp_path: Path) -> None:
    registry = load(tmp_path, {"size_gb": 1}, {})
    with imported(registry, tmp_path) as module:
        for model in (registry["plain"], module.PLAIN):
            assert not hasattr(model, "size_gb")


WRONG: dict[str, tuple[Any, str]] = {
    "size_gb": ("0.4", golden('`extra.size_gb` must be a number, got string "0.4"')),
    "rank": (True, golden("`extra.rank` must be an integer, got boolean true")),
    "tags": (["a", 1], golden("`extra.tags[1]` must be a string, got integer 1")),
    "config": ([2**60], golden("an integer must have at most 18 digits; found `1152921504606846976` of 19")),
    "free": ({"a": 1}, golden("`extra.free` must be a scalar or a list of scalars, got object")),
}


@pytest.mark.parametrize("name", WRONG)
def test_values_are_checked_by_their_declared_types(name: str, tmp_path: Path) -> None:
    value, message = WRONG[name]
    assert [one.message for one in load(tmp_path, {name: value}).findings if one.severity == "error"] == [message]


def test_values_of_any_depth_end_somewhere(tmp_path: Path) -> None:
    deep: Any = 1
    for _ in range(60):
        deep = [deep]
    assert golden("must be at most 50 levels deep") in load(tmp_path, {"config": deep}).findings[0].message


def test_the_schema_of_the_project_has_their_types(tmp_path: Path) -> None:
    registry = load(tmp_path, STATED)
    schema = json.loads(registry.emit("schema")["models.schema.json"])
    validator = Draft202012Validator(schema)
    assert validator.is_valid(registry_of(plain_model(extra=STATED)))
    for name in ("size_gb", "rank", "tags", "free"):
        assert not validator.is_valid(registry_of(plain_model(extra={name: WRONG[name][0]})))


def test_the_module_follows_the_declarations(tmp_path: Path) -> None:
    """A build is stale if only the declarations have changed."""
    assert load(tmp_path, {}).sha256 != load(tmp_path, {}, {}).sha256


def test_a_fact_can_be_required(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text(json.dumps(registry_of(_model({"rank": 1}))), "utf-8")
    needed = ["extra.size_gb", "extra.rank"]
    registry = Registry.load(path, lock=False, extra=DECLARED, required=needed)
    message = golden("`extra` is missing the required field `size_gb`")
    assert [one.message for one in registry.findings if one.severity == "error"] == [message]
    path.write_text(json.dumps(registry_of(_model({"rank": 1, "size_gb": 2}))), "utf-8")
    registry = Registry.load(path, lock=False, extra=DECLARED, required=needed)
    stub = registry.emit()["model_registry.pyi"]
    assert "    def size_gb(self) -> float:\n" in stub
    assert "    def tier(self) -> str | None:\n" in stub
    validator = Draft202012Validator(json.loads(registry.emit("schema")["models.schema.json"]))
    assert validator.is_valid(registry_of(_model({"rank": 1, "size_gb": 2})))
    assert not validator.is_valid(registry_of(_model({"rank": 1})))
    with pytest.raises(ValueError, match=r"extra.size_gb"):
        Registry.load(path, lock=False, required=needed)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"size_gb": "flaot"},
            golden(
                "the type of `size_gb` in `extra` must be one of str, int, float, bool, list[str], list[int], list[float],"
                ' json; got "flaot" (did you mean `float`?)'
            ),
        ),
        (
            {"dimensions": "int"},
            golden(
                "a fact in `extra` cannot be called `dimensions`: every model has an attribute of that name (choose"
                " another name)"
            ),
        ),
        (
            {"class": "int"},
            golden(
                'the name of a fact in `extra` must be a Python name in lower case, got "class" (use letters, digits and'
                " `_`)"
            ),
        ),
        (
            {"Size": "int"},
            golden(
                'the name of a fact in `extra` must be a Python name in lower case, got "Size" (use letters, digits and'
                " `_`)"
            ),
        ),
        (
            {"_x": "int"},
            golden(
                'the name of a fact in `extra` must be a Python name in lower case, got "_x" (use letters, digits and'
                " `_`)"
            ),
        ),
        (
            {"x": 1},
            golden(
                "the type of `x` in `extra` must be one of str, int, float, bool, list[str], list[int], list[float], json;"
                " got 1 (None)"
            ),
        ),
        (
            "float",
            golden(
                '`extra` must be a table of facts and their types, got "float" (write extra = { size_gb = "float" })'
            ),
        ),
    ],
)
def test_declarations_that_cannot_be_used_are_found(extra: Any, message: str) -> None:
    with pytest.raises(OptionsError) as raised:
        options_of({"output": "registry.py", "extra": extra}, ".")
    assert " | ".join([f"{one.message} ({one.help})" for one in raised.value.findings]) == message
