"""Whether a value of unknown type is a list or a mapping, so that type checkers know it as well."""

from typing import Any, TypeGuard


def is_mapping(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a dictionary. Its keys are text wherever JSON or a table is read."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a list."""
    return isinstance(value, list)
