"""Errors of encoding a corpus."""

from hypiler._text import one_line


class CorpusError(ValueError):
    """A corpus cannot be encoded. The message is one line that says why and what to do."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class UnwritableError(CorpusError):
    """The output cannot be written, for example because the disk is full, or a library is missing."""
