"""Makes the texts of a page smaller: a part that occurs in an earlier text is written as a copy of this part.

Models of one family have nearly the same sources, code and definitions, so copies leave about a sixth of the texts.
Unlike what zlib gives, the result is the same on every machine, whichever library a Python is built with.

`~~` is a tilde. `~` and seven digits are a copy: the number of an earlier text in three digits, the place where the
part begins in two, and its length in two. Places and lengths count UTF-16 units, as JavaScript does.
"""

import re
from bisect import bisect_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Place = tuple[int, int]

DIGITS = "!#$%'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}"
"""The digits of numbers: what JSON and HTML write as it is, without the tilde."""
_BASE = len(DIGITS)
_FARTHEST = _BASE**2 - 1
_MOST_TEXTS = _BASE**3
_ANCHOR = 12
"""The length of the beginnings by which equal parts are found."""
_SHORTEST = 14
"""A part that is not longer than its copy would be is not copied."""
_CANDIDATES = 4
"""How many places with the same beginning are compared, the last ones."""
_WORDS = re.compile(r"\w+|\W")


def packed(texts: "Sequence[str]") -> list[str]:
    """The texts with copies in them, in the same order."""
    places: dict[str, list[Place]] = {}
    found: list[str] = []
    for number, text in enumerate(texts):
        if len(text) < _SHORTEST:
            found.append(_plain(text))
            continue
        parts, anchors = _packed(text, texts, places)
        found.append("".join(parts))
        # JavaScript counts a character beyond U+FFFF as two, so nothing is copied from a text with one.
        if number < _MOST_TEXTS and (text.isascii() or max(text) <= "\uffff"):
            for anchor in anchors:
                known = places.setdefault(text[anchor : anchor + _ANCHOR], [])
                known.append((number, anchor))
                del known[:-_CANDIDATES]
    return found


def _packed(text: str, texts: "Sequence[str]", places: "dict[str, list[Place]]") -> tuple[list[str], list[int]]:
    """The parts of a packed text, and the places in the text from which later ones may copy."""
    starts = [match.start() for match in _WORDS.finditer(text)]
    parts: list[str] = []
    anchors: list[int] = []
    written = word = 0
    while word < len(starts) and starts[word] + _ANCHOR <= len(text):
        start = starts[word]
        if start <= _FARTHEST:
            anchors.append(start)
        best: Place = (0, 0)
        length = 0
        for place in places.get(text[start : start + _ANCHOR], ()):
            common = _common(texts[place[0]], place[1], text, start)
            if common > length:
                best, length = place, common
        if length < _SHORTEST:
            word += 1
            continue
        parts += [_plain(text[written:start]), "~", _digits(best[0], 3), _digits(best[1], 2), _digits(length, 2)]
        written = start + length
        word = bisect_left(starts, written, word)
    return [*parts, _plain(text[written:])], anchors


def _common(one: str, start: int, other: str, other_start: int) -> int:
    """How long the part is that two texts have in common from these places on. The anchors there are equal."""
    most = min(len(one) - start, len(other) - other_start, _FARTHEST)
    length, step = _ANCHOR, _ANCHOR
    while step:
        end = length + step
        if end <= most and one[start + length : start + end] == other[other_start + length : other_start + end]:
            length, step = end, step * 2
        else:
            step //= 2
    return length


def _plain(text: str) -> str:
    return text.replace("~", "~~")


def _digits(number: int, count: int) -> str:
    digits = ""
    for _ in range(count):
        number, digit = divmod(number, _BASE)
        digits = DIGITS[digit] + digits
    return digits
