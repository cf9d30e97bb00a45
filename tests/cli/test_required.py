"""Commands on models that state little, or that are not on the hub."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from strategies import elsewhere, registry_of

from hypiler.cli.main import main

Capture = pytest.CaptureFixture[str]
CORE = {"id": "a", "type": "dense", "name": "A", "huggingface_id": "org/a", "specs": {"embedding_dim": 8}}


def write(folder: Path, *models: Any) -> str:
    path = folder / "models.json"
    path.write_text(json.dumps(registry_of(*models)), encoding="utf-8")
    return str(path)


class TestCheck:
    def test_files_are_checked_by_what_is_asked_for(self, tmp_path: Path, capsys: Capture) -> None:
        path = write(tmp_path, CORE)
        assert main(["check", path]) == 1
        capsys.readouterr()
        assert main(["check", path, "--required", "core"]) == 0
        assert capsys.readouterr().out == "1 model, no findings\n"
        assert main(["check", path, "--required", "license, name", "--format", "concise"]) == 1
        assert "the model is missing the required field `license`" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                ["models.json", "--required", "licence"],
                golden("--required: no field has the path 'licence'; did you mean `license`?"),
            ),
            (
                ["--required", "core"],
                golden("--required is for files: a project has the option `required` in pyproject.toml"),
            ),
        ],
    )
    def test_wrong_use_is_explained(self, arguments: list[str], message: str, capsys: Capture) -> None:
        assert main(["check", *arguments]) == 2
        assert message in capsys.readouterr().err


class TestElsewhere:
    def test_models_with_a_source_are_skipped_and_counted(self, tmp_path: Path, capsys: Capture) -> None:
        path = write(tmp_path, CORE, {**elsewhere(api="openai", model="m"), "aliases": []})
        assert main(["verify", "--offline", "--file", path]) in (0, 3, 4)
        assert golden("note: 1 model with a `source` skipped: nothing on the hub to read\n") in capsys.readouterr().err

    @pytest.mark.parametrize("command", ["verify", "pin", "outdated"])
    def test_nothing_read_is_no_success(self, command: str, tmp_path: Path, capsys: Capture) -> None:
        path = write(tmp_path, elsewhere(api="openai", model="m"))
        assert main([command, "--file", path]) == 2
        message = golden("hypiler: every model has a `source`, so there is nothing on the hub to read\n")
        assert capsys.readouterr().err == message

    @pytest.mark.parametrize("command", ["verify", "pin", "outdated"])
    def test_one_that_is_named_has_nothing_to_read(self, command: str, tmp_path: Path, capsys: Capture) -> None:
        path = write(tmp_path, elsewhere(api="openai", model="m"))
        assert main([command, "plain", "--file", path]) == 2
        assert capsys.readouterr().err == golden(
            "hypiler: `plain` has a `source`, so there is nothing on the hub to read; for a folder of files, use `hypiler verify plain --local DIR`\n"
        )

    def test_the_list_shows_what_is_known(self, tmp_path: Path, capsys: Capture) -> None:
        path = write(tmp_path, CORE, {**elsewhere(ollama="m:v1"), "aliases": []})
        assert main(["list", "--file", path, "--min-context", "1"]) == 0
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:2]] == ["plain"]
