"""Prints findings for the commands that have some."""

import os
import sys

from hypiler.build.options import Options, read_options
from hypiler.cli import FINDINGS, OK, USAGE
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.render import render_json, render_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from hypiler.compiler.pipeline import Registry
    from hypiler.diagnostics.finding import Finding


def wants_color(stream: "TextIO") -> bool:
    """Whether to colour what goes to `stream`: a terminal, unless NO_COLOR or FORCE_COLOR say otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


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
        line: Callable[[Finding], str | None] = registry.line if registry else lambda _: None
        print(render_text(findings, line, color=color, limit=limit), file=stream)


def print_json(findings: "list[Finding]") -> None:
    """The findings as a JSON list, on standard output."""
    print(render_json(findings))


def exit_code(findings: "list[Finding]", *, strict: bool) -> int:
    """1 if a finding is an error, or any if warnings count as errors."""
    counted = findings if strict else [finding for finding in findings if finding.severity == ERROR]
    return FINDINGS if counted else OK


def usage(message: str) -> None:
    """One line about a wrong use of a command."""
    print(f"hypiler: {message}", file=sys.stderr)


def project_options() -> Options:
    """What [tool.hypiler] says in this folder; a command without FILE is used wrongly where there is no project."""
    try:
        return read_options(".")
    except FileNotFoundError:
        usage("name a FILE, or run where a pyproject.toml has [tool.hypiler]")
        raise SystemExit(USAGE) from None
