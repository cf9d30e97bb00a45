"""Reads the files of a model from a folder: a clone, a download, or a snapshot in the cache of huggingface_hub."""

import hashlib
import os
import stat
from pathlib import Path

from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import COMMIT, AnswerError, HubError, Snapshot, header_end
from hypiler.model_files.extract import next_files
from hypiler.model_files.json_files import MAX_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# What git and huggingface_hub keep beside the files.
_NOT_OF_THE_MODEL = (".git", ".cache")
_MAX_FILES = 100_000


def read_folder(
    path: str | os.PathLike[str], sums_of: "Collection[str]" = (), *, repository: str | None = None
) -> Snapshot:
    """The files below a folder, with the contents of those that say something of a model.

    The sha256 is that of the files in `sums_of` and of those that were read whole. `repository` is the name that the
    snapshot gets; by default the folder's. Its commit is known for a snapshot in the cache of huggingface_hub. Raises
    AnswerError for what is not safe to read, HubError for what cannot be read.
    """
    root = Path(path)
    if not root.is_dir():
        raise HubError(f"{_shown(root)} must be a folder with the files of a model; it is not a folder")
    root = root.resolve()
    try:
        found = dict(sorted(_found(root)))
        sizes = {name: os.stat(place).st_size for name, place in found.items()}
        sums: dict[str, str | None] = dict.fromkeys(found)
        files: dict[str, bytes] = {}
        while missing := [name for name in next_files(found, files) if name not in files]:
            for name in missing:
                files[name] = data = _content(found[name], name)
                if not name.endswith(".safetensors"):
                    sums[name] = hashlib.sha256(data).hexdigest()
        for name in sums_of:
            if name in found and sums[name] is None:
                with open(_handle(found[name]), "rb") as file:
                    sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        place = Path(error.filename or root)
        raise HubError(f"{_shown(place)} cannot be read: {error.strerror or error}") from None
    revision = root.name if _caches(root) else None
    return Snapshot(repository or str(path), None, revision, None, tuple(found), sizes, sums, {}, files)


def _shown(path: Path) -> str:
    return printable(str(path))


def _caches(root: Path) -> list[Path]:
    """Where the links of a snapshot in huggingface_hub's cache lead; empty if the folder is none."""
    if not COMMIT.fullmatch(root.name) or root.parent.name != "snapshots":
        return []
    store = root.parents[1]
    # The second is what several repositories share.
    return [store / "blobs", store.parent / "blobs"] if store.name.startswith("models--") else []


def _found(root: Path) -> "Iterator[tuple[str, str]]":
    """The names of all files, and the places where they really are."""

    def fail(error: OSError) -> None:
        raise error

    count = 0
    allowed = [root, *_caches(root)]
    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = [name for name in folders if name not in _NOT_OF_THE_MODEL]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in [*names, *links]:
            path = Path(folder, name)
            place = os.path.realpath(path)
            if not os.path.isfile(place):
                raise AnswerError(f"{_shown(path)} must be a file, or a link to one: replace it by a copy")
            if path.is_symlink() and not any(Path(place).is_relative_to(one) for one in allowed):
                raise AnswerError(f"{_shown(path)} is a link that leads out of the folder: replace it by a copy")
            count += 1
            if count > _MAX_FILES:
                raise AnswerError(f"{_shown(root)} must be a folder of one model; it has more than {_MAX_FILES} files")
            yield path.relative_to(root).as_posix(), place


def _handle(place: str) -> int:
    """A file that was found, opened; what has taken its place meanwhile is refused."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(place, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(None, "it is no longer a file", place)
    return handle


def _content(place: str, name: str) -> bytes:
    """The bytes of a file, or those of the header if it is a safetensors file."""
    with open(_handle(place), "rb") as file:
        if name.endswith(".safetensors"):
            first = file.read(8)
            return first + file.read(header_end(first, os.fstat(file.fileno()).st_size) - len(first))
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise AnswerError(f"{printable(place)} must have at most {MAX_BYTES} bytes to be read; it has more")
    return data
