"""What may stand in a message, whatever the input holds."""

import json
import unicodedata

from hypiler.compiler.checked import CheckedRegistry
from hypiler.diagnostics.formats import render_github, render_json, render_sarif
from hypiler.diagnostics.text import render_concise, render_text

# Controls, format characters (bidi among them), surrogates, private use, unassigned, and line and paragraph ends.
_RAW = ("C", "Zl", "Zp")


def raw_characters(text: str) -> list[str]:
    """The characters that a terminal or a log would act upon instead of showing them."""
    return [c for c in text if unicodedata.category(c).startswith(_RAW)]


def assert_clean(*lines: str) -> None:
    """No line holds a raw control, bidi or other invisible character."""
    assert [raw_characters(line) for line in lines] == [[] for _ in lines]


def assert_reported(registry: CheckedRegistry) -> None:
    """Findings stand in a file, every report of them is clean, and a faulty registry gives no models."""
    assert not (registry.has_errors and registry.models)
    for finding in registry.findings:
        line = registry.line(finding)
        if finding.code not in ("M009", "M010"):
            assert line is not None
            assert 1 <= finding.column <= len(line) + 1
        assert_clean(finding.message, finding.help or "", finding.model or "", finding.json_path)
    findings = registry.findings
    for report in (
        render_text(findings, registry.line),
        render_text(findings, registry.line, limit=3),
        render_concise(findings),
        render_github(findings),
        render_json(findings),
        render_sarif(findings),
    ):
        assert_clean(*report.split("\n"))
    assert len(json.loads(render_json(findings))["findings"]) == len(findings)
    (run,) = json.loads(render_sarif(findings))["runs"]
    assert [result["ruleId"] for result in run["results"]] == [finding.code for finding in findings]
    assert render_github(findings).count("\n") == max(0, len(findings) - 1)
