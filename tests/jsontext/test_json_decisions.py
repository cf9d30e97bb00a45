"""The decisions in docs/json.md about what the public test suite leaves open, each made here about bytes of our own."""

import json
import re
from pathlib import Path

import pytest

from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.finding import MAX_FINDINGS
from hypiler.jsontext import reader
from hypiler.jsontext.reader import read_source

PAGE = (Path(__file__).parents[2] / "docs/json.md").read_text("utf-8")
ROW = re.compile(r"^\| `(i_\S+)` \| (.*) \| (accepted|M\d+)[^|]* \|$", re.MULTILINE)
TABLE = PAGE.partition("<!-- decisions -->")[2].partition("<!-- /decisions -->")[0]
DECISIONS = {name: (example, decision) for name, example, decision in ROW.findall(TABLE)}


def example_bytes(cell: str) -> bytes:
    """The bytes of an example, where `\\xNN` stands for one byte."""
    if repeated := re.fullmatch(r"`(.)` and `(.)`, (\d+) of each", cell):
        return (repeated[1] * int(repeated[3]) + repeated[2] * int(repeated[3])).encode()
    return re.sub(rb"\\x(..)", lambda match: bytes.fromhex(match[1].decode()), cell.strip("`").encode())


def test_every_row_of_the_table_is_a_decision() -> None:
    assert len(TABLE.strip().splitlines()) - 2 == len(DECISIONS) == 35


@pytest.mark.parametrize("name", DECISIONS)
def test_decision_is_made_as_it_is_written(name: str) -> None:
    example, decision = DECISIONS[name]
    source, findings = read_source(example_bytes(example), "models.json")
    assert ({finding.code for finding in findings} or {"accepted"}) == {decision}
    assert decision != "accepted" or (source and source.value == [0.0])


@pytest.mark.parametrize("name", [name for name, row in DECISIONS.items() if row[1] in ("M001", "M008")])
def test_what_cannot_be_read_has_no_finding_about_its_shape(name: str) -> None:
    example, decision = DECISIONS[name]
    codes = {finding.code for finding in compile_registry([("models.json", example_bytes(example))]).findings}
    assert codes == {decision}


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "{'a': 1}", "// c\n{}", "{} {}", '{"a" 1}', "nul", "\x00"])
def test_broken_syntax_is_one_finding_and_none_about_shape(text: str) -> None:
    (finding,) = compile_registry([("models.json", text.encode())]).findings
    assert finding.code == "M003"


def test_limits_are_those_of_the_page() -> None:
    limits = re.findall(r"^\| .* \| (\d+)(?: bytes .*)? \| (?:M006|M008|M009|M010)", PAGE, re.MULTILINE)
    assert list(map(int, limits)) == [reader.MAX_BYTES, reader.MAX_DEPTH, reader.MAX_DIGITS, MAX_FINDINGS]


def test_refused_duplicate_keys_are_the_only_valid_json_that_is_refused() -> None:
    text = '{"a": 1, "a": 1}'
    assert json.loads(text) == {"a": 1}
    assert [finding.code for finding in read_source(text.encode(), "models.json")[1]] == ["M004"]
