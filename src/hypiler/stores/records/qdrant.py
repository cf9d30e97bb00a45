"""Qdrant: the body that creates a collection, which has room for a stamp in its metadata."""

from importlib import import_module

from hypiler.stores.names import qdrant_collection
from hypiler.stores.plan import DENSE, SPARSE
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, json_text, parts, score
from hypiler.stores.specs import FLOAT32, spec_of
from hypiler.stores.stamps import KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a `QdrantClient`", ("create_collection", "query_points"))
_SCORES = {"cosine": "cosine", "dot": "dot", "euclidean": "distance", "manhattan": "distance", "max_sim": "MaxSim"}
# lib/common/common/src/validation.rs of Qdrant: the numbers of one multi-vector are fewer than this.
_MOST_NUMBERS = 1_048_576


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The body of the request, the arguments of a query and the place of the stamp."""
    qdrant_collection(name)
    word = spec_of("qdrant").metrics[metric]
    vectors = _sparse(plan, form, field) if plan.kind == SPARSE else _vectors(plan, form, word, field)
    create = {**vectors, "metadata": {KEY: plan.stamp}}
    better = LOWER if metric in ("euclidean", "manhattan") else HIGHER
    return parts(
        type=form.type,
        metric=word,
        create=create,
        query={"query": PLACE, "using": field, "limit": LIMIT},
        score=score(_SCORES[metric], better),
        stamp={
            "place": "the metadata of the collection",
            "write": {"metadata": {KEY: plan.stamp}},
            "read": f"client.get_collection({name!r}).config.metadata",
        },
        notes=_notes(plan, metric),
        ddl=json_text(create),
    )


def _vectors(plan: "Plan", form: "Form", word: str, field: str) -> "dict[str, Any]":
    params: dict[str, Any] = {"size": plan.dimension, "distance": word}
    if form.dtype != FLOAT32:
        params["datatype"] = form.dtype
    if plan.kind != DENSE:
        params["multivector_config"] = {"comparator": "max_sim"}
    if form.index == "none":
        params["hnsw_config"] = {"m": 0}
    return {"vectors": {field: params}}


def _sparse(plan: "Plan", form: "Form", field: str) -> "dict[str, Any]":
    params: dict[str, Any] = {"index": {"datatype": form.dtype}} if form.dtype != FLOAT32 else {}
    if plan.wants_idf:
        params["modifier"] = "idf"
    return {"vectors": {}, "sparse_vectors": {field: params}}


def _notes(plan: "Plan", metric: str) -> "list[str]":
    notes: list[str] = []
    if metric == "cosine" and not plan.has_unit_length:
        notes.append("Qdrant normalizes vectors when it stores them")
    most = (_MOST_NUMBERS - 1) // plan.dimension
    if plan.kind not in (DENSE, SPARSE) and (plan.document_length or most + 1) > most:
        notes.append(f"Qdrant refuses documents with more than {most:,} vectors")
    return notes


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a collection, or an alias, of this name."""
    if client.collection_exists(record["name"]):
        return True
    return any(alias.alias_name == record["name"] for alias in client.get_aliases().aliases)


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """One request. The client takes objects, and its own model of the body makes them."""
    body = import_module("qdrant_client.models").CreateCollection(**record["create"])
    return client.create_collection(
        record["name"],
        vectors_config=body.vectors,
        sparse_vectors_config=body.sparse_vectors,
        metadata=body.metadata,
    )


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The metadata of the collection."""
    return client.get_collection(record["name"]).config.metadata


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """Qdrant keeps the other keys of the metadata."""
    client.update_collection(record["name"], metadata=record["stamp"]["write"]["metadata"])
