"""PostgreSQL with pgvector: a table, its index, and the stamp as the comment of the column.

An index is used only for `ORDER BY` a distance operator, ascending, with a `LIMIT`.
"""

from contextlib import contextmanager
from importlib import import_module

from hypiler.stores.names import index_name, literal, postgres_literal, quoted, sql_table
from hypiler.stores.plan import DENSE, SPARSE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, NEIGHBOURS, parts, score, sql_script
from hypiler.stores.records.sql import held_by_column, run, value
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a connection of psycopg or of another DB-API library", ("cursor", "commit"))
_OPERATORS = {"cosine": "<=>", "dot": "<#>", "euclidean": "<->", "manhattan": "<+>"}
_SCORES = {"cosine": "1 - cosine", "dot": "-dot", "euclidean": "distance", "manhattan": "distance"}
# Of a binary index, so many rows are ranked again by their vectors.
_CANDIDATES = 20 * LIMIT
# Any number, by which processes that create tables wait for each other.
_LOCK = 7_270_401_185
_MAX_SIM = """\
CREATE OR REPLACE FUNCTION max_sim(document {type}[], query {type}[]) RETURNS double precision AS $$
  SELECT sum(best) FROM (
    SELECT max(-(d <#> q)) AS best
    FROM (SELECT q, row_number() OVER () AS token FROM unnest(query) AS q) AS tokens CROSS JOIN unnest(document) AS d
    GROUP BY token
  ) AS scores
$$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"""


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The statements, the query and the place of the stamp."""
    table, column = sql_table(name), quoted(field)
    type, word = _type(plan, form), spec_of("pgvector").metrics[metric]
    create = [
        "CREATE EXTENSION IF NOT EXISTS vector",
        f'CREATE TABLE {table} ("id" bigint PRIMARY KEY, "text" text NOT NULL, {column} {type} NOT NULL)',
    ]
    if plan.kind not in (DENSE, SPARSE):
        create.append(_MAX_SIM.format(type=form.type.removesuffix("[]")))
    if form.index != "none":
        key = _index_key(plan, form, word, column)
        create.append(
            f"CREATE INDEX {index_name(name, field)} ON {table} USING hnsw ({key})"
            f" WITH (m = {NEIGHBOURS}, ef_construction = 64)"
        )
    write = f"COMMENT ON COLUMN {table}.{column} IS {postgres_literal(stamp_json({KEY: plan.stamp}))}"
    create.append(write)
    read = (
        f"SELECT col_description(attrelid, attnum) FROM pg_attribute"
        f" WHERE attrelid = to_regclass({postgres_literal(table)}) AND attname = {literal(field)}"
    )
    query, notes = _query(plan, form, metric, table, column), _notes(plan, form)
    is_late = plan.kind not in (DENSE, SPARSE)
    return parts(
        type=type,
        metric=word if is_late else f"{form.type}_{word}_ops",
        create=create,
        query=query,
        score=score("MaxSim", HIGHER) if is_late else score(_SCORES[metric], LOWER),
        stamp={"place": f"the comment of the column {table}.{column}", "write": write, "read": read},
        notes=notes,
        ddl=sql_script(create, notes, query, read),
    )


def _type(plan: "Plan", form: "Form") -> str:
    """`vector(384)`, or `vector(128)[]`."""
    base = form.type.removesuffix("[]")
    return f"{base}({plan.dimension}){form.type[len(base) :]}"


def _index_key(plan: "Plan", form: "Form", word: str, column: str) -> str:
    """What the index holds of the column, with the class of its operators."""
    if form.index == "binary":
        return f"(binary_quantize({column})::bit({plan.dimension})) bit_hamming_ops"
    if form.index == "half":
        return f"({column}::halfvec({plan.dimension})) halfvec_{word}_ops"
    return f"{column} {form.type}_{word}_ops"


def _query(plan: "Plan", form: "Form", metric: str, table: str, column: str) -> str:
    """A statement that uses the index: its order is the very expression that the index was made for."""
    given = f"$1::{_type(plan, form)}"
    if metric == "max_sim":
        return (
            f'SELECT "id", "text", max_sim({column}, {given}) AS score FROM {table} ORDER BY score DESC LIMIT {LIMIT}'
        )
    if form.index == "half":
        column, given = f"{column}::halfvec({plan.dimension})", f"$1::halfvec({plan.dimension})"
    distance = f"{column} {_OPERATORS[metric]} {given}"
    rows, order = table, f"ORDER BY {distance} LIMIT {LIMIT}"
    if form.index == "binary":
        bits = f"bit({plan.dimension})"
        nearest = f"binary_quantize({column})::{bits} <~> binary_quantize({given})::{bits}"
        rows = f"(SELECT * FROM {table} ORDER BY {nearest} LIMIT {_CANDIDATES}) AS candidates"
    return f'SELECT "id", "text", {distance} AS distance FROM {rows} {order}'


def _notes(plan: "Plan", form: "Form") -> "list[str]":
    notes: list[str] = []
    if plan.kind == SPARSE:
        notes.append("a sparse vector is written as {index:weight,...}/dimensions, with indices from 1")
        if form.index != "none":
            notes.append("the index refuses rows with more than 1,000 weights")
    elif plan.kind != DENSE:
        notes.append(
            "MaxSim uses no index: the query reads every row, so re-rank the candidates of another search instead"
        )
    if form.index == "binary":
        notes.append(
            f"run SET hnsw.ef_search = {_CANDIDATES} before the query: by default, the index returns 40 candidates"
        )
    return notes


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a table, a view or an index of this name where PostgreSQL looks for one."""
    name = postgres_literal(sql_table(record["name"]))
    with _cursor(client) as cursor:
        cursor.execute(f"SELECT to_regclass({name}) IS NOT NULL")
        return bool(value(cursor.fetchone()))


def create(record: "Mapping[str, Any]", client: "Any") -> None:
    """All statements in one transaction.

    The lock is held until its end: else two processes that create the extension at once get an error of the catalogue.
    """
    with _cursor(client) as cursor:
        run(cursor, [f"SELECT pg_advisory_xact_lock({_LOCK})", *record["create"]])


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The comment of the column."""
    with _cursor(client) as cursor:
        cursor.execute(record["stamp"]["read"])
        return held_by_column(record, cursor.fetchone())


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """The comment of the column, which may have been somebody's prose, is replaced."""
    with _cursor(client) as cursor:
        cursor.execute(record["stamp"]["write"])


@contextmanager
def _transaction(client: "Any") -> "Generator[None]":
    """All of the body or nothing of it. Psycopg 3 commits it if no transaction was open; else the caller commits."""
    if hasattr(client, "transaction"):
        with client.transaction():
            yield
        return
    try:
        yield
    except BaseException:
        # After an error, PostgreSQL takes nothing else in this transaction.
        client.rollback()
        raise


@contextmanager
def _cursor(client: "Any") -> "Generator[Any]":
    """A cursor, after which psycopg 3 leaves no new transaction open. Its rows are tuples, whatever the caller set."""
    is_psycopg = hasattr(client, "row_factory")
    options = {"row_factory": import_module("psycopg.rows").tuple_row} if is_psycopg else {}
    with _transaction(client):
        cursor = client.cursor(**options)
        try:
            yield cursor
        finally:
            cursor.close()
