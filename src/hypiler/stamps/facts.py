"""The facts of a stamp: what documents and queries depend on, as far as the registry states it."""

from hypiler._encoder_types import encoder_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from hypiler.protocols import Model

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
OPTIONAL = ("matryoshka_order", *USUAL)
"""Facts that may be unknown: a config knows a model without them. The order matters only for truncated vectors."""
# How vectors are compared if an encoder type has only one way.
SIMILARITIES = {"multi_vector": "max_sim", "sparse": "dot", "reranker": "none"}
# Fields with a place of their own in a stamp. Any other field of a space is added to its side if the model states it.
_PLACED = frozenset(
    (*DOCUMENT, *QUERY, *LATE_DOCUMENT, *LATE_QUERY, "huggingface_id", "revision", "embedding_dim", "dense_layers")
)


def stated_facts(
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
