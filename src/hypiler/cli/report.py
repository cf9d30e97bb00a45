"""Prints findings for the commands that have some."""

import os
import sys

from hypiler.cli.streams import FINDINGS, OK, USAGE, print_error, redirect_to_devnull
from hypiler.diagnostics.codes import ERROR, NOTE
from hypiler.diagnostics.text import render_concise, render_text
from hypiler.project.options import Options, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from typing import TextIO

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.diagnostics.finding import Finding

# Formats of one line or more a finding, which may stand between other lines, and those of one document.
LINES = ("text", "concise", "github")
FORMATS = (*LINES, "json", "sarif")


def wants_color(stream: "TextIO") -> bool:
    """Whether to colour what goes to `stream`: a terminal, unless NO_COLOR or FORCE_COLOR say otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def add_report_arguments(parser: "ArgumentParser", formats: tuple[str, ...] = LINES) -> None:
    """How findings are shown, and which of them count."""
    parser.add_argument("--format", choices=formats, default="text", help="how findings are shown; default: text")
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="findings that text shows; 0 shows all; default: 50"
    )
    parser.add_argument("--strict", action="store_true", help="let warnings count as errors")


def report(
    findings: "list[Finding]", registry: "CheckedRegistry | None", options: "Namespace", stream: "TextIO"
) -> None:
    """Print findings in the format that was asked for: text to `stream`, what programs read to standard output."""
    if options.format == "text":
        print_findings(findings, registry, stream, limit=options.limit)
    elif options.format == "concise":
        if findings:
            write_text(render_concise(findings, limit=options.limit), stream)
    else:
        from hypiler.diagnostics import formats

        text: str = getattr(formats, f"render_{options.format}")(findings)
        if text:
            write_text(text, sys.stdout)


def print_findings(
    findings: "list[Finding]", registry: "CheckedRegistry | None", stream: "TextIO", *, limit: int = 0
) -> None:
    """The report as text, in colour where the stream shows it."""
    if findings:
        color = wants_color(stream)
        line: Callable[[Finding], str | None] = (lambda _: None) if registry is None else registry.line
        write_text(render_text(findings, line, color=color, limit=limit), stream)


def write_text(text: str, stream: "TextIO") -> None:
    """Print what the exit code is about: a reader that has gone, as in `| head`, does not change the code."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        redirect_to_devnull(stream)


def exit_code(findings: "list[Finding]", *, strict: bool) -> int:
    """1 if a finding is an error, or with `strict` a warning; notes never count."""
    severities = {finding.severity for finding in findings}
    counted = severities - {NOTE} if strict else severities & {ERROR}
    return FINDINGS if counted else OK


def usage_error(message: str) -> None:
    """One line about a wrong use of a command."""
    print_error(message)


def project_options() -> Options:
    """What [tool.hypiler] says in this folder; a command without FILE is used wrongly where there is no project."""
    try:
        return read_options("")
    except FileNotFoundError:
        usage_error("name a FILE, or run where a pyproject.toml has [tool.hypiler]")
        raise SystemExit(USAGE) from None
