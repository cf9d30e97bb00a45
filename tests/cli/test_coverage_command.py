"""How facts are known: `hypiler coverage`, and the column of `hypiler list`."""

import copy
import json
from pathlib import Path

import pytest
import tiny
from golden import golden
from strategies import Tree

from hypiler.cli.main import main
from hypiler.model_files.facts import FileFact
from hypiler.registry.registry import Registry
from hypiler.schema.coverage import Coverage, facts_of
from hypiler.schema.fields import FIELDS
from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, LockEntry, write_lock

COMMIT = "a" * 40
FACTS = {
    "specs.hidden_dim": FileFact(2, "config.json", "hidden_size"),
    "encoding.pooling": FileFact("mean", "1_Pooling/config.json", "pooling_mode_mean_tokens"),
}
# A source by its own path, one of a section, and one of a fact that there is not.
SOURCES = {"license": "a page", "architecture": "its config", "performance.beir_avg": "none on its card"}
Capture = pytest.CaptureFixture[str]


def model(id: str, **changes: object) -> Tree:
    entry: Tree = copy.deepcopy(tiny.entry(id=id, huggingface_id=f"org/{id}", revision=COMMIT, **changes))
    entry["specs"]["hidden_dim"] = 2
    entry["encoding"] = {"pooling": "mean"}
    entry.pop("files", None)
    return entry


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a registry of four models, of which the lock knows two."""
    monkeypatch.chdir(tmp_path)
    models = [model("verified"), model("copied", sources=SOURCES), model("sourced", sources=SOURCES), model("bare")]
    (tmp_path / "models.json").write_text(json.dumps({"version": "1.0", "models": models}), "utf-8")
    lock = {}
    for id, read in (("verified", AT_COMMIT), ("copied", COPY)):
        files = {fact.file: LockedFile("b" * 64, read=read) for fact in FACTS.values()}
        lock[id] = LockEntry(f"org/{id}", COMMIT, "2026-01-31", files, FACTS)
    (tmp_path / "models.lock.json").write_text(write_lock(lock), "utf-8")
    return tmp_path


def printed(capsys: Capture, *words: str) -> list[str]:
    assert main([*words, "--file", "models.json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_each_field_has_the_numbers_of_models_by_evidence(capsys: Capture) -> None:
    lines = printed(capsys, "coverage")
    assert lines[0] == golden("field                          verified  copy  sourced  unsourced  unknown")
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:-2]}
    assert rows["specs.hidden_dim"] == ["1", "1", "–", "2", "–"]
    assert rows["license"] == ["–", "–", "2", "2", "–"]
    assert rows["architecture.variant"] == ["–", "–", "2", "2", "–"]
    # A source of the section says nothing of what the section leaves out.
    assert "architecture.projection_dims" not in rows
    assert rows["performance.beir_avg"] == ["–", "–", "2", "–", "2"]
    assert "performance.ms_marco_mrr10" not in rows
    assert rows["all"] == ["2", "2", "12", "70", "2"]
    assert lines[-1] == golden(
        "4 models of models.json · 86 facts: 2 verified, 2 agree with a copy, 12 sourced, 70 without a source"
    )


def test_list_names_the_strongest_evidence_of_each_model(capsys: Capture) -> None:
    lines = printed(capsys, "list")
    assert [line.partition("evidence")[1] for line in lines[:1]] == ["evidence"]
    assert [" ".join(line.split()[-2:]) for line in lines[1:4]] == [
        golden("verified 2/21"),
        golden("copy 2/22"),
        golden("sourced 6/22"),
    ]
    assert lines[4].endswith(golden("–            unsourced"))
    assert [
        line.split()[0] for line in printed(capsys, "list", "--evidence", "verified", "--evidence", "copy")[1:3]
    ] == [
        "verified",
        "copied",
    ]
    assert printed(capsys, "list", "--evidence", "unsourced")[-1] == golden("1 of 4 models of models.json")


def test_unknown_word_for_evidence_gets_a_suggestion(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["list", "--evidence", "verifed"])
    message = "argument --evidence: must be one of verified, copy, sourced, unsourced; got"
    assert (ended.value.code, capsys.readouterr().err) == (
        2,
        golden(f'hypiler: {message} "verifed"; did you mean `verified`?\n'),
    )


def test_json_has_the_numbers_by_field_and_by_model(capsys: Capture) -> None:
    document = json.loads("\n".join(printed(capsys, "coverage", "--json")))
    listed = json.loads("\n".join(printed(capsys, "list", "--evidence", "copy", "--json")))
    assert document["total"] == {"verified": 2, "copy": 2, "sourced": 12, "unsourced": 70, "differs": 0, "unknown": 2}
    known = {model["id"]: [model[word] for word in ("verified", "copy", "sourced")] for model in document["models"]}
    assert known == {"verified": [2, 0, 0], "copied": [0, 2, 6], "sourced": [0, 0, 6], "bare": [0, 0, 0]}
    assert listed["evidence"] == [one for one in document["models"] if one["id"] == "copied"]


def test_numbers_agree_with_those_of_the_model() -> None:
    registry = Registry.load("models.json")
    counts = Coverage(registry).models
    for one in registry:
        own = counts[one.id]
        assert (own["verified"], own["copy"], own["differs"]) == (
            one.verified_facts,
            one.agreeing_facts,
            one.differing_facts,
        )
        nothing = [path for path, word in facts_of(one).items() if word == "sourced" and path == "performance.beir_avg"]
        assert own["sourced"] + own["unsourced"] - len(nothing) == one.claimed_facts


@pytest.mark.parametrize(
    ("sources", "word"),
    [
        ({"performance.scores": "a page"}, "sourced"),
        ({"performance": "a page"}, "sourced"),
        ({"performance.scores[0].value": "a page"}, "unsourced"),
        ({}, "unsourced"),
    ],
)
def test_scores_are_sourced_by_the_field_or_each_by_its_own(folder: Path, sources: Tree, word: str) -> None:
    score = {"benchmark": "b", "metric": "m", "value": 0.5}
    performance = {"beir_avg": None, "ms_marco_mrr10": None, "scores": [score]}
    assert _word_for_scores(folder, model("m", performance=performance, sources=sources)) == word
    performance["scores"] = [score | {"source": "its own"}]
    assert _word_for_scores(folder, model("m", performance=performance)) == "sourced"


def _word_for_scores(folder: Path, entry: Tree) -> str:
    (folder / "one.json").write_text(json.dumps({"version": "1.0", "models": [entry]}), "utf-8")
    registry = Registry.load("one.json", lock=False)
    assert registry.ok, registry.report()
    return facts_of(registry["m"])["performance.scores"]


def test_registry_without_models_has_no_table(folder: Path, capsys: Capture) -> None:
    (folder / "models.json").write_text('{"version": "1.0", "models": []}')
    (folder / "models.lock.json").unlink()
    assert printed(capsys, "coverage") == [golden("0 models of models.json")]


def test_only_facts_are_counted() -> None:
    paths = {path for one in Registry.load("models.json") for path in facts_of(one)}
    assert paths == {field.name for field in FIELDS if field.is_fact}
