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
    source = _unpacked(NAME)
    if source is None:
        raise FileNotFoundError(f"{NAME} of the shipped registry is not part of this installation")
    return [source], _unpacked(LOCK) or False


def _unpacked(name: str) -> str | None:
    """A file that is packed in a zip archive with this module, as a temporary file; None if there is no such file."""
    import atexit
    from contextlib import ExitStack
    from importlib.resources import as_file, files

    packed = files("hypiler.registry") / name
    if not packed.is_file():
        return None
    kept = ExitStack()
    atexit.register(kept.close)
    return str(kept.enter_context(as_file(packed)))
