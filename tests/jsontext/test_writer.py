"""The form of new JSON: values survive it, and short lists and objects take one line."""

import json

import pytest
from generated import exactly
from hypothesis import given
from hypothesis import strategies as st

from hypiler.jsontext.writer import WIDTH, Writer

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=values, broken=st.booleans())
def test_form_changes_no_value(value: object, broken: bool) -> None:
    text = Writer().write(value, broken=broken)  # type: ignore[arg-type]
    assert exactly(json.loads(text)) == exactly(value)


@given(value=values)
def test_one_line_is_what_the_standard_library_writes(value: object) -> None:
    line = json.dumps(value, ensure_ascii=False)
    # What does not print is escaped in addition.
    shown = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
    assert Writer().line(value) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("bert\u202eevil", "bert\\u202eevil"),
        ("\x85\x7f\u2028\u2029\u200b", "\\u0085\\u007f\\u2028\\u2029\\u200b"),
        ("\x1b[31m\x00\n", "\\u001b[31m\\u0000\\n"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("é 日本 😀", "é 日本 😀"),
    ],
)
def test_characters_that_do_not_print_are_escaped(text: str, written: str) -> None:
    """Reviewers see what stands in the file, in values and in keys."""
    assert Writer().line({text: text}) == f'{{"{written}": "{written}"}}'
    assert json.loads(Writer().scalar(text)) == text


@pytest.mark.parametrize("missing", [0, 1])
def test_list_takes_one_line_up_to_the_width(missing: int) -> None:
    """One character less than the width is the longest line."""
    before, inside = 10, "x" * (WIDTH - 10 - 2 - len('[""]') - missing)
    text = Writer().write([inside], "  ", before)
    assert text == (f'["{inside}"]' if missing else f'[\n    "{inside}"\n  ]')


def test_objects_with_an_id_and_broken_ones_take_a_line_per_member() -> None:
    value = {"models": [{"id": "a", "tags": ["b", "c"]}], "none": [], "empty": {}}
    assert (
        Writer().write(value, broken=True)
        == """\
{
  "models": [
    {
      "id": "a",
      "tags": ["b", "c"]
    }
  ],
  "none": [],
  "empty": {}
}"""
    )
    assert Writer().write({"a": {"b": [1, "ü"]}}) == '{"a": {"b": [1, "ü"]}}'


def test_inline_writer_never_breaks_a_line() -> None:
    writer = Writer()
    writer.inline = True
    assert "\n" not in writer.write([{"id": "x" * WIDTH}])
