"""Tests that take long, and those that have passed before.

The newcomer's command leaves out the tests with the mark `slow`; with `HYPILER_ALL=1`, they run as well. `.ci/run` runs the
tests several times, each time with more packages. `HYPILER_PASSED` names a file with the tests that have passed: later runs
leave them out.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

ALL = "HYPILER_ALL" in os.environ
slow = pytest.mark.slow


def all_or(quick: Iterable[object], values: Iterable[object]) -> list[object]:
    """The values of a parameter. The newcomer's command runs the quick ones alone."""
    kept = list(quick)
    return [value if value in kept else pytest.param(value, marks=slow) for value in values]


# Processes that tests start are not part of the run: only the process that starts the workers passes the name on.
_PASSED = (os.environ.pop if "PYTEST_XDIST_WORKER" in os.environ else os.environ.get)("HYPILER_PASSED", None)


def skip_slow(items: list[pytest.Item]) -> None:
    """Skip the tests that take long, unless all are wanted: a hook of pytest."""
    if ALL:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="it takes long: set HYPILER_ALL=1 to run it"))


def leave_out_passed(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that passed in an earlier run: a hook of pytest."""
    if _PASSED is None or not Path(_PASSED).exists():
        return
    passed = set(Path(_PASSED).read_text("utf-8").splitlines())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
    items[:] = [item for item in items if item.nodeid not in passed]


class PassedTests:
    """A plugin that adds the tests that passed to the file, at the end of the run."""

    def __init__(self) -> None:
        self.passed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        if _PASSED is not None:
            with Path(_PASSED).open("a", encoding="utf-8") as file:
                file.writelines(f"{name}\n" for name in self.passed)
