"""Shows findings: as text for people, as JSON for programs. All input text in it is escaped."""

from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.finding import Finding
from hypiler.diagnostics.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    SourceLine = Callable[[Finding], str | None]

_WINDOW = 100
_STYLES = {"error": "1;31", "warning": "1;33", "bold": "1", "frame": "1;34"}


def _no_line(finding: Finding) -> str | None:
    return None


def render_text(
    findings: list[Finding],
    line: "SourceLine" = _no_line,
    *,
    color: bool = False,
    limit: int | None = None,
) -> str:
    """A report in the manner of compilers: each finding with its source line, then the count.

    `line` gives the source line of a finding; with `limit`, only so many findings are written out.
    """
    paint = _paint if color else _plain
    parts = [_render(finding, line(finding), paint) for finding in findings[:limit]]
    if limit is not None and len(findings) > limit:
        parts.append(f"… and {len(findings) - limit} more; `hypiler check` shows all\n")
    errors = sum(finding.severity == ERROR for finding in findings)
    warnings = len(findings) - errors
    counts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return "\n".join([*parts, ", ".join(counts)])


def _plain(style: str, text: str) -> str:
    return text


def _paint(style: str, text: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _render(finding: Finding, line: str | None, paint: "Callable[[str, str], str]") -> str:
    out = f"{paint(finding.severity, f'{finding.severity}[{finding.code}]')}{paint('bold', f': {finding.message}')}\n"
    number = str(finding.line) if finding.line else ""
    gutter = " " * len(number)
    place = printable(finding.file) + (f":{finding.line}:{finding.column}" if finding.line else "")
    if place:
        out += f"{gutter}{paint('frame', '-->')} {place}\n"
    if line is not None:
        shown, indent, width = _excerpt(line, finding.column - 1, finding.width)
        bar = paint("frame", "|")
        caret = paint(finding.severity, "^" * width)
        out += f"{gutter} {bar}\n{paint('frame', number)} {bar} {shown}\n{gutter} {bar} {' ' * indent}{caret}\n"
    whose = f" (model `{finding.model}`)" if finding.model else ""
    if finding.path:
        out += f"{gutter} {paint('frame', '=')} at: {finding.json_path}{whose}\n"
    if finding.help:
        out += f"{gutter} {paint('frame', '=')} help: {finding.help}\n"
    return out


def _excerpt(line: str, start: int, width: int) -> tuple[str, int, int]:
    """The part of a line around a finding, printable, with the columns where the carets begin and how many."""
    first = max(0, start - _WINDOW // 2) if start + width > _WINDOW else 0
    last = max(first + _WINDOW, min(start + width, first + _WINDOW))
    before = ("…" if first else "") + _columns(line[first:start])
    marked = _columns(line[start : min(start + width, last)])
    after = _columns(line[min(start + width, last) : last]) + ("…" if len(line) > last else "")
    return before + marked + after, _width(before), max(1, _width(marked))


def _columns(text: str) -> str:
    return printable(text.replace("\t", "    "))


def _width(text: str) -> int:
    """How many columns a terminal gives to `text`."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0
        if category(c) in ("Mn", "Me")  # a mark upon the letter before it
        else 2
        if east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def render_json(findings: list[Finding]) -> str:
    """A JSON list, one object a finding, printable ASCII throughout."""
    from json import dumps

    return dumps([_record(finding) for finding in findings], indent=2)


def _record(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "path": finding.json_path,
        "model": finding.model,
        "help": finding.help,
    }
