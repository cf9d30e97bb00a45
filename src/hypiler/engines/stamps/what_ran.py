"""The facts of an encoder's stamp: what its vectors depend on, after the files and `assume` completed the registry.

`hypiler.engines.contract` calls this module, so it does not import the type of a contract.
"""

from hypiler._digest import sha256_hex
from hypiler.stamps.facts import bare_marker, layers_text, matryoshka_order, sides, skipped_text
from hypiler.stamps.outputs import chosen
from hypiler.stamps.stamp import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config


def facts_of(config: "Config", contract: "Any", layout: "ModelFolder") -> "dict[str, Any]":
    """The identity of the model, and the facts of documents and of queries, in the order in which they are hashed."""
    record: Any = config.model
    model: Any = chosen(record, config.output)
    kind = contract.encoder_type
    known: dict[str, Any] = {
        "encoder": kind,
        "dimension": contract.dimension,
        "pooling": contract.pooling or None,
        "normalize": contract.normalize,
        "layers": _layers(model, layout),
        "matryoshka_order": matryoshka_order(model, contract.dimension),
        "document_prefix": bare_marker(contract.document_prefix, kind),
        "document_length": contract.document_length,
        "truncation_side": layout.truncation_side,
        "lower_case": layout.lower_case,
        "query_prefix": bare_marker(contract.query_prefix, kind),
        "query_length": contract.query_length,
        "similarity": contract.similarity or "none",
        "lower": layout.lower_case,
        "document_task": contract.document_task,
        "query_task": contract.query_task,
        "activation": contract.activation,
        "inference_free": contract.inference_free_queries,
        "query_weights": _sum(layout, contract.query_weights),
    }
    document, query = sides(model, kind, known | _late_interaction(contract))
    return {"identity": identity(model, config.variant), "document": document, "query": query}


def _sum(layout: "ModelFolder", name: str) -> str | None:
    """The sha256 of a file; None if there is none."""
    return sha256_hex(layout.files.read(name)) if name and (layout.folder / name).is_file() else None


def _layers(model: "Any", layout: "ModelFolder") -> str | None:
    """The layers after the network. Activations that the registry does not state are those of the files."""
    held = [(one.in_features, one.out_features, one.activation) for one in layout.dense]
    stated = [(one.in_features, one.out_features, one.activation) for one in model.dense_layers]
    if not stated:
        return layers_text(held)
    if [one[:2] for one in held] == [one[:2] for one in stated]:
        stated = [(*one[:2], one[2] or own[2]) for one, own in zip(stated, held, strict=True)]
    return layers_text(stated)


def _late_interaction(contract: "Any") -> "dict[str, Any]":
    """How tokens are prepared for late interaction. A marker is empty if prefixes are text."""
    tokens = contract.tokens
    if tokens is None:
        return {}
    skipped = skipped_text(tokens.skiplist_words)
    found: dict[str, Any] = {f"{side}_marker": tokens.marker(side).strip() for side in ("query", "document")}
    found |= {f"{side}_skipped": skipped if side in tokens.skiplist_sides else "" for side in ("query", "document")}
    return found | {
        "expansion": tokens.expansion_length,
        "expansion_token": tokens.expansion_token or "",
        "attend": tokens.attend,
    }
