"""`hypiler migrate`: models.json drafted from a registry of the Rust original."""

import os
import sys

from hypiler.cli.drafts import add_draft_arguments, catalogue, finish
from hypiler.cli.report import print_findings
from hypiler.cli.streams import FINDINGS, print_error
from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler migrate tessera/models.json    a report
  hypiler migrate tessera                of the models.json in this folder
  hypiler migrate tessera --output models.json
"""
_DESCRIPTION = """\
Draft models.json from a registry of the Rust original, in its documented layout (`models`) or the
later one (`model_categories`, with Matryoshka widths inside `embedding_dim`).

Facts are kept as the file claims them, with their places as sources, and ids stay the same. Facts
without a field go to `extra`. The report lists what was left out, such as 0.0 for an unknown
score, and where the file contradicts the catalogue, which is the registry that comes with
hypiler. Nothing is overwritten.

Exit codes: 0 drafted; 1 no model could be drafted, or the file is not such a registry; 2 wrong
use; 3 a file cannot be read or written.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("registry", metavar="FILE|DIR", help="the registry, or the folder with its models.json")
    add_draft_arguments(parser)


def run(options: "Namespace") -> int:
    """Read the registry, and draft."""
    from hypiler.lifecycle.importing.drafting import draft_registry
    from hypiler.lifecycle.importing.tables import TableError
    from hypiler.lifecycle.migration import original_rows
    from hypiler.project.files import read_file

    path = os.path.join(options.registry, "models.json") if os.path.isdir(options.registry) else options.registry
    name = os.path.basename(path)
    try:
        rows = original_rows(read_file(path), name)
    except TableError as error:
        print_error(f"{printable(path)}: {printable(str(error))}")
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    known, version = catalogue()
    return finish(draft_registry(rows, name, known, version), known, name, options)
