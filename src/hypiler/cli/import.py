"""`hypiler import`: a registry drafted from the table of another package, or from a CSV or JSON file."""

import os
import sys

from hypiler.cli.drafts import add_draft_arguments, catalogue, finish
from hypiler.cli.report import print_findings
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, print_error, usage_error
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name, quote_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.lifecycle.importing.rows import Row

EXAMPLES = """examples:
  hypiler import fastembed                       the models of the installed package: a report
  hypiler import mteb --only intfloat/multilingual-e5-small --output models.json
  hypiler import table.csv --map Width=specs.embedding_dim --output models.json
  hypiler import table.csv --extends hypiler --output models.json   over the registry that comes with hypiler
  hypiler import table.json --json               the report for programs
"""
_DESCRIPTION = """\
Draft a registry from a table of models: that of an installed package (mteb, fastembed, litellm),
which is read and never imported, or that of a CSV or JSON file.

Units and words become those of models.json: `512 tokens`, `109000000`, `apache 2.0`. Empty cells
and zeros are no facts. Every fact has its source. The report lists what was left out, and where
the table contradicts the catalogue, which is the registry that comes with hypiler. Models only
need the core fields (`required = "core"`). Nothing is overwritten, and no network is used.

Exit codes: 0 drafted; 1 no model could be drafted, or the file is not a table; 2 wrong use; 3 the
package is not installed, or a file cannot be read or written.
"""
_ENDINGS = (".csv", ".tsv", ".json")
_NO_TABLE = {
    "sentence-transformers": "it has no table of models: it reads each model's own files, as "
    "`hypiler add REPOSITORY` does",
}


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("table", metavar="FILE|PACKAGE", help="a file that ends in .csv, .tsv or .json, or a package")
    parser.add_argument(
        "--map",
        metavar="COLUMN=FIELD",
        action="append",
        default=[],
        help="the field of a column: a path such as specs.embedding_dim, or a fact of your own such as extra.size_gb",
    )
    parser.add_argument("--type", metavar="TYPE", help="the type of models whose row states none, such as dense")
    add_draft_arguments(parser)


def run(options: "Namespace") -> int:
    """Read the table, and draft."""
    if options.table.lower().endswith(_ENDINGS) or os.path.isfile(options.table):
        return _run_file(options)
    if options.map or options.type:
        return usage_error("--map and --type are about files: a package's table says what it means")
    return _run_package(options)


def _run_package(options: "Namespace") -> int:
    from hypiler.lifecycle.importing.files import installed
    from hypiler.lifecycle.importing.packages import PACKAGES

    name = options.table.lower().replace("_", "-")
    if name in _NO_TABLE:
        print_error(f"nothing can be imported from {name}: {_NO_TABLE[name]}")
        return FINDINGS
    if name not in PACKAGES:
        hint = did_you_mean(name, [*PACKAGES]) or f"choose a file or one of: {', '.join(PACKAGES)}"
        return usage_error(f"no table of a package {quote_name(options.table)} is known; {hint}")
    package = installed(name)
    if package is None:
        print_error(f"{name} is not installed for this Python ({printable(sys.executable)})")
        return ENVIRONMENT
    try:
        rows = [*PACKAGES[name](package)]
    except (SyntaxError, ValueError, LookupError) as error:
        print_error(f"the table of {name} {package.version} cannot be read: {printable(str(error))}")
        return FINDINGS
    return _draft(rows, f"{name} {package.version}", options)


def _run_file(options: "Namespace") -> int:
    from hypiler.lifecycle.importing.tables import TableError, read_table, with_type
    from hypiler.project.files import read_file

    mapping = _mapping(options.map)
    if isinstance(mapping, str):
        return usage_error(mapping)
    name = os.path.basename(options.table)
    try:
        rows = read_table(read_file(options.table), name, mapping)
    except TableError as error:
        print_error(f"{printable(options.table)}: {printable(str(error))}")
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    if options.type:
        rows = [with_type(row, options.type) for row in rows]
    return _draft(rows, name, options)


def _mapping(words: "list[str]") -> "dict[str, str] | str":
    """The fields by column, or what is wrong with an argument."""
    from hypiler.lifecycle.importing.tables import mapping_fault

    found: dict[str, str] = {}
    for word in words:
        column, separator, path = word.rpartition("=")
        if not separator:
            return f"--map takes COLUMN=FIELD, got {quote_value(word)}"
        if fault := mapping_fault(path):
            return f"--map: {fault}"
        found[column] = path
    return found


def _draft(rows: "list[Row]", title: str, options: "Namespace") -> int:
    from hypiler.lifecycle.importing.drafting import draft_registry

    known, version = catalogue()
    return finish(draft_registry(rows, title, known, version), known, title, options)
