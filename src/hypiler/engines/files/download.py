"""Gets the files of a model, from the hub at the pinned revision or from a folder, and refuses wrong files."""

import os
import warnings
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

from hypiler._callers import stacklevel
from hypiler._missing import missing_library
from hypiler.engines.errors import ChecksumError, EngineError, MissingEngineError, UnsafeError
from hypiler.engines.files.checked_files import CheckedFiles
from hypiler.engines.files.safety import check_safety, repository_at_commit, review_advice
from hypiler.model_files.vector_files import is_weights
from hypiler.model_files.weights import PICKLES
from hypiler.stamps.listed_bytes import pinned_files, pins_all_files, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from typing import Any

    from hypiler.protocols import Config

# One of these files stands at the top of a model's folder.
_AT_THE_TOP = ("config.json", "modules.json", "tokenizer.json", "config_sentence_transformers.json")
# How far below the given folder a model's folder is looked for: a repository of the hub's cache has it two below.
_DEPTH = 2
# The seconds for the hub to answer a request that asks only whether it is there.
_ANSWERS = 5.0
# How many folders are looked into to find it.
_MOST_FOLDERS = 200


def find_files(config: "Config", patterns: "Iterable[str]", **options: "Any") -> Path:
    """The folder of `open_files`."""
    return open_files(config, patterns, **options).folder


def open_files(
    config: "Config",
    patterns: "Iterable[str]",
    *,
    local: "str | os.PathLike[str] | None" = None,
    runs_remote_code: bool = False,
    reads_bytes: bool = False,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
    cached_only: bool = False,
) -> CheckedFiles:
    """The files of a model in `local`, or in the hub's cache after downloading.

    Args:
        config: The model.
        patterns: The files that the engine reads. Only these are downloaded and checked.
        local: The folder with the files; None to download them.
        runs_remote_code: Whether the engine would run code from the repository.
        reads_bytes: Whether the engine reads its weights with `CheckedFiles.read`, which hashes them then.
        trust_remote_code: Whether this code may run.
        allow_pickle: Whether pickled weights may be read.
        cached_only: Whether to read the hub's cache alone, in which some of the files may be missing.

    Raises EngineError if the files are not available, UnsafeError for code and pickles that are not allowed, and
    ChecksumError for a file whose sha256 differs from the recorded one, or that is not recorded although all files are.
    """
    model: Any = config.model
    untrusted = runs_remote_code and not trust_remote_code
    if untrusted and model.remote_code:
        raise UnsafeError(f"`{model.id}` runs code from its repository: {review_advice(config)}")
    patterns = list(patterns)
    refused = (() if allow_pickle else PICKLES) + (() if trust_remote_code else (".py",))
    wanted = [pattern for pattern in patterns if not pattern.endswith(refused)]
    folder = _download(config, wanted, cached_only=cached_only) if local is None else model_folder(config, local)
    found = _matching_files(folder, patterns)
    files = _checked(config, folder, cached=local is None)
    names = [name for path in found if _matches(name := path.relative_to(folder).as_posix(), wanted)]
    files.check_names(names, [name for name in files.sums if _is_required(config, name) and _matches(name, wanted)])
    files.check_contents(names, reads_bytes=reads_bytes)
    check_safety(config, folder, found, patterns, untrusted=untrusted, allow_pickle=allow_pickle)
    return files


def recorded_sums(config: "Config") -> dict[str, str]:
    """The sha256 of files in the repository of the chosen weights, by name: those of the registry and of the lock.

    Raises ChecksumError if the registry and the lock give different sums for one file.
    """
    stated = _stated_sums(config)
    pinned = _pinned_sums(config)
    for name, sha256 in stated.items():
        if pinned.get(name, sha256) != sha256:
            model: Any = config.model
            raise ChecksumError(
                f"sha256 of {name} of `{model.id}` is {sha256} in the registry and {pinned[name]} in the lock: one of"
                " them is wrong, so nothing is loaded; compare both with the files by `hypiler verify`"
            )
    return pinned | stated


def _stated_sums(config: "Config") -> dict[str, str]:
    """The sums in the registry."""
    model: Any = config.model
    known = dict(model.file_sha256) if _is_own_repository(config) else {}
    for variant in model.variants:
        if variant.id == config.variant and variant.file and variant.sha256:
            known[variant.file] = variant.sha256
    return known


def _pinned_sums(config: "Config") -> dict[str, str]:
    """The sums in the lock. It lists files of other repositories as `org/name:file`."""
    model: Any = config.model
    before = "" if _is_own_repository(config) else f"{config.space()['repository']}:"
    return {
        name.removeprefix(before): file.sha256
        for name, file in pinned_files(model).items()
        if name.startswith(before) and ":" not in name.removeprefix(before)
    }


def _is_own_repository(config: "Config") -> bool:
    model: Any = config.model
    return bool(config.space()["repository"] == place_of(model))


def _is_required(config: "Config", name: str) -> bool:
    """Whether a file must be there if its sum is recorded.

    Without settings or a tokenizer's file, a library would fall back to others. Of the weights, a folder may hold one
    format alone, unless the registry gives the sum of the others too.
    """
    return not is_weights(name) or name in _stated_sums(config)


def _checked(config: "Config", folder: Path, *, cached: bool) -> CheckedFiles:
    model: Any = config.model
    sums = recorded_sums(config)
    return CheckedFiles(
        folder,
        sums,
        of_lock=frozenset(sums.keys() - _stated_sums(config).keys()),
        # The lock's list of files is that of the model's own repository.
        complete=pins_all_files(model) and _is_own_repository(config),
        model=model.id,
        place=repository_at_commit(config),
        cached=cached,
    )


def model_folder(config: "Config", local: str | os.PathLike[str]) -> Path:
    """`local` as a path. Raises EngineError if it is not the folder of a model."""
    folder = Path(local)
    model: Any = config.model
    wanted = f"`local` must be a folder with the files of `{model.id}`"
    if not folder.exists():
        raise EngineError(f"{wanted}; {folder} does not exist")
    if not folder.is_dir():
        advice = f": pass its folder, {folder.parent}" if folder.is_file() else ""
        raise EngineError(f"{wanted}; {folder} is not a folder{advice}")
    if (inner := _model_below(folder)) is not None:
        raise EngineError(f"{wanted}; {folder} has none itself, but a folder in it has: pass {inner}")
    return folder


def _model_below(folder: Path) -> Path | None:
    """The first folder inside `folder` that looks like a model's, if `folder` itself does not."""
    level = [folder]
    if _looks_like_a_model(folder):
        return None
    for _ in range(_DEPTH):
        inside = [path for one in level for path in _folders_in(one)][:_MOST_FOLDERS]
        for path in inside:
            if _looks_like_a_model(path):
                return path
        level = inside
    return None


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != ".git")
    except OSError:
        return []


def _looks_like_a_model(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _AT_THE_TOP)


def listed_names(config: "Config") -> "tuple[set[str] | None, str]":
    """The names of all files in the repository of the chosen weights, and where they are listed, for messages.

    The names are those of the hub's cache, of the lock if its list is complete, or of the hub itself, which takes one
    request. Offline, or if the hub does not answer, they are those of the files in the cache. None if the client of the
    hub is not installed. Raises EngineError if the hub cannot be asked, and nothing is in the cache.
    """
    try:
        hub = import_module("huggingface_hub")
    except ImportError:
        return None, "what the registry says of its files"
    place, space = repository_at_commit(config), config.space()
    repository, revision = space["repository"], space["revision"]
    failure: Exception | None = None
    if not hub.is_offline_mode():
        try:
            return _whole_list(config, repository, revision), f"the files of {place}"
        except Exception as error:
            failure = error
    if (names := _cached_files(repository, revision)) is not None:
        return names, f"the files of {place} in the cache"
    if failure is None:
        raise EngineError(_offline_message(config))
    with _hub_errors(config):
        raise failure


def _whole_list(config: "Config", repository: str, revision: str | None) -> set[str]:
    model: Any = config.model
    if (cached := _cached_list(repository, revision)) is not None:
        return cached
    if pins_all_files(model) and _is_own_repository(config):
        return {*pinned_files(model)}
    return {*import_module("huggingface_hub").HfApi().list_repo_files(repository, revision=revision)}


def _cached_list(repository: str, revision: str | None) -> set[str] | None:
    """The whole list of a commit's files, if the client of the hub has kept it."""
    if revision is None:
        return None  # a branch moves
    try:
        # Older clients have no such function.
        tree = import_module("huggingface_hub").get_cached_repo_tree(repository, revision=revision)
    except Exception:
        return None
    return {file.path for file in tree}


def _cached_files(repository: str, revision: str | None) -> set[str] | None:
    """The files in the cache, which may be some of the commit's files; None if there are none."""
    hub = import_module("huggingface_hub")
    try:
        folder = hub.snapshot_download(repository, revision=revision, local_files_only=True)
    except Exception as error:
        # The client refuses an incomplete snapshot, but names its folder.
        folder = getattr(error, "snapshot_path", None)
    if folder is None:
        return None
    root = Path(folder)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} or None


def check_hub(config: "Config") -> None:
    """Raise EngineError if the hub does not answer within a few seconds: the hub's client tries for minutes.

    With HF_HUB_OFFLINE, nobody asks.
    """
    space, hub = config.space(), _hub()
    if not hub.is_offline_mode():
        with _hub_errors(config):
            hub.HfApi().model_info(space["repository"], revision=space["revision"], timeout=_ANSWERS)


def _hub() -> "Any":
    try:
        return import_module("huggingface_hub")
    except ImportError as error:
        raise MissingEngineError(missing_library(error, "hypiler[hub]")) from error


def _download(config: "Config", patterns: list[str], *, cached_only: bool) -> Path:
    hub = _hub()
    space = config.space()
    repository, revision = space["repository"], space["revision"]
    if revision is None:
        warnings.warn(
            f"{repository!r} has no pinned revision in the registry: `main` is loaded, and may be another model"
            " tomorrow",
            stacklevel=stacklevel(),
        )
    offline: bool = cached_only or hub.is_offline_mode()
    with _hub_errors(config, offline=offline):
        # Without `local_files_only`, version 1 of huggingface_hub requests the list of files even offline.
        return Path(
            hub.snapshot_download(repository, revision=revision, allow_patterns=patterns, local_files_only=offline)
        )


@contextmanager
def _hub_errors(config: "Config", *, offline: bool = False) -> "Generator[None]":
    """A block that calls the client of the hub. Its errors become EngineErrors, which say what to do."""
    errors, place = import_module("huggingface_hub.errors"), repository_at_commit(config)
    try:
        yield
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
            raise EngineError(_offline_message(config)) from None
        raise EngineError(f"{place} cannot be downloaded: {_reason(error)}") from None


def _offline_message(config: "Config") -> str:
    return (
        f"{repository_at_commit(config)} is not in the cache, and HF_HUB_OFFLINE is set; run it once while online, or"
        " pass local=FOLDER"
    )


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
        if path.is_dir() and (path.is_symlink() or _is_junction(path)):
            raise UnsafeError(f"{path} is a link to a folder, in which nothing would be checked: replace it by a copy")
        if path.is_file() and _matches(path.relative_to(folder).as_posix(), patterns):
            found.append(path)
    return found


def _is_junction(path: Path) -> bool:
    """Whether a path is a junction of Windows, which Python 3.11 does not tell from a folder and follows."""
    is_junction: Callable[[Path], bool] | None = getattr(os.path, "isjunction", None)
    return is_junction is not None and is_junction(path)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
