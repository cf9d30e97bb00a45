"""Gets the files of a model, from the hub at the pinned commit or from a folder, and refuses wrong files."""

import hashlib
import os
import warnings
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

from hypiler._callers import stacklevel
from hypiler.engines.errors import ChecksumError, EngineError, MissingEngineError, UnsafeError
from hypiler.engines.safety import check_safety, repository_at_commit, review_advice
from hypiler.model_files.weights import PICKLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hypiler.protocols import Config


def find_files(
    config: "Config",
    patterns: "Iterable[str]",
    *,
    local: "str | os.PathLike[str] | None" = None,
    runs_remote_code: bool = False,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> Path:
    """The folder with a model's files: `local`, or the hub's cache after downloading.

    Args:
        config: The model.
        patterns: The files that the engine reads. Only these are downloaded and checked.
        local: The folder with the files; None to download them.
        runs_remote_code: Whether the engine would run code from the repository.
        trust_remote_code: Whether this code may run.
        allow_pickle: Whether pickled weights may be read.

    Raises EngineError if the files are not available, UnsafeError for code and pickles that are not allowed, and
    ChecksumError for a file whose sha256 differs from the registry's.
    """
    model: Any = config.model
    untrusted = runs_remote_code and not trust_remote_code
    if untrusted and model.remote_code:
        raise UnsafeError(f"`{model.id}` runs code from its repository: {review_advice(config)}")
    patterns = list(patterns)
    refused = (() if allow_pickle else PICKLES) + (() if trust_remote_code else (".py",))
    wanted = [pattern for pattern in patterns if not pattern.endswith(refused)]
    folder = _download(config, wanted) if local is None else model_folder(config, local)
    _check_sums(config, folder, wanted, cached=local is None)
    files = _matching_files(folder, patterns)
    check_safety(config, folder, files, patterns, untrusted=untrusted, allow_pickle=allow_pickle)
    return folder


def model_folder(config: "Config", local: str | os.PathLike[str]) -> Path:
    """`local` as a path. Raises EngineError if it is not a folder."""
    folder = Path(local)
    if not folder.is_dir():
        model: Any = config.model
        raise EngineError(f"`local` must be a folder with the files of `{model.id}`; {folder} is not a folder")
    return folder


def _download(config: "Config", patterns: list[str]) -> Path:
    try:
        hub, errors = import_module("huggingface_hub"), import_module("huggingface_hub.errors")
    except ImportError:
        raise MissingEngineError("huggingface_hub is missing: python -m pip install 'hypiler[hub]'") from None

    space = config.space()
    repository, revision = space["repository"], space["revision"]
    if revision is None:
        warnings.warn(
            f"{repository!r} has no pinned revision in the registry: `main` is loaded, and may be another model"
            " tomorrow",
            stacklevel=stacklevel(),
        )
    place, offline = repository_at_commit(config), hub.is_offline_mode()
    try:
        # Without `local_files_only`, version 1 of huggingface_hub requests the list of files even offline.
        return Path(
            hub.snapshot_download(repository, revision=revision, allow_patterns=patterns, local_files_only=offline)
        )
    except errors.GatedRepoError:
        raise EngineError(
            f"{place} is gated: accept its terms at its page on the hub, and give a token of that account"
        ) from None
    except errors.RevisionNotFoundError:
        raise EngineError(f"{place} does not exist: the repository no longer has this commit") from None
    except errors.RepositoryNotFoundError as error:
        hidden = "private and wants a token" if error.response.status_code == 401 else "hidden from your token"
        raise EngineError(f"{place} does not exist on the hub, or is {hidden}") from None
    except Exception as error:
        # huggingface_hub also passes on errors of its HTTP library and of malformed responses.
        if offline:
            raise EngineError(
                f"{place} is not in the cache, and HF_HUB_OFFLINE is set; run it once while online, or pass"
                " local=FOLDER"
            ) from None
        raise EngineError(f"{place} cannot be downloaded: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Why huggingface_hub failed. Its own message is left out, since it may contain addresses with tokens."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    if response is not None:
        return f"the hub answered with status {response.status_code}"
    if isinstance(cause, OSError) and cause.errno is not None:
        return str(cause)
    return type(cause).__name__


def _matching_files(folder: Path, patterns: list[str]) -> list[Path]:
    """The files in a folder that match the patterns. Raises UnsafeError for a link to a folder."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.is_dir():
            raise UnsafeError(f"{path} is a link to a folder, in which nothing would be checked: replace it by a copy")
        if path.is_file() and _matches(path.relative_to(folder).as_posix(), patterns):
            found.append(path)
    return found


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _check_sums(config: "Config", folder: Path, patterns: list[str], *, cached: bool) -> None:
    """Check the sha256 of each file for which the registry states one: a download checks only the size."""
    model: Any = config.model
    known = dict(model.file_sha256) if config.space()["repository"] == model.huggingface_id else {}
    for variant in model.variants:
        if variant.id == config.variant and variant.file and variant.sha256:
            known[variant.file] = variant.sha256
    for name, expected in known.items():
        if not _matches(name, patterns):
            continue
        path = folder / name
        if not path.is_file():
            raise EngineError(f"{path} is missing: the registry gives the sha256 of this file of `{model.id}`")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            # The cache contains links. If only the link were deleted, the cache would link to the wrong file again.
            remedy = (
                f"delete {path.resolve()}, and load again"
                if cached
                else f"take the file of {repository_at_commit(config)}"
            )
            raise ChecksumError(
                f"sha256 of {path} must be {expected}, as the registry says; found {found}. If the registry is right,"
                f" {remedy}"
            )
