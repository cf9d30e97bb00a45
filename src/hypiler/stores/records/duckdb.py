"""DuckDB: a table with arrays of a fixed length, and the stamp as the comment of the column."""

from hypiler.stores.names import index_name, literal, quoted, sql_table
from hypiler.stores.plan import DENSE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, NEIGHBOURS, parts, score, sql_script
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

_FUNCTIONS = {
    "cosine": ("array_cosine_distance", "1 - cosine"),
    "dot": ("array_negative_inner_product", "-dot"),
    "euclidean": ("array_distance", "distance"),
}
_PERSISTENT = (
    "the index needs the extension vss: run `INSTALL vss` once; indexes in database files are experimental, and each"
    " connection must run `LOAD vss` before it writes rows"
)


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The statements, the query and the place of the stamp."""
    table, column = sql_table(name), quoted(field)
    is_late, word = plan.kind != DENSE, spec_of("duckdb").metrics[metric]
    type = f"FLOAT[{plan.dimension}]" + "[]" * is_late
    create = [f'CREATE TABLE {table} ("id" BIGINT PRIMARY KEY, "text" VARCHAR NOT NULL, {column} {type} NOT NULL)']
    notes: list[str] = []
    if form.index != "none":
        notes.append(_PERSISTENT)
        create += [
            "LOAD vss",
            "SET hnsw_enable_experimental_persistence = true",
            f"CREATE INDEX {index_name(name, field)} ON {table} USING HNSW ({column})"
            f" WITH (metric = '{word}', M = {NEIGHBOURS})",
        ]
    write = f"COMMENT ON COLUMN {table}.{column} IS {literal(stamp_json({KEY: plan.stamp}))}"
    create.append(write)
    read = _read(name, field)
    given = f"$1::{type}"
    if is_late:
        best = f"lambda q: list_max(list_transform({column}, lambda d: array_inner_product(q, d)))"
        value = f"list_sum(list_transform({given}, {best}))"
        query = f'SELECT "id", "text", {value} AS score FROM {table} ORDER BY score DESC LIMIT {LIMIT}'
        shown = score("MaxSim", HIGHER)
    else:
        function, number = _FUNCTIONS[metric]
        distance = f"{function}({column}, {given})"
        query = f'SELECT "id", "text", {distance} AS distance FROM {table} ORDER BY {distance} LIMIT {LIMIT}'
        shown = score(number, LOWER)
    return parts(
        type=type,
        metric=word if is_late else _FUNCTIONS[metric][0],
        create=create,
        query=query,
        score=shown,
        stamp={"place": f"the comment of the column {table}.{column}", "write": write, "read": read},
        notes=notes,
        ddl=sql_script(create, notes, query, read),
    )


def _read(name: str, field: str) -> str:
    schema, _, table = name.rpartition(".")
    inside = literal(schema) if schema else "current_schema()"
    return (
        f"SELECT comment FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = {inside}"
        f" AND table_name = {literal(table)} AND column_name = {literal(field)}"
    )
