"""Classes of licences: how much they ask."""

import pytest

from hypiler.schema.license_classes import NON_COMMERCIAL, STRONG_COPYLEFT, USE_RESTRICTED, WEAK_COPYLEFT
from hypiler.schema.license_terms import license_class
from hypiler.schema.licenses import EXCEPTIONS, LICENSES


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", "permissive"),
        ("mit", "permissive"),
        ("Apache-2.0+", "permissive"),
        ("CC0-1.0", "permissive"),
        ("LGPL-2.1-only", "weak copyleft"),
        ("MPL-2.0", "weak copyleft"),
        ("CC-BY-SA-4.0", "weak copyleft"),
        ("GPL-3.0-or-later", "strong copyleft"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "weak copyleft"),
        ("MIT WITH Classpath-exception-2.0", "permissive"),
        ("BUSL-1.1", "use-restricted"),
        ("LicenseRef-Gemma", "use-restricted"),
        ("CC-BY-NC-4.0", "non-commercial"),
        ("LicenseRef-Qwen-Research", "non-commercial"),
        ("LicenseRef-Acme-NC", "non-commercial"),
        ("LicenseRef-Once", "unknown terms"),
        ("any-OSI", "unknown terms"),
        ("proprietary", "unknown terms"),
        ("MIT OR GPL-3.0-only", "permissive"),
        ("MIT AND GPL-3.0-only", "strong copyleft"),
        ("MIT AND GPL-3.0-only OR CC-BY-NC-4.0", "strong copyleft"),
        ("MIT AND (GPL-3.0-only OR MPL-2.0)", "weak copyleft"),
        ("((MIT))", "permissive"),
        ("(MIT", "unknown terms"),
        ("MIT)", "unknown terms"),
        ("MIT MIT", "unknown terms"),
        ("(" * 5000 + "MIT" + ")" * 5000, "unknown terms"),
        ("", "unknown terms"),
    ],
)
def test_class_of_an_expression(expression: str, expected: str) -> None:
    assert license_class(expression) == expected


def test_classes_hold_identifiers_of_spdx_and_a_few_references_each_once() -> None:
    tables = [WEAK_COPYLEFT, STRONG_COPYLEFT, USE_RESTRICTED, NON_COMMERCIAL]
    words = [word for table in tables for word in table]
    assert len(words) == len({*words})
    assert {word for word in words if not word.startswith("LicenseRef-")} <= LICENSES | EXCEPTIONS
