"""A plot in characters: the quality of models against their size, among scores over the same data sets."""

from math import log

from hypiler.cli.terminal import Page, indented, pad, wrap
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.schema.parameter_counts import parameter_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypiler.schema.model import Model

    Size = Callable[[Model], float | None]

SIZES: "dict[str, tuple[str, Size]]" = {
    "parameters": ("parameters", lambda m: None if m.parameters is None else parameter_count(m.parameters)),
    "dim": ("dimensions", lambda m: m.embedding_dim),
}
"""What models can be plotted against: the words for it, and its value."""

_HEIGHT = 12
_WIDEST = 100
_NARROWEST = 10
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OTHER = "o"


class _Point:
    """A model with its place in the plot."""

    def __init__(self, model: "Model", size: float, score: float) -> None:
        self.model = model
        self.size = size
        self.score = score
        self.mark = _OTHER

    def beats(self, other: "_Point") -> bool:
        """Whether a model is as small and as good as another one, and smaller or better."""
        no_worse = self.size <= other.size and self.score >= other.score
        return no_worse and (self.size, self.score) != (other.size, other.score)


def plot_lines(models: "Sequence[Model]", against: str, page: Page) -> list[str]:
    """One plot for each set of data sets over which at least two of the models have a BEIR score.

    Letters mark the frontier: models that no other model of the plot beats. They are listed below the plot.
    """
    what, size = SIZES[against]
    groups: dict[str, list[_Point]] = {}
    for model in models:
        value = size(model)
        if model.beir_avg is not None and model.beir_datasets and value:
            groups.setdefault(model.beir_datasets, []).append(_Point(model, value, model.beir_avg))
    ordered = sorted(groups.items(), key=lambda pair: int(pair[0].removeprefix("beir-")))
    drawn = [(name, points) for name, points in ordered if len(points) > 1]
    lines: list[str] = []
    for name, points in drawn:
        lines += [*_plot(name, points, against, what, page), ""]
    left = len(models) - sum(len(points) for _, points in drawn)
    notes = ["scores over different data sets cannot be compared"] if len(drawn) > 1 else []
    if left:
        unknown = f"no {what}, " if against == "parameters" else ""
        notes.append(
            f"not drawn: {left} of {len(models)} models, which have {unknown}no score, or data sets of their own"
        )
    return lines + [page.paint("dim", part) for note in notes for part in wrap(note, page.width)]


def _plot(name: str, points: "list[_Point]", against: str, what: str, page: Page) -> list[str]:
    frontier = sorted([p for p in points if not any(q.beats(p) for q in points)], key=lambda p: (p.size, p.model.id))
    for point, letter in zip(frontier, _LETTERS, strict=False):
        point.mark = letter
    count = name.removeprefix("beir-")
    title = f"{name}: nDCG@10, mean over {count} data sets, against {what}, of {len(points)} models"
    lines = [page.paint("heading", part) for part in wrap(printable(title), page.width)]
    lines += _canvas(points, against, min(page.width or 80, _WIDEST))
    rows = [(p.mark, p.model.id, _size_text(p.model, against), f"{p.score:.4g}") for p in frontier]
    widths = [max(columns_of(row[column]) for row in rows) for column in range(4)]
    for mark, id, size, score in rows:
        values = f"{pad(size, widths[2], right=True)}  {score}"
        line = f"{mark}  {pad(id, widths[1])}  {values}"
        # An id is there to be copied: on a narrow page, its values stand below it.
        if page.width is not None and columns_of(line) > page.width:
            lines += [f"{mark}  {page.paint('name', id)}", indented(values, 3, page.width)]
        else:
            lines.append(f"{mark}  {page.paint('name', id)}{line[3 + len(id) :]}")
    if len(frontier) < len(points):
        less = "fewer or as many" if against == "dim" else "as few or fewer"
        note = f"{_OTHER}: another model has {less} {what} and as good a score or a better one"
        lines += [page.paint("dim", part) for part in wrap(note, page.width)]
    return lines


def _canvas(points: "list[_Point]", against: str, width: int) -> list[str]:
    """The plot itself: sizes to the right, on a logarithmic scale, and scores upward."""
    low, high = min(p.score for p in points), max(p.score for p in points)
    smallest, largest = min(points, key=_size), max(points, key=_size)
    edge = len(f"{high:.3f}") + 2
    room = max(_NARROWEST, width - edge)
    cells = [[" "] * room for _ in range(_HEIGHT)]
    span, rise = log(largest.size / smallest.size), high - low
    # Letters are drawn last, so that no other point hides them.
    for point in sorted(points, key=_is_letter):
        column = round((room - 1) * log(point.size / smallest.size) / span) if span else 0
        row = round((_HEIGHT - 1) * (high - point.score) / rise) if rise else 0
        cells[row][column] = point.mark
    labels = {0: f"{high:.3f}", _HEIGHT - 1: f"{low:.3f}"}
    lines = [f"{labels.get(n, ''):{edge - 2}} |{''.join(row)}".rstrip(" ") for n, row in enumerate(cells)]
    ends = _size_text(smallest.model, against), _size_text(largest.model, against)
    axis = ends[0] + ends[1].rjust(max(room - len(ends[0]), len(ends[1]) + 1)) if span else ends[0]
    return [*lines, " " * (edge - 1) + "+" + "-" * room, " " * edge + axis]


def _size(point: _Point) -> float:
    return point.size


def _is_letter(point: _Point) -> bool:
    return point.mark != _OTHER


def _size_text(model: "Model", against: str) -> str:
    return str(model.embedding_dim) if against == "dim" else str(model.parameters)
