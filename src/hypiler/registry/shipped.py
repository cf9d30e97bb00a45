"""Finds the files of the shipped registry: packed beside this module in a wheel, at the root of a checkout."""

from pathlib import Path

NAME = "models.json"
LOCK = "models.lock.json"


def shipped_files() -> "tuple[list[str], str | bool]":
    """The sources and the lock, false without one. Raises FileNotFoundError if this installation has no sources."""
    here = Path(__file__).parent
    for folder in (here, here.parents[2]):
        if (folder / NAME).is_file():
            lock = folder / LOCK
            return [str(folder / NAME)], str(lock) if lock.is_file() else False
    raise FileNotFoundError(f"{NAME} of the shipped registry is not part of this installation")
