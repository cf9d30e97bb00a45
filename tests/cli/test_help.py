"""`--help` is true: every example that it shows runs."""

import io
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path

import pytest

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
    """In a project whose outputs are up to date."""
    project = Path(shutil.copytree(APP, tmp_path / "app"))
    monkeypatch.chdir(project)
    assert main(["build"]) == main(["docs"]) == 0
    capsys.readouterr()
    # What never ends, and what asks the hub or needs what it said, which other tests run.
    if "--watch" in words or words[1] in ("verify", "pin", "add", "outdated"):
        assert make_parser().parse_args(words[1:])
        return
    standard_input = io.TextIOWrapper(io.BytesIO(Path("models.json").read_bytes()))
    monkeypatch.setattr("sys.stdin", standard_input)
    assert main(words[1:]) == 0, capsys.readouterr().err


def test_help_of_every_command_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in [[], *[[command] for command in COMMANDS]]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--help"])
        assert ended.value.code == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 100
