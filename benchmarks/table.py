"""The rows of the result, and how they are printed."""

from dataclasses import dataclass

_WIDTHS = (66, 7, 46, 10, 3)
_WHOLE = 100  # figures from here on are shown without a fraction


@dataclass
class Figure:
    """What was measured, with what it was made of."""

    value: float
    unit: str
    note: str = ""

    def __str__(self) -> str:
        """Show three digits, and the note behind them."""
        return _number(self.value) + self.unit + (f" ({self.note})" if self.note else "")


@dataclass
class Row:
    """One line of the table; `met` is None where no bar is set."""

    what: str
    size: int | str
    measured: Figure | str
    bar: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        """Show the row as a line of a Markdown table."""
        size = f"{self.size:,}" if isinstance(self.size, int) else self.size
        met = {True: "yes", False: "NO", None: ""}[self.met]
        return _line(self.what, size, str(self.measured), self.bar, met)


def at_most(what: str, size: int | str, figure: Figure, bar: float | None) -> Row:
    """Make a row whose figure must not lie above its bar."""
    if bar is None:
        return Row(what, size, figure)
    return Row(what, size, figure, f"<= {bar:g}{figure.unit}", figure.value <= bar)


def at_least(what: str, size: int | str, figure: Figure, bar: float | None) -> Row:
    """Make a row whose figure must not lie below its bar."""
    if bar is None:
        return Row(what, size, figure)
    return Row(what, size, figure, f">= {bar:g}{figure.unit}", figure.value >= bar)


def skipped(what: str, missing: str, remedy: str) -> Row:
    """Make a row that could not be measured, with what would make it possible."""
    return Row(what, "", f"skipped, no {missing}: {remedy}")


def heading() -> str:
    """Give the first two lines of the table."""
    titles = _line("what", "models", "measured", "bar", "met")
    return titles + "\n" + _line(*["-" * width for width in _WIDTHS])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.3g}"


def _line(*cells: str) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)]
    return f"| {' | '.join(padded)} |"
