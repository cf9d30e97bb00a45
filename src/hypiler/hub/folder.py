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

# Folders of git and huggingface_hub beside the files.
_NOT_OF_THE_MODEL = (".git", ".cache")
_MAX_FILES = 100_000


def read_folder(
    path: str | os.PathLike[str], sums_of: "Collection[str]" = (), *, repository: str | None = None
) -> Snapshot:
    """The files below a folder, with the contents of the files that facts are read from.

    The sha256 is computed for the files that are read whole and for the files in `sums_of`. `repository` is the name
    that the snapshot gets; by default the path of the folder. The commit is known only if the folder is a snapshot in
    the cache of huggingface_hub. Raises AnswerError for files that are not safe to read, and HubError for files that
    cannot be read.
    """
    root = Path(path)
    if not root.is_dir():
        raise HubError(f"{_printable(root)} must be a folder with the files of a model; it is not a folder")
    root = root.resolve()
    try:
        found = dict(sorted(_all_files(root)))
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
                with open(_open_regular_file(found[name]), "rb") as file:
                    sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        place = Path(error.filename or root)
        raise HubError(f"{_printable(place)} cannot be read: {error.strerror or error}") from None
    revision = root.name if _blob_folders(root) else None
    name, whole = repository or str(path), _is_whole_clone(root)
    return Snapshot(name, None, revision, None, tuple(found), sizes, sums, {}, files, complete=whole)


def _is_whole_clone(root: Path) -> bool:
    """Whether a folder is a clone by git, which has all files; those of LFS at least as pointers.

    A snapshot in the cache of huggingface_hub may be partial: it has the files that somebody has asked for.
    """
    return (root / ".git").exists() and not (root / ".git/info/sparse-checkout").exists()


def _printable(path: Path) -> str:
    return printable(str(path))


def _blob_folders(root: Path) -> list[Path]:
    """Where links may lead if the folder is a snapshot in the cache of huggingface_hub; empty if it is not."""
    if not COMMIT.fullmatch(root.name) or root.parent.name != "snapshots":
        return []
    store = root.parents[1]
    # Several repositories share the second folder.
    return [store / "blobs", store.parent / "blobs"] if store.name.startswith("models--") else []


def _all_files(root: Path) -> "Iterator[tuple[str, str]]":
    """The names of all files, each with its path after following links."""

    def fail(error: OSError) -> None:
        raise error

    count = 0
    allowed = [root, *_blob_folders(root)]
    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = [name for name in folders if name not in _NOT_OF_THE_MODEL]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in [*names, *links]:
            path = Path(folder, name)
            place = os.path.realpath(path)
            if not os.path.isfile(place):
                raise AnswerError(f"{_printable(path)} must be a file, or a link to one: replace it by a copy")
            if path.is_symlink() and not any(Path(place).is_relative_to(one) for one in allowed):
                raise AnswerError(f"{_printable(path)} is a link that leads out of the folder: replace it by a copy")
            count += 1
            if count > _MAX_FILES:
                raise AnswerError(
                    f"{_printable(root)} must be a folder of one model; it has more than {_MAX_FILES} files"
                )
            yield path.relative_to(root).as_posix(), place


def _open_regular_file(place: str) -> int:
    """Open a file that was found. Refuse anything else that has replaced it in the meantime."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(place, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(None, "it is no longer a file", place)
    return handle


def _content(place: str, name: str) -> bytes:
    """The bytes of a file; of a safetensors file, the bytes of its header."""
    with open(_open_regular_file(place), "rb") as file:
        if name.endswith(".safetensors"):
            first = file.read(8)
            return first + file.read(header_end(first, os.fstat(file.fileno()).st_size) - len(first))
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise AnswerError(f"{printable(place)} must have at most {MAX_BYTES} bytes to be read; it has more")
    return data
