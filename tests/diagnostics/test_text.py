"""Findings as text and as JSON."""

import json
from typing import Any

import pytest
from clean import assert_clean
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from strategies import HOSTILE, texts

from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.finding import Finding, json_path
from hypiler.diagnostics.formats import render_json
from hypiler.diagnostics.text import render_concise, render_text
from hypiler.verification.rule_sets import all_codes


def finding(column: int = 1, width: int = 1, line: int = 1, **changed: Any) -> Finding:
    fields: dict[str, Any] = {"file": "a.json", "line": line, "column": column}
    return Finding("M105", "`x` must not be empty", width=width, **(fields | changed))


def excerpt(line: str, column: int, width: int = 1) -> tuple[str, str]:
    """The source line and the carets below it, as a report shows them."""
    report = render_text([finding(column, width)], lambda _: line).split("\n")
    assert report[2] == "  |"
    assert report[3][:4] == "1 | "
    assert report[4][:4] == "  | "
    return report[3][4:], report[4][4:]


class TestReport:
    def test_a_finding_is_shown_with_its_line_path_model_and_help(self) -> None:
        found = Finding(
            "M105",
            "`name` must not be empty",
            ("models", 3, "name"),
            help="write a name",
            model="bge-m3",
            file="models.json",
            line=12,
            column=15,
            width=2,
        )
        assert render_text([found], lambda _: '      "name": "",') == golden(
            "error[M105]: `name` must not be empty\n"
            "  --> models.json:12:15\n"
            "   |\n"
            '12 |       "name": "",\n'
            "   |               ^^\n"
            "   = at: $.models[3].name (model `bge-m3`)\n"
            "   = help: write a name\n"
            "\n"
            "1 error"
        )

    def test_a_finding_without_a_place_is_shown_without_a_line(self) -> None:
        found = Finding("M502", "`output` must be set", file="pyproject.toml")
        assert render_text([found]) == golden("error[M502]: `output` must be set\n--> pyproject.toml\n\n1 error")

    def test_errors_and_warnings_are_counted_apart(self) -> None:
        def counts(errors: int, warnings: int) -> str:
            found = [Finding("M105", "e")] * errors + [Finding("M212", "w")] * warnings
            return render_text(found).split("\n")[-1]

        assert counts(1, 0) == "1 error"
        assert counts(0, 1) == "1 warning"
        assert counts(2, 3) == "2 errors, 3 warnings"

    def test_note_is_shown_and_counted_apart(self) -> None:
        notes = [Finding("M212", "n", severity="note") for _ in range(2)]
        assert render_text(notes) == golden("note[M212]: n\n\nnote[M212]: n\n\n2 notes")
        assert render_concise([Finding("M105", "e"), *notes]).split("\n") == [
            golden("error[M105]: e"),
            golden("note[M212]: n"),
            golden("note[M212]: n"),
            "1 error, 2 notes",
        ]
        assert render_text(notes[:1], color=True).startswith("\x1b[1;36mnote[M212]\x1b[0m")

    def test_a_limit_leaves_the_rest_out_and_counts_all(self) -> None:
        report = render_text([finding()] * 5, limit=2)
        assert report.count("error[M105]") == 2
        assert report.endswith("\n… and 3 more; `hypiler check --limit 0` shows all\n\n5 errors")

    def test_of_every_code_the_first_are_shown_in_their_order(self) -> None:
        many = [finding() for _ in range(5)]
        rare = Finding("M212", "w")
        shown = render_text([*many, rare], limit=3)
        assert shown == render_text([many[0], many[1], rare]).replace(
            "2 errors", "… and 3 more; `hypiler check --limit 0` shows all\n\n5 errors"
        )

    def test_many_findings_are_counted_by_code(self) -> None:
        report = render_text([*[finding() for _ in range(11)], Finding("M212", "w")])
        assert report.endswith("""
11 errors, 1 warning:
     11  M105  empty-value
      1  M212  zero-score
`hypiler explain M105` tells what a code means""")

    def test_a_limit_that_is_not_reached_says_nothing(self) -> None:
        assert render_text([finding()] * 2, limit=2) == render_text([finding()] * 2)

    def test_colour_changes_nothing_but_colour(self) -> None:
        import re

        found = [finding(help="h"), Finding("M212", "w")]
        line = "some text".__str__
        plain = render_text(found, lambda _: line())
        colored = render_text(found, lambda _: line(), color=True)
        assert colored.startswith("\x1b[1;31merror[M105]\x1b[0m\x1b[1m: `x` must")
        assert "\x1b[1;33mwarning[M212]\x1b[0m" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain

    def test_no_finding_is_no_report(self) -> None:
        assert render_text([]) == ""
        assert json.loads(render_json([])) == {"version": 1, "findings": []}


class TestCaret:
    def test_the_caret_stands_under_the_value(self) -> None:
        assert excerpt('{"a": 12}', 7, 2) == ('{"a": 12}', "      ^^")

    def test_a_tab_takes_four_columns_in_the_line_and_above_the_caret(self) -> None:
        assert excerpt('\t\t"a": 1', 8) == ('        "a": 1', " " * 13 + "^")

    def test_wide_characters_take_two_columns(self) -> None:
        assert excerpt('"日本": 1', 7) == ('"日本": 1', " " * 8 + "^")
        assert excerpt('"a": "日本"', 6, 4) == ('"a": "日本"', " " * 5 + "^" * 6)

    def test_an_emoji_takes_two_columns(self) -> None:
        assert excerpt('"😀": 1', 6) == ('"😀": 1', " " * 6 + "^")

    @pytest.mark.parametrize("mark", ["\u0301", "\u0e31", "\u20dd", "\u0901"])
    def test_a_mark_upon_a_letter_takes_none(self, mark: str) -> None:
        assert excerpt(f'"a{mark}": 1', 7) == (f'"a{mark}": 1', " " * 5 + "^")

    def test_what_does_not_print_takes_the_columns_of_its_escape(self) -> None:
        line = '"\u202e\x1b\u2028": 1'
        shown = '"\\u202e\\x1b\\u2028": 1'
        assert excerpt(line, 8) == (shown, " " * shown.rindex("1") + "^")

    def test_the_caret_may_stand_behind_the_line(self) -> None:
        assert excerpt('{"a":', 6) == ('{"a":', "     ^")
        assert excerpt("", 1) == ("", "^")


class TestLongLines:
    def test_the_part_around_the_finding_is_shown(self) -> None:
        line = "a" * 500 + "X" + "b" * 500
        shown, carets = excerpt(line, 501)
        assert shown == "…" + "a" * 50 + "X" + "b" * 49 + "…"
        assert carets == " " * 51 + "^"

    def test_the_start_of_a_line_is_not_cut_off(self) -> None:
        shown, carets = excerpt('{"a": 1, ' + "b" * 500, 7)
        assert shown == ('{"a": 1, ' + "b" * 500)[:100] + "…"
        assert carets == "      ^"

    def test_the_end_of_a_line_is_not_marked_as_cut_off(self) -> None:
        shown, carets = excerpt("a" * 500 + "X", 501)
        assert shown == "…" + "a" * 50 + "X"
        assert carets == " " * 51 + "^"

    def test_a_value_that_is_longer_than_the_part_is_marked_as_far_as_it_is_shown(
        self,
    ) -> None:
        shown, carets = excerpt("a" * 200 + "X" * 1000, 201, 1000)
        assert shown == "…" + "a" * 50 + "X" * 50 + "…"
        assert carets == " " * 51 + "^" * 50

    def test_a_file_of_one_long_line_gives_a_short_report(self) -> None:
        data = b'{"version": "1.0", "models": [' + b"7," * 50_000 + b"7]}"
        registry = compile_registry([("a.json", data)])
        report = render_text(registry.findings, registry.line, limit=3)
        assert len(registry.findings) == 10_001
        assert max(map(len, report.split("\n"))) < 140


class TestLineEnds:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
    def test_a_report_is_the_same_whatever_ends_the_lines(self, end: str) -> None:
        text = '{\n\t"version": "1.0",\n\t"models": 5\n}\n'.replace("\n", end)
        registry = compile_registry([("a.json", text.encode())])
        assert render_text(registry.findings, registry.line) == golden(
            "error[M103]: `models` must be an array, got integer 5\n"
            " --> a.json:3:12\n"
            "  |\n"
            '3 |     "models": 5\n'
            "  |               ^\n"
            "  = at: $.models\n"
            "\n"
            "1 error"
        )

    def test_a_separator_inside_a_string_ends_no_line(self) -> None:
        text = '{"version": "\u2028\x85\u2029",\n"models": []}'
        registry = compile_registry([("a.json", text.encode())])
        (found,) = registry.findings
        assert (found.line, found.column, found.width) == (1, 13, 5)


class TestJson:
    def test_a_finding_is_an_object_with_these_keys(self) -> None:
        found = finding(path=("models", 0, "name"), model="m", help="h", column=5)
        assert json.loads(render_json([found]))["findings"] == [
            {
                "code": "M105",
                "severity": "error",
                "message": golden("`x` must not be empty"),
                "file": "a.json",
                "line": 1,
                "column": 5,
                "path": "$.models[0].name",
                "model": "m",
                "help": "h",
            }
        ]

    def test_what_is_not_known_is_null(self) -> None:
        (found,) = json.loads(render_json([Finding("M001", "x")]))["findings"]
        assert (found["model"], found["help"], found["path"]) == (None, None, "$")


@given(
    line=texts(blank=True),
    column=st.integers(1, 60),
    width=st.integers(1, 60),
    name=texts(blank=True),
    key=texts(blank=True),
)
def test_whatever_is_shown_both_reports_are_clean(line: str, column: int, width: int, name: str, key: str) -> None:
    one_line = line.replace("\n", " ").replace("\r", " ")
    found = finding(column, width, file=name, path=("models", key))
    assert_clean(*render_text([found], lambda _: one_line).split("\n"))
    listed = render_json([found])
    assert listed.isascii()
    assert json.loads(listed)["findings"][0]["file"] == name


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ((), "$"),
        (("models", 3, "specs"), "$.models[3].specs"),
        (("a b",), '$["a b"]'),
        (("",), '$[""]'),
        (("0a",), '$["0a"]'),
        (("$schema",), '$["$schema"]'),
        (('"',), '$["\\""]'),
        (("\n\u202e",), '$["\\n\\u202e"]'),
        (("é",), '$["é"]'),
    ],
)
def test_a_path_is_written_so_that_it_can_be_read(path: Any, written: str) -> None:
    assert json_path(path) == written


def test_every_code_has_a_name_of_its_own_and_a_severity() -> None:
    names = [name for name, _ in all_codes().values()]
    assert len(set(names)) == len(names)
    assert {severity for _, severity in all_codes().values()} <= {"error", "warning", "note"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_inside_the_report(text: str) -> None:
    data = json.dumps({"version": text, text: text, "models": [{"id": text}]}).encode()
    registry = compile_registry([(text, data)])
    assert_clean(*render_text(registry.findings, registry.line).split("\n"))
