"""Cuts texts so that any server that reads them reads the tokens that the model's own library would keep.

A server gets texts, not tokens, and nobody knows its limit. So a text that is too long is cut where its last kept token
ends. Some tokenizers split a cut word otherwise than the whole word. Then the text is cut a little earlier, where the
tokens before the cut stay the same.
"""

from threading import Lock

from hypiler.engines.texts.counting import count_truncated
from hypiler.engines.texts.shortening import Shortener, most_tokens, untruncated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# How many tokens before the limit a cut is looked for that changes no token before it.
_EARLIER = 32


class Cutter:
    """Cuts and counts texts with the tokenizer of a model. Threads may share it.

    Attributes:
        specials: The special tokens that are added to a text.
    """

    def __init__(self, tokenizer: "Any", side: str = "right") -> None:
        self._tokenizer = tokenizer
        self._shortener = Shortener(tokenizer, side)
        self._lock = Lock()
        self.specials: int = tokenizer.num_special_tokens_to_add(False)

    def cut(self, texts: "Sequence[str]", limit: int) -> "tuple[list[str], list[int]]":
        """The texts, each with at most `limit` tokens with special tokens, and how many tokens each has without them.

        Counts the texts that were truncated. Short texts are not counted: they have 0 tokens in the result.
        """
        room = max(limit - self.specials, 0)
        if all(most_tokens(text) <= room for text in texts):
            return list(texts), [0] * len(texts)
        lengths: list[tuple[int, bool]] = []
        with self._lock, untruncated(self._tokenizer):
            found = [(text, 0) if most_tokens(text) <= room else self._cut(text, room, lengths) for text in texts]
        count_truncated([(tokens + self.specials, exact) for tokens, exact in lengths], limit)
        return [text for text, _ in found], [tokens for _, tokens in found]

    def _cut(self, text: str, room: int, lengths: "list[tuple[int, bool]]") -> "tuple[str, int]":
        part = self._shortener.shorten(text, room)
        found = self._tokenizer.encode(part.text, add_special_tokens=False)
        if len(found) <= room and part.whole:
            return text, len(found)
        lengths.append((len(found), part.whole))
        for kept in range(room, max(room - _EARLIER, 0), -1):
            shorter = self._beginning(part.text, found.offsets, kept)
            if self._keeps(shorter, found.ids, kept):
                return shorter, kept
        return self._fitting(part.text, found.offsets, room), 0

    def _beginning(self, text: str, offsets: "Sequence[tuple[int, int]]", kept: int) -> str:
        """The part of a text with its first tokens, or with its last ones if texts are cut on the left."""
        return text[: offsets[kept - 1][1]] if self._shortener.side == "right" else text[offsets[-kept][0] :]

    def _keeps(self, text: str, ids: "list[int]", kept: int) -> bool:
        """Whether the tokens of a cut text are the same as in the whole text."""
        wanted = ids[:kept] if self._shortener.side == "right" else ids[-kept:]
        found: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return found == wanted

    def _fitting(self, text: str, offsets: "Sequence[tuple[int, int]]", room: int) -> str:
        """The longest part that is not too long, where no cut keeps all tokens."""
        for kept in range(room, 0, -1):
            shorter = self._beginning(text, offsets, kept)
            if len(self._tokenizer.encode(shorter, add_special_tokens=False)) <= room:
                return shorter
        return ""
