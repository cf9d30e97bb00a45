"""Integers of Python and of other libraries."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def as_integer(value: "Any") -> int | None:
    """The integer that a value is, such as one of NumPy or a member of an IntEnum; None for a bool and for the rest."""
    try:
        found: int | None = None if type(value) is bool else value.__index__()
    except (AttributeError, TypeError):
        return None
    return found
