"""A source above the project is only read: commands that write refuse it, and say what to do."""

import json
from pathlib import Path

import pytest
from golden import golden
from strategies import plain_model, registry_of

from hypiler.cli.main import main
from hypiler.model_files.facts import FileFact
from hypiler.verification.lockfile import LockEntry, write_lock

COMMIT = "a" * 40


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source, whose vocabulary the lock contradicts; the current folder is that of the project."""
    (tmp_path / ".git").mkdir()
    project = tmp_path / "project"
    (project / "app").mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[tool.hypiler]\nsources = ["../models.json"]\noutput = "app/model_registry.py"\n'
    )
    model = plain_model(id="model-a", huggingface_id="org/model-a", revision=COMMIT)
    (tmp_path / "models.json").write_text(json.dumps(registry_of(model), indent=2))
    wrong = {"specs.vocab_size": FileFact(1000, "config.json", "vocab_size")}
    lock = write_lock({"model-a": LockEntry("org/model-a", COMMIT, "2026-01-31", {}, wrong)})
    (project / "models.lock.json").write_text(lock)
    (tmp_path / "models.lock.json").write_text(lock)
    monkeypatch.chdir(project)
    return tmp_path / "models.json"


REFUSED = "../models.json lies outside the project, which only reads it: use --file ../models.json\n"


def test_fix_leaves_it_as_it_is(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = shared.read_bytes()
    assert main(["verify", "--offline", "--fix"]) == 1
    assert capsys.readouterr().err == golden(f"hypiler: {REFUSED}")
    assert shared.read_bytes() == before


def test_fix_of_the_file_itself_writes_it(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--offline", "--fix", "--file", "../models.json"]) == 0
    assert json.loads(shared.read_bytes())["models"][0]["specs"]["vocab_size"] == 1000


def test_add_refuses_before_it_asks_the_hub(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = shared.read_bytes()
    assert main(["add", "org/other", "--yes"]) == 1
    assert capsys.readouterr().err == golden(f"hypiler: nothing was added: {REFUSED}")
    assert shared.read_bytes() == before
