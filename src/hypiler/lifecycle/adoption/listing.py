"""Which files of a code base are read: those that git does not ignore, without tests and other people's code."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import PurePosixPath

from hypiler.lifecycle.adoption.records import Unread

ENDINGS = (".py", ".ipynb", ".toml", ".yaml", ".yml", ".json", ".sql", ".env")
MOST_BYTES = 2 * 1024 * 1024
"""A larger file is not read. It is data, and not a table that somebody typed."""
MOST_FILES = 20_000
_SKIPPED = frozenset(
    """
    .git .github .gitlab .circleci .hg .svn .venv venv env .tox .nox node_modules site-packages __pycache__ build dist
    target vendor vendored third_party thirdparty external tests test testing fixtures fixture testdata test_data
    __tests__ snapshots cassettes migrations alembic .mypy_cache .pytest_cache .ruff_cache .idea .vscode .eggs htmlcov
    """.split()
)
_SKIPPED_NAMES = (
    "package-lock.json",
    "pnpm-lock.yaml",
    "composer.lock",
    "conftest.py",
    "models.lock.json",
    "models.schema.json",
)


class TooManyFilesError(Exception):
    """The folder has more files than are read."""


def listed(root: str) -> list[str]:
    """The paths of the files to read below a folder, from it, with `/`. Raises OSError and TooManyFilesError."""
    if os.path.isfile(root):
        return [os.path.basename(root)]
    found = sorted(path for path in _tracked(root) or _walked(root) if _is_wanted(path))
    if len(found) > MOST_FILES:
        raise TooManyFilesError(
            f"{len(found)} files are more than the {MOST_FILES:,} that are read: name a folder in it"
        )
    return found


def _is_wanted(path: str) -> bool:
    *folders, name = PurePosixPath(path).parts
    if not _SKIPPED.isdisjoint(folder.lower() for folder in folders):
        return False
    if name in _SKIPPED_NAMES or name.startswith("test_") or name.endswith(("_test.py", ".lock", ".min.json")):
        return False
    return name.endswith(ENDINGS) or name == ".env" or name.startswith(".env.")


def _tracked(root: str) -> list[str]:
    """What git knows and does not ignore; empty outside a repository, or without git.

    Nothing of the repository's configuration is run: git would start the program that `core.fsmonitor` names.
    """
    safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    words = ["git", *safe, "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(words, check=False, capture_output=True, timeout=60)  # noqa: S603 - a fixed command
    except (OSError, subprocess.TimeoutExpired):
        return []
    if done.returncode:
        return []
    return [os.fsdecode(path).replace(os.sep, "/") for path in done.stdout.split(b"\0") if path]


def _walked(root: str) -> "Iterator[str]":
    def raised(error: OSError) -> None:
        if error.filename == root:
            raise error

    for folder, folders, names in os.walk(root, onerror=raised):
        folders[:] = sorted(name for name in folders if name.lower() not in _SKIPPED)
        inside = os.path.relpath(folder, root)
        for name in names:
            yield os.path.normpath(os.path.join(inside, name)).replace(os.sep, "/")


def read_text(root: str, path: str) -> str | Unread:
    """The text of a file, or why it is not read. Links are not followed: they may lead anywhere."""
    whole = root if os.path.isfile(root) else os.path.join(root, path)
    try:
        if os.path.islink(whole) or not os.path.isfile(whole):
            return Unread(path, "it is a link, or no file")
        if os.path.getsize(whole) > MOST_BYTES:
            return Unread(path, f"it has more than {MOST_BYTES >> 20} MiB")
        with open(whole, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Unread(path, "it is not UTF-8")
    except OSError as error:
        return Unread(path, f"it cannot be read: {error.strerror}")
