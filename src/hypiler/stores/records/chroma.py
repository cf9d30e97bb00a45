"""Chroma: a collection whose metric is fixed when it is created. Its metadata hold only texts and numbers."""

from hypiler.stores.names import chroma_collection
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import LIMIT, LOWER, parts, score
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

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
