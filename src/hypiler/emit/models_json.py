"""Emits a record as an entry of models.json: the way back from `ModelInfo` to the file."""

from hypiler.schema.fields import FIELDS, Field
from hypiler.schema.types import FieldType, MapOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

_WIDTH = 100


def emit_models(models: "Sequence[Any]", schema: str) -> str:
    """The text of a registry of `ModelInfo` records; `schema` is the address of the schema for editors."""
    tree: Any = {"$schema": schema, "version": "1.0", "models": [entry(model) for model in models]}
    return _formatted(tree, "", 0) + "\n"


def entry(model: "Any") -> "dict[str, JSONValue]":
    """The object of models.json that compiles to this record."""
    tree: dict[str, Any] = {}
    for field in FIELDS:
        value = getattr(model, field.attribute)
        if _is_said(field, value, model):
            field.set(tree, _plain(field.type, value))
    return tree


def _is_said(field: Field, value: object, model: "Any") -> bool:
    """Whether the entry has to have the field, and does not follow from others without it."""
    if field.required:
        return True
    if field.derived:
        return value != bool(model.matryoshka_dims)
    return value != field.type.empty


def _plain(field_type: FieldType, value: "Any") -> "JSONValue":
    if isinstance(field_type, Records):
        return [_record(field_type, item) for item in value]
    if isinstance(field_type, MapOf):
        return {key: _plain(field_type.value, item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [*value]
    return str(value) if isinstance(value, str) else value


def _record(field_type: Records, record: object) -> "dict[str, JSONValue]":
    parts = [(key, part, required, getattr(record, key)) for key, (part, required, _) in field_type.fields.items()]
    return {key: _plain(part, value) for key, part, required, value in parts if required or value != part.empty}


def _formatted(value: "JSONValue", indent: str, before: int) -> str:
    """JSON with one member a line, and short lists and objects on one; `before` is what stands before it already."""
    from json import dumps

    text = dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (
        indent and len(indent) + before + len(text) < _WIDTH and not (isinstance(value, dict) and "id" in value)
    ):
        return text
    deeper = indent + "  "
    if isinstance(value, list):
        lines = [deeper + _formatted(item, deeper, 0) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    names = [dumps(key, ensure_ascii=False) + ": " for key in value]
    lines = [
        deeper + name + _formatted(item, deeper, len(name)) for name, item in zip(names, value.values(), strict=True)
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
