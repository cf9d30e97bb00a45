"""What the records of several stores have in common."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LIMIT = 10
"""How many rows a query of a record returns."""
LOWER, HIGHER = "lower", "higher"
# HNSW as pgvector, OpenSearch, Milvus and FAISS build it by default.
NEIGHBOURS = 16


def score(value: str, better: str) -> "dict[str, str]":
    """What number a query returns, and whether a lower or a higher one is nearer."""
    return {"value": value, "better": better}


def parts(
    *,
    type: str,
    metric: str,
    create: "Any",
    query: "Any",
    score: "dict[str, str]",
    stamp: "dict[str, Any]",
    ddl: str,
    notes: "Iterable[str]" = (),
) -> "dict[str, Any]":
    """The parts of a record that each store makes, in the order in which they are shown."""
    return {
        "type": type,
        "metric": metric,
        "create": create,
        "query": query,
        "score": score,
        "stamp": stamp,
        "notes": [*notes],
        "ddl": ddl,
    }


def sql_script(statements: "Iterable[str]", notes: "Iterable[str]", query: str, read: str) -> str:
    """Statements of SQL with the query and the check as comments."""
    remarks = "".join([f"-- {note}\n" for note in notes])
    body = "".join([f"{statement};\n" for statement in statements])
    return f"{remarks}{body}-- query: {query}\n-- the stamp, for hypiler.space.check: {read}\n"


def json_text(body: object) -> str:
    """A body of a request."""
    from json import dumps

    return dumps(body, indent=2) + "\n"
