"""Settings of the property tests, and the option that rewrites what tests pin."""

import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

# What tests import from each other lies in this folder, not in an installed package.
sys.path.insert(0, os.path.dirname(__file__))

from golden import start_updating
from systems import skip_without_linux, skip_without_posix

if os.name == "nt":
    pytest_collection_modifyitems = skip_without_posix
elif sys.platform == "darwin":
    pytest_collection_modifyitems = skip_without_linux

# A suite that a shell starts in the background ignores Ctrl-C, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine stalls now and then, so no example has a deadline.
settings.register_profile(
    "default",
    max_examples=25,
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


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """One process rewrites the tests: what several processes find would have to be merged."""
    if config.option.update_golden:
        config.option.numprocesses = 0
        start_updating(config)
