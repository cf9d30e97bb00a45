"""Reads the files of a model from a folder: a clone, a download, or a snapshot in the cache of huggingface_hub."""

import hashlib
import os
import stat
from pathlib import Path

from hypiler.diagnostics.escaping import printable
from hypiler.hub.folder_commit import Origin, common_commit, is_snapshot, read_metadata
from hypiler.hub.snapshot import AnswerError, HubError, Snapshot, header_end
from hypiler.model_files.extract import next_files
from hypiler.model_files.json_files import MAX_BYTES
from hypiler.model_files.lfs_pointer import MAX_BYTES as MAX_POINTER
from hypiler.model_files.lfs_pointer import read_pointer
from hypiler.model_files.vector_files import decides_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import BinaryIO

# Folders of git and huggingface_hub beside the files.
_NOT_OF_THE_MODEL = (".git", ".cache")
_MAX_FILES = 100_000


def read_folder(
    path: str | os.PathLike[str],
    sums_of: "Collection[str]" = (),
    *,
    repository: str | None = None,
    revision: str | None = None,
    pins: bool = False,
) -> Snapshot:
    """The files below a folder, with the contents of the files that facts are read from.

    The commit is known if the metadata of the folder names it: in a snapshot of the cache of huggingface_hub, a
    download by its `local_dir`, or a clone by git. A file that was changed afterwards is one of the `copies`. Of a Git
    LFS pointer, `sizes` and `sums` are those of the file that it stands for.

    Args:
        path: The folder.
        sums_of: Further files to hash. The files that are read whole are always hashed.
        repository: The name that the snapshot gets; by default the path of the folder.
        revision: The commit that is asked for, if files of several commits lie in the folder.
        pins: Whether to hash every file that decides vectors.

    Raises AnswerError for files that are not safe to read, and HubError for files that cannot be read.
    """
    root = Path(path)
    if not root.is_dir():
        raise HubError(f"{_printable(root)} must be a folder with the files of a model; it is not a folder")
    root = root.resolve()
    try:
        reading = _Reading(root, dict(sorted(_all_files(root))))
        reading.read()
        wanted = [name for name in reading.found if pins and decides_vectors(name)]
        for name in (*wanted, *sums_of):
            reading.hash(name)
        reading.follow_pointers()
    except OSError as error:
        place = Path(error.filename or root)
        raise HubError(f"{_printable(place)} cannot be read: {error.strerror or error}") from None
    return reading.snapshot(repository or str(path), revision)


class _Reading:
    """What is read of a folder.

    Attributes:
        found: The paths of all files by name, after following links.
        files: The contents that were read.
        sizes: The sizes of all files.
        sums: The sha256 of all files; None for those that were not hashed.
        blobs: The git ids of the files that were hashed.
    """

    def __init__(self, root: Path, found: dict[str, str]) -> None:
        self.found = found
        self.sizes = {name: os.stat(place).st_size for name, place in found.items()}
        self.files: dict[str, bytes] = {}
        self.sums: dict[str, str | None] = dict.fromkeys(found)
        self.blobs: dict[str, str] = {}
        self._metadata = read_metadata(root, found)

    def read(self) -> None:
        """Read the files that facts are read from, and hash those that are read whole."""
        while missing := [name for name in next_files(self.found, self.files) if name not in self.files]:
            for name in missing:
                self.files[name] = data = _content(self.found[name], name)
                if not name.endswith(".safetensors"):
                    self._note(name, data, hashlib.sha256(data).hexdigest(), _blob_id(data))

    def hash(self, name: str) -> None:
        """Hash a file, unless it was hashed already."""
        if name not in self.found or self.sums[name] is not None:
            return
        origin = self._metadata.origins.get(name)
        with open(_open_regular_file(self.found[name]), "rb") as file:
            if self.sizes[name] <= MAX_POINTER:
                data = file.read(MAX_POINTER + 1)
                self._note(name, data, hashlib.sha256(data).hexdigest(), _blob_id(data))
            else:
                # The second digest is needed only where the metadata names one of its kind.
                by_git = origin is not None and origin.blob is not None and origin.sha256 is None
                self._note(name, b"", *_digests(file, self.sizes[name], by_git=by_git))

    def follow_pointers(self) -> None:
        """Replace the size of every Git LFS pointer by the size of the file that it stands for."""
        for name, place in self.found.items():
            if self.sums[name] is None and self.sizes[name] <= MAX_POINTER and read_pointer(_content(place, name)):
                self.hash(name)

    def _note(self, name: str, data: bytes, sha256: str, blob: str) -> None:
        pointer = read_pointer(data)
        self.sums[name], self.blobs[name] = sha256, blob
        if pointer is not None:
            self.sums[name], self.sizes[name] = pointer

    def snapshot(self, repository: str, revision: str | None) -> Snapshot:
        """The snapshot, at the commit that is asked for, or else at the commit of most files."""
        known = {name: origin.commit for name, origin in self._metadata.origins.items() if self._fits(name, origin)}
        commit = revision if revision in known.values() else common_commit(known.values())
        others = [name for name in self.found if known.get(name) != commit] if commit else []
        lists = [names for one, names in self._metadata.names.items() if commit in (None, one)]
        complete = any(names <= self.found.keys() for names in lists)
        names, sums = tuple(self.found), self.sums
        return Snapshot(
            repository,
            None,
            commit,
            None,
            names,
            self.sizes,
            sums,
            {},
            self.files,
            complete=complete,
            copies=frozenset(others),
        )

    def _fits(self, name: str, origin: Origin) -> bool:
        """Whether a file is that of its commit. One that was not hashed was not asked for."""
        return name not in self.blobs or origin.fits(self.sums[name], self.blobs[name])


def _blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _sha256(file: "BinaryIO") -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _digests(file: "BinaryIO", size: int, *, by_git: bool) -> tuple[str, str]:
    """The sha256 of a file, and its git id if it is wanted."""
    if not by_git:
        return _sha256(file), ""
    sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    while chunk := file.read(1 << 20):
        sha256.update(chunk)
        blob.update(chunk)
    return sha256.hexdigest(), blob.hexdigest()


def _printable(path: Path) -> str:
    return printable(str(path))


def _blob_folders(root: Path) -> list[Path]:
    """Where links may lead if the folder is a snapshot in the cache of huggingface_hub; empty if it is not."""
    store = root.parent.parent
    # Several repositories share the second folder.
    return [store / "blobs", store.parent / "blobs"] if is_snapshot(root) else []


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
            # Not only links by name: on Windows, a folder can be a junction.
            if place != os.path.join(folder, name) and not any(Path(place).is_relative_to(one) for one in allowed):
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
    """The bytes of a file; of a safetensors file, the bytes of its header. Git LFS pointers are read whole."""
    with open(_open_regular_file(place), "rb") as file:
        if name.endswith(".safetensors"):
            first = file.read(8)
            if first == b"version ":
                return first + file.read(MAX_POINTER)
            return first + file.read(header_end(first, os.fstat(file.fileno()).st_size) - len(first))
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise AnswerError(f"{printable(place)} must have at most {MAX_BYTES} bytes to be read; it has more")
    return data
