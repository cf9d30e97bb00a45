"""Prints findings for the commands that have some."""

import os
import sys

from hypiler.cli import FINDINGS, OK
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.render import render_json, render_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from hypiler.compiler.pipeline import Registry
    from hypiler.diagnostics.finding import Finding


def wants_color(stream: "TextIO") -> bool:
    """Whether to colour what goes to `stream`: a terminal, unless NO_COLOR or FORCE_COLOR say otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (
        stream.isatty() and os.environ.get("TERM") != "dumb"
    )


def print_findings(
    findings: "list[Finding]",
    registry: "Registry | None",
    stream: "TextIO",
    *,
    limit: "int | None" = None,
) -> None:
    """The report as text."""
    if findings:
        color = wants_color(stream)
        line = registry.line if registry else (lambda finding: None)
        print(render_text(findings, line, color=color, limit=limit), file=stream)


def print_json(findings: "list[Finding]") -> None:
    """The findings as a JSON list, on standard output."""
    print(render_json(findings))


def exit_code(findings: "list[Finding]", *, strict: bool) -> int:
    """1 if a finding is an error, or any if warnings count as errors."""
    counted = (
        findings
        if strict
        else [finding for finding in findings if finding.severity == ERROR]
    )
    return FINDINGS if counted else OK


def usage(message: str) -> None:
    """One line about a wrong use of a command."""
    print(f"hypiler: {message}", file=sys.stderr)
