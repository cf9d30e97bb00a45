"""Runs a command once for each of its calls to the disk, with a fault there; prints what was left, as JSON.

    python inject.py FAULT FOLDER WORD…

FAULT is `kill`, `SIGTERM`, `SIGINT` or the name of an errno. Signals come before and after a call, errors instead of it.
Each run is a fork that starts from the files that FOLDER holds now; the last one met no fault.
"""

import builtins
import contextlib
import errno
import io
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from hypiler.cli.main import main
from hypiler.registry import Registry

# Where waiting for a disk is short; each attempt copies the project and syncs what it writes.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Fault:
    """Counts the calls, and does at one of them what is asked for."""

    def __init__(self, kind: str, at: int) -> None:
        self.kind = kind
        self.left = at

    def meet(self, point: str, *, after: bool = False) -> None:
        if after and self.kind.startswith("E"):
            return
        self.left -= 1
        if self.left:
            return
        os.write(3, point.encode())
        if self.kind.startswith("E"):
            number = getattr(errno, self.kind)
            raise OSError(number, os.strerror(number))
        os.kill(os.getpid(), signal.SIGKILL if self.kind == "kill" else getattr(signal, self.kind))


def install(fault: Fault) -> None:
    """Let the calls of the writer meet the fault: before, after and, for a write, in the middle of it."""

    def wrapped(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            fault.meet(f"before {name}")
            result = real(*arguments, **named)
            fault.meet(f"after {name}", after=True)
            return result

        return call

    class File(io.FileIO):
        def write(self, data: Any, /) -> int:
            half = super().write(memoryview(data)[: len(data) // 2])
            fault.meet("in the middle of write")
            return half + super().write(memoryview(data)[half:])

        def close(self) -> None:
            super().close()
            fault.meet("after close", after=True)

    real_open = builtins.open

    def open_(path: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if mode != "xb":
            return real_open(path, mode, *arguments, **named)
        fault.meet("before open")
        return File(path, mode)

    builtins.open = open_  # type: ignore[assignment]
    for name in ("fsync", "replace", "unlink", "makedirs", "listdir"):
        setattr(os, name, wrapped(name, getattr(os, name)))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run(fault: Fault, words: list[str]) -> None:
    """In the fork: the command, with its standard error in descriptor 4."""
    install(fault)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(4, 2)
    try:
        code = main(words)
    except SystemExit as error:
        code = int(error.code or 0)
    sys.stderr.flush()
    os._exit(code)


def attempt(kind: str, at: int, words: list[str]) -> dict[str, Any]:
    """What one run left behind, in the current folder."""
    with tempfile.TemporaryFile() as point, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            os.dup2(point.fileno(), 3)
            os.dup2(errors.fileno(), 4)
            run(Fault(kind, at), words)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        point.seek(0)
        errors.seek(0)
        found = {str(path): path.read_text("utf-8") for path in Path().rglob("*") if path.is_file()}
        return {"point": point.read().decode(), "code": code, "error": errors.read().decode(), "files": found}


def attempts(kind: str, folder: Path, words: list[str]) -> list[dict[str, Any]]:
    """One run for each point, and a last one without a fault."""
    runs: list[dict[str, Any]] = []
    while not runs or runs[-1]["point"]:
        with tempfile.TemporaryDirectory(dir=MEMORY) as fresh:
            os.chdir(shutil.copytree(folder, f"{fresh}/project"))
            runs.append(attempt(kind, len(runs) + 1, words))
            os.chdir("/")
    return runs


def rehearse(folder: Path, words: list[str]) -> None:
    """Import and read what the forks would otherwise import and read again and again, each with a fault in the way."""
    Registry.shipped = cache(Registry.shipped)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as rehearsal:
        os.chdir(shutil.copytree(folder, f"{rehearsal}/project"))
        with contextlib.redirect_stdout(None):
            main(words)
        os.chdir("/")


if __name__ == "__main__":
    rehearse(Path(sys.argv[2]), sys.argv[3:])
    json.dump(attempts(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]), sys.stdout)
