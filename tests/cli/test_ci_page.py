"""The workflows that a project can copy from docs/ci.md run in a project as it should be, and fail in one that is not."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml
from cli.conftest import Project

PAGE = (Path(__file__).parents[2] / "docs/ci.md").read_text("utf-8")
WORKFLOWS = re.findall(r"^`\.github/workflows/([\w-]+)\.yml`:\n\n```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = {
    name: [
        shlex.split(step["run"].removeprefix("hypiler "))
        for job in yaml.safe_load(text)["jobs"].values()
        for step in job["steps"]
        if step.get("run", "").startswith("hypiler ")
    ]
    for name, text in WORKFLOWS
}


def without_redirection(words: list[str]) -> list[str]:
    return words[: words.index(">")] if ">" in words else words


@pytest.fixture
def built(tiny_project: Project) -> Project:
    """A project whose generated files are committed."""
    assert tiny_project.run("build")[0] == tiny_project.run("docs")[0] == 0
    return tiny_project


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_have_nothing_to_say_about_a_project_that_is_right(name: str, built: Project) -> None:
    assert COMMANDS[name]
    for words in COMMANDS[name]:
        code, _, err = built.run(*without_redirection(words))
        assert (code, err) == (0, "")


def test_every_command_is_needed(built: Project) -> None:
    """Each one fails for a fault that the others do not see."""
    checked = {" ".join(words): words for words in COMMANDS["models"]}
    assert list(checked) == ["check --strict --format github", "build --check", "docs --check"]
    (built.folder / "registry.py").unlink()
    assert [line for line, words in checked.items() if built.run(*words)[0]] == ["build --check"]
    built.run("build")
    (built.folder / "MODELS.md").unlink()
    assert [line for line, words in checked.items() if built.run(*words)[0]] == ["docs --check"]
    built.write(*[model | {"typo": 1} for model in built.models()])
    assert built.run(*COMMANDS["models"][0])[0] == 1


def test_report_for_code_scanning_names_the_fault(built: Project) -> None:
    built.write(*[model | {"typo": 1} for model in built.models()])
    ((*words, into, file),) = COMMANDS["models-scanning"]
    assert (into, file) == (">", "hypiler.sarif")
    assert "sarif_file: hypiler.sarif" in PAGE
    code, out, _ = built.run(*words)
    assert code == 1
    assert '"uri": "models.json"' in out
