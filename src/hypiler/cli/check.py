"""`hypiler check`: every fault of a registry in one run."""

import sys

from hypiler.build.options import OptionsError
from hypiler.build.project import compile_files
from hypiler.cli import FINDINGS
from hypiler.cli.report import (
    exit_code,
    print_findings,
    print_json,
    project_options,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler check                          the files of [tool.hypiler] in pyproject.toml
  hypiler check models.json --strict     fail on warnings too
  hypiler check models.json --format json | jq '.[].code'
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files; default: those of [tool.hypiler]",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    parser.add_argument("--strict", action="store_true", help="let warnings fail the check")


def run(options: "Namespace") -> int:
    """Check and report; nothing is written."""
    try:
        registry = compile_files(options.files or project_options().sources)
    except OptionsError as error:
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    if options.format == "json":
        print_json(registry.findings)
    elif registry.findings:
        print_findings(registry.findings, registry, sys.stdout)
    else:
        count = len(registry.rows)
        print(f"{count} model{'s' * (count != 1)}, no findings")
    return exit_code(registry.findings, strict=options.strict)
