"""Writes generated files, or says how those on disk differ from them: what `build` and `docs` have in common."""

import sys

from hypiler.build.output import OutputRefused
from hypiler.cli import FINDINGS, OK
from hypiler.cli.report import report
from hypiler.diagnostics.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_output_arguments(parser: "ArgumentParser") -> None:
    """The options that look instead of writing."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if an output is not up to date")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and exit 1 if any")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only findings")


def deliver(files: dict[str, str], options: "Namespace", *, sources: list[str], repair: str, what: str) -> int:
    """Write the texts, or with --check and --diff only compare them; the exit code.

    `repair` is the command that writes them, `what` a few words on what they hold, for the line that tells of success.
    """
    path = printable(next(iter(files)))
    if options.check or options.diff:
        current = _compare(files, options, sources, repair)
        state = "up to date"
    else:
        from hypiler.build.output import write_outputs

        try:
            state = "written" if write_outputs(files, sources=sources) else "already up to date"
        except OutputRefused as error:
            report(error.findings, None, options, sys.stderr)
            return FINDINGS
        current = True
    if current and not options.quiet:
        print(f"{path}: {what}, {state}")
    return OK if current else FINDINGS


def _compare(files: dict[str, str], options: "Namespace", sources: list[str], repair: str) -> bool:
    """Show how the files on disk differ; whether they do not."""
    from hypiler.build.compare import check_outputs, diff_outputs

    findings = check_outputs(files, sources=sources, repair=repair)
    if options.diff:
        for line in diff_outputs(files):
            print(line)
    if options.check:
        report(findings, None, options, sys.stderr)
    return not findings
