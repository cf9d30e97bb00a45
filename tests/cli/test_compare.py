"""`hypiler compare` on the shipped registry, and on projects made for one question."""

import csv
import io
import json
import os
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from catalogue import SAMPLE
from generated import valid
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from strategies import Tree, registries

from hypiler.cli import compare as compare_command
from hypiler.cli.main import main
from hypiler.cli.terminal import Page
from hypiler.config import ModelConfig
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.lifecycle.side_by_side import APART, DIFFERS, PARTLY, PROSE, SAME, fact_rows, space_verdicts
from hypiler.registry import Model, Registry
from hypiler.schema.coverage import facts_of
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import USUAL
from hypiler.space import compare

# By id: a lookup of a deprecated model in the registry itself gives a warning.
SHIPPED_REGISTRY = {model.id: model for model in Registry.shipped(hosted=True)}
PLAIN: Tree = {
    "type": "dense",
    "specs": {"embedding_dim": 4, "context_length": 512},
    "capabilities": {"languages": ["en"], "modalities": ["text"], "multi_vector": False, "quantization": ["fp32"]},
}
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, outside any project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, *changes: Tree) -> None:
    """Write a file of models that are called a, b, c and so on, each plain but for its changes."""
    models: list[Tree] = []
    for id, change in zip("abcdefghijklmnopqrstuvwxyz", changes, strict=False):
        model = {"id": id, "name": id.upper(), "huggingface_id": f"org/{id}", **json.loads(json.dumps(PLAIN))}
        for section, value in change.items():
            model[section] = {**model.get(section, {}), **value} if isinstance(value, dict) else value
        models.append(model)
    (folder / "models.json").write_text(json.dumps({"version": "1.0", "models": models}))


def compared(capsys: Capture, *words: str) -> list[str]:
    assert main(["compare", *words]) == 0
    return capsys.readouterr().out.splitlines()


def of_file(capsys: Capture, *words: str) -> list[str]:
    return compared(capsys, *words, "--file", "models.json")


def document(capsys: Capture, *words: str) -> Any:
    assert main(["compare", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def states(capsys: Capture, *words: str) -> dict[str, str]:
    found = document(capsys, *words, "--file", "models.json")
    return {f"{row['path']}.{row['key']}" if row["key"] else row["path"]: row["state"] for row in found["facts"]}


def on_terminal(models: "list[Model]", width: "int | None", *, everything: bool = False) -> list[str]:
    return compare_command._lines(models, USUAL, Page(width=width), everything=everything)


def test_facts_that_differ_are_shown_with_how_they_are_known(capsys: Capture) -> None:
    lines = compared(capsys, "bge-m3", "e5-base-v2")
    assert lines[0].split() == ["bge-m3", "e5-base-v2"]
    assert (
        golden("≠ layers                      24 layers ✓                                       12 layers ≈") in lines
    )
    assert golden("? beir_datasets               –                                                 beir-15") in lines
    assert not [line for line in lines if "matryoshka " in line]
    assert lines[-3:] == [
        golden("≠ differs · ? not stated by all"),
        golden("✓ verified · ≈ agrees with a copy · no sign: sourced"),
        golden("6 facts are the same: --all shows them"),
    ]


def test_all_shows_equal_facts_without_a_sign_and_texts_for_people(capsys: Capture) -> None:
    lines = compared(capsys, "bge-m3", "e5-base-v2", "--all")
    assert [line.split() for line in lines if line.startswith("  matryoshka ")] == [["matryoshka", "no", "no"]]
    assert [line.split() for line in lines if line.startswith("  name ")] == [
        ["name", "BGE-M3", "°", "E5", "Base", "v2", "°"]
    ]
    assert "the same" not in lines[-1]


def test_models_are_named_by_id_alias_and_repository(capsys: Capture, folder: Path) -> None:
    write(folder, {"aliases": ["first"]}, {})
    assert of_file(capsys, "first", "org/b") == of_file(capsys, "a", "b")
    assert document(capsys, "BAAI/bge-m3", "voyage-4")["models"] == ["bge-m3", "voyage-4"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bge-m3", "bgem3"], golden("no model 'bgem3' in the shipped registry; did you mean 'bge-m3'?")),
        (["bge-m3"], golden("name 2 to 26 models; 1 given")),
        (
            ["bge-m3", "BAAI/bge-m3"],
            golden("`BAAI/bge-m3` is `bge-m3`, which is compared already; name another model"),
        ),
    ],
)
def test_what_cannot_be_compared_is_wrong_use(capsys: Capture, words: list[str], message: str) -> None:
    assert main(["compare", *words]) == 2
    assert capsys.readouterr() == ("", golden(f"hypiler: {message}\n"))


def test_states_of_facts(capsys: Capture, folder: Path) -> None:
    write(
        folder,
        {"license": "MIT", "encoding": {"prompts": {"sts": "x", "web": "y"}}, "architecture": {"layers": 2}},
        {"license": "MIT", "encoding": {"prompts": {"sts": "z"}}, "architecture": {"layers": 3}},
    )
    found = states(capsys, "a", "b")
    assert found["license"] == SAME
    assert found["name"] == PROSE
    assert found["architecture.layers"] == DIFFERS
    assert found["encoding.prompts.sts"] == DIFFERS
    assert found["encoding.prompts.web"] == PARTLY
    assert "architecture.head_dim" not in found


def test_scores_are_compared_over_the_same_data_sets_alone(capsys: Capture, folder: Path) -> None:
    one = {"benchmark": "BEIR", "metric": "nDCG@10", "value": 0.5, "datasets": ["FiQA", "NQ"]}
    other = {**one, "value": 0.6, "datasets": ["FiQA"]}
    vague = {key: one[key] for key in ("benchmark", "metric", "value")}
    mean = {"beir_avg": 0.5, "beir_datasets": "beir-13"}
    write(
        folder,
        {"performance": {**mean, "scores": [one, vague]}},
        {"performance": {**mean, "beir_avg": 0.6, "scores": [{**one, "value": 0.7}, other, vague]}},
        {"performance": {**mean, "beir_datasets": "beir-15", "scores": [other]}},
        {"performance": {"beir_avg": 0.4}},
    )
    pair = states(capsys, "a", "b")
    assert pair["performance.beir_avg"] == DIFFERS
    assert pair["performance.scores.BEIR nDCG@10, over FiQA, NQ"] == DIFFERS
    assert pair["performance.scores.BEIR nDCG@10, over FiQA"] == PARTLY
    assert pair["performance.scores.BEIR nDCG@10, data sets not stated"] == APART
    assert states(capsys, "a", "c")["performance.beir_avg"] == APART
    assert states(capsys, "a", "d")["performance.beir_avg"] == APART
    lines = of_file(capsys, "a", "c")
    (row,) = [line for line in lines if line.startswith("× beir_avg ")]
    assert row.split()[2:] == ["0.5", "nDCG@10", "over", "beir-13", "°", "0.5", "nDCG@10", "over", "beir-15", "°"]
    assert any("× cannot be compared: other or unknown data sets" in line for line in lines)


def test_every_fact_of_a_model_is_in_a_row_with_its_evidence() -> None:
    for one, other in pairwise(SAMPLE):
        pair = [SHIPPED_REGISTRY[one.id], SHIPPED_REGISTRY[other.id]]
        rows = fact_rows(pair)
        paths = {row.path for row in rows}
        for index, model in enumerate(pair):
            known = facts_of(model)
            for field in FIELDS:
                if getattr(model, field.attribute) not in (None, (), {}) and field.attribute not in ("id", "sources"):
                    assert field.name in paths
            for row in rows:
                stated = row.values[index] is not None
                assert row.evidence[index] == (known.get(row.path, "") if stated else "")
                assert bool(row.texts[index]) == stated


# ---- vector spaces ----


def test_verdicts_are_those_of_the_comparison_of_stamps() -> None:
    ids = ["bge-small-en-v1.5", "e5-base-v2", "voyage-4", "colbert-v2", "splade-v3", "potion-base-8m"]
    models = [SHIPPED_REGISTRY[id] for id in ids]
    verdicts = space_verdicts(models)
    assert [one.models for one in verdicts] == list(combinations(ids, 2))
    for verdict, (one, other) in zip(verdicts, combinations(models, 2), strict=True):
        found = compare(ModelConfig.from_model(one).space(), ModelConfig.from_model(other))
        assert (verdict.outcome, verdict.facts) == (found.outcome, found.facts)


def test_verdict_in_words(capsys: Capture, folder: Path) -> None:
    encoding = {"pooling": "mean", "normalize": True, "query_prefix": "", "document_prefix": ""}
    write(
        folder,
        {"encoding": encoding},
        {"encoding": {**encoding, "pooling": "cls"}},
        {"encoding": {**encoding, "query_prefix": "query: "}},
        {"type": "reranker"},
    )

    def verdict(*ids: str) -> str:
        lines = of_file(capsys, *ids)
        return lines[lines.index("vector spaces") + 1].strip()

    assert verdict("a", "b") == golden(
        "`a` and `b` have different vector spaces, by registry and lock: `pooling` 'mean' and 'cls'"
    )
    assert verdict("a", "c") == golden("`a` and `c` encode queries differently: `query_prefix` '' and 'query: '")
    assert verdict("a", "d") == golden("`d` is a reranker, which makes no vectors")


def test_unknown_bytes_leave_the_verdict_open(capsys: Capture, folder: Path) -> None:
    write(folder, {}, {"encoding": {"pooling": "mean"}})
    (found,) = document(capsys, "a", "b", "--file", "models.json")["spaces"]
    assert found["outcome"] == "undecided"
    assert found["sentence"] == golden(
        "whether `a` and `b` share a vector space is undecided: `pooling` is stated for one of them, `weights` is"
        " unknown, `tokenizer` is unknown"
    )


def test_models_of_the_same_files_share_a_space(capsys: Capture, folder: Path) -> None:
    stated = {
        "huggingface_id": "org/one",
        "revision": "0" * 40,
        "license": "MIT",
        "files": {"weights": {"safetensors": "model.safetensors"}, "sha256": {}},
        "variants": [],
    }
    sums = {name: str(number) * 64 for number, name in enumerate(("model.safetensors", "tokenizer.json"), 1)}
    stated["files"]["sha256"] = sums
    encoding = {"pooling": "mean", "normalize": True, "query_prefix": "", "document_prefix": "", "similarity": "cosine"}
    stated["encoding"] = {**encoding, "query_length": 512, "document_length": 512}
    stated["architecture"] = {"has_projection": False}
    write(folder, stated, stated)
    (found,) = document(capsys, "a", "b", "--file", "models.json")["spaces"]
    assert (found["outcome"], found["sentence"]) == ("same", golden("`a` and `b` share one vector space"))


def test_outputs_of_one_name_are_compared(capsys: Capture) -> None:
    found = document(capsys, "bge-m3", "voyage-4")["spaces"]
    assert [one["outputs"] for one in found] == [["dense", None]]
    names = [one.name for one in SHIPPED_REGISTRY["bge-m3"].outputs]
    twin = SHIPPED_REGISTRY["bge-m3"]
    assert [one.outputs for one in space_verdicts([twin, twin])] == [
        (names[0], names[0]),
        *[(name, name) for name in sorted(names[1:])],
    ]


# ---- layout ----


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 140])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_comparison_fits_the_terminal(width: int, count: int) -> None:
    """Only a word that could be copied exceeds the width, and every such word is in one piece."""
    models = [SHIPPED_REGISTRY[model.id] for model in SAMPLE[:count]]
    lines = on_terminal(models, width, everything=True)
    long = [line for line in lines if columns_of(line) > width and " " in line.strip()]
    # The lines that say for which ids the letters stand.
    assert [line for line in long if line[1:3] != "  "] == []
    words = set(" ".join(lines).split())
    for model in models:
        assert {model.id, model.huggingface_id, model.revision, *model.file_sha256.values()} - {None} <= words


def test_values_stand_below_each_other_where_they_do_not_fit() -> None:
    models = [SHIPPED_REGISTRY[id] for id in ("bge-m3", "e5-base-v2")]
    lines = on_terminal(models, 80)
    start = lines.index("≠ revision")
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == ["bge-m3:", "e5-base-v2:"]
    assert lines[lines.index("≠ layers                      24 layers ✓               12 layers ≈")]
    narrow = on_terminal(models, 50)
    start = narrow.index("≠ layers")
    assert narrow[start + 1 : start + 3] == ["    A: 24 layers ✓", "    B: 12 layers ≈"]
    assert narrow[:2] == ["A  bge-m3", "B  e5-base-v2"]


def test_long_id_is_whole_and_a_letter_stands_for_it() -> None:
    long = SHIPPED_REGISTRY[max(SHIPPED_REGISTRY, key=len)]
    lines = on_terminal([long, SHIPPED_REGISTRY["e5-base-v2"]], 80)
    assert lines[:2] == [f"A  {long.id}", "B  e5-base-v2"]
    assert lines[3].split() == ["A", "B"]


@given(tree=registries(), width=st.none() | st.integers(1, 200), everything=st.booleans())
def test_every_registry_is_compared_in_printable_lines(tree: Tree, width: "int | None", everything: bool) -> None:
    models = [*valid(tree)][:4]
    if len(models) < 2:
        return
    lines = on_terminal(models, width, everything=everything)
    assert [line for line in lines if not line.isprintable()] == []


# ---- for programs ----


def test_json_has_all_facts_in_rows(capsys: Capture) -> None:
    found = document(capsys, "bge-m3", "e5-base-v2")
    rows = {row["path"]: row for row in found["facts"] if not row["key"]}
    assert rows["architecture.layers"] == {
        "path": "architecture.layers",
        "key": "",
        "state": "differs",
        "values": [24, 12],
        "evidence": ["verified", "copy"],
    }
    assert rows["capabilities.matryoshka"]["state"] == "same"
    assert rows["performance.beir_avg"]["values"][0] is None


def test_csv_has_all_facts_and_empty_cells_for_unknown_ones(capsys: Capture) -> None:
    assert main(["compare", "bge-m3", "e5-base-v2", "--csv"]) == 0
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == ["fact", "state", "bge-m3", "bge-m3 evidence", "e5-base-v2", "e5-base-v2 evidence"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["architecture.layers"] == ["differs", "24 layers", "verified", "12 layers", "copy"]
    assert by_name["performance.beir_datasets"] == ["partly", "", "", "beir-15", "sourced"]
    assert len(rows) == len(document(capsys, "bge-m3", "e5-base-v2")["facts"])


def test_stream_of_ascii_is_no_fault() -> None:
    command = [sys.executable, "-m", "hypiler", "compare", "bge-m3", "e5-base-v2", "--all"]
    result = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.isascii()
    assert b"# layers" in result.stdout
