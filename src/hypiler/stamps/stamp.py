"""Makes stamps: everything that the vectors of an index depend on, as JSON types, and the ids that are made of it.

A stamp has facts of two sides, the identity of the bytes that ran, and the ids of both sides. A config knows what the
registry and the lock state; an encoder knows what ran. docs/spaces.md describes a stamp key by key, and its ids byte by
byte. A value that is unknown is None.
"""

from hypiler._digest import sha256_hex
from hypiler.stamps.facts import OPTIONAL, USUAL, stated_facts
from hypiler.stamps.listed_bytes import listed_bytes, location
from hypiler.stamps.outputs import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.protocols import Model

VERSION = 2
"""The version of stamps and of their ids."""
PLAIN = ("fp32", "fp16", "bf16")
"""The precisions at which a listed file stands for the model's own weights. Any other file stands for itself."""


def stamp_of(
    model: "Model",
    dimension: int | None = None,
    variant: str | None = None,
    output: str | None = None,
    prompts: "tuple[str | None, str | None]" = (None, None),
) -> "dict[str, Any]":
    """The stamp of a choice of model, as far as the registry and the lock state it.

    `prompts` are the names of the chosen prompts of queries and of documents. Raises ValueError for a dimension, a
    variant or an output that the model does not have.
    """
    model = chosen(model, output)
    if prompts != (None, None):
        from hypiler.stamps.prompts import prompted

        model = prompted(model, *prompts)
    weights, precision, tokenizer = listed_bytes(model, variant)
    document, query = stated_facts(model, dimension, precision)
    stamp = assemble(identity(model, variant), document, query, weights, tokenizer)
    known = all(value is not None or name in OPTIONAL for name, value in document.items())
    if not known or tokenizer is None or weights is None or "commit" in weights:
        stamp["space_id"] = None
    if not all(value is not None or name in OPTIONAL for name, value in query.items()):
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


def _digest(version: str, facts: "Mapping[str, Any]") -> str:
    """The id of these facts, byte by byte as docs/spaces.md describes it."""
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
