"""Emits the JSON Schema of models.json, for editors: from the same table of fields that the checks follow."""

from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS, ROOT, VERSION
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry


def emit_json_schema(own_facts: OwnFacts = NO_OWN_FACTS) -> str:
    """The text of `models.schema.json` (draft 2020-12), with the facts that a project adds to the format."""
    from json import dumps

    return dumps(json_schema(own_facts), indent=2, ensure_ascii=False) + "\n"


def emit_files(registry: "CheckedRegistry", path: str) -> dict[str, str]:
    """The target `schema`: one file, with the types of the project's own facts."""
    return {path: emit_json_schema(registry.own_facts)}


def json_schema(own_facts: OwnFacts = NO_OWN_FACTS) -> "dict[str, Any]":
    """The schema as a tree."""
    model = _model()
    if own_facts.words:
        model["properties"]["extra"] |= own_facts.extra.schema()
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
        },
        "required": ["version", "models"],
        "additionalProperties": False,
    }


def _model() -> "dict[str, Any]":
    tree: dict[str, Any] = {}
    for field in FIELDS:
        field.set(tree, field)
    return _object(tree)


def _object(tree: "dict[str, Any]") -> "dict[str, Any]":
    """The schema of a section whose fields and sections are given by key."""
    return {
        "type": "object",
        "properties": {key: _value(node) if isinstance(node, Field) else _object(node) for key, node in tree.items()},
        "required": [key for key, node in tree.items() if _is_required(node)],
        "additionalProperties": False,
    }


def _is_required(node: "Any") -> bool:
    return node.required if isinstance(node, Field) else any(map(_is_required, node.values()))


def _value(field: Field) -> "dict[str, Any]":
    schema = field.type.schema()
    if field.null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "description": f"{field.doc} {field.note}".rstrip(), "examples": [field.example]}
