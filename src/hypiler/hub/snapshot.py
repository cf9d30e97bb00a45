"""A repository at one commit, what keeps it from being read, and the snapshots that are kept on disk."""

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

from hypiler.model_files.extract import ModelFileError, header_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

COMMIT = re.compile(r"[0-9a-f]{40}")
"""The full id of a commit, and of any other object in git."""

# Counted up when a snapshot is kept in another form: those of another form are then not found whole.
_FORMAT = b"1\n"
_MAX_KEPT_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit.

    `renamed_to` is the name that the hub has for it now, if it is another. `revision` is the commit, None where it is
    not known, as of a plain folder; `created` the time at which the repository was made, as the hub writes it. `names`
    are all files, sorted; `sizes` their bytes; `sums` the sha256 of each, None where it is not known; `blobs` the git
    ids, by which two commits can be compared. `files` are the contents that were read: of safetensors files, the bytes
    up to the end of the header.
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


class HubError(Exception):
    """The files of a model could not be read; the message is one line: what, where, why, and what to do."""


class NotFoundError(HubError):
    """There is no such repository, or it is hidden."""


class AccessError(HubError):
    """The hub wants a token, another token, or that terms are accepted."""


class RevisionGoneError(HubError):
    """The repository has no such commit, branch or tag."""


class UnreachableError(HubError):
    """The hub does not answer, or not now; nothing is said of the model."""


class AnswerError(HubError):
    """What came is not what was asked for, or not safe to use."""


def header_end(first: bytes, size: int) -> int:
    """Where the header of a safetensors file of `size` bytes ends, by its first bytes.

    If they announce none that can be read, that is the end of what says so.
    """
    try:
        return 8 + header_length(first[:8], size)
    except ModelFileError:
        return min(8, size)


def keep_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Put a snapshot on disk, whole or not at all. That it cannot be written is no fault: it is then read again."""
    tree = asdict(snapshot)
    tree["files"] = {name: b64encode(data).decode() for name, data in snapshot.files.items()}
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
    """What was kept of a commit, if it is whole. No link is followed to it."""
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
    tree["names"] = tuple(tree["names"])
    tree["files"] = {name: b64decode(data) for name, data in tree["files"].items()}
    return Snapshot(**tree)


def _path(folder: Path, repository: str, revision: str) -> Path:
    # No name on the hub has two hyphens in a row.
    return folder / f"{repository.replace('/', '--')}--{revision}"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(_FORMAT + body).hexdigest().encode()
