"""Input in messages: escaped, shortened, in JSON's own words."""

from typing import Any

import pytest
from golden import golden

from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name, quote_value


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain é 日本 😀", "plain é 日本 😀"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x00\x1b\x7f\x9b", "\\x00\\x1b\\x7f\\x9b"),
        ("\u202e\u2066\u200f\ufeff", "\\u202e\\u2066\\u200f\\ufeff"),
        ("\u2028\u2029\x85\xa0", "\\u2028\\u2029\\x85\\xa0"),
        ("\U000e0041\U0010ffff", "\\U000e0041\\U0010ffff"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, printed: str) -> None:
    assert printable(text) == printed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (1.5, "1.5"),
        (10**31, golden("a number of over 30 digits")),
        ([1], "a list"),
        ({"a": 1}, golden("an object")),
        ("a", '"a"'),
        ("x" * 60, f'"{"x" * 60}"'),
        ("x" * 61, f'"{"x" * 60}…"'),
        ("\n" * 40, '"' + r"\n" * 30 + '…"'),
    ],
    ids=range(12),
)
def test_a_value_is_shown_as_json_writes_it_and_shortened(value: Any, text: str) -> None:
    assert quote_value(value) == text


def test_a_name_is_shown_in_backticks_and_shortened() -> None:
    assert quote_name("a\u202e") == "`a\\u202e`"
    assert quote_name("x" * 61) == f"`{'x' * 60}…`"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("licence", "license"),
        ("Embedding-Dim", "embedding_dim"),
        ("embeddingdim", "embedding_dim"),
        ("zzz", None),
        ("", None),
    ],
)
def test_the_nearest_word_is_suggested_whatever_its_case_and_joints(word: str, near: str | None) -> None:
    found = did_you_mean(word, ["license", "embedding_dim"])
    assert found == (near and f"did you mean `{near}`?")


def test_a_very_long_word_costs_no_time() -> None:
    assert did_you_mean("license" * 10**6, ["license"] * 50) is None
