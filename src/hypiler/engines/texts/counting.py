"""Counts the texts of a call that were truncated, whichever engine truncates them.

An engine calls `count_truncated` while it runs a batch. The encoder collects the counts of all batches of a call, so
that there is one warning per call.
"""

from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_current: "ContextVar[Truncated | None]" = ContextVar("hypiler_truncated", default=None)


class Truncated:
    """The truncated texts of one call.

    Attributes:
        count: How many texts were truncated.
        limit: The limit in tokens, with special tokens. 0 if no text was truncated.
        longest: The length in tokens of the longest text, with special tokens, before it was truncated.
        exact: Whether `longest` is the exact length. If not, the text has at least so many tokens.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self.limit: int = 0
        self.longest: int = 0
        self.exact: bool = True

    def add(self, lengths: "Iterable[tuple[int, bool]]", limit: int) -> None:
        """Count texts, each given by its length in tokens and whether this length is exact."""
        for length, exact in lengths:
            self.count += 1
            self.limit = limit
            if length > self.longest or (length == self.longest and not exact):
                self.longest, self.exact = length, exact

    @contextmanager
    def collecting(self) -> "Generator[None]":
        """A block whose truncated texts are counted here."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def count_truncated(lengths: "Iterable[tuple[int, bool]]", limit: int) -> None:
    """Report truncated texts to the call that encodes them.

    Args:
        lengths: For each truncated text, its length in tokens and whether this length is exact.
        limit: The limit in tokens. Lengths and limit both count special tokens.
    """
    if (current := _current.get()) is not None:
        current.add(lengths, limit)
