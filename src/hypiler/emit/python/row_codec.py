"""The rows of a generated module: one line per model, in which each value is encoded by its type.

The form of a row is described in `hypiler.schema.row_text`. Empty fields at the end of a row are left out.
"""

from itertools import compress
from types import FunctionType

from hypiler.emit.python.literals import EmitError
from hypiler.schema.fields import FIELDS
from hypiler.schema.row_text import escape as index_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from hypiler.schema.types import FieldType

__all__ = ["encode_apart", "encode_rows", "field_words", "index_text", "lookup_of", "verify_rows"]


def field_words(*, apart: bool) -> "list[str]":
    """Each field as `attribute:codec`, of those that stand apart from the rows or of all. In a row these are empty."""
    if apart:
        return [f"{field.attribute}:{field.type.codec}" for field in FIELDS if field.apart]
    return [f"{field.attribute}:{'str' if field.apart else field.type.codec}" for field in FIELDS]


def encode_apart(models: "Sequence[Sequence[Any]]") -> "tuple[list[str], list[str]]":
    """The values that stand apart from the rows, one line `id.attribute|text` per value, and the phrases in them."""
    found: dict[str, str] = {}
    for number, field in enumerate(FIELDS):
        if field.apart:
            found |= {f"{one[0]}.{field.attribute}": field.type.encode(one[number]) for one in models if one[number]}
    if not found:
        return [], []
    from hypiler.emit.python.phrases import share_phrases, without_references

    texts, phrases = share_phrases([without_references(text) for text in found.values()])
    return [f"{key}|{text}" for key, text in zip(found, texts, strict=True)], phrases


def encode_rows(rows: "Sequence[Sequence[Any]]", types: "Iterable[FieldType | None]") -> "list[str]":
    """One line per model; `types` are the types of the values in a row. What follows these in a row is left out.

    The place of a value without a type is empty.
    """
    # Column by column, since most columns have few distinct values.
    columns = [_encode_column(one, column) for one, column in zip(types, zip(*rows, strict=True), strict=False)]
    return [_row(values) for values in zip(*columns, strict=True)]


def _row(values: "tuple[str, ...]") -> str:
    row = "|".join(values).rstrip("|")
    # Tools take away the spaces at the end of a line. Only text can end with one, and text may contain escapes.
    return row[:-1] + r"\x20" if row.endswith(" ") else row


def _encode_column(field_type: "FieldType | None", column: "tuple[Any, ...]") -> "list[str]":
    if field_type is None or column.count(None) == len(column):
        return [""] * len(column)
    encode = field_type.encode
    if not field_type.hashable:
        return [encode(value) if value else "" for value in column]
    texts = {value: "" if value is None else encode(value) for value in dict.fromkeys(column)}
    return [texts[value] for value in column]


def verify_rows(constants: "Mapping[str, list[str]]", models: "Sequence[Sequence[Any]]") -> None:
    """Decode a sample of the rows as the generated module does. Raises EmitError if a value differs."""
    numbers = _sample(models)
    rows = [constants["_ROWS"][number] for number in numbers]
    named = ("_FIELDS", "_APART_FIELDS", "_APART", "_PHRASES")
    find = lookup_of({**{name: constants[name] for name in named}, "_ROWS": rows})
    for number in numbers:
        model = models[number]
        record = find(model[0])
        for field, value, meant in zip(FIELDS, _values(record), model, strict=False):
            if not _is_same(value, meant):
                raise EmitError(f"`{field.name}` of `{model[0]}` would be read back as {value!r}, and is {meant!r}")


def _sample(models: "Sequence[Sequence[Any]]") -> list[int]:
    """The numbers of some rows: the last row, and for each codec the first row that has a value in this codec."""
    found: dict[str, int] = {}
    for field, column in zip(FIELDS, zip(*models, strict=True), strict=False):
        if field.type.codec not in found:
            stating = next(compress(range(len(models)), column), None)
            found |= {} if stating is None else {field.type.codec: stating}
    return sorted({*found.values(), *range(len(models))[-1:]})


def lookup_of(constants: "Mapping[str, list[str]]") -> "Callable[[str], Any]":
    """The lookup by id of a generated module with these constants; all other constants are empty."""
    from hypiler.emit.python import runtime

    namespace: dict[str, Any] = {**vars(runtime), "_made": {}, "_loaded": [], "_records": {}}
    namespace |= {name: "\n".join(["", *lines, ""]) for name, lines in constants.items()}
    load = FunctionType(namespace["_load"].__code__, namespace)
    find: Callable[[str], Any] = load()[2]
    return find


def _values(record: object) -> "Sequence[Any]":
    names: tuple[str, ...] = getattr(record, "__slots__", ())
    return [getattr(record, name) for name in names]


def _is_same(value: "Any", meant: "Any") -> bool:
    """Whether a decoded value equals the original, including its type: True is not 1."""
    if _is_list(meant):
        return _are_same(value if _is_list(value) else _values(value), meant)
    if hasattr(meant, "keys"):
        return list(value) == list(meant) and _are_same([*value.values()], [*meant.values()])
    return type(value) is type(meant) and bool(value == meant)


def _is_list(value: object) -> bool:
    return isinstance(value, tuple)


def _are_same(values: "Sequence[Any]", meant: "Sequence[Any]") -> bool:
    return len(values) == len(meant) and all(map(_is_same, values, meant))
