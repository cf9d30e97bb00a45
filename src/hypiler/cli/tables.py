"""Tables that fit a page."""

from hypiler.cli.terminal import Page, cut
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.terminal_text import columns_of

NOTHING = "–"
"""What stands in a cell for which there is no value."""
GAP = "  "


class Column:
    """A column of a table.

    Attributes:
        title: The text of its header.
        cells: One text per row, printable.
        right: Whether the cells are aligned to the right.
        least: The width to which the column may shrink on a narrow page; by default, it does not shrink.
        rank: Columns with a rank are hidden if the page is too narrow, the lowest rank first. A column without one
            names the rows. It always stays, and its cells are cut in the middle, only as far as they stay different.
        style: How its cells are shown.
        width: The width that the title and all cells need.
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
    """The lines of a table with its header, and the titles of the columns that are hidden on a narrow page."""
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
        styles = ["dim" if text == NOTHING else column.style for column, text in zip(shown, texts, strict=True)]
        lines.append(line(texts, styles))
    return lines, [column.title for column in columns if column not in shown]


def _rank(column: Column) -> int:
    return column.rank


def _needed(widths: "list[int]") -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: "list[Column]", room: "int | None") -> "list[int]":
    """A width for each column. Columns shrink from the last to the first."""
    widths = [column.width for column in columns]
    if room is None:
        return widths
    for index in reversed(range(len(columns))):
        excess = max(0, _needed(widths) - room)
        widths[index] -= min(excess, widths[index] - columns[index].least)
    # On a terminal that is narrower than the first column alone, that one is cut too.
    widths[0] = max(1, widths[0] - max(0, _needed(widths) - room))
    return widths
