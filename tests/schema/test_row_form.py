"""Types compose: whatever a table can hold is read back as it was written, by hypiler and by generated modules."""

from typing import Any

import pytest
from generated import exactly, valid
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from strategies import plain_model, registry_of, values

from hypiler.diagnostics.collector import FindingCollector
from hypiler.emit.python.literals import EmitError
from hypiler.emit.python.row_codec import encode_apart, encode_rows, field_words, lookup_of, verify_rows
from hypiler.schema.field import Field
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.free_types import Extra, Free
from hypiler.schema.string_types import Date, Language, ModelTypeName, Pattern
from hypiler.schema.types import (
    CompositionError,
    FieldType,
    Flag,
    Integer,
    ListOf,
    MapOf,
    OneOf,
    Records,
    Score,
    Text,
)

SCALARS: list[FieldType] = [
    Text(),
    Text(blank=True),
    Integer("tokens"),
    Score(),
    Flag(),
    OneOf("_Word", "a", "b-c"),
    Date(),
    Language(),
    FIELDS[0].type,
    Pattern("[,;=|\\\\\"']{1,5}", "M113", "separators"),
]
scalars = st.sampled_from(SCALARS)
lists = st.builds(ListOf, scalars, at_least=st.sampled_from([0, 1]))
parts = st.tuples(scalars | lists, st.booleans(), st.just("A part."))
records = st.builds(
    lambda first, further: Records("Thing", first=(first, True, "The first."), **further),
    scalars,
    st.dictionaries(st.sampled_from(["one", "two", "three"]), parts),
)
maps = st.builds(MapOf, scalars | lists | st.just(Free()))
types = scalars | lists | records | maps


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[FieldType, Any]:
    """A type, and one of its values as a model holds it."""
    field_type = draw(types)
    collector = FindingCollector()
    value = field_type.read(draw(values(field_type)), collector)
    assert collector.findings == []
    return field_type, value


def plain(value: Any) -> Any:
    """A value of a model or of a generated module, with its types: records are tuples there, and objects here."""
    if hasattr(value, "keys"):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if hasattr(type(value), "__slots__"):
        return tuple([plain(getattr(value, name)) for name in type(value).__slots__])
    return value


def through_a_module(field_type: FieldType, *values: Any) -> list[Any]:
    """What generated modules give for the values of a field."""
    rows = [(f"m{number}", value, "end") for number, value in enumerate(values)]
    lines = encode_rows(rows, [Text(), field_type, Text()])
    assert all(line.isascii() and line.isprintable() and '"' not in line for line in lines)
    constants = {"_FIELDS": ["id:str", f"x:{field_type.codec}", "end:str", "deprecated:str"], "_ROWS": lines}
    find = lookup_of(constants)
    return [find(id).x for id, *_ in rows]


@given(typed_values())
def test_a_value_is_read_back_as_it_was_written(case: tuple[FieldType, Any]) -> None:
    field_type, value = case
    assert exactly(plain(field_type.decode(field_type.encode(value)))) == exactly(plain(value))


@given(typed_values())
def test_a_generated_module_reads_what_the_type_wrote(case: tuple[FieldType, Any]) -> None:
    field_type, value = case
    first, second = through_a_module(field_type, value, field_type.empty)
    assert exactly(plain(first)) == exactly(plain(value))
    assert exactly(plain(second)) == exactly(plain(field_type.empty))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
@given(data=st.data())
def test_each_field_of_the_table_is_read_back(field: Field, data: st.DataObject) -> None:
    value = field.type.read(data.draw(values(field.type)), FindingCollector())
    assert exactly(plain(field.type.decode(field.type.encode(value)))) == exactly(plain(value))


def test_a_flag_inside_a_record_is_read_back() -> None:
    field_type = Records("Thing", id=(Text(), True, "Id."), on=(Flag(), False, "Whether."))
    ((yes, no, unknown),) = through_a_module(field_type, (("a", True), ("b", False), ("c", None)))
    assert (yes.on, no.on, unknown.on) == (True, False, None)


def test_a_list_inside_a_record_is_empty_where_it_is_left_out() -> None:
    field_type = Records("Thing", id=(Text(), True, "Id."), tags=(ListOf(Text()), False, "Tags."))
    found = field_type.read([{"id": "a"}, {"id": "b", "tags": ["x,y", "z"]}], FindingCollector())
    assert found == (("a", ()), ("b", ("x,y", "z")))
    assert [plain(value) for value in through_a_module(field_type, found)] == [found]


def test_a_record_of_a_generated_module_has_the_name_that_the_table_gives() -> None:
    field_type = Records("Benchmark", name=(Text(), True, "Name."), score=(Score(), False, "Score."))
    ((record,),) = through_a_module(field_type, (("a", 0.5),))
    assert repr(record) == "Benchmark(name='a', score=0.5)"


REFUSED = [
    (
        lambda: ListOf(ListOf(Text())),
        "ListOf cannot hold ListOf: rows have no form for it; it can stand in: Field, MapOf, Records",
    ),
    (lambda: ListOf(Extra()), "ListOf cannot hold Extra: rows have no form for it; it can stand in: Field"),
    (lambda: ListOf(Free()), "ListOf cannot hold Free: rows have no form for it; it can stand in: MapOf"),
    (
        lambda: ListOf(ModelTypeName("[a-z]+")),
        "ListOf cannot hold ModelTypeName: rows have no form for it; it can stand in: Field",
    ),
    (lambda: MapOf(MapOf(Text())), "MapOf cannot hold MapOf: rows have no form for it; it can stand in: Field"),
    (
        lambda: Records("Thing", id=(Text(), True, "Id."), x=(MapOf(Text()), False, "X.")),
        "Records cannot hold MapOf: rows have no form for it; it can stand in: Field",
    ),
    (
        lambda: Records("Thing", id=(Text(), False, "Id.")),
        "Thing must have a required part that is a scalar: rows have no other form for it",
    ),
    (
        lambda: Records("Thing", ids=(ListOf(Text()), True, "Ids.")),
        "Thing must have a required part that is a scalar: rows have no other form for it",
    ),
    (lambda: Field("x", Free(), "X."), "Field cannot hold Free: rows have no form for it; it can stand in: MapOf"),
    (
        lambda: Field("x.y", ListOf(Text()), "X.", null=True),
        "`x.y` cannot be null: a row cannot tell null from an empty value",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message[:60] for _, message in REFUSED])
def test_what_rows_have_no_form_for_is_refused_where_the_table_says_it(make: Any, message: str) -> None:
    with pytest.raises(CompositionError) as error:
        make()
    assert str(error.value) == message


def test_a_type_whose_codec_no_module_decodes_is_refused() -> None:
    class Moment(Text):
        codec = "moment"

    with pytest.raises(CompositionError) as error:
        Field("released", Moment(), "When.")
    assert str(error.value) == golden("Moment has the codec 'moment', which no generated module decodes")


@pytest.mark.parametrize("make", [list, dict])
def test_the_empty_value_of_a_field_cannot_change(make: Any) -> None:
    for field in FIELDS:
        assert type(field.type.empty) is not make
        assert not hasattr(field.type.empty, "__setitem__")


def test_a_mapping_that_was_read_cannot_change() -> None:
    value = MapOf(Text()).read({"a": "b"}, FindingCollector())
    with pytest.raises(TypeError, match="does not support item assignment"):
        value["a"] = "c"


class TestRowsAreDecodedAgain:
    """What the emitter does with a sample of the rows before it writes a module."""

    def emitted(self) -> tuple[dict[str, list[str]], list[tuple[Any, ...]]]:
        model = valid(registry_of(plain_model())).models[0][: len(FIELDS)]
        return {
            "_FIELDS": field_words(apart=False),
            "_APART_FIELDS": field_words(apart=True),
            "_ROWS": encode_rows([model], [None if field.apart else field.type for field in FIELDS]),
            "_APART": encode_apart([model])[0],
            "_PHRASES": encode_apart([model])[1],
        }, [model]

    def test_rows_that_hold_the_models_pass(self) -> None:
        verify_rows(*self.emitted())
        verify_rows({key: [] for key in ("_FIELDS", "_ROWS", "_APART_FIELDS", "_APART", "_PHRASES")}, [])

    @pytest.mark.parametrize(
        ("attribute", "text", "message"),
        [
            ("model_type", "other", golden("`type` of `plain` would be read back as 'other', and is 'word'")),
            (
                "has_projection",
                "0",
                golden("`architecture.has_projection` of `plain` would be read back as False, and is True"),
            ),
            (
                "projection_dims",
                "8",
                golden("`architecture.projection_dims` of `plain` would be read back as 8, and is 7"),
            ),
            (
                "matryoshka_dims",
                "3",
                golden("`architecture.matryoshka_dims` of `plain` would be read back as (3,), and is (3, 7)"),
            ),
        ],
    )
    def test_a_row_that_says_something_else_is_an_error(self, attribute: str, text: str, message: str) -> None:
        constants, models = self.emitted()
        row = constants["_ROWS"][0].split("|")
        row[BY_ATTRIBUTE[attribute]] = text
        with pytest.raises(EmitError) as error:
            verify_rows({**constants, "_ROWS": ["|".join(row)]}, models)
        assert str(error.value) == message

    def test_a_value_of_another_type_is_an_error(self) -> None:
        constants, models = self.emitted()
        fields = [line.replace("has_projection:bool", "has_projection:int") for line in constants["_FIELDS"]]
        with pytest.raises(EmitError) as error:
            verify_rows({**constants, "_FIELDS": fields}, models)
        message = golden("`architecture.has_projection` of `plain` would be read back as 1, and is True")
        assert str(error.value) == message
