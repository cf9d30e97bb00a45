"""Chroma: a collection whose metric is fixed when it is created. Its metadata hold only texts and numbers."""

from importlib import import_module

from hypiler.stores.names import chroma_collection
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import LIMIT, LOWER, parts, score
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a client of chromadb", ("create_collection", "heartbeat"))
_SCORES = {"cosine": "1 - cosine", "dot": "1 - dot", "euclidean": "squared distance"}


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The arguments of the client, and the place of the stamp. Without an embedding function, none is downloaded."""
    chroma_collection(name)
    word = spec_of("chroma").metrics[metric]
    metadata = {KEY: stamp_json(plan.stamp)}
    configuration = {"hnsw": {"space": word}}
    return parts(
        type=form.type,
        metric=word,
        create={"configuration": configuration, "embedding_function": None, "metadata": metadata},
        query={"query_embeddings": [PLACE], "n_results": LIMIT},
        score=score(_SCORES[metric], LOWER),
        stamp={
            "place": "the metadata of the collection",
            "write": {"metadata": metadata},
            "read": f"client.get_collection({name!r}, embedding_function=None).metadata",
        },
        notes=["the first vectors fix the dimension, so check the stamp before adding vectors"],
        ddl=(
            f"stamp = {metadata[KEY]!r}\n"
            "collection = client.create_collection(\n"
            f"    {name!r},\n"
            "    embedding_function=None,\n"
            f"    configuration={configuration!r},\n"
            f'    metadata={{"{KEY}": stamp}},\n'
            ")\n"
        ),
    )


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a collection of this name."""
    try:
        _collection(record, client)
    except import_module("chromadb.errors").NotFoundError:
        return False
    return True


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """One call."""
    return client.create_collection(record["name"], **record["create"])


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The metadata of the collection."""
    return _collection(record, client).metadata


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """Chroma replaces all metadata, so the other keys are written again. It refuses the key of the metric here."""
    collection = _collection(record, client)
    metadata: dict[str, Any] = collection.metadata or {}
    kept = {key: value for key, value in metadata.items() if not key.startswith("hnsw:")}
    collection.modify(metadata={**kept, **record["stamp"]["write"]["metadata"]})


def _collection(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """Without an embedding function: the default one would be downloaded."""
    return client.get_collection(record["name"], embedding_function=None)
