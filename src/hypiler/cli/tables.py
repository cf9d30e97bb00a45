"""What `list` and `show` share: the page they write on, tables that fit it, and a record as JSON has it."""

import shutil
import sys

from hypiler.cli.report import wants_color
from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TextIO

UNKNOWN = "–"
GAP = "  "
# For a stream that lacks the character: one column each, so that nothing moves.
_PLAIN = {"–": "-", "…": "~", "·": "|", "↓": "/"}
_STYLES = {
    "bold": "1",
    "dim": "2",
    "heading": "1;34",
    "name": "36",
    "warning": "1;33",
}


class Page:
    """Where text is shown: how wide it is (None: as wide as the text), and whether in colour."""

    def __init__(self, *, width: "int | None" = None, color: bool = False) -> None:
        self.width = width
        self.color = color

    @classmethod
    def of(cls, stream: "TextIO") -> "Page":
        """The page behind `stream`. What goes into a pipe or a file is never cut."""
        width = shutil.get_terminal_size().columns if stream.isatty() else None
        return cls(width=width, color=wants_color(stream))

    def paint(self, style: str, text: str) -> str:
        """`text` in one of the styles, where there is colour."""
        if not (self.color and style and text):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def write(lines: "list[str]") -> None:
    """The lines on standard output, in characters that it has."""
    text = "\n".join([line.rstrip(" ") for line in lines])
    encoding = sys.stdout.encoding or "utf-8"
    for character, plain in _PLAIN.items():
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            text = text.replace(character, plain)
    print(text)


def columns_of(text: str) -> int:
    """How many columns a terminal gives to `text`."""
    return len(text) if text.isascii() else sum([_columns(c) for c in text])


def _columns(character: str) -> int:
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` with blanks up to `width` columns."""
    blanks = " " * (width - columns_of(text))
    return blanks + text if right else text + blanks


def cut(text: str, width: int, *, middle: bool = False) -> str:
    """`text` in at most `width` columns, with `…` for what is left out: the end, or the middle."""
    if columns_of(text) <= width:
        return text
    room = max(0, width - 1)
    tail = room // 2 if middle else 0
    end = _head(text[::-1], tail)[::-1]
    return (_head(text, room - tail) + "…" + end)[: max(0, width)]


def _head(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` columns."""
    used = 0
    for index, character in enumerate(text):
        used += _columns(character)
        if used > width:
            return text[:index]
    return text


def wrap(text: str, width: "int | None") -> "list[str]":
    """`text` in lines of at most `width` columns, broken at blanks, or inside a word that is longer than a line.

    Unlike textwrap, it counts the columns of wide characters and leaves the blanks inside a line as they are.
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
        while columns_of(line) > width:
            # At least one character, so that the narrowest terminal ends the loop.
            head = _head(line, width) or line[0]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line else lines


class Column:
    """A column of a table.

    `least` is the width to which it may be cut, 0 if never; of the columns with a `rank`, the one with the lowest is
    the first to go when the page is too narrow. The cells of a column without one name the rows, so they are cut in
    the middle, and no further than they stay different.
    """

    def __init__(
        self,
        title: str,
        cells: "list[str]",
        *,
        right: bool = False,
        least: int = 0,
        rank: int = 0,
        style: str = "",
    ) -> None:
        self.title = title
        self.cells = [printable(cell) for cell in cells]
        self.right = right
        self.rank = rank
        self.style = style
        self.width = max([columns_of(text) for text in (title, *self.cells)])
        self.least = min(least, self.width) if least else self.width
        if not rank:
            distinct = len(set(self.cells))
            while len({cut(c, self.least, middle=True) for c in self.cells}) < distinct:
                self.least += 1


def table(columns: "list[Column]", page: Page) -> "tuple[list[str], list[str]]":
    """The lines of a table with its header, and the titles of the columns that the page is too narrow for."""
    shown = list(columns)
    room = page.width
    if room is not None:
        while _needed([column.least for column in shown]) > room:
            leaving = [column for column in shown if column.rank]
            if not leaving:
                break
            shown.remove(min(leaving, key=_rank))
    widths = _fitted(shown, room)

    def line(texts: "list[str]", styles: "list[str]") -> str:
        cells: list[str] = []
        for column, width, text, style in zip(shown, widths, texts, styles, strict=True):
            blanks = " " * (width - columns_of(text))
            painted = page.paint(style, text)
            cells.append(blanks + painted if column.right else painted + blanks)
        return GAP.join(cells).rstrip(" ")

    titles = [cut(c.title, width) for c, width in zip(shown, widths, strict=True)]
    lines = [line(titles, ["bold"] * len(shown))]
    for row in range(len(columns[0].cells)):
        texts = [
            cut(column.cells[row], width, middle=not column.rank) for column, width in zip(shown, widths, strict=True)
        ]
        styles = ["dim" if text == UNKNOWN else column.style for column, text in zip(shown, texts, strict=True)]
        lines.append(line(texts, styles))
    return lines, [column.title for column in columns if column not in shown]


def _rank(column: Column) -> int:
    return column.rank


def _needed(widths: "list[int]") -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: "list[Column]", room: "int | None") -> "list[int]":
    """A width for each column: what does not fit is taken from the later columns first."""
    widths = [column.width for column in columns]
    if room is None:
        return widths
    for index in reversed(range(len(columns))):
        excess = max(0, _needed(widths) - room)
        widths[index] -= min(excess, widths[index] - columns[index].least)
    # A terminal narrower than the id alone.
    widths[0] = max(1, widths[0] - max(0, _needed(widths) - room))
    return widths


def record(model: object) -> "dict[str, Any]":
    """All facts of a model by attribute, in the order of `ModelInfo`, as values that JSON has."""
    # Read off the class, so that a field that is added to the schema is here too. `_type` is behind `model_type`.
    slots: tuple[str, ...] = vars(type(model))["__slots__"]
    names = ["model_type" if slot == "_type" else slot for slot in slots]
    return {name: _plain(getattr(model, name)) for name in names}


def _plain(value: "Any") -> "Any":
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)  # an enum's member is its text
    if hasattr(value, "items"):
        mapping: Mapping[str, object] = value
        return {key: _plain(item) for key, item in mapping.items()}
    if hasattr(value, "__slots__"):
        return record(value)
    return [_plain(item) for item in value]
