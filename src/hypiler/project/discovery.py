"""Finds the project around a folder: the nearest pyproject.toml on the way up that has a table `[tool.hypiler]`."""

import os
from functools import lru_cache

from hypiler.project.checkout import upward
from hypiler.project.files import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.jsontext.json_types import JSONValue

FILE = "pyproject.toml"


def find_project(start: str = "") -> str | None:
    """The folder of the project around the folder `start`, or None; "" is the current folder.

    The search ends at the root of the git repository, or at the root of the file system. The result is relative to the
    current folder if `start` is relative. A pyproject.toml that names hypiler and cannot be read is a result too:
    whoever reads it next reports the fault, instead of working on another project further up.
    """
    for folder in upward(start):
        if is_project(folder):
            if os.path.isabs(start) or folder == start:
                return folder
            return _from_here(folder)
    return None


def _from_here(folder: str) -> str:
    """A folder as seen from the current folder, which itself is ""."""
    try:
        found = os.path.relpath(folder)
    except ValueError:
        # On Windows the current folder may be on a drive that stands for a folder or a share elsewhere.
        return folder
    return "" if found == os.curdir else found


def is_project(folder: str) -> bool:
    """Whether a folder has a pyproject.toml with our table, or one that names hypiler and cannot be read."""
    try:
        data = read_file(os.path.join(folder, FILE))
        return b"hypiler" in data and "hypiler" in tool_tables(data)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError):
        return True


def has_options(root: str) -> bool:
    """Whether the project in `root` has our table; quick to say no, since backends ask for every project."""
    try:
        data = read_file(os.path.join(root, FILE))
        return b"hypiler" in data and "hypiler" in tool_tables(data)
    except (OSError, ValueError, RecursionError):
        return False  # whoever reads pyproject.toml first reports it


@lru_cache(maxsize=1)
def tool_tables(data: bytes) -> "dict[str, JSONValue]":
    """The tables below `[tool]` of a pyproject.toml; remembered, since a command finds and then reads the same file.

    Raises ValueError, or RecursionError for arrays that are nested too deep.
    """
    import tomllib

    tool: JSONValue = tomllib.loads(data.decode()).get("tool")
    return tool if isinstance(tool, dict) else {}
