"""Gives findings their places: what was found about the values of a file is located in its text."""

from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import Source


def place_findings(source: Source, collector: FindingCollector, found: "list[Finding]") -> None:
    """Add the findings about the values of a file to those about its JSON, each with its place."""
    # A value repaired by the JSON reader was not written by the user, so it is not reported again.
    known = {finding.path for finding in found}
    fresh = [finding for finding in collector.findings if finding.path not in known]
    if fresh:
        source.locate(fresh)
    found += fresh
    found.sort(key=lambda f: (f.line, f.column, f.code))
    if collector.dropped:
        message = f"{collector.dropped} more findings are not kept"
        found.append(Finding("M010", message, file=source.name, help="mend the first ones"))
