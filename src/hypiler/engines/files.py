"""Gets the files of a model, from the hub at the pinned commit or from a folder, and refuses wrong ones."""

import hashlib
import os
import warnings
from pathlib import Path

from hypiler.engines.errors import ChecksumError, EngineError, MissingEngineError, UnsafeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hypiler.config import ModelConfig

_WEIGHTS = (".safetensors", ".onnx")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
# What a pickle and a zip, in which PyTorch puts one, begin with.
_PICKLED = (b"\x80", b"PK\x03\x04")


def find_files(
    config: "ModelConfig",
    patterns: "Iterable[str]",
    *,
    local: "str | os.PathLike[str] | None" = None,
    runs_remote_code: bool = False,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> Path:
    """The folder with a model's files: `local`, or the hub's cache after what `patterns` name was downloaded.

    Raises EngineError if they cannot be had, UnsafeError for repository code and pickles that were not allowed, and
    ChecksumError for a file whose sha256 is not that of the registry.
    """
    model: Any = config.model
    if runs_remote_code and model.remote_code and not trust_remote_code:
        raise UnsafeError(
            f"`{model.id}` runs code from its repository: review it at {_place(config)}, and pass"
            " trust_remote_code=True; or use an engine that runs none, such as `onnx`"
        )
    refused = (() if allow_pickle else _PICKLES) + (() if trust_remote_code else (".py",))
    wanted = [pattern for pattern in patterns if not pattern.endswith(refused)]
    if local is not None:
        folder = Path(local)
        if not folder.is_dir():
            raise EngineError(f"`local` must be a folder with the files of `{model.id}`; {folder} is none")
    else:
        folder = _download(config, wanted)
    _check_weights(config, folder, allow_pickle=allow_pickle)
    _check_sums(config, folder)
    return folder


def _place(config: "ModelConfig") -> str:
    """The repository and commit of the chosen weights, as a person writes them."""
    space = config.space()
    return f"{space['repository']} @ {space['revision'] or 'main'}"


def _download(config: "ModelConfig", patterns: list[str]) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
    except ImportError:
        raise MissingEngineError("huggingface_hub is missing: python -m pip install 'hypiler[hub]'") from None

    space = config.space()
    repository, revision = space["repository"], space["revision"]
    if revision is None:
        warnings.warn(
            f"{repository!r} has no pinned revision in the registry: `main` is loaded, and may be another model tomorrow",
            stacklevel=5,
        )
    place = _place(config)
    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=patterns))
    except GatedRepoError:
        raise EngineError(
            f"{place} is gated: accept its terms at its page on the hub, and give a token of that account"
        ) from None
    except RevisionNotFoundError:
        raise EngineError(f"{place} does not exist: the repository has no such commit any more") from None
    except LocalEntryNotFoundError:
        raise EngineError(
            f"{place} is not in the cache, and the hub cannot be reached; go online once, or pass local=FOLDER"
        ) from None
    except RepositoryNotFoundError:
        raise EngineError(f"{place} does not exist on the hub, or is private and wants a token") from None
    except (HfHubHTTPError, OSError) as error:
        # The message of the client may hold addresses with tokens.
        raise EngineError(f"{place} cannot be downloaded: {type(error).__name__}") from None


def _check_weights(config: "ModelConfig", folder: Path, *, allow_pickle: bool) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        if path.suffix == ".safetensors" and _begins(path, _PICKLED):
            raise UnsafeError(f"{path} is a pickle by its content, whatever its name says")
    if allow_pickle or any(path.suffix in _WEIGHTS for path in files):
        return
    model: Any = config.model
    pickles = sorted(path.name for path in files if path.suffix in _PICKLES)
    held = f"only pickled ones ({', '.join(pickles)})" if pickles else "none as safetensors or ONNX"
    raise UnsafeError(
        f"`{model.id}` must have weights that are only data; {folder} has {held}. Loading a pickle can run any code:"
        " pass allow_pickle=True if you trust its authors"
    )


def _begins(path: Path, marks: tuple[bytes, ...]) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(marks)


def _check_sums(config: "ModelConfig", folder: Path) -> None:
    """Hash the files whose sha256 the registry gives: a download checks no more than their size."""
    model: Any = config.model
    known = dict(model.file_sha256) if config.space()["repository"] == model.huggingface_id else {}
    for variant in model.variants:
        if variant.id == config.variant and variant.file and variant.sha256:
            known[variant.file] = variant.sha256
    for name, expected in known.items():
        path = folder / name
        if not path.is_file():
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise ChecksumError(
                f"sha256 of {path} must be {expected}, as the registry says; found {found}. Delete the file if it is in"
                " a cache, and load again"
            )
