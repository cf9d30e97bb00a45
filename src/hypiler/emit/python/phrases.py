"""Lines that share phrases: what occurs several times in them is written once, in a table of phrases.

In a line, `^12^` stands for the twelfth phrase of the table. A phrase can contain other phrases. The sources of facts
name the same files again and again: with phrases they take less than half of the room, so an import has less to read.
"""

import re
from collections import Counter
from itertools import chain

from hypiler.emit.python.literals import EmitError

# Where pieces that may repeat begin and end: first keys and values, then parts of objects and sentences, then words.
_ENDS = (
    re.compile(r"(?<==)|(?=;)"),
    re.compile(r"(?<=[,:(])|(?<=\\x2c |\\x3b )"),
    re.compile(r"(?<=[ ,/@])"),
)
# A reference is about as long as this.
_SHORT = 6


def without_references(text: str) -> str:
    """Text of a row in which nothing looks like a reference to a phrase."""
    return text.replace("^", r"\x5e")


def share_phrases(lines: "list[str]") -> "tuple[list[str], list[str]]":
    """The lines with references to phrases, and the phrases. Raises EmitError if these do not restore the lines."""
    numbers: dict[str, int] = {}
    shared, phrases = lines, list[str]()
    for ends in _ENDS:
        texts = [[piece for piece in ends.split(text) if piece] for text in [*shared, *phrases]]
        for phrase in _worthwhile(Counter(chain.from_iterable(texts))):
            numbers.setdefault(phrase, len(numbers) + 1)
        short = [_shortened(pieces, numbers) for pieces in texts]
        shared, phrases = short[: len(lines)], [*short[len(lines) :], *list(numbers)[len(phrases) :]]
    if [restored(line, phrases) for line in shared] != lines:
        raise EmitError("the phrases of the generated module do not restore the lines that share them")
    return shared, phrases


def _worthwhile(counts: "Counter[str]") -> list[str]:
    """The pieces that take less room as phrases."""
    return [piece for piece, count in counts.items() if count > 1 and (count - 1) * (len(piece) - _SHORT) > 2 * _SHORT]


def _shortened(pieces: list[str], numbers: dict[str, int]) -> str:
    """A text with references. A text of one piece may be a phrase itself, and stays as it is."""
    if len(pieces) == 1:
        return pieces[0]
    return "".join([f"^{numbers[piece]}^" if piece in numbers else piece for piece in pieces])


def restored(text: str, phrases: list[str]) -> str:
    """The text behind a line or a phrase."""
    while "^" in text:
        parts = text.split("^")
        parts[1::2] = [phrases[int(number) - 1] for number in parts[1::2]]
        text = "".join(parts)
    return text
