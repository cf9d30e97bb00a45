"""Settings of the property tests, and how tests compile a registry and import what is generated from it."""

import os
import sys

from hypothesis import HealthCheck, settings

# What tests import from each other lies in this folder, not in an installed package.
sys.path.insert(0, os.path.dirname(__file__))

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
