"""Verification as a service: results and texts are returned, nothing is printed and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from hub.families import MINILM
from strategies import registry_of

from hypiler.errors import UnknownModelError
from hypiler.hub.snapshot import HubError, Snapshot, UnreachableError
from hypiler.registry import Registry
from hypiler.verification.draft import draft
from hypiler.verification.fixes import fixes
from hypiler.verification.lockfile import LockEntry
from hypiler.verification.verify import (
    Verification,
    verify_by_lock,
    verify_folder,
    verify_registry,
)

COMMIT = "c" * 40
DATE = "2026-01-31"
COMPLETED = {
    "organization": "Org",
    "release_date": "2024",
    "performance": {"beir_avg": None, "ms_marco_mrr10": None},
    "description": "A model.",
    "license": "Apache-2.0",
}


def snapshot(repository: str = "org/tiny", revision: str | None = COMMIT) -> Snapshot:
    files = {name: data if isinstance(data, bytes) else json.dumps(data).encode() for name, data in MINILM.items()}
    sizes = {name: len(data) for name, data in files.items()}
    return Snapshot(repository, None, revision, None, tuple(sorted(files)), sizes, dict.fromkeys(files), {}, files)


def entry(id: str, **changes: Any) -> dict[str, Any]:
    model: dict[str, Any] = draft(snapshot(), id=id)[0]
    model |= {key: value for key, value in COMPLETED.items() if key not in model}
    model["architecture"].setdefault("variant", "a")
    model["capabilities"].setdefault("languages", ["en"])
    model["capabilities"].setdefault("quantization", [])
    model["specs"].setdefault("parameters", "22.7M")
    model["specs"] |= changes
    return model


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Two models in two files; the second has a wrong width."""
    (tmp_path / "a.json").write_text(json.dumps(registry_of(entry("right")), indent=2))
    (tmp_path / "b.json").write_text(json.dumps(registry_of(entry("wrong", hidden_dim=768)), indent=2))
    registry = Registry.load(tmp_path / "a.json", tmp_path / "b.json")
    assert registry.ok, registry.report()
    return registry


def read(repository: str, revision: str | None, names_alone: bool) -> Snapshot:
    return snapshot(repository, revision)


def verified(registry: Registry, *names: str) -> Verification:
    return verify_registry(registry, names, read, date=DATE)


def test_results_and_findings_are_returned_and_nothing_is_printed(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    verification = verified(registry)
    assert [(result.entry.id, result.differs) for result in verification.results] == [("right", False), ("wrong", True)]
    assert (verification.complete, verification.differs, verification.unread) == (True, True, False)
    (finding,) = verification.findings()
    assert (finding.code, finding.file, finding.model) == ("M401", str(tmp_path / "b.json"), "wrong")
    assert str(registry.line(finding)).strip() == '"hidden_dim": 768,'
    assert capsys.readouterr() == ("", "")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("names", [("wrong",), ("wrong", "wrong")])
def test_models_are_chosen_by_name_each_once(registry: Registry, names: tuple[str, ...]) -> None:
    assert [result.entry.id for result in verified(registry, *names).results] == ["wrong"]


def test_an_unknown_model_is_an_error_that_names_the_registry(registry: Registry) -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'wrogn' in .*a\.json, .*b\.json; did you mean 'wrong'\?"):
        verified(registry, "wrogn")


def test_a_fix_is_text_that_compiles_without_the_difference(registry: Registry, tmp_path: Path) -> None:
    right, wrong = fixes(verified(registry))
    assert (right.corrected, right.complete, right.text) == (0, True, (tmp_path / "a.json").read_text())
    assert (wrong.corrected, wrong.complete, wrong.errors) == (1, True, [])
    (tmp_path / "b.json").write_text(wrong.text)
    again = verified(Registry.load(tmp_path / "a.json", tmp_path / "b.json"))
    assert not again.differs


def test_the_lock_repeats_the_verdict_without_the_files(registry: Registry) -> None:
    verification = verified(registry)
    locks = verification.locked({"gone": LockEntry("org/gone", COMMIT, DATE)})
    assert list(locks) == ["right", "wrong"]
    by_lock = verify_by_lock(registry, (), locks)
    assert [result.verdicts for result in by_lock.results] == [result.verdicts for result in verification.results]
    nothing = verify_by_lock(registry, ["right"], {})
    assert nothing.unread
    assert nothing.locked(locks) == locks, "nothing read takes nothing away"


def test_results_of_an_unknown_commit_never_replace_those_of_a_known_one(registry: Registry) -> None:
    locks = verified(registry).locked({})
    unknown = verify_registry(registry, ["right"], lambda name, _, __: snapshot(name, None), date="2026-02-01")
    assert unknown.locked(locks) == locks
    assert unknown.locked({})["right"].date == "2026-02-01"


def test_a_model_whose_files_cannot_be_read_is_told_apart(registry: Registry) -> None:
    def refuse(repository: str, revision: str | None, names_alone: bool) -> Snapshot:
        raise UnreachableError(f"{repository} cannot be read")

    verification = verify_registry(registry, ["right"], refuse, date=DATE)
    assert (verification.differs, verification.unread, verification.findings()) == (False, True, [])
    assert not fixes(verification)[0].complete


def test_a_folder_of_another_commit_is_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "b.json").unlink()
    pinned = entry("pinned") | {"revision": COMMIT}
    (tmp_path / "a.json").write_text(json.dumps(registry_of(pinned)))
    registry = Registry.load(tmp_path / "a.json")
    with pytest.raises(HubError) as caught:
        verify_folder(registry, "pinned", lambda _: snapshot("folder", "d" * 40), date=DATE)
    assert str(caught.value) == golden(f"folder has the files of commit {'d' * 40}; `pinned` is of {COMMIT}")
    assert not verify_folder(registry, "pinned", lambda _: snapshot("folder", None), date=DATE).differs


def test_models_of_another_registry_that_shares_the_lock_stay_in_it(registry: Registry) -> None:
    kept = {"elsewhere": LockEntry("org/elsewhere", COMMIT, DATE), "gone": LockEntry("org/gone", COMMIT, DATE)}
    assert list(verified(registry).locked(kept, {"elsewhere"})) == ["right", "wrong", "elsewhere"]
