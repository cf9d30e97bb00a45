"""The table of codes.

A code is stable: it keeps its meaning for ever and is never used again for another fault. The first digit is the
stage that finds it: 0 the file as JSON, 1 the shape of one value, 2 rules between values, 3 names in the generated
module, 4 the model's own files, 5 options and outputs.
"""

ERROR = "error"
WARNING = "warning"

CODES: dict[str, tuple[str, str]] = {
    # file: the text is not the JSON that a registry may be written in
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
    # shape: one value is not what its field takes
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
    # rules: values that are fine alone and wrong together
    "M201": ("duplicate-id", ERROR),
    "M202": ("projection-dims-missing", ERROR),
    "M203": ("projection-dims-mismatch", ERROR),
    "M204": ("projection-dims-without-projection", ERROR),
    "M205": ("matryoshka-dims-unsorted", ERROR),
    "M206": ("matryoshka-dim-too-large", ERROR),
    "M207": ("matryoshka-without-embedding-dim", ERROR),
    "M208": ("matryoshka-contradiction", ERROR),
    "M209": ("matryoshka-dims-unknown", WARNING),
    "M210": ("parameters-below-vocabulary", WARNING),
    "M211": ("context-exceeds-positions", WARNING),
    "M212": ("zero-score", WARNING),
    "M213": ("positions-without-offset", WARNING),
    "M214": ("unknown-source-path", ERROR),
    "M215": ("duplicate-variant", ERROR),
    "M216": ("license-spelling", WARNING),
    "M217": ("similar-type", WARNING),
    # names: what the generated module would have to call things
    "M301": ("name-collision", ERROR),
    "M302": ("reserved-name", ERROR),
    "M303": ("type-name-collision", ERROR),
    # files: the model's own files, as far as the lock knows them, say otherwise
    "M401": ("fact-differs", ERROR),
    "M402": ("lock-of-another-commit", WARNING),
    "M403": ("invalid-lock", ERROR),
    # options: pyproject.toml, and what would be written where
    "M501": ("unknown-option", ERROR),
    "M502": ("invalid-option", ERROR),
    "M503": ("output-outside-project", ERROR),
    "M504": ("output-not-generated", ERROR),
    "M505": ("output-overwrites-source", ERROR),
    "M506": ("output-missing", ERROR),
    "M507": ("output-stale", ERROR),
    "M508": ("output-edited", ERROR),
    "M509": ("output-of-another-format", ERROR),
}


def severity_of(code: str) -> str:
    """`"error"` or `"warning"`."""
    return CODES[code][1]
