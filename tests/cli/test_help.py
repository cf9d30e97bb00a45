"""`--help` is true: every example that it shows runs."""

import argparse
import io
import re
import shlex
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest
from golden import golden

from hypiler.cli.help_page import HelpPage
from hypiler.cli.main import COMMANDS, main, make_parser

ROOT = Path(__file__).parents[2]
APP = ROOT / "tests/packages/hatch-app"


def examples(command: str) -> list[list[str]]:
    """The arguments of each example of a command, without what the shell does with its input and output."""
    text: str = import_module(f"hypiler.cli.{command}").EXAMPLES
    lines = [re.split(r" {2,}| [|<>] ", line.strip())[0] for line in text.splitlines()[1:]]
    return [shlex.split(line) for line in lines]


ALL = [pytest.param(words, id=" ".join(words)) for command in COMMANDS for words in examples(command)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_examples_of_itself(command: str) -> None:
    shown = examples(command)
    assert shown
    assert [words[:2] for words in shown] == [["hypiler", command]] * len(shown)


@pytest.mark.parametrize("words", ALL)
def test_example_runs(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a project whose outputs are up to date, at the root of a git repository."""
    project = Path(shutil.copytree(APP, tmp_path / "app"))
    subprocess.run(["git", "init", "-q", project], check=True)
    monkeypatch.chdir(project)
    assert main(["build"]) == main(["docs"]) == 0
    capsys.readouterr()
    # What never ends, what asks the hub, and what reads files, packages or revisions that are not here: other tests run
    # it.
    if "--watch" in words or words[1] in (
        "verify",
        "pin",
        "add",
        "outdated",
        "sbom",
        "import",
        "adopt",
        "migrate",
        "diff",
        "encode",
    ):
        assert make_parser().parse_args(words[1:])
        return
    standard_input = io.TextIOWrapper(io.BytesIO(Path("models.json").read_bytes()))
    monkeypatch.setattr("sys.stdin", standard_input)
    assert main(words[1:]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("columns", [66, 80, 200])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_terminal(
    command: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example is a command to copy: it is never broken, so on the narrowest terminal a long one may not fit."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as ended:
        main(["help", command] if command else ["help"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    commands = [line for line in lines if line.startswith("  hypiler ")]
    if columns >= 80:
        commands = []
    assert [line for line in lines if len(line) > min(columns, 100) and line not in commands] == []


def test_page_of_examples_is_laid_out_by_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "examples:\n  hypiler x    what it does here\n  hypiler x --long-option VALUE   the same\n  hypiler y\n"
    monkeypatch.setenv("COLUMNS", "60")
    assert HelpPage("x")._fill_text(text, 58, "") == golden(
        "examples:\n"
        "  hypiler x                      what it does here\n"
        "  hypiler x --long-option VALUE  the same\n"
        "  hypiler y"
    )
    assert HelpPage("x")._fill_text(text, 36, "") == golden(
        "examples:\n"
        "  hypiler x           what it does here\n"
        "  hypiler x --long-option VALUE\n"
        "                      the same\n"
        "  hypiler y"
    )


def options_of(command: str) -> list[argparse.Action]:
    parser = make_parser([command])
    (commands,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    actions: list[argparse.Action] = commands.choices[command]._actions
    return actions


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_explained(command: str) -> None:
    assert [action for action in options_of(command) if not action.help] == []
