"""DuckDB: a table with arrays of a fixed length, and the stamp as the comment of the column."""

from hypiler.stores.names import index_name, literal, quoted, sql_table
from hypiler.stores.plan import DENSE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, NEIGHBOURS, parts, score, sql_script
from hypiler.stores.records.sql import held_by_column, run, transaction
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a connection of duckdb", ("execute", "begin"))
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
    return f"SELECT comment FROM duckdb_columns() {_of_table(name)} AND lower(column_name) = lower({literal(field)})"


def _of_table(name: str) -> str:
    """A condition for the catalogue. DuckDB finds a table whatever the case of its letters is."""
    schema, _, table = name.rpartition(".")
    inside = f"lower({literal(schema)})" if schema else "current_schema()"
    return (
        f"WHERE database_name = current_database() AND lower(schema_name) = {inside}"
        f" AND lower(table_name) = lower({literal(table)})"
    )


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a table or a view of this name."""
    return client.execute(f"SELECT 1 FROM duckdb_columns() {_of_table(record['name'])}").fetchone() is not None


def create(record: "Mapping[str, Any]", client: "Any") -> None:
    """All statements in one transaction: in the caller's, if there is one."""
    if _is_in_transaction(client):
        run(client, record["create"])
        return
    with transaction(client.begin, client.commit, client.rollback):
        run(client, record["create"])


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The comment of the column."""
    return held_by_column(record, client.execute(record["stamp"]["read"]).fetchone())


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """The comment of the column, which may have been somebody's prose, is replaced."""
    client.execute(record["stamp"]["write"])


def _is_in_transaction(client: "Any") -> bool:
    """DuckDB numbers transactions: without one, each statement has its own."""
    ids = [client.execute("SELECT txid_current()").fetchone()[0] for _ in range(2)]
    return bool(ids[0] == ids[1])
