"""Input in messages: escaped, shortened, in JSON's own words."""

import difflib
from typing import Any

import pytest
from golden import golden

from hypiler._nearest import nearest_model
from hypiler.diagnostics.escaping import did_you_mean, nearest, one_line, printable, quote_name, quote_value
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


def test_near_word_is_found_among_ten_thousand_with_few_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    own = difflib.get_close_matches

    def counted(word: str, words: Any, **options: Any) -> Any:
        compared.append(len([*words]))
        return own(word, words, **options)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    known = [f"model-number-{i}-of-many" for i in range(10_000)]
    assert nearest("model-numbr-7777-of-many", [*known, "jina-embeddings-v3"]) == "model-number-7777-of-many"
    assert nearest("jina_embedings-v3", [*known, "jina-embeddings-v3"]) == "jina-embeddings-v3"
    assert nearest("zzz", known) is None
    assert max(compared) <= 50


def test_near_word_among_many_short_ones_is_the_one_that_a_full_comparison_finds() -> None:
    known = [f"{a}{b}-{c}{d}" for a in "abcdefgh" for b in "lmnopq" for c in "vxyz" for d in range(30)]
    for word in ("al-v1", "hq-z_29", "cn-17", "dm-xx9", "bp-v100"):
        near = nearest(word, known)
        (best,) = difflib.get_close_matches(word, known, n=1)
        ratios = [
            difflib.SequenceMatcher(None, word.replace("-", "_"), one.replace("-", "_")).ratio() for one in (near, best)
        ]
        assert ratios[0] >= ratios[1]


def test_repositories_are_compared_by_their_own_names() -> None:
    known = ["BAAI/bge-m3", "BAAI/bge-small", "colbert-ir/colbertv2.0"]
    assert nearest_model("baai/colbert-v2.0", known) == "colbert-ir/colbertv2.0"
    assert nearest_model("other/BGE_M3", known) == "BAAI/bge-m3"
    assert nearest_model("BAAI/zzz", known) is None
    assert nearest_model("bge-m4", ["bge-m3", "bge-small"]) == "bge-m3"
