"""The table of codes.

A code is stable: it keeps its meaning for ever and is never used again for another fault. The first digit is the
stage that finds it: 0 the file as JSON, 1 the shape of one value, 2 rules between values, 3 names in the generated
module, 4 the model's own files, 5 options and outputs.

The codes of rules (2, 3 and 4) are declared with their rules: see `hypiler.compiler.rule_set`. They join the table when
the module of the rules is imported.
"""

ERROR = "error"
WARNING = "warning"
NOTE = "note"
"""Shown, but never counted by `--strict`, and never a reason to fail."""

SEVERITIES: tuple[str, ...] = (ERROR, WARNING, NOTE)

CODES: dict[str, tuple[str, str]] = {
    # file: the text of the file is not JSON as hypiler reads it
    "M001": ("not-utf8", ERROR),
    "M002": ("byte-order-mark", ERROR),
    "M003": ("invalid-json", ERROR),
    "M004": ("duplicate-key", ERROR),
    "M005": ("not-a-json-number", ERROR),
    "M006": ("number-too-large", ERROR),
    "M007": ("lone-surrogate", ERROR),
    "M008": ("nesting-too-deep", ERROR),
    "M009": ("file-too-large", ERROR),
    "M010": ("too-many-findings", WARNING),
    # shape: one value does not fit its field
    "M101": ("missing-field", ERROR),
    "M102": ("unknown-field", ERROR),
    "M103": ("wrong-type", ERROR),
    "M104": ("null-not-allowed", ERROR),
    "M105": ("empty-value", ERROR),
    "M106": ("out-of-range", ERROR),
    "M107": ("malformed-id", ERROR),
    "M108": ("malformed-repository", ERROR),
    "M109": ("malformed-date", ERROR),
    "M110": ("malformed-parameters", ERROR),
    "M111": ("malformed-language", ERROR),
    "M112": ("malformed-license", ERROR),
    "M113": ("malformed-value", ERROR),
    "M114": ("unknown-value", ERROR),
    "M115": ("repeated-item", ERROR),
    # options: the options in pyproject.toml or the files to write are wrong
    "M501": ("unknown-option", ERROR),
    "M502": ("invalid-option", ERROR),
    "M503": ("output-outside-project", ERROR),
    "M504": ("output-not-generated", ERROR),
    "M505": ("output-overwrites-source", ERROR),
    "M506": ("output-missing", ERROR),
    "M507": ("output-stale", ERROR),
    "M508": ("output-edited", ERROR),
    "M509": ("output-of-another-format", ERROR),
    "M510": ("output-not-packed", ERROR),
    # layers: what `extends` names
    "M513": ("unknown-layer", ERROR),
    "M514": ("extends-cycle", ERROR),
    "M515": ("unusable-layer", ERROR),
    "M516": ("unknown-policy-key", ERROR),
    "M517": ("invalid-policy", ERROR),
    "M518": ("policy-exception-ended", WARNING),
    "M519": ("policy-exception-unused", WARNING),
}


def declare(code: str, name: str, severity: str) -> None:
    """Add a code to the table. Raises ValueError if the code or its name is taken."""
    if code in CODES or any(name == other for other, _ in CODES.values()):
        raise ValueError(f"{code} {name} is declared twice")
    CODES[code] = (name, severity)


def severity_of(code: str) -> str:
    """How severe findings of a code are, unless the project says otherwise: one of `SEVERITIES`."""
    return CODES[code][1]


def name_of(code: str) -> str:
    """The name of a code, such as `duplicate-key`."""
    return CODES[code][0]
