"""`Record`: a tuple whose values have names."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    Any = object


class Record(tuple[Any, ...]):
    """An entry of a list of records: a tuple whose values have names."""

    __slots__ = ()
    _names: "tuple[str, ...]" = ()

    def __repr__(self) -> str:
        values = ", ".join([f"{name}={value!r}" for name, value in zip(self._names, self, strict=True)])
        return f"{type(self).__name__}({values})"

    def to_dict(self) -> "dict[str, Any]":
        """The values by name, as JSON types."""
        return {name: to_json(value) for name, value in zip(self._names, self, strict=True)}


def is_list(value: object) -> bool:
    """Whether a value of a model is a list, which it holds as a tuple."""
    return isinstance(value, tuple)


def to_json(value: "Any") -> "Any":
    """A value of a model as JSON types."""
    if isinstance(value, Record):
        return value.to_dict()
    if is_list(value):
        return [to_json(item) for item in value]
    if hasattr(value, "items"):
        entries: Mapping[str, Any] = value
        return {key: to_json(item) for key, item in entries.items()}
    return value
