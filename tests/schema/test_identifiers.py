"""Ids become names of the generated module."""

import keyword
import re
from pathlib import Path

import pytest
from generated import imported, valid
from hypothesis import given
from hypothesis import strategies as st
from strategies import registry_of

from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.identifiers import RESERVED, constant_name

ID = FIELDS[BY_ATTRIBUTE["id"]].type
IDS = st.from_regex(ID.pattern, fullmatch=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("a", "A"),
        ("colbert-v2", "COLBERT_V2"),
        ("bge-small-en-v1.5", "BGE_SMALL_EN_V1_5"),
        ("none", "NONE"),
        ("true", "TRUE"),
        ("class", "CLASS"),
    ],
)
def test_an_id_becomes_an_upper_case_name(id: str, name: str) -> None:
    assert constant_name(id) == name


@given(id=IDS)
def test_every_id_becomes_an_identifier_and_never_a_keyword(id: str) -> None:
    name = constant_name(id)
    assert re.fullmatch("[A-Z][A-Z0-9_]*", name)
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert not keyword.issoftkeyword(name)


def test_the_reserved_names_are_those_that_the_module_has_in_capitals(
    tmp_path: Path,
) -> None:
    with imported(valid(registry_of()), tmp_path) as module:
        names = {*dir(module), *vars(module)}
    assert {n for n in names if n.isupper() and n[0] != "_"} == RESERVED
