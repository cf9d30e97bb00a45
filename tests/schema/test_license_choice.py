"""Which licence expressions a list of allowed licences permits."""

import pytest

from hypiler.schema.license_choice import is_allowed

ALLOWED = [
    "MIT",
    "Apache-2.0",
    "GPL-2.0-only",
    "GPL-2.0-only WITH Classpath-exception-2.0",
    "LicenseRef-acme",
    "EUPL-1.1",
]


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "mit",
        "(MIT)",
        "MIT OR CC-BY-NC-4.0",
        "CC-BY-NC-4.0 OR CC-BY-4.0 OR MIT",
        "MIT AND Apache-2.0",
        "MIT AND (CC-BY-NC-4.0 OR Apache-2.0)",
        "CC-BY-NC-4.0 AND CC-BY-4.0 OR MIT",
        # Whoever takes "or any later version" may take the version itself.
        "GPL-2.0-or-later",
        "GPL-2.0+",
        "EUPL-1.1+",
        # What SPDX called GPL-2.0-only before.
        "GPL-2.0",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "LicenseRef-acme",
        "(" * 5000 + "MIT" + ")" * 5000,
    ],
)
def test_expression_is_allowed(expression: str) -> None:
    assert is_allowed(expression, ALLOWED)


@pytest.mark.parametrize(
    "expression",
    [
        "CC-BY-NC-4.0",
        "MIT AND CC-BY-NC-4.0",
        "MIT AND (CC-BY-NC-4.0 OR CC-BY-4.0)",
        "CC-BY-NC-4.0 OR MIT AND CC-BY-4.0",
        # An exception may take rights away.
        "MIT WITH AdditionRef-no-commercial-use",
        "EUPL-1.2",
        "GPL-3.0-only",
        "LicenseRef-acme-or-later",
        "LicenseRef-acme-only",
        # What is no expression.
        "",
        "OR",
        "MIT OR",
        "OR MIT",
        "MIT MIT",
        "MIT WITH",
        "(MIT",
        "MIT)",
        ")MIT(",
        "()",
    ],
)
def test_expression_is_not_allowed(expression: str) -> None:
    assert not is_allowed(expression, ALLOWED)


def test_expression_that_is_listed_as_a_whole_is_allowed() -> None:
    assert is_allowed("CC-BY-4.0  AND MIT", ["CC-BY-4.0 AND MIT"])
    assert not is_allowed("MIT AND CC-BY-4.0 AND X11", ["CC-BY-4.0 AND MIT"])
