"""Reads the options that say which rules are applied: `select`, `ignore` and `severity` of `[tool.hypiler]`."""

from hypiler.diagnostics.escaping import quote_value
from hypiler.diagnostics.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.jsontext.json_types import JSONValue

RULE_OPTIONS = ["select", "ignore", "severity"]


def read_rules(table: "dict[str, Any]", findings: list[Finding]) -> "RuleSettings | None":
    """The settings in the table `[tool.hypiler]`; None if there are none. What is wrong is added to `findings`."""
    if not any(key in table for key in RULE_OPTIONS):
        return None
    # Imported here: few projects have settings.
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.verification.rule_sets import all_rules

    before = len(findings)
    select = _words(table, "select", findings) if "select" in table else None
    settings = RuleSettings(select, _words(table, "ignore", findings), _severity(table, findings))
    if len(findings) == before:
        for option, word, message, help in settings.faults(all_rules()):
            place: tuple[str | int, ...] = (word,) if option == "severity" else (table[option].index(word),)
            findings.append(_invalid(message, (option, *place), help))
    return settings


def _words(table: "dict[str, Any]", option: str, findings: list[Finding]) -> list[str]:
    value: JSONValue = table.get(option, [])
    if isinstance(value, list):
        words = [word for word in value if isinstance(word, str)]
        if len(words) == len(value):
            return words
    message = f"`{option}` must be a list of codes, prefixes or names of rules, got {quote_toml(value)}"
    findings.append(_invalid(message, (option,)))
    return []


def _severity(table: "dict[str, Any]", findings: list[Finding]) -> dict[str, str]:
    value: JSONValue = table.get("severity", {})
    if isinstance(value, dict):
        return value
    message = f"`severity` must be a table of rules and their severities, got {quote_toml(value)}"
    findings.append(_invalid(message, ("severity",), 'write severity = { M211 = "error" }'))
    return {}


def _invalid(message: str, path: tuple[str | int, ...], help: str | None = None) -> Finding:
    return Finding("M502", message, ("tool", "hypiler", *path), file="pyproject.toml", help=help)


def quote_toml(value: "Any") -> str:
    """A value of TOML as a message shows it: JSON has no dates and times."""
    text: str = value.isoformat() if hasattr(value, "isoformat") else quote_value(value)
    return text
