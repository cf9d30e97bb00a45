"""Tables as CSV, for spreadsheets and programs."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@")


def csv_text(header: "Sequence[str]", rows: "Iterable[Sequence[Any]]") -> str:
    """A table as CSV with a line of titles. None is an empty cell; a number stays what it is.

    Control characters are escaped. A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: "Any") -> str:
    from hypiler.diagnostics.escaping import printable

    text = "" if value is None else printable(str(value))
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text
