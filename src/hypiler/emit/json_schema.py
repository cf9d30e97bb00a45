"""Emits the JSON Schema of models.json, for editors: from the same table of fields that the checks follow."""

from hypiler.schema.fields import FIELDS, ROOT, VERSION, Field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def emit_json_schema() -> str:
    """The text of `models.schema.json` (draft 2020-12)."""
    from json import dumps

    return dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> "dict[str, Any]":
    """The schema as a tree."""
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
                "items": _model(),
                "description": ROOT["models"],
            },
        },
        "required": ["version", "models"],
        "additionalProperties": False,
    }


def _model() -> "dict[str, Any]":
    root: dict[str, Any] = _object()
    for field in FIELDS:
        here = root
        for key in field.path[:-1]:
            if field.required and key not in here["required"]:
                here["required"].append(key)
            here = here["properties"].setdefault(key, _object())
        here["properties"][field.path[-1]] = _value(field)
        if field.required:
            here["required"].append(field.path[-1])
    return root


def _object() -> "dict[str, Any]":
    return {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def _value(field: Field) -> "dict[str, Any]":
    schema = field.type.schema()
    if field.null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "description": field.doc}
