"""Vector spaces: whether the vectors of an index and the vectors of a model can be compared.

Store `encoder.space()` with the vectors of an index (or `config.space()`, if the registry states every fact), and check
it before you use the index:

    hypiler.space.check(stored, encoder)

docs/spaces.md lists the facts that make up a space, and describes byte by byte how its id is computed.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.protocols import HasSpace, Model, Models

__all__ = ["SpaceError", "check", "describe", "identify"]


class SpaceError(ValueError):
    """The stored vectors and the vectors of the config or encoder belong to different spaces.

    Attributes:
        differences: The facts that differ, each as (fact, stored value, current value); empty if only an id was stored.
    """

    def __init__(self, message: str, differences: "tuple[tuple[str, Any, Any], ...]" = ()) -> None:
        super().__init__(message)
        self.differences = differences


def check(stored: "str | Mapping[str, Any]", current: "HasSpace", registry: "Models | None" = None) -> None:
    """Raise SpaceError, whose message says what differs, if the stored vectors are not of the current space.

    With a mapping, the query side must agree as well. Otherwise the vectors would fit, but queries would be encoded
    differently from when the index was built and tested.

    Args:
        stored: What was stored with the vectors: a `space_id`, or the mapping that `space()` returned.
        current: The ModelConfig or the encoder to use with the vectors.
        registry: The models among which to look up a stored id, to name its model in the error: a Registry, the
            MODEL_REGISTRY of a generated module, or any other models. By default, the model of `current` and the
            shipped registry.
    """
    mine = current.space()
    if isinstance(stored, str):
        if stored != mine["space_id"]:
            raise SpaceError(
                f"{_stored(stored, current, registry)}, and this is {_described(mine)} ({mine['space_id']}); re-index"
            )
        return
    if "space_id" not in stored:
        raise SpaceError("the stored mapping describes no space: it has no `space_id`")
    documents = stored["space_id"] != mine["space_id"]
    if not documents and stored.get("query_space_id") in (None, mine["query_space_id"]):
        return
    differences = tuple(_differences(stored, mine))
    listed = "; ".join([f"{name} is {theirs!r} there and {ours!r} here" for name, theirs, ours in differences])
    if documents:
        raise SpaceError(
            f"the stored vectors are of another space: {listed or 'their ids differ'}; re-index", differences
        )
    raise SpaceError(f"the stored vectors fit, but queries are encoded differently: {listed}", differences)


def describe(
    model: "Model",
    dimension: int | None = None,
    variant: str | None = None,
    completed: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """Everything that the vectors of a model depend on, and the ids of the two sides: see `ModelConfig.space`.

    Args:
        model: The registry's record.
        dimension: The width of the vectors; None for embedding_dim.
        variant: The id of a variant; None for the model's own weights.
        completed: Facts that the registry does not state, by the keys of the result. `layers` are triples of
            in_features, out_features and activation.

    Raises ValueError for a dimension or a variant that the model does not have.
    """
    width = model.resolve_dimension(dimension)
    repository, revision, weights = location(model, variant)
    # In the order in which they are hashed.
    documents: dict[str, Any] = {
        "repository": repository,
        "revision": revision,
        "weights": weights,
        "pooling": model.pooling,
        "normalize": model.normalize,
        "layers": [(one.in_features, one.out_features, one.activation) for one in model.dense_layers],
        "matryoshka_order": (model.matryoshka_order or "truncate_normalize") if width < model.embedding_dim else None,
        "dimension": width,
        "document_prefix": model.document_prefix,
        "document_length": model.document_length or model.context_length,
    }
    queries: dict[str, Any] = {
        "query_prefix": model.query_prefix,
        "query_length": model.query_length or model.context_length,
        "similarity": model.similarity,
    }
    for facts, side in ((documents, "document"), (queries, "query")):
        facts.update({key: value for key, value in (completed or {}).items() if key in facts})
        facts.update(_later_facts(model, side, facts))
    layers = [f"{inner}>{outer} {activation or '?'}" for inner, outer, activation in documents["layers"]]
    documents["layers"] = ", ".join(layers)
    return {
        "space_id": _digest("d1", documents),
        **documents,
        "query_space_id": _digest("q1", queries),
        **queries,
    }


def location(model: "Model", variant: str | None = None) -> "tuple[str, str | None, str | None]":
    """The repository and commit of the chosen weights, and a text that identifies them; None for the model's own.

    The commit is None for a variant in another repository, since the model's pin is a commit of the model's own
    repository. Raises ValueError for a variant that the model does not have.
    """
    if variant is None:
        return model.huggingface_id, model.revision, None
    known = {one.id: one for one in model.variants}
    if variant not in known:
        raise ValueError(f"{model.id!r} has no variant {variant!r}; it has: {', '.join(known) or 'none'}")
    one = known[variant]
    weights = " ".join([word for word in (one.quantization, one.file, one.sha256) if word])
    if one.huggingface_id in (None, model.huggingface_id):
        return model.huggingface_id, model.revision, weights
    return str(one.huggingface_id), None, weights


# The attributes whose facts have another name.
_RENAMED = {"huggingface_id": "repository", "dense_layers": "layers", "embedding_dim": "dimension"}


# The attributes of these facts by the fields of a class of models, and by side: all models of a class have the same.
_LATER: "dict[tuple[str, str], list[str]]" = {}


def _later_facts(model: "Model", side: str, known: "Mapping[str, Any]") -> "dict[str, Any]":
    """The facts of fields that were added to this side of the space later, if the model states them.

    The table of fields says which fields these are. A model that does not state such a fact keeps its old id.
    """
    fields: str = getattr(model, "_space_fields", "")
    if (fields, side) not in _LATER:
        sides = [field.split(":") for field in fields.split()]
        _LATER[fields, side] = [name for name, own in sides if own == side and _RENAMED.get(name, name) not in known]
    later = _LATER[fields, side]
    record: Any = model
    values: dict[str, Any] = record.to_dict() if later else {}
    return {name: values[name] for name in later if values[name] not in (None, [], {})}


def _digest(version: str, facts: "Mapping[str, Any]") -> str:
    """The id of these facts, byte by byte as docs/spaces.md describes it."""
    from hypiler._digest import sha256_hex

    lines: list[str] = []
    for key, value in facts.items():
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


def identify(space_id: str, registry: "Models | None" = None) -> "tuple[str, int, str | None] | None":
    """The model whose vectors have this space: its id, dimension and variant; None if no model of the registry does.

    `registry` is a Registry, the MODEL_REGISTRY of a generated module, or any other models; by default, the shipped
    registry.
    """
    for model in _shipped() if registry is None else registry:
        for variant in (None, *[variant.id for variant in model.variants]):
            for dimension in model.dimensions:
                if describe(model, dimension, variant)["space_id"] == space_id:
                    return model.id, dimension, variant
    return None


def _shipped() -> "Models":
    from importlib import import_module

    # By name: the shipped module imports hypiler, which would lead back here.
    shipped: Models = import_module("hypiler.model_registry").MODEL_REGISTRY
    return shipped


def _stored(space_id: str, current: "HasSpace", registry: "Models | None") -> str:
    """Which model's vectors the stored vectors are, as a sentence."""
    own: Model | None = getattr(current, "model", None)
    searched = registry
    if registry is None:
        searched = [*([own] if own is not None else ()), *_shipped()]
    found = identify(space_id, searched)
    if found is None:
        where = "no model of the registry" if registry is not None else "neither this model nor the shipped registry"
        return f"the stored vectors are of a space that {where} has ({space_id})"
    id, dimension, variant = found
    weights = f", variant {variant}" if variant else ""
    return f"the stored vectors are of {id} with {dimension} dimensions{weights} ({space_id})"


def _described(space: "Mapping[str, Any]") -> str:
    return f"{space['repository']} with {space['dimension']} dimensions"


def _differences(stored: "Mapping[str, Any]", mine: "Mapping[str, Any]") -> "Iterator[tuple[str, Any, Any]]":
    for name, value in mine.items():
        if not name.endswith("space_id") and stored.get(name) != value:
            yield name, stored.get(name), value
