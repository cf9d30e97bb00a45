"""Two registries of a project that share a lock: verifying one keeps what is known of the other."""

import json
from pathlib import Path

import pytest
from strategies import plain_model, registry_of

from hypiler.cli.main import main
from hypiler.verification.lockfile import LockEntry, write_lock


def test_what_is_known_of_the_other_registry_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    entries = "".join(
        f'[[tool.hypiler.registry]]\nsources = ["{name}.json"]\noutput = "{name}.py"\n' for name in ("one", "two")
    )
    Path("pyproject.toml").write_text(entries)
    for name in ("one", "two"):
        model = plain_model(id=name, huggingface_id=f"org/{name}", aliases=[])
        Path(f"{name}.json").write_text(json.dumps(registry_of(model)))
    known = {name: LockEntry(f"org/{name}", "a" * 40, "2026-01-31") for name in ("one", "two", "gone")}
    Path("models.lock.json").write_text(write_lock(known))
    Path("folder").mkdir()
    Path("folder/config.json").write_text('{"model_type": "bert"}')
    del known["one"], known["gone"]
    Path("models.lock.json").write_text(write_lock(known | {"gone": LockEntry("org/gone", "a" * 40, "2026-01-31")}))
    main(["verify", "one", "--registry", "one", "--local", "folder"])
    assert list(json.loads(Path("models.lock.json").read_bytes())["models"]) == ["one", "two"]
