r"""The row form: one model as one line of printable ASCII, split again by `runtime` on first use.

Fields are joined by `|`, items of a list by `;`, the parts of an item by `=`, items of a list inside `extra` by `,`.
Text is escaped as in a Python string literal (`\xe9`, `\u2028`), with the separators and the double quote among the
escaped characters, so a row can stand in a raw triple-quoted literal as it is. No value is an empty field, and empty
fields at the end of a row are left out; the empty string is a lone backslash.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    _Scalar: TypeAlias = str | int | float | bool | None

_plain = re.compile(r"[ !#-\[\]-{}~]*").fullmatch
_plain_part = re.compile(r"[ !#-+\--:<>-\[\]-{}~]*").fullmatch
_SPECIAL = str.maketrans({'"': r"\x22", "|": r"\x7c"})
_SPECIAL_PART = str.maketrans({'"': r"\x22", "|": r"\x7c", ";": r"\x3b", "=": r"\x3d", ",": r"\x2c"})


def _text(value: str) -> str:
    if not value:
        return "\\"
    return value if _plain(value) else value.encode("unicode_escape").decode().translate(_SPECIAL)


def _part(value: str) -> str:
    """Text inside a list, a mapping or a record."""
    if not value:
        return "\\"
    return value if _plain_part(value) else value.encode("unicode_escape").decode().translate(_SPECIAL_PART)


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _texts(values: "tuple[str, ...]") -> str:
    return ";".join([_part(value) for value in values])


def _integers(values: "tuple[int, ...]") -> str:
    return ";".join([str(value) for value in values])


def _mapping(values: "dict[str, str]") -> str:
    return ";".join([f"{_part(key)}={_part(value)}" for key, value in values.items()])


def _scalar(value: "_Scalar | tuple[_Scalar, ...]") -> str:
    if isinstance(value, tuple):
        return "[" + ",".join([_scalar(item) for item in value])
    if isinstance(value, str):
        return "'" + _part(value)
    if value is None or isinstance(value, bool):
        return {None: "N", True: "T", False: "F"}[value]
    return f"i{value}" if isinstance(value, int) else f"f{value!r}"


def _extra(values: "dict[str, _Scalar | tuple[_Scalar, ...]]") -> str:
    return ";".join([f"{_part(key)}={_scalar(value)}" for key, value in values.items()])


def _records(values: "tuple[tuple[object, ...], ...]") -> str:
    def part(value: object) -> str:
        return "" if value is None else _part(value) if isinstance(value, str) else str(value)

    return ";".join(["=".join([part(value) for value in record]) for record in values])


_CODERS: "dict[str, Callable[[Any], str]]" = {
    "str": _text,
    "int": str,
    "float": repr,
    "bool": _flag,
    "type": str,
    "strs": _texts,
    "ints": _integers,
    "mapping": _mapping,
    "extra": _extra,
    "variants": _records,
    "layers": _records,
}


def encode_rows(rows: "list[tuple[Any, ...]]", codecs: "list[str]") -> "list[str]":
    """One line a model."""
    # By column, since a column holds the same few values again and again, or none.
    columns = [
        _encode_column(_CODERS[codec], column)
        for codec, column in zip(codecs, zip(*rows, strict=True), strict=bool(rows))
    ]
    return ["|".join(row).rstrip("|") for row in zip(*columns, strict=True)]


def _encode_column(code: "Callable[[Any], str]", column: "tuple[Any, ...]") -> "list[str]":
    if column.count(None) == len(column):
        return [""] * len(column)
    if isinstance(column[0], dict):
        return [code(value) if value else "" for value in column]
    texts = {value: "" if value is None else code(value) for value in dict.fromkeys(column)}
    return [texts[value] for value in column]


def index_text(value: str) -> str:
    """A key of an index, escaped as a field is."""
    return _text(value)
