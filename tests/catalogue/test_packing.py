"""Packed texts are the same texts again, for a reader that counts UTF-16 units as JavaScript does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_texts import unpacked
from slow import slow
from strategies import HOSTILE

from hypiler.catalogue import packing
from hypiler.catalogue.packing import DIGITS, packed

# A family of texts that have parts in common, and characters that JavaScript counts as two.
_PARTS = st.sampled_from(
    [
        "sentence-transformers/",
        "all-MiniLM-L6-v2",
        ", config.json, commit ",
        "0123456789ab",
        "~",
        "~~~",
        "\U0001f600",
        *[text for text in HOSTILE if len(text) < 100],
    ]
)
_TEXTS = st.lists(st.one_of(st.lists(_PARTS, max_size=6).map("".join), st.text(max_size=30)), max_size=12)


@slow
@settings(max_examples=40)
@given(_TEXTS)
def test_packed_texts_are_the_same_again(texts: list[str]) -> None:
    assert unpacked(packed(texts)) == texts


def test_what_an_earlier_text_has_is_copied() -> None:
    first = "sentence-transformers/all-MiniLM-L6-v2, config.json, commit 0123456789ab"
    one, other = packed([first, f"see {first}!"])
    assert one == first
    # The number of the text 0, its place 0, and a length of 72.
    assert other == f"see ~!!!!!!{DIGITS[len(first)]}!"
    assert packed([first, first.upper()])[1] == first.upper()


def test_a_tilde_is_no_copy() -> None:
    assert packed(["~", "a ~ in a text of some length", "~!!!!!!!"]) == [
        "~~",
        "a ~~ in a text of some length",
        "~~!!!!!!!",
    ]


def test_digits_are_written_by_json_and_html_as_they_are() -> None:
    assert len({*DIGITS}) == len(DIGITS) == 88
    assert not {*DIGITS} & {*'"\\<>&~ '}
    assert DIGITS.isascii()


def test_long_texts_and_many_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places and lengths beyond two digits are not copied, and neither are parts of a text that is too far down."""
    long = " ".join([f"word{number}" for number in range(3000)])
    # The last part lies within a copy, but so far behind in the first text that two digits do not hold its place.
    texts = [long, long[7000:], long[::-1], f"{long} {long}", f"!{long[6000:9000]}", f"?{long[8200:8900]}"]
    assert unpacked(packed(texts)) == texts
    monkeypatch.setattr(packing, "_DEEPEST", 3)
    chain = [" ".join([f"line{number}" for number in range(start, start + 30)]) for start in range(0, 300, 10)]
    packer = packing._Packer(chain)
    assert unpacked(packer.pack()) == chain
    assert max(packer.depths) == 3
