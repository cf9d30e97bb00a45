"""What the metadata of a folder says about its files: which commit each comes from, and which bytes it has there.

Three kinds of folders have such metadata: a snapshot in the cache of huggingface_hub, a download by its `local_dir`,
and a clone by git. Metadata is the word of the folder: whoever can write there can write anything. But a file that
somebody has changed afterwards is told from one of the commit, by the digest that the metadata names.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from hypiler.hub.git_objects import GitClone, GitError
from hypiler.model_files.lfs_pointer import MAX_BYTES, read_pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SUM = re.compile(r"[0-9a-f]{64}")
_MAX_METADATA = 4096
_MAX_LISTING = 64 << 20
# As huggingface_hub has it: times of files are not precise.
_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Origin:
    """What metadata says of one file. If it names two digests, one of them is enough.

    Attributes:
        commit: The commit that the file comes from.
        sha256: The sha256 that the file has there; None if the metadata does not name it.
        blob: The git id that the file has there, or its Git LFS pointer; None if the metadata does not name it.
        unchanged: Whether the file counts as unchanged where the metadata names no digest.
    """

    commit: str
    sha256: str | None = None
    blob: str | None = None
    unchanged: bool = False

    def fits(self, sha256: str | None, blob: str | None) -> bool:
        """Whether a file with these digests is that of the commit."""
        if self.sha256 is None and self.blob is None:
            return self.unchanged
        return sha256 is not None and (self.sha256 == sha256 or self.blob == blob)


class FolderMetadata:
    """The metadata of a folder.

    Attributes:
        origins: What is said of each file, by name. Files without metadata are left out.
        names: All files of a commit, by commit, as far as a list of them is kept.
    """

    def __init__(self, origins: "Mapping[str, Origin]", names: "Mapping[str, frozenset[str]]") -> None:
        self.origins = origins
        self.names = names


def read_metadata(root: Path, files: "Mapping[str, str]") -> FolderMetadata:
    """The metadata of a folder. `files` are the paths of its files by name, after following links. Never raises."""
    if is_snapshot(root):
        return _of_snapshot(root, files)
    try:
        return _of_clone(GitClone(root), files)
    except GitError:
        return _of_download(root / ".cache" / "huggingface", files)


def is_snapshot(root: Path) -> bool:
    """Whether a folder is a snapshot in the cache of huggingface_hub, by its place."""
    store = root.parent.parent.name
    return root.parent.name == "snapshots" and store.startswith("models--") and _COMMIT.fullmatch(root.name) is not None


def _of_snapshot(root: Path, files: "Mapping[str, str]") -> FolderMetadata:
    listing = _listing(root.parents[1], root.name)
    origins: dict[str, Origin] = {}
    for name, place in files.items():
        # The files of the cache are named by the digest that the hub gave for them.
        own = os.path.basename(place) if os.path.islink(root / name) else ""
        origins[name] = listing.get(name) or _origin(root.name, own) or Origin(root.name, unchanged=True)
    return FolderMetadata(origins, {root.name: frozenset(listing)} if listing else {})


def _of_clone(clone: GitClone, files: "Mapping[str, str]") -> FolderMetadata:
    blobs = clone.files()
    origins = {name: _committed(clone, blobs[name]) for name in files if name in blobs}
    return FolderMetadata(origins, {clone.commit: frozenset(blobs)})


def _committed(clone: GitClone, blob: str) -> Origin:
    """The file as the commit has it. A large file is committed as a Git LFS pointer to it."""
    try:
        pointer = read_pointer(clone.read(blob, b"blob", MAX_BYTES))
    except GitError:
        pointer = None
    return Origin(clone.commit, pointer[0] if pointer else None, blob)


def _of_download(folder: Path, files: "Mapping[str, str]") -> FolderMetadata:
    origins: dict[str, Origin] = {}
    for name, place in files.items():
        found = _downloaded(folder / "download" / f"{name}.metadata", place)
        if found is not None:
            origins[name] = found
    commits = {origin.commit for origin in origins.values()}
    listings = {commit: frozenset(_listing(folder, commit)) for commit in sorted(commits)[:_MAX_COMMITS]}
    return FolderMetadata(origins, {commit: names for commit, names in listings.items() if names})


_MAX_COMMITS = 8


def _downloaded(metadata: Path, place: str) -> Origin | None:
    """What is kept of one download: the commit, the digest and the time, a line each."""
    data = _bytes(metadata, _MAX_METADATA)
    try:
        commit, etag, time, *_ = [line.strip() for line in (data or b"").decode().split("\n")]
        # Where the digest is of another kind, as from a mirror, huggingface_hub goes by the time.
        unchanged = os.path.getmtime(place) - _SECONDS <= float(time)
    except (ValueError, OSError, OverflowError):
        return None
    if not _COMMIT.fullmatch(commit):
        return None
    return _origin(commit, etag) or Origin(commit, unchanged=unchanged)


def _origin(commit: str, digest: str) -> Origin | None:
    if _SUM.fullmatch(digest):
        return Origin(commit, sha256=digest)
    return Origin(commit, blob=digest) if _COMMIT.fullmatch(digest) else None


def _listing(folder: Path, commit: str) -> dict[str, Origin]:
    """The files of a commit as huggingface_hub has listed them; empty if it has not."""
    data = _bytes(folder / "trees" / f"{commit}.json", _MAX_LISTING)
    try:
        tree: Any = json.loads(data or b"null")
        files: dict[str, Any] = tree["files"] if tree["format_version"] == 1 else {}
        return {str(name): _listed(commit, one) for name, one in files.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _listed(commit: str, one: "Any") -> Origin:
    sha256, blob = one.get("lfs_sha256"), one["blob_id"]
    found = _origin(commit, str(blob) if sha256 is None else str(sha256))
    if found is None:
        raise ValueError("a digest is none")
    return found


def _bytes(path: Path, limit: int) -> bytes | None:
    """The bytes of a small file; None if it is missing, too large, or a link."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError):
        return None
    return data if len(data) <= limit else None


def common_commit(commits: "Iterable[str]") -> str | None:
    """The commit of most files; None without any."""
    counted: dict[str, int] = {}
    for commit in commits:
        counted[commit] = counted.get(commit, 0) + 1
    return max(sorted(counted), key=lambda commit: counted[commit], default=None)
