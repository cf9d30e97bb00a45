"""Elasticsearch: the body that creates an index, with the stamp in the `_meta` of its mapping.

The index is stated, since the default one keeps a bit or a byte of each number.
"""

from hypiler.stores.names import search_index
from hypiler.stores.plan import DENSE, SPARSE
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import HIGHER, LIMIT, NEIGHBOURS, json_text, parts, score
from hypiler.stores.records.mapping import meta, with_stamp
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a client of elasticsearch", ("indices", "search"))
_SCORES = {
    "cosine": "(1 + cosine) / 2",
    "dot": "dot + 1, or 1 / (1 - dot) below 0",
    "dot_product": "(1 + dot) / 2",
    "euclidean": "1 / (1 + squared distance)",
    "max_sim": "MaxSim + tokens of the query",
}
_SCRIPTS = {
    "cosine": ("cosineSimilarity(params.vector, {field}) + 1", "1 + cosine"),
    "dot": ("double d = dotProduct(params.vector, {field}); return d < 0 ? 1 / (1 - d) : d + 1", _SCORES["dot"]),
    "euclidean": ("1 / (1 + l2norm(params.vector, {field}))", "1 / (1 + distance)"),
    "max_sim": ("maxSimDotProduct(params.vector, {field}) + params.vector.size()", _SCORES["max_sim"]),
}


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The body of the request, the body of a search and the place of the stamp."""
    search_index(name)
    word = _word(plan, metric)
    create = {
        "mappings": {
            "_meta": {KEY: plan.stamp},
            "properties": {"text": {"type": "text"}, field: _field(plan, form, word)},
        }
    }
    query, value = _query(plan, form, metric, word, field)
    return parts(
        type=form.type,
        metric=word,
        create=create,
        query=query,
        score=score(value, HIGHER),
        stamp={
            "place": "`_meta` of the mapping",
            "write": {"_meta": {KEY: plan.stamp}},
            "read": f"client.indices.get_mapping(index={name!r})[{name!r}]['mappings'].get('_meta')",
        },
        notes=_notes(plan, metric),
        ddl=json_text(create),
    )


def _word(plan: "Plan", metric: str) -> str:
    """The metric. `dot_product` takes only vectors of length 1; it then is the quicker one."""
    if plan.kind == SPARSE:
        return "dot"
    if metric == "dot" and plan.has_unit_length:
        return "dot_product"
    return spec_of("elasticsearch").metrics[metric]


def _field(plan: "Plan", form: "Form", word: str) -> "dict[str, Any]":
    """The mapping of the field."""
    if plan.kind == SPARSE:
        return {"type": form.type, "index_options": {"prune": False}}
    if plan.kind != DENSE:
        return {"type": form.type, "dims": plan.dimension}
    if form.index == "none":
        return {"type": form.type, "dims": plan.dimension, "index": False}
    options = {"type": "hnsw", "m": NEIGHBOURS, "ef_construction": 100}
    return {"type": form.type, "dims": plan.dimension, "similarity": word, "index": True, "index_options": options}


def _query(plan: "Plan", form: "Form", metric: str, word: str, field: str) -> "tuple[dict[str, Any], str]":
    """The body of a search, and what its score is."""
    if plan.kind == SPARSE:
        return {"query": {"sparse_vector": {"field": field, "query_vector": PLACE}}, "size": LIMIT}, "dot"
    if plan.kind == DENSE and form.index != "none":
        near = {"field": field, "query_vector": PLACE, "k": LIMIT, "num_candidates": 10 * LIMIT}
        return {"knn": near, "size": LIMIT}, _SCORES[word if word in _SCORES else metric]
    source, value = _SCRIPTS[metric]
    script = {"source": source.format(field=f"'{field}'"), "params": {"vector": PLACE}}
    return {"query": {"script_score": {"query": {"match_all": {}}, "script": script}}, "size": LIMIT}, value


def _notes(plan: "Plan", metric: str) -> "list[str]":
    if plan.kind == SPARSE:
        return [
            "weights must be positive and keep 9 significant bits, so scores are off by up to 0.4 %",
            "tokens are keyed by their index as a string",
        ]
    if plan.kind != DENSE:
        return ["`rank_vectors` is a technical preview that needs a subscription; the query reads every document"]
    return ["zero vectors, such as those of empty texts, are refused"] if metric == "cosine" else []


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is an index, or an alias, of this name."""
    return bool(client.indices.exists(index=record["name"]))


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """One request."""
    return client.indices.create(index=record["name"], **record["create"])


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """`_meta` of the mapping."""
    return meta(record, client)


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """A request replaces all of `_meta`, so its other keys are written again."""
    client.indices.put_mapping(index=record["name"], meta=with_stamp(record, client))
