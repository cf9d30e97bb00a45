"""The files of a model as an engine reads them: each one is hashed and compared with its recorded sha256.

What is hashed is what is used. An engine whose library takes bytes reads its files through `CheckedFiles.read`, which
reads once and hashes these bytes. Other libraries take only a folder, so they open the files a second time. For them,
all files are hashed before, and `CheckedFiles.loading` refuses a file that was changed or replaced meanwhile.
"""

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

from hypiler.engines.errors import ChecksumError, EngineError
from hypiler.engines.files.file_faults import FIRST_BYTES, damage_of, disguise_of
from hypiler.model_files.json_files import MAX_BYTES
from hypiler.model_files.vector_files import decides_vectors, is_weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    # Of the path itself, which may be a link: device, inode, time of its change; of the file that it leads to: device,
    # inode, size, time of the last write, time of the last change.
    _Key = tuple[tuple[int, int, int], tuple[int, int, int, int, int]]


class CheckedFiles:
    """The files in a model's folder, each checked when it is read.

    Args:
        folder: The folder.
        sums: The recorded sha256 of files, by their names inside the folder.
        of_lock: The names of those whose sha256 the lock states. The registry states the others.
        complete: Whether `sums` has every file that decides vectors.
        model: The id of the model, for messages.
        place: The repository and commit that the files should be of, for messages.
        cached: Whether the folder is part of the hub's cache.

    Attributes:
        folder: The folder.
        sums: The recorded sha256 of files, by name.
    """

    def __init__(
        self,
        folder: Path,
        sums: "Mapping[str, str] | None" = None,
        *,
        of_lock: "frozenset[str]" = frozenset(),
        complete: bool = False,
        model: str = "",
        place: str = "",
        cached: bool = False,
    ) -> None:
        self.folder = folder
        self.sums: Mapping[str, str] = sums or {}
        self._of_lock = of_lock
        self._complete = complete
        self._model = model
        self._place = place
        self._cached = cached
        self._names: tuple[str, ...] = ()
        self._held: dict[str, bytes] = {}
        self._keys: dict[str, _Key | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files that the engine may read, as `check_contents` was given them."""
        return self._names

    def read(self, name: str) -> bytes:
        """The bytes of a file, read once.

        Raises ChecksumError if their sha256 is not the recorded one, and EngineError if the file cannot be read.
        """
        if name in self._held:
            return self._held[name]
        self._check_listed(name)
        path = self.folder / name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise EngineError(f"{path} cannot be read: {error.strerror}") from None
        if name in self.sums:
            self._compare(name, hashlib.sha256(data).hexdigest())
        self._check_disguise(name, data[:FIRST_BYTES])
        # Small files are read by several readers. Weights are read by one, and must not stay in memory twice.
        if len(data) <= MAX_BYTES:
            self._held[name] = data
        return data

    def check_names(self, names: "Iterable[str]", required: "Iterable[str]") -> None:
        """Check which files there are.

        `names` are the files that the engine may read. `required` are files that must be among them. Raises EngineError
        for a missing file, and ChecksumError for a file that is not recorded although all files are.
        """
        there = set(names)
        if missing := sorted(set(required) - there):
            raise EngineError(self._missing(missing))
        for name in sorted(there):
            self._check_listed(name)

    def check_contents(self, names: "Iterable[str]", *, reads_bytes: bool) -> None:
        """Hash these files now. If the engine `reads_bytes`, weights are left to `read`.

        Raises ChecksumError if a sha256 is not the recorded one, and EngineError for a file that is not what its name
        says, such as a Git LFS pointer.
        """
        self._names = tuple(names)
        for name in self._names:
            path = self.folder / name
            if not reads_bytes:
                self._keys[name] = _key(path)
            try:
                if path.stat().st_size <= MAX_BYTES and not (reads_bytes and is_weights(name)):
                    self.read(name)
                elif not reads_bytes:
                    self._hash(name, path)
            except OSError as error:
                raise EngineError(f"{path} cannot be read: {error.strerror}") from None

    def _hash(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._check_disguise(name, file.read(FIRST_BYTES))
            file.seek(0)
            if name in self.sums:
                self._compare(name, hashlib.file_digest(file, "sha256").hexdigest())

    @contextmanager
    def loading(self) -> "Generator[None]":
        """A block in which the engine loads the files. Afterwards what was read is forgotten.

        Raises ChecksumError if a file that was opened by its path was changed or replaced meanwhile. A failure to load
        is explained if a file of weights is damaged.
        """
        try:
            yield
        except EngineError as error:
            self._check_unchanged()
            if type(error) is EngineError:
                self._explain(error)
            raise
        finally:
            self._held.clear()
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        for name, key in self._keys.items():
            if _key(self.folder / name) != key:
                raise ChecksumError(
                    f"{self.folder / name} changed while `{self._model}` was being loaded, so it is unknown which bytes"
                    " were loaded: load again when nothing else writes to this folder"
                )

    def _explain(self, error: EngineError) -> None:
        """Raise the error again with what is wrong with the first damaged file of weights, if one is damaged."""
        for name in filter(is_weights, self._names):
            path = self.folder / name
            damage = damage_of(path)
            if damage and damage not in str(error):
                raise EngineError(f"{error} ({path}: {damage})") from error.__cause__

    def _check_listed(self, name: str) -> None:
        if not self._complete or name in self.sums or not decides_vectors(name):
            return
        raise ChecksumError(
            f"{self.folder / name} decides vectors, but the lock does not list it among the files of {self._place}:"
            f" remove it, or record the files of `{self._model}` again"
        )

    def _missing(self, names: list[str]) -> str:
        source = self._stated_by(names[0])
        if len(names) == 1:
            return f"{self.folder / names[0]} is missing: the {source} gives the sha256 of this file of `{self._model}`"
        shown = ", ".join(names[:3]) + (", …" if names[3:] else "")
        return (
            f"{len(names)} files are missing in {self.folder} ({shown}): the {source} gives the sha256 of these files"
            f" of `{self._model}`"
        )

    def _stated_by(self, name: str) -> str:
        return "lock" if name in self._of_lock else "registry"

    def _check_disguise(self, name: str, first: bytes) -> None:
        if found := disguise_of(name, first):
            raise EngineError(f"{self.folder / name} cannot be used: {found}")

    def _compare(self, name: str, found: str) -> None:
        expected, path, source = self.sums[name], self.folder / name, self._stated_by(name)
        if found == expected:
            return
        # The cache contains links. If only the link were deleted, the cache would link to the wrong file again.
        remedy = f"delete {path.resolve()}, and load again" if self._cached else f"take the file of {self._place}"
        damage = damage_of(path)
        raise ChecksumError(
            f"sha256 of {path} must be {expected}, as the {source} says; found {found}. "
            + (f"{damage[0].upper()}{damage[1:]}" if damage else f"If the {source} is right, {remedy}")
        )


def _key(path: Path) -> "_Key | None":
    """What changes when a file is written to or replaced; None if it is gone."""
    try:
        link, file = os.lstat(path), os.stat(path)
    except OSError:
        return None
    return (
        (link.st_dev, link.st_ino, link.st_ctime_ns),
        (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns),
    )
