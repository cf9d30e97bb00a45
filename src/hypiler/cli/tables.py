"""Tables that fit a page."""

from hypiler.cli.terminal import Page, cut
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.terminal_text import columns_of

NOTHING = "–"
"""What stands in a cell for which there is no value."""
GAP = "  "
# One name in so many may have a line of its own, so that another column has room.
_SELDOM = 20
# So many columns stay beside the names as long as these keep the width that their column must have.
_KEPT = 2


class Column:
    """A column of a table.

    Attributes:
        title: The text of its header.
        cells: One text per row, printable.
        right: Whether the cells are aligned to the right.
        least: The width to which the column may shrink on a narrow page; by default, it does not shrink.
        rank: Columns with a rank are hidden if the page is too narrow, the lowest rank first. A column without one
            always stays.
        style: How its cells are shown.
        width: The width that the title and all cells need.
        usual: The width that the title and all cells need, except for the widest cells, one in twenty.
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
        self.cells: list[str] = [printable(cell) for cell in cells]
        self.right = right
        self.rank = rank
        self.style = style
        widths = sorted([columns_of(cell) for cell in self.cells])
        self.width: int = max(columns_of(title), *widths[-1:])
        self.usual: int = max(columns_of(title), *widths[-1 - len(widths) // _SELDOM :][:1])
        self.least: int = min(least, self.width) if least else self.width

    def keep_distinct(self) -> None:
        """Raise `least` until cells that differ also differ after they are cut."""
        distinct = len(set(self.cells))
        while len({cut(cell, self.least, middle=True) for cell in self.cells}) < distinct:
            self.least += 1


def table(columns: "list[Column]", page: Page) -> "tuple[list[str], list[str]]":
    """The lines of a table with its header, and the titles of the columns that are hidden on a narrow page."""
    header, rows, hidden = rows_of_table(columns, page)
    return [header, *[line for row in rows for line in row]], hidden


def rows_of_table(columns: "list[Column]", page: Page) -> "tuple[str, list[list[str]], list[str]]":
    """The header of a table, the lines of each row, and the titles of the columns that are hidden on a narrow page.

    The cells of the first column name the rows. They are there to be copied, so they are never cut: a name that does
    not fit into its column has a line of its own, and the other cells of its row stand below it. The cells of other
    columns are cut; those of a column without a rank in the middle, as far as they stay different.
    """
    names, *others = columns
    for column in others:
        if not column.rank:
            column.keep_distinct()
    shown, least = _shown(names, others, page.width)
    widths = _fitted([names, *shown], [least, *[column.least for column in shown]], page.width)

    def line(texts: "list[str]", styles: "list[str]") -> str:
        cells: list[str] = []
        for column, width, text, style in zip([names, *shown], widths, texts, styles, strict=True):
            blanks = " " * (width - columns_of(text))
            painted = page.paint(style, text)
            cells.append(blanks + painted if column.right else painted + blanks)
        return GAP.join(cells).rstrip(" ")

    def lines(row: int) -> "list[str]":
        name = names.cells[row]
        texts = [
            cut(column.cells[row], width, middle=not column.rank)
            for column, width in zip(shown, widths[1:], strict=True)
        ]
        styles = ["dim" if text == NOTHING else column.style for column, text in zip(shown, texts, strict=True)]
        if columns_of(name) <= widths[0]:
            return [line([name, *texts], ["dim" if name == NOTHING else names.style, *styles])]
        below = line(["", *texts], ["", *styles])
        return [page.paint(names.style, name), *([below] if below else [])]

    titles = [cut(c.title, width) for c, width in zip([names, *shown], widths, strict=True)]
    header = line(titles, ["bold"] * len(titles))
    hidden = [column.title for column in others if column not in shown]
    return header, [lines(row) for row in range(len(names.cells))], hidden


def _shown(names: Column, others: "list[Column]", room: "int | None") -> "tuple[list[Column], int]":
    """The columns beside the names for which there is room, and the width to which the column of names may shrink."""
    shown = list(others)
    if room is None:
        return shown, names.width
    for least, kept in ((names.usual, _KEPT), (min(names.least, names.usual), 0)):
        while _needed([least, *[column.least for column in shown]]) > room:
            leaving = [column for column in shown if column.rank]
            if len(leaving) <= kept:
                break
            shown.remove(min(leaving, key=_rank))
        else:
            return shown, least
    return shown, min(names.least, names.usual)


def _rank(column: Column) -> int:
    return column.rank


def _needed(widths: "list[int]") -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: "list[Column]", least: "list[int]", room: "int | None") -> "list[int]":
    """A width for each column. Columns shrink from the last to the first, not below `least`."""
    widths = [column.width for column in columns]
    if room is None:
        return widths
    for index in reversed(range(len(columns))):
        excess = max(0, _needed(widths) - room)
        widths[index] -= min(excess, max(0, widths[index] - least[index]))
    return [max(1, width) for width in widths]
