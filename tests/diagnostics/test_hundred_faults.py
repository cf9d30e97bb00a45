"""A file with a hundred faults gives a report that can be read."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden_file

from hypiler.cli.main import main

HERE = Path(__file__).parent
BASE = HERE.parents[1] / "tests/packages/hatch-app/models.json"


def faulty(number: int) -> dict[str, Any]:
    """A model with three faults of its own and one that all have."""
    (model,) = json.loads(BASE.read_text("utf-8"))["models"]
    model["id"] = f"model-{number:02}"
    model["descripton"] = model.pop("description")
    model["revision"] = "1" * 40
    specs, kind = model["specs"], number % 5
    specs["embedding_dim"] = [0, "384", None, 384.0, True][kind]
    model["license"] = ["mit license", "", 1, "Apache 2", None][kind]
    model["capabilities"]["languages"] = [["eng"], ["jp"], ["en", "en"], "en", ["EN"]][kind]
    return model


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree = {"version": "1.0", "models": [faulty(number) for number in range(25)]}
    Path("models.json").write_text(json.dumps(tree, indent=2))


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("form", ["text", "concise"])
def test_report_is_the_stored_one(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "models.json", "--format", form]) == 1
    assert capsys.readouterr().out == golden_file(HERE / f"hundred_faults.{form}")


@pytest.mark.usefixtures("registry")
def test_limit_shows_all_or_few_and_changes_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    for limit, shown in [("0", 100), ("7", 7), ("100", 100)]:
        assert main(["check", "models.json", "--limit", limit]) == 1
        out = capsys.readouterr().out
        assert out.count("error[") == shown
        assert "\n100 errors:\n" in out


@pytest.mark.usefixtures("registry")
def test_programs_get_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "models.json", "--format", "json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 100
