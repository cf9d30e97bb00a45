"""Milvus: schema, index and properties of a collection. The schema has the numbers of `DataType`."""

from importlib import import_module

from hypiler.stores.names import milvus_collection
from hypiler.stores.plan import DENSE, SPARSE
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, NEIGHBOURS, parts, score
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a `MilvusClient`", ("create_collection", "describe_collection"))
_TYPES = {"INT64": 5, "VARCHAR": 21, "FLOAT_VECTOR": 101, "FLOAT16_VECTOR": 102, "SPARSE_FLOAT_VECTOR": 104}
_SCORES = {"cosine": "cosine", "dot": "dot", "euclidean": "squared distance", "max_sim": "MaxSim"}
_LONGEST_TEXT = 65_535
_MOST_TOKENS = 4_096


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The arguments of the client, and the place of the stamp."""
    milvus_collection(name)
    word = spec_of("milvus").metrics[metric]
    stamp = stamp_json(plan.stamp)
    is_late = plan.kind not in (DENSE, SPARSE)
    searched = f"{field}[vector]" if is_late else field
    index = _index(plan, form, word, searched)
    return parts(
        type=form.type,
        metric=word,
        create={"schema": _schema(plan, form, field), "index": index, "properties": {KEY: stamp}},
        query={"data": [PLACE], "anns_field": searched, "limit": LIMIT, "output_fields": ["text"]},
        score=score(_SCORES[metric], LOWER if metric == "euclidean" else HIGHER),
        stamp={
            "place": "the properties of the collection",
            "write": {"properties": {KEY: stamp}},
            "read": f"client.describe_collection({name!r})['properties']",
        },
        notes=_notes(plan) if is_late else [],
        ddl=_code(plan, form, name, field, index),
    )


def _schema(plan: "Plan", form: "Form", field: str) -> "dict[str, Any]":
    """What `CollectionSchema.construct_from_dict` takes."""
    own: dict[str, Any] = {"name": field, "type": _TYPES[form.type]}
    if plan.kind != SPARSE:
        own["params"] = {"dim": plan.dimension}
    fields: list[dict[str, Any]] = [
        {"name": "id", "type": _TYPES["INT64"], "is_primary": True, "auto_id": False},
        {"name": "text", "type": _TYPES["VARCHAR"], "params": {"max_length": _LONGEST_TEXT}},
    ]
    if plan.kind in (DENSE, SPARSE):
        return {"fields": [*fields, own]}
    struct = {"name": field, "fields": [{**own, "name": "vector"}], "max_capacity": _tokens(plan)}
    return {"fields": fields, "struct_fields": [struct]}


def _tokens(plan: "Plan") -> int:
    """How many vectors a document may have: an array of Milvus states it."""
    length = plan.document_length
    if length is None or length > _MOST_TOKENS:
        return _MOST_TOKENS
    return length


def _notes(plan: "Plan") -> "list[str]":
    """What there is to know of multi-vectors."""
    return [
        "multi-vectors need Milvus 2.6.4 or later; Milvus Lite does not support them",
        f"Milvus refuses documents with more than {_tokens(plan):,} vectors",
    ]


def _index(plan: "Plan", form: "Form", word: str, searched: str) -> "dict[str, Any]":
    """What `add_index` takes. Small weights of sparse vectors stay, as no ratio of them to drop is stated."""
    if plan.kind == SPARSE:
        return {"field_name": searched, "index_type": "SPARSE_INVERTED_INDEX", "metric_type": word}
    if form.index == "none":
        return {"field_name": searched, "index_type": "FLAT", "metric_type": word}
    params = {"M": NEIGHBOURS, "efConstruction": 200}
    return {"field_name": searched, "index_type": "HNSW", "metric_type": word, "params": params}


def _code(plan: "Plan", form: "Form", name: str, field: str, index: "dict[str, Any]") -> str:
    """The same as lines of Python for a `client`."""
    width = "" if plan.kind == SPARSE else f", dim={plan.dimension}"
    if plan.kind in (DENSE, SPARSE):
        own = f"schema.add_field({field!r}, DataType.{form.type}{width})\n"
    else:
        own = (
            "tokens = client.create_struct_field_schema()\n"
            f'tokens.add_field("vector", DataType.{form.type}{width})\n'
            f"schema.add_field({field!r}, DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=tokens,"
            f" max_capacity={_tokens(plan)})\n"
        )
    arguments = ", ".join([f"{key}={value!r}" for key, value in index.items()])
    return (
        "from pymilvus import DataType\n\n"
        "schema = client.create_schema(auto_id=False)\n"
        'schema.add_field("id", DataType.INT64, is_primary=True)\n'
        f'schema.add_field("text", DataType.VARCHAR, max_length={_LONGEST_TEXT})\n'
        f"{own}"
        "index = client.prepare_index_params()\n"
        f"index.add_index({arguments})\n"
        f"stamp = {stamp_json(plan.stamp)!r}\n"
        f'client.create_collection({name!r}, schema=schema, index_params=index, properties={{"{KEY}": stamp}})\n'
    )


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a collection, or an alias, of this name."""
    return bool(client.has_collection(record["name"]))


def create(record: "Mapping[str, Any]", client: "Any") -> None:
    """Create the collection, its index, and load it. If the index fails, the new collection is dropped again."""
    name, parts = record["name"], record["create"]
    schema = import_module("pymilvus").CollectionSchema.construct_from_dict(parts["schema"])
    index = client.prepare_index_params()
    index.add_index(**parts["index"])
    client.create_collection(name, schema=schema, properties=parts["properties"])
    try:
        client.create_index(name, index)
        client.load_collection(name)
    except BaseException:
        client.drop_collection(name)
        raise


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The properties of the collection."""
    return client.describe_collection(record["name"]).get("properties")


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """Milvus keeps the other properties."""
    client.alter_collection_properties(record["name"], properties=record["stamp"]["write"]["properties"])
