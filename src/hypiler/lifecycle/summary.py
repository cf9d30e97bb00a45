"""A difference as people read it: lines of text, and Markdown for a comment on a pull request."""

from hypiler.diagnostics.escaping import printable
from hypiler.emit.markdown_text import code, counted
from hypiler.lifecycle.changes import CLASSES, NO_STEP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypiler.lifecycle.changes import Change, Difference

MARK = "<!-- hypiler diff -->"
"""The first line of a comment, by which it is found again."""
LONGEST = 60_000
"""The characters that changes may take: GitHub takes 65,536."""
_MOST = 65_000
_REGISTRY = "the registry"
_ICONS = dict(zip(CLASSES, ("🔴", "🔴", "🔴", "🟡", "🟡", "🔵", "🟢", "⚪"), strict=True))


class Compared:
    """One registry in both versions.

    Attributes:
        name: What it is called among those of its project; empty if it is the only one.
        difference: What has changed.
        failing: The changes that fail.
        shrinks: What is said of it if it lost models by accident; else None.
    """

    __slots__ = ("_failing", "difference", "failing", "name", "shrinks")

    def __init__(self, name: str, difference: "Difference", failing: "list[Change]", shrinks: str | None) -> None:
        self.name: str = name
        self.difference: Difference = difference
        self.failing: list[Change] = failing
        self.shrinks: str | None = shrinks
        # By identity, since registries can have thousands of changes.
        self._failing = frozenset(map(id, failing))

    def is_failing(self, change: "Change") -> bool:
        """Whether one of the changes of the difference fails."""
        return id(change) in self._failing

    @property
    def fails(self) -> bool:
        """Whether a change fails, or the registry lost models by accident."""
        return bool(self.failing) or self.shrinks is not None


def text_lines(compared: "Sequence[Compared]") -> list[str]:
    """The difference of each registry as lines: a heading per model, and a line per change."""
    lines: list[str] = []
    for one in compared:
        if one.name and len(compared) > 1:
            lines += [f"== {printable(one.name)} ==", ""]
        for model, changes in _by_model(one.difference).items():
            lines.append(printable(model))
            lines += [f"  {change.kind}: {printable(change.message)}{_place(change)}" for change in changes]
            lines.append("")
        lines.append(summary(one.difference))
        if one.shrinks is not None:
            lines.append(f"failed: {printable(one.shrinks)}")
        elif one.failing:
            lines.append(f"failed: {_counts(one.failing)}")
        lines.append("")
    return lines[:-1] or ["no projects"]


def _by_model(difference: "Difference") -> "dict[str, list[Change]]":
    """The changes by model: first the models with the gravest ones."""
    found: dict[str, list[Change]] = {}
    for change in difference:
        found.setdefault(change.model or _REGISTRY, []).append(change)
    return found


def _place(change: "Change") -> str:
    return f"  ({printable(change.file)}:{change.line})" if change.line else ""


def summary(difference: "Difference") -> str:
    """How many changes there are of each class, and which version they ask for, in one line."""
    if not difference:
        return "no changes"
    parts = [f"{counted(len(difference), 'change')}: {_counts(difference)}"]
    if difference.step != NO_STEP:
        parts.append(f"version step: {difference.step}{_next(difference)}")
    return "; ".join(parts)


def _counts(changes: "Sequence[Change] | Difference") -> str:
    kinds = [change.kind for change in changes]
    return ", ".join([f"{kinds.count(kind)} {kind}" for kind in CLASSES if kind in kinds])


def _next(difference: "Difference") -> str:
    old, new = difference.versions
    if old is None or difference.next_version is None:
        return ""
    now = f"is {printable(new or 'not stated')}" if new != old else "is unchanged"
    return f", from {printable(old)} to {difference.next_version} (`version` {now})"


def markdown(compared: "Sequence[Compared]", title: str) -> str:
    """The difference as a comment: a line that says what matters, a table, and the rest folded.

    Every text of a registry stands in a span of code, so none becomes markup, a mention or a link.
    """
    parts = [MARK, f"### Model registry: {_verdict(compared)}", ""]
    for one in compared:
        if one.name and len(compared) > 1:
            parts += [f"#### {code(one.name)}", ""]
        parts += [f"{code(summary(one.difference))}", ""]
        if one.shrinks is not None:
            parts += [f"**Failed:** {code(one.shrinks)}", ""]
        room = (LONGEST - len("\n".join(parts))) // len(compared) - 500
        parts += _tables(one, max(room, 1000))
    parts.append(f"<sub>{code(title)}</sub>")
    return _shortened("\n".join(parts) + "\n")


def _shortened(text: str) -> str:
    """The comment without what would make it longer than GitHub takes: a project can have hundreds of registries."""
    if len(text) <= _MOST:
        return text
    kept = text[: text.rindex("\n", 0, _MOST - 200) + 1]
    is_open = kept.count("<details>") > kept.count("</details>")
    end = "\n</details>\n" if is_open else ""
    return f"{kept}{end}\nThe rest does not fit here: run `hypiler diff`.\n"


def _verdict(compared: "Sequence[Compared]") -> str:
    if any(one.fails for one in compared):
        return "changes that break something"
    return "changes" if any(one.difference for one in compared) else "no changes"


def _tables(one: Compared, room: int) -> list[str]:
    """The failing changes, and folded below them all others; as many as there is room for."""
    failing = [change for change in one.difference if one.is_failing(change)]
    rest = [change for change in one.difference if not one.is_failing(change)]
    lines, left = _table(failing, room)
    if rest:
        room -= sum(map(len, lines))
        folded, left_over = _table(rest, room)
        name = counted(len(rest), "more change" if failing else "change")
        lines += [f"<details><summary>{name}</summary>", "", *folded, "</details>", ""]
        left += left_over
    return [*lines, f"{left} more do not fit here: run `hypiler diff`.", ""] if left else lines


def _table(changes: "Sequence[Change]", room: int) -> "tuple[list[str], int]":
    """The lines of a table, and how many changes have no room in it."""
    if not changes:
        return [], 0
    lines = ["| | model | change | place |", "| --- | --- | --- | --- |"]
    for number, change in enumerate(changes):
        place = code(f"{change.file}:{change.line}") if change.line else ""
        model = code(change.model) if change.model else _REGISTRY
        line = f"| {_ICONS[change.kind]} {change.kind} | {model} | {code(change.message)} | {place} |"
        room -= len(line) + 1
        if room < 0:
            return [*lines, ""], len(changes) - number
        lines.append(line)
    return [*lines, ""], 0
