"""Settings of the property tests, and the option that rewrites what tests pin."""

import gc
import os
import signal
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# What tests import from each other lies in this folder, not in an installed package.
sys.path.insert(0, os.path.dirname(__file__))

from golden import start_updating
from slow import ALL, PassedTests, leave_out_passed, skip_slow
from systems import skip_without_linux, skip_without_posix

# Hundreds of processes import hypiler, and without bytecode each would compile it again: a quarter of the whole time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A suite that a shell starts in the background ignores Ctrl-C, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine stalls now and then, so no example has a deadline.
settings.register_profile(
    "default",
    max_examples=25 if ALL else 8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=200, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite pinned messages, files and pages with what is found now; review them by diff",
    )


# Every other worker collects from the end: each rewrites half of the test modules, and reads the other half as bytecode.
_BACKWARDS = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[-1] in "13579"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _BACKWARDS and isinstance(collector, pytest.Session | pytest.Directory):
        report.result.reverse()
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests into the order that all workers have. Leave out those that have passed, and skip those not to run."""
    items.sort(key=lambda item: item.path)
    leave_out_passed(config, items)
    skip_slow(items)
    if os.name == "nt":
        skip_without_posix(items)
    elif sys.platform == "darwin":
        skip_without_linux(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Looking for garbage among millions of objects of collected tests takes seconds.

    They are not frozen afterwards: Hypothesis asks which objects refer to another, and frozen ones do not answer.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    # Workers send what has passed to the process that started them.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(PassedTests())


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """One process rewrites the tests: what several processes find would have to be merged."""
    if config.option.update_golden:
        config.option.numprocesses = 0
        start_updating(config)
