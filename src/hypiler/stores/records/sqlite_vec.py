"""sqlite-vec: a virtual table, whose metric stands in its own statement, and a side table for stamps."""

from hypiler.stores.names import literal, sqlite_table
from hypiler.stores.records.common import LIMIT, LOWER, parts, score, sql_script
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The statements, the query and the place of the stamp. Of a column, vec0 takes only a bare name."""
    table, word = sqlite_table(name), spec_of("sqlite-vec").metrics[metric]
    type = f"{form.type}[{plan.dimension}]"
    write = (
        f"INSERT OR REPLACE INTO hypiler_spaces VALUES ({literal(name)}, {literal(field)},"
        f" {literal(stamp_json({KEY: plan.stamp}))})"
    )
    create = [
        f"CREATE VIRTUAL TABLE {table} USING vec0"
        f"(id INTEGER PRIMARY KEY, {field} {type} distance_metric={word}, +text TEXT)",
        'CREATE TABLE IF NOT EXISTS hypiler_spaces ("table" TEXT, "column" TEXT, stamp TEXT NOT NULL,'
        ' PRIMARY KEY ("table", "column"))',
        write,
    ]
    read = f'SELECT stamp FROM hypiler_spaces WHERE "table" = {literal(name)} AND "column" = {literal(field)}'
    query = f"SELECT id, text, distance FROM {table} WHERE {field} MATCH ?1 AND k = {LIMIT} ORDER BY distance"
    return parts(
        type=type,
        metric=word,
        create=create,
        query=query,
        score=score("1 - cosine" if metric == "cosine" else "distance", LOWER),
        stamp={"place": "the table hypiler_spaces", "write": write, "read": read},
        ddl=sql_script(create, (), query, read),
    )
