"""The reader: what it refuses, where it says a fault is, and that its two ways of reading never disagree."""

import gc
import hashlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from golden import golden
from hypothesis import given
from hypothesis import strategies as st

from hypiler.diagnostics.finding import Finding
from hypiler.jsontext import reader
from hypiler.jsontext.reader import MAX_DEPTH, Lines, Source, read_source

SRC = Path(reader.__file__).parents[2]

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers(-(10**18) + 1, 10**18 - 1) | finite | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)
spacing = st.sampled_from([None, 0, 2, "\t"])


def faults(text: str | bytes) -> list[Finding]:
    data = text if isinstance(text, bytes) else text.encode()
    source, findings = read_source(data, "models.json")
    hiding = {"M001", "M003", "M008", "M009"}
    assert (source is None) == any(finding.code in hiding for finding in findings)
    assert all(finding.file == "models.json" for finding in findings)
    return findings


def places(text: str | bytes) -> list[tuple[str, int, int, int]]:
    return [(f.code, f.line, f.column, f.width) for f in faults(text)]


def only(text: str | bytes) -> Finding:
    (finding,) = faults(text)
    return finding


def read(text: str) -> Source:
    source, findings = read_source(text.encode(), "models.json")
    assert source is not None, findings
    return source


def located(text: str, *path: str | int, at: str = "value") -> tuple[int, int, int]:
    finding = Finding("M103", "wrong", path, at=at)
    read(text).locate([finding])
    assert finding.file == "models.json"
    return finding.line, finding.column, finding.width


def slowly(text: str) -> tuple[object, list[Finding]]:
    findings: list[Finding] = []
    return reader._read_slowly(text, findings), findings


# what is accepted and what is refused


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        (" \t\r\n true \t\r\n", True),
        ("[]", []),
        ("{}", {}),
        ("[ ]", []),
        ("{ }", {}),
        ('""', ""),
        ('{"":0}', {"": 0}),
        ("-0", 0),
        ("-0.0", -0.0),
        ("0e1", 0.0),
        ("1E+2", 100.0),
        ("1.5e-3", 0.0015),
        ("1e-999", 0.0),
        ("999999999999999999", 10**18 - 1),
        ("-999999999999999999", 1 - 10**18),
        (r'"\"\\\/\b\f\n\r\t\u0041"', '"\\/\b\f\n\r\tA'),
        (r'"\ud83d\ude00\uD83D\uDE00"', "😀😀"),
        (r'"\\ud800"', "\\ud800"),
        ('"\x7f\u2028\u00a0\ufeff"', "\x7f\u2028\u00a0\ufeff"),
        (
            r'{"\u0061":{"a":1},"b":[{"a":2},{"a":3}]}',
            {"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]},
        ),
    ],
)
def test_valid_json_is_read_alike_by_both_readers(text: str, value: object) -> None:
    assert read(text).value == value
    assert slowly(text) == (value, [])


BRACKETS = [
    "[",
    "]",
    "{",
    "}",
    "[}",
    "{]",
    "[1}",
    '{"a":1]',
    '{"a"}',
    '{"a":}',
    '{"a":1 2}',
    "[1 2]",
    "[,]",
    "{,}",
    "1 2",
]
NUMBERS = [
    "-",
    "+1",
    ".5",
    "1.",
    "1.e3",
    "1e",
    "1e+",
    "01",
    "-01",
    "00",
    "0x1",
    "1_0",
    "1a",
    "+Infinity",
    "-inf",
    "-NaN",
]
STRINGS = [
    '"',
    '"\\',
    '"\\"',
    '"\\x"',
    '"\\u12"',
    '"\\u12_4"',
    '"\\u+123"',
    '"\\U0041"',
    '"\n"',
    '"\x00"',
    '"\x1f"',
    "'a'",
]
WORDS = [
    "tru",
    "truee",
    "True",
    "nul",
    "NaNs",
    "{1:1}",
    "{a:1}",
    "// x\n1",
    "/* x */1",
    "1 # x",
    '{"a"=1}',
    "[1;2]",
    '["a":1]',
]
BLANKS = [
    "\x0b1",
    "\x0c1",
    "\u00a01",
    "1\u2028",
    "\u0661",
    "1\u0662",
    "\x00",
    "\ufeff\ufeff1",
    '{"a":1,}',
    "[1,]",
    "[1,,2]",
]


@pytest.mark.parametrize("text", [*BRACKETS, *NUMBERS, *STRINGS, *WORDS, *BLANKS])
def test_what_is_not_json_is_refused_by_both_readers(text: str) -> None:
    assert "M003" in {f.code for f in faults(text)}
    assert slowly(text)[1]


# syntax: one fault, at its place, with what was expected and found


ESCAPES = r"""`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t` or `\u` with four digits"""


@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        ("", "1:1+1", golden("the file must hold a JSON value; found an empty file"), None),
        (" \n\n", "1:1+1", golden("the file must hold a JSON value; found only blanks"), None),
        (
            '{"a":1,\n}',
            "1:7+1",
            golden("expected a key in double quotes after `,`, found `}`"),
            golden("remove the trailing comma"),
        ),
        (
            "[1 , ]",
            "1:4+1",
            golden("expected a value after `,`, found `]`"),
            golden("remove the trailing comma"),
        ),
        (
            "[1,,2]",
            "1:4+1",
            golden("expected a value after `,`, found `,`"),
            golden("remove the extra comma"),
        ),
        (
            "[,1]",
            "1:2+1",
            golden("expected a value or `]`, found `,`"),
            golden("remove the extra comma"),
        ),
        ('{"a":,}', "1:6+1", golden("expected a value after `:`, found `,`"), None),
        (
            "{'a':1}",
            "1:2+1",
            golden("expected a key in double quotes or `}`, found `'`"),
            golden('write straight double quotes: `"`'),
        ),
        (
            "[“a”]",
            "1:2+1",
            golden("expected a value or `]`, found `“`"),
            golden('write straight double quotes: `"`'),
        ),
        (
            "[1] // x",
            "1:5+2",
            golden("expected the end of the file, found a comment (`//`)"),
            golden("remove it: JSON has no comments"),
        ),
        (
            "# x\n[1]",
            "1:1+1",
            golden("expected a value, found a comment (`#`)"),
            golden("remove it: JSON has no comments"),
        ),
        (
            '{"a":1\n "b":2}',
            "2:2+3",
            golden('expected `,` or `}`, found `"b"`'),
            golden("add a comma after the value that ends on line 1"),
        ),
        (
            '["a "b" c"]',
            "1:6+1",
            golden("expected `,` or `]`, found `b`"),
            golden(r"write a double quote inside a string as `\"`"),
        ),
        ('{"a"=1}', "1:5+1", golden("expected `:` after the key, found `=`"), golden("write `:`")),
        (r'{"\u0061" 1}', "1:11+1", golden("expected `:` after the key, found `1`"), None),
        ("[1;2]", "1:3+1", golden("expected `,` or `]`, found `;`"), golden("write `,`")),
        (
            '["a":1]',
            "1:5+1",
            golden("expected `,` or `]`, found `:`"),
            golden("a list takes no keys; an object is written with `{` and `}`"),
        ),
        (
            "{a:1}",
            "1:2+1",
            golden("expected a key in double quotes or `}`, found `a`"),
            golden("put the key in double quotes"),
        ),
        (
            '{"a":1,2:3}',
            "1:8+1",
            golden("expected a key in double quotes after `,`, found `2`"),
            golden("put the key in double quotes"),
        ),
        ("[True]", "1:2+4", golden("expected a value or `]`, found `True`"), golden("write `true`")),
        (
            '{"a":None}',
            "1:6+4",
            golden("expected a value after `:`, found `None`"),
            golden("write `null`"),
        ),
        (
            "[bert]",
            "1:2+4",
            golden("expected a value or `]`, found `bert`"),
            golden("put text in double quotes"),
        ),
        (
            "[2024-09-18]",
            "1:2+10",
            golden("expected a value or `]`, found `2024-09-18`"),
            golden("put text in double quotes"),
        ),
        (
            "[-01]",
            "1:2+3",
            golden("a number must not start with `0` before other digits; found `-01`"),
            None,
        ),
        ("[+1]", "1:2+2", golden("a number must not start with `+`; found `+1`"), None),
        (
            "[.5]",
            "1:2+2",
            golden("a number must have a digit before the point; found `.5`"),
            None,
        ),
        (
            "[1.]",
            "1:2+2",
            golden("a number must have a digit after the point; found `1.`"),
            None,
        ),
        (
            "[1e+]",
            "1:2+3",
            golden("a number must have a digit in its exponent; found `1e+`"),
            None,
        ),
        ("[-]", "1:2+1", golden("a number must have a digit after `-`; found `-`"), None),
        ("[0x1F]", "1:2+4", golden("a number must be decimal; found `0x1F`"), None),
        ("[1_000]", "1:2+5", golden("a number must not hold `_`; found `1_000`"), None),
        (
            "[-inf]",
            "1:2+4",
            golden("a number must be finite and written in digits; found `-inf`"),
            None,
        ),
        (
            "[1]]",
            "1:4+1",
            golden("expected the end of the file, found `]`"),
            golden("it closes nothing: remove it"),
        ),
        ('[1]\n"a"', "2:1+3", golden('expected the end of the file, found `"a"`'), None),
        (
            "<html>",
            "1:1+1",
            golden("expected a value, found `<`"),
            golden("the file looks like HTML or XML"),
        ),
        (
            "version https://git-lfs.github.com/spec/v1\n",
            "1:1+7",
            golden("expected a value, found `version`"),
            golden("the file is a Git LFS pointer; fetch its content with `git lfs pull`"),
        ),
        (
            '{\n<<<<<<< HEAD\n"a":1}',
            "2:1+7",
            golden("expected a key in double quotes or `}`, found the merge-conflict marker `<<<<<<<`"),
            golden("resolve the merge conflict first"),
        ),
        (
            "[1,\n=======\n2]",
            "2:1+7",
            golden("expected a value after `,`, found the merge-conflict marker `=======`"),
            golden("resolve the merge conflict first"),
        ),
        (
            '{"a":\n[1}',
            "2:3+1",
            golden("`[` opened on line 2, column 1 must be closed with `]`; found `}`"),
            None,
        ),
        (
            '{"a":\n [1,\n 2\n\n',
            "3:3+1",
            golden("`[` opened on line 2, column 2 must be closed with `]`; found the end of the file"),
            None,
        ),
        (
            '{"a":',
            "1:6+1",
            golden("`{` opened on line 1, column 1 must be closed with `}`; found the end of the file"),
            None,
        ),
        (
            '[\n "abc',
            "2:6+1",
            golden('the string opened on line 2, column 2 must be closed with `"`; found the end of the file'),
            None,
        ),
        (
            '["abc\r\n"]',
            "1:6+1",
            golden('the string opened on line 1, column 2 must be closed with `"`; found the end of the line'),
            golden(r"close the string, or write the line end in it as `\n`"),
        ),
        (
            '["a\tb"]',
            "1:4+1",
            golden(r"a string must not hold a raw control character; found `\t`"),
            golden(r"write it as `\t`"),
        ),
        (
            '["\x1b"]',
            "1:3+1",
            golden(r"a string must not hold a raw control character; found `\x1b`"),
            golden(r"write it as `\u001b`"),
        ),
        (
            r'["\u12g4"]',
            "1:3+6",
            golden(r"`\u` must be followed by four hexadecimal digits; found `\u12g4`"),
            None,
        ),
        (
            r'["C:\dir"]',
            "1:5+2",
            golden(rf"an escape must be one of {ESCAPES}; found `\d`"),
            golden(r"write a backslash as `\\`"),
        ),
        (
            "[1\xa0]",
            "1:3+1",
            golden(r"expected `,` or `]`, found `\xa0`"),
            golden("remove it: only spaces, tabs and line ends may stand between values"),
        ),
        (
            "{\x00",
            "1:2+1",
            golden(r"expected a key in double quotes or `}`, found `\x00`"),
            golden("the file looks like UTF-16; save it as UTF-8"),
        ),
    ],
)
def test_a_syntax_fault_says_what_was_expected_and_found(text: str, place: str, message: str, help: str | None) -> None:
    finding = only(text)
    assert (finding.code, finding.message, finding.help) == ("M003", message, help)
    assert f"{finding.line}:{finding.column}+{finding.width}" == place


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\x1b", "\u2028", "\u0085"])
def test_a_message_never_repeats_a_character_that_does_not_print(
    character: str,
) -> None:
    for text in (
        f"[{character}]",
        f'["a" "{character}"]',
        f'{{"{character}":1,"{character}":2}}',
        f'["\\{character}"]',
    ):
        assert all(f.message.isprintable() and (f.help or "").isprintable() for f in faults(text))


# encoding and size


@pytest.mark.parametrize(
    ("data", "line", "column", "byte"),
    [
        (b"\xff", 1, 1, "0xff"),
        ("[\n\t\U0001f600é".encode() + b"\xe9]", 2, 4, "0xe9"),
        (b"[1,\r2,\r\n\x80]", 3, 1, "0x80"),
        (b'["\xed\xa0\x80"]', 1, 3, "0xed"),
        (b'["\xc0\xaf"]', 1, 3, "0xc0"),
        (b'["\xe2\x82', 1, 3, "0xe2"),
    ],
)
def test_bytes_that_are_not_utf8_are_shown_where_the_first_stands(
    data: bytes, line: int, column: int, byte: str
) -> None:
    finding = only(data)
    assert (finding.code, finding.line, finding.column) == ("M001", line, column)
    assert finding.message == golden(f"the file must be UTF-8; found the byte `{byte}`")


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-16-le", b"\xff\xfe", golden("UTF-16 (little endian)")),
        ("utf-16-be", b"\xfe\xff", golden("UTF-16 (big endian)")),
        ("utf-32-le", b"\xff\xfe\0\0", golden("UTF-32 (little endian)")),
        ("utf-32-be", b"\0\0\xfe\xff", golden("UTF-32 (big endian)")),
    ],
)
def test_another_unicode_encoding_is_named(encoding: str, mark: bytes, name: str) -> None:
    finding = only(mark + "{}".encode(encoding))
    assert (finding.code, finding.line, finding.column) == ("M001", 1, 1)
    assert finding.message == golden(f"the file must be UTF-8; found the byte order mark of {name}")


def test_a_byte_order_mark_is_a_fault_and_counts_as_no_column() -> None:
    mark, number = faults(b'\xef\xbb\xbf{"a":NaN}')
    assert mark.message == golden("the file must not start with a byte order mark; found one")
    assert (mark.code, mark.line, mark.column) == ("M002", 1, 1)
    assert (number.code, number.line, number.column) == ("M005", 1, 6)
    assert places(b"\xef\xbb\xbf{}") == [("M002", 1, 1, 1)]
    assert places(b"\xef\xbb\xbf{\xff") == [("M002", 1, 1, 1), ("M001", 1, 2, 1)]


def test_a_file_over_the_limit_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 2 << 20)
    finding = only(b"\xff" * ((2 << 20) + 1))
    assert finding.message == golden("the file must have at most 2097152 bytes (2 MiB); found more")
    assert (finding.code, finding.line, finding.column) == ("M009", 0, 0)


# faults after which reading goes on


def test_every_repeated_key_is_found_after_unescaping() -> None:
    first, second, third = faults('{"a":1,\n"b":{"b":0},\n"\\u0061":2, "a" : 3,\n"c":[{"a":1,"a":2}]}')
    message = golden("the key `a` must stand only once in an object; found it on line 1 already")
    assert [f.message for f in (first, second)] == [message, message]
    assert [(f.line, f.column, f.width, f.at) for f in (first, second)] == [
        (3, 1, 8, "key"),
        (3, 13, 3, "key"),
    ]
    assert (third.json_path, third.line, third.column) == ("$.c[0].a", 4, 13)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_constant_that_json_lacks_is_found_and_reading_goes_on(word: str) -> None:
    first, second = faults(f'{{"a":{word},"b":[0,{word}]}}')
    assert first.message == golden(f"a number must be finite; found `{word}`")
    assert first.help == golden("write `null` if the value is not known")
    assert (first.code, first.column, first.width, first.json_path) == (
        "M005",
        6,
        len(word),
        "$.a",
    )
    assert second.json_path == "$.b[1]"


def test_an_integer_of_more_than_18_digits_is_refused() -> None:
    text = "[999999999999999999,-999999999999999999,1000000000000000000,\n-1234567890123456789]"
    assert places(text) == [("M006", 1, 41, 19), ("M006", 2, 1, 20)]
    message = golden("an integer must have at most 18 digits; found `1000000000000000000` of 19")
    assert faults(text)[0].message == message
    assert places("9" * 5000) == [("M006", 1, 1, 5000)]


def test_a_float_that_overflows_is_refused_and_one_that_underflows_is_not() -> None:
    text = "[1e308,1e-400,1e309,-1e309," + "1" * 310 + ".5]"
    assert [f.json_path for f in faults(text)] == ["$[2]", "$[3]", "$[4]"]
    assert faults(text)[0].message == golden("a number must fit 64 bits (at most about 1.8e308); found `1e309`")


def test_lone_surrogates_are_found_in_values_and_keys() -> None:
    text = r'["\ud83d\ude00","\ud800",{"a\udc00":"\ud83d\ud83d\ude00"},"\\ud800"]'
    found = faults(text)
    assert [(f.code, f.column, f.width, f.at) for f in found] == [
        ("M007", 18, 6, "value"),
        ("M007", 29, 6, "key"),
        ("M007", 38, 6, "value"),
    ]
    assert found[0].message == golden(r"`\ud800` must be half of a surrogate pair; found it alone")
    assert [f.json_path for f in found] == [
        "$[1]",
        r'$[2]["a\udc00"]',
        r'$[2]["a\udc00"]',
    ]


def test_all_faults_are_reported_in_one_run_in_the_order_of_the_text() -> None:
    text = '{"a":1e999,\n"a":NaN,\n"b":["\\ud800",\n1234567890123456789],\n"a":1,\n]'
    assert [(f.code, f.line) for f in faults(text)] == [
        *(
            ("M006", 1),
            ("M004", 2),
            ("M005", 2),
            ("M007", 3),
            ("M006", 4),
            ("M004", 5),
            ("M003", 6),
        ),
    ]


# depth


@pytest.mark.parametrize(("opener", "closer"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("inner", ["0", "[]", '"["'])
def test_nesting_is_allowed_up_to_the_limit(opener: str, closer: str, inner: str) -> None:
    step = 2 if "]" in closer and "}" in closer else 1
    times = (MAX_DEPTH - (inner == "[]")) // step
    deepest = opener * times + inner + closer * times
    assert read(deepest).value == slowly(deepest)[0]
    assert only("[" * (MAX_DEPTH - step * times + 1 - (inner == "[]")) + deepest).code == "M008"


def test_what_is_too_deep_is_shown_at_the_bracket_that_is() -> None:
    finding = only("[\n" * MAX_DEPTH + " []" + "]" * MAX_DEPTH)
    assert (finding.code, finding.line, finding.column) == ("M008", MAX_DEPTH + 1, 2)
    assert finding.message == golden("lists and objects must be nested at most 100 deep; found a deeper one")


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"":' * 1_000_000, "[" * 300_000 + "]" * 300_000])
def test_a_million_brackets_end_in_a_finding(text: str) -> None:
    assert only(text).code == "M008"


def test_brackets_in_strings_are_no_nesting() -> None:
    assert read(json.dumps(["[" * 200, {"{" * 200: "[{" * 200}])).value == [
        "[" * 200,
        {"{" * 200: "[{" * 200},
    ]


# lines and columns


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_each_of_three_ways(end: str) -> None:
    text = f'{{{end}\t"ä\U0001f600": 1,{end}{end}  "b": "\U0001f600", "c": nan{end}}}'
    assert places(text) == [("M003", 4, 18, 3)]
    text = text.replace("nan", "0")
    assert located(text, "c") == (4, 18, 1)
    assert located(text, "ä\U0001f600", at="key") == (2, 2, 4)
    assert [read(text).line(n) for n in range(7)] == [
        *("", "{", '\t"ä\U0001f600": 1,', "", '  "b": "\U0001f600", "c": 0', "}", ""),
    ]


def test_line_ends_of_other_standards_end_no_line() -> None:
    assert located('["\u2028\u2029\x85",1]', 1) == (1, 8, 1)


@given(st.text(st.sampled_from("a\r\n\U0001f600")), st.data())
def test_a_place_leads_back_to_its_character(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    lines = Lines(text)
    line, column = lines.place(offset)
    ends = len(re.findall(r"\r\n?|\n", text[:offset]))
    assert line == 1 + ends - (text[offset - 1 : offset + 1] == "\r\n")  # between the two nothing has ended yet
    if offset < len(text) and text[offset] not in "\r\n":
        assert lines.line(line)[column - 1] == text[offset]


# locating

MODELS = """\
{
  "models": [
    {"id": "a", "specs": {"dim": [1, -2.5e3], "name\\n": null}},
    {},
    [ ]
  ]
}"""


@pytest.mark.parametrize(
    ("path", "at", "place"),
    [
        ((), "value", (1, 1, 1)),
        ((), "key", (1, 1, 1)),
        (("models",), "key", (2, 3, 8)),
        (("models",), "value", (2, 13, 1)),
        (("models", 0), "value", (3, 5, 1)),
        (("models", 0), "key", (3, 5, 1)),
        (("models", 0, "id"), "value", (3, 12, 3)),
        (("models", 0, "id"), "key", (3, 6, 4)),
        (("models", 0, "specs", "dim", 1), "value", (3, 38, 6)),
        (("models", 0, "specs", "name\n"), "key", (3, 47, 8)),
        (("models", 0, "specs", "name\n"), "value", (3, 57, 4)),
        (("models", 1), "value", (4, 5, 1)),
        (("models", 2), "value", (5, 5, 1)),
        # what does not exist falls back to what does
        (("models", 0, "specs", "none"), "value", (3, 26, 1)),
        (("models", 0, "specs", "none"), "key", (3, 26, 1)),
        (("models", 0, "none", "deeper", 3), "value", (3, 5, 1)),
        (("models", 0, "id", "deeper"), "value", (3, 12, 3)),
        (("models", 7), "value", (2, 13, 1)),
        (("models", "0"), "value", (2, 13, 1)),
        ((0,), "value", (1, 1, 1)),
        (("models", 2, 0), "value", (5, 5, 1)),
    ],
)
def test_a_path_leads_to_its_place(path: tuple[str | int, ...], at: str, place: tuple[int, int, int]) -> None:
    assert located(MODELS, *path, at=at) == place


def test_several_findings_of_one_path_are_all_placed() -> None:
    findings = [Finding("M103", "", ("models", 0, "id"), at=at) for at in ("key", "value", "key")]
    findings.append(Finding("M103", "", ("models", 0)))
    read(MODELS).locate(findings)
    assert [(f.line, f.column) for f in findings] == [(3, 6), (3, 12), (3, 6), (3, 5)]


def test_locating_nothing_is_no_fault() -> None:
    read("[]").locate([])


@given(values, spacing, st.booleans())
def test_a_located_value_is_the_value(value: object, indent: int | str | None, ascii_only: bool) -> None:
    source = read(json.dumps(value, indent=indent, ensure_ascii=ascii_only))
    for path, part in parts(value):
        finding = Finding("M103", "wrong", path)
        source.locate([finding])
        start = sum(len(source.line(n)) + 1 for n in range(1, finding.line)) + finding.column - 1
        assert json.JSONDecoder().raw_decode(source.text, start)[0] == part
        if not isinstance(part, (dict, list)):
            assert json.loads(source.text[start : start + finding.width]) == part


def parts(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], object]]:
    found: list[tuple[tuple[str | int, ...], object]] = [(path, value)]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += parts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += parts(inner, (*path, index))
    return found


# what holds for any input


@given(st.binary() | st.text(st.sampled_from('{}[]",:\\u0123dD89.eE+-NaInfinitytrue \n\r\t\ufeff😀')).map(str.encode))
def test_no_bytes_raise_and_no_fault_is_without_a_place(data: bytes) -> None:
    findings = faults(data)
    lines = Lines(data.decode("utf-8-sig", "replace"))
    assert findings == sorted(findings, key=lambda f: (f.line, f.column))
    for finding in findings:
        assert finding.message.isprintable()
        room = len(lines.line(finding.line)) - finding.column + 1
        assert finding.line >= 1 <= finding.column
        assert 1 <= finding.width <= max(room, 1)


@given(values, spacing, st.booleans())
def test_valid_json_of_any_shape_is_read(value: object, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read(text).value == value
    assert slowly(text) == (value, [])


@given(values, st.randoms(use_true_random=False))
def test_both_readers_accept_the_same_mutations(value: object, rng: random.Random) -> None:
    text = mutated(json.dumps(value, indent=rng.choice([None, 1])), rng)
    expected, findings = slowly(text)
    try:
        quick = reader._read_quickly(text)
    except (ValueError, StopIteration, RecursionError, SystemError):
        # only a doubt may lead from text that is fine to the slow reader: an escape that looks like half a pair
        assert findings or "\\ud" in text.lower()
    else:
        assert not findings
        assert repr(quick) == repr(expected)


def mutated(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(text))
        piece = rng.choice(
            [
                '"',
                "\\",
                ",",
                ":",
                "[",
                "]",
                "{",
                "}",
                "0",
                "-",
                ".",
                "e",
                "\n",
                " ",
                "\\ud83d",
                "NaN",
                "9" * 18,
            ]
        )
        text = text[:at] + rng.choice(["", piece]) + text[at + rng.randint(0, 2) :]
    return text


# cost and surroundings


def test_the_digest_is_that_of_the_bytes() -> None:
    for text in ('["é"]\n', '["é",\r1]\r', json.dumps("x" * 2_000_000)):
        assert read(text).sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_line_ends_that_a_checkout_writes_do_not_count_for_the_digest() -> None:
    assert read("[1,\r\n2]\r\n").sha256 == read("[1,\n2]\n").sha256
    # No checkout writes a lone carriage return.
    assert read("[1,\r2]\n").sha256 != read("[1,\n2]\n").sha256


def test_without_the_c_scanner_the_results_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "_json", None)
    assert read(MODELS).value == json.loads(MODELS)
    assert located(MODELS, "models", 0, "specs", "dim", 1) == (3, 38, 6)
    assert only('["\\u+123"]').code == "M003"


@pytest.mark.parametrize("text", ["[1]", "[1", '{"a":1,"a":2}'])
def test_the_garbage_collector_is_left_as_it_was(text: str) -> None:
    read_source(text.encode(), "models.json")
    assert gc.isenabled()
    gc.disable()
    try:
        read_source(text.encode(), "models.json")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_clean_file_is_read_without_costly_imports() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SRC)!r})\n"
        "from hypiler.jsontext.reader import read_source\n"
        "assert read_source(b'{\"a\": [1, 2.5]}', 'm')[0].sha256\n"
        "print(sorted({'json', 're', 'typing', 'enum', 'dataclasses', 'pathlib', 'hashlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_caller_with_a_deep_stack_gets_the_same_verdict() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    def deep(frames: int) -> object:
        return deep(frames - 1) if frames else read_source(text.encode(), "models.json")[1]

    room = sys.getrecursionlimit() - len(frames_below()) - 60
    assert deep(room) == []


def frames_below() -> list[object]:
    frame, found = sys._getframe(), []
    while frame:
        found.append(frame)
        frame = frame.f_back
    return found
