"""The bytes of a stamp: the identity of weights and tokenizer, as the registry and the lock list them."""

from hypiler.stamps.files import files_digest, onnx_with_data, tokenizer_digest, weight_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from hypiler.protocols import Model, PinnedFile

_PLACES = ("source_model", "source_ollama", "source_path", "source_url")
_USUAL_ONNX = ("onnx/model.onnx", "model.onnx")
# How the size of an export may differ from that of the weights, at the same precision.
_SMALLER, _LARGER = 0.75, 1.5


def place_of(model: "Model") -> str:
    """The repository of a model, or its name at its source: at the provider, in Ollama's library, a path or an address.

    Raises ValueError for a model that is nowhere, which no checked registry has.
    """
    if model.huggingface_id is not None:
        return model.huggingface_id
    for name in _PLACES:
        found: str | None = getattr(model, name, None)
        if found is not None:
            return found
    raise ValueError(f"{model.id!r} has no repository and no source")


def location(model: "Model", variant: str | None = None) -> "tuple[str, str | None]":
    """The repository and commit of the chosen weights; for weights that are elsewhere, their name there and None.

    The commit is None for a variant in another repository, since the model's pin is a commit of the model's own
    repository. Raises ValueError for a variant that the model does not have.
    """
    own = (place_of(model), model.revision)
    if variant is None:
        return own
    one = _variant(model, variant)
    elsewhere = getattr(one, "ollama", None) or getattr(one, "url", None) or one.huggingface_id
    return own if elsewhere in (None, model.huggingface_id) else (str(elsewhere), None)


def _variant(model: "Model", variant: str) -> "Any":
    known = {one.id: one for one in model.variants}
    if variant not in known:
        raise ValueError(f"{model.id!r} has no variant {variant!r}; it has: {', '.join(known) or 'none'}")
    return known[variant]


def recorded_sums(model: "Model") -> "dict[str, str]":
    """The sha256 of each file that the registry or the lock lists.

    Files of the model's own repository have their plain names. Those of another one are named `org/name:file`.
    """
    sums = {name: one.sha256 for name, one in pinned_files(model).items()}
    sums |= model.file_sha256
    for one in model.variants:
        if one.file and one.sha256:
            sums[_prefix(model, one.huggingface_id) + one.file] = one.sha256
    return sums


def pinned_files(model: "Model") -> "Mapping[str, PinnedFile]":
    """The files that the lock has at the model's commit, by name; none for a module that an older version generated."""
    pinned: Mapping[str, PinnedFile] | None = getattr(model, "pinned_files", None)
    return pinned or {}


def pins_all_files(model: "Model") -> bool:
    """Whether these are all files of the commit that decide vectors."""
    return bool(getattr(model, "pins_all_files", False))


def _precisions(model: "Model") -> "dict[str, str | None]":
    """The precision of each file, as the registry states it of variants, else as the lock has read it."""
    pinned: dict[str, str | None] = {name: one.precision for name, one in pinned_files(model).items()}
    variants = [one for one in model.variants if one.file and one.quantization]
    return pinned | {f"{_prefix(model, one.huggingface_id)}{one.file}": one.quantization for one in variants}


def _prefix(model: "Model", repository: str | None) -> str:
    """What stands before the names of files of a repository."""
    return "" if repository in (None, model.huggingface_id) else f"{repository}:"


def own_sums(model: "Model", variant: str | None, sums: "Mapping[str, str]") -> "dict[str, str]":
    """The sums of the files in the repository of the chosen weights, by their plain names."""
    prefix = _prefix(model, location(model, variant)[0])
    if prefix:
        return {name.removeprefix(prefix): sha256 for name, sha256 in sums.items() if name.startswith(prefix)}
    return {name: sha256 for name, sha256 in sums.items() if ":" not in name}


def by_commit(model: "Model", variant: str | None) -> "dict[str, Any] | None":
    """The identity of weights whose bytes are unknown: the pinned commit; None without a pin."""
    repository, revision = location(model, variant)
    if revision is None:
        return None
    commit = {"commit": f"{repository}@{revision}"}
    return commit if variant is None else {**commit, "variant": variant}


def model_identity(model: "Model", sums: "Mapping[str, str]") -> str | None:
    """The identity of a model's own weights: the digest of its listed safetensors, else pickles, else ONNX file.

    None if none of them is listed, or if the weights of its layers may be missing from the list.
    """
    names = _canonical_files(model, own_sums(model, None, sums))
    return files_digest([sums[name] for name in names]) if names else None


def _canonical_files(model: "Model", sums: "Mapping[str, str]") -> list[str]:
    if not sums:
        return []
    stated: list[str | None] = [getattr(model, name, None) for name in ("safetensors_file", "pytorch_file")]
    first = next((name for name in stated if name and name in sums and not name.endswith(".json")), None)
    names = weight_files(sums, first)
    if not names:
        export = next((name for name in onnx_places(model) if name in sums), None)
        return onnx_with_data(export, sums) if export else []
    head = getattr(model, "weights_file", None)
    if head:
        # The layers of this output are in a file of their own.
        return [*names, head] if head in sums else []
    layers = [name for name in names if "Dense" in name]
    has_layers = bool(model.dense_layers) or getattr(model, "has_projection", False)
    complete = bool(layers) or not has_layers or pins_all_files(model)
    return names if complete else []


def listed_bytes(model: "Model", variant: str | None) -> "tuple[dict[str, Any] | None, str | None, str | None]":
    """The identity of the weights, their precision, and the identity of the tokenizer, as far as they are stated."""
    sums = recorded_sums(model)
    stated = _variant(model, variant).quantization if variant else None
    if not sums:
        return by_commit(model, variant), stated, None
    own = own_sums(model, variant, sums)
    weights = _listed_variant(model, variant, sums) if variant else _listed_own(model, own)
    complete = any(name.endswith("tokenizer.json") for name in own) or pins_all_files(model)
    tokenizer = tokenizer_digest(own) if complete else None
    if weights is None:
        return by_commit(model, variant), stated, tokenizer
    return weights, weights["precision"], tokenizer


def _listed_own(model: "Model", own: "Mapping[str, str]") -> "dict[str, Any] | None":
    """The model's own weights. Their precision is unknown if an engine could take a file of another precision."""
    names = _canonical_files(model, own)
    if not names:
        return None
    precisions = _precisions(model)
    exports = [name for name in onnx_places(model) if name in own]
    known = precisions.get(names[0])
    found = {known, *[precisions.get(name) or _precision_by_size(model, name, names, known) for name in exports]}
    digest = files_digest([own[name] for name in names])
    return {
        "sha256": digest if {*exports} <= {*names} else None,
        "listed": True,
        "model": digest,
        "precision": found.pop() if len(found) == 1 else None,
    }


def _precision_by_size(model: "Model", export: str, names: "Collection[str]", precision: str | None) -> str | None:
    """The precision of an ONNX file, as far as its size shows it; None if it is unknown.

    The hub lists the sizes of files, not what is in them. An export that is about as large as the model's own weights
    has their precision: at the next lower one, it would have half of their size.
    """
    pinned = pinned_files(model)
    files = (names, onnx_with_data(export, pinned))
    sizes = [sum([pinned[name].size or 0 for name in own if name in pinned]) for own in files]
    return precision if _SMALLER * sizes[0] < sizes[1] < _LARGER * sizes[0] else None


def _listed_variant(model: "Model", variant: str, sums: "Mapping[str, str]") -> "dict[str, Any] | None":
    one = _variant(model, variant)
    own = own_sums(model, variant, sums)
    places = (one.file,) if one.file else _USUAL_ONNX if one.huggingface_id else ()
    file = next((name for name in places if name in own), None)
    if file is None:
        return None
    return {
        "sha256": files_digest([own[name] for name in onnx_with_data(file, own)]),
        "listed": True,
        "model": model_identity(model, sums),
        "precision": one.quantization,
    }


def onnx_places(model: "Model") -> "tuple[str, ...]":
    """The possible names of the ONNX file of the model's own weights."""
    return (model.onnx_file,) if model.onnx_file else _USUAL_ONNX
