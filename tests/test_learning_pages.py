"""What the pages that explain count and cite, and the anchors of all pages. Blocks are run by test_docs.py."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [*DOCS.parent.glob("*.md"), *DOCS.rglob("*.md")]
_LINK = re.compile(r"(?<!\\)\]\(<?([^)>\s]+)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_anchors_exist(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        if anchor and not target.startswith("https://"):
            linked = page.parent / path if path else page
            assert anchor in anchors(linked), target


def test_numbers_of_disagreements_are_those_of_the_comparison() -> None:
    rows = re.findall(
        r"^\| (\w+) \| [\d]+ \| [\d]+ \| [\d]+ \| (\d+) \|", (DOCS / "disagreements.md").read_text("utf-8"), re.M
    )
    decided = dict(rows[:4])
    text = (DOCS / "why.md").read_text("utf-8")
    assert (
        f"[{decided['all']} values of three tables](disagreements.md) differ from ours, {decided['mteb']} of them"
        in text
    )
    assert f"{decided['fastembed']} of its values differ from ours" in text


def test_statements_about_others_are_dated_and_cite_threads_by_their_number() -> None:
    text = (DOCS / "why.md").read_text("utf-8")
    assert "written on 2026-11-30" in text
    cited = re.findall(r"\[(\S+)#(\d+)\]\((https://github\.com/[^\s)]+)\)", text)
    assert len(cited) > 20
    for name, number, url in cited:
        assert re.fullmatch(rf"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/{number}", url), (name, url)


@pytest.mark.parametrize(("turn", "told"), [(0.0, "the same vectors\n"), (0.5, "other vectors: cosine 0.88\n")])
def test_comparison_with_stored_vectors_tells_whether_they_are_the_same(
    turn: float, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The block gets texts, their stored vectors, and an encoder that turns each vector by an angle."""
    (block,) = re.findall(r"^```py\n(.*?)^```$", (DOCS / "migrating.md").read_text("utf-8"), re.M | re.S)
    stored = np.array([[1.0, 0.0], [0.0, 2.0]], np.float32)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]], np.float32)
    encoder = SimpleNamespace(encode_documents=lambda texts: stored[: len(texts)] @ rotation)
    names: dict[str, Any] = {"encoder": encoder, "texts": ["one", "two"], "stored": stored}
    exec(compile(block, "migrating.md", "exec"), names)
    assert capsys.readouterr().out == told
