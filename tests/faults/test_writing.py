"""A fault at every single call to the disk: each output is the old one or the new one, whole."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from golden import golden

from hypiler.cli.main import main

INJECT = Path(__file__).with_name("inject.py")
ERRORS = ["ENOSPC", "EIO", "EROFS", "EDQUOT", "EACCES"]
SIGNALS = {"SIGTERM": 143, "SIGINT": 130}
COMMANDS = {"build": ["src/hatch_app/registry.py", "src/hatch_app/registry.pyi"], "docs": ["MODELS.md"]}
every_command = pytest.mark.parametrize("command", COMMANDS)


def inject(fault: str, project: Path, command: str) -> list[dict[str, Any]]:
    """What each run with a fault left; there are several. `outputs` tells old, new or torn for each output."""
    *runs, clean = attempts(fault, project, command, "--quiet")
    assert len(runs) >= 5 * len(COMMANDS[command])
    for run in runs:
        run["outputs"] = []
        for name in COMMANDS[command]:
            old, new = (project / name).read_text("utf-8"), clean["files"][name]
            assert old != new
            run["outputs"].append({old: "old", new: "new"}.get(run["files"].get(name), "torn"))
    return runs


def attempts(fault: str, project: Path, *words: str) -> list[dict[str, Any]]:
    """A run for each point at which the fault can come, and a last one without it."""
    command = [sys.executable, str(INJECT), fault, str(project), *words]
    runs: list[dict[str, Any]] = json.loads(subprocess.check_output(command, text=True))
    assert (runs[-1]["code"], runs[-1]["error"], runs[-1]["point"]) == (0, "", "")
    return runs


def left_over(run: dict[str, Any]) -> list[str]:
    return [name for name in run["files"] if name.endswith(".tmp.pyc")]


@every_command
def test_killed_anywhere_every_output_is_whole(project: Path, command: str) -> None:
    runs = inject("kill", project, command)
    assert {run["code"] for run in runs} == {-9}
    assert {word for run in runs for word in run["outputs"]} == {"old", "new"}
    assert any(left_over(run) for run in runs), "a kill leaves something to be tidied up"
    points = {run["point"] for run in runs}
    assert {"in the middle of write", "before fsync", "before replace", "after replace"} <= points


def test_after_a_kill_the_check_tells_and_the_next_build_mends(project: Path) -> None:
    (mixed, *_) = [run for run in inject("kill", project, "build") if run["outputs"] == ["new", "old"]]
    for name, text in mixed["files"].items():
        (project / name).write_text(text, "utf-8")
    assert main(["build", "--check"]) == 1
    for name in left_over(mixed):
        os.utime(project / name, (time.time() - 61, time.time() - 61))
    assert main(["build"]) == main(["build", "--check"]) == 0
    assert list(project.rglob("*.tmp.pyc")) == []


def test_mixed_outputs_are_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module, stub = COMMANDS["build"]
    old = (project / stub).read_text("utf-8")
    main(["build", "-q"])
    (project / stub).write_text(old, "utf-8")
    assert main(["build", "--check"]) == 1
    report = capsys.readouterr()
    assert f"error[M507]: `{stub}` is stale" in report.out + report.err
    assert "run `hypiler build`" in report.out + report.err
    assert f"`{module}`" not in report.out + report.err


@every_command
@pytest.mark.parametrize("signal", SIGNALS)
def test_signal_anywhere_leaves_one_set_and_nothing_else(project: Path, command: str, signal: str) -> None:
    for run in inject(signal, project, command):
        assert run["code"] == SIGNALS[signal], run["point"]
        assert run["error"] == ""
        assert left_over(run) == [], run["point"]
        assert run["outputs"] in (["old"] * len(run["outputs"]), ["new"] * len(run["outputs"])), run["point"]


@every_command
@pytest.mark.parametrize("error", ERRORS)
def test_error_anywhere_leaves_everything_as_it_was(project: Path, command: str, error: str) -> None:
    refused = 0
    for run in inject(error, project, command):
        assert left_over(run) == [], run["point"]
        if run["point"] == "before listdir":
            # Only looking for what a killed build left: no reason not to build.
            assert (run["code"], set(run["outputs"])) == (0, {"new"})
            continue
        refused += 1
        assert (run["code"], set(run["outputs"])) == (3, {"old"}), run["point"]
        assert run["error"].startswith("hypiler: cannot write `"), run["point"]
        assert run["error"].count("\n") == 1
    assert refused


def test_full_disk_is_one_line(project: Path) -> None:
    """Full for real: a file system of 16 kB, in a name space of its own."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("mounting wants root")
    script = f"""
mount -t tmpfs -o size=16k none src/hatch_app || exit 99
head -c 12288 /dev/zero > src/hatch_app/other
"{sys.executable}" -m hypiler build
code=$?
ls -A src/hatch_app
exit $code
"""
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], check=False, capture_output=True, text=True)
    if done.returncode == 99 or done.stderr.startswith("unshare: "):
        pytest.skip("mounting is not allowed here")
    message = golden("hypiler: cannot write `src/hatch_app/registry.py`: No space left on device\n")
    assert (done.returncode, done.stderr, done.stdout) == (3, message, "other\n")


@pytest.mark.parametrize("fault", ["SIGTERM", "ENOSPC", "EACCES"])
def test_init_adds_all_or_nothing(tmp_path: Path, fault: str) -> None:
    """It makes files that are new, and lets one grow."""
    before = {"pyproject.toml": '[project]\nname = "app"\nversion = "1"\n'}
    (tmp_path / "pyproject.toml").write_text(before["pyproject.toml"])
    *runs, clean = attempts(fault, tmp_path, "init", "--output", "app/registry.py")
    assert sorted(clean["files"]) == ["app/py.typed", "models.json", "models.schema.json", "pyproject.toml"]
    assert len(runs) > 10
    for run in runs:
        assert run["files"] in (before, clean["files"]), run["point"]
        assert run["code"] == (143 if fault == "SIGTERM" else 3)
