"""Files of late interaction write a marker and text after it as one prefix; an entry states the two apart."""

import json
from typing import Any

import pytest
from model_files.models import PYLATE, STANFORD

from hypiler.hub.snapshot import Snapshot
from hypiler.verification.draft import draft
from hypiler.verification.verdict import compare

SETTINGS = "config_sentence_transformers.json"


def snapshot(files: dict[str, Any]) -> Snapshot:
    data = {name: one if isinstance(one, bytes) else json.dumps(one).encode() for name, one in files.items()}
    sizes = {name: len(one) for name, one in data.items()}
    return Snapshot("org/late", None, "c" * 40, None, tuple(sorted(data)), sizes, dict.fromkeys(data), {}, data)


def with_prompt(text: str) -> dict[str, Any]:
    prompts = {"prompts": {"query": text, "document": ""}}
    return {**PYLATE, SETTINGS: {**PYLATE[SETTINGS], **prompts}}


def markers_and_prefixes(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry["encoding"].items() if name.endswith(("_marker", "_prefix"))}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (PYLATE, {"query_marker": "[Q] ", "document_marker": "[D] "}),
        (STANFORD, {"query_marker": "[unused0]", "document_marker": "[unused1]"}),
        (with_prompt("q: "), {"query_prefix": "q: ", "query_marker": "[Q] ", "document_marker": "[D] "}),
    ],
)
def test_new_entry_states_markers_and_the_text_after_them(files: dict[str, Any], expected: dict[str, str]) -> None:
    entry, evidence = draft(snapshot(files))
    assert markers_and_prefixes(entry) == expected
    differing = [verdict for verdict in compare(entry, evidence.facts, {}) if verdict.state == "differs"]
    assert differing == []


MARKED = {"query_marker": "[Q]", "query_prefix": ""}


@pytest.mark.parametrize(
    ("prompt", "encoding", "states"),
    [
        ("", MARKED, "agrees"),
        ("", MARKED | {"query_marker": "[Q] "}, "agrees"),
        ("", MARKED | {"query_prefix": "[Q] "}, "agrees"),
        ("", {"query_prefix": "[Q] "}, "agrees"),
        ("", MARKED | {"query_prefix": "q: "}, "differs"),
        ("q: ", MARKED | {"query_prefix": "q: "}, "agrees"),
        ("q: ", MARKED | {"query_prefix": "[Q] q: "}, "agrees"),
        ("q: ", MARKED, "differs"),
    ],
)
def test_prefix_beside_a_marker_is_the_text_after_it(prompt: str, encoding: dict[str, str], states: str) -> None:
    _, evidence = draft(snapshot(with_prompt(prompt)))
    found = {verdict.path: verdict for verdict in compare({"encoding": encoding}, evidence.facts, {})}
    assert found["encoding.query_prefix"].state == states
    assert "query_marker" not in encoding or found["encoding.query_marker"].state == "agrees"
    if states == "differs":
        assert (found["encoding.query_prefix"].theirs, found["encoding.query_prefix"].doubtful) == (prompt, True)
