"""`hypiler check`: all findings of a registry in one run."""

import sys

from hypiler.cli.report import (
    FORMATS,
    add_project_argument,
    add_report_arguments,
    exit_code,
    project_options,
    report,
    source_paths,
)
from hypiler.cli.streams import FINDINGS, usage_error
from hypiler.project.build import compile_files
from hypiler.project.loading import STDIN
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler check                          the files of the project around this folder
  hypiler check models.json --strict     fail on warnings too
  hypiler check - < models.json          standard input
  hypiler check --format concise         one line per finding
  hypiler check --format github          annotations in a pull request
  hypiler check --format sarif > hypiler.sarif
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files, `-` for standard input; default: the files of the project",
    )
    add_project_argument(parser)
    add_report_arguments(parser, FORMATS)


def run(options: "Namespace") -> int:
    """Check and report; nothing is written."""
    if options.files.count("-") > 1:
        return usage_error("`-` is standard input, which can be read once: give it once")
    try:
        paths = [STDIN if path == "-" else path for path in options.files] or source_paths(project_options(options))
        registry = compile_files(paths)
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    report(registry.findings, registry, options, sys.stdout)
    if not registry.findings and options.format in ("text", "concise"):
        count = len(registry.models)
        print(f"{count} model{'s' * (count != 1)}, no findings")
    return exit_code(registry.findings, strict=options.strict)
