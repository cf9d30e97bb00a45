"""The facts of a stamp: what documents and queries depend on, as far as the registry states it."""

from hypiler.stamps.listed_bytes import recorded_sums
from hypiler.stamps.outputs import OutputView, output_kind

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
SPARSE_DOCUMENT = ("activation",)
"""Further facts of documents of a sparse model."""
SPARSE_QUERY = ("inference_free", "query_weights")
"""Further facts of queries of a sparse model whose queries are not run through the network."""
TASKS = ("document_task", "query_task")
"""Further facts of a model that is told tasks."""
DEFAULT_OUTPUT = "default"
"""The fact `output` of the default output of a model. Its other outputs have their names."""
USUAL: "dict[str, Any]" = {
    "truncation_side": "right",
    "lower_case": False,
    "lower": False,
    "activation": "log1p_relu",
    "document_task": "",
    "query_task": "",
    "output": DEFAULT_OUTPUT,
}
"""The usual values of facts that were added later. They are hashed only if they are unusual."""
OPTIONAL = ("matryoshka_order", *USUAL)
"""Facts that may be unknown: a config knows a model without them. The order matters only for truncated vectors."""
# How vectors are compared if an encoder type has only one way.
SIMILARITIES = {"multi_vector": "max_sim", "sparse": "dot", "reranker": "none"}
# Fields with a place of their own in a stamp. Any other field of a space is added to its side if the model states it.
_PLACED = frozenset(
    (
        *(*DOCUMENT, *QUERY, *LATE_DOCUMENT, *LATE_QUERY, *SPARSE_DOCUMENT, *SPARSE_QUERY, *TASKS),
        *("huggingface_id", "revision", "embedding_dim", "dense_layers", "query_expansion", "expansion_length"),
        *("attend_to_expansion_tokens", "skip_punctuation", "skiplist", "inference_free_queries"),
    )
)


def stated_facts(
    model: "Model", dimension: int | None, precision: str | None
) -> "tuple[dict[str, Any], dict[str, Any]]":
    """The facts of both sides that the registry states, and those that have only one possible value.

    `model` is a record or the view of one of its outputs.
    """
    width = model.resolve_dimension(dimension)
    kind = output_kind(model)
    vectors = kind in ("dense", "static", "multi_vector")
    stated: dict[str, Any] = {
        "encoder": kind,
        "dimension": width,
        "precision": precision,
        "pooling": model.pooling if kind == "dense" else "none",
        "normalize": model.normalize if vectors else False,
        "layers": layers_text(_stated_layers(model)),
        "matryoshka_order": matryoshka_order(model, width),
        "document_prefix": bare_marker(_stated_prefix(model, "document", kind), kind),
        "document_length": model.document_length,
        "query_prefix": bare_marker(_stated_prefix(model, "query", kind), kind),
        "query_length": model.query_length,
        "similarity": SIMILARITIES.get(kind, model.similarity),
        "document_task": getattr(model, "document_task", None) or "",
        "query_task": getattr(model, "query_task", None) or "",
    }
    if kind == "sparse":
        stated |= _stated_weighting(model)
    return sides(model, kind, stated | (_stated_tokens(model) if kind == "multi_vector" else {}))


def _stated_prefix(model: "Model", side: str, kind: str) -> str | None:
    """The prefix of a side, which begins with the marker. A model with a marker and without a prefix has no text."""
    prefix: str | None = getattr(model, f"{side}_prefix")
    marker: str | None = getattr(model, f"{side}_marker", None)
    if kind != "multi_vector" or marker is None:
        return prefix
    text = text_after(marker, prefix)
    # The folder's prompt says which blanks are between them.
    return None if text and _marks_by_prompts(model, side) else marker + text


def _marks_by_prompts(model: "Model", side: str) -> bool:
    """Whether the recorded files are modules of sentence-transformers, whose prompt may be the stated marker.

    A prompt is text, and no token is inserted for it. Whether the folder has such a prompt is known when it is loaded.
    """
    stated = _bare(getattr(model, f"{side}_marker", None))
    return bool(stated) and any("MultiVectorMask/" in name for name in recorded_sums(model))


def text_after(marker: str, prefix: str | None) -> str:
    """The text of a prefix after a marker, which an entry may repeat at the beginning of its prefix."""
    if not prefix or not marker.strip() or not prefix.strip().startswith(marker.strip()):
        return prefix or ""
    rest = prefix.lstrip().removeprefix(marker.strip())
    return rest if rest.strip() else ""


def _stated_tokens(model: "Model") -> "dict[str, Any]":
    """How tokens are prepared for late interaction, as far as the registry states it."""
    skipped = _stated_skipped(model)
    expand = getattr(model, "query_expansion", None)
    length = getattr(model, "expansion_length", None) or model.query_length
    found: dict[str, Any] = {
        "document_marker": _stated_marker(model, "document"),
        "document_skipped": skipped,
        "query_marker": _stated_marker(model, "query"),
        "query_skipped": None if skipped is None else "",
        "expansion": length if expand else expand,
        "expansion_token": getattr(model, "expansion_token", None),
        "attend": getattr(model, "attend_to_expansion_tokens", None),
    }
    return found | ({"expansion": 0, "expansion_token": "", "attend": False} if expand is False else {})


def _stated_weighting(model: "Model") -> "dict[str, Any]":
    """How a sparse model weighs tokens, as far as the registry states it."""
    file: str | None = getattr(model, "query_weights_file", None)
    return {
        "activation": getattr(model, "activation", None),
        "inference_free": getattr(model, "inference_free_queries", None) is True,
        "query_weights": recorded_sums(model).get(file) if file else None,
    }


def _stated_marker(model: "Model", side: str) -> str | None:
    """The marker of a side; None if it is not stated, or if only loading can show whether it is a token or text."""
    return None if _marks_by_prompts(model, side) else _bare(getattr(model, f"{side}_marker", None))


def _bare(marker: str | None) -> str | None:
    return None if marker is None else marker.strip()


def _stated_skipped(model: "Model") -> str | None:
    punctuation = getattr(model, "skip_punctuation", None)
    if punctuation is None:
        return None
    from string import punctuation as marks

    return skipped_text([*(marks if punctuation else ()), *getattr(model, "skiplist", ())])


def skipped_text(words: "Iterable[str]") -> str:
    """The words whose vectors are left out, sorted and joined by blanks."""
    return " ".join(sorted({*words}))


def sides(model: "Model", kind: str, known: "Mapping[str, Any]") -> "tuple[dict[str, Any], dict[str, Any]]":
    """The known facts of documents and of queries, each in the order in which they are hashed."""
    late = kind == "multi_vector"

    def facts(names: "tuple[str, ...]") -> "dict[str, Any]":
        # A registry may have a field for a fact that only files state today.
        return {name: known[name] if name in known else getattr(model, name, None) for name in names}

    document = facts((*DOCUMENT, *(LATE_DOCUMENT if late else ())))
    query = facts((*QUERY, *(LATE_QUERY if late else ())))
    if kind == "sparse" and known.get("activation") not in (None, USUAL["activation"]):
        document["activation"] = known["activation"]
    if known.get("inference_free"):
        query |= {name: known[name] for name in SPARSE_QUERY}
    if any(known.get(name) for name in TASKS):
        document["document_task"], query["query_task"] = known["document_task"], known["query_task"]
    return document | _later_facts(model, "document") | _output_fact(model), query | _later_facts(model, "query")


def _output_fact(model: "Model") -> "dict[str, Any]":
    """Which output of the model the facts are about; nothing for a model with one output."""
    if not isinstance(model, OutputView):
        return {}
    return {"output": DEFAULT_OUTPUT if model.is_default else model.name_of_output}


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
    stated = [name for name in _LATER[fields, side] if getattr(model, name) not in (None, (), {})]
    record: Any = model
    # All values become JSON at once, which takes time, and most models state none of these facts.
    values: dict[str, Any] = record.to_dict() if stated else {}
    return {name: values[name] for name in stated}
