"""Every code has a page, and what the page shows is what hypiler does."""

import re
from pathlib import Path

import pytest
from console import run_page

from hypiler.verification.rule_sets import all_codes, all_rules

CODES = all_codes()
PAGES = Path(__file__).parents[2] / "docs/diagnostics"
SECTIONS = ["What it means", "Why it matters", "Example", "How to fix"]
FAMILIES = {"0": "file", "1": "shape", "2": "rules", "3": "names", "4": "files", "5": "options"}


def sections(code: str) -> dict[str, str]:
    """The text of each section of a page, by its title."""
    text = (PAGES / f"{code}.md").read_text("utf-8")
    titles = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(titles[::2], titles[1::2], strict=True))


def test_codes_and_pages_are_the_same_set() -> None:
    assert {path.stem for path in PAGES.glob("M*.md")} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_page_names_its_code_severity_and_family(code: str) -> None:
    name, severity = CODES[code]
    article = {"error": "An error", "warning": "A warning", "note": "A note"}[severity]
    text = (PAGES / f"{code}.md").read_text("utf-8")
    assert text.startswith(f"# {code} {name}\n\n{article} of the family *{FAMILIES[code[1]]}*: ")
    assert list(sections(code)) == SECTIONS
    assert all(len(part.strip()) > 20 for part in sections(code).values())


@pytest.mark.parametrize("code", CODES)
def test_example_is_exact_and_the_remedy_mends_it(code: str, tmp_path: Path) -> None:
    """The example shows the code, alone but for M010, and after the remedy nothing is found."""
    assert run_page(PAGES / f"{code}.md", tmp_path, in_process=True) >= 3
    shown = re.findall(r"(?:error|warning|note)\[(M\d+)\]", sections(code)["Example"])
    assert set(shown) == {code}
    remedy = sections(code)["How to fix"]
    assert "[M" not in remedy.replace("](M", "")
    assert re.search(r"(, no findings|, written|, already up to date|, up to date)\n```\n$", remedy)


def test_list_of_codes_is_complete() -> None:
    row = re.compile(r"^\| \[(M\d+)\]\((M\d+)\.md\) \| (\S+) \| (\S+) \|(?: (yes|no) \|)?$", re.MULTILINE)
    optional = {rule.code: "no" if rule.always else "yes" for rule in all_rules()}
    listed = row.findall((PAGES / "README.md").read_text("utf-8"))
    assert listed == [(code, code, name, level, optional.get(code, "")) for code, (name, level) in CODES.items()]
