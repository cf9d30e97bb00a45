"""`hypiler build`: compile a registry to a module and its stub."""

import os
import sys

from hypiler.build.options import OptionsError
from hypiler.build.output import OutputRefused
from hypiler.build.project import compile_files, write_registry
from hypiler.cli import FINDINGS, USAGE
from hypiler.cli.report import exit_code, print_findings, project_options, usage
from hypiler.diagnostics.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler build                          as [tool.hypiler] in pyproject.toml says
  hypiler build models.json --out src/app   write src/app/model_registry.py and its stub
"""
# Warnings beyond these would bury the line that says what was written.
_SHOWN = 20


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files; default: those of [tool.hypiler]",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="folder for model_registry.py and model_registry.pyi",
    )
    parser.add_argument("--strict", action="store_true", help="let warnings fail the build")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only findings")


def run(options: "Namespace") -> int:
    """Compile, report, and write if nothing is wrong."""
    if (options.files and not options.out) or (options.out and not options.files):
        usage("`build FILE` and `--out DIR` need each other; without both, [tool.hypiler] decides")
        return USAGE
    try:
        sources, output, root = _targets(options)
        registry = compile_files(sources, root)
        print_findings(
            registry.findings,
            registry,
            sys.stderr,
            limit=None if registry.failed else _SHOWN,
        )
        code = exit_code(registry.findings, strict=options.strict)
        if code:
            return code
        written = write_registry(registry, output, [os.path.join(root, source) for source in sources])
    except (OptionsError, OutputRefused) as error:
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    if not options.quiet:
        state = "written" if written else "already up to date"
        count = len(registry.rows)
        print(f"{printable(output)}: {count} model{'s' * (count != 1)}, {state}")
    return code


def _targets(options: "Namespace") -> tuple[list[str], str, str]:
    """The sources, the module to write, and the folder that the sources are relative to."""
    if options.files:
        return options.files, os.path.join(options.out, "model_registry.py"), ""
    found = project_options()
    return found.sources, found.output, found.root
