r"""The row form: one model as one line of printable ASCII, which generated modules split again on first use.

Fields are joined by `|`, items of a list by `;`, the parts of an item by `=`, items of a list inside an item by `,`.
Text is escaped as in a Python string literal (`\xe9`, `\u2028`), with the separators and the double quote among the
escaped characters, so a row can stand in a raw triple-quoted literal as it is. No value is an empty field. The empty
string is a lone backslash.
"""

import re
from codecs import unicode_escape_decode

_plain = re.compile(r"[ !#-\[\]-{}~]*").fullmatch
_plain_part = re.compile(r"[ !#-+\--:<>-\[\]-{}~]*").fullmatch
_SPECIAL = str.maketrans({'"': r"\x22", "|": r"\x7c"})
_SPECIAL_PART = str.maketrans({'"': r"\x22", "|": r"\x7c", ";": r"\x3b", "=": r"\x3d", ",": r"\x2c"})


def escape(value: str) -> str:
    """The text of a field."""
    if not value:
        return "\\"
    return value if _plain(value) else value.encode("unicode_escape").decode().translate(_SPECIAL)


def escape_part(value: str) -> str:
    """Text inside a list, a mapping or a record."""
    if not value:
        return "\\"
    return value if _plain_part(value) else value.encode("unicode_escape").decode().translate(_SPECIAL_PART)


def unescape(text: str) -> str | None:
    """What either of the two wrote; None for no text."""
    if "\\" not in text:
        return text or None
    return "" if text == "\\" else unicode_escape_decode(text)[0]
