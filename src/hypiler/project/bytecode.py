"""Finds and removes bytecode of an earlier build, which Python would run instead of the new module.

Python keeps the bytecode of a module in `__pycache__`, one file per interpreter and level of optimization (PEP 3147).
It takes a file for current in two cases (PEP 552):

- The file has the time of modification, in whole seconds, and the size of the source. Two builds in one second, or a
  checkout that restores times, can give two modules that agree in both.
- The file says that nobody has to look: `python -m compileall --invalidation-mode unchecked-hash` makes such files.

What a file was really compiled from is seen in its constants: a generated module keeps its facts in blocks of text, and
bytecode of every Python version holds them as they are.
"""

import os

from hypiler.project.files import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = 16
_BY_TIME, _UNCHECKED_HASH = 0, 1
# A module whose time lies further ahead, in seconds, was not built just now: the clock was set back, or it was touched.
_JUST_NOW = 3600


def outdated_bytecode(path: str, text: str) -> list[str]:
    """The bytecode files that Python would run for the module at `path`, and that were not compiled from `text`."""
    taken = {file: content for file in _files(path) if (content := _taken(file, path)) is not None}
    if not taken:
        return []
    blocks = [block.partition('"""')[0].encode() for block in text.split('r"""')[1:]]
    return [file for file, content in taken.items() if not all(block in content for block in blocks)]


def discard_bytecode(files: "list[str]") -> None:
    """Remove bytecode files. Raises OSError for a file that cannot be removed."""
    for file in files:
        try:
            os.unlink(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise failure("remove", file, error) from None


def discard_all_bytecode(path: str) -> None:
    """Remove the bytecode of a module that will be replaced.

    If that is not possible, `unused_time` has a time for the new module that invalidates the file. Raises OSError for a
    file that would stay valid all the same.
    """
    for file in _files(path):
        try:
            discard_bytecode([file])
        except OSError:
            if _flags(_beginning(file)) == _UNCHECKED_HASH:
                raise


def unused_time(path: str, now: float) -> float:
    """A time of modification for a new module at `path`, in seconds, that no bytecode of an earlier one can have.

    It is `now`, or a little later if a module or bytecode of this second exists.
    """
    used = {_number(beginning, 8) for file in _files(path) if len(beginning := _beginning(file)) == _HEADER}
    time = int(now)
    if os.path.exists(path):
        old = int(os.stat(path).st_mtime)
        used.add(old)
        # Later than every module of this run of builds: caches that are not known here may hold any of them.
        time = old + 1 if 0 <= old - time < _JUST_NOW else time
    while time & 0xFFFFFFFF in used:
        time += 1
    return now if time == int(now) else float(time)


def _files(path: str) -> "Iterator[str]":
    """The bytecode files of a module, of all interpreters and levels of optimization."""
    name = os.path.basename(path).removesuffix(".py")
    for folder in _folders(path):
        try:
            found = sorted(os.listdir(folder))
        except OSError:
            continue
        for file in found:
            stem, _, rest = file.partition(".")
            if stem == name and rest.endswith(".pyc"):
                yield os.path.join(folder, file)


def _folders(path: str) -> "Iterator[str]":
    """`__pycache__`, and the folder that PYTHONPYCACHEPREFIX names in its place, if it is set here."""
    import sys

    yield os.path.join(os.path.dirname(path), "__pycache__")
    if sys.pycache_prefix is not None:
        from importlib.util import cache_from_source

        yield os.path.dirname(cache_from_source(os.path.abspath(path)))


def _taken(file: str, source: str) -> bytes | None:
    """The content of a bytecode file that Python would take for current; None if it would compile the source."""
    beginning = _beginning(file)
    if len(beginning) < _HEADER:
        return None
    status = os.stat(source)
    same = _number(beginning, 8) == int(status.st_mtime) & 0xFFFFFFFF and _number(beginning, 12) == status.st_size
    flags = _flags(beginning)
    if flags == _UNCHECKED_HASH or (flags == _BY_TIME and same):
        return _read(file)
    return None


def _flags(beginning: bytes) -> int:
    return _number(beginning, 4)


def _number(beginning: bytes, offset: int) -> int:
    return int.from_bytes(beginning[offset : offset + 4], "little")


def _beginning(file: str) -> bytes:
    return _read(file, _HEADER)


def _read(file: str, limit: int = -1) -> bytes:
    """The bytes of a cache, which may vanish at any moment; empty if it cannot be read."""
    try:
        with open(file, "rb") as opened:
            return opened.read(limit)
    except OSError:
        return b""
