"""The rows of a generated module: each model as one line, each value as its type encodes it.

The form of a row is described in `hypiler.schema.row_text`. Empty fields at the end of a row are left out.
"""

from hypiler.schema.row_text import escape as index_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from hypiler.schema.types import FieldType

__all__ = ["encode_rows", "index_text"]


def encode_rows(rows: "Sequence[Sequence[Any]]", types: "Iterable[FieldType]") -> "list[str]":
    """One line per model; `types` are those of the values of a row."""
    # By column, since a column holds the same few values again and again, or none.
    columns = [_encode_column(one, column) for one, column in zip(types, zip(*rows, strict=True), strict=bool(rows))]
    return ["|".join(row).rstrip("|") for row in zip(*columns, strict=True)]


def _encode_column(field_type: "FieldType", column: "tuple[Any, ...]") -> "list[str]":
    if column.count(None) == len(column):
        return [""] * len(column)
    encode = field_type.encode
    if not _is_hashable(column[0]):
        return [encode(value) if value else "" for value in column]
    texts = {value: "" if value is None else encode(value) for value in dict.fromkeys(column)}
    return [texts[value] for value in column]


def _is_hashable(value: object) -> bool:
    return not hasattr(value, "keys")
