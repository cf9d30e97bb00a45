"""Runs documentation: a block with a file name is a file, and a `console` block holds commands with their exact output.

The blocks of a page run in order, in one fresh folder. After a `$ command` stands what it prints, standard error
included; a line `...` stands for any lines, or for none. `python tests/console.py PAGE …` writes the outputs of today
into pages.

A page may have a program in parts, too: its `py` blocks run in one namespace, and the `text` block that follows one of
them holds what the block prints.
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
from typing import Any, NamedTuple

from golden import is_updating, write_golden

from hypiler.cli.main import main

TOOLS = Path(sys.executable).parent
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A command without anything that a shell would change, and what takes its output.
_PLAIN = re.compile(r"(hypiler(?: [\w./=:,-]+)+)(?: (\||>) ([^;&]+))?")
_STEP = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_PRINTED = re.compile(r"\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Step(NamedTuple):
    """A command or a `py` block that was run.

    Attributes:
        begin: Where its output stands in the text of the page.
        code: The command or the block.
        expected: The output on the page.
        found: The output of this run.
    """

    begin: int
    code: str
    expected: str
    found: str


def run_page(
    page: Path,
    folder: Path,
    tools: Path = TOOLS,
    *,
    in_process: bool = False,
    names: dict[str, Any] | None = None,
) -> int:
    """Run a page in an empty folder. Raises AssertionError if an output differs.

    With `--update-golden`, the page is rewritten instead.

    Args:
        page: The page.
        folder: The folder.
        tools: Where commands are looked up first.
        in_process: Whether commands of hypiler are calls, which are quicker.
        names: The namespace of the `py` blocks. If it is None, they are not run.

    Returns:
        The number of commands and blocks.
    """
    text = page.read_text("utf-8")
    steps = list(_outputs(text, folder, tools, in_process=in_process, names=names))
    if is_updating():
        write_golden(page, _with_outputs(text, steps))
        return len(steps)
    for step in steps:
        if not _matches(step.expected, step.found):
            raise AssertionError(f"{page}: $ {step.code}\nexpected:\n{step.expected}\nfound:\n{step.found}")
    return len(steps)


def current(text: str, folder: Path, tools: Path = TOOLS) -> str:
    """The text of a page with the outputs that its commands give now; outputs with wildcards stay if they match."""
    return _with_outputs(text, list(_outputs(text, folder, tools)))


def _with_outputs(text: str, steps: list[Step]) -> str:
    for begin, _, expected, found in reversed(steps):
        if not _matches(expected, found):
            text = text[:begin] + found + text[begin + len(expected) :]
    return text


def _outputs(
    text: str, folder: Path, tools: Path, *, in_process: bool = False, names: dict[str, Any] | None = None
) -> Iterator[Step]:
    """Run the commands and blocks of a page one after the other."""
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
                found, cwd = (_call(*plain.groups(), cwd), cwd) if plain else _run(step[1], cwd, tools)
                yield Step(block.start(3) + step.start(2), step[1], step[2], found)
        elif language == "py" and names is not None:
            after = _PRINTED.match(text, block.end())
            begin, expected = (after.start(1), after[1]) if after else (block.end(), "")
            yield Step(begin, content, expected, _execute(content, cwd, names))


@contextlib.contextmanager
def _printed_in(cwd: Path) -> Iterator[io.StringIO]:
    """Work in a folder, and collect what is printed."""
    printed = io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed


def _call(command: str, sign: str | None, after: str, cwd: Path) -> str:
    """What a command of hypiler prints, called in this process. After a sign, its output goes to a file or a command."""
    with _printed_in(cwd) as printed, contextlib.ExitStack() as stack:
        output = stack.enter_context(contextlib.redirect_stdout(io.StringIO())) if sign else None
        stack.enter_context(contextlib.suppress(SystemExit))
        main(command.split()[1:])
    if output is None:
        return printed.getvalue()
    rest = after if sign == "|" else f"cat > {after}"
    done = subprocess.run(
        ["bash", "-c", rest], cwd=cwd, input=output.getvalue().encode(), capture_output=True, check=True
    )
    return printed.getvalue() + done.stdout.decode()


def _execute(code: str, cwd: Path, names: dict[str, Any]) -> str:
    """What a block of a program prints."""
    with _printed_in(cwd) as printed:
        exec(compile(code, "page", "exec"), names)
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
    pattern = "".join(r"(?:.*\n)?" if line == "..." else re.escape(f"{line}\n") for line in expected.splitlines())
    return re.fullmatch(pattern, found, re.DOTALL) is not None


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as empty:
            page = Path(argument)
            page.write_text(current(page.read_text("utf-8"), Path(empty)), "utf-8")
