"""`hypiler build`: compile a registry to a module and its stub."""

import os
import sys

from hypiler.build.options import OptionsError
from hypiler.build.project import compile_files, generate
from hypiler.cli import FINDINGS, USAGE
from hypiler.cli.deliver import add_output_arguments, deliver
from hypiler.cli.report import add_report_arguments, exit_code, project_options, report, usage
from hypiler.diagnostics.text import printable

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
    add_output_arguments(parser)
    parser.add_argument("--watch", action="store_true", help="build again whenever a file changes, until Ctrl-C")
    add_report_arguments(parser)


def run(options: "Namespace") -> int:
    """Compile, report, and write or compare if nothing is wrong."""
    if (options.files and not options.out) or (options.out and not options.files):
        usage("`build FILE` and `--out DIR` need each other; without both, [tool.hypiler] decides")
        return USAGE
    if not options.watch:
        return _build(options)
    if options.check or options.diff:
        usage("`--watch` writes; `--check` and `--diff` only look: give one of them")
        return USAGE
    return _watch(options)


def _build(options: "Namespace") -> int:
    try:
        sources, output, root = _targets(options)
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registry = compile_files(sources, root)
    report(registry.findings, registry, options, sys.stderr)
    code = exit_code(registry.findings, strict=options.strict)
    if code:
        return code
    count = len(registry.rows)
    return deliver(
        generate(registry, output),
        options,
        sources=[os.path.join(root, source) for source in sources],
        repair=_command(options),
        what=f"{count} model{'s' * (count != 1)}",
    )


def _targets(options: "Namespace") -> tuple[list[str], str, str]:
    """The sources, the module to write, and the folder that the sources are relative to."""
    if options.files:
        return options.files, os.path.join(options.out, "model_registry.py"), ""
    found = project_options()
    return found.sources, found.output, found.root


def _command(options: "Namespace") -> str:
    """The command that writes what this one looks at."""
    if not options.files:
        return "hypiler build"
    from shlex import join

    return printable(join(["hypiler", "build", *options.files, "--out", options.out]))


def _watch(options: "Namespace") -> int:
    """Build now and after every change. Ends only by a signal."""
    from hypiler.build.watch import changes

    for _ in changes(lambda: _watched(options)):
        try:
            _build(options)
        except OSError as error:
            # A file that is gone now may come back: many editors replace what they save.
            usage(printable(str(error)))
        if not options.quiet:
            print("watching for changes; Ctrl-C ends", flush=True)
    raise AssertionError("changes never ends")


def _watched(options: "Namespace") -> list[str]:
    if options.files:
        return list(options.files)
    try:
        found = project_options()
    except (OptionsError, OSError):
        return ["pyproject.toml"]
    return ["pyproject.toml", *[os.path.join(found.root, source) for source in found.sources]]
