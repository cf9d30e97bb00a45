"""Compiles and writes, or says how what is on disk differs: what `build` and `docs` have in common."""

import sys

from hypiler.cli.report import exit_code, report
from hypiler.cli.streams import FINDINGS, OK, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.project.build import compile_files
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from hypiler.compiler.checked import CheckedRegistry


def add_output_arguments(parser: "ArgumentParser") -> None:
    """The options that look instead of writing."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if an output is not up to date")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and exit 1 if any")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only findings")


def write_or_check(
    options: "Namespace",
    targets: "Callable[[Namespace], tuple[list[str], str]]",
    emit: "Callable[[CheckedRegistry, str], dict[str, str]]",
    repair: str,
) -> int:
    """Compile, report, and write what was generated, or with --check and --diff only compare it; the exit code.

    `targets` gives the sources and the path of the first output, `emit` the texts by path. `repair` is the command
    that writes them.
    """
    try:
        sources, output = targets(options)
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registry = compile_files(sources)
    report(registry.findings, registry, options, sys.stderr)
    code = exit_code(registry.findings, strict=options.strict)
    if code:
        return code
    files = emit(registry, output)
    look = options.check or options.diff
    state = _compare(files, options, sources, repair) if look else _write(files, options, sources)
    if state and not options.quiet:
        count = len(registry.models)
        print(f"{printable(output)}: {count} model{'s' * (count != 1)}, {state}")
    return OK if state else FINDINGS


def _write(files: dict[str, str], options: "Namespace", sources: list[str]) -> str:
    """Write the texts; what became of them, or nothing if they are not ours to write."""
    from hypiler.project.output import OutputRefused, write_outputs

    try:
        return "written" if write_outputs(files, sources=sources) else "already up to date"
    except OutputRefused as error:
        report(error.findings, None, options, sys.stderr)
        return ""


def _compare(files: dict[str, str], options: "Namespace", sources: list[str], repair: str) -> str:
    """Show how the files on disk differ; nothing is returned if they do."""
    from hypiler.project.compare import check_outputs, diff_outputs

    findings = check_outputs(files, sources=sources, repair=repair)
    if options.diff:
        for line in diff_outputs(files):
            write_text(line, sys.stdout)
    if options.check:
        report(findings, None, options, sys.stderr)
    return "" if findings else "up to date"
