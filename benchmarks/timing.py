"""Runs processes in turns, so that a busy machine slows all alike."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

_CALLGRIND = [
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
    "--log-fd=1",
]


@dataclass
class Command:
    """One process to measure: what to do before each run, and how it must end."""

    arguments: list[str]
    folder: Path
    path: Path | None = None  # what PYTHONPATH names
    before: Callable[[], None] = lambda: None
    code: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    def run(self) -> str:
        """Run it once; what it printed."""
        done = subprocess.run(
            self.arguments,
            cwd=self.folder,
            env=_environment(self),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != self.code:
            said = f"ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            raise RuntimeError(f"{' '.join(self.arguments)} {said}")
        return done.stdout

    def milliseconds(self) -> float:
        """Run it once, for the wall time from start to end."""
        self.before()
        start = time.perf_counter_ns()
        self.run()
        return (time.perf_counter_ns() - start) / 1e6

    def printed_milliseconds(self) -> float:
        """Run it once; it prints what it measured itself, in nanoseconds."""
        self.before()
        return int(self.run()) / 1e6


def _environment(command: Command) -> dict[str, str]:
    """Give the caller's environment without what changes how Python starts."""
    kept = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    if command.path:
        kept["PYTHONPATH"] = str(command.path)
    return kept | command.environment


@dataclass
class Sample:
    """The figures of one command."""

    values: list[float]

    @property
    def best(self) -> float:
        """The least disturbed run."""
        return min(self.values)

    @property
    def middle(self) -> float:
        """The usual run."""
        return median(self.values)


def in_turns(
    commands: dict[str, Command],
    rounds: int,
    measure: Callable[[Command], float] = Command.milliseconds,
) -> dict[str, Sample]:
    """Run every command so often, in another order each round.

    A first round is not counted.
    """
    found: dict[str, list[float]] = {name: [] for name in commands}
    names = list(commands)
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            value = measure(commands[name])
            if number:
                found[name].append(value)
    return {name: Sample(values) for name, values in found.items()}


def instructions(command: Command) -> int:
    """Count the instructions of the whole process, the same in every run."""
    counted = Command(
        [*_CALLGRIND, *command.arguments],
        command.folder,
        command.path,
        environment={"PYTHONHASHSEED": "0"},
    )
    found = re.search(r"Collected : (\d+)", counted.run())
    if found is None:
        raise RuntimeError("valgrind did not say how many instructions it counted")
    return int(found[1])


def has_valgrind() -> bool:
    """Whether instructions can be counted here."""
    return shutil.which("valgrind") is not None
