"""`hypiler compare`: the facts of models side by side, and whether their vectors share a space."""

import sys

from hypiler.cli.registries import add_registry_arguments, find_model, open_registry, registry_words, unknown_model
from hypiler.cli.streams import FINDINGS, OK, usage_error, write_text
from hypiler.cli.tables import GAP, NOTHING
from hypiler.cli.terminal import Page, indented, pad, wrap, write_lines
from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.errors import UnknownModelError
from hypiler.lifecycle.side_by_side import (
    APART,
    DIFFERS,
    PARTLY,
    PROSE,
    SAME,
    fact_rows,
    space_verdicts,
)
from hypiler.schema.coverage import SOURCED, UNSOURCED
from hypiler.schema.evidence import COPY, VERIFIED
from hypiler.schema.evidence import DIFFERS as CONTRADICTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.lifecycle.side_by_side import FactRow, SpaceVerdict
    from hypiler.schema.model import Model
    from hypiler.schema.requirements import Requirements

EXAMPLES = """examples:
  hypiler compare bge-m3 e5-base-v2 --shipped    where two shipped models differ
  hypiler compare BAAI/bge-m3 voyage-4 --shipped --all    a model and one behind an API, with equal facts
  hypiler compare bge-m3 e5-base-v2 lateon --shipped --csv > models.csv    three of them, for a spreadsheet
  hypiler compare bge-m3 e5-base-v2 --shipped --json | jq -r '.spaces[].outcome'
"""
_DESCRIPTION = """\
Compare models side by side: where their facts differ, how each fact is known, and whether their vectors
share a space, so that the vectors of one can be searched with the queries of the other.

By default, facts that are the same are counted, and names and descriptions are left out. Scores are only
compared over the same data sets.

A sign before a fact says how the models compare, and a sign after a value how the value is known. The
signs are explained below the table. On a narrow terminal, values stand below each other.
"""
# How values compare, as a sign before the row and in words.
_SIGNS = {
    DIFFERS: ("≠", "differs"),
    PARTLY: ("?", "not stated by all"),
    APART: ("×", "cannot be compared: other or unknown data sets"),
}
# How a value is known, as a sign after it and in words.
_MARKS = {
    VERIFIED: ("✓", "verified"),
    COPY: ("≈", "agrees with a copy"),
    SOURCED: ("", "sourced"),
    UNSOURCED: ("°", "unsourced"),
    CONTRADICTED: ("!", "the files differ"),
}
_LABEL = 26
# Values that are narrower than this are hard to read beside each other.
_NARROWEST = 16
# Nobody measures the width of a pipe, and lines of a whole description are hard to read.
_WIDEST = 48
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("ids", metavar="ID", nargs="+", help="ids, aliases or repositories of two or more models")
    parser.add_argument("--all", action="store_true", help="show facts that are the same, and texts, too")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print all facts and verdicts as JSON")
    forms.add_argument("--csv", action="store_true", help="print all facts as CSV; an unknown value is empty")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the comparison, or say which model was probably meant."""
    found = open_registry(options)
    if found is None:
        return FINDINGS
    registry, module = found
    models: list[Model] = []
    for id in options.ids:
        try:
            model, _ = find_model(id, registry, module)
        except UnknownModelError as error:
            return usage_error(unknown_model(error, registry, registry_words(options)))
        if model.id in [one.id for one in models]:
            return usage_error(f"{quote_name(id)} is `{model.id}`, which is compared already; name another model")
        models.append(model)
    if not 2 <= len(models) <= len(_LETTERS):
        return usage_error(f"name 2 to {len(_LETTERS)} models; {len(models)} given")
    if options.json:
        _print_json(models, registry)
    elif options.csv:
        write_text(_csv(models, registry.required), sys.stdout)
    else:
        write_lines(_lines(models, registry.required, Page.of(sys.stdout), everything=options.all))
    return OK


def _print_json(models: "Sequence[Model]", registry: "CheckedRegistry") -> None:
    from hypiler.cli.json_output import print_document

    names = ("path", "key", "state", "values", "evidence")
    rows = [{name: getattr(row, name) for name in names} for row in fact_rows(models, registry.required)]
    facts = [row | {"evidence": [word or None for word in row["evidence"]]} for row in rows]
    spaces = [
        {
            "models": [*one.models],
            "outputs": [*one.outputs],
            "outcome": one.outcome,
            "sentence": one.sentence,
            "facts": [{"name": name, "values": [*values]} for name, *values in one.facts],
        }
        for one in space_verdicts(models)
    ]
    print_document(models=[model.id for model in models], facts=facts, spaces=spaces)


def _csv(models: "Sequence[Model]", required: "Requirements") -> str:
    from hypiler.lifecycle.csv_text import csv_text

    header = ["fact", "state", *[title for model in models for title in (model.id, f"{model.id} evidence")]]
    rows = [
        [
            f"{row.path}.{row.key}" if row.key else row.path,
            row.state,
            *[cell for text, word in zip(row.texts, row.evidence, strict=True) for cell in (text or None, word)],
        ]
        for row in fact_rows(models, required)
    ]
    return csv_text(header, rows).removesuffix("\n")


def _lines(models: "Sequence[Model]", required: "Requirements", page: Page, *, everything: bool = False) -> "list[str]":
    """The table, the verdicts about vector spaces, and what the table does not show."""
    rows = fact_rows(models, required)
    shown = [row for row in rows if everything or row.state not in (SAME, PROSE)]
    verdicts = space_verdicts(models)
    lines = [*_table(models, shown, page), *_verdict_lines(verdicts, page)]
    notes = _legend(shown)
    same = sum(1 for row in rows if row.state == SAME)
    if not everything and same:
        notes.append(
            f"{same} fact{' is' if same == 1 else 's are'} the same: --all shows {'it' if same == 1 else 'them'}"
        )
    lines += ["", *[page.paint("dim", line) for note in notes for line in wrap(note, page.width)]]
    return lines


def _table(models: "Sequence[Model]", rows: "list[FactRow]", page: Page) -> "list[str]":
    """The rows below the ids of the models, by section."""
    cells = [[_cell(row, index) for index in range(len(models))] for row in rows]
    label = min(_LABEL, max([columns_of(printable(row.label)) for row in rows], default=0))
    width = _cell_width(page.width, label, len(models), cells)
    # An id is there to be copied. If it is wider than its column, a letter stands for it.
    fit = width >= max(columns_of(model.id) for model in models)
    names = [model.id if fit else letter for model, letter in zip(models, _LETTERS, strict=False)]
    lines = (
        [] if fit else [f"{letter}  {page.paint('name', m.id)}" for letter, m in zip(_LETTERS, models, strict=False)]
    )
    if width:
        titles = [page.paint("name", name) + " " * (width - columns_of(name)) for name in names]
        lines += [*([""] if lines else []), (" " * (label + 2) + GAP + GAP.join(titles)).rstrip(" ")]
    sections: dict[str, list[str]] = {}
    for row, texts in zip(rows, cells, strict=True):
        title, dot, _ = row.path.partition(".")
        own = sections.setdefault(title if dot or row.key else "model", [])
        own += _row_lines(row, texts, names, (label, width), page)
    for title, own in sections.items():
        lines += ["", page.paint("heading", title), *own]
    return lines


def _cell_width(width: "int | None", label: int, count: int, cells: "list[list[str]]") -> int:
    """The width of a column of values; 0 if the page is too narrow for columns."""
    widest = max([columns_of(text) for texts in cells for text in texts], default=0)
    if width is None:
        return min(max(widest, _NARROWEST), _WIDEST)
    room = (width - label - 2) // count - len(GAP)
    return 0 if room < _NARROWEST else min(room, max(widest, _NARROWEST))


def _row_lines(
    row: "FactRow", texts: "list[str]", names: "list[str]", widths: "tuple[int, int]", page: Page
) -> "list[str]":
    """A fact with its values beside each other; below each other if one of them does not fit into its column."""
    label, width = widths
    sign = _SIGNS.get(row.state, (" ", ""))[0]
    name = printable(row.label)
    parts = [wrap(text, width) for text in texts] if width else []
    if width and columns_of(name) <= label and all(columns_of(part) <= width for cell in parts for part in cell):
        height = max(map(len, parts))
        lines: list[str] = []
        for number in range(height):
            left = f"{sign} {pad(name, label)}" if number == 0 else " " * (label + 2)
            cells = [pad(cell[number] if number < len(cell) else "", width) for cell in parts]
            lines.append(GAP.join([left, *cells]).rstrip(" "))
        return lines
    room = None if page.width is None else max(1, page.width - 2)
    lines = [
        indented(part, 0 if number == 0 else 2, page.width) for number, part in enumerate(wrap(f"{sign} {name}", room))
    ]
    for owner, text in zip(names, texts, strict=True):
        inner = None if page.width is None else max(1, page.width - 6)
        first, *rest = wrap(f"{owner}: {text}", inner)
        lines += [indented(first, 4, page.width), *[indented(part, 6, page.width) for part in rest]]
    return lines


def _cell(row: "FactRow", index: int) -> str:
    """The value of a model, with the sign of how the value is known."""
    text = row.texts[index]
    if not text:
        return NOTHING
    mark = _MARKS.get(row.evidence[index], ("", ""))[0]
    return f"{text} {mark}" if mark else text


def _verdict_lines(verdicts: "list[SpaceVerdict]", page: Page) -> "list[str]":
    """Whether the vectors of each two models can be searched together."""
    lines = ["", page.paint("heading", "vector spaces")]
    room = None if page.width is None else max(1, page.width - 4)
    for one in verdicts:
        first, *rest = wrap(printable(one.sentence), room)
        lines += [indented(first, 2, page.width), *[indented(part, 4, page.width) for part in rest]]
    return lines


def _legend(rows: "list[FactRow]") -> "list[str]":
    """What the signs in the table mean, as far as they are in it."""
    states = {row.state for row in rows}
    known = {word for row in rows for word in row.evidence}
    signs = [f"{sign} {words}" for state, (sign, words) in _SIGNS.items() if state in states]
    marks = [
        f"{mark} {words}" if mark else f"no sign: {words}" for word, (mark, words) in _MARKS.items() if word in known
    ]
    return [text for text in (" · ".join(signs), " · ".join(marks)) if text]
