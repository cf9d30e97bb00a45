"""Input in messages: escaped, shortened, in JSON's own words."""

from typing import Any

import pytest
from golden import golden

from hypiler.diagnostics.escaping import did_you_mean, one_line, printable, quote_name, quote_value
from hypiler.diagnostics.finding import Finding, json_path
from hypiler.diagnostics.formats import render_github
from hypiler.diagnostics.text import render_concise, render_text


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


@pytest.mark.parametrize("text", ["x" * 10**6, "\n" * 10**6, "\u202e" * 5000, "é" * 4001, "\ud800" * 3000])
def test_a_message_is_one_line_of_bounded_length(text: str) -> None:
    line = one_line(f"begin {text} end")
    assert line.isprintable()
    assert len(line) <= 4000
    assert line.startswith("begin ")
    assert line.endswith(" end")
    assert one_line(line) == line


def test_a_message_that_fits_stays_as_it_is() -> None:
    for text in ("", "plain", "é 😀", "x" * 4000):
        assert one_line(text) == text


def test_a_finding_forges_no_line_whatever_it_is_made_of() -> None:
    hostile = "\n::error::forged\x1b[31m\u202e" + "x" * 10**5
    finding = Finding("M103", hostile, ("models", 0, hostile), help=hostile, file=hostile, model=hostile)
    for text in (finding.message, finding.help or "", finding.json_path, render_text([finding]).replace("\n", "")):
        assert text.isprintable()
        assert len(text) < 20_000 + len(hostile)
    assert "\n::error::" not in render_text([finding]) + render_concise([finding]) + render_github([finding])
    assert len(json_path(("a" * 10**6, 1, "b"))) < 300
