"""Runs documentation: a block with a file name is a file, and a `console` block holds commands with their exact output.

The blocks of a page run in order, in one fresh folder. After a `$ command` stands what it prints, standard error
included; a line `...` stands for any lines. `python tests/console.py PAGE …` writes the outputs of today into pages.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from golden import is_updating, write_golden

from hypiler.cli.main import main

TOOLS = Path(sys.executable).parent
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A command without anything that a shell would change.
_PLAIN = re.compile(r"hypiler( [\w./=:,-]+)+")
_STEP = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def run_page(page: Path, folder: Path, tools: Path = TOOLS, *, in_process: bool = False) -> int:
    """Run a page in an empty folder; the number of commands. Raises AssertionError if an output differs.

    Commands are looked up in `tools` first. With `in_process`, commands of hypiler are calls, which are quicker. With `--update-golden`, the page is rewritten instead.
    """
    text = page.read_text("utf-8")
    steps = list(_outputs(text, folder, tools, in_process=in_process))
    if is_updating():
        write_golden(page, _with_outputs(text, steps))
        return len(steps)
    for _, command, expected, found in steps:
        if not _matches(expected, found):
            raise AssertionError(f"{page}: $ {command}\nexpected:\n{expected}\nfound:\n{found}")
    return len(steps)


def current(text: str, folder: Path, tools: Path = TOOLS) -> str:
    """The text of a page with the outputs that its commands give now; outputs with wildcards stay if they match."""
    return _with_outputs(text, list(_outputs(text, folder, tools)))


def _with_outputs(text: str, steps: list[tuple[int, str, str, str]]) -> str:
    for start, command, expected, found in reversed(steps):
        if not _matches(expected, found):
            begin = start + len(f"$ {command}\n")
            text = text[:begin] + found + text[begin + len(expected) :]
    return text


def _outputs(text: str, folder: Path, tools: Path, *, in_process: bool = False) -> Iterator[tuple[int, str, str, str]]:
    """For every command: where it stands in the text, the command, what should be printed, and what is."""
    cwd = folder
    for block in _BLOCK.finditer(text):
        language, name, content = block.groups()
        if name:
            path = cwd / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        elif language == "console":
            for step in _STEP.finditer(content):
                plain = in_process and _PLAIN.fullmatch(step[1])
                found, cwd = (_call(step[1], cwd), cwd) if plain else _run(step[1], cwd, tools)
                yield block.start(3) + step.start(), step[1], step[2], found


def _call(command: str, cwd: Path) -> str:
    """What a command of hypiler prints, called in this process."""
    printed = io.StringIO()
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        contextlib.suppress(SystemExit),
    ):
        main(command.split()[1:])
    return printed.getvalue()


def _run(command: str, cwd: Path, tools: Path) -> tuple[str, Path]:
    """What a command prints, and the folder it ends in."""
    with tempfile.NamedTemporaryFile("r") as place:
        script = f"{command}\npwd > {shlex.quote(place.name)}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=cwd,
            env={
                **os.environ,
                "PATH": f"{tools}:{os.environ['PATH']}",
                "NO_COLOR": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=600,
        )
        return done.stdout.decode("utf-8", "backslashreplace"), Path(place.read().strip())


def _matches(expected: str, found: str) -> bool:
    parts = [".*" if line == "..." else re.escape(line) for line in expected.splitlines()]
    pattern = "\n".join(parts).replace("\n.*", "(?:\n.*)?") + "\n" if parts else ""
    return re.fullmatch(pattern, found, re.DOTALL) is not None


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as empty:
            page = Path(argument)
            page.write_text(current(page.read_text("utf-8"), Path(empty)), "utf-8")
