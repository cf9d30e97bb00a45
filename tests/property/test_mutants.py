"""The JSON Schema and `hypiler check` judge registries with a fault alike, apart from the differences that are listed."""

from collections import defaultdict
from pathlib import Path

from jsonschema import Draft202012Validator
from mutants import BLANK, BYTE_ORDER_MARK, DIFFERENCES, LINE_END, OPTIONS, disagreement, mutants, schema
from slow import slow

from hypiler.schema.fields import FIELDS

PAGE = Path(__file__).parents[2] / "docs/models-json.md"


@slow
def test_check_and_the_schema_differ_in_nothing_but_what_is_listed() -> None:
    validators = {options: Draft202012Validator(schema(options)) for options in OPTIONS}
    listed = DIFFERENCES | LINE_END
    used: set[str] = set()
    verdicts: dict[str, set[bool]] = defaultdict(set)
    different: list[str] = []
    for mutant in mutants():
        valid = validators[mutant.options].is_valid(mutant.tree)
        verdicts[mutant.place].add(valid)
        if found := disagreement(mutant, valid, listed, used):
            different.append(found)
    assert different == []
    assert used == set(listed)
    # Each field is tried with values that are accepted and with values that are refused.
    assert [field.name for field in FIELDS if verdicts[f"core: {field.name}"] != {True, False}] == []


def test_the_page_lists_the_differences() -> None:
    section = PAGE.read_text("utf-8").partition("## What the JSON Schema cannot say\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
    assert rows[1:] == [*DIFFERENCES, *LINE_END, *BLANK, BYTE_ORDER_MARK]
