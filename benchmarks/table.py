"""The rows of the result, and how they are printed."""

from dataclasses import dataclass

_WIDTHS = (66, 7, 34, 12, 4)


@dataclass
class Row:
    """One line of the table; `met` is None where no bar is set."""

    what: str
    size: str
    measured: str
    bar: str = ""
    met: bool | None = None


def at_most(  # noqa: PLR0913  (a line of the table has as many columns)
    what: str,
    size: int | str,
    value: float,
    bar: float | None,
    unit: str,
    note: str = "",
) -> Row:
    """A row whose value must not lie above its bar."""
    met = None if bar is None else value <= bar
    shown = "" if bar is None else f"<= {bar:g}{unit}"
    return Row(what, _size(size), _measured(value, unit, note), shown, met)


def at_least(  # noqa: PLR0913
    what: str,
    size: int | str,
    value: float,
    bar: float | None,
    unit: str,
    note: str = "",
) -> Row:
    """A row whose value must not lie below its bar."""
    met = None if bar is None else value >= bar
    shown = "" if bar is None else f">= {bar:g}{unit}"
    return Row(what, _size(size), _measured(value, unit, note), shown, met)


def skipped(what: str, missing: str, command: str) -> Row:
    """A row that could not be measured, with what would make it possible."""
    return Row(what, "", f"skipped: no {missing}; {command}")


def _size(size: int | str) -> str:
    return f"{size:,}" if isinstance(size, int) else size


def _measured(value: float, unit: str, note: str) -> str:
    number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number}{unit}" + (f" ({note})" if note else "")


def heading() -> str:
    """The first two lines of the table."""
    return (
        _line("what", "models", "measured", "bar", "met")
        + "\n"
        + _line(*["-" * width for width in _WIDTHS])
    )


def line(row: Row) -> str:
    """One line of the table."""
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return _line(row.what, row.size, row.measured, row.bar, met)


def _line(*cells: str) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)]
    return f"| {' | '.join(padded)} |"
