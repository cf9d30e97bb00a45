"""The shipped registry with its lock: what was read at the commit, and the real files of all-MiniLM-L6-v2."""

import json
import shutil
from pathlib import Path
from typing import Final

import pytest
from engines.conftest import minilm, unpacked

from hypiler import model_registry
from hypiler.cli.main import main
from hypiler.model_files.facts import FileFact
from hypiler.registry import Registry
from hypiler.verification.lock_rules import is_of
from hypiler.verification.lockfile import read_lock
from hypiler.verification.verdict import compare, differences

ROOT = Path(__file__).parents[2]
ID: Final = "all-minilm-l6-v2"
COMMIT = "fa97f6e7cb1a59073dff9e6b13e2715cf7475ac9"


def test_all_minilm_is_verified_at_its_commit() -> None:
    for model in (Registry.shipped()[ID], model_registry.MODELS[ID]):
        assert (model.revision, model.verified_revision) == (COMMIT, COMMIT)
        assert model.pins_all_files
        assert model.verified_facts == 23
        weights = model.pinned_files["model.safetensors"]
        assert (weights.size, weights.precision) == (90_868_376, "fp32")
        assert model.pinned_files.keys() >= {"tokenizer.json", "config.json", "modules.json", "1_Pooling/config.json"}


def test_commands_say_at_which_commit_it_was_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", ID, "--shipped"]) == 0
    assert "23 facts verified, by the files at fa97f6e7cb1a, 11 claimed by their sources" in capsys.readouterr().out
    assert main(["verify", ID, "--shipped", "--offline"]) == 0
    assert "@ fa97f6e7cb1a): 23 agree" in capsys.readouterr().out


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A copy of the shipped registry, beside a copy of its lock."""
    shutil.copy(ROOT / "models.lock.json", tmp_path)
    return Path(shutil.copy(ROOT / "models.json", tmp_path))


def test_real_files_of_all_minilm_agree_and_teach_the_lock_nothing(
    minilm: Path,  # noqa: F811
    registry: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", ID, "--file", str(registry), "--local", str(minilm), "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert [fact["path"] for fact in model["facts"] if fact["state"] == "differs"] == []
    recorded, learnt = (json.loads((folder / "models.lock.json").read_bytes()) for folder in (ROOT, registry.parent))
    # The package has a licence and a notice of its own, which are read on the day of the test.
    assert {learnt["models"][ID]["files"].pop(name)["read"] for name in ("LICENSE", "NOTICE")} == {"copy"}
    assert recorded["models"][ID].pop("date") <= learnt["models"][ID].pop("date")
    assert learnt == recorded


def test_real_files_of_all_minilm_have_the_bytes_of_the_lock(
    minilm: Path,  # noqa: F811
    registry: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["verify", ID, "--file", str(registry), "--bytes", "--local"]
    assert main([*command, str(minilm)]) == 0
    other = shutil.copytree(
        minilm, tmp_path / "other", ignore=shutil.ignore_patterns("tokenizer.json", "*.safetensors")
    )
    (other / "tokenizer.json").write_bytes((minilm / "tokenizer.json").read_bytes() + b"\n")
    capsys.readouterr()
    assert main([*command, str(other)]) == 1
    assert "tokenizer.json" in capsys.readouterr().out


def test_no_fact_contradicts_what_the_lock_recorded_of_the_models_files() -> None:
    lock, findings = read_lock((ROOT / "models.lock.json").read_bytes(), "models.lock.json")
    assert findings == []
    entries = {entry["id"]: entry for entry in json.loads((ROOT / "models.json").read_bytes())["models"]}
    assert lock.keys() <= entries.keys()
    assert [id for id, one in lock.items() if not is_of(entries[id], one)] == []
    found = [
        (id, verdict.path, verdict.theirs)
        for id, one in lock.items()
        for verdict in differences(entries[id], one.facts, one.sums, complete=one.complete)
    ]
    assert found == []


def test_further_head_of_a_model_with_outputs_is_no_projection_of_the_default_one() -> None:
    facts = {"architecture.has_projection": FileFact(True, "colbert_linear.pt", "")}
    entry = {"architecture": {"has_projection": False}}
    assert [one.state for one in compare(entry, facts, {})] == ["differs"]
    assert [one.state for one in compare(entry | {"outputs": []}, facts, {})][:1] == ["unknown"]
    assert differences(entry | {"outputs": []}, facts, {}) == []
