"""Emits the JSON Schema of models.json, for editors: from the same table of fields that the checks follow."""

from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS, OVERLAYS, ROOT, VERSION
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts
from hypiler.schema.requirements import USUAL, Requirements, can_be_absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry


_FORMS = ["api", "model"], ["ollama"], ["path"], ["url"]
# A variant is a file of a repository, a model of Ollama, or a download.
_ONE_PLACE = {
    "ollama": {"properties": {"huggingface_id": False, "file": False, "url": False}},
    "url": {"properties": {"huggingface_id": False, "file": False}},
}
# An empty range states no widths.
_WIDTHS_TWICE = {
    "required": ["matryoshka_dims", "matryoshka_range"],
    "properties": {"matryoshka_range": {"minProperties": 1}},
}


def emit_json_schema(own_facts: OwnFacts = NO_OWN_FACTS, required: Requirements = USUAL) -> str:
    """The text of `models.schema.json` (draft 2020-12), with a project's own facts and with what it requires."""
    from json import dumps

    return dumps(json_schema(own_facts, required), indent=2, ensure_ascii=False) + "\n"


def emit_files(registry: "CheckedRegistry", path: str) -> dict[str, str]:
    """The target `schema`: one file, which follows the options of the project."""
    return {path: emit_json_schema(registry.own_facts, registry.required)}


def json_schema(own_facts: OwnFacts = NO_OWN_FACTS, required: Requirements = USUAL) -> "dict[str, Any]":
    """The schema as a tree."""
    model = _model(required)
    if own_facts.words:
        model["properties"]["extra"] |= own_facts.extra.schema()
    if required.own:
        model["properties"]["extra"]["required"] = required.own
        model["required"] = [*model["required"], "extra"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "models.json",
        "description": "A registry of embedding and retrieval models.",
        "type": "object",
        "properties": {
            "$schema": {"type": "string", "description": ROOT["$schema"]},
            "version": {**VERSION.schema(), "description": ROOT["version"]},
            "models": {
                "type": "array",
                "items": model,
                "description": ROOT["models"],
            },
            "extends": {**_NAMES, "description": ROOT["extends"]},
            "overrides": {"type": "array", "items": _override(model), "description": ROOT["overrides"]},
            "hidden": {**_NAMES, "uniqueItems": True, "description": ROOT["hidden"]},
        },
        "required": ["version"],
        # A file that stands on others need not add models.
        "anyOf": [{"required": [key]} for key in ("models", *sorted(OVERLAYS))],
        "additionalProperties": False,
    }


_NAMES: "dict[str, Any]" = {"type": "array", "items": {"type": "string"}}
_MODEL = "#/properties/models/items/properties"
_FROM = "The layer whose version of the model is meant, where layers differ."


def _override(model: "dict[str, Any]") -> "dict[str, Any]":
    """The schema of an override: the facts of a model, none of them required, or null to withdraw them."""
    facts = {key: _partial(one, f"{_MODEL}/{key}") for key, one in model["properties"].items() if key != "id"}
    named = {"id": {"type": "string", "description": "Id, alias or repository of a model of a lower layer."}}
    return {
        "type": "object",
        "properties": {**named, "from": {"type": "string", "description": _FROM}, **facts},
        "required": ["id"],
        "minProperties": 2,
        "additionalProperties": False,
    }


def _partial(schema: "dict[str, Any]", place: str) -> "dict[str, Any]":
    """The schema of a fact or section in an override; `place` is where the schema of the whole one stands."""
    if schema.get("additionalProperties") is False and schema["type"] == "object":
        known = {key: _partial(one, f"{place}/properties/{key}") for key, one in schema["properties"].items()}
        return _nullable({"type": "object", "properties": known, "additionalProperties": False})
    if "propertyNames" in schema:
        # Single names can be withdrawn, and none is required.
        known = {key: _nullable(one) for key, one in schema.get("properties", {}).items()}
        inside = {key: one for key, one in schema.items() if key not in ("required", "examples")}
        inside |= {"additionalProperties": _nullable(schema["additionalProperties"])}
        return _nullable(inside | ({"properties": known} if known else {}))
    return _nullable({"$ref": place})


def _nullable(schema: "dict[str, Any]") -> "dict[str, Any]":
    return {"anyOf": [schema, {"type": "null"}]}


def _model(required: Requirements) -> "dict[str, Any]":
    tree: dict[str, Any] = {}
    for field in FIELDS:
        field.set(tree, field)
    needed = [field for field in FIELDS if field.name in required.names]
    schema = _object(tree, [field for field in needed if not can_be_absent(field)])
    schema["properties"]["source"] |= {
        "oneOf": [{"required": form} for form in _FORMS],
        "dependentRequired": {"api": ["model"], "model": ["api"], "regions": ["api"], "sha256": ["url"]},
        "description": "Where the model is, if it is not on the Hugging Face hub.",
    }
    architecture = schema["properties"]["architecture"]
    architecture["properties"]["matryoshka_range"] |= {"dependentRequired": {"min": ["max"], "max": ["min"]}}
    architecture["not"] = _WIDTHS_TWICE
    schema["properties"]["variants"]["items"] |= {"dependentSchemas": _ONE_PLACE}
    # A model has a source or a repository. Of one with a source, facts about weights are not required.
    return {
        **schema,
        "if": {"required": ["source"]},
        "then": {"properties": {"huggingface_id": False}},
        "else": _demands(tree, [field for field in needed if can_be_absent(field)]),
    }


def _object(tree: "dict[str, Any]", needed: list[Field]) -> "dict[str, Any]":
    """The schema of a section whose fields and sections are given by key."""
    return {
        "type": "object",
        "properties": {
            key: _value(node) if isinstance(node, Field) else _object(node, needed) for key, node in tree.items()
        },
        "required": [key for key, node in tree.items() if _is_required(node, needed)],
        "additionalProperties": False,
    }


def _demands(tree: "dict[str, Any]", needed: list[Field]) -> "dict[str, Any]":
    """What makes these fields required, and nothing else."""
    inside = {
        key: _demands(node, needed)
        for key, node in tree.items()
        if not isinstance(node, Field) and _is_required(node, needed)
    }
    keys = [key for key, node in tree.items() if _is_required(node, needed)]
    return {"required": keys, **({"properties": inside} if inside else {})}


def _is_required(node: "Any", needed: list[Field]) -> bool:
    return node in needed if isinstance(node, Field) else any(_is_required(one, needed) for one in node.values())


def _value(field: Field) -> "dict[str, Any]":
    schema = field.type.schema()
    if field.null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "description": f"{field.doc} {field.note}".rstrip(), "examples": [field.example]}
