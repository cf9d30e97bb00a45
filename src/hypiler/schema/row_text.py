r"""The row form: one model as one line of printable ASCII, which generated modules split again on first use.

Fields are joined by `|`, items of a list by `;`, the parts of an item by `=`, items of a list inside an item by `,`.
Text is escaped as in a Python string literal (`\xe9`, `\u2028`), with the separators and the double quote among the
escaped characters, so a row can stand in a raw triple-quoted literal as it is. No value is an empty field. The empty
string is a lone backslash.
"""

from codecs import unicode_escape_decode

_SPECIAL = {ord('"'): r"\x22", ord("|"): r"\x7c"}
_SPECIAL_PART = {**_SPECIAL, ord(";"): r"\x3b", ord("="): r"\x3d", ord(","): r"\x2c"}


def escape(value: str) -> str:
    """The text of a field."""
    if not value:
        return "\\"
    if value.isascii() and value.isprintable() and not ("\\" in value or '"' in value or "|" in value):
        return value
    return value.encode("unicode_escape").decode().translate(_SPECIAL)


def escape_part(value: str) -> str:
    """Text inside a list, a mapping or a record."""
    text = escape(value)
    return text.translate(_SPECIAL_PART) if ";" in text or "=" in text or "," in text else text


def unescape(text: str) -> str | None:
    """What either of the two wrote; None for no text."""
    if "\\" not in text:
        return text or None
    return "" if text == "\\" else unicode_escape_decode(text)[0]
