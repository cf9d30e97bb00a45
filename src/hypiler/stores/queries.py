"""Queries of records, which have a place for the vector."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    Any = object

PLACE = "$1"
"""What stands for the vector of the query. In SQL it is the parameter itself."""


def with_vector(query: "Any", vector: "Any") -> "Any":
    """A query of a record with the vector in its place; the record's own query is not changed.

    `query` is `record["query"]` of a store whose queries are not SQL. The vector may have any type that the store's
    client takes.
    """
    parts: Any = query
    if isinstance(query, dict):
        return {key: with_vector(value, vector) for key, value in parts.items()}
    if isinstance(query, list):
        return [with_vector(value, vector) for value in parts]
    return vector if isinstance(query, str) and query == PLACE else parts
