"""Waiting for files to change."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from golden import golden
from slow import slow

from hypiler.project import watch

Hypiler = Callable[..., tuple[int, str, str]]


class Enough(Exception):
    """The watcher found nothing to do for a while."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What to do at each look, instead of sleeping; after the last, the watcher is stopped."""
    planned: list[object] = []

    def sleep(seconds: float) -> None:
        if not planned:
            raise Enough
        step = planned.pop(0)
        if callable(step):
            step()

    monkeypatch.setattr("time.sleep", sleep)
    return planned


def count(watcher: Iterator[None]) -> int:
    """How often the watcher yields until it is stopped."""
    number = 0
    try:
        for _ in watcher:
            number += 1
    except Enough:
        return number
    raise AssertionError("a watcher never ends")


def test_first_time_is_at_once_and_then_only_after_a_change(tmp_path: Path, steps: list[object]) -> None:
    file = tmp_path / "models.json"
    file.write_text("1")
    steps += [None, None, lambda: file.write_text("22"), None, None, None]
    assert count(watch.changes(lambda: [str(file)])) == 2


def test_file_that_is_still_being_written_is_left_alone(tmp_path: Path, steps: list[object]) -> None:
    file = tmp_path / "models.json"
    file.write_text("1")
    steps += [None, lambda: file.write_text("22"), lambda: file.write_text("333"), lambda: file.write_text("4444")]
    steps += [None, None]
    assert count(watch.changes(lambda: [str(file)])) == 2


def test_replaced_file_and_same_time_is_a_change(tmp_path: Path, steps: list[object]) -> None:
    file, other = tmp_path / "models.json", tmp_path / "new"
    for path in (file, other):
        path.write_text("1")
        os.utime(path, (1, 1))
    steps += [None, lambda: other.replace(file), None, None]
    assert count(watch.changes(lambda: [str(file)])) == 2


def test_removal_and_return_are_changes(tmp_path: Path, steps: list[object]) -> None:
    file = tmp_path / "models.json"
    file.write_text("1")
    steps += [None, file.unlink, None, lambda: file.write_text("22"), None, None]
    assert count(watch.changes(lambda: [str(file)])) == 3


def test_watching_builds_after_a_change_and_ends_by_an_interrupt(models: Path) -> None:
    """A fault on the way is reported, and the watch goes on."""
    command = [sys.executable, "-m", "hypiler", "build", "models.json", "--out", "out", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert next(said) == golden("out/model_registry.py: 1 model, written\n")
        assert next(said) == golden("watching for changes; Ctrl-C ends\n")
        good = models.read_text()
        models.write_text("{")
        assert next(said).startswith("error[M003]: ")
        assert "watching for changes; Ctrl-C ends\n" in said
        models.write_text(good.replace("384", "512"))
        assert next(said) == golden("out/model_registry.py: 1 model, written\n")
        assert next(said) == golden("watching for changes; Ctrl-C ends\n")
        models.unlink()
        assert next(said) == golden("hypiler: cannot read `models.json`: No such file or directory\n")
        process.send_signal(signal.SIGINT)
        process.wait()
    assert process.returncode == 130


@contextmanager
def watching(*arguments: str) -> Iterator[Iterator[str]]:
    """`hypiler build --watch` in the current folder; the lines that it prints. It is still running at the end."""
    command = [sys.executable, "-m", "hypiler", "build", "--watch", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            yield iter(process.stdout.readline, "")
            assert process.poll() is None
        finally:
            process.kill()


WATCHING = "watching for changes; Ctrl-C ends\n"


@slow
def test_watching_survives_a_pyproject_that_is_away_or_broken(project: Path) -> None:
    table = project / "pyproject.toml"
    text = table.read_text()
    with watching() as said:
        assert [next(said), next(said)] == [golden("app/registry.py: 1 model, written\n"), WATCHING]
        table.rename(project / "away")
        assert next(said) == golden("hypiler: cannot read `pyproject.toml`: No such file or directory\n")
        assert next(said) == WATCHING
        (project / "away").rename(table)
        assert [next(said), next(said)] == [golden("app/registry.py: 1 model, already up to date\n"), WATCHING]
        table.write_text("[tool.hypiler\n")
        assert next(said).startswith("error[M502]: pyproject.toml must be valid TOML: ")
        assert WATCHING in said
        table.write_text("[project]\n")
        assert next(said) == golden("error[M502]: pyproject.toml must have a table [tool.hypiler]; found none\n")
        assert WATCHING in said
        table.write_text(text.replace("registry.py", "other.py"))
        assert [next(said), next(said)] == [golden("app/other.py: 1 model, written\n"), WATCHING]


@slow
def test_watching_sees_locks_and_files_that_begin_or_end_to_match(project: Path) -> None:
    table = project / "pyproject.toml"
    table.write_text(table.read_text() + 'sources = "m/*.json"\ntargets = ["docs"]\n')
    (project / "m").mkdir()
    model = (project / "models.json").read_text()
    (project / "m/a.json").write_text(model)

    def built(count: str, state: str = "written") -> list[str]:
        return [f"app/registry.py: {count}, {state}\n", f"MODELS.md: {count}, {state}\n", WATCHING]

    with watching() as said:
        assert [next(said), next(said), next(said)] == built("1 model")
        (project / "m/b.json").write_text(model.replace("small-encoder", "other"))
        assert [next(said), next(said), next(said)] == built("2 models")
        (project / "m/models.lock.json").write_text("{")
        assert next(said).startswith("error[M003]: ")
        assert WATCHING in said
        (project / "m/models.lock.json").unlink()
        assert [next(said), next(said), next(said)] == built("2 models", "already up to date")
        for name in ("a", "b"):
            (project / f"m/{name}.json").rename(project / f"m/{name}.away")
        assert 'error[M502]: a pattern in `sources` must match a file, got "m/*.json"\n' in said
        assert WATCHING in said
        (project / "m/b.away").rename(project / "m/c.json")
        assert [next(said), next(said), next(said)] == built("1 model")


def test_watching_and_looking_are_not_done_at_once(models: Path, hypiler: Hypiler) -> None:
    message = golden("hypiler: `--watch` writes; `--check` and `--diff` only look: give one of them\n")
    for look in ("--check", "--diff"):
        assert hypiler("build", "models.json", "--out", "x", "--watch", look) == (2, "", message)
