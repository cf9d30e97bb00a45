"""What a config says of the vectors that a store is to hold."""

from json import loads

from hypiler.space import SpaceError, compare
from hypiler.stamps.outputs import chosen, output_kind
from hypiler.stamps.stored import UnusableError, read_stamp
from hypiler.stores.errors import StoreLimitError
from hypiler.stores.stamps import stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hypiler.protocols import Config

DENSE, MULTI_VECTOR, SPARSE = "dense", "multi_vector", "sparse"


class Plan:
    """The vectors of a config.

    Attributes:
        model: The id of the model.
        kind: `dense`, `multi_vector` or `sparse`.
        dimension: The width of a vector; of a sparse one, the size of its vocabulary.
        similarity: How the model's vectors are compared.
        has_unit_length: Whether every vector has length 1, so that cosine, dot product and distance give one order.
        widths: The widths to which the vectors can be truncated, and their full width.
        document_length: The most tokens of a document; None if unknown.
        wants_idf: Whether the store must weigh the tokens of a query by how rare they are.
        stamp: The stamp of the space.
    """

    __slots__ = (
        "dimension",
        "document_length",
        "has_unit_length",
        "kind",
        "model",
        "similarity",
        "stamp",
        "wants_idf",
        "widths",
    )

    def __init__(self, config: "Config", stamp: "Mapping[str, Any] | None" = None) -> None:
        if not hasattr(config, "embedding_dim") or not hasattr(config, "model"):
            raise TypeError(
                "a record is made from a ModelConfig, such as `ModelConfig.from_registry(id)`; got"
                f" {type(config).__name__}"
            )
        if config.model is None:
            raise ValueError(f"{config!r} was not created from a registry entry, so its similarity is unknown")
        view = chosen(config.model, config.output)
        space = config.space()
        facts = space["document"]
        self.model: str = config.model.id
        self.kind: str = _kind(self.model, output_kind(view))
        self.dimension: int = config.embedding_dim
        self.similarity: str = _similarity(self.model, space["query"]["similarity"])
        self.has_unit_length = facts["normalize"] is True and facts["matryoshka_order"] != "normalize_truncate"
        self.widths: Sequence[int] = view.dimensions
        self.document_length: int | None = facts["document_length"]
        self.wants_idf: bool = getattr(view, "query_idf", None) is True
        self.stamp: Mapping[str, Any] = space if stamp is None else _fitting(stamp, config)


def _kind(model: str, kind: str) -> str:
    if kind == "reranker":
        raise StoreLimitError(f"`{model}` is a reranker: it returns scores, so there are no vectors to store")
    return DENSE if kind == "static" else kind


def _similarity(model: str, similarity: "str | None") -> str:
    if similarity is None:
        raise ValueError(f"the similarity of `{model}` is unknown: state `encoding.similarity` in its registry")
    return similarity


def _fitting(stamp: "Mapping[str, Any]", config: "Config") -> "Mapping[str, Any]":
    """The stamp of an encoder, if it is of this config. Raises SpaceError if not, and ValueError if it is damaged."""
    try:
        read_stamp(stamp)
    except UnusableError as error:
        raise ValueError(f"the stamp cannot be stored: {error}") from error
    found = compare(stamp, config)
    if found.outcome == "different":
        raise SpaceError(f"the stamp is not of this config: {found.advice}", found)
    # A record is its caller's: what is changed in it must not change the stamp.
    own: Mapping[str, Any] = loads(stamp_json(stamp))
    return own
