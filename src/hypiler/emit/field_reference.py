"""Emits the reference of the file format as Markdown tables, from the table of fields."""

from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import FieldType, ListOf, MapOf, OneOf, Records


def emit_reference() -> str:
    """One table per section of models.json, in the order of the schema."""
    sections: dict[str, list[Field]] = {}
    for field in FIELDS:
        sections.setdefault(".".join(field.path[:-1]), []).append(field)
    parts = [_section(name, fields) for name, fields in sections.items()]
    parts += [_records(field.name, field.type) for field in FIELDS if isinstance(field.type, Records)]
    return "\n".join(parts)


def _section(name: str, fields: list[Field]) -> str:
    title = f"### `{name}`" if name else "### The model itself"
    rows = [
        f"| `{field.path[-1]}` | {_value(field.type)}{' or null' if field.null else ''} "
        f"| {'yes' if field.required else 'no'} | `{field.attribute}` | {field.doc} |"
        for field in fields
    ]
    head = [
        "| key | value | required | in `ModelInfo` | meaning |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([title, "", *head, *rows, ""])


def _records(name: str, records: Records) -> str:
    rows = [
        f"| `{key}` | {_value(field_type)} | {'yes' if required else 'no'} | {doc} |"
        for key, (field_type, required, doc) in records.fields.items()
    ]
    head = ["| key | value | required | meaning |", "|---|---|---|---|"]
    return "\n".join([f"### An entry of `{name}`", "", *head, *rows, ""])


def _value(field_type: FieldType) -> str:
    """What values a type accepts, in a few words."""
    if isinstance(field_type, OneOf):
        return "one of " + ", ".join([f"`{word}`" for word in field_type.choices])
    if isinstance(field_type, ListOf):
        return f"list: {_value(field_type.item)}"
    if isinstance(field_type, Records):
        return "list of objects, see below"
    if isinstance(field_type, MapOf):
        return f"object: name → {_value(field_type.value)}"
    return field_type.demand
