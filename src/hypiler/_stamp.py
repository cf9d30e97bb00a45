"""Stamps: everything that the vectors of an index depend on, as JSON types, and the ids that are made of it.

A stamp has facts of two sides, the identity of the bytes that ran, and the ids of both sides. A config knows what the
registry and the lock state; an encoder knows what ran. docs/spaces.md describes a stamp key by key, and its ids byte by
byte. A value that is unknown is None.
"""

from hypiler._encoder_types import encoder_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from hypiler.protocols import Model, PinnedFile

VERSION = 2
"""The version of stamps and of their ids."""
PLAIN = ("fp32", "fp16", "bf16")
"""The precisions at which a listed file stands for the model's own weights. Any other file stands for itself."""
DOCUMENT = (
    "encoder",
    "dimension",
    "precision",
    "pooling",
    "normalize",
    "layers",
    "matryoshka_order",
    "document_prefix",
    "document_length",
    "truncation_side",
    "lower_case",
)
"""The facts of documents, in the order in which they are hashed."""
QUERY = ("query_prefix", "query_length", "similarity", "lower")
"""The facts of queries, in the order in which they are hashed."""
LATE_DOCUMENT = ("document_marker", "document_skipped")
"""Further facts of documents of a multi-vector model."""
LATE_QUERY = ("query_marker", "query_skipped", "expansion", "expansion_token", "attend")
"""Further facts of queries of a multi-vector model."""
USUAL: "dict[str, Any]" = {"truncation_side": "right", "lower_case": False, "lower": False}
"""The usual values of facts that no field of the registry states. They are hashed only if they are unusual."""
# A config knows a model without these facts: the order matters only for truncated vectors.
_OPTIONAL = ("matryoshka_order", *USUAL)
# How vectors are compared if an encoder type has only one way.
SIMILARITIES = {"multi_vector": "max_sim", "sparse": "dot", "reranker": "none"}
_USUAL_ONNX = ("onnx/model.onnx", "model.onnx")
# How the size of an export may differ from that of the weights, at the same precision.
_SMALLER, _LARGER = 0.75, 1.5
_VOCABULARY = ("vocab.txt", "vocab.json", "merges.txt", "added_tokens.json")
_VOCABULARY_ENDINGS = (".model", ".spm", ".tiktoken")
# Fields with a place of their own in a stamp. Any other field of a space is added to its side if the model states it.
_PLACED = frozenset(
    (*DOCUMENT, *QUERY, *LATE_DOCUMENT, *LATE_QUERY, "huggingface_id", "revision", "embedding_dim", "dense_layers")
)


def stamp_of(model: "Model", dimension: int | None = None, variant: str | None = None) -> "dict[str, Any]":
    """The stamp of a choice of model, as far as the registry and the lock state it.

    Raises ValueError for a dimension or a variant that the model does not have.
    """
    weights, precision, tokenizer = _listed_bytes(model, variant)
    document, query = _stated_facts(model, dimension, precision)
    stamp = assemble(identity(model, variant), document, query, weights, tokenizer)
    known = all(value is not None or name in _OPTIONAL for name, value in document.items())
    if not known or tokenizer is None or weights is None or "commit" in weights:
        stamp["space_id"] = None
    if not all(value is not None or name in _OPTIONAL for name, value in query.items()):
        stamp["query_space_id"] = None
    return stamp


def assemble(
    identity: "Mapping[str, Any]",
    document: "Mapping[str, Any]",
    query: "Mapping[str, Any]",
    weights: "Mapping[str, Any] | None",
    tokenizer: str | None,
) -> "dict[str, Any]":
    """A stamp without a probe, with the ids of both sides.

    Args:
        identity: The model, its repository and commit, and the engine.
        document: The facts of documents, in the order in which they are hashed.
        query: The facts of queries, in the same way.
        weights: The identity of the weights.
        tokenizer: The sha256 of the tokenizer.
    """
    key = weights_key(weights)
    own: dict[str, Any] = {"weights": key, "tokenizer": tokenizer}
    return {
        "version": VERSION,
        "space_id": None if key is None else _digest("d2", {**document, **own}),
        "query_space_id": _digest("q2", query),
        **identity,
        "document": dict(document),
        "query": dict(query),
        "bytes": {"weights": None if weights is None else dict(weights), "tokenizer": tokenizer},
        "probe": None,
    }


def identity(model: "Model", variant: str | None = None, engine: str | None = None) -> "dict[str, Any]":
    """Which model a stamp is about. This is information: it is not part of an id."""
    repository, revision = location(model, variant)
    return {"model": model.id, "repository": repository, "revision": revision, "engine": engine}


def location(model: "Model", variant: str | None = None) -> "tuple[str, str | None]":
    """The repository and commit of the chosen weights.

    The commit is None for a variant in another repository, since the model's pin is a commit of the model's own
    repository. Raises ValueError for a variant that the model does not have.
    """
    if variant is None:
        return model.huggingface_id, model.revision
    repository = _variant(model, variant).huggingface_id
    if repository in (None, model.huggingface_id):
        return model.huggingface_id, model.revision
    return str(repository), None


def _variant(model: "Model", variant: str) -> "Any":
    known = {one.id: one for one in model.variants}
    if variant not in known:
        raise ValueError(f"{model.id!r} has no variant {variant!r}; it has: {', '.join(known) or 'none'}")
    return known[variant]


def weights_key(weights: "Mapping[str, Any] | None") -> str | None:
    """What the id of a space says of the weights; None if they are unknown.

    Every listed file of fp32, fp16 or bf16 stands for the model's own weights. Their digest is the same if nobody lists
    them, so recording a sum changes no id. The precision has a line of its own.
    """
    if weights is None:
        return None
    if "commit" in weights:
        return " ".join(["commit", weights["commit"], *([weights["variant"]] if weights.get("variant") else [])])
    if weights["listed"] and weights["model"] and weights["precision"] in PLAIN:
        return f"sha256 {weights['model']}"
    return f"sha256 {weights['sha256']}" if weights["sha256"] else None


def by_commit(model: "Model", variant: str | None) -> "dict[str, Any] | None":
    """The identity of weights whose bytes are unknown: the pinned commit; None without a pin."""
    repository, revision = location(model, variant)
    if revision is None:
        return None
    commit = {"commit": f"{repository}@{revision}"}
    return commit if variant is None else {**commit, "variant": variant}


# ---- facts that the registry states ----


def _stated_facts(
    model: "Model", dimension: int | None, precision: str | None
) -> "tuple[dict[str, Any], dict[str, Any]]":
    """The facts of both sides that the registry states, and those that have only one possible value."""
    width = model.resolve_dimension(dimension)
    kind = encoder_type(str(model.model_type), multi_vector=model.multi_vector)
    vectors = kind in ("dense", "static", "multi_vector")
    stated: dict[str, Any] = {
        "encoder": kind,
        "dimension": width,
        "precision": precision,
        "pooling": model.pooling if kind == "dense" else "none",
        "normalize": model.normalize if vectors else False,
        "layers": layers_text(_stated_layers(model)),
        "matryoshka_order": matryoshka_order(model, width),
        "document_prefix": bare_marker(model.document_prefix, kind),
        "document_length": model.document_length,
        "query_prefix": bare_marker(model.query_prefix, kind),
        "query_length": model.query_length,
        "similarity": SIMILARITIES.get(kind, model.similarity),
    }
    return sides(model, kind, stated)


def sides(model: "Model", kind: str, known: "Mapping[str, Any]") -> "tuple[dict[str, Any], dict[str, Any]]":
    """The known facts of documents and of queries, each in the order in which they are hashed."""
    late = kind == "multi_vector"

    def facts(names: "tuple[str, ...]") -> "dict[str, Any]":
        # A registry may have a field for a fact that only files state today.
        return {name: known[name] if name in known else getattr(model, name, None) for name in names}

    document = facts((*DOCUMENT, *(LATE_DOCUMENT if late else ())))
    query = facts((*QUERY, *(LATE_QUERY if late else ())))
    return document | _later_facts(model, "document"), query | _later_facts(model, "query")


def matryoshka_order(model: "Model", width: int) -> str | None:
    """The steps that truncate vectors to `width`; None for vectors of full width."""
    return (model.matryoshka_order or "truncate_normalize") if width < model.embedding_dim else None


def bare_marker(prefix: str | None, kind: str) -> str | None:
    """A prefix. Without blanks around it if it is a marker, which is one token: PyLate writes `[Q] ` for `[Q]`."""
    if prefix is None or kind != "multi_vector":
        return prefix
    word = prefix.strip()
    return word if word.startswith("[") and word.endswith("]") else prefix


def layers_text(layers: "Iterable[tuple[int, int, str | None]] | None") -> str | None:
    """Layers as `768>128 Tanh`, joined by commas; None if a layer or its activation is unknown."""
    if layers is None:
        return None
    texts: list[str] = []
    for inner, outer, activation in layers:
        if not activation:
            return None
        texts.append(f"{inner}>{outer} {activation.rpartition('.')[2]}")
    return ", ".join(texts)


def _stated_layers(model: "Model") -> "list[tuple[int, int, str | None]] | None":
    """The layers that the registry states; None if it does not state them."""
    if model.dense_layers or getattr(model, "has_projection", None) is False:
        return [(one.in_features, one.out_features, one.activation) for one in model.dense_layers]
    return None


# The attributes of these facts by the fields of a class of models, and by side: all models of a class have the same.
_LATER: "dict[tuple[str, str], list[str]]" = {}


def _later_facts(model: "Model", side: str) -> "dict[str, Any]":
    """The facts of fields that were added to this side of the space later, if the model states them.

    The table of fields says which fields these are. A model that does not state such a fact keeps its old id.
    """
    fields: str = getattr(model, "_space_fields", "")
    if (fields, side) not in _LATER:
        pairs = [field.split(":") for field in fields.split()]
        _LATER[fields, side] = [name for name, own in pairs if own == side and name not in _PLACED]
    later = _LATER[fields, side]
    record: Any = model
    values: dict[str, Any] = record.to_dict() if later else {}
    return {name: values[name] for name in later if values[name] not in (None, [], {})}


# ---- bytes that the registry and the lock list ----


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
    stated = {_prefix(model, one.huggingface_id) + one.file: one.quantization for one in model.variants if one.file}
    return pinned | stated


def _prefix(model: "Model", repository: str | None) -> str:
    """What stands before the names of files of a repository."""
    return "" if repository in (None, model.huggingface_id) else f"{repository}:"


def own_sums(model: "Model", variant: str | None, sums: "Mapping[str, str]") -> "dict[str, str]":
    """The sums of the files in the repository of the chosen weights, by their plain names."""
    prefix = _prefix(model, location(model, variant)[0])
    if prefix:
        return {name.removeprefix(prefix): sha256 for name, sha256 in sums.items() if name.startswith(prefix)}
    return {name: sha256 for name, sha256 in sums.items() if ":" not in name}


def files_digest(sums: "Iterable[str]") -> str:
    """The digest of some files: the sha256 of the only one, or the sha256 of all their sums, sorted, one per line."""
    from hypiler._digest import sha256_hex

    each = sorted(sums)
    return each[0] if len(each) == 1 else sha256_hex("\n".join(each).encode())


def weight_files(names: "Collection[str]", first: str | None = None) -> list[str]:
    """The files with a model's own weights, as the libraries on PyTorch choose them.

    In the main folder and in each folder of a module, these are safetensors in one file or in shards, else pickles.
    `first` is the file of the network, if the registry names it. Empty if the weights of the network are not there.
    """
    import re

    folders: dict[str, list[str]] = {}
    for name in names:
        folder = name[: name.rfind("/") + 1]
        if not folder or re.fullmatch(r"[0-9]+_[^/]+/", folder):
            folders.setdefault(folder, []).append(name[len(folder) :])
    chosen = {folder: [folder + name for name in _choice(inside)] for folder, inside in sorted(folders.items())}
    if first is not None and first in names:
        chosen[first[: first.rfind("/") + 1]] = [first]
    if not any(own and (not folder or folder.startswith("0_") or first in own) for folder, own in chosen.items()):
        return []
    return [name for own in chosen.values() for name in own]


def _choice(names: "Collection[str]") -> list[str]:
    """The weights in one folder: one file of safetensors, all its shards, one pickle, or all its shards."""
    import re

    for stem, ending in (("model", "safetensors"), ("pytorch_model", "bin")):
        if f"{stem}.{ending}" in names:
            return [f"{stem}.{ending}"]
        found = [re.fullmatch(rf"{stem}-[0-9]{{5}}-of-([0-9]{{5}})\.{ending}", name) for name in names]
        shards = [match for match in found if match]
        for total in sorted({match[1] for match in shards}):
            own = sorted([match[0] for match in shards if match[1] == total])
            if len(own) == int(total):
                return own
    return []


def onnx_with_data(file: str, names: "Collection[str]") -> list[str]:
    """An ONNX file and the files with its external data: `model.onnx_data`, `model.onnx.data`, `model.onnx_data_1`."""
    data = [name for name in names if name.startswith((f"{file}_data", f"{file}.data"))]
    return [file, *sorted(data)]


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
    layers = [name for name in names if "Dense" in name]
    has_layers = bool(model.dense_layers) or getattr(model, "has_projection", False)
    complete = bool(layers) or not has_layers or pins_all_files(model)
    return names if complete else []


def tokenizer_digest(sums: "Mapping[str, str | None]") -> str | None:
    """The identity of a tokenizer, by the sums of all files: tokenizer.json, else the vocabulary files with names."""
    from hypiler._digest import sha256_hex

    places = [name for name in sums if name.rpartition("/")[2] == "tokenizer.json"]
    if places:
        return sums[min(places, key=lambda name: (name.count("/"), name))]
    lines: list[str] = []
    for name in vocabulary_files(sums):
        if sums[name] is None:
            return None
        lines.append(f"{sums[name]} {name}")
    return sha256_hex("\n".join(lines).encode()) if lines else None


def vocabulary_files(names: "Iterable[str]") -> list[str]:
    """The files with a vocabulary, by their names, sorted."""
    return sorted(
        [name for name in names if name.rpartition("/")[2] in _VOCABULARY or name.endswith(_VOCABULARY_ENDINGS)]
    )


def _listed_bytes(model: "Model", variant: str | None) -> "tuple[dict[str, Any] | None, str | None, str | None]":
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


# ---- ids ----


def _digest(version: str, facts: "Mapping[str, Any]") -> str:
    """The id of these facts, byte by byte as docs/spaces.md describes it."""
    from hypiler._digest import sha256_hex

    lines: list[str] = []
    for key, value in facts.items():
        if key in USUAL and value in (None, USUAL[key]):
            continue
        if value is None:
            lines.append(f"{key}=-")
        else:
            text = value if type(value) is str else _canonical_text(value)
            # The length of each value is included, so that no value can look like the next line.
            lines.append(f"{key}={len(text.encode())}:{text}")
    return f"{version}-{sha256_hex(chr(10).join(lines).encode())[:16]}"


def _canonical_text(value: object) -> str:
    if isinstance(value, list | dict):
        from json import dumps

        return dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return str(value).lower() if type(value) is bool else str(value)
