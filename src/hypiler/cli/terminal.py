"""The page that output is written on: its width, whether it shows colours, and text that fits it."""

import os
import sys

from hypiler.diagnostics import terminal_text
from hypiler.diagnostics.terminal_text import columns_of, columns_of_character

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

# ENABLE_VIRTUAL_TERMINAL_PROCESSING.
_ESCAPES = 0x0004
# Replacements for a stream whose encoding is missing a character. Each takes one column, so that tables stay aligned.
_PLAIN = {"–": "-", "…": "~", "·": "|", "↓": "/", "≠": "#", "×": "x", "✓": "v", "≈": "=", "°": "*"}


def wants_color(stream: "TextIO") -> bool:
    """Whether to colour the output to `stream`: on a terminal, unless NO_COLOR or FORCE_COLOR decide otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb" and (os.name != "nt" or _enable_escapes(stream))


def _enable_escapes(stream: "TextIO") -> bool:
    """Make a console of Windows obey escape sequences, which older ones print; whether it does."""
    try:
        from importlib import import_module

        library: Any = import_module("ctypes")
        msvcrt: Any = import_module("msvcrt")
        console = library.windll.kernel32
        handle = library.c_void_p(msvcrt.get_osfhandle(stream.fileno()))
        mode = library.c_uint32()
        # The device NUL counts as a terminal, and has no mode.
        if not console.GetConsoleMode(handle, library.byref(mode)):
            return False
        return bool(mode.value & _ESCAPES or console.SetConsoleMode(handle, mode.value | _ESCAPES))
    except (ImportError, AttributeError, OSError, ValueError):
        return False


class Page:
    """What text is written on.

    Attributes:
        width: In columns; None if lines may have any length.
        height: In lines; None if there may be any number of lines.
        color: Whether styles are shown.
    """

    def __init__(self, *, width: "int | None" = None, height: "int | None" = None, color: bool = False) -> None:
        self.width = width
        self.height = height
        self.color = color

    @classmethod
    def of(cls, stream: "TextIO") -> "Page":
        """The page behind a stream. Text for a pipe or a file is never cut."""
        width = height = None
        if stream.isatty():
            from shutil import get_terminal_size  # loads compression libraries

            width, height = get_terminal_size()
        return cls(width=width, height=height, color=wants_color(stream))

    def paint(self, style: str, text: str) -> str:
        """The text in a style of `terminal_text.STYLES`, if the page shows styles."""
        return terminal_text.paint(style, text) if self.color and style and text else text


def write_lines(lines: "list[str]") -> None:
    """Print lines to standard output, in characters that its encoding has."""
    text = "\n".join([line.rstrip(" ") for line in lines])
    encoding = sys.stdout.encoding or "utf-8"
    for character, plain in _PLAIN.items():
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            text = text.replace(character, plain)
    print(text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text, filled with blanks to `width` columns; with `right` the blanks stand before it."""
    blanks = " " * (width - columns_of(text))
    return blanks + text if right else text + blanks


def cut(text: str, width: int, *, middle: bool = False) -> str:
    """The text in at most `width` columns. `…` replaces its end, or its middle, if it is longer."""
    if columns_of(text) <= width:
        return text
    room = max(0, width - 1)
    tail = room // 2 if middle else 0
    end = _head(text[::-1], tail)[::-1]
    return (_head(text, room - tail) + "…" + end)[: max(0, width)]


def _head(text: str, width: int) -> str:
    """The longest beginning of the text that takes at most `width` columns."""
    used = 0
    for index, character in enumerate(text):
        used += columns_of_character(character)
        if used > width:
            return text[:index]
    return text


def wrap(text: str, width: "int | None") -> "list[str]":
    """The text in lines of at most `width` columns, broken at blanks.

    A word in ASCII can be something to copy, such as an id, a commit or an address, so it is never broken: if it
    exceeds a line, it is a line of its own. Other long words, such as Japanese sentences, are broken. Unlike textwrap,
    this counts the columns of wide characters and keeps the blanks inside a line.
    """
    if width is None or columns_of(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if columns_of(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while columns_of(line) > width and not line.isascii():
            # At least one character, so that the loop ends on the narrowest terminal.
            head = _head(line, width) or line[0]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line else lines


def indented(text: str, start: int, width: "int | None") -> str:
    """The text from the column `start` on; at the beginning of the line if it does not fit otherwise."""
    fits = width is None or start + columns_of(text) <= width
    return " " * start * fits + text
