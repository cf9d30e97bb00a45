"""`hypiler docs`: write MODELS.md, the documentation of a registry."""

import os

from hypiler.cli.report import add_project_argument, add_report_arguments, project_options, source_paths
from hypiler.cli.write_or_check import add_output_arguments, write_or_check
from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.compiler.checked import CheckedRegistry

EXAMPLES = """examples:
  hypiler docs                           MODELS.md, or where `docs` of [tool.hypiler] says
  hypiler docs models.json --out docs/models.md
  hypiler docs --check                   in CI: exit 1 if the committed file is not up to date
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="registry files; default: those of [tool.hypiler]")
    parser.add_argument(
        "--out", metavar="PATH", help="the file to write; default: `docs` of [tool.hypiler], or MODELS.md"
    )
    add_project_argument(parser)
    add_output_arguments(parser)
    add_report_arguments(parser)


def run(options: "Namespace") -> int:
    """Compile, report, and write or compare if nothing is wrong."""
    return write_or_check(options, _targets, _emit, _command(options))


def _emit(registry: "CheckedRegistry", output: str) -> dict[str, str]:
    from hypiler.emit.markdown import emit_markdown

    return {output: emit_markdown(registry)}


def _targets(options: "Namespace") -> tuple[list[str], str]:
    """The sources, and the file to write."""
    if options.files:
        return options.files, options.out or "MODELS.md"
    found = project_options(options)
    return source_paths(found), options.out or os.path.join(found.root, found.docs)


def _command(options: "Namespace") -> str:
    """The command that writes what this one looks at."""
    from shlex import join

    out = ["--out", options.out] if options.out else []
    return printable(join(["hypiler", "docs", *options.files, *out]))
