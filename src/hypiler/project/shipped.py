"""Finds the files of the shipped registries: packed in the folder `registry` of a wheel, at the root of a checkout."""

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
    return _files([NAME, *[HOSTED] * hosted])


def shipped_layer(name: str) -> "tuple[list[str], str | bool]":
    """The sources and the lock of a shipped registry that `extends` names: one of `SHIPPED`."""
    return _files([NAME]) if name == "hypiler" else (_files([HOSTED])[0], False)


SHIPPED = ("hypiler", "hypiler-hosted")
"""What `extends` calls the shipped registries."""


def _files(names: list[str]) -> "tuple[list[str], str | bool]":
    package = Path(__file__).parents[1]
    for folder in (package / "registry", package.parents[1]):
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
