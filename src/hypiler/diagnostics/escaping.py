"""Writes values and names from the input in messages, and finds the word that was probably meant.

Every message that repeats input passes it through these functions.
"""

from hypiler._nearest import nearest
from hypiler._text import one_line, printable

__all__ = ["did_you_mean", "nearest", "one_line", "printable", "quote_name", "quote_value"]

_LIMIT = 60


def quote_value(value: object) -> str:
    """A value from the input for a message: as JSON writes it, on one line, shortened."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        text = printable(value[: _LIMIT + 1])
        return f'"{text[:_LIMIT]}…"' if len(text) > _LIMIT else f'"{text}"'
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and not -(10**30) < value < 10**30:
        return "a number of over 30 digits"
    return repr(value)


def quote_name(text: str) -> str:
    """A name from the input, in backticks, printable and shortened."""
    text = printable(text[: _LIMIT + 1])
    return f"`{text[:_LIMIT]}…`" if len(text) > _LIMIT else f"`{text}`"


def did_you_mean(word: str, known: "list[str]") -> str | None:
    """``did you mean `x`?`` for the nearest of `known`, or None if nothing is near."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else None
