"""The identity of files by content. What was computed for a file is cached in the user's cache folder.

A file is known again by its device, inode, size, and the times of its last change in nanoseconds. The time `ctime`
cannot be set by a program, so a file that was changed and got its old `mtime` back is read again. The cache serves only
files without a recorded sha256: those with one are hashed whenever they are loaded.
"""

import hashlib
import json
import os
import re
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Key: TypeAlias = tuple[int, int, int, int, int]

# A file that changed this recently, in nanoseconds, may change again without a new time: file systems count in steps.
_SETTLED = 2_000_000_000
_MAX_BYTES = 1000
_TEXT = re.compile(r"[0-9a-z]{1,64}")


def file_key(path: Path) -> "Key | None":
    """What a file is known by: device, inode, size, mtime and ctime in nanoseconds; None if there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def file_sha256(path: Path, key: "Key") -> str | None:
    """The sha256 of a file; None if it is no longer the file that has this key."""
    return remembered("sha256", [(path, key)], lambda: _hashed(path))


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered(what: str, files: "list[tuple[Path, Key]]", compute: "Callable[[], str | None]") -> str | None:
    """What was computed from some files, from the cache or now; None if one of them no longer has its key.

    Args:
        what: A word for what is computed. It is a part of the name in the cache.
        files: The files with their keys.
        compute: Reads the files. It may return None.
    """
    if any(file_key(path) != key for path, key in files):
        return None
    place = _place(what, [key for _, key in files])
    found = _read(place, what, files) if place else None
    if found is None:
        with suppress(OSError):
            found = compute()
        # The files may have changed while they were read.
        if found is None or any(file_key(path) != key for path, key in files):
            return None
        if place and all(_is_settled(key) for _, key in files):
            _write(place, _content(what, files, found))
    return found


def _is_settled(key: "Key") -> bool:
    return time.time_ns() - max(key[3:]) > _SETTLED


def _place(what: str, keys: "list[Key]") -> Path | None:
    """The file of the cache; None where the times of files do not show every change, as on Windows."""
    folder = None if os.name == "nt" else cache_folder()
    if folder is None:
        return None
    return folder / hashlib.sha256(repr((what, keys)).encode()).hexdigest()[:40]


def cache_folder() -> Path | None:
    """The folder of the cache; None if the user has no home."""
    if stated := os.environ.get("XDG_CACHE_HOME"):
        return Path(stated) / "hypiler/files"
    with suppress(RuntimeError):
        return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "hypiler/files"
    return None


def _content(what: str, files: "list[tuple[Path, Key]]", value: str) -> bytes:
    return json.dumps({"of": what, "keys": [key for _, key in files], "value": value}).encode()


def _read(place: Path, what: str, files: "list[tuple[Path, Key]]") -> str | None:
    """The cached value; None if there is none, or if it is damaged or could be of another user."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(place, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                return None
            data = file.read(_MAX_BYTES)
        tree: Any = json.loads(data)
        value: Any = tree["value"]
        own = isinstance(value, str) and _TEXT.fullmatch(value) and (what != "sha256" or len(value) == 64)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(value) if own and data == _content(what, files, str(value)) else None


def _write(place: Path, content: bytes) -> None:
    """Write a file of the cache, whole or not at all. A failure is ignored: the files are then read again."""
    if len(content) > _MAX_BYTES:
        return
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent)
        try:
            with open(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, place)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
