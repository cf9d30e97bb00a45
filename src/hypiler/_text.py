"""The one place that makes text from outside fit for a message: escaped, on one line, and of a bounded length.

Control characters, bidi marks and others that do not print could forge lines or hide text in a terminal or a log.
"""

MAX_MESSAGE = 4000
"""The most characters of a message. Nobody reads more, and logs keep each of them."""


def printable(text: str) -> str:
    r"""`text` with every character that does not print escaped: `\n`, `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text])


def one_line(text: str, limit: int = MAX_MESSAGE) -> str:
    """`text` for a message: what does not print is escaped, and the middle of a long text is left out."""
    if len(text) <= limit:
        line = printable(text)
        return line if len(line) <= limit else _shortened(line, limit)
    # Each character becomes at least one, so these are enough, however long the text is.
    return _shortened(printable(text[:limit]) + "…" + printable(text[-limit:]), limit)


def _shortened(line: str, limit: int) -> str:
    """The beginning of a line, and a shorter end, which often says what to do."""
    end = limit // 4
    return f"{line[: limit - end - 1]}…{line[-end:]}"
