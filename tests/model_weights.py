"""Where the weights of real models are kept, which the tests of the engines and their benchmark read."""

import os
from pathlib import Path


def store_of_weights() -> Path:
    """HYPILER_TEST_WEIGHTS, or a folder in the user's cache: one download serves every checkout."""
    if stated := os.environ.get("HYPILER_TEST_WEIGHTS"):
        return Path(stated)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hypiler-tests/weights"
