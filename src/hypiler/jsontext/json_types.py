"""The type of a JSON value, for type checkers."""

from typing import Any, TypeAlias

JSONValue: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None
"""The parts of objects and lists are JSON values too. They are `Any` here: checkers narrow recursive types badly."""
