"""Emits the reference of the file format as Markdown, from the table of fields: each field has a part of its own."""

from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import FieldType, ListOf, MapOf, OneOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# An example that is longer than this is shown with one part per line.
_SHORT = 80
_PROOFS = {
    "files": "proved by the model's files",
    "publication": "proved by a publication",
    "identity": "the registry's own: no file proves it",
}


def emit_reference() -> str:
    """Every field of models.json by section, in the order of the schema."""
    sections: dict[str, list[Field]] = {}
    for field in FIELDS:
        sections.setdefault(".".join(field.path[:-1]), []).append(field)
    return "\n".join([_section(name, fields) for name, fields in sections.items()])


def emit_definition(field: Field) -> str:
    """What a field means, what proves it, its type, and an example."""
    parts = [f"#### `{field.name}`", f"{field.doc} {field.note}".rstrip(), f"- {_form(field)}\n- {_place(field)}"]
    if isinstance(field.type, Records):
        parts.append(_parts(field.type))
    return "\n\n".join([*parts, f"```json example\n{_example(field)}\n```"]) + "\n"


def _section(name: str, fields: list[Field]) -> str:
    title = f"### `{name}`" if name else "### The model itself"
    links = " · ".join([f"[`{field.path[-1]}`](#{_anchor(field)})" for field in fields])
    return "\n".join([title, "", links, "", *map(emit_definition, fields)])


def _anchor(field: Field) -> str:
    """The anchor that GitHub gives to the heading of a field."""
    return field.name.replace(".", "")


def _form(field: Field) -> str:
    """What the value of a field must be."""
    null = ", or null" if field.null else ""
    if field.derived:
        need = "derived if absent"
    elif field.required:
        need = "required" + (", except of a model with a `source`" if field.of_weights else "")
    else:
        need = "optional"
    return f"{_value(field.type)}{null}; {need}"


def _place(field: Field) -> str:
    """The attribute of a field, what proves its value, and what depends on it."""
    space = f"; {field.space} vectors depend on it" if field.space else ""
    return f"attribute `{field.attribute}`: `{field.annotation}`; {_PROOFS[field.origin]}{space}"


def _parts(records: Records) -> str:
    rows = [
        f"| `{key}` | {_value(field_type)} | {'yes' if required else 'no'} | {doc} |"
        for key, (field_type, required, doc) in records.fields.items()
    ]
    return "\n".join(["| key of an object | value | required | meaning |", "|---|---|---|---|", *rows])


def _example(field: Field) -> str:
    """The example as it stands in an entry: a member of the object that holds it."""
    key, short = _json(field.path[-1]), _json(field.example)
    if len(key) + len(short) <= _SHORT:
        return f"{key}: {short}"
    spread: Any = field.example
    if isinstance(field.type, MapOf):
        members = [f"  {_json(name)}: {_json(item)}" for name, item in spread.items()]
        return "\n".join([f"{key}: {{", ",\n".join(members), "}"])
    if field.type.empty == ():
        return "\n".join([f"{key}: [", ",\n".join([f"  {_json(item)}" for item in spread]), "]"])
    return f"{key}: {short}"


def _json(value: object) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False)


def _value(field_type: FieldType) -> str:
    """What values a type accepts, in a few words."""
    if isinstance(field_type, OneOf):
        return "one of " + ", ".join([f"`{word}`" for word in field_type.choices])
    if isinstance(field_type, ListOf):
        return f"list: {_value(field_type.item)}"
    if isinstance(field_type, Records):
        return "list of objects"
    if isinstance(field_type, MapOf):
        return f"object: name → {_value(field_type.value)}"
    return field_type.demand
