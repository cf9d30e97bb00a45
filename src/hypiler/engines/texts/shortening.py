"""Cuts long texts before a tokenizer reads them, without changing the tokens that are kept.

A tokenizer reads a whole text, even if only its first tokens are kept. For a text of 10 MB that takes 10 seconds and
more than a gigabyte. So only the beginning of a long text is tokenized, and then a longer one, until the number of
tokens that cannot depend on the rest of the text exceeds the limit. See `hypiler.engines.texts.locality`.
"""

import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hypiler.engines.texts.counting import count_truncated
from hypiler.engines.texts.locality import find_locality

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from typing import Any, TypeVar

    from hypiler.engines.texts.locality import Locality

    T = TypeVar("T")

# The characters of a beginning per token of the limit, and those that are added. English has 4 to 5 per token.
_PER_TOKEN, _ADDED = 8, 1024
# The same for one side of a pair. The library makes all combinations of the parts that it cuts off from both sides.
_PAIR_PER_TOKEN, _PAIR_ADDED = 3, 512
# The words before a cut that may depend on what is behind it, since a pre-tokenizer may merge or remove neighbours.
_WORDS = 2
# If words are not split, a beginning and one twice as long must agree in so many tokens beyond the limit.
_AGREEING = 64
# The characters that are tokenized at once.
_PIECE = 1 << 18
# The most tokens that one character can become: normalization makes up to 18 characters of one, of up to 3 bytes each.
_TOKENS_PER_CHARACTER = 54


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a text that decides the tokens that are kept.

    Attributes:
        text: The part, which may be the whole text.
        tokens: The tokens of the part, without special tokens. None if they were not counted.
        whole: Whether the part is the whole text.
    """

    text: str
    tokens: int | None
    whole: bool


class Shortener:
    """Cuts texts for one tokenizer. Must be used while no other thread uses the tokenizer.

    Attributes:
        tokenizer: The tokenizer, of the tokenizers library.
        side: The side on which texts are truncated, `right` or `left`.
    """

    def __init__(self, tokenizer: "Any", side: str = "right") -> None:
        self.tokenizer: Any = tokenizer
        self.side: str = side
        self._locality: Locality | None = None

    @property
    def locality(self) -> "Locality":
        """How far the tokenizer looks ahead. Read when the first long text comes."""
        if self._locality is None:
            self._locality = find_locality(self.tokenizer, self.side)
        return self._locality

    def shorten(self, text: str, limit: int) -> Part:
        """The part of a text whose first `limit` tokens are those of the whole text. Special tokens do not count."""
        first = _PER_TOKEN * limit + _ADDED
        return Part(text, None, True) if len(text) <= 2 * first else self.part(text, limit, first)

    def shorten_long(self, texts: "Sequence[str]", limit: int) -> dict[int, Part]:
        """The parts of those texts that are long, by the places of the texts. Costs nearly nothing for short texts."""
        long = 2 * (_PER_TOKEN * limit + _ADDED)
        if max(map(len, texts), default=0) <= long:
            return {}
        return {place: self.shorten(text, limit) for place, text in enumerate(texts) if len(text) > long}

    def part(self, text: str, limit: int, first: int, least: int = 0) -> Part:
        """The same for a text of any length.

        Args:
            text: The text.
            limit: How many tokens must be those of the whole text.
            first: How many characters to try first.
            least: How many tokens the part must have at least, unless it is the whole text.
        """
        with untruncated(self.tokenizer):
            size, before = first, None
            while self.locality.local and size < len(text):
                part = text[:size] if self.side == "right" else text[-size:]
                found = self.tokenizer.encode(part, add_special_tokens=False)
                settled = self._certain(found, part) > limit or self._agree(before, found, limit)
                if settled and len(found) >= least:
                    return Part(part, len(found), whole=False)
                size, before = 2 * size, found
        return Part(text, None, whole=True)

    def _certain(self, found: "Any", part: str) -> int:
        """How many tokens of a part, counted from the side that is kept, cannot depend on the rest of the text."""
        words, offsets = found.word_ids, found.offsets
        if self.side == "right":
            return certain_at_the_start(found, part, self.locality)
        start = max(_end_of_run(part), self.locality.margin) if self.locality.runs else self.locality.margin
        return _while(
            word >= _WORDS and begin >= start
            for word, (begin, _) in zip(reversed(words), reversed(offsets), strict=True)
        )

    def _agree(self, before: "Any", found: "Any", limit: int) -> bool:
        """Whether two parts, one twice as long as the other, agree in more tokens than the limit.

        That is enough for a search over a word: the way into the word is settled a few tokens later.
        """
        if before is None or not self.locality.searches:
            return False
        needed = limit + _AGREEING
        one, other = before.ids, found.ids
        if self.side == "left":
            one, other = one[::-1], other[::-1]
        return len(one) > needed and bool(one[:needed] == other[:needed])


def certain_at_the_start(found: "Any", part: str, locality: "Locality") -> int:
    """How many of the first tokens of a text's beginning cannot depend on the rest of the text."""
    words, offsets = found.word_ids, found.offsets
    if not words:
        return 0
    end = len(part) - locality.margin
    if locality.runs:
        end = min(end, _start_of_run(part))
    last = words[-1] - _WORDS
    return _while(word <= last and stop <= end for word, (_, stop) in zip(words, offsets, strict=True))


def _while(conditions: "Iterable[bool]") -> int:
    """How many conditions hold before the first that does not."""
    count = 0
    for holds in conditions:
        if not holds:
            break
        count += 1
    return count


def _kind(character: str) -> str:
    """`L` for letters, marks and digits, `Z` for blanks, else nothing."""
    if character.isspace():
        return "Z"
    return "L" if unicodedata.category(character)[0] in "LMN" else ""


def _start_of_run(text: str) -> int:
    """Where the run of letters or blanks at the end of a text starts, with one character before it."""
    place = len(text) - 1
    while place > 0 and _kind(text[place - 1]) == _kind(text[-1]) != "":
        place -= 1
    return max(place - 1, 0)


def _end_of_run(text: str) -> int:
    """Where the run of letters or blanks at the beginning of a text ends, with one character after it."""
    return len(text) - _start_of_run(text[::-1])


@contextmanager
def untruncated(tokenizer: "Any") -> "Generator[None]":
    """A block in which a tokenizer neither truncates nor pads. Afterwards, its settings are as before."""
    truncation, padding = tokenizer.truncation, tokenizer.padding
    tokenizer.no_truncation()
    tokenizer.no_padding()
    try:
        yield
    finally:
        if truncation:
            tokenizer.enable_truncation(**truncation)
        if padding:
            tokenizer.enable_padding(**padding)


def pieces(texts: "Sequence[T]", size: "Callable[[T], int]") -> "Iterator[Sequence[T]]":
    """The texts in groups of a limited size, in their order. One group may take long, but not for ever."""
    start, total = 0, 0
    for place, text in enumerate(texts):
        total += size(text)
        if total > _PIECE and place > start:
            yield texts[start:place]
            start, total = place, size(text)
    if start < len(texts):
        yield texts[start:]


def pair_size(limit: int) -> "Callable[[tuple[str, str]], int]":
    """The size of a pair, for `pieces`: the library combines all parts that it cuts off from one side and the other.

    `limit` is the number of tokens that are kept of both sides.
    """
    kept = limit // 4 + 1

    def size(pair: tuple[str, str]) -> int:
        return (len(pair[0]) // kept + 1) * (len(pair[1]) // kept + 1) * limit

    return size


class Limiter:
    """Cuts and counts texts for a library that truncates them itself, with the library's own tokenizer.

    Must be used while no other thread uses the tokenizer.

    Attributes:
        shortener: Cuts one text.
        specials: The special tokens that are added to a text.
    """

    def __init__(self, tokenizer: "Any", side: str = "right", *, specials: bool = True, markers: int = 0) -> None:
        """Cut texts for a tokenizer that adds its special tokens if `specials`, and for a library that adds markers."""
        self.shortener: Shortener = Shortener(tokenizer, side)
        self.specials: int = markers + (tokenizer.num_special_tokens_to_add(False) if specials else 0)

    def limit(self, texts: "Sequence[str]", limit: int, prefix: str = "") -> list[str]:
        """The texts, cut so that their first tokens stay the same. Counts the texts that the library will truncate.

        Args:
            texts: The texts without the prefix.
            limit: The longest text in tokens, with special tokens.
            prefix: What the library puts before each text.
        """
        room = max(limit - self.specials, 0)
        parts = [self.shortener.shorten(prefix + text, room) for text in texts]
        lengths = [(part.tokens or 0, False) for part in parts if not part.whole]
        lengths += [(tokens, True) for tokens in self._lengths(parts, room) if tokens > room]
        count_truncated([(tokens + self.specials, exact) for tokens, exact in lengths], limit)
        return [self._without(prefix, text, part) for text, part in zip(texts, parts, strict=True)]

    def limit_pairs(self, pairs: "Sequence[tuple[str, str]]", limit: int) -> list[tuple[str, str]]:
        """The pairs, cut so that their first tokens stay the same. Counts those that the library will truncate."""
        return PairShortener(self.shortener, limit).shorten(pairs)

    def _lengths(self, parts: "Sequence[Part]", room: int) -> "Iterator[int]":
        """The tokens of the whole texts that may be too long."""
        long = [part.text for part in parts if part.whole and most_tokens(part.text) > room]
        for group in pieces(long, len):
            with untruncated(self.shortener.tokenizer):
                found = self.shortener.tokenizer.encode_batch_fast(list(group), add_special_tokens=False)
            yield from map(len, found)

    def _without(self, prefix: str, text: str, part: Part) -> str:
        if part.whole or len(part.text) >= len(prefix) + len(text):
            return text
        if self.shortener.side == "right":
            return part.text[len(prefix) :]
        return text[-len(part.text) :]


class NoLimiter:
    """Stands for a Limiter where the tokenizer is not of the tokenizers library: nothing is cut or counted."""

    def limit(self, texts: "Sequence[str]", limit: int, prefix: str = "") -> list[str]:
        """The texts."""
        return list(texts)

    def limit_pairs(self, pairs: "Sequence[tuple[str, str]]", limit: int) -> list[tuple[str, str]]:
        """The pairs."""
        return list(pairs)


class PairShortener:
    """Cuts both sides of pairs that are truncated by the strategy `longest_first`. Made for one batch of pairs.

    That strategy cuts the longer side first, and halves what is left if both are longer than half. If it cannot halve
    evenly, the first side keeps one token more if it is the longer one, else the second side. So the parts of two long
    sides must be in the same order as the whole sides.

    Attributes:
        shortener: Cuts one text.
        limit: The tokens that are kept of both sides together, with special tokens.
        room: The same without special tokens.
    """

    def __init__(self, shortener: Shortener, limit: int) -> None:
        self.shortener: Shortener = shortener
        self.limit: int = limit
        self.room: int = max(limit - shortener.tokenizer.num_special_tokens_to_add(True), 0)
        self._parts: dict[str, Part] = {}

    def shorten(self, pairs: "Sequence[tuple[str, str]]") -> list[tuple[str, str]]:
        """The pairs with each side cut, which gives the same tokens as the whole pairs. Counts the truncated ones."""
        found = [self._shorten(*pair) for pair in pairs]
        count_truncated([one for pair in pairs if (one := self._excess(pair))], self.limit)
        return found

    def _shorten(self, one: str, other: str) -> tuple[str, str]:
        first, second = self._part(one), self._part(other)
        if first.whole and second.whole:
            return one, other
        if self.room % 2 == 0 or min(self._tokens(one), self._tokens(other)) <= self.room:
            return first.text, second.text
        return self._in_order(one, other)

    def _in_order(self, one: str, other: str) -> tuple[str, str]:
        """Parts of two long sides, of which the first has more tokens if and only if the whole first side has."""
        if self._is_longer(one, other):
            shorter, longer = self._tokenized(other), self._grown(one, self._tokens(other) + 1)
            return (longer.text, shorter.text) if longer.tokens > shorter.tokens else (one, other)  # type: ignore[operator]
        shorter, longer = self._tokenized(one), self._grown(other, self._tokens(one))
        return (shorter.text, longer.text) if longer.tokens >= shorter.tokens else (one, other)  # type: ignore[operator]

    def _is_longer(self, one: str, other: str) -> bool:
        """Whether a text has more tokens than another one. As little as possible is tokenized."""
        if len(one) <= len(other):
            total = count_tokens(one, self.shortener)
            return total > count_tokens(other, self.shortener, total)
        total = count_tokens(other, self.shortener)
        return count_tokens(one, self.shortener, total) > total

    def _grown(self, text: str, least: int) -> Part:
        found = self._tokenized(text)
        return found if self._tokens(text) >= least else self.shortener.part(text, self.room, len(found.text), least)

    def _part(self, text: str) -> Part:
        if text not in self._parts:
            first = _PAIR_PER_TOKEN * self.room + _PAIR_ADDED
            short = len(text) <= first
            self._parts[text] = Part(text, None, True) if short else self.shortener.part(text, self.room, first)
        return self._parts[text]

    def _tokenized(self, text: str) -> Part:
        """The part of a text, whose tokens are known."""
        found = self._part(text)
        if found.tokens is None:
            found = self._parts[text] = replace(found, tokens=count_tokens(found.text, self.shortener))
        return found

    def _tokens(self, text: str) -> int:
        return self._tokenized(text).tokens or 0

    def _excess(self, pair: tuple[str, str]) -> tuple[int, bool] | None:
        """The length of a pair that is truncated, and whether it is exact; None if the pair is not truncated."""
        if sum(map(most_tokens, pair)) <= self.room:
            return None
        tokens = sum(map(self._tokens, pair))
        exact = all(self._part(text).whole for text in pair)
        return (tokens + self.limit - self.room, exact) if tokens > self.room else None


def most_tokens(text: str) -> int:
    """A number of tokens that a text does not exceed, with what a tokenizer puts before it."""
    return len(text) + 1 if text.isascii() else _TOKENS_PER_CHARACTER * len(text) + 1


def count_tokens(text: str, shortener: Shortener, stop: int | None = None) -> int:
    """The number of tokens of a text, without special tokens. If it is above `stop`, any number above `stop`.

    The text is tokenized piece by piece where the tokenizer allows it, so that memory is bounded.
    """
    tokenizer, total = shortener.tokenizer, 0
    localities = [find_locality(tokenizer, side) for side in ("right", "left")]
    splits = all(one.local for one in localities) and not _strips(tokenizer)
    size = _PIECE if splits else len(text)
    with untruncated(tokenizer):
        while stop is None or total <= stop:
            found = tokenizer.encode(text[:size], add_special_tokens=False)
            if size >= len(text):
                return total + len(found)
            count, end = _until_a_blank(found, text[:size], certain_at_the_start(found, text[:size], localities[0]))
            if count:
                total, text, size = total + count, text[end:], _PIECE
            else:
                size *= 2
    return total


def _strips(tokenizer: "Any") -> bool:
    """Whether the tokenizer removes blanks at the beginning of a text, where a piece of a text has one."""
    return bool(tokenizer.normalizer and b'"strip_left":true' in tokenizer.normalizer.__getstate__())


def _until_a_blank(found: "Any", text: str, certain: int) -> tuple[int, int]:
    """How many of the certain tokens end before a blank between two words, and where that blank is.

    From such a place, the rest of the text becomes the same tokens as in the whole text.
    """
    offsets, words = found.offsets, found.word_ids
    for place in range(certain - 1, 0, -1):
        end = offsets[place - 1][1]
        between = text[end : end + 1] == " " and [_kind(one) for one in text[end - 1 : end + 2 : 2]] == ["L", "L"]
        if between and offsets[place][0] >= end and words[place - 1] != words[place]:
            return place, end
    return 0, 0
