"""Annotations and SARIF name files from the root of the repository, wherever a command runs and however it finds them."""

import json
import subprocess
from pathlib import Path

import pytest
from strategies import plain_model, registry_of

from hypiler.cli.main import main


def registry(id: str, *, fault: bool = True) -> str:
    changed = {"license": 1} if fault else {}
    return json.dumps(registry_of(plain_model(id=id, aliases=[], huggingface_id=f"org/{id}", **changed)))


TABLE = '[tool.hypiler]\nsources = ["models.json", "../../shared/models.json"]\noutput = "app.py"\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project in `services/a` that has a fault in its own file and in one above the project."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    root = tmp_path / "repository"
    (root / "services/a/sub").mkdir(parents=True)
    (root / "shared").mkdir()
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "services/a/pyproject.toml").write_text(TABLE)
    (root / "services/a/models.json").write_text(registry("a"))
    (root / "shared/models.json").write_text(registry("b"))
    return root


def shown(capsys: pytest.CaptureFixture[str], *command: str) -> list[str]:
    """The paths in annotations and in SARIF, which must agree."""
    assert main([*command, "--format", "github"]) == 1
    annotations = [line.split("file=")[1].split(",")[0] for line in capsys.readouterr().out.splitlines()]
    if command[0] != "check":
        return annotations
    assert main([*command, "--format", "sarif"]) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == annotations
    return annotations


BOTH = ["services/a/models.json", "shared/models.json"]


@pytest.mark.parametrize("workspace", [None, ".", ".."], ids=["git", "workspace", "above"])
@pytest.mark.parametrize("command", ["check", "build"])
@pytest.mark.parametrize(
    ("folder", "arguments"),
    [("services/a", []), ("services/a/sub", []), (".", ["--project", "services/a"]), ("..", ["--project", "{a}"])],
    ids=["project", "below", "root", "outside"],
)
def test_paths_of_a_project(
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: str,
    arguments: list[str],
    command: str,
    workspace: str | None,
) -> None:
    """The workspace of a workflow is the root, even if the repository lies deeper in it."""
    monkeypatch.chdir(repository / folder)
    if workspace is not None:
        monkeypatch.setenv("GITHUB_WORKSPACE", str(repository / workspace))
    words = [word.format(a=repository / "services/a") for word in arguments]
    before = "repository/" if workspace == ".." else ""
    assert shown(capsys, command, *words) == [before + path for path in BOTH]


@pytest.mark.parametrize("file", ["models.json", "./models.json", "{here}/models.json"])
def test_path_of_a_file(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    here = repository / "services/a"
    monkeypatch.chdir(here)
    assert shown(capsys, "check", file.format(here=here)) == BOTH[:1]


def test_path_of_pyproject_toml(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "services/a/pyproject.toml").write_text("[tool.hypiler]\n")
    monkeypatch.chdir(repository / "services/a/sub")
    assert shown(capsys, "check") == ["services/a/pyproject.toml"]


def test_path_of_an_output(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "services/a/models.json").write_text(registry("a", fault=False))
    (repository / "shared/models.json").write_text(registry("b", fault=False))
    monkeypatch.chdir(repository / "services/a")
    assert shown(capsys, "build", "--check") == ["services/a/app.py", "services/a/app.pyi"]


def test_json_names_files_as_the_report_in_text_does(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository / "services/a")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repository))
    assert main(["check", "--format", "json"]) == 1
    assert [finding["file"] for finding in json.loads(capsys.readouterr().out)["findings"]] == [
        "models.json",
        "../../shared/models.json",
    ]
