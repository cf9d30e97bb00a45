"""Reads the small files of repositories on the hub, and compares their bytes with the sums that it lists."""

import hashlib
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

from hypiler.diagnostics.escaping import quote_name
from hypiler.hub.session import Session, Target
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_client: "Any" = import_module("huggingface_hub")
_constants: "Any" = import_module("huggingface_hub.constants")
_utils: "Any" = import_module("huggingface_hub.utils")

# Most headers of safetensors files are shorter, so that one request is enough.
_FIRST_BYTES = 100_000
# What is read of one repository: many times what the largest models have.
_MAX_FILES = 1000
_MAX_TOTAL_BYTES = 128 << 20
_SUM = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.Z+-]{1,40}")


class Hub:
    """The hub, for any number of threads.

    `endpoint`, `token` and `offline` are by default those of huggingface_hub; an empty token means none. Offline
    nothing is asked, and only what `cache`, a folder, keeps of earlier times is known. `deadline` is for one file, in
    seconds, with up to `tries` requests and the waits between them, of which `on_wait` is told; `timeout` is for the
    connection and for each part of an answer.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        token: str | None = None,
        *,
        offline: bool | None = None,
        cache: Path | None = None,
        deadline: float = 60.0,
        tries: int = 3,
        timeout: float | None = None,
        on_wait: "Callable[[float], object]" = lambda seconds: None,
        sleep: "Callable[[float], object] | None" = None,
    ) -> None:
        self._session = Session(
            endpoint, token, deadline=deadline, tries=tries, timeout=timeout, on_wait=on_wait, sleep=sleep
        )
        self._offline: bool = _client.is_offline_mode() if offline is None else offline
        # Where the client has a place for what other libraries keep.
        self._cache = cache or Path(_constants.HF_ASSETS_CACHE, "hypiler")

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def info(self, repository: str, revision: str | None = None) -> Snapshot:
        """The names, sizes and sums of the files at a commit, a branch or a tag, by default `main`, without contents.

        Raises HubError.
        """
        target = _target(repository, revision)
        if self._offline:
            kept = kept_snapshot(self._cache, repository, target.revision)
            if kept is None:
                raise _not_kept(target)
            return replace(kept, files={})
        path = f"/api/models/{repository}/revision/{quote(target.revision, safe='')}?blobs=true"
        data = self._session.read(self._session.endpoint + path, target, MAX_BYTES)
        try:
            return _listed(read_object(data, strict=True), target)
        except ModelFileError as error:
            why = f"what {self._session.host} answered is not as it must be: {error}"
            raise AnswerError(f"{target} cannot be read: {why}") from None

    def snapshot(self, repository: str, revision: str | None = None) -> Snapshot:
        """The same with the contents of the files that say something of a model. Raises HubError."""
        target = _target(repository, revision)
        info = self.info(repository, revision)
        kept = kept_snapshot(self._cache, repository, info.revision)
        old: Mapping[str, bytes] = kept.files if kept is not None else {}
        files = {name: old[name] for name in info.names if name in old and not _difference(info, name, old[name])}
        while missing := [name for name in next_files(info.names, files) if name not in files]:
            for name in missing:
                if len(files) == _MAX_FILES or sum(map(len, files.values())) > _MAX_TOTAL_BYTES:
                    most = f"at most {_MAX_FILES} files and {_MAX_TOTAL_BYTES} bytes"
                    raise AnswerError(f"{target} cannot be read: {most} are read of one repository")
                files[name] = self._content(replace(target, revision=str(info.revision), file=name), info)
        whole = {name: data for name, data in files.items() if len(data) == info.sizes[name]}
        found = {name: hashlib.sha256(data).hexdigest() for name, data in whole.items()}
        snapshot = replace(info, files=files, sums={**info.sums, **found})
        if files != old:
            keep_snapshot(self._cache, snapshot)
        return snapshot

    def _content(self, target: Target, info: Snapshot) -> bytes:
        """The bytes of a file, or those of the header if it is a safetensors file."""
        name, size = target.file, info.sizes[target.file]
        header = name.endswith(".safetensors")
        if not header and size > MAX_BYTES:
            raise AnswerError(f"{target} cannot be read: it must have at most {MAX_BYTES} bytes; the hub lists {size}")
        if not header and (found := _downloaded(target, info)) is not None:
            return found
        if self._offline:
            raise _not_kept(target)
        url = _client.hf_hub_url(target.repository, name, revision=target.revision, endpoint=self._session.endpoint)
        data = self._session.read(url, target, min(size, _FIRST_BYTES) if header else size, size)
        if difference := _difference(info, name, data):
            raise AnswerError(f"{target} cannot be read: {difference}; nothing of it is kept")
        if not header:
            return data
        end = header_end(data, size)
        return data[:end] if end <= len(data) else self._session.read(url, target, end, size)


def _target(repository: str, revision: str | None) -> Target:
    if not _is_name(repository):
        raise NotFoundError(
            f"{quote_name(repository)} cannot be a repository on the hub: its name must be as `org/name`"
        )
    return Target(repository, revision or "main")


def _is_name(repository: str) -> bool:
    try:
        _utils.validate_repo_id(repository)
    except ValueError:
        return False
    return True


def _not_kept(target: Target) -> UnreachableError:
    return UnreachableError(f"{target} cannot be read: offline, and it is not in the cache; go online once")


def _listed(tree: "dict[str, Any]", target: Target) -> Snapshot:
    """What the hub says of a repository. Raises ModelFileError, and AnswerError for names that are not safe."""

    def must(holds: object, what: str) -> None:
        if not holds:
            raise ModelFileError(what)

    values: list[Any] = [tree.get(key) for key in ("id", "sha", "createdAt", "siblings")]
    id, sha, created, siblings = values
    must(isinstance(id, str) and _is_name(id), "`id` must be the name of a repository")
    must(_fits(COMMIT, sha), "`sha` must be a commit")
    pinned = COMMIT.fullmatch(target.revision)
    must(not pinned or sha == target.revision, f"`sha` must be the commit that was asked for; found {sha}")
    must(created is None or _fits(_TIME, created), "`createdAt` must be a time")
    must(isinstance(siblings, list), "`siblings` must be a list")
    sizes: dict[str, int] = {}
    sums: dict[str, str | None] = {}
    blobs: dict[str, str] = {}
    for one in map(mapping, siblings):
        values = [one.get(key) for key in ("rfilename", "size", "blobId", "lfs")]
        name, size, blob, lfs = values
        must(isinstance(name, str) and name not in sizes, "each of `siblings` must have an `rfilename` of its own")
        must(type(size) is int and size >= 0, f"`size` of {quote_name(name)} must be a number of bytes")
        must(_fits(COMMIT, blob), f"`blobId` of {quote_name(name)} must be an id in git")
        digest = mapping(lfs).get("sha256")
        must(lfs is None or _fits(_SUM, digest), f"`lfs` of {quote_name(name)} must have a `sha256`")
        sizes[name], sums[name], blobs[name] = size, digest, blob
    for name, reason in unsafe_names(sizes).items():
        raise AnswerError(f"{target} cannot be read: unsafe file name {quote_name(name)}: {reason}")
    renamed = id if id != target.repository else None
    return Snapshot(target.repository, renamed, sha, created, tuple(sorted(sizes)), sizes, sums, blobs)


def _fits(pattern: "re.Pattern[str]", value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _difference(info: Snapshot, name: str, data: bytes) -> str | None:
    """How what was read of a file differs from what the hub lists; it lists nothing of a part."""
    size, expected = info.sizes[name], info.sums[name]
    if len(data) != size:
        part = name.endswith(".safetensors") and len(data) < size
        return None if part else f"it must have {size} bytes, as the hub lists it; {len(data)} came"
    kind, found = "sha256", hashlib.sha256(data).hexdigest()
    if expected is None:
        kind, expected = "id in git", info.blobs[name]
        found = hashlib.sha1(b"blob %d\0" % size + data, usedforsecurity=False).hexdigest()
    return f"its {kind} must be {expected}, as the hub lists it; found {found}" if found != expected else None


def _downloaded(target: Target, info: Snapshot) -> bytes | None:
    """The file in the cache of the client, if it is whole: a download checks no more than its size."""
    path = _client.try_to_load_from_cache(target.repository, target.file, revision=target.revision)
    if not isinstance(path, str):
        return None
    try:
        with open(path, "rb") as file:
            data = file.read(info.sizes[target.file] + 1)
    except OSError:
        return None
    return None if _difference(info, target.file, data) else data
