"""The lock beside a registry: what a build makes of it, and what a check says."""

import json
from pathlib import Path
from typing import Any

import pytest
from strategies import plain_model, registry_of

from hypiler.cli.main import main
from hypiler.model_files.extract import FileFact
from hypiler.verification.lockfile import LockEntry, read_lock, write_lock

COMMIT = "a" * 40
FACTS = {
    "specs.hidden_dim": FileFact(8, "config.json", "hidden_size"),
    "specs.vocab_size": FileFact(1000, "config.json", "vocab_size"),
    "architecture.projection_dims": FileFact(None, "modules.json", "type", "no such layer"),
    "encoding.pooling": FileFact("mean", "1_Pooling/config.json", "pooling_mode_mean_tokens"),
}


def locked(**changes: Any) -> LockEntry:
    values = {"repository": "org/model-a", "revision": COMMIT, "date": "2026-01-31", "facts": FACTS} | changes
    return LockEntry(**values, files={"config.json": "b" * 64, "modules.json": None})


@pytest.fixture
def entry() -> dict[str, Any]:
    """It states every fact of the lock but that there is no projection."""
    model = plain_model(id="model-a", huggingface_id="org/model-a", revision=COMMIT)
    model["specs"] |= {"hidden_dim": 8, "vocab_size": 1000}
    model["encoding"]["pooling"] = "mean"
    model["architecture"] = {"type": "bert", "variant": "a", "has_projection": False}
    return {key: value for key, value in model.items() if key not in ("files", "variants")}


def project(folder: Path, entry: dict[str, Any], lock: LockEntry | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    Path("models.json").write_text(json.dumps(registry_of(entry), indent=2))
    if lock is not None:
        Path("models.lock.json").write_text(write_lock({"model-a": lock}))


def built() -> Any:
    """The one record of the module that a build makes."""
    assert main(["build", "models.json", "--out", "out", "-q"]) == 0
    names: dict[str, Any] = {"__name__": "built"}
    exec(Path("out/model_registry.py").read_text(), names)
    return names["__getattr__"]("MODEL_REGISTRY")[0]


def test_lock_is_read_as_it_was_written() -> None:
    text = write_lock({"model-a": locked(), "model-b": locked(revision=None)})
    assert read_lock(text.encode(), "models.lock.json") == ({"model-a": locked(), "model-b": locked(revision=None)}, [])


def test_module_says_which_facts_were_verified(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, entry, locked(), monkeypatch)
    model = built()
    assert (model.verified_revision, model.verified_facts) == (COMMIT, 3)
    project(tmp_path, entry, None, monkeypatch)
    Path("models.lock.json").unlink()
    unverified = built()
    assert (unverified.verified_revision, unverified.verified_facts) == (None, 0)
    assert unverified.claimed_facts == model.claimed_facts + 3 > 10


@pytest.mark.parametrize("change", [{"revision": None}, {"revision": "b" * 40}, {"repository": "org/other"}], ids=str)
def test_files_of_no_or_another_commit_verify_nothing(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    project(tmp_path, entry, locked(**change), monkeypatch)
    assert built().verified_revision is None


def test_fact_that_moved_away_from_the_lock_stops_the_build(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry["specs"]["vocab_size"] = 1001
    project(tmp_path, entry, locked(), monkeypatch)
    assert main(["build", "models.json", "--out", "out"]) == 1
    assert (
        "error[M401]: `specs.vocab_size` must be what the model's files say: 1000 (config.json, `vocab_size`); here 1001"
        in (capsys.readouterr().err)
    )
    assert not Path("out").exists()


def test_lock_is_not_asked_while_the_registry_has_errors(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry["specs"] |= {"vocab_size": 1001, "hidden_dim": "8"}
    project(tmp_path, entry, locked(), monkeypatch)
    assert main(["check", "models.json", "--format", "concise"]) == 1
    out = capsys.readouterr().out
    assert ("[M103]" in out, "[M401]" in out) == (True, False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "M003"),
        (
            '{"version": 2, "models": {}}',
            "models.lock.json must be as `hypiler verify` writes it: `version` must be 1, got 2",
        ),
        ('{"version": 1, "models": []}', "models.lock.json must be as `hypiler verify` writes it"),
        ('{"version": 1, "models": {"model-a": {"repository": 1}}}', "a string is due, got 1"),
    ],
)
def test_lock_that_is_none_is_an_error(
    tmp_path: Path,
    entry: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    told: str,
) -> None:
    project(tmp_path, entry, None, monkeypatch)
    Path("models.lock.json").write_text(text)
    assert main(["check", "models.json"]) == 1
    assert told in capsys.readouterr().out
