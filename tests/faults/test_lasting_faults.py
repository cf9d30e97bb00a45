"""Faults that do not pass: they meet the clean-up, too. What is left may be more, never torn."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from golden import golden

OUTPUTS = ["src/hatch_app/registry.py", "src/hatch_app/registry.pyi"]
DRIVER = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import inject

class Lasting(inject.Fault):
    "Meets every call from the given one on."
    def meet(self, point, *, after=False):
        self.left = self.left or 1
        super().meet(point, after=after)

class AtClose(inject.Fault):
    "Errors come at close, too: some file systems tell only then that a disk is full."
    def meet(self, point, *, after=False):
        super().meet(point, after=after and point != "after close")

kind, error, folder = sys.argv[1:]
inject.rehearse(Path(folder), ["build", "--quiet"])
inject.Fault = {{"lasting": Lasting, "close": AtClose}}[kind]
json.dump(inject.attempts(error, Path(folder), ["build", "--quiet"]), sys.stdout)
"""


def inject(kind: str, fault: str, project: Path) -> list[dict[str, Any]]:
    """What each run with the fault left. `outputs` tells old, new or torn for each output."""
    command = [sys.executable, "-c", DRIVER, kind, fault, str(project)]
    *runs, clean = json.loads(subprocess.check_output(command, text=True))
    assert (clean["code"], clean["error"]) == (0, "")
    assert len(runs) >= 10
    for run in runs:
        states = [
            {(project / name).read_text("utf-8"): "old", clean["files"][name]: "new"}.get(
                run["files"].get(name), "torn"
            )
            for name in OUTPUTS
        ]
        run["outputs"] = states
    return runs


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_disk_that_stays_broken_is_one_line_about_an_output(project: Path, error: str) -> None:
    runs = inject("lasting", error, project)
    why = os.strerror(getattr(errno, error))
    assert {run["code"] for run in runs} == {3}
    assert {run["error"] for run in runs} == {f"hypiler: cannot write `{name}`: {why}\n" for name in OUTPUTS}
    # Nothing can be put back any more between the two replacements, and nowhere else is anything mixed.
    assert [run["outputs"] for run in runs] == [["old", "old"]] * (len(runs) - 1) + [["new", "old"]]


@pytest.mark.parametrize(("signal", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_signal_after_signal_tears_nothing(project: Path, signal: str, code: int) -> None:
    for run in inject("lasting", signal, project):
        assert (run["code"], run["error"]) == (code, ""), run["point"]
        assert "torn" not in run["outputs"], run["point"]


def test_error_that_comes_at_close_leaves_everything_as_it_was(project: Path) -> None:
    runs = [run for run in inject("close", "ENOSPC", project) if run["point"] == "after close"]
    messages = [golden(f"hypiler: cannot write `{name}`: No space left on device\n") for name in OUTPUTS]
    assert [run["error"] for run in runs] == messages
    for run in runs:
        assert (run["code"], run["outputs"]) == (3, ["old", "old"])
        assert not [name for name in run["files"] if name.startswith("src/hatch_app/.")]
