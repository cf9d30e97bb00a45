"""Emits models as entries of models.json: the way back from a record to the file."""

from hypiler.jsontext.writer import Writer
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.records import to_json
from hypiler.schema.requirements import USUAL, Requirements
from hypiler.schema.types import FieldType, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue


def emit_models(models: "Sequence[Any]", schema: str, source: str = "") -> str:
    """The text of a registry of these models.

    Args:
        models: The models, of any class.
        schema: The address of the schema for editors.
        source: What `sources` says of each section, instead of what the models say of each fact.
    """
    entries: list[Any] = [entry(model) for model in models]
    for one in entries if source else ():
        sections = [key for key, value in one.items() if isinstance(value, dict) and key not in ("sources", "extra")]
        one["sources"] = dict.fromkeys(sections, source)
    return emit_entries(entries, schema)


def emit_entries(entries: "Sequence[dict[str, Any]]", schema: str) -> str:
    """The text of a registry with these entries; `schema` is the address of the schema for editors."""
    tree: Any = {"$schema": schema, "version": "1.0", "models": [*entries]}
    return _Writer().write(tree, broken=True) + "\n"


def entry(model: "Any", required: Requirements = USUAL) -> "dict[str, JSONValue]":
    """The object of models.json that compiles to this record in a registry with these requirements."""
    tree: dict[str, Any] = {}
    for field in FIELDS:
        value = getattr(model, field.attribute)
        if _is_said(field, value, model, required):
            field.set(tree, _plain(field.type, value))
    return tree


def _is_said(field: Field, value: object, model: "Any", required: Requirements) -> bool:
    """Whether the entry must state the field: it is required, or has a value that the other fields do not imply."""
    if required.needs(field, model) and (value is not None or field.null):
        return True
    if field.derived:
        return value != bool(model.matryoshka_dims or model.matryoshka_max)
    return value != field.type.empty


def _plain(field_type: FieldType, value: "Any") -> "JSONValue":
    if isinstance(field_type, Records):
        return [_record(field_type, item) for item in value]
    # The member of an enum is written as its text.
    return str(value) if isinstance(value, str) else to_json(value)


def _record(field_type: Records, record: object) -> "dict[str, JSONValue]":
    parts = [(key, part, required, getattr(record, key)) for key, (part, required, _) in field_type.fields.items()]
    return {key: _plain(part, value) for key, part, required, value in parts if required or value != part.empty}


def emit_overlay(
    layers: "Sequence[str]", entries: "Sequence[dict[str, Any]]", overrides: "Sequence[dict[str, Any]]", schema: str
) -> str:
    """The text of a registry that stands on others.

    Args:
        layers: The registries below it, the lowest first.
        entries: The models that it adds.
        overrides: The facts that it states about models of the layers.
        schema: The address of the schema for editors.
    """
    tree: Any = {"$schema": schema, "version": "1.0", "extends": [*layers], "models": [*entries]}
    return _Writer().write(tree | {"overrides": [*overrides]}, broken=True) + "\n"


class _Writer(Writer):
    """Objects with an id, which are models, are broken into lines; whatever is inside a short list or object is not."""

    def takes_one_line(self, value: "JSONValue", *, long: bool) -> bool:
        return not value or not isinstance(value, dict | list) or self.pad(value, long=long) != "\n"
