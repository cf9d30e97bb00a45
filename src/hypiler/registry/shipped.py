"""Finds the files of the shipped registries: packed beside this module in a wheel, at the root of a checkout."""

from pathlib import Path

NAME = "models.json"
LOCK = "models.lock.json"
HOSTED = "hosted.json"
HOSTED_REQUIRED = (
    "organization",
    "release_date",
    "specs.context_length",
    "capabilities.modalities",
    "capabilities.multi_vector",
    "license",
    "description",
)
"""What each hosted model states besides the core, as the pyproject.toml of this package says it."""


def shipped_files(*, hosted: bool = False) -> "tuple[list[str], str | bool]":
    """The sources and the lock, false without one. Raises FileNotFoundError if this installation has no sources.

    With `hosted`, the file of the hosted models is the last source.
    """
    names = [NAME, *[HOSTED] * hosted]
    here = Path(__file__).parent
    for folder in (here, here.parents[2]):
        if (folder / NAME).is_file():
            lock = folder / LOCK
            return [str(folder / name) for name in names], str(lock) if lock.is_file() else False
    return [_needed(name) for name in names], _unpacked(LOCK) or False


def _needed(name: str) -> str:
    source = _unpacked(name)
    if source is None:
        raise FileNotFoundError(f"{name} of the shipped registry is not part of this installation")
    return source


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
