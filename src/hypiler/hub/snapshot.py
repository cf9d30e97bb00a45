"""Snapshots of repositories, their cache on disk, and the errors of reading them."""

import hashlib
import json
import os
import re
import stat
import tempfile
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hypiler.diagnostics.escaping import one_line
from hypiler.model_files.extract import ModelFileError, header_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

COMMIT = re.compile(r"[0-9a-f]{40}")
"""The full id of a commit, or of any other object in git."""

# Bump this when the form of cached snapshots changes: snapshots in an older form then fail their checksum.
_FORMAT = b"1\n"
_MAX_KEPT_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit.

    Attributes:
        repository: The name that was requested.
        renamed_to: The current name on the hub; None if it is the same.
        revision: The commit; None if it is unknown, as for a plain folder.
        created: When the repository was created, as the hub writes it; None if unknown.
        names: The names of all files, sorted.
        sizes: The size of each file in bytes.
        sums: The sha256 of each file; None if it is unknown.
        blobs: The git id of each file, to compare two commits; empty if unknown.
        files: The contents that were read. Of a safetensors file, the bytes up to the end of the header.
        complete: Whether `names` are all files of the repository. The hub lists all of them; a folder may hold a part,
            so a file that is missing there may still exist.
        copies: The files whose bytes are not known to be those of `revision`: somebody may have changed them.
    """

    repository: str
    renamed_to: str | None
    revision: str | None
    created: str | None
    names: tuple[str, ...]
    sizes: "Mapping[str, int]"
    sums: "Mapping[str, str | None]"
    blobs: "Mapping[str, str]"
    files: "Mapping[str, bytes]" = field(default_factory=dict[str, bytes])
    complete: bool = True
    copies: "Collection[str]" = frozenset()

    def is_at_commit(self, name: str) -> bool:
        """Whether the bytes of a file are known to be those of the commit."""
        return self.revision is not None and name not in self.copies


class HubError(Exception):
    """The files of a model could not be read. The message is one line: what, where, why, and what to do."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class NotFoundError(HubError):
    """The repository does not exist, or it is hidden."""


class AccessError(HubError):
    """The hub requires a token, another token, or that the user accepts terms."""


class RevisionGoneError(HubError):
    """The repository has no such commit, branch or tag."""


class UnreachableError(HubError):
    """The hub does not respond, or not now. This says nothing about the model."""


class AnswerError(HubError):
    """The response is not what was requested, or is not safe to use."""


def header_end(first: bytes, size: int) -> int:
    """The end of the header of a safetensors file of `size` bytes, by its first bytes.

    If the first 8 bytes announce no valid header, the end is after these 8 bytes.
    """
    try:
        return 8 + header_length(first[:8], size)
    except ModelFileError:
        return min(8, size)


def keep_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Cache a snapshot on disk, whole or not at all. A failure is ignored: the files are then read again."""
    tree = asdict(snapshot)
    tree["files"] = {name: b64encode(data).decode() for name, data in snapshot.files.items()}
    del tree["complete"], tree["copies"]  # only what the hub lists is cached
    body = json.dumps(tree).encode()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder)
        try:
            with open(handle, "wb") as file:
                file.write(_digest(body) + b"\n" + body)
            os.replace(temporary, _path(folder, snapshot.repository, str(snapshot.revision)))
        except BaseException:
            os.unlink(temporary)
            raise


def kept_snapshot(folder: Path, repository: str, revision: str | None) -> Snapshot | None:
    """The cached snapshot of a commit; None if there is none or it is damaged. Symbolic links are not followed."""
    if revision is None or not COMMIT.fullmatch(revision):
        return None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(_path(folder, repository, revision), flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_KEPT_BYTES:
                return None
            digest, _, body = file.read().partition(b"\n")
    except OSError:
        return None
    if digest != _digest(body):
        return None
    tree: dict[str, Any] = json.loads(body)
    if tree["repository"] != repository:
        return None  # its name differs only in case, which some file systems ignore
    tree["names"] = tuple(tree["names"])
    tree["files"] = {name: b64decode(data) for name, data in tree["files"].items()}
    return Snapshot(**tree)


def _path(folder: Path, repository: str, revision: str) -> Path:
    # Names on the hub never have two hyphens in a row.
    return folder / f"{repository.replace('/', '--')}--{revision}"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(_FORMAT + body).hexdigest().encode()
