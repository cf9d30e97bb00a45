"""Builds this package with its own build hook, which is not installed yet."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))

from hypiler.project.hooks.hatch import RegistryBuildHook

__all__ = ["RegistryBuildHook"]
