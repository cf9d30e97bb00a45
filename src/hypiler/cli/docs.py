"""`hypiler docs`: write MODELS.md, the documentation of a registry."""

import sys

from hypiler.build.options import OptionsError
from hypiler.build.project import compile_files
from hypiler.cli import FINDINGS
from hypiler.cli.deliver import add_output_arguments, deliver
from hypiler.cli.report import add_report_arguments, exit_code, project_options, report
from hypiler.diagnostics.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

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
    add_output_arguments(parser)
    add_report_arguments(parser)


def run(options: "Namespace") -> int:
    """Compile, report, and write or compare if nothing is wrong."""
    try:
        sources, output = _targets(options)
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registry = compile_files(sources)
    report(registry.findings, registry, options, sys.stderr)
    code = exit_code(registry.findings, strict=options.strict)
    if code:
        return code
    from hypiler.emit.markdown import emit_markdown

    count = len(registry.rows)
    return deliver(
        {output: emit_markdown(registry)},
        options,
        sources=sources,
        repair=_command(options),
        what=f"{count} model{'s' * (count != 1)}",
    )


def _targets(options: "Namespace") -> tuple[list[str], str]:
    """The sources, and the file to write."""
    if options.files:
        return options.files, options.out or "MODELS.md"
    found = project_options()
    return found.sources, options.out or found.docs


def _command(options: "Namespace") -> str:
    """The command that writes what this one looks at."""
    from shlex import join

    out = ["--out", options.out] if options.out else []
    return printable(join(["hypiler", "docs", *options.files, *out]))
