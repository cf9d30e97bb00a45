"""Laws of editing: a fact that is changed, a model that is added, and entries that are written from records."""

import json
from typing import Any

from generated import valid
from hypothesis import given
from hypothesis import strategies as st
from slow import slow
from strategies import Path, Tree, plain_model, registries, replaced, values, written

from hypiler.emit.models_json import emit_models
from hypiler.jsontext.editor import Change, edit
from hypiler.jsontext.reader import Source, read_source
from hypiler.schema.fields import FIELDS
from hypiler.schema.key_order import schema_order


def read(data: bytes) -> Source:
    source, findings = read_source(data, "models.json")
    assert findings == []
    assert source is not None
    return source


def shared(one: str, other: str) -> int:
    """The number of characters with which both texts begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def sorted_json(value: Any) -> str:
    """A value as text, so that 1 is neither true nor 1.0."""
    return json.dumps(value, sort_keys=True)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Tree, bytes, Path, Any]:
    """A registry, its text, and another value of one fact of one of its models."""
    tree = draw(registries(min_models=1))
    index = draw(st.integers(0, len(tree["models"]) - 1))
    field = draw(st.sampled_from(FIELDS))
    return tree, draw(written(tree)), ("models", index, *field.path), draw(values(field.type))


@given(case=edits())
def test_editing_a_fact_changes_that_fact_and_no_byte_of_another_model(case: tuple[Tree, bytes, Path, Any]) -> None:
    tree, data, path, value = case
    source = read(data)
    edited = read(edit(source, [Change(path, value)], schema_order).encode())
    assert sorted_json(edited.value) == sorted_json(replaced(tree, path, value))
    old, new = source.spans([path[:2]])[path[:2]], edited.spans([path[:2]])[path[:2]]
    assert source.text[: old[2]] == edited.text[: new[2]]
    assert source.text[old[3] :] == edited.text[new[3] :]


@given(case=registries(max_models=2).flatmap(lambda tree: st.tuples(st.just(tree), written(tree))))
def test_adding_a_model_leaves_every_byte_in_place(case: tuple[Tree, bytes]) -> None:
    tree, data = case
    added = {**plain_model(id="zz-added"), "aliases": []}
    old = data.decode()
    new = edit(read(data), [Change(("models", len(tree["models"])), added)], schema_order)
    before = shared(old, new)
    assert before + shared(old[before:][::-1], new[::-1]) == len(old)
    assert read(new.encode()).value == {**tree, "models": [*tree["models"], added]}


@slow
@given(tree=registries())
def test_entries_written_from_records_give_the_same_records(tree: Tree) -> None:
    registry = valid(tree)
    again = valid(json.loads(emit_models(registry.models, "https://example.org/schema.json")))
    assert [sorted_json(model.to_dict()) for model in again] == [sorted_json(model.to_dict()) for model in registry]
