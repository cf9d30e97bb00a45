"""What may stand in a message, whatever the input holds."""

import unicodedata

# Controls, format characters (bidi among them), surrogates, private use, unassigned, and line and paragraph ends.
_RAW = ("C", "Zl", "Zp")


def raw_characters(text: str) -> list[str]:
    """The characters that a terminal or a log would act upon instead of showing them."""
    return [c for c in text if unicodedata.category(c).startswith(_RAW)]


def assert_clean(*lines: str) -> None:
    """No line holds a raw control, bidi or other invisible character."""
    assert [raw_characters(line) for line in lines] == [[] for _ in lines]
