"""`hypiler build`: compile a registry to a module and its stub."""

import os

from hypiler.cli.report import add_project_argument, add_report_arguments, project_options, source_paths
from hypiler.cli.streams import USAGE, usage_error
from hypiler.cli.write_or_check import add_output_arguments, write_or_check
from hypiler.diagnostics.escaping import printable
from hypiler.project.build import generate
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler build                          as [tool.hypiler] in pyproject.toml says
  hypiler build models.json --out src/app   write src/app/model_registry.py and its stub
  hypiler build --check                  in CI: exit 1 if the committed output is not up to date
  hypiler build --watch                  while you edit: build whenever a file changes
"""


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
    add_project_argument(parser)
    add_output_arguments(parser)
    parser.add_argument("--watch", action="store_true", help="build again whenever a file changes, until Ctrl-C")
    add_report_arguments(parser)


def run(options: "Namespace") -> int:
    """Compile, report, and write or compare if nothing is wrong."""
    if (options.files and not options.out) or (options.out and not options.files):
        usage_error("`build FILE` and `--out DIR` need each other; without both, [tool.hypiler] decides")
        return USAGE
    if not options.watch:
        return write_or_check(options, _targets, generate, _command(options))
    if options.check or options.diff:
        usage_error("`--watch` writes; `--check` and `--diff` only look: give one of them")
        return USAGE
    return _watch(options)


def _targets(options: "Namespace") -> tuple[list[str], str]:
    """The sources, and the module to write."""
    if options.files:
        return options.files, os.path.join(options.out, "model_registry.py")
    found = project_options(options)
    return source_paths(found), os.path.join(found.root, found.output)


def _command(options: "Namespace") -> str:
    """The command that writes what this one looks at."""
    if not options.files:
        return "hypiler build"
    from shlex import join

    return printable(join(["hypiler", "build", *options.files, "--out", options.out]))


def _watch(options: "Namespace") -> int:
    """Build now and after every change. Ends only by a signal."""
    from hypiler.project.watch import changes

    for _ in changes(lambda: _watched(options)):
        try:
            write_or_check(options, _targets, generate, _command(options))
        except OSError as error:
            # A file that is gone now may come back: many editors replace what they save.
            usage_error(printable(str(error)))
        if not options.quiet:
            print("watching for changes; Ctrl-C ends", flush=True)
    raise AssertionError("changes never ends")


def _watched(options: "Namespace") -> list[str]:
    if options.files:
        return list(options.files)
    try:
        return ["pyproject.toml", *source_paths(project_options(options))]
    except (OptionsError, OSError):
        return ["pyproject.toml"]
