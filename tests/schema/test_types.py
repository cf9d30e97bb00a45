"""What each type of value takes, what it refuses, and in which words."""

from typing import Any

import pytest
from golden import golden

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.free_types import Extra
from hypiler.schema.string_types import Date, Identifier, Language, Pattern
from hypiler.schema.types import FieldType, Flag, Integer, ListOf, MapOf, OneOf, Records, Score, Text

NULL = "null means none or not published; give the value, or leave out an optional field"


def read(field_type: FieldType, value: Any) -> tuple[Any, list[tuple[str, str, str | None]]]:
    """The value as the type reads it in a field `x`, and code, message and help of its findings."""
    collector = FindingCollector()
    collector.field_path = ("x",)
    found = field_type.read(value, collector)
    return found, [(f.code, f.message, f.help) for f in collector.findings]


def refused(field_type: FieldType, value: Any, code: str, message: str, help: str | None = None) -> None:
    assert read(field_type, value) == (INVALID, [(code, message, help)])


def taken(field_type: FieldType, *values: Any) -> None:
    """Each value is taken as it stands, with its type."""
    for value in values:
        found, findings = read(field_type, value)
        assert (type(found), found, findings) == (type(value), value, [])


def of(attribute: str) -> FieldType:
    return FIELDS[BY_ATTRIBUTE[attribute]].type


class TestText:
    def test_any_text_that_is_not_blank_is_taken(self) -> None:
        taken(Text(), "a", " a ", "\x00", "\u202e", "x" * 10**6)

    @pytest.mark.parametrize("blank", ["", " ", "\t\r\n", "\u3000"])
    def test_blank_text_is_refused_unless_the_field_can_be_empty(self, blank: str) -> None:
        refused(Text(), blank, "M105", golden("`x` must not be empty"))
        taken(Text(blank=True), blank)

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (7, "integer 7"),
            (1.5, "number 1.5"),
            (True, golden("boolean true")),
            (False, golden("boolean false")),
            ([], "array"),
            ({}, "object"),
        ],
    )
    def test_another_type_is_named_with_its_value(self, value: Any, found: str) -> None:
        refused(Text(), value, "M103", golden(f"`x` must be a string, got {found}"))

    def test_null_is_refused_with_what_it_would_mean(self) -> None:
        refused(Text(), None, "M104", golden("`x` must be a string, got null"), NULL)


class TestPattern:
    field_type = Pattern("[a-z]{3}", "M113", "three letters", "count them")

    def test_a_match_is_taken(self) -> None:
        taken(self.field_type, "abc")

    @pytest.mark.parametrize("value", ["ab", "abcd", "abc\n", " abc", "äbc", ""])
    def test_only_the_whole_text_matches(self, value: str) -> None:
        shown = value.replace("\n", "\\n")
        message = golden(f'`x` must be three letters, got "{shown}"')
        refused(self.field_type, value, "M113", message, golden("count them"))

    def test_a_long_value_is_shortened(self) -> None:
        message = golden(f'`x` must be three letters, got "{"y" * 60}…"')
        refused(self.field_type, "y" * 10_000, "M113", message, golden("count them"))

    def test_what_does_not_print_is_escaped(self) -> None:
        message = golden('`x` must be three letters, got "\\x1b[31m\\u202e\\ud800"')
        refused(self.field_type, "\x1b[31m\u202e\ud800", "M113", message, golden("count them"))


class TestFormsOfTheTable:
    @pytest.mark.parametrize(
        ("attribute", "good", "bad"),
        [
            (
                "huggingface_id",
                ["a/b", "BAAI/bge-m3", "01-ai/Yi_1.5", "o/_x"],
                [
                    "a",
                    "a/b/c",
                    "/b",
                    "a/",
                    "a b/c",
                    "../b",
                    "a/..",
                    "a/.",
                    "-a/b",
                    "é/b",
                ],
            ),
            (
                "parameters",
                ["110M", "1.5B", "8x7B", "22.7M", "405B", "9999x1.2345T", "0.5K"],
                [
                    "110",
                    "110m",
                    "M",
                    "1.B",
                    ".5B",
                    "x7B",
                    "0x7B",
                    "1e9",
                    "1,5B",
                    "10000x1B",
                ],
            ),
            (
                "license",
                ["MIT", "Apache-2.0", "LicenseRef-Gemma", "A OR B", "A WITH B AND C"],
                ["", "-MIT", "MIT ", "A or B", "A  OR B", "see file", "Apache 2.0"],
            ),
            (
                "beir_datasets",
                ["beir-13", "beir-1"],
                ["beir", "beir-0", "beir-013", "BEIR-13", "beir-100"],
            ),
            (
                "revision",
                ["0123456789abcdef" * 2 + "0" * 8],
                ["main", "A" * 40, "a" * 39],
            ),
            (
                "onnx_file",
                ["model.onnx", "onnx/model_O4.onnx", "_x/y"],
                [
                    "/etc/x",
                    "../x",
                    "a/../b",
                    "a//b",
                    ".x",
                    "a/.x",
                    "C:\\x",
                    "a b",
                    "a\0",
                ],
            ),
        ],
    )
    def test_a_form_takes_the_good_and_refuses_the_bad(self, attribute: str, good: list[str], bad: list[str]) -> None:
        field_type = of(attribute)
        assert isinstance(field_type, Pattern)
        assert [value for value in good if not field_type.matches(value)] == []
        assert [value for value in bad if field_type.matches(value)] == []

    def test_a_repository_says_what_it_must_be(self) -> None:
        message = golden('`x` must be a Hugging Face repository of the form `org/name`, got "bge"')
        help = golden('a model that is elsewhere has a `source`, such as {"ollama": "nomic-embed-text:v1.5"}')
        refused(of("huggingface_id"), "bge", "M108", message, help)

    def test_a_count_of_parameters_shows_examples(self) -> None:
        message = golden('`x` must be a count such as `110M`, `1.5B` or `8x7B`, got "110"')
        refused(of("parameters"), "110", "M110", message, golden("a number, then K, M, B or T in capitals"))

    def test_a_license_says_how_to_write_one_that_spdx_lacks(self) -> None:
        message = golden('`x` must be an SPDX identifier such as `Apache-2.0`, got "see file"')
        help = golden("terms that SPDX does not list are written `LicenseRef-Name`")
        refused(of("license"), "see file", "M112", message, help)

    def test_a_revision_says_why_no_branch_will_do(self) -> None:
        message = golden('`x` must be a commit in 40 lower-case hex digits, got "main"')
        help = golden("a branch or tag can move; write the commit it stands at")
        refused(of("revision"), "main", "M113", message, help)


class TestIdentifier:
    form = "kebab-case: a lower-case letter, then letters and digits, joined by `-` or `.`"

    def test_kebab_case_is_taken(self) -> None:
        taken(of("id"), "a", "colbert-v2", "bge-small-en-v1.5", "a1.b2-c3")

    @pytest.mark.parametrize(
        ("value", "near"),
        [
            ("ColBERT_v2", "colbert-v2"),
            ("bge small", "bge-small"),
            ("-a-", "a"),
            ("A", "a"),
            ("org/name", "org-name"),
        ],
    )
    def test_the_nearest_identifier_is_suggested(self, value: str, near: str) -> None:
        message = golden(f'`x` must be {self.form}, got "{value}"')
        refused(of("id"), value, "M107", message, golden(f"did you mean `{near}`?"))

    @pytest.mark.parametrize("value", ["", "1a", "é", "--", "a..b", "A" * 90])
    def test_what_is_near_to_none_gets_no_suggestion(self, value: str) -> None:
        shown = value if len(value) < 60 else value[:60] + "…"
        refused(of("id"), value, "M107", golden(f'`x` must be {self.form}, got "{shown}"'))

    def test_a_type_is_written_as_an_id_is(self) -> None:
        taken(of("model_type"), "vision-language")
        message = golden(f'`x` must be {self.form}, got "Dense"')
        refused(of("model_type"), "Dense", "M107", message, golden("did you mean `dense`?"))

    @pytest.mark.parametrize("value", ["ſ", "K", "ﬁ", "ａ", "a\u0301", "a٣"])
    def test_letters_that_python_would_fold_are_refused(self, value: str) -> None:
        assert not Identifier(r"[a-z][a-z0-9]*").matches(value)


class TestDate:
    def test_a_year_a_month_or_a_day_is_taken(self) -> None:
        taken(Date(), "2024", "2024-09", "2024-09-18", "2024-02-29", "2000-02-29")

    @pytest.mark.parametrize(
        "value",
        [
            "24",
            "2024-9",
            "2024-13",
            "2024-00",
            "2024-09-32",
            "18.09.2024",
            "2024-09-18T00",
        ],
    )
    def test_another_form_is_refused(self, value: str) -> None:
        form = golden("a date of the form 2024, 2024-09 or 2024-09-18")
        refused(Date(), value, "M109", golden(f'`x` must be {form}, got "{value}"'))

    @pytest.mark.parametrize("value", ["2023-02-29", "1900-02-29", "2024-04-31"])
    def test_a_day_that_never_was_is_refused(self, value: str) -> None:
        message = golden(f'`x` must be a day that the calendar has, got "{value}"')
        refused(Date(), value, "M109", message)


class TestLanguage:
    form = "an ISO 639 code such as `en`, `zh-Hans` or `pt-BR`"

    def test_a_code_with_or_without_script_and_region_is_taken(self) -> None:
        taken(Language(), "en", "yue", "mul", "zh-Hans", "pt-BR", "sr-Latn-RS", "es-419")

    @pytest.mark.parametrize(
        ("value", "meant"),
        [
            ("EN", "en"),
            ("pt_br", "pt-BR"),
            ("ZH-HANS", "zh-Hans"),
            ("multilingual", "mul"),
        ],
    )
    def test_a_slip_is_put_right(self, value: str, meant: str) -> None:
        message = golden(f'`x` must be {self.form}, got "{value}"')
        refused(Language(), value, "M111", message, golden(f"did you mean `{meant}`?"))

    @pytest.mark.parametrize("value", ["", "english", "e", "en-us-x", "zh-hans-cn-x"])
    def test_what_is_no_code_gets_no_suggestion(self, value: str) -> None:
        refused(Language(), value, "M111", golden(f'`x` must be {self.form}, got "{value}"'))

    @pytest.mark.parametrize(("value", "meant"), [("eng", "en"), ("ger", "de"), ("zho-Hans", "zh-Hans")])
    def test_one_language_has_one_spelling(self, value: str, meant: str) -> None:
        message = golden(f'`x` must be the two-letter code where one exists, got "{value}"')
        refused(Language(), value, "M111", message, golden(f"did you mean `{meant}`?"))

    @pytest.mark.parametrize(
        ("value", "help"),
        [
            ("jp", golden("did you mean `ja`?")),
            ("cn-Hans", golden("did you mean `zh`?")),
            ("in", golden("did you mean `id`?")),
            ("xx", None),
        ],
    )
    def test_a_two_letter_code_must_exist(self, value: str, help: str | None) -> None:
        message = golden(f'`x` must be a code that ISO 639-1 has, got "{value}"')
        refused(Language(), value, "M111", message, help)


class TestInteger:
    def test_every_exact_integer_from_1_is_taken(self) -> None:
        taken(Integer(), 1, 768, 2**53 - 1)

    @pytest.mark.parametrize("value", [0, -1])
    def test_too_small_is_refused(self, value: int) -> None:
        refused(Integer(), value, "M106", golden(f"`x` must be at least 1, got {value}"))

    def test_too_large_is_refused(self) -> None:
        message = golden("`x` must be at most 9007199254740991, got 9007199254740992")
        refused(Integer(), 2**53, "M106", message)

    def test_what_has_very_many_digits_is_not_written_out(self) -> None:
        message = golden("`x` must be at most 9007199254740991, got a number of over 30 digits")
        refused(Integer(), 10**5000, "M106", message)

    @pytest.mark.parametrize(
        ("value", "found", "help"),
        [
            (True, "boolean true", None),
            (7.0, "number 7.0", None),
            ("768", 'string "768"', golden("write 768 without quotes")),
            (" 768 ", 'string " 768 "', golden("write 768 without quotes")),
            ("007", 'string "007"', golden("write 7 without quotes")),
            ("7e2", 'string "7e2"', None),
            ("²", 'string "²"', None),
            ("1" * 30, f'string "{"1" * 30}"', None),
        ],
    )
    def test_nothing_is_coerced(self, value: Any, found: str, help: str | None) -> None:
        message = golden(f"`x` must be an integer, got {found}")
        refused(Integer(), value, "M103", message, help)


class TestScore:
    def test_fractions_are_taken_as_floats(self) -> None:
        taken(Score(), 0.0, 0.4991, 1.0, 5e-324)
        for whole in (0, 1):
            found, findings = read(Score(), whole)
            assert (type(found), found, findings) == (float, whole, [])

    @pytest.mark.parametrize(
        ("value", "help"),
        [
            (53.25, golden("scores are fractions: did you mean 0.5325?")),
            (100, golden("scores are fractions: did you mean 1.0?")),
            (100.1, None),
            (-0.1, None),
            (1e308, None),
        ],
    )
    def test_percent_is_put_right_and_the_rest_refused(self, value: float, help: str | None) -> None:
        refused(Score(), value, "M106", golden(f"`x` must be a number in 0..1, got {value}"), help)

    def test_a_boolean_is_no_number(self) -> None:
        refused(Score(), True, "M103", golden("`x` must be a number, got boolean true"))


class TestFlag:
    def test_only_booleans_are_taken(self) -> None:
        taken(Flag(), True, False)
        refused(Flag(), 1, "M103", golden("`x` must be a boolean, got integer 1"))
        refused(Flag(), "true", "M103", golden('`x` must be a boolean, got string "true"'))


class TestOneOf:
    field_type = OneOf("_Word", "mean", "max")

    def test_a_word_of_the_list_is_taken(self) -> None:
        taken(self.field_type, "mean", "max")

    def test_another_word_lists_all_and_suggests_the_nearest(self) -> None:
        message = golden('`x` must be one of mean, max; got "meen"')
        refused(self.field_type, "meen", "M114", message, golden("did you mean `mean`?"))
        message = golden('`x` must be one of mean, max; got "zzz"')
        refused(self.field_type, "zzz", "M114", message)

    def test_another_type_is_refused(self) -> None:
        refused(self.field_type, [], "M103", golden("`x` must be a string, got array"))


class TestListOf:
    field_type = ListOf(Integer(), at_least=1)

    def test_a_list_becomes_a_tuple(self) -> None:
        assert read(self.field_type, [3, 1, 2]) == ((3, 1, 2), [])

    def test_an_empty_list_is_refused_where_one_item_is_due(self) -> None:
        refused(self.field_type, [], "M105", golden("`x` must not be empty"))
        assert read(ListOf(Integer()), []) == ((), [])

    def test_every_wrong_item_is_found(self) -> None:
        assert read(self.field_type, [0, 5, "5"]) == (
            INVALID,
            [
                ("M106", golden("`x[0]` must be at least 1, got 0"), None),
                (
                    "M103",
                    golden('`x[2]` must be an integer, got string "5"'),
                    golden("write 5 without quotes"),
                ),
            ],
        )

    def test_every_repetition_is_found(self) -> None:
        assert read(self.field_type, [5, 7, 5, 5]) == (
            INVALID,
            [
                ("M115", golden("`x[2]` repeats 5"), None),
                ("M115", golden("`x[3]` repeats 5"), None),
            ],
        )

    def test_another_type_is_refused(self) -> None:
        refused(self.field_type, 5, "M103", golden("`x` must be an array, got integer 5"))


class TestMapOf:
    field_type = MapOf(Text())

    def test_keys_are_the_users_own(self) -> None:
        value = {"a": "b", " ": "c", "\n": "d"}
        assert read(self.field_type, value) == (value, [])

    def test_an_empty_key_is_refused(self) -> None:
        refused(self.field_type, {"": "x"}, "M105", golden("a key of `x` must not be empty"))

    def test_a_wrong_value_is_named_by_its_key(self) -> None:
        refused(self.field_type, {"a": ""}, "M105", golden("`x.a` must not be empty"))
        refused(self.field_type, {"a b": ""}, "M105", golden('`x["a b"]` must not be empty'))
        refused(
            self.field_type,
            {'\n"\u202e': ""},
            "M105",
            golden('`x["\\n\\"\\u202e"]` must not be empty'),
        )

    def test_a_long_key_is_shortened(self) -> None:
        message = golden(f'`x["{"k" * 60}…"]` must not be empty')
        refused(self.field_type, {"k" * 10_000: ""}, "M105", message)

    def test_another_type_is_refused(self) -> None:
        refused(self.field_type, [], "M103", golden("`x` must be an object, got array"))


class TestExtra:
    field_type = Extra()

    def test_scalars_and_lists_of_scalars_are_taken_with_their_types(self) -> None:
        value = {
            "a": 1,
            "b": 1.0,
            "c": True,
            "d": None,
            "e": "x",
            "f": [1, "x", None],
            "g": [],
        }
        found, findings = read(self.field_type, value)
        assert findings == []
        assert {key: (type(item), item) for key, item in found.items()} == {
            "a": (int, 1),
            "b": (float, 1.0),
            "c": (bool, True),
            "d": (type(None), None),
            "e": (str, "x"),
            "f": (tuple, (1, "x", None)),
            "g": (tuple, ()),
        }

    @pytest.mark.parametrize(
        ("value", "place", "found"),
        [
            ({"b": 1}, "x.a", "object"),
            ([[1]], "x.a[0]", "array"),
            ([1, {}], "x.a[1]", "object"),
        ],
    )
    def test_nothing_deeper_is_taken(self, value: Any, place: str, found: str) -> None:
        message = golden(f"`{place}` must be a scalar or a list of scalars, got {found}")
        refused(self.field_type, {"a": value}, "M103", message)

    def test_an_integer_that_others_would_round_is_refused(self) -> None:
        message = "`x.a` must be in -9007199254740991..9007199254740991, got "
        refused(self.field_type, {"a": -(2**53)}, "M106", f"{message}{-(2**53)}")
        refused(
            self.field_type,
            {"a": [2**53]},
            "M106",
            message.replace("x.a", "x.a[0]") + str(2**53),
        )


class TestRecords:
    field_type = Records(
        "Thing",
        size=(Integer(), True, "How large."),
        label=(Text(), False, "What it is."),
    )

    def test_records_become_tuples_in_the_order_of_the_table(self) -> None:
        value = [{"label": "a", "size": 1}, {"size": 2}]
        assert read(self.field_type, value) == (((1, "a"), (2, None)), [])

    def test_a_missing_part_is_found(self) -> None:
        refused(self.field_type, [{}], "M101", golden("`x[0]` is missing the required field `size`"))

    def test_an_unknown_part_is_found_with_the_nearest_known(self) -> None:
        message = golden("unknown field `sise` in `x[0]`")
        refused(self.field_type, [{"size": 1, "sise": 2}], "M102", message, golden("did you mean `size`?"))

    def test_null_is_no_value_of_an_optional_part(self) -> None:
        message = golden("`x[0].label` must be a string, got null")
        refused(self.field_type, [{"size": 1, "label": None}], "M104", message, NULL)

    def test_what_is_no_object_is_found(self) -> None:
        refused(self.field_type, ["a"], "M103", golden('`x[0]` must be an object, got string "a"'))


class TestEveryType:
    @pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
    @pytest.mark.parametrize(
        "value",
        [None, True, 7, -1, 1.5, "", "x", "\n", [], [[]], {}, {"": {}}],
        ids=repr,
    )
    def test_any_value_is_taken_or_refused_with_a_finding(self, field: Any, value: Any) -> None:
        found, findings = read(field.type, value)
        assert (found is INVALID) == bool(findings)
