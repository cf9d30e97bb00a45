"""Findings for people: in full with their source lines, or one per line. All input text in them is escaped."""

from hypiler.diagnostics.codes import SEVERITIES, name_of
from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.diagnostics.terminal_text import columns_of, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    SourceLine = Callable[[Finding], str | None]

_WINDOW = 100
_MANY = 10  # with more findings than this, they are also counted per code


def _no_line(finding: Finding) -> str | None:
    return None


def render_text(
    findings: list[Finding],
    line: "SourceLine" = _no_line,
    *,
    color: bool = False,
    limit: int = 0,
) -> str:
    """A report as compilers write it: each finding with its source line, then the counts.

    Args:
        findings: In the order in which they are shown.
        line: Gives the source line of a finding; None if it has none.
        color: Whether to use the colours of terminals.
        limit: How many findings to show, of each code at least the first where possible; 0 shows all. All are counted.
    """
    shown = _chosen(findings, limit)
    parts = [_render(finding, line(finding), paint if color else _plain) for finding in shown]
    if len(shown) < len(findings):
        parts.append(f"… and {len(findings) - len(shown)} more; `hypiler check --limit 0` shows all\n")
    return "\n".join([*parts, _count(findings)])


def render_concise(findings: list[Finding], *, limit: int = 0) -> str:
    """One line per finding, as editors read them, then the counts."""
    shown = _chosen(findings, limit)
    lines = [str(finding) for finding in shown]
    if len(shown) < len(findings):
        lines.append(f"… and {len(findings) - len(shown)} more; `--limit 0` shows all")
    return "\n".join([*lines, _count(findings)])


def _chosen(findings: list[Finding], limit: int) -> list[Finding]:
    """At most `limit` of the findings, in their order. The first of each code are preferred: no code hides another."""
    if not limit or len(findings) <= limit:
        return findings
    numbers: dict[str, int] = {}
    ranked: list[tuple[int, int]] = []
    for place, finding in enumerate(findings):
        numbers[finding.code] = number = numbers.get(finding.code, 0) + 1
        ranked.append((number, place))
    return [findings[place] for place in sorted([place for _, place in sorted(ranked)[:limit]])]


def _count(findings: list[Finding]) -> str:
    """How many findings there are of each severity; if they are many, also how many of each code."""
    severities = [finding.severity for finding in findings]
    numbered = [(severities.count(word), word) for word in SEVERITIES]
    counts = ", ".join([f"{number} {word}{'s' * (number != 1)}" for number, word in numbered if number])
    if len(findings) <= _MANY:
        return counts
    numbers: dict[str, int] = {}
    for finding in findings:
        numbers[finding.code] = numbers.get(finding.code, 0) + 1
    ordered = sorted(numbers.items(), key=lambda item: -item[1])
    table = [f"{number:>7}  {code}  {name_of(code)}" for code, number in ordered]
    return "\n".join([f"{counts}:", *table, f"`hypiler explain {ordered[0][0]}` tells what a code means"])


def _plain(style: str, text: str) -> str:
    return text


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
    whose = f" (model {quote_name(finding.model)})" if finding.model else ""
    if finding.path:
        out += f"{gutter} {paint('frame', '=')} at: {finding.json_path}{whose}\n"
    if finding.help:
        out += f"{gutter} {paint('frame', '=')} help: {finding.help}\n"
    return out


def _excerpt(line: str, start: int, width: int) -> tuple[str, int, int]:
    """The printable part of a line around a finding, the column where the carets begin, and how many there are."""
    first = max(0, start - _WINDOW // 2) if start + width > _WINDOW else 0
    last = max(first + _WINDOW, min(start + width, first + _WINDOW))
    before = ("…" if first else "") + _columns(line[first:start])
    marked = _columns(line[start : min(start + width, last)])
    after = _columns(line[min(start + width, last) : last]) + ("…" if len(line) > last else "")
    return before + marked + after, columns_of(before), max(1, columns_of(marked))


def _columns(text: str) -> str:
    return printable(text.replace("\t", "    "))
