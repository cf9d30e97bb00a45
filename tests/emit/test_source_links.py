"""A source has an address where it names one, and nothing in it is more than text."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from generated import valid
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from strategies import HOSTILE, plain_model, registry_of

from hypiler.emit.markdown import emit_markdown
from hypiler.emit.source_links import shown_source
from hypiler.registry import Registry

COMMIT = "0123456789" * 4
MODEL = SimpleNamespace(
    huggingface_id="org/name",
    base_model="org/base",
    tokenizer_model=None,
    variants=[SimpleNamespace(huggingface_id="other/quantized")],
)
FILE = {"commit": COMMIT, "path": "a b/c.json"}
READER = MarkdownIt("gfm-like", {"html": True})


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("see https://example.org", ""),
        ({"url": "https://example.org/a?b=c#d"}, "https://example.org/a?b=c#d"),
        ({"url": "https://example.org/`<>|()[]\"'é"}, "https://example.org/%60%3C%3E%7C%28%29%5B%5D%22%27%C3%A9"),
        ({"repository": "org/name", **FILE}, f"https://huggingface.co/org/name/blob/{COMMIT}/a%20b/c.json"),
        ({"repository": "org/base", "path": "x"}, "https://huggingface.co/org/base/blob/main/x"),
        ({"repository": "other/quantized"}, "https://huggingface.co/other/quantized"),
        ({"repository": "org/code", **FILE}, f"https://github.com/org/code/blob/{COMMIT}/a%20b/c.json"),
        ({"repository": "org/code", "path": "x#y.py#L7-L9"}, "https://github.com/org/code/blob/HEAD/x%23y.py#L7-L9"),
        ({"repository": "org/code", "path": "/../x?"}, "https://github.com/org/code/blob/HEAD/../x%3F"),
        ({"repository": "org/code", "commit": "0123456"}, "https://github.com/org/code/tree/0123456"),
        ({"repository": "org/code"}, "https://github.com/org/code"),
        ({"repository": "org/code", "url": "https://example.org"}, "https://example.org"),
    ],
    ids=str,
)
def test_a_source_leads_to_its_place(source: Any, address: str) -> None:
    assert shown_source(source, MODEL).address == address


def test_a_source_says_what_the_place_says_and_that_it_is_a_copy() -> None:
    source = {"repository": "org/name", **FILE, "quote": '"dim": 8', "copy": True}
    shown = shown_source(source, MODEL)
    assert shown.text == golden('org/name, a b/c.json, commit 012345678901: “"dim": 8” (copy)')
    assert shown.whole == f"{shown.text} {shown.address}"
    only = shown_source({"url": "https://example.org"})
    assert only.whole == only.text == "https://example.org"


def _links(document: str) -> list[Any]:
    found = [child for block in READER.parse(document) for child in block.children or () if child.type == "link_open"]
    return [link.attrs["href"] for link in found if not str(link.attrs["href"]).startswith("#")]


def _document(source: Any) -> str:
    return emit_markdown(valid(registry_of(plain_model(sources={"license": source}, performance__scores=[]))))


@given(text=st.sampled_from(HOSTILE) | st.text("\\`*_[]()<>|~@&#:/.!;lt aw\"'\n\x1b\u202e", max_size=12))
def test_no_part_of_a_source_is_markup(text: str) -> None:
    words = text if text.strip() else "x"
    for source in (
        {"repository": "org/code", "path": words, "quote": words},
        {"url": f"https://example.org/{''.join(words.split())}", "quote": words},
    ):
        shown = shown_source(source)
        assert shown.whole.isprintable()
        assert re.fullmatch(r"https://[A-Za-z0-9/:?#@!$&*+,;=~%._-]+", shown.address)
        document = _document(source)
        (_, link) = _links(document)
        assert str(link).replace("%25", "%") == shown.address.replace("%25", "%")
        harmless = _document({"url": "https://example.org", "quote": "x"})
        assert [token.type for token in READER.parse(document)] == [token.type for token in READER.parse(harmless)]


def test_scores_over_the_same_data_sets_stand_together_each_with_its_source() -> None:
    scores = [
        {"benchmark": "BEIR", "metric": "nDCG@10", "value": 0.5, "datasets": ["a", "b"]},
        {"benchmark": "BEIR", "metric": "nDCG@10", "value": 0.4, "source": {"url": "https://example.org/t"}},
        {"benchmark": "BEIR", "metric": "R@100", "value": 0.9, "datasets": ["a", "b"], "reporter": "X"},
    ]
    text = emit_markdown(valid(registry_of(plain_model(performance__scores=scores, sources={}))))
    assert [line for line in text.splitlines() if line.startswith("| scores |")] == [
        golden("| scores | BEIR: nDCG@10 0.5 over a, b |  |"),
        golden("| scores | BEIR: R@100 0.9 over a, b (by X) |  |"),
        golden(
            "| scores | BEIR: nDCG@10 0.4, data sets not stated | [https\\://example.org/t](<https://example.org/t>) |"
        ),
    ]


def test_a_range_of_widths_is_one_line() -> None:
    model = plain_model(sources={"architecture.matryoshka_range": "the card"})
    del model["architecture"]["matryoshka_dims"]
    model["architecture"]["matryoshka_range"] = {"min": 3, "max": 7}
    text = emit_markdown(valid(registry_of(model)))
    assert golden("\n| matryoshka_range | 3..7 dimensions | the card |\n") in text
    assert "matryoshka_m" not in text


def test_the_origin_of_a_fact_has_its_source_as_the_file_states_it(tmp_path: Path) -> None:
    source = {"url": "https://example.org", "copy": True}
    model = plain_model(id="model-a", sources={"license": source})
    path = tmp_path / "models.json"
    path.write_text(json.dumps(registry_of(model)), "utf-8")
    origin = Registry.load(path).origin("model-a", "license")
    assert origin is not None
    assert origin.source == source
