"""OpenSearch: the body that creates an index, with the stamp in the `_meta` of its mapping.

The metric is stated, since the default one is the distance. So are the bits of float16, since the encoder `sq` keeps
one bit of each number by default.
"""

from hypiler.stores.names import search_index
from hypiler.stores.plan import DENSE, SPARSE
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import HIGHER, LIMIT, NEIGHBOURS, json_text, parts, score
from hypiler.stores.records.mapping import meta, with_stamp
from hypiler.stores.specs import FLOAT32, spec_of
from hypiler.stores.stamps import KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a client of opensearch", ("indices", "search"))
_SCORES = {
    "cosine": "(1 + cosine) / 2",
    "dot": "dot + 1, or 1 / (1 - dot) below 0",
    "euclidean": "1 / (1 + squared distance)",
    "max_sim": "(MaxSim + tokens of the query) / 2",
}


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The body of the request, the body of a search and the place of the stamp."""
    search_index(name)
    word = "dot" if plan.kind == SPARSE else spec_of("opensearch").metrics[metric]
    has_graph = plan.kind == DENSE and form.index != "none"
    create: dict[str, Any] = {
        **({"settings": {"index": {"knn": True}}} if has_graph else {}),
        "mappings": {
            "_meta": {KEY: plan.stamp},
            "properties": {"text": {"type": "text"}, field: _field(plan, form, word)},
        },
    }
    return parts(
        type=form.type,
        metric=word,
        create=create,
        query={"query": _query(plan, form, word, field), "size": LIMIT},
        score=score("dot" if plan.kind == SPARSE else _SCORES[metric], HIGHER),
        stamp={
            "place": "`_meta` of the mapping",
            "write": {"_meta": {KEY: plan.stamp}},
            "read": f"client.indices.get_mapping(index={name!r})[{name!r}]['mappings'].get('_meta')",
        },
        notes=_notes(plan, form, metric),
        ddl=json_text(create),
    )


def _field(plan: "Plan", form: "Form", word: str) -> "dict[str, Any]":
    """The mapping of the field."""
    if plan.kind == SPARSE:
        return {"type": form.type}
    if plan.kind != DENSE:
        return {"type": form.type, "enabled": False}
    field: dict[str, Any] = {"type": form.type, "dimension": plan.dimension}
    if form.index == "none":
        return field
    parameters: dict[str, Any] = {"m": NEIGHBOURS, "ef_construction": 100}
    if form.dtype != FLOAT32:
        parameters["encoder"] = {"name": "sq", "parameters": {"bits": 16, "type": "fp16"}}
    method = {"name": "hnsw", "engine": "faiss", "space_type": word, "parameters": parameters}
    return {**field, "method": method}


def _query(plan: "Plan", form: "Form", word: str, field: str) -> "dict[str, Any]":
    if plan.kind == SPARSE:
        return {"neural_sparse": {field: {"query_tokens": PLACE}}}
    if plan.kind == DENSE and form.index != "none":
        return {"knn": {field: {"vector": PLACE, "k": LIMIT}}}
    if plan.kind == DENSE:
        params = {"field": field, "query_value": PLACE, "space_type": word}
        script: dict[str, Any] = {"lang": "knn", "source": "knn_score", "params": params}
    else:
        source = f"lateInteractionScore(params.query_vectors, '{field}', params._source, params.space_type)"
        script = {"source": source, "params": {"query_vectors": PLACE, "space_type": word}}
    return {"script_score": {"query": {"match_all": {}}, "script": script}}


def _notes(plan: "Plan", form: "Form", metric: str) -> "list[str]":
    if plan.kind == SPARSE:
        return [
            "weights must be positive and keep 9 significant bits, so scores are off by up to 0.4 %",
            "tokens are keyed by their index as a string",
        ]
    if plan.kind != DENSE:
        return ["MaxSim needs OpenSearch 3.3 or later; the query reads every document, and each must have vectors"]
    notes = ["zero vectors, such as those of empty texts, are refused"] if metric == "cosine" else []
    return [*notes, *(["numbers must be between -65504 and 65504"] if form.dtype != FLOAT32 else [])]


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is an index, or an alias, of this name."""
    return bool(client.indices.exists(index=record["name"]))


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """One request."""
    return client.indices.create(index=record["name"], body=record["create"])


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """`_meta` of the mapping."""
    return meta(record, client)


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """A request replaces all of `_meta`, so its other keys are written again."""
    client.indices.put_mapping(index=record["name"], body={"_meta": with_stamp(record, client)})
