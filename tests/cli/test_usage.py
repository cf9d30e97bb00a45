"""Wrong use: one line that says what was meant, in the form of all errors."""

import argparse
import gc
import re
import subprocess
import sys

import pytest
from clean import assert_clean
from golden import golden

import hypiler
from hypiler.cli.main import COMMANDS, main

Capture = pytest.CaptureFixture[str]


def wrong(capsys: Capture, *words: str) -> str:
    """The one line that a wrong use prints."""
    with pytest.raises(SystemExit) as ended:
        main([*words])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert err.count("\n") == 1
    return err.removesuffix("\n")


def shown(capsys: Capture, *words: str) -> str:
    """What a use that only informs prints."""
    with pytest.raises(SystemExit) as ended:
        main([*words])
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (0, "")
    return out


def test_hypiler_alone_shows_the_help(capsys: Capture) -> None:
    page = shown(capsys)
    assert [shown(capsys, *words.split()) for words in ("--help", "-h", "help", "help help")] == [page] * 4
    assert [name for name in COMMANDS if not re.search(rf"^    {name}\s+\w", page, re.MULTILINE)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_asked_for_before_or_after_the_command(capsys: Capture, command: str) -> None:
    page = shown(capsys, "help", command)
    assert page.startswith(f"usage: hypiler {command} ")
    assert [shown(capsys, *words) for words in ((command, "--help"), (command, "-h"))] == [page] * 2


def test_module_that_runs_is_called_by_the_name_of_the_command() -> None:
    def run(*words: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "hypiler", *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout.split("\n")[0], done.stderr

    assert run() == (0, "usage: hypiler [-h] [-V] COMMAND ...", "")
    assert run("chekc") == (2, "", golden("hypiler: no command `chekc`; did you mean `check`?\n"))


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_alone_loads_no_command(option: str) -> None:
    code = f"import sys; from hypiler.cli import main\ntry: main.main(['{option}'])\nexcept SystemExit: "
    code += "print([name for name in main.COMMANDS if f'hypiler.cli.{name}' in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == golden(f"hypiler {hypiler.__version__}\n[]\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["biuld"], golden("no command `biuld`; did you mean `build`?")),
        (["chek", "models.json"], golden("no command `chek`; did you mean `check`?")),
        (["xyzzy"], golden("no command `xyzzy`; `hypiler --help` lists all")),
        ([""], golden("no command ``; `hypiler --help` lists all")),
        (["models.json"], golden("no command `models.json`; `hypiler --help` lists all")),
        (["--versoin"], golden("`hypiler` takes no option `--versoin`; did you mean `--version`?")),
        (["help", "biuld"], golden("no command `biuld`; did you mean `build`?")),
        (["check", "--foramt", "json"], golden("`hypiler check` takes no option `--foramt`; did you mean `--format`?")),
        (
            ["check", "--format", "jsn"],
            golden(
                'argument --format: must be one of text, concise, github, json, sarif; got "jsn"; did you mean `json`?'
            ),
        ),
        (
            ["check", "--format=yaml"],
            golden(
                'argument --format: must be one of text, concise, github, json, sarif; got "yaml"; see `hypiler check'
                " --help`"
            ),
        ),
        (
            ["list", "--sort", "ber"],
            golden(
                'argument --sort: must be one of id, name, type, dim, context, parameters, beir, mrr, date; got "ber";'
                " did you mean `beir`?"
            ),
        ),
        (
            ["build", "m.json", "--out", "x", "--target", "stubs"],
            golden(
                'argument --target: must be one of module, docs, html, schema; got "stubs"; see `hypiler build --help`'
            ),
        ),
        (
            ["completion", "fihs"],
            golden(
                'argument SHELL: must be one of bash, zsh, fish, tcsh, powershell; got "fihs"; did you mean `fish`?'
            ),
        ),
        (["--project", "x", "list"], golden("`hypiler` takes no option `--project`; see `hypiler --help`")),
        (["list", "--jsn"], golden("`hypiler list` takes no option `--jsn`; did you mean `--json`?")),
        (["list", "--licence=mit"], golden("`hypiler list` takes no option `--licence`; did you mean `--license`?")),
        (["list", "--xyzzy", "--json"], golden("`hypiler list` takes no option `--xyzzy`; see `hypiler list --help`")),
        (["list", "x"], golden("`hypiler list` takes no argument `x`; see `hypiler list --help`")),
        (["list", "-x"], golden("`hypiler list` takes no option `-x`; see `hypiler list --help`")),
        (["show"], golden("the following arguments are required: ID; see `hypiler show --help`")),
        (["list", "--max-dim", "x"], golden("argument --max-dim: invalid int value: 'x'; see `hypiler list --help`")),
        (["list", "--project"], golden("argument --project: expected one argument; see `hypiler list --help`")),
    ],
)
def test_wrong_use_is_one_line_with_a_suggestion(capsys: Capture, words: list[str], message: str) -> None:
    assert wrong(capsys, *words) == golden(f"hypiler: {message}")


HOSTILE = "x\n::error::forged\x1b[31m\u202e"


@pytest.mark.parametrize(
    "words", [[HOSTILE], ["list", HOSTILE], ["list", "--" + HOSTILE], ["check", "--format", HOSTILE], ["-" + HOSTILE]]
)
def test_arguments_are_shown_without_their_control_characters(capsys: Capture, words: list[str]) -> None:
    assert_clean(wrong(capsys, *words))


ODD = b"x\xff"


@pytest.mark.parametrize(
    "words",
    [
        [b"show", ODD],
        [b"list", b"--type", ODD],
        [b"list", b"--file", ODD],
        [b"list", b"--project", ODD],
        [b"init", b"new", b"--model", ODD],
        [b"explain", ODD],
        [ODD],
        [b"list", ODD],
        [b"check", b"--format", ODD],
        [b"add", ODD, b"--file", b"models.json"],
        [b"add", b"a/b", b"--id", ODD, b"--local", b".", b"--file", b"models.json"],
        [b"add", b"a/b", b"--revision", ODD, b"--file", b"models.json"],
        [b"verify", ODD, b"--file", b"models.json"],
        [b"init", b"new", b"--output", ODD],
    ],
)
def test_argument_that_is_no_text_is_one_line(tmp_path_factory: pytest.TempPathFactory, words: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "models.json").write_text('{"version": "1.0", "models": []}')
    command = [sys.executable.encode(), b"-m", b"hypiler", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode in (1, 2, 3)
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    assert b"\\udcff" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["models.json"]


def test_too_little_memory_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def read(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("hypiler.project.loading.read_bounded", read)
    assert main(["check", "models.json"]) == 3
    assert capsys.readouterr() == ("", golden("hypiler: not enough memory\n"))


def test_a_command_leaves_the_process_of_its_caller_as_it_was(capsys: Capture) -> None:
    translate = vars(argparse)["_"]
    shown(capsys, "check", "--help")
    assert (gc.isenabled(), vars(argparse)["_"]) == (True, translate)
    wrong(capsys, "check", "--nonsense")
    assert (gc.isenabled(), vars(argparse)["_"]) == (True, translate)
