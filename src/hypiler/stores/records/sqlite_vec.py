"""sqlite-vec: a virtual table, whose metric stands in its own statement, and a side table for stamps."""

from functools import partial

from hypiler.stores.names import literal, sqlite_table
from hypiler.stores.records.common import LIMIT, LOWER, parts, score, sql_script
from hypiler.stores.records.sql import run, transaction, value
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT = ("a connection of `apsw` or `sqlite3`", ("execute", "in_transaction"))
_SIDE_TABLE = (
    'CREATE TABLE IF NOT EXISTS hypiler_spaces ("table" TEXT COLLATE NOCASE, "column" TEXT COLLATE NOCASE,'
    ' stamp TEXT NOT NULL, statement TEXT NOT NULL, PRIMARY KEY ("table", "column"))'
)
_STALE = (
    "DROP TABLE leaves the stamp in the table hypiler_spaces: delete its row as well, or a table that the same"
    " statement makes again has this stamp"
)


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The statements, the query and the place of the stamp. Of a column, vec0 takes only a bare name."""
    table, word = sqlite_table(name), spec_of("sqlite-vec").metrics[metric]
    type = f"{form.type}[{plan.dimension}]"
    # DROP TABLE leaves the row of a stamp. The statement that made the table tells it from one that is made later.
    write = (
        f"INSERT OR REPLACE INTO hypiler_spaces SELECT {literal(name)}, {literal(field)},"
        f" {literal(stamp_json({KEY: plan.stamp}))}, sql FROM sqlite_master WHERE {_named(name)}"
    )
    create = [
        f"CREATE VIRTUAL TABLE {table} USING vec0"
        f"(id INTEGER PRIMARY KEY, {field} {type} distance_metric={word}, +text TEXT)",
        _SIDE_TABLE,
        write,
    ]
    read = (
        "SELECT stamp FROM hypiler_spaces, sqlite_master"
        f' WHERE "table" = {literal(name)} AND "column" = {literal(field)} AND statement = sql AND {_named(name)}'
    )
    query = f"SELECT id, text, distance FROM {table} WHERE {field} MATCH ?1 AND k = {LIMIT} ORDER BY distance"
    return parts(
        type=type,
        metric=word,
        create=create,
        query=query,
        score=score("1 - cosine" if metric == "cosine" else "distance", LOWER),
        stamp={"place": "the table hypiler_spaces", "write": write, "read": read},
        notes=[_STALE],
        ddl=sql_script(create, (_STALE,), query, read),
    )


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a table of this name. SQLite finds it whatever the case of its letters is."""
    return _is_table(record["name"], client)


def create(record: "Mapping[str, Any]", client: "Any") -> None:
    """All statements in one transaction, or in a savepoint of the caller's."""
    begin, commit, rollback = "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"
    if client.in_transaction:
        begin, commit, rollback = "SAVEPOINT hypiler", "RELEASE hypiler", "ROLLBACK TO hypiler"
    with transaction(*[partial(client.execute, words) for words in (begin, commit, rollback)]):
        run(client, record["create"])


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The stamp in the side table, which may be missing."""
    if not _is_table("hypiler_spaces", client):
        return None
    row = client.execute(record["stamp"]["read"]).fetchone()
    return None if row is None else value(row)


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """Its row in the side table."""
    run(client, [_SIDE_TABLE, record["stamp"]["write"]])


def _is_table(name: str, client: "Any") -> bool:
    return client.execute(f"SELECT 1 FROM sqlite_master WHERE {_named(name)}").fetchone() is not None


def _named(name: str) -> str:
    """The condition for the row of a table or a view in SQLite's own table of them."""
    return f"type IN ('table', 'view') AND name = {literal(name)} COLLATE NOCASE"
