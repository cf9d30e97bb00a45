"""`hypiler coverage`: by field, how many facts are verified, agree with a copy, are sourced, or are unknown."""

import sys

from hypiler.cli.registries import add_registry_arguments, count_of, open_registry
from hypiler.cli.streams import FINDINGS, OK
from hypiler.cli.tables import NOTHING, Column, table
from hypiler.cli.terminal import Page, wrap, write_lines
from hypiler.schema.coverage import SOURCED, UNKNOWN, UNSOURCED, WORDS, Coverage
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler coverage                       the project's registry, or the shipped one
  hypiler coverage --shipped             the shipped registry
  hypiler coverage --file models.json --json    for programs, also by model
"""
_DESCRIPTION = """\
Count by field how the facts of a registry are known. Fields that no model states are left out.

verified: the fact agrees with the model's own files at the commit of its entry.

copy: it agrees with a copy of the files, whose commit is unknown or another one.

sourced: it was not compared with files, and `sources` names where it was read: by its own path,
or by that of a section above it. A fact that is null or absent is sourced if `sources` has its
own path.

unsourced: the entry states it without a source.

unknown: the entry does not state it. Nobody looked, or the model has no such thing.

differs: the files say something else, and the rule M401 is ignored or is no error.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON, by field and by model")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the table."""
    found = open_registry(options, hosted=True)
    if found is None:
        return FINDINGS
    registry, _ = found
    coverage = Coverage(registry)
    if options.json:
        from hypiler.cli.json_output import print_document

        fields = [{"path": path, **counts} for path, counts in coverage.fields.items()]
        models = [{"id": id, **counts} for id, counts in coverage.models.items()]
        print_document(total=coverage.total, fields=fields, models=models)
        return OK
    write_lines(_lines(coverage, count_of(registry), Page.of(sys.stdout)))
    return OK


def _lines(coverage: Coverage, count: str, page: Page) -> "list[str]":
    if not coverage.fields:
        return [page.paint("dim", count)]
    total = coverage.total
    rows = [*coverage.fields.values(), total]
    shown = [word for word in WORDS if word != DIFFERS or total[DIFFERS]]
    columns = [
        Column("field", [*coverage.fields, "all"], least=20, style="name"),
        *[
            Column(word, [str(row[word] or NOTHING) for row in rows], right=True, rank=len(shown) - index)
            for index, word in enumerate(shown)
        ],
    ]
    lines, _ = table(columns, page)
    return [*lines, "", *[page.paint("dim", line) for line in wrap(f"{count} · {summary(total)}", page.width)]]


def summary(total: "dict[str, int]") -> str:
    """`9 facts: 7 sourced, 2 without a source`."""
    phrases = {
        VERIFIED: "verified",
        COPY: "agree with a copy",
        SOURCED: "sourced",
        UNSOURCED: "without a source",
        DIFFERS: "differ from the files",
    }
    parts = [f"{total[word]} {phrase}" for word, phrase in phrases.items() if total[word]]
    number = sum(total.values()) - total[UNKNOWN]
    return f"{number} fact{'s' * (number != 1)}: {', '.join(parts)}"
