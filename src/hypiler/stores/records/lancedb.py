"""LanceDB: the fields of an Arrow schema, with the stamp in its metadata.

Without `distance_type`, a search compares by squared distance unless an index says otherwise. So the query states it.
"""

from importlib import import_module

from hypiler.stores.names import lancedb_table
from hypiler.stores.plan import DENSE
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import LIMIT, LOWER, parts, score
from hypiler.stores.records.sql import no_column
from hypiler.stores.specs import FLOAT32, spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a connection of lancedb", ("create_table", "open_table"))
_SCORES = {
    "cosine": "1 - cosine",
    "dot": "1 - dot",
    "euclidean": "squared distance",
    "max_sim": "tokens of the query - MaxSim",
}
_CLASSES = {"hnsw": "HnswFlat", "ivf_flat": "IvfFlat"}


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The schema, the steps of a search and the place of the stamp."""
    lancedb_table(name)
    word, stamp = spec_of("lancedb").metrics[metric], stamp_json(plan.stamp)
    number = "float" if form.dtype == FLOAT32 else "halffloat"
    vector: dict[str, Any] = {"name": field, "type": form.type, "value_type": number, "size": plan.dimension}
    if plan.kind != DENSE:
        vector = {"name": field, "type": "list", "items": {k: v for k, v in vector.items() if k != "name"}}
    create: dict[str, Any] = {
        "fields": [{"name": "id", "type": "int64"}, {"name": "text", "type": "string"}, vector],
        "metadata": {KEY: stamp},
    }
    if form.index != "none":
        create["index"] = {"column": field, "class": _CLASSES[form.index], "distance_type": word}
    return parts(
        type=_arrow(plan, form),
        metric=word,
        create=create,
        query={"query": PLACE, "vector_column_name": field, "distance_type": word, "limit": LIMIT},
        score=score(_SCORES[metric], LOWER),
        stamp={
            "place": "the metadata of the schema",
            "write": {"metadata": {KEY: stamp}},
            "read": f"db.open_table({name!r}).schema.metadata",
        },
        notes=["create the index after adding rows"] if form.index != "none" else [],
        ddl=_code(plan, form, word, name, field),
    )


def _arrow(plan: "Plan", form: "Form") -> str:
    """The type of the column, as Python."""
    own = f"pa.list_(pa.{form.dtype}(), {plan.dimension})"
    return own if plan.kind == DENSE else f"pa.list_({own})"


def _code(plan: "Plan", form: "Form", word: str, name: str, field: str) -> str:
    """The same as lines of Python for a database `db`."""
    kind = _CLASSES.get(form.index)
    text = (
        "import pyarrow as pa\n\n"
        f"stamp = {stamp_json(plan.stamp)!r}\n"
        f'fields = [("id", pa.int64()), ("text", pa.string()), ({field!r}, {_arrow(plan, form)})]\n'
        f'table = db.create_table({name!r}, schema=pa.schema(fields, metadata={{"{KEY}": stamp}}))\n'
    )
    if kind is None:
        return text
    return (
        f"{text}\n# after adding rows:\nfrom lancedb.index import {kind}\n\n"
        f"table.create_index({field!r}, config={kind}(distance_type={word!r}))\n"
    )


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a table of this name. LanceDB says so by an error, whose class also says other things."""
    try:
        client.open_table(record["name"])
    except (ValueError, FileNotFoundError) as error:
        if "not found" in str(error).lower():
            return False
        raise
    return True


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The empty table. Its index, if any, is created after rows are added."""
    pa = import_module("pyarrow")
    fields = [pa.field(field["name"], _type(pa, field)) for field in record["create"]["fields"]]
    return client.create_table(record["name"], schema=pa.schema(fields, metadata=record["create"]["metadata"]))


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The metadata of the column if it has a stamp, which was written later, or that of the schema."""
    schema = client.open_table(record["name"]).schema
    if record["field"] not in schema.names:
        raise no_column(record)
    own: Any = schema.field(record["field"]).metadata or {}
    return own if KEY.encode() in own else schema.metadata


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """The metadata of a schema cannot change, so a later stamp is in the metadata of the column."""
    update = {"path": record["field"], "metadata": record["stamp"]["write"]["metadata"]}
    client.open_table(record["name"]).update_field_metadata(update)


def _type(pa: "Any", field: "Mapping[str, Any]") -> "Any":
    """The type of Arrow for a field of a record."""
    if field["type"] == "list":
        return pa.list_(_type(pa, field["items"]))
    if field["type"] == "fixed_size_list":
        return pa.list_(pa.type_for_alias(field["value_type"]), field["size"])
    return pa.type_for_alias(field["type"])
