"""Refuses files that would run code when loaded, unless the caller allows repository code or pickles by name."""

from pathlib import Path

from hypiler.engines.errors import UnsafeError
from hypiler.engines.files.unsafe_settings import unsafe_settings
from hypiler.model_files.filename_safety import blob_folders
from hypiler.model_files.weights import PICKLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.protocols import Config

# The libraries prefer these files over a pickle in the same folder, and ignore other safetensors files.
_SAFE = ("model.safetensors", "model.safetensors.index.json")
# The libraries load this file if there is no safetensors file in the same folder.
_PICKLE = "pytorch_model.bin"
# The first bytes of a pickle, and of a zip archive, in which PyTorch stores pickles.
_PICKLED = (b"\x80", b"PK\x03\x04")
# How the names of files with settings and texts end.
_TEXTS = (".json", ".md", ".metadata", ".py", ".txt")
# The most characters of a value that a message repeats.
_LIMIT = 100


def check_safety(
    config: "Config", folder: Path, files: list[Path], patterns: list[str], *, untrusted: bool, allow_pickle: bool
) -> None:
    """Raise UnsafeError for files that would run code when they are loaded.

    Args:
        config: The model.
        folder: The folder with its files.
        files: The files that the engine may read.
        patterns: The names of these files, as the engine states them.
        untrusted: Whether the engine would run code of the repository, which may not run.
        allow_pickle: Whether pickled weights may be read.
    """
    _check_links(folder, files)
    for path in files:
        if path.suffix == ".safetensors" and _is_pickle(path):
            raise UnsafeError(f"{path} is a pickle by its content, whatever its name says")
    if not allow_pickle and any(pattern.endswith(PICKLES) for pattern in patterns):
        _check_weights(config, folder, files)
    if untrusted:
        _check_settings(config, folder, files)


def repository_at_commit(config: "Config") -> str:
    """The repository and commit of the chosen weights, as messages write them."""
    space = config.space()
    return f"{space['repository']} @ {space['revision'] or 'main'}"


def review_advice(config: "Config") -> str:
    """What to do about a model that runs code of its repository."""
    return (
        f"review it at {repository_at_commit(config)}, and pass trust_remote_code=True; or use an engine that runs"
        " none, such as `onnx`"
    )


def _check_links(folder: Path, files: list[Path]) -> None:
    """Refuse settings and texts that are links to files elsewhere, which messages could repeat.

    A store of files may lie beside the folder, or in the hub's cache. Weights may be links to any place, since their
    bytes are never repeated.
    """
    root = folder.resolve()
    inside = [root, root.parent, *blob_folders(root)]
    for path in files:
        if path.is_symlink() and path.name.endswith(_TEXTS):
            target = path.resolve()
            if not any(target.is_relative_to(one) for one in inside):
                raise UnsafeError(f"{path} is a link that leads out of the folder: replace it by a copy")


def _check_weights(config: "Config", folder: Path, files: list[Path]) -> None:
    """Refuse a model whose weights are only available as pickles, even if the pickles were not downloaded."""
    safe = {path.parent for path in files if path.name in _SAFE or path.suffix == ".onnx"}
    pickles = [path for path in files if path.name == _PICKLE and path.parent not in safe]
    if safe and not pickles:
        return
    model: Any = config.model
    names = ", ".join(path.relative_to(folder).as_posix() for path in pickles)
    held = f"pickled ones ({names})" if names else "none as safetensors or ONNX"
    raise UnsafeError(
        f"`{model.id}` must have weights that are only data; {folder} has {held}. Loading a pickle can run any code:"
        " pass allow_pickle=True if you trust its authors"
    )


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.read(9)
    # A safetensors file may start with the same bytes: its length takes eight bytes, and an object follows.
    return first.startswith(_PICKLED) and first[8:] != b"{"


def _check_settings(config: "Config", folder: Path, files: list[Path]) -> None:
    """Refuse settings that make a library run code from outside the libraries, or read files of others."""
    model: Any = config.model
    for found in unsafe_settings(folder, files):
        raise UnsafeError(
            f"`{model.id}` {found.effect}: {found.path} has {found.key} {_shown(found.value)}; {review_advice(config)}"
        )


def _shown(value: "Any") -> str:
    """A value as Python writes it, shortened."""
    text = repr(value[:_LIMIT] if isinstance(value, str) else value)
    return text if len(text) <= _LIMIT + 2 else f"{text[:_LIMIT]}…"
