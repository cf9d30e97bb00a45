"""Standard error that takes nothing, and nothing to lean on: what the exit code says stays true."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hypiler.cli.main import main

Command = Callable[..., subprocess.CompletedProcess[str]]
OUTPUT = "src/hatch_app/registry.py"
# Each command that says something on standard error, with its exit code.
TOLD = {
    "build nope.json --out o": 3,
    "check nope.json": 3,
    "build --check": 1,
    "list --type bogus": 2,
    "build models.json": 2,
    "explain M999": 2,
    "nonsense": 2,
}


@pytest.fixture
def gone() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("words", TOLD)
def test_error_that_nobody_reads_keeps_its_code(project: Path, gone: int, words: str) -> None:
    command = [sys.executable, "-m", "hypiler", *words.split()]
    with open(gone, "wb") as stream:
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=stream)
    assert done.returncode == TOLD[words]


@pytest.mark.parametrize("words", TOLD)
def test_error_that_finds_no_room_keeps_its_code(project: Path, hypiler: Command, words: str) -> None:
    # Findings that could not be written are themselves a fault of the environment.
    code = 3 if TOLD[words] == 1 else TOLD[words]
    assert hypiler(shell=f"hypiler {words} 2> /dev/full").returncode == code


def test_empty_environment_is_enough(project: Path) -> None:
    for words in (["build"], ["docs"], ["build", "--check"], ["docs", "--check"]):
        done = subprocess.run([sys.executable, "-m", "hypiler", *words], check=False, capture_output=True, env={})
        assert (done.returncode, done.stderr) == (0, b"")


def test_output_that_is_newer_than_a_changed_registry_is_still_stale(project: Path, hypiler: Command) -> None:
    os.utime("models.json", (1, 1))
    assert os.stat(OUTPUT).st_mtime > os.stat("models.json").st_mtime
    done = hypiler("build", "--check")
    assert (done.returncode, done.stderr.count("error[M507]")) == (1, 2)


OFFLINE = """
import os, sys
sys.addaudithook(lambda event, _: event.startswith("socket.") and os._exit(97))
import registry
registry.get_model("small-encoder")
"""


@pytest.mark.parametrize(("more", "code"), [("", 0), ("import socket; socket.socket()", 97)])
def test_generated_module_asks_no_network(project: Path, more: str, code: int) -> None:
    main(["build", "-q"])
    command = [sys.executable, "-c", OFFLINE + more]
    assert subprocess.run(command, check=False, cwd=Path(OUTPUT).parent).returncode == code
