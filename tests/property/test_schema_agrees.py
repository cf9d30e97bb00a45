"""The JSON Schema for editors and the checks of the compiler come from one table, and say the same of any file.

The schema judges values alone; rules between values and names (M2, M3) are the compiler's. Of values, the compiler
refuses more in a few points, each listed in `STRICTER`; it accepts nothing that the schema refuses.
"""

import re
from typing import Any

import pytest
from generated import compiled
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import (
    HOSTILE,
    PLANTERS,
    at,
    leaves,
    one_fault,
    plain_model,
    registries,
    registry_of,
    replaced,
    texts,
)

from hypiler.diagnostics.finding import Finding
from hypiler.emit.json_schema import json_schema

VALIDATOR = Draft202012Validator(json_schema())

# What the compiler refuses and the schema, by the nature of JSON Schema, lets pass.
STRICTER: dict[str, Any] = {
    "7.0 is an integer to JSON Schema": 7.0,
    "a day that the calendar lacks": "2023-02-29",
    "a three-letter code where one of two letters exists": "eng",
    "a code of two letters that ISO 639 lacks": "xx",
    "a line end after the text: Python's `$` matches before it, ECMAScript's does not": "en\n",
}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@given(tree=registries())
def test_the_schema_accepts_every_valid_registry(tree: Any) -> None:
    assert list(VALIDATOR.iter_errors(tree)) == []


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([2**53 - 1, 2**53, -(2**53), 10**17]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1.0, 0.5, 53.2]),
    st.sampled_from(["", " ", "en", "EN", "fp32", "110M", "a/b", "2024", "text", *HOSTILE]),
    texts(blank=True),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["en", "fp32", 1, True, None, "text", []]), max_size=2),
    st.dictionaries(st.sampled_from(["", "id", "x"]), st.integers() | st.text(), max_size=2),
)


@given(
    tree=registries(min_models=1, max_models=1),
    value=ANYTHING,
    choice=st.integers(0, 10**6),
    cut=st.integers(0, 9),
)
def test_neither_accepts_a_value_that_the_other_refuses(tree: Any, value: Any, choice: int, cut: int) -> None:
    places = list(leaves(tree))
    path = places[choice % len(places)][0]
    path = path[: max(1, len(path) - cut % 3)]
    _compare(replaced(tree, path, value))


@given(name=st.sampled_from(sorted(PLANTERS)), data=st.data())
def test_neither_misses_a_planted_fault_of_a_value(name: str, data: Any) -> None:
    _, fault = data.draw(one_fault(PLANTERS[name]))
    _compare(fault.tree)


def _compare(tree: Any) -> None:
    """Both accept, both refuse, or the compiler refuses for one of the reasons that it has alone."""
    findings = compiled(tree).findings
    collector = [finding for finding in findings if finding.code.startswith("M1")]
    if VALIDATOR.is_valid(tree):
        assert [f for f in collector if not _is_stricter(f, tree)] == []
    else:
        assert collector != []


def _is_stricter(finding: Finding, tree: Any) -> bool:
    value = at(tree, finding.path)
    if isinstance(value, float):
        return finding.code == "M103" and value.is_integer()
    if not isinstance(value, str):
        return False
    if value.endswith("\n"):
        return finding.code > "M106"
    form = {"M109": r"(19|20)\d\d-\d\d-\d\d", "M111": r"[a-z]{2,3}(-[A-Za-z0-9]+)*"}
    return re.fullmatch(form.get(finding.code, "(?!)"), value) is not None


@pytest.mark.parametrize("value", STRICTER.values(), ids=STRICTER.keys())
def test_the_compiler_alone_refuses(value: Any) -> None:
    path = {
        7.0: ("specs", "vocab_size"),
        "2023-02-29": ("release_date",),
    }.get(value, ("capabilities", "languages", 0))
    tree = replaced(registry_of(plain_model()), ("models", 0, *path), value)
    assert VALIDATOR.is_valid(tree)
    assert [f.path for f in compiled(tree).findings] == [("models", 0, *path)]
