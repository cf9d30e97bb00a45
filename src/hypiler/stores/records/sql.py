"""What stores with tables have in common: a missing column, and statements that are run whole or not at all."""

from contextlib import contextmanager

from hypiler._text import one_line
from hypiler.stores.errors import NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from typing import Any


def run(client: "Any", statements: "Iterable[str]") -> None:
    """Run statements one after the other."""
    for statement in statements:
        client.execute(statement)


def held_by_column(record: "Mapping[str, Any]", row: "Any") -> "Any":
    """What `record["stamp"]["read"]` found: one value. Raises NotFoundError if it found no row."""
    if row is None:
        raise no_column(record)
    return value(row)


def no_column(record: "Mapping[str, Any]") -> NotFoundError:
    """The error for a table that has no such column."""
    name, field = one_line(record["name"], 200), one_line(record["field"], 200)
    return NotFoundError(f"{record['store']}: the table `{name}` has no column `{field}`")


def value(row: "Any") -> "Any":
    """The one value of a row, which is a tuple or, by the caller's settings, a dictionary."""
    return next(iter(row.values())) if hasattr(row, "values") else row[0]


@contextmanager
def transaction(
    begin: "Callable[[], Any]", commit: "Callable[[], Any]", rollback: "Callable[[], Any]"
) -> "Generator[None]":
    """All of the body or nothing of it."""
    begin()
    try:
        yield
    except BaseException:
        rollback()
        raise
    commit()
