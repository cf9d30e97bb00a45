"""Edits: the result reads as it must, looks as what is around it, and every other byte stays."""

import copy
import json
import random
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from catalogue import SAMPLE
from golden import golden
from hypothesis import assume, given
from hypothesis import strategies as st

from hypiler.emit.models_json import emit_models
from hypiler.jsontext import editor
from hypiler.jsontext.editor import REMOVED, Change, EditError
from hypiler.jsontext.reader import Source, read_source
from hypiler.model_registry import MODEL_REGISTRY
from hypiler.schema.fields import FIELDS
from hypiler.schema.key_order import schema_order

SHIPPED = Path(__file__).parents[2] / "models.json"
Where = tuple[str | int, ...]


def edit(source: Source, changes: list[Change], order: Any = schema_order) -> str:
    return editor.edit(source, changes, order)


def read(text: str) -> Source:
    source, findings = read_source(text.encode(), "models.json")
    assert source is not None
    assert findings == []
    return source


def edited(text: str, *changes: tuple[str, Any]) -> str:
    """The text after changes at paths as `models.0.id`, of which keys that lack come in the order of the alphabet."""
    return edit(read(text), [Change(path_of(name), value) for name, value in changes], alphabetical)


def path_of(name: str) -> Where:
    return tuple([int(part) if part.isdigit() else part for part in name.split(".")])


def alphabetical(path: Where) -> int:
    return ord((str(path[-1]) or "\0")[0])


# replacing


@pytest.mark.parametrize(
    ("text", "name", "value", "expected"),
    [
        ('{"a": 1}', "a", 2, '{"a": 2}'),
        ('{"a":1,"b":[1,2]}', "b.1", -0.5, '{"a":1,"b":[1,-0.5]}'),
        ('{"a" :\t1 ,\r\n "b": 2}\r\n\r\n', "a", None, '{"a" :\tnull ,\r\n "b": 2}\r\n\r\n'),
        ('{"\\u0061": "x"}', "a", '\\ "\n\x7f/', '{"\\u0061": "\\\\ \\"\\n\\u007f/"}'),
        ('[{"a": true}]', "0.a", "", '[{"a": ""}]'),
        ('{"a": {"b": 1, "c": 2}}', "a", [], '{"a": []}'),
        ('{"a": {}}', "a", {"b": [1]}, '{"a": {"b": [1]}}'),
        ('{"a":{}}', "a", {"b": [1, 2]}, '{"a":{"b":[1,2]}}'),
    ],
)
def test_a_value_is_replaced_and_nothing_else(text: str, name: str, value: Any, expected: str) -> None:
    assert edited(text, (name, value)) == expected


def test_the_whole_value_can_be_replaced() -> None:
    assert edit(read(" [1]\n"), [Change((), {"a": 1})]) == ' {"a": 1}\n'


@pytest.mark.parametrize(
    ("text", "value"), [("1e2", 100.0), ("-0", 0), ('"\\u0041"', "A"), ('{ "b":1,"a":2 }', {"a": 2, "b": 1})]
)
def test_a_value_that_is_there_already_keeps_its_spelling(text: str, value: Any) -> None:
    assert edited(f'{{"x": {text}}}', ("x", value)) == f'{{"x": {text}}}'


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ([1], [True])])
def test_a_value_that_is_only_equal_is_replaced(old: Any, new: Any) -> None:
    assert edited(json.dumps({"x": old}), ("x", new)) == json.dumps({"x": new})


def test_no_changes_leave_the_text() -> None:
    assert edited(' {"a" : 1e2 }') == ' {"a" : 1e2 }'


# adding a key

LINES = """\
{
  "b": 1,
  "d": {"x": 1},

  "f": []
}
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", LINES.replace('  "b"', '  "a": 0,\n  "b"')),
        ("c", LINES.replace("1,\n", '1,\n  "c": 0,\n')),
        ("e", LINES.replace("},\n\n", '},\n  "e": 0,\n\n')),
        ("g", LINES.replace("[]", '[],\n\n  "g": 0')),
        ("d.y", LINES.replace('"x": 1', '"x": 1, "y": 0')),
        ("d.a", LINES.replace('"x": 1', '"a": 0, "x": 1')),
        ("f.0", LINES.replace("[]", "[0]")),
    ],
)
def test_a_key_follows_the_one_that_precedes_it_in_the_order(name: str, expected: str) -> None:
    assert edited(LINES, (name, 0)) == expected


def test_a_key_follows_the_nearest_one_of_the_order_however_the_file_is_ordered() -> None:
    assert edited('{"d": 1, "a": 2, "x": 3}', ("e", 0)) == '{"d": 1, "e": 0, "a": 2, "x": 3}'
    assert edited('{"a": 1, "a2": 2, "x": 3}', ("a3", 0)) == '{"a": 1, "a2": 2, "a3": 0, "x": 3}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}', '{"a":1,"b":0}'),
        ('{"a": 1}', '{"a": 1, "b": 0}'),
        ('{ "a" : 1 }', '{ "a" : 1, "b" : 0 }'),
        ('{"a": 1,"c": 2}', '{"a": 1,"b": 0,"c": 2}'),
        ('{"a": 1}', '{"a": 1, "b": 0}'),
        ('{\n"a": 1\n}', '{\n"a": 1,\n"b": 0\n}'),
        ('{\r\n\t"a": 1\r\n}', '{\r\n\t"a": 1,\r\n\t"b": 0\r\n}'),
        ('{\r  "a": 1\r}', '{\r  "a": 1,\r  "b": 0\r}'),
        ('{ "a": 1\n, "c": 2\n}', '{ "a": 1\n, "b": 0\n, "c": 2\n}'),
        ('{"a": 1,\n "c": 2}', '{"a": 1,\n "b": 0,\n "c": 2}'),
        ('{\n  "a": 1, "c": 2\n}', '{\n  "a": 1, "b": 0, "c": 2\n}'),
    ],
)
def test_a_key_is_set_off_as_its_siblings_are(text: str, expected: str) -> None:
    assert edited(text, ("b", 0)) == expected


def test_several_keys_come_in_their_order_whichever_is_given_first() -> None:
    changes = [("d", 4), ("a", 1), ("c", 3), ("e.g", 6), ("e.f", 5)]
    expected = '{"a": 1, "b": 2, "c": 3, "d": 4, "e": {"f": 5, "g": 6}}'
    assert edited('{"b": 2}', *changes) == edited('{"b": 2}', *reversed(changes)) == expected


# sections that lack


def document(value: Any, indent: Any = 2) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)


@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4, "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_section_that_lacks_is_made_in_the_form_of_the_others(indent: Any, end: str) -> None:
    before = {"models": [{"arch": {"a": 1}, "langs": ["en"]}]}
    after = {"models": [{"arch": {"a": 1}, "encoding": {"deep": {"er": ["x", "y"]}}, "langs": ["en"]}]}
    text = document(before, indent).replace("\n", end)
    assert edited(text, ("models.0.encoding.deep.er", ["x", "y"])) == document(after, indent).replace("\n", end)


SHORT = {"b": 1, "c": [1, 2]}


@pytest.mark.parametrize(
    ("beside", "written"),
    [
        # nothing shows it
        (["1"], '{"b": 1, "c": [1, 2]}'),
        (["[]", "{}", '"[1]"'], '{"b": 1, "c": [1, 2]}'),
        (["[1]", '{"b": 1}'], '{"b": 1, "c": [1, 2]}'),
        (["[ 1 ]", '{ "b": 1 }'], '{ "b": 1, "c": [ 1, 2 ] }'),
        (["[1]", '{\n    "b": 1\n  }'], '{\n    "b": 1,\n    "c": [1, 2]\n  }'),
        (["[\n    1\n  ]", '{"b": 1}'], '{\n    "b": 1,\n    "c": [\n      1,\n      2\n    ]\n  }'),
        # both are there
        (["[\n    1\n  ]", "[1]", "1"], '{"b": 1, "c": [1, 2]}'),
        (["[1]", "[\n    1\n  ]", "1"], '{"b": 1, "c": [1, 2]}'),
        # the one before it
        (["[\n    1\n  ]", "[1]"], '{"b": 1, "c": [1, 2]}'),
        (["[1]", "[\n    1\n  ]"], '{\n    "b": 1,\n    "c": [\n      1,\n      2\n    ]\n  }'),
        # what is long says nothing of what is short
        ([f'[\n    "{"x" * 99}"\n  ]', f'{{\n    "b": "{"x" * 99}"\n  }}'], '{"b": 1, "c": [1, 2]}'),
    ],
)
def test_short_lists_and_objects_take_one_line_unless_those_around_do_not(beside: list[str], written: str) -> None:
    members = [f'"{key}": {value}' for key, value in zip("wxyz", ["[]", *beside], strict=False)]
    text = "{\n  " + ",\n  ".join(members) + "\n}"
    assert edited(text, ("zz", SHORT)) == f'{text[:-2]},\n  "zz": {written}\n}}'


def test_spaces_after_commas_are_as_those_after_colons() -> None:
    text = '{\n  "m":[],\n  "x":1\n}'
    assert edited(text, ("y", SHORT)) == '{\n  "m":[],\n  "x":1,\n  "y":{"b":1,"c":[1,2]}\n}'


LONG = ["x" * 30] * 4
BROKEN = "[\n" + ",\n".join([f'    "{"x" * 30}"'] * 4) + "\n  ]"


@pytest.mark.parametrize(
    ("beside", "written"),
    [("[1]", BROKEN), (BROKEN, BROKEN), (json.dumps(LONG), json.dumps(LONG)), (json.dumps({"a": LONG[0] * 4}), BROKEN)],
)
def test_long_lists_are_broken_unless_those_around_are_not(beside: str, written: str) -> None:
    text = f'{{\n  "b": {beside}\n}}'
    assert edited(text, ("c", LONG)) == f'{{\n  "b": {beside},\n  "c": {written}\n}}'


@pytest.mark.parametrize(("width", "broken"), [(99, False), (100, True)])
def test_a_line_of_less_than_a_hundred_characters_is_short(width: int, broken: bool) -> None:
    text = edited('{\n  "a": 1\n}', ("b", ["x" * (width - len('  "b": [""]'))]))
    assert ("[\n" in text) == broken
    assert broken or len(text.splitlines()[2]) == width
    text = edited('{\n  "a": 1\n}', ("a", ["x" * (width - len('  "a": [""]'))]))
    assert ("[\n" in text) == broken


def test_what_is_nearer_shows_the_form() -> None:
    text = '{\n  "far": [1],\n  "near": {\n    "a": [\n      1\n    ]\n  }\n}'
    assert edited(text, ("near.b", [2])) == text.replace("    ]\n", '    ],\n    "b": [\n      2\n    ]\n')
    assert edited(text, ("zero", [2])) == text.replace("  }\n}", '  },\n  "zero": [\n    2\n  ]\n}')
    assert edited(text, ("gear", [2])) == text.replace("[1],\n", '[1],\n  "gear": [2],\n')


def test_the_line_that_a_list_stands_on_shows_whether_it_is_long() -> None:
    text = f'{{\n  "a": "{"x" * 99}",\n  "b": {{"c": [1], "d": [2]}},\n  "e": 1\n}}'
    assert edited(text, ("f", LONG)) == f'{text[:-2]},\n  "f": {BROKEN}\n}}'


def test_a_list_is_long_if_its_line_is() -> None:
    text = f'{{\n  "a": 1,\n  "{"b" * 90}": ["x"],\n  "d": 1\n}}'
    assert edited(text, ("e", LONG)) == f'{text[:-2]},\n  "e": {json.dumps(LONG)}\n}}'


# items


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"m":[]}', '{"m":[{"id":1,"b":[2,3]}]}'),
        ('{"m": []}', '{"m": [{"id": 1, "b": [2, 3]}]}'),
        ('{"m": [{}]}', '{"m": [{}, {"id": 1, "b": [2, 3]}]}'),
        ('{\n "m": []\n}', '{\n "m": [\n  {\n   "id": 1,\n   "b": [2, 3]\n  }\n ]\n}'),
        ('{\n "m": [ ]\n}', '{\n "m": [\n  {\n   "id": 1,\n   "b": [2, 3]\n  }\n ]\n}'),
        ('{\n "m": [\n  {"x": 1}\n ]\n}', '{\n "m": [\n  {"x": 1},\n  {"id": 1, "b": [2, 3]}\n ]\n}'),
        ('{\n "m": [\n  {"x":1},\n  {"x":1}\n ]\n}', '{\n "m": [\n  {"x":1},\n  {"x":1},\n  {"id":1,"b":[2,3]}\n ]\n}'),
        ('{\n "m": [{\n  "x": 1\n }]\n}', '{\n "m": [{\n  "x": 1\n }, {\n  "id": 1,\n  "b": [2, 3]\n }]\n}'),
        ('{"m": [\n{\n"x": []\n}\n]\n}', '{"m": [\n{\n"x": []\n},\n{\n"id": 1,\n"b": [2, 3]\n}\n]\n}'),
    ],
)
def test_an_item_takes_the_form_of_the_one_before_it(text: str, expected: str) -> None:
    assert edited(text, (f"m.{len(json.loads(text)['m'])}", {"id": 1, "b": [2, 3]})) == expected


def test_an_item_is_broken_as_the_one_before_it() -> None:
    text = f'[\n  [\n    "{"x" * 99}"\n  ]\n]'
    assert edited(text, ("1", [1])) == text[:-2] + ",\n  [\n    1\n  ]\n]"


def test_an_item_takes_one_line_as_the_one_before_it() -> None:
    text = '[\n  {"id": "a", "x": {"y": ["x"]}}\n]'
    item = {"id": "b", "x": {"y": LONG}}
    assert edited(text, ("1", item)) == f"{text[:-2]},\n  {json.dumps(item)}\n]"


def test_several_items_may_come_in_any_order() -> None:
    changes = [("2", "c"), ("1", "b"), ("3", "d")]
    assert edited('["a"]', *changes) == '["a", "b", "c", "d"]'


@pytest.fixture(scope="module")
def shipped() -> Source:
    return read(SHIPPED.read_text("utf-8"))


@pytest.mark.parametrize("id", [model.id for model in SAMPLE])
def test_a_shipped_model_looks_at_the_end_as_where_it_stands(id: str, shipped: Source) -> None:
    source, index = shipped, [model.id for model in MODEL_REGISTRY].index(id)
    value: Any = source.value
    start, end = source.spans([("models", index)])["models", index][2:]
    text = edit(source, [Change(("models", len(value["models"])), value["models"][index])])
    model = source.text[start:end]
    assert text == source.text.removesuffix("\n  ]\n}\n") + f",\n    {model}\n  ]\n}}\n"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_model_looks_as_init_would_have_written_it(count: int) -> None:
    few, more = [emit_models(MODEL_REGISTRY[:n], "schema.json") for n in (count, count + 1)]
    assert edit(read(few), [Change(("models", count), json.loads(more)["models"][-1])]) == more


# characters beyond ASCII


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "a"}', '{"a": "a", "b": "é😀"}'),
        ('{"a": "à"}', '{"a": "à", "b": "é😀"}'),
        ('{"a": "\\u00E0"}', '{"a": "\\u00E0", "b": "\\u00e9\\ud83d\\ude00"}'),
        ('{"a": "\\\\\\u00e0"}', '{"a": "\\\\\\u00e0", "b": "\\u00e9\\ud83d\\ude00"}'),
        # no escapes of characters beyond ASCII
        ('{"a": "\\\\u00e0 \\u007f"}', '{"a": "\\\\u00e0 \\u007f", "b": "é😀"}'),
        # both are there
        ('{"a": "\\u00e0", "c": "à"}', '{"a": "\\u00e0", "b": "\\u00e9\\ud83d\\ude00", "c": "à"}'),
        ('{"a": "\\u00e0", "a2": "à"}', '{"a": "\\u00e0", "a2": "à", "b": "é😀"}'),
    ],
)
def test_text_is_escaped_as_that_of_the_neighbours(text: str, expected: str) -> None:
    assert edited(text, ("b", "é😀")) == expected


def test_keys_are_escaped_as_values_are() -> None:
    assert edited('{"a": "\\u00e0"}', ("é", {"é": 1})) == '{"a": "\\u00e0", "\\u00e9": {"\\u00e9": 1}}'


# removing a key


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b"], '{\n  "d": {"x": 1},\n\n  "f": []\n}\n'),
        (["d"], '{\n  "b": 1,\n\n  "f": []\n}\n'),
        (["f"], '{\n  "b": 1,\n  "d": {"x": 1}\n}\n'),
        (["b", "d"], '{\n  "f": []\n}\n'),
        (["f", "d"], '{\n  "b": 1\n}\n'),
        (["f", "b"], '{\n  "d": {"x": 1}\n}\n'),
        (["d", "b", "f"], "{}\n"),
        (["d.x"], LINES.replace('{"x": 1}', "{}")),
    ],
)
def test_a_key_is_removed_with_its_comma(names: list[str], expected: str) -> None:
    assert edited(LINES, *[(name, REMOVED) for name in names]) == expected


def test_a_key_may_be_removed_beside_one_that_is_added() -> None:
    assert edited(LINES, ("f", REMOVED), ("e", 0)) == '{\n  "b": 1,\n  "d": {"x": 1},\n  "e": 0\n}\n'
    assert edited(LINES, ("b", REMOVED), ("a", 0)) == LINES.replace('"b": 1', '"a": 0')
    assert edited('{"a": 1}', ("a", REMOVED), ("b", 0)) == '{"b": 0}'


# what cannot be done


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("a", 1), ("a", 1)], golden("two changes concern $.a")),
        ([("b", 1), ("b.c", 1)], golden("two changes concern $.b.c")),
        ([("b.c", 1), ("b", 1)], golden("two changes concern $.b")),
        ([("a.b", 1)], golden("$.a must be an object or a list")),
        ([("b.c.d.e", 1)], golden("$.b.c must be an object or a list")),
        ([("c.x", 1)], golden("$.c.x has a key for a list, or an index for an object")),
        ([("b.0", 1)], golden("$.b[0] has a key for a list, or an index for an object")),
        ([("d.0", 1), ("d.x", 1)], golden("$.d.x has a key for a list, or an index for an object")),
        ([("c.3", 1)], golden("$.c must grow at its end, without gaps")),
        ([("d.1", 1)], golden("$.d[1] has a key for a list, or an index for an object")),
        ([("x", REMOVED)], golden("there is no key to remove at $.x")),
        ([("d.x", REMOVED)], golden("there is no key to remove at $.d.x")),
        ([("c.0", REMOVED)], golden("there is no key to remove at $.c[0]")),
    ],
)
def test_changes_that_contradict_each_other_or_the_file_are_refused(
    changes: list[tuple[str, Any]], message: str
) -> None:
    with pytest.raises(EditError) as caught:
        edited('{"a": 1, "b": {"c": 1}, "c": [1, 2]}', *changes)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), golden("the result cannot be read: a number must be finite; found `NaN`")),
        (
            10**18,
            golden(
                "the result cannot be read: an integer must have at most 18 digits; found `1000000000000000000` of 19"
            ),
        ),
        ("\ud800", golden("the result cannot be read: `\\ud800` must be half of a surrogate pair; found it alone")),
        ((1, 2), golden("the result does not have the values of the changes")),
        ({"b": (1,)}, golden("the result does not have the values of the changes")),
    ],
)
def test_what_json_cannot_hold_is_refused(value: Any, message: str) -> None:
    with pytest.raises(EditError) as caught:
        edited('{"a": 1}', ("a", value))
    assert str(caught.value) == message


def test_the_whole_file_can_not_be_removed() -> None:
    with pytest.raises(EditError) as caught:
        edit(read("{}"), [Change((), REMOVED)])
    assert str(caught.value) == golden("there is no key to remove at $")


def test_a_file_with_faults_is_not_edited() -> None:
    source, findings = read_source(b'{"a": NaN, "b": 1}', "models.json")
    assert source is not None
    assert len(findings) == 1
    with pytest.raises(EditError) as caught:
        edit(source, [Change(("b",), 2)])
    assert str(caught.value) == golden("the result cannot be read: a number must be finite; found `NaN`")
    assert edit(source, [Change(("a",), 2)]) == '{"a": 2, "b": 1}', "unless the fault goes"


# the order of the schema


def ordered(*paths: Where) -> None:
    ranks = [schema_order(path) for path in paths]
    assert ranks == sorted(set(ranks))


def test_the_order_is_that_of_the_table() -> None:
    ordered(("$schema",), ("version",), ("models",), *[("models", 3, *field.path) for field in FIELDS])
    ordered(
        ("models", 0, "description"),
        ("models", 0, "files"),
        ("models", 0, "revision"),
        ("models", 0, "encoding"),
        ("models", 0, "extra"),
        ("models", 0, "unknown"),
    )
    ordered(("models", 0, "variants", 0, "id"), ("models", 0, "variants", 2, "sha256"))
    assert schema_order(("unknown",)) == schema_order(("models", 0, "encoding", "prompts", "a"))


def test_sources_are_ordered_as_the_facts_that_they_name() -> None:
    facts = ["license", "files.weights", "files.weights.onnx", "revision", "encoding.prompts.query"]
    facts += ["variants", "variants[2].sha256", "extra.x", "unknown"]
    ordered(*[("models", 0, "sources", fact) for fact in facts])
    assert schema_order(("models", 0, "sources", "extra.a")) == schema_order(("models", 1, "sources", "extra.b[0]"))


def test_without_another_order_that_of_the_schema_is_followed() -> None:
    text = '{"models": [{"id": "a", "description": "b", "sources": {"license": "c", "extra.x": "d"}}]}'
    changes = {"encoding.pooling": "cls", "encoding.normalize": True, "sources.revision": "e", "type": "f", "own": "g"}
    expected = (
        '{"models": [{"id": "a", "type": "f", "description": "b", "encoding": {"pooling": "cls", "normalize": true}, '
        '"sources": {"license": "c", "revision": "e", "extra.x": "d"}, "own": "g"}]}'
    )
    for items in (list(changes.items()), list(changes.items())[::-1]):
        assert edit(read(text), [Change(("models", 0, *path_of(name)), value) for name, value in items]) == expected


# spans


@pytest.mark.parametrize("scanner", ["_json", "json"])
def test_spans_are_those_of_key_and_value(monkeypatch: pytest.MonkeyPatch, scanner: str) -> None:
    if scanner == "json":
        monkeypatch.setitem(sys.modules, "_json", None)
    source = read(' {"a" : [1, {"\\u0062": -2}]}')
    paths: list[Where] = [(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b"), ("a", 2), ("b",), ("a", 0, "x")]
    found = {path: (source.text[a:b], source.text[c:d]) for path, (a, b, c, d) in source.spans(paths).items()}
    assert found == {
        (): ("", '{"a" : [1, {"\\u0062": -2}]}'),
        ("a",): ('"a"', '[1, {"\\u0062": -2}]'),
        ("a", 0): ("", "1"),
        ("a", 1): ("", '{"\\u0062": -2}'),
        ("a", 1, "b"): ('"\\u0062"', "-2"),
    }
    assert source.spans([]) == {}


# what holds for any text and any changes

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["[\n{", "{", '"', "\\", ": ", "x" * 99]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
objects = st.dictionaries(texts, values, min_size=1, max_size=6)
containers = objects | st.lists(values, min_size=1, max_size=6)
uniform = st.sampled_from(
    [
        {"indent": None},
        {"indent": None, "separators": (",", ":")},
        {"indent": 0},
        {"indent": 2},
        {"indent": 4, "separators": (",", ":")},
        {"indent": "\t"},
    ]
)


def ragged(value: Any, rng: random.Random) -> str:
    """The value as JSON with any blanks and any escapes."""

    def gap() -> str:
        return rng.choice(["", "", " ", "\n", "\r\n  ", "\r", "\t", "\n\n    "])

    def scalar(value: Any) -> str:
        return json.dumps(value, ensure_ascii=rng.choice([True, False]))

    if isinstance(value, dict):
        items = [f"{gap()}{scalar(key)}{gap()}:{gap()}{ragged(item, rng)}{gap()}" for key, item in value.items()]
        return "{" + (",".join(items) or gap()) + "}"
    if isinstance(value, list):
        return "[" + (",".join([gap() + ragged(item, rng) + gap() for item in value]) or gap()) + "]"
    return scalar(value)


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """The value in some form, uniform or not."""
    rng = draw(st.randoms(use_true_random=False))
    if draw(st.booleans()):
        return rng.choice(["", "\n", " "]) + ragged(value, rng) + rng.choice(["", "\n", "\r\n"])
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), **draw(uniform))
    return text.replace("\n", rng.choice(["\n", "\r\n", "\r"])) + rng.choice(["", "\n"])


def parts(value: Any, path: Where = ()) -> Iterator[tuple[Where, Any]]:
    yield path, value
    for part in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from parts(value[part], (*path, part))


@st.composite
def changed(draw: st.DrawFn, tree: Any) -> tuple[list[Change], Any]:
    """Some changes to a tree, none inside another, and the tree after them."""
    new = copy.deepcopy(tree)
    found = [*parts(tree)]
    changes: list[Change] = []
    taken: set[Where] = set()

    def free(path: Where) -> bool:
        return not any(path[: len(t)] == t or t[: len(path)] == path for t in taken)

    for path, value in draw(st.lists(st.sampled_from(found), min_size=1, max_size=6)):
        kind = draw(st.sampled_from(["replace", "remove", "add", "add section"]))
        if kind == "remove" and path and isinstance(path[-1], str):
            change = Change(path, REMOVED)
        elif kind.startswith("add") and isinstance(value, dict):
            key = draw(texts.filter(lambda key, value=value: key not in value))
            change = Change((*path, key), draw(values))
            if kind == "add section":
                change = Change((*path, key, *draw(st.sampled_from([(0,), ("x",), (0, "x"), ("x", 0)]))), draw(values))
        elif kind.startswith("add") and isinstance(value, list):
            change = Change((*path, len(value)), draw(values))
        elif path:
            change = Change(path, draw(values))
        else:
            continue
        top = change.path[: len(path) + 1]
        if free(top):
            taken.add(top)
            changes.append(change)
            put(new, change)
    assume(changes)
    return changes, new


def put(tree: Any, change: Change) -> None:
    *sections, last = change.path
    for part, below in zip(sections, change.path[1:], strict=True):
        if isinstance(tree, dict) and part not in tree:
            tree[part] = [] if isinstance(below, int) else {}
        elif isinstance(tree, list) and part == len(tree):
            tree.append([] if isinstance(below, int) else {})
        tree = tree[part]
    if change.value is REMOVED:
        del tree[last]
    elif isinstance(tree, list) and last == len(tree):
        tree.append(change.value)
    else:
        tree[last] = change.value


def exactly(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(case=containers.flatmap(lambda tree: st.tuples(written(tree), changed(tree))))
def test_the_result_reads_as_the_old_value_with_the_changes_and_all_else_stays(
    case: tuple[str, tuple[list[Change], Any]],
) -> None:
    text, (changes, wanted) = case
    new = edit(read(text), changes)
    assert exactly(json.loads(new)) == exactly(wanted)
    places = [change.path for change in changes]
    before, after = pieces(read(text), places), pieces(read(new), places)
    assert {name for name in before if name[1] == "value"} <= after.keys()
    assert {name: before[name] for name in before if name in after} == {
        name: after[name] for name in before if name in after
    }


def pieces(source: Source, changed: list[Where]) -> dict[Any, str]:
    """The text of all that no change concerns: values, keys, and the gaps between what lies beside each other."""
    text = source.text
    spans = source.spans([path for path, _ in parts(source.value)])
    found = {((), "before"): text[: spans[()][2]], ((), "after"): text[spans[()][3] :]}
    for path, value in parts(source.value):
        if any(path[: len(place)] == place for place in changed):
            continue
        key, _, start, end = spans[path]
        assert json.loads(text[start:end]) == value
        found[path, "key"] = text[key:start]
        if not any(place[: len(path)] == path for place in changed):
            found[path, "value"] = text[start:end]
        elif isinstance(value, dict | list):
            inner = [*value] if isinstance(value, dict) else [*range(len(value))]
            ends = [start + 1, *[spans[*path, part][3] for part in inner]]
            starts = [*[spans[*path, part][0] for part in inner], end - 1]
            pairs = pairwise([None, *inner, ...])
            found |= {(path, pair): text[a:b] for pair, a, b in zip(pairs, ends, starts, strict=True)}
    return found


@given(
    case=values.flatmap(lambda value: st.tuples(st.just(value), st.sampled_from([*parts(value)]), values)),
    form=uniform,
    ascii_only=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_value_that_is_put_back_stands_as_before(
    case: tuple[Any, tuple[Where, Any], Any], form: dict[str, Any], ascii_only: bool, end: str
) -> None:
    """In a file of one form that shows it: of each kind of value there is one that stays."""
    value, (path, old), other = case
    text = json.dumps({"v": value, "l": ["é"], "o": {"é": 1}}, ensure_ascii=ascii_only, **form).replace("\n", end)
    there = edit(read(text), [Change(("v", *path), other)])
    assert escaped(edit(read(there), [Change(("v", *path), old)])) == escaped(text)


def escaped(text: str) -> str:
    """The text of a file with escapes for what does not print in its strings, as the writer has them."""
    return "".join(c if c.isprintable() or c in "\t\r\n" else json.dumps(c)[1:-1] for c in text)


@given(
    case=objects.flatmap(lambda old: st.tuples(st.just(old), written([{"in": old}]))),
    key=texts,
    value=values,
    rank=st.integers(0, 6),
)
def test_a_key_that_is_added_is_one_piece_and_its_removal_leaves_the_old_text(
    case: tuple[dict[str, Any], str], key: str, value: Any, rank: int
) -> None:
    old, text = case
    assume(key not in old)
    ranks = {**{name: 2 * number for number, name in enumerate(old)}, key: 2 * rank - 1}
    new = edit(read(text), [Change((0, "in", key), value)], lambda path: ranks.get(str(path[-1]), 0))
    assert [*json.loads(new)[0]["in"]].index(key) == min(rank, len(old))
    length = len(new) - len(text)
    assert any(new[:start] + new[start + length :] == text for start in range(len(text)))
    assert edit(read(new), [Change((0, "in", key), REMOVED)]) == text


@given(case=containers.flatmap(lambda tree: st.tuples(written(tree), changed(tree))), rng=st.randoms())
def test_the_order_in_which_changes_are_given_does_not_matter(
    case: tuple[str, tuple[list[Change], Any]], rng: random.Random
) -> None:
    text, (changes, _) = case
    keys = sorted({part for change in changes for part in change.path if isinstance(part, str)})

    def order(path: Where) -> int:
        return keys.index(str(path[-1])) if path[-1] in keys else -1

    shuffled = sorted(changes, key=lambda _: rng.random())
    assert edit(read(text), shuffled, order) == edit(read(text), changes, order)
