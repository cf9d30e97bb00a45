"""Gets the files of a model, from the hub at the pinned commit or from a folder, and refuses wrong ones."""

import hashlib
import os
import warnings
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

from hypiler._callers import stacklevel
from hypiler.engines.errors import ChecksumError, EngineError, MissingEngineError, UnsafeError
from hypiler.engines.layout import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hypiler.protocols import Config

    _Json = dict[str, Any] | list[Any] | str | float | None

# What the libraries load before a pickle beside it; of other safetensors files they take no notice.
_SAFE = ("model.safetensors", "model.safetensors.index.json")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
# What the libraries load where there is no safetensors file beside it.
_PICKLE = "pytorch_model.bin"
# What a pickle and a zip, in which PyTorch puts one, begin with.
_PICKLED = (b"\x80", b"PK\x03\x04")
# Where JSON files of Sentence Transformers name a class, and where its own are. Versions before 6, PyLate's among them,
# import any other too, even out of the folder, whatever trust_remote_code is.
_NAMES_CLASS = ("type", "types", "activation_function", "tokenizer_class")
_OWN_CLASSES = ("sentence_transformers.", "pylate.", "torch.nn.")
# What transformers takes for the caller's word, some of it before 5.5 alone.
_TRUSTS = ("trust_remote_code", "allow_all_kernels", "_attn_implementation_internal")
# Where a name with a slash is a repository of kernels, whose code it would fetch and run.
_KERNELS = ("attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation")


def find_files(
    config: "Config",
    patterns: "Iterable[str]",
    *,
    local: "str | os.PathLike[str] | None" = None,
    runs_remote_code: bool = False,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> Path:
    """The folder with a model's files: `local`, or the hub's cache after what `patterns` name was downloaded.

    Raises EngineError if they cannot be had, UnsafeError for repository code and pickles that were not allowed, and
    ChecksumError for a file whose sha256 is not that of the registry. Files that `patterns` do not name are not looked
    at.
    """
    model: Any = config.model
    untrusted = runs_remote_code and not trust_remote_code
    if untrusted and model.remote_code:
        raise UnsafeError(f"`{model.id}` runs code from its repository: {_review(config)}")
    patterns = list(patterns)
    refused = (() if allow_pickle else _PICKLES) + (() if trust_remote_code else (".py",))
    wanted = [pattern for pattern in patterns if not pattern.endswith(refused)]
    folder = _download(config, wanted) if local is None else model_folder(config, local)
    _check_sums(config, folder, wanted, cached=local is None)
    files = _named(folder, patterns)
    for path in files:
        if path.suffix == ".safetensors" and _is_pickle(path):
            raise UnsafeError(f"{path} is a pickle by its content, whatever its name says")
    if not allow_pickle and any(pattern.endswith(_PICKLES) for pattern in patterns):
        _check_weights(config, folder, files)
    if untrusted:
        _check_code(config, files)
    return folder


def model_folder(config: "Config", local: str | os.PathLike[str]) -> Path:
    """The folder that was given with the files of a model. Raises EngineError if it is none."""
    folder = Path(local)
    if not folder.is_dir():
        model: Any = config.model
        raise EngineError(f"`local` must be a folder with the files of `{model.id}`; {folder} is none")
    return folder


def _place(config: "Config") -> str:
    """The repository and commit of the chosen weights, as a person writes them."""
    space = config.space()
    return f"{space['repository']} @ {space['revision'] or 'main'}"


def _review(config: "Config") -> str:
    return (
        f"review it at {_place(config)}, and pass trust_remote_code=True; or use an engine that runs none, such as"
        " `onnx`"
    )


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
    place, offline = _place(config), hub.is_offline_mode()
    try:
        # Version 1 of the client asks for the list of files even offline, unless it is told not to.
        return Path(
            hub.snapshot_download(repository, revision=revision, allow_patterns=patterns, local_files_only=offline)
        )
    except errors.GatedRepoError:
        raise EngineError(
            f"{place} is gated: accept its terms at its page on the hub, and give a token of that account"
        ) from None
    except errors.RevisionNotFoundError:
        raise EngineError(f"{place} does not exist: the repository has no such commit any more") from None
    except errors.RepositoryNotFoundError as error:
        hidden = "private and wants a token" if error.response.status_code == 401 else "hidden from your token"
        raise EngineError(f"{place} does not exist on the hub, or is {hidden}") from None
    except Exception as error:
        # Errors of its HTTP library, too, and those of an answer that makes no sense: the client lets them through.
        if offline:
            raise EngineError(
                f"{place} is not in the cache, and HF_HUB_OFFLINE is set; run it once while online, or pass"
                " local=FOLDER"
            ) from None
        raise EngineError(f"{place} cannot be downloaded: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Why the client failed, without its own message: that may hold addresses with tokens."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    if response is not None:
        return f"the hub answered with status {response.status_code}"
    if isinstance(cause, OSError) and cause.errno is not None:
        return str(cause)
    return type(cause).__name__


def _named(folder: Path, patterns: list[str]) -> list[Path]:
    """The files that an engine may read."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.is_dir():
            raise UnsafeError(f"{path} is a link to a folder, in which nothing would be checked: replace it by a copy")
        if path.is_file() and _is_named(path.relative_to(folder).as_posix(), patterns):
            found.append(path)
    return found


def _is_named(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _check_sums(config: "Config", folder: Path, patterns: list[str], *, cached: bool) -> None:
    """Hash the files whose sha256 the registry gives: a download checks no more than their size."""
    model: Any = config.model
    known = dict(model.file_sha256) if config.space()["repository"] == model.huggingface_id else {}
    for variant in model.variants:
        if variant.id == config.variant and variant.file and variant.sha256:
            known[variant.file] = variant.sha256
    for name, expected in known.items():
        if not _is_named(name, patterns):
            continue
        path = folder / name
        if not path.is_file():
            raise EngineError(f"{path} is missing: the registry gives the sha256 of this file of `{model.id}`")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            # The cache has links to files of another name; without the link alone it would make the same again.
            remedy = f"delete {path.resolve()}, and load again" if cached else f"take the file of {_place(config)}"
            raise ChecksumError(
                f"sha256 of {path} must be {expected}, as the registry says; found {found}. If the registry is right,"
                f" {remedy}"
            )


def _check_weights(config: "Config", folder: Path, files: list[Path]) -> None:
    """Refuse pickles for an engine that would read them, also where they were not even downloaded."""
    safe = {path.parent for path in files if path.name in _SAFE or path.suffix == ".onnx"}
    pickles = [path for path in files if path.name == _PICKLE and path.parent not in safe]
    if safe and not pickles:
        return
    model: Any = config.model
    names = ", ".join(path.relative_to(folder).as_posix() for path in pickles)
    held = f"pickled ones ({names})" if names else "none as safetensors or ONNX"
    raise UnsafeError(
        f"`{model.id}` must have weights that are only data; {folder} has {held}. Loading a pickle can run any code:"
        " pass allow_pickle=True if you trust its authors"
    )


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.read(9)
    # Safetensors begin with a length of eight bytes, whatever they are, and then an object.
    return first.startswith(_PICKLED) and first[8:] != b"{"


def _check_code(config: "Config", files: list[Path]) -> None:
    """Refuse configurations that name code beyond that of the libraries, or would allow it themselves."""
    model: Any = config.model
    for path in files:
        if path.name != "modules.json" and not path.name.endswith("config.json"):
            continue
        for key, value in _values(read_file(path)):
            if not value:
                continue
            named = key in _NAMES_CLASS and isinstance(value, str) and "." in value
            kernel = key in _KERNELS and "/" in str(value)
            if (named and not value.startswith(_OWN_CLASSES)) or kernel or key in _TRUSTS:
                raise UnsafeError(
                    f"`{model.id}` runs code that is not of the libraries: {path} has {key} {value!r};"
                    f" {_review(config)}"
                )


def _values(held: "_Json", key: str = "") -> "Iterator[tuple[str, Any]]":
    """What is neither object nor list in some JSON, each with the nearest key, or with that of classes or kernels."""
    if isinstance(held, dict):
        for name, value in held.items():
            yield from _values(value, key if key in ("types", *_KERNELS) else name)
    elif isinstance(held, list):
        for value in held:
            yield from _values(value, key)
    else:
        yield key, held
