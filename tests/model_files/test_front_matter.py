"""Front matter of model cards, as people write it and as attackers do."""

import sys
from typing import Any

import pytest
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from model_files.models import evidence, values

from hypiler.model_files.extract import ModelFileError, Problem
from hypiler.model_files.front_matter import MAX_BYTES, MAX_INDEX_BYTES, read_front_matter


def card(front: str) -> Any:
    """What the front matter of a card holds, without its model-index."""
    return read_front_matter(f"---\n{front}\n---\n# Card\n".encode())[0]


def test_values_are_the_texts_that_stand_there() -> None:
    front = "language: no\nreleased: 2024-09-18\nsize: 0x1F\nyes: on\nempty:\nnothing: ~\nquoted: ''\nlist: [a, 'null', null]"
    assert card(front) == {
        "language": "no",
        "released": "2024-09-18",
        "size": "0x1F",
        "yes": "on",
        "empty": None,
        "nothing": None,
        "quoted": "",
        "list": ["a", "null", None],
    }


@pytest.mark.parametrize("text", ["", "# Card\n", "----\na: b\n---\n", "text\n---\na: b\n---\n", " --- a\n"])
def test_card_without_front_matter_says_nothing(text: str) -> None:
    assert read_front_matter(text.encode()) == ({}, None, {})
    assert evidence({"README.md": text.encode()}).problems == []


@pytest.mark.parametrize(
    "text",
    [
        "---\na: b\n---",
        "---\na: b\n---\ntext\n---\n",
        "\ufeff---\na: b\n--- \n",
        "\n\n---\r\na: b\r\n---\r\nc: d",
        "---\ra: b\r---\r",
    ],
)
def test_fences_are_those_of_the_hub(text: str) -> None:
    assert read_front_matter(text.encode()) == ({"a": "b"}, None, {})


def test_empty_front_matter_is_empty() -> None:
    assert read_front_matter(b"---\n---\n") == ({}, None, {})


TOO_LONG = "it must have at most 64 kB, and 1 MB of `model-index`"
LAUGHS = (
    "{a: &a [x, x]," + ",".join([f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]) + "}"
)
HOSTILE = {
    "merged mapping": ("a: &a {license: mit}\n<<: *a\n*a : b", "line 4: aliases of lists and mappings are refused"),
    "tag on the mapping": ("!!map {a: b}", "line 2: tags are refused"),
    "key that is a list": ("? [a]\n: b", "line 2: a key must be a text"),
    "key that is a mapping": ("? {a: b}\n: c", "line 2: a key must be a text"),
    "tab": ("a:\n\t- b", "line 2: the rest is not YAML"),
    "open bracket": ("a: [b", "line 2: the rest is not YAML"),
    "too deep": ("a: " + "[" * 50 + "]" * 50, "line 2: lists and mappings must be nested at most 40 deep"),
    "list": ("- a", "it must be a mapping"),
    "text": ("a", "it must be a mapping"),
    "two documents": ("a: b\n--- c", "line 3: there must be one document"),
    "model-index twice": (
        "model-index: a\nmodel-index: b",
        "`model-index` must occur once, at the beginning of a line",
    ),
    "long key": ("x" * 1_000_000 + ": a", TOO_LONG),
    "long key that can be read": ("x" * 100_000 + ": a", TOO_LONG),
    "one byte too many": ("a: " + "x" * (MAX_BYTES - 2), TOO_LONG),
}


# What is refused for one key: what follows `license: `, and the reason.
HOSTILE_VALUES = {
    "billion laughs": (LAUGHS, "line 2: aliases of lists and mappings are refused"),
    "alias of nothing": ("*b", "line 2: aliases of lists and mappings are refused"),
    "alias of a mapping": ("&d {e: f}\nlicense: *d", "line 3: aliases of lists and mappings are refused"),
    "object": ("!!python/object/apply:os.system [id]", "line 2: tags are refused"),
    "tag on a text": ("!!str b", "line 2: tags are refused"),
    "tag without a name": ("! b", "line 2: tags are refused"),
    "key twice": ("mit\na: b\nlicense: other", "line 4: the key `license` occurs twice"),
    "key twice deep inside": ("\n- b: c\n  b: d", "line 4: the key `b` occurs twice"),
}


@pytest.mark.parametrize(("value", "message"), HOSTILE_VALUES.values(), ids=HOSTILE_VALUES)
def test_hostile_value_is_refused_for_its_key_alone(value: str, message: str) -> None:
    found = evidence({"README.md": f"---\nlicense: {value}\nlanguage: en\n---\n".encode()})
    assert found.problems == [Problem("README.md (`license`)", f"front matter: {message}")]
    assert values(found) == {"capabilities.languages": ["en"]}


@pytest.mark.parametrize("value", [value for value, _ in HOSTILE_VALUES.values() if "license" not in value])
def test_hostile_value_of_a_key_that_says_nothing_of_the_model_is_passed_over(value: str) -> None:
    found = evidence({"README.md": f"---\nwidget: {value}\nlicense: mit\n---\n".encode()})
    assert (found.problems, values(found)) == ([], {"license": "MIT"})


def test_aliases_of_texts_are_what_they_stand_for() -> None:
    found = evidence({"README.md": b"---\ntags: [&a mit, x]\nlicense: *a\nlanguage: [&b en, *b]\n---\n"})
    assert (found.problems, values(found)) == ([], {"license": "MIT", "capabilities.languages": ["en"]})


def test_key_that_stands_twice_with_one_value_is_read() -> None:
    found = evidence({"README.md": b"---\nlicense: mit\nlicense: mit\n---\n"})
    assert (found.problems, values(found)) == ([], {"license": "MIT"})


def test_alias_in_results_of_benchmarks_leaves_the_rest() -> None:
    front = "license: mit\nmodel-index:\n- name: x\n  results: &a [b]\n- results: *a"
    found = evidence({"README.md": f"---\n{front}\n---\n".encode()})
    told = "front matter: line 6: aliases of lists and mappings are refused"
    assert (found.problems, values(found)) == ([Problem("README.md (`model-index`)", told)], {"license": "MIT"})


@pytest.mark.parametrize(("front", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_front_matter_is_refused(front: str, message: str) -> None:
    found = evidence({"README.md": f"---\n{front}\n---\n".encode()})
    assert found.problems == [Problem("README.md", f"front matter: {message}")]
    assert found.facts == {}


def test_front_matter_without_an_end_is_refused() -> None:
    found = evidence({"README.md": b"---\nlicense: mit\n"})
    assert found.problems == [Problem("README.md", "front matter: it has no closing `---`")]


def test_card_that_is_not_utf8_is_refused() -> None:
    found = evidence({"README.md": b"---\nlicense: \xff\n---\n"})
    assert found.problems == [Problem("README.md", "front matter: the file must be UTF-8")]


def test_longest_front_matter_is_read() -> None:
    assert len(card("a: " + "x" * (MAX_BYTES - 3))["a"]) == MAX_BYTES - 3


def test_long_card_is_read_up_to_what_is_needed() -> None:
    for shift in ("", "x"):  # so that a letter is cut in two
        text = f"---\nlicense: mit\n---\n{shift}" + "ä" * (MAX_BYTES + MAX_INDEX_BYTES)
        assert values(evidence({"README.md": text.encode()}))["license"] == "MIT"


RESULT = (
    "- name: x\n  results:\n"
    + "  - task:\n      type: Retrieval\n    metrics:\n    - type: map_at_1\n      value: 22.8\n" * 2000
)


def test_results_of_benchmarks_may_be_long() -> None:
    front = f"license: mit\nmodel-index:\n{RESULT}\n# a comment\n\nlanguage: no"
    found, index, _ = read_front_matter(f"---\n{front}\n---\n".encode())
    assert len(RESULT) > 2 * MAX_BYTES
    assert found == {"license": "mit", "language": "no"}
    assert isinstance(index, list)
    assert len(index[0]["results"]) == 2000


@pytest.mark.parametrize("count", [250_000, 300_000], ids=["its end is seen", "its end is not seen"])
def test_results_of_benchmarks_are_not_endless(count: int) -> None:
    with pytest.raises(ModelFileError) as caught:
        card("model-index:\n" + "- abc\n" * count + "license: mit")
    assert str(caught.value) == TOO_LONG


def test_depth_has_a_limit() -> None:
    assert card("a: " + "[" * 38 + "]" * 38)
    with pytest.raises(ModelFileError, match=r"nested at most 40 deep$"):
        card("a: " + "[" * 39 + "]" * 39)


def test_brackets_are_not_counted_to_their_end() -> None:
    with pytest.raises(ModelFileError):
        card("a: " + "[" * 60_000)


@pytest.mark.parametrize(("before", "line"), [("", 3), ("a: b\n", 4)])
def test_fault_inside_the_results_has_its_place(before: str, line: int) -> None:
    found = read_front_matter(f"---\n{before}model-index:\n- !!int a\nb: c\n---\n".encode())
    assert found.faulty == {"model-index": golden(f"line {line}: tags are refused")}


def test_fault_after_the_results_has_its_place() -> None:
    found = read_front_matter(b"---\nmodel-index:\n- a\nb: !!int c\n---\n")
    assert found.faulty == {"b": golden("line 4: tags are refused")}


def test_missing_parser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    found = evidence({"README.md": b"---\nlicense: mit\n---\n"})
    told = "front matter: line 1: PyYAML is missing: python -m pip install 'hypiler[hub]'"
    assert found.problems == [Problem("README.md", told)]


def test_slow_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    test_values_are_the_texts_that_stand_there()
    test_brackets_are_not_counted_to_their_end()
    for front, message in HOSTILE.values():
        if "not YAML" not in message:  # where a fault is found first differs
            test_hostile_front_matter_is_refused(front, message)


@given(st.text(max_size=200) | st.text("-:&*!?[]{}|>#\"' \t\n~ab", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for data in (text.encode("utf-8", "replace"), b"---\n" + text.encode("utf-8", "replace") + b"\n---\n"):
        try:
            read_front_matter(data)
        except ModelFileError as error:
            assert str(error).isprintable()
