"""Vector spaces: whether the vectors of an index and those of a model can be compared.

Store `config.space_id` or, better, `config.space()` beside the vectors of an index, and ask before you use it:

    hypiler.space.check(stored, config)

Which facts make a space, and how its id is computed byte by byte, stands in docs/spaces.md.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from hypiler.config import ModelConfig


class SpaceError(ValueError):
    """The vectors that are stored and those of the config are of different spaces; `differences` names the facts.

    Each difference is (fact, stored value, value of the config); there are none if only an id was stored.
    """

    def __init__(self, message: str, differences: "tuple[tuple[str, Any, Any], ...]" = ()) -> None:
        super().__init__(message)
        self.differences = differences


def check(stored: "str | Mapping[str, Any]", config: "ModelConfig") -> None:
    """Raise SpaceError, with a sentence saying what differs, if the stored vectors are not of the config's space.

    `stored` is what was kept beside the vectors: a `space_id`, or the mapping that `space()` gave. With a mapping,
    the query side has to agree as well: the vectors would fit, and the queries would be made in another way than the
    index was built and tested with.
    """
    mine = config.space()
    if isinstance(stored, str):
        if stored != mine["space_id"]:
            raise SpaceError(f"{_stranger(stored)}, and this is {_told(mine)} ({mine['space_id']}); index again")
        return
    if "space_id" not in stored:
        raise SpaceError("what is stored describes no space: it has no `space_id`")
    documents = stored["space_id"] != mine["space_id"]
    if not documents and stored.get("query_space_id") in (None, mine["query_space_id"]):
        return
    differences = tuple(_differences(stored, mine))
    listed = "; ".join([f"{name} is {theirs!r} there and {ours!r} here" for name, theirs, ours in differences])
    if documents:
        raise SpaceError(
            f"the stored vectors are of another space: {listed or 'their ids differ'}; index again", differences
        )
    raise SpaceError(f"the stored vectors fit, but queries are made in another way: {listed}", differences)


def describe(model: "Any", dimension: int | None = None, variant: str | None = None) -> "dict[str, Any]":
    """What the vectors of a registry's record depend on, with the ids that stand for it; see `ModelConfig.space`.

    Raises ValueError for a dimension or a variant that the model does not have.
    """
    width = model.resolve_dimension(dimension)
    repository, revision, weights = model.huggingface_id, model.revision, None
    if variant is not None:
        known = {one.id: one for one in model.variants}
        if variant not in known:
            raise ValueError(f"{model.id!r} has no variant {variant!r}; it has: {', '.join(known) or 'none'}")
        one = known[variant]
        weights = " ".join([word for word in (one.quantization, one.file, one.sha256) if word])
        if one.huggingface_id not in (None, repository):
            # The pin is a commit of the model's own repository.
            repository, revision = one.huggingface_id, None
    documents = document_side(
        repository=repository,
        revision=revision,
        weights=weights,
        pooling=model.pooling,
        normalize=model.normalize,
        layers=[(one.in_features, one.out_features, one.activation) for one in model.dense_layers],
        matryoshka_order=(model.matryoshka_order or "truncate_normalize") if width < model.embedding_dim else None,
        dimension=width,
        document_prefix=model.document_prefix,
        document_length=model.document_length or model.context_length,
    )
    queries = query_side(
        query_prefix=model.query_prefix,
        query_length=model.query_length or model.context_length,
        similarity=model.similarity,
    )
    return documents | queries


def document_side(*, layers: "Iterable[tuple[int, int, str | None]]", **facts: "Any") -> "dict[str, Any]":
    """What document vectors depend on, and its id."""
    told = ", ".join([f"{width}>{out} {activation or '?'}" for width, out, activation in layers])
    facts = {key: told if key == "layers" else facts[key] for key in _DOCUMENT_SIDE}
    return {"space_id": _digest("d1", facts), **facts}


def query_side(**facts: "Any") -> "dict[str, Any]":
    """What is done to queries alone, and its id."""
    return {"query_space_id": _digest("q1", facts), **facts}


_DOCUMENT_SIDE = (
    "repository",
    "revision",
    "weights",
    "pooling",
    "normalize",
    "layers",
    "matryoshka_order",
    "dimension",
    "document_prefix",
    "document_length",
)


def _digest(version: str, facts: "Mapping[str, Any]") -> str:
    """The id of these facts, byte by byte as docs/spaces.md has it."""
    from hypiler._digest import sha256_hex

    lines: list[str] = []
    for key, value in facts.items():
        told = str(value).lower() if type(value) is bool else str(value)
        # With the length of each value, no value can look like the next line.
        lines.append(f"{key}=-" if value is None else f"{key}={len(told.encode())}:{told}")
    return f"{version}-{sha256_hex(chr(10).join(lines).encode())[:16]}"


def identify(space_id: str) -> "tuple[str, int, str | None] | None":
    """Which model of the shipped registry makes vectors of this space: its id, dimension and variant; or None."""
    from hypiler.model_registry import MODEL_REGISTRY

    for model in MODEL_REGISTRY:
        for variant in (None, *[variant.id for variant in model.variants]):
            for dimension in model.dimensions:
                if describe(model, dimension, variant)["space_id"] == space_id:
                    return model.id, dimension, variant
    return None


def _stranger(space_id: str) -> str:
    found = identify(space_id)
    if found is None:
        return f"the stored vectors are of a space that this registry does not know ({space_id})"
    id, dimension, variant = found
    weights = f", variant {variant}" if variant else ""
    return f"the stored vectors are of {id} with {dimension} dimensions{weights} ({space_id})"


def _told(space: "Mapping[str, Any]") -> str:
    return f"{space['repository']} with {space['dimension']} dimensions"


def _differences(stored: "Mapping[str, Any]", mine: "Mapping[str, Any]") -> "Iterator[tuple[str, Any, Any]]":
    for name, value in mine.items():
        if not name.endswith("space_id") and stored.get(name) != value:
            yield name, stored.get(name), value
