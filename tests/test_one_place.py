"""Adding a field is one line in the table of fields: everything else follows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BEFORE = '    Field("extra"'
LINE = '    Field("specs.layers", Integer(), "Number of layers.", null=True),\n'


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with one more field, and a registry that uses it for one model."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        ROOT / "src" / "hypiler",
        folder / "hypiler",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    schema = folder / "hypiler" / "schema" / "fields.py"
    text = schema.read_text("utf-8")
    assert text.count(BEFORE) == 1
    schema.write_text(text.replace(BEFORE, LINE + BEFORE), "utf-8")
    registry = json.loads((ROOT / "models.json").read_text("utf-8"))
    registry["models"][0]["specs"]["layers"] = 12
    (folder / "models.json").write_text(json.dumps(registry), "utf-8")
    run(folder, "-m", "hypiler", "build", "models.json", "--out", "hypiler")
    return folder


def run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_new_field_is_in_the_records(package: Path) -> None:
    code = "from hypiler.model_registry import MODEL_REGISTRY as M; print(M[0].layers, M[1].layers)"
    assert run(package, "-c", code) == "12 None\n"


def test_new_field_is_in_the_stub(package: Path) -> None:
    stub = (package / "hypiler" / "model_registry.pyi").read_text("utf-8")
    assert 'def layers(self) -> int | None:\n        """Number of layers."""' in stub


def test_new_field_is_in_the_json_schema(package: Path) -> None:
    schema = json.loads(run(package, "-m", "hypiler", "schema"))
    specs = schema["properties"]["models"]["items"]["properties"]["specs"]["properties"]
    assert specs["layers"]["description"] == "Number of layers."


def test_new_field_is_in_the_reference(package: Path) -> None:
    reference = run(package, "-m", "hypiler", "schema", "--format", "markdown")
    assert "| `layers` | an integer, at least 1 or null | no | `layers` | Number of layers. |" in reference


def test_new_field_is_shown(package: Path) -> None:
    registry = json.loads((package / "models.json").read_text("utf-8"))
    shown = run(package, "-m", "hypiler", "show", registry["models"][0]["id"])
    assert [line.split()[:2] for line in shown.splitlines() if line.split()[:1] == ["layers"]] == [["layers", "12"]]


def test_new_field_is_in_the_documentation(package: Path) -> None:
    run(package, "-m", "hypiler", "docs", "models.json")
    assert "\n| layers | 12 |  |\n" in (package / "MODELS.md").read_text("utf-8")
