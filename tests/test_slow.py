"""Slow tests are skipped unless they are wanted, and what has passed is left out of later runs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFTEST = """
from slow import PassedTests, leave_out_passed, skip_slow


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long")
    config.pluginmanager.register(PassedTests())


def pytest_collection_modifyitems(config, items):
    leave_out_passed(config, items)
    skip_slow(items)
"""
TESTS = """
import os
import pytest
from slow import all_or, slow


@pytest.mark.parametrize("number", all_or([1], [0, 1, 2]))
def test_numbers(number):
    pass


@slow
def test_long():
    pass


def test_fails_at_first():
    assert "HYPILER_ALL" in os.environ
"""


def test_each_run_leaves_out_what_passed_before(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rs", "-q", str(tmp_path)]
    plain = {name: text for name, text in os.environ.items() if name not in ("HYPILER_ALL", "PYTEST_XDIST_WORKER")}
    plain |= {"PYTHONPATH": str(ROOT / "tests"), "HYPILER_PASSED": str(tmp_path / "passed")}
    every = plain | {"HYPILER_ALL": "1"}
    said = [
        subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False).stdout
        for environment in (plain, every, every)
    ]
    assert "1 failed, 1 passed, 3 skipped in" in said[0]
    assert "it takes long: set HYPILER_ALL=1 to run it" in said[0]
    assert "4 passed, 1 deselected in" in said[1]
    assert "5 deselected in" in said[2]
    assert sorted((tmp_path / "passed").read_text().splitlines()) == [
        "test_it.py::test_fails_at_first",
        "test_it.py::test_long",
        *(f"test_it.py::test_numbers[{number}]" for number in range(3)),
    ]
