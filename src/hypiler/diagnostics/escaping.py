"""Writes values and names from the input in messages, and finds the word that was probably meant.

Every message that repeats input passes it through these functions.
"""

from hypiler._text import one_line, printable

__all__ = ["did_you_mean", "nearest", "one_line", "printable", "quote_name", "quote_value"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LIMIT = 60
_COMPARED = 500  # words that are compared in full with a mistyped one


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


def nearest(word: str, known: "list[str]") -> str | None:
    """The one of `known` that `word` was probably meant to be, or None if nothing is near."""
    from difflib import get_close_matches  # imported here: only a file with a fault needs it

    folded = {k.lower().replace("-", "_"): k for k in known}
    wanted = word[:80].lower().replace("-", "_")
    near = get_close_matches(wanted, _likeliest(wanted, folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _likeliest(word: str, known: "Iterable[str]") -> "list[str]":
    """The words that share the most pairs of letters with `word`, in their order. A full comparison takes long."""
    words = [*known]
    if len(words) <= _COMPARED:
        return words
    pairs = {word[i : i + 2] for i in range(len(word) - 1)}
    ranks = [(-sum([pair in other for pair in pairs]), abs(len(other) - len(word))) for other in words]
    best = sorted(range(len(words)), key=ranks.__getitem__)[:_COMPARED]
    return [words[place] for place in sorted(best)]


def did_you_mean(word: str, known: "list[str]") -> str | None:
    """``did you mean `x`?`` for the nearest of `known`, or None if nothing is near."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else None
