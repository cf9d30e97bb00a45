"""The page of the commands says what the parser takes."""

import re
from pathlib import Path
from typing import Any

import pytest

from hypiler.cli.main import COMMANDS, make_parser

PAGE = (Path(__file__).parents[1] / "docs/reference/commands.md").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_and_example_of_a_command_is_in_its_part(command: str) -> None:
    (part,) = re.findall(rf"^## hypiler {command}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    (commands,) = make_parser([command])._subparsers._group_actions  # type: ignore[union-attr]
    parser: Any = commands.choices[command]  # type: ignore[index]
    wanted = {option for action in parser._actions for option in action.option_strings} - {"-h", "--help"}
    named = {name for names in re.findall(r"^\| `(-[^`]*)` \|", part, re.MULTILINE) for name in names.split(" ")}
    assert {name.rstrip(",") for name in named if name.startswith("-")} == wanted
    first = parser.epilog.splitlines()[1].split("  ")[1]
    assert first in part


def test_required_options_stand_in_the_usage_line() -> None:
    assert "hypiler ddl --for STORE [OPTIONS] ID\n" in PAGE
    assert "hypiler check [OPTIONS] [FILE ...]\n" in PAGE
