"""Makes the texts of a page smaller: a part that occurs in an earlier text is written as a copy of this part.

Models of one family have nearly the same sources, code and definitions, so copies leave about a sixth of the texts.
Unlike what zlib gives, the result is the same on every machine, whichever library a Python is built with.

`~~` is a tilde. `~` and seven digits are a copy: the number of an earlier text in three digits, the place where the
part begins in two, and its length in two. Places and lengths count UTF-16 units, as JavaScript does.
"""

import re
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Place = tuple[int, int]
    Copy = tuple[int, int, Place]

DIGITS = "!#$%'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}"
"""The digits of numbers: what JSON and HTML write as it is, without the tilde."""
_BASE = len(DIGITS)
_FARTHEST = _BASE**2 - 1
_MOST_TEXTS = _BASE**3
_ANCHOR = 12
"""The length of the beginnings by which equal parts are found."""
_SHORTEST = 12
"""A part that is not longer than its copy would be is not copied."""
_CANDIDATES = 8
"""How many places with the same beginning are compared, the last ones."""
_DEEPEST = 200
"""How long a chain of texts may be of which each copies from the next: a reader may follow it step by step."""
# Letters of ASCII alone: which others are letters depends on the version of Python.
_WORD = re.compile(r"\w+|\W", re.ASCII).match
_IN_WORD = re.compile(r"\w\w", re.ASCII).match


def packed(texts: "Sequence[str]") -> list[str]:
    """The texts with copies in them, in the same order."""
    return _Packer(texts).pack()


class _Packer:
    """Packs texts one after the other.

    Attributes:
        texts: The texts.
        places: Where earlier texts have a part with this beginning, as the number of the text and the start in it.
        copies: The copies in each packed text: start and end of the part in the text, and its place in an earlier one.
        depths: How many texts stand behind each text.
    """

    def __init__(self, texts: "Sequence[str]") -> None:
        self.texts = texts
        self.places: dict[str, list[Place]] = {}
        self.copies: list[list[Copy]] = []
        self.depths: list[int] = []

    def pack(self) -> list[str]:
        """All texts, packed."""
        return [self._pack(number, text) for number, text in enumerate(self.texts)]

    def _pack(self, number: int, text: str) -> str:
        copies, anchors = self._search(text) if len(text) >= _SHORTEST else ([], [])
        depth = max([self.depths[place[0]] + 1 for _, _, place in copies], default=0)
        self.copies.append(copies)
        self.depths.append(depth)
        # JavaScript counts a character beyond U+FFFF as two, so nothing is copied from a text with one.
        if number < _MOST_TEXTS and depth < _DEEPEST and (text.isascii() or max(text, default="") <= "\uffff"):
            for anchor in anchors:
                known = self.places.setdefault(text[anchor : anchor + _ANCHOR], [])
                known.append((number, anchor))
                if len(known) > _CANDIDATES:
                    del known[0]
        return _written(text, copies)

    def _search(self, text: str) -> "tuple[list[Copy], list[int]]":
        """The parts of a text to copy, and the places from which later texts may copy, where words and signs begin."""
        copies: list[Copy] = []
        anchors: list[int] = []
        start, last = 0, len(text) - _ANCHOR
        while start <= last:
            if start <= _FARTHEST:
                anchors.append(start)
            known = self.places.get(text[start : start + _ANCHOR])
            place, length = self._longest(text, start, known) if known else ((0, 0), 0)
            if length < _SHORTEST:
                start = _end_of_word(text, start)
                continue
            end = start + length
            copies.append((start, end, self._origin(place, length)))
            # The rest of a word is no beginning.
            start = _end_of_word(text, end) if _IN_WORD(text, end - 1) else end
        return copies, anchors

    def _longest(self, text: str, start: int, places: "list[Place]") -> "tuple[Place, int]":
        """The longest part of an earlier text that stands in a text at `start` as well, and its length."""
        best: Place = (0, 0)
        length = 0
        for place in reversed(places):
            common = self._common(place, text, start, length)
            if common > length:
                best, length = place, common
        return best, length

    def _common(self, place: "Place", text: str, start: int, least: int) -> int:
        """How long the part is that two texts have in common from two places on; 0 if it is not longer than `least`."""
        number, other = place
        earlier = self.texts[number]
        most = min(len(earlier) - other, len(text) - start, _FARTHEST)
        length = max(least + 1, _ANCHOR)
        if length > most or not earlier.startswith(text[start : start + length], other):
            return 0
        step = length
        while step:
            end = length + step
            if end <= most and earlier.startswith(text[start + length : start + end], other + length):
                length, step = end, step * 2
            else:
                step //= 2
        return length

    def _origin(self, place: "Place", length: int) -> "Place":
        """Where a part comes from: if it lies within a copy, the place from which this was copied."""
        while True:
            number, start = place
            copies = self.copies[number]
            index = bisect_right(copies, start, key=_start_of) - 1
            if index < 0 or copies[index][1] < start + length:
                return place
            first, _, (number, other) = copies[index]
            if other + start - first > _FARTHEST:
                return place
            place = number, other + start - first


def _start_of(copy: "Copy") -> int:
    return copy[0]


def _end_of_word(text: str, start: int) -> int:
    """The end of the word, or of the single other character, at a place in a text; the end of the text there."""
    found = _WORD(text, start)
    return found.end() if found else len(text)


def _written(text: str, copies: "Sequence[Copy]") -> str:
    """A text with copies in it."""
    parts: list[str] = []
    written = 0
    for start, end, (number, place) in copies:
        parts += [_plain(text[written:start]), "~", _digits(number, 3), _digits(place, 2), _digits(end - start, 2)]
        written = end
    return "".join([*parts, _plain(text[written:])])


def _plain(text: str) -> str:
    return text.replace("~", "~~")


def _digits(number: int, count: int) -> str:
    digits = ""
    for _ in range(count):
        number, digit = divmod(number, _BASE)
        digits = DIGITS[digit] + digits
    return digits
