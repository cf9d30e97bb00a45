"""Reads the small files of repositories on the hub, and compares their bytes with the checksums that the hub lists."""

import hashlib
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

from hypiler.diagnostics.escaping import quote_name
from hypiler.hub.session import Resource, Session
from hypiler.hub.snapshot import (
    COMMIT,
    AnswerError,
    NotFoundError,
    Snapshot,
    UnreachableError,
    header_end,
    keep_snapshot,
    kept_snapshot,
)
from hypiler.model_files.extract import ModelFileError, next_files, unsafe_names
from hypiler.model_files.json_files import MAX_BYTES, mapping, read_object
from hypiler.model_files.vector_files import decides_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_client: "Any" = import_module("huggingface_hub")
_constants: "Any" = import_module("huggingface_hub.constants")
_utils: "Any" = import_module("huggingface_hub.utils")

# Most headers of safetensors files are shorter, so one request is enough.
_FIRST_BYTES = 100_000
# The limits per repository: many times what the largest models need.
_MAX_FILES = 1000
_MAX_TOTAL_BYTES = 128 << 20
_SUM = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.Z+-]{1,40}")


class Hub:
    """A client of the hub. Any number of threads may use it.

    Args:
        endpoint: The address of the hub; None for the address that huggingface_hub is configured with.
        token: The token; None for the user's own, an empty text for none.
        offline: Use only the cache; None for the setting of huggingface_hub.
        cache: The folder of snapshots; None for a folder among the assets of huggingface_hub.
        deadline: Seconds per file, including all attempts and the waits between them.
        max_attempts: Requests per file.
        timeout: Seconds for the connection, and for each part of a response.
        on_wait: Called before each wait with its seconds.
        sleep: Waits for a number of seconds. By default, leaving the `with` block ends a wait.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        token: str | None = None,
        *,
        offline: bool | None = None,
        cache: Path | None = None,
        deadline: float = 60.0,
        max_attempts: int = 3,
        timeout: float | None = None,
        on_wait: "Callable[[float], object]" = lambda seconds: None,
        sleep: "Callable[[float], object] | None" = None,
    ) -> None:
        self._session = Session(
            endpoint, token, deadline=deadline, max_attempts=max_attempts, timeout=timeout, on_wait=on_wait, sleep=sleep
        )
        self._offline: bool = _client.is_offline_mode() if offline is None else offline
        # huggingface_hub reserves this folder for other libraries.
        self._cache = cache or Path(_constants.HF_ASSETS_CACHE, "hypiler")

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def info(self, repository: str, revision: str | None = None) -> Snapshot:
        """The names, sizes and checksums of the files, without contents. Raises HubError.

        `revision` is a commit, a branch or a tag; by default `main`.
        """
        resource = _resource(repository, revision)
        if self._offline:
            kept = kept_snapshot(self._cache, repository, resource.revision)
            if kept is None:
                raise _not_cached(resource)
            return replace(kept, files={})
        path = f"/api/models/{repository}/revision/{quote(resource.revision, safe='')}?blobs=true"
        data = self._session.read(self._session.endpoint + path, resource, MAX_BYTES)
        try:
            return _parse_info(read_object(data, strict=True), resource)
        except ModelFileError as error:
            why = f"unexpected response from {self._session.host}: {error}"
            raise AnswerError(f"{resource} cannot be read: {why}") from None

    def pins(self, repository: str, revision: str | None = None) -> Snapshot:
        """The same as `info`, with the sha256 of every file that decides vectors. Raises HubError."""
        return self._with_sums(self.info(repository, revision), _resource(repository, revision))

    def _with_sums(self, snapshot: Snapshot, resource: Resource) -> Snapshot:
        """Add the sha256 of the small files that decide vectors. The hub lists those of large files alone."""
        kept = kept_snapshot(self._cache, snapshot.repository, snapshot.revision)
        sums = dict(snapshot.sums)
        if kept is not None:
            # A commit never changes.
            sums |= {name: digest for name, digest in kept.sums.items() if digest and sums.get(name, "") is None}
        missing = [name for name in snapshot.names if sums[name] is None and decides_vectors(name)]
        for name in [name for name in missing if snapshot.sizes[name] <= MAX_BYTES][:_MAX_FILES]:
            data = self._content(replace(resource, revision=str(snapshot.revision), file=name), snapshot, whole=True)
            sums[name] = hashlib.sha256(data).hexdigest()
        found = replace(snapshot, sums=sums)
        if kept is None or kept.sums != sums:
            keep_snapshot(self._cache, replace(found, files=snapshot.files or (kept.files if kept else {})))
        return found

    def snapshot(self, repository: str, revision: str | None = None, *, pins: bool = False) -> Snapshot:
        """The same as `info`, with the contents of the files that facts are read from. Raises HubError.

        With `pins`, it also has the sha256 of every file that decides vectors.
        """
        resource = _resource(repository, revision)
        info = self.info(repository, revision)
        kept = kept_snapshot(self._cache, repository, info.revision)
        old: Mapping[str, bytes] = kept.files if kept is not None else {}
        files = {name: old[name] for name in info.names if name in old and not _difference(info, name, old[name])}
        while missing := [name for name in next_files(info.names, files) if name not in files]:
            for name in missing:
                if len(files) == _MAX_FILES or sum(map(len, files.values())) > _MAX_TOTAL_BYTES:
                    most = f"at most {_MAX_FILES} files and {_MAX_TOTAL_BYTES} bytes"
                    raise AnswerError(f"{resource} cannot be read: {most} are read per repository")
                files[name] = self._content(replace(resource, revision=str(info.revision), file=name), info)
        whole = {name: data for name, data in files.items() if len(data) == info.sizes[name]}
        found = {name: hashlib.sha256(data).hexdigest() for name, data in whole.items()}
        kept_sums: Mapping[str, str | None] = kept.sums if kept is not None else {}
        known = {name: digest for name, digest in kept_sums.items() if digest}
        snapshot = replace(info, files=files, sums={**info.sums, **known, **found})
        if files != old:
            keep_snapshot(self._cache, snapshot)
        return self._with_sums(snapshot, resource) if pins else snapshot

    def _content(self, resource: Resource, info: Snapshot, *, whole: bool = False) -> bytes:
        """The bytes of a file; of a safetensors file, the bytes of its header unless `whole` is asked for."""
        name, size = resource.file, info.sizes[resource.file]
        header = name.endswith(".safetensors") and not whole
        if not header and size > MAX_BYTES:
            raise AnswerError(
                f"{resource} cannot be read: it must have at most {MAX_BYTES} bytes; the hub lists {size}"
            )
        if not header and (found := _from_client_cache(resource, info)) is not None:
            return found
        if self._offline:
            raise _not_cached(resource)
        url = _client.hf_hub_url(resource.repository, name, revision=resource.revision, endpoint=self._session.endpoint)
        data = self._session.read(url, resource, min(size, _FIRST_BYTES) if header else size, size)
        if difference := _difference(info, name, data):
            raise AnswerError(f"{resource} cannot be read: {difference}; nothing of it is kept")
        if not header:
            return data
        end = header_end(data, size)
        return data[:end] if end <= len(data) else self._session.read(url, resource, end, size)


def _resource(repository: str, revision: str | None) -> Resource:
    if not _is_name(repository):
        raise NotFoundError(
            f"{quote_name(repository)} cannot be a repository on the hub: its name must be as `org/name`"
        )
    return Resource(repository, revision or "main")


def _is_name(repository: str) -> bool:
    try:
        _utils.validate_repo_id(repository)
    except ValueError:
        return False
    return True


def _not_cached(resource: Resource) -> UnreachableError:
    return UnreachableError(f"{resource} cannot be read: offline, and it is not in the cache; run it once while online")


def _parse_info(tree: "dict[str, Any]", resource: Resource) -> Snapshot:
    """Parse the hub's description of a repository. Raises ModelFileError, and AnswerError for unsafe file names."""

    def require(holds: object, what: str) -> None:
        if not holds:
            raise ModelFileError(what)

    values: list[Any] = [tree.get(key) for key in ("id", "sha", "createdAt", "siblings")]
    id, sha, created, siblings = values
    require(isinstance(id, str) and _is_name(id), "`id` must be the name of a repository")
    require(_matches(COMMIT, sha), "`sha` must be a commit")
    pinned = COMMIT.fullmatch(resource.revision)
    require(not pinned or sha == resource.revision, f"`sha` must be the commit that was asked for; found {sha}")
    require(created is None or _matches(_TIME, created), "`createdAt` must be a time")
    require(isinstance(siblings, list), "`siblings` must be a list")
    sizes: dict[str, int] = {}
    sums: dict[str, str | None] = {}
    blobs: dict[str, str] = {}
    for one in map(mapping, siblings):
        values = [one.get(key) for key in ("rfilename", "size", "blobId", "lfs")]
        name, size, blob, lfs = values
        require(isinstance(name, str) and name not in sizes, "each of `siblings` must have an `rfilename` of its own")
        require(type(size) is int and size >= 0, f"`size` of {quote_name(name)} must be a number of bytes")
        require(_matches(COMMIT, blob), f"`blobId` of {quote_name(name)} must be an id in git")
        digest = mapping(lfs).get("sha256")
        require(lfs is None or _matches(_SUM, digest), f"`lfs` of {quote_name(name)} must have a `sha256`")
        sizes[name], sums[name], blobs[name] = size, digest, blob
    for name, reason in unsafe_names(sizes).items():
        raise AnswerError(f"{resource} cannot be read: unsafe file name {quote_name(name)}: {reason}")
    renamed = id if id != resource.repository else None
    return Snapshot(resource.repository, renamed, sha, created, tuple(sorted(sizes)), sizes, sums, blobs)


def _matches(pattern: "re.Pattern[str]", value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _difference(info: Snapshot, name: str, data: bytes) -> str | None:
    """How the bytes of a file differ from what the hub lists; None if they do not, or are only a part of the file."""
    size, expected = info.sizes[name], info.sums[name]
    if len(data) != size:
        part = name.endswith(".safetensors") and len(data) < size
        return None if part else f"it must have {size} bytes, as the hub lists it; received {len(data)}"
    what, found = "sha256", hashlib.sha256(data).hexdigest()
    if expected is None:
        what, expected = "id in git", info.blobs[name]
        found = hashlib.sha1(b"blob %d\0" % size + data, usedforsecurity=False).hexdigest()
    return f"its {what} must be {expected}, as the hub lists it; found {found}" if found != expected else None


def _from_client_cache(resource: Resource, info: Snapshot) -> bytes | None:
    """The file from the cache of huggingface_hub, if its checksum is right: a download checks only the size."""
    path = _client.try_to_load_from_cache(resource.repository, resource.file, revision=resource.revision)
    if not isinstance(path, str):
        return None
    try:
        with open(path, "rb") as file:
            data = file.read(info.sizes[resource.file] + 1)
    except OSError:
        return None
    return None if _difference(info, resource.file, data) else data
