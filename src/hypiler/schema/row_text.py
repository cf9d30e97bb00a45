r"""The row form: one model as one line of printable ASCII. Generated modules contain rows and split them on first use.

Fields are joined by `|`, items of a list by `;`, the parts of an item by `=`, items of a list inside an item by `,`.
Text is escaped as in a Python string literal (`\xe9`, `\u2028`). The separators and the double quote are escaped too,
so a row can be placed unchanged in a raw triple-quoted literal. An empty field means None. A lone backslash means the
empty string.
"""

from codecs import unicode_escape_decode

_SPECIAL = {ord('"'): r"\x22", ord("|"): r"\x7c"}
_SPECIAL_PART = {**_SPECIAL, ord(";"): r"\x3b", ord("="): r"\x3d", ord(","): r"\x2c"}


def escape(value: str) -> str:
    """The form of a text as a field of its own."""
    if not value:
        return "\\"
    if value.isascii() and value.isprintable() and not ("\\" in value or '"' in value or "|" in value):
        return value
    return value.encode("unicode_escape").decode().translate(_SPECIAL)


def escape_part(value: str) -> str:
    """The form of a text inside a list, a mapping or a record."""
    text = escape(value)
    return text.translate(_SPECIAL_PART) if ";" in text or "=" in text or "," in text else text


def unescape(text: str) -> str | None:
    """The text behind what `escape` or `escape_part` wrote; None for an empty field."""
    if "\\" not in text:
        return text or None
    return "" if text == "\\" else unicode_escape_decode(text)[0]
