"""Checks what callers give to encoders, so that an error names the text and its place. The same for every engine."""

import operator
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How many characters of a text a message shows.
_SHOWN = 40


def checked_texts(texts: "Any", name: str = "texts") -> list[str]:
    """The texts as a list of plain strings.

    A sequence (list, tuple, …) or an array of one dimension (NumPy, pandas) is accepted. An iterator is not, since it
    could be read only once, and neither is a set, whose order is not fixed. A subclass of `str` becomes a plain string
    with the same characters.

    `name` is what messages call the texts. Raises TypeError for anything else than a sequence or for an element that is
    not a string, and ValueError for a string with a lone surrogate, which is not a character.
    """
    # Most texts are plain and ASCII, which is checked without a call.
    return [
        text if type(text) is str and text.isascii() else _checked_text(text, name, place)
        for place, text in enumerate(_listed(texts, name))
    ]


def _listed(texts: "Any", name: str) -> "Sequence[Any]":
    kind = "string" if isinstance(texts, str) else type(texts).__name__
    if isinstance(texts, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"{name} must be a sequence of strings, got one {kind}")
    if hasattr(texts, "__array__") and not isinstance(texts, type):
        return _elements(texts, name)
    # `issubclass`, since type checkers would make it a sequence of an unknown type.
    if issubclass(type(texts), Sequence):
        return texts  # type: ignore[no-any-return]
    article = "an" if kind[:1] in "aeiou" else "a"
    remedy = f"; pass list({name})" if hasattr(texts, "__next__") else ""
    got = "None" if texts is None else f"{article} {kind}"
    raise TypeError(f"{name} must be a sequence of strings, got {got}{remedy}")


def _elements(array: "Any", name: str) -> "Sequence[Any]":
    """The elements of an array of one dimension, in its order."""
    import numpy as np

    found = np.asarray(array)
    if found.ndim != 1:
        raise TypeError(f"{name} must be an array of one dimension, got one of shape {found.shape}")
    elements: list[Any] = found.tolist()
    return elements


def _checked_text(text: "Any", name: str, place: int) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name}[{place}] must be a string, got {_shown(text)}")
    plain = str.__str__(text)
    if not plain.isascii():
        try:
            plain.encode()
        except UnicodeEncodeError as error:
            start = max(0, error.start - _SHOWN // 2)
            raise ValueError(
                f"{name}[{place}] has a lone surrogate at character {error.start}, which stands for no character:"
                f" {shown_text(plain[start : start + _SHOWN + 1])}"
            ) from None
    return plain


def _shown(value: object) -> str:
    """A value that is not a string, for a message: its type, and its beginning if it is a small plain value."""
    if value is None or isinstance(value, (bool, int, float)):
        return ascii(value)[:_SHOWN]
    article = "an" if type(value).__name__[:1] in "aeiou" else "a"
    return f"{article} {type(value).__name__}"


def shown_text(text: str) -> str:
    """The beginning of a text for a message, in quotes and escaped."""
    return ascii(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")


def checked_batch_size(batch_size: "Any") -> int:
    """The batch size. Raises TypeError if it is not an integer, and ValueError if it is below 1."""
    try:
        number = None if isinstance(batch_size, bool) else operator.index(batch_size)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"batch_size must be an int, got {_shown(batch_size)}")
    if number < 1:
        raise ValueError(f"batch_size must be at least 1, got {number}")
    return number
