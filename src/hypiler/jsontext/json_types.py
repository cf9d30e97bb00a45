"""The type of what a JSON text holds; for checkers only."""

from typing import Any, TypeAlias

JSONValue: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None
"""The parts of objects and arrays are of this type again; checkers cannot narrow a recursive one well."""
