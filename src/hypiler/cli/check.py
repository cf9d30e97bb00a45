"""`hypiler check`: every fault of a registry in one run."""

import sys

from hypiler.cli.report import FORMATS, add_report_arguments, exit_code, project_options, report
from hypiler.cli.streams import FINDINGS
from hypiler.project.build import compile_files, compile_options
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler check                          the files of [tool.hypiler] in pyproject.toml
  hypiler check models.json --strict     fail on warnings too
  hypiler check --format concise         one line a finding
  hypiler check --format github          annotations in a pull request
  hypiler check --format sarif > hypiler.sarif
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files; default: those of [tool.hypiler]",
    )
    add_report_arguments(parser, FORMATS)


def run(options: "Namespace") -> int:
    """Check and report; nothing is written."""
    try:
        if options.files:
            registry = compile_files(options.files)
        else:
            registry = compile_options(project_options().resolve_paths().registry())
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    report(registry.findings, registry, options, sys.stdout)
    if not registry.findings and options.format in ("text", "concise"):
        count = len(registry.models)
        print(f"{count} model{'s' * (count != 1)}, no findings")
    return exit_code(registry.findings, strict=options.strict)
