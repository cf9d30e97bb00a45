"""Types of values whose form the schema leaves open: the user's own additions, and the sources of facts.

The row form of such a value is a list of tokens, joined by `,`: each scalar is a tag for its type and then its text; a
list is `[` with its length and then its items; an object is a list of keys and values in turn, with `{` instead of `[`.
So a value of any depth needs no further separators.
"""

from math import isfinite
from types import MappingProxyType

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import quote_value
from hypiler.diagnostics.finding import Path
from hypiler.schema import row_text
from hypiler.schema.string_types import Pattern
from hypiler.schema.types import MAX_INTEGER, FieldType, Flag, MapOf, Text, item_keys, unknown_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

_CONSTANTS: "dict[str, Any]" = {"n": None, "b1": True, "b0": False}
_CONSTANT_TOKENS = {constant: token for token, constant in _CONSTANTS.items()}


class _Tokens(FieldType):
    """A value whose row form is a list of tokens."""

    codec = "any"
    hashable = False
    places: tuple[str, ...] = ("MapOf", "Records")

    def encode(self, value: "Any") -> str:
        return ",".join(_tokens(value))

    def decode(self, text: str) -> "Any":
        return _value(iter(text.split(","))) if text else None


class Free(_Tokens):
    """A scalar or a list of scalars, for facts that have no field in the schema."""

    places: tuple[str, ...] = ("MapOf",)
    annotation = "_Scalar | tuple[_Scalar, ...]"
    demand = "a scalar or a list of scalars"

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is list:
            before = len(collector.findings)
            items = tuple([self._scalar(item, collector, (*sub, i)) for i, item in enumerate(value)])
            return items if len(collector.findings) == before else INVALID
        return self._scalar(value, collector, sub)

    def _scalar(self, value: "JSONValue", collector: FindingCollector, sub: Path) -> "Any":
        if type(value) is dict or type(value) is list:
            return collector.wrong_type("a scalar or a list of scalars", value, sub)
        if type(value) is int and abs(value) > MAX_INTEGER:
            return collector.add(
                "M106",
                f"{collector.name(sub)} must be in -{MAX_INTEGER}..{MAX_INTEGER}, got {quote_value(value)}",
                sub,
            )
        if type(value) is float and not isfinite(value):
            return collector.add("M106", f"{collector.name(sub)} must be a finite number", sub)
        return value

    def keys(self, rest: str) -> Path | None:
        return item_keys(rest, super().keys)

    def schema(self) -> "dict[str, Any]":
        scalar: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
        return {"anyOf": [scalar, {"type": "array", "items": scalar}]}


class AnyJson(_Tokens):
    """Any JSON value, objects and lists inside each other included; for facts that a project declares."""

    annotation = "Any"
    demand = "a JSON value"
    places: tuple[str, ...] = ()

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is list:
            found = [self._inside(item, collector, (*sub, i)) for i, item in enumerate(value)]
            return INVALID if INVALID in found else tuple(found)
        if type(value) is dict:
            parts = {key: self._inside(item, collector, (*sub, key)) for key, item in value.items()}
            return INVALID if INVALID in parts.values() else MappingProxyType(parts)
        return _SCALAR.read(value, collector, sub)

    def _inside(self, value: "JSONValue", collector: FindingCollector, sub: Path) -> "Any":
        if len(sub) > _DEEPEST:
            return collector.add("M106", f"{collector.name(sub)} must be at most {_DEEPEST} levels deep", sub)
        return self.read(value, collector, sub)

    def keys(self, rest: str) -> Path | None:
        return item_keys(rest, super().keys)

    def schema(self) -> "dict[str, Any]":
        return {}


# A value that is deeper could not be read back everywhere: each level is a call.
_DEEPEST = 50
_SCALAR = Free()


class Extra(MapOf):
    """The user's own additions.

    Args:
        declared: The types of facts that a project declares, by name. All other facts are free.
    """

    def __init__(self, declared: "Mapping[str, FieldType] | None" = None) -> None:
        super().__init__(_SCALAR)
        self.declared: Mapping[str, FieldType] = declared or {}

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if not self.declared or type(value) is not dict:
            return super().read(value, collector, sub)
        free = {key: item for key, item in value.items() if key not in self.declared}
        others = super().read(free, collector, sub)
        own = {
            key: self.declared[key].read(item, collector, (*sub, key))
            for key, item in value.items()
            if key in self.declared
        }
        if others is INVALID or INVALID in own.values():
            return INVALID
        return MappingProxyType({key: own[key] if key in own else others[key] for key in value})

    def schema(self) -> "dict[str, Any]":
        schema = super().schema()
        return (
            {**schema, "properties": {key: one.schema() for key, one in self.declared.items()}}
            if self.declared
            else schema
        )


_SOURCE: "dict[str, FieldType]" = {
    "url": Pattern(r"https?://[^\s/]+(?:/\S*)?", "M113", "an address that begins with `https://`"),
    "repository": Pattern(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?/[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?",
        "M108",
        "a repository of the form `org/name`",
    ),
    "commit": Pattern(r"[0-9a-f]{7,40}", "M113", "a commit in 7 to 40 lower-case hex digits"),
    "path": Text(),
    "quote": Text(),
    "copy": Flag(),
}


class SourceNote(_Tokens):
    """Where a fact was read: a text, or an object whose parts make a link."""

    annotation = "str | Mapping[str, str | bool]"
    demand = "a text, or an object with `url` or `repository`"

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is str:
            return Text().read(value, collector, sub)
        if type(value) is not dict:
            return collector.wrong_type("a string or an object", value, sub)
        before = len(collector.findings)
        meant = unknown_fields(value.keys() - _SOURCE.keys(), list(_SOURCE), collector, sub)
        # In the order of the table, so that the order of keys in the file changes nothing.
        found = {key: part.read(value[key], collector, (*sub, key)) for key, part in _SOURCE.items() if key in value}
        if not found.keys() & {"url", "repository"} and not meant & {"url", "repository"}:
            collector.add("M101", f"{collector.name(sub)} must have `url` or `repository`", sub)
        return MappingProxyType(found) if len(collector.findings) == before else INVALID

    def keys(self, rest: str) -> Path | None:
        name = rest.removeprefix(".")
        return (name,) if name in _SOURCE and name != rest else super().keys(rest)

    def schema(self) -> "dict[str, Any]":
        return {
            "anyOf": [
                Text().schema(),
                {
                    "type": "object",
                    "properties": {key: part.schema() for key, part in _SOURCE.items()},
                    "additionalProperties": False,
                    "anyOf": [{"required": ["url"]}, {"required": ["repository"]}],
                },
            ]
        }


def _is_list(value: object) -> bool:
    return isinstance(value, tuple)


def _tokens(value: "Any") -> "Iterator[str]":
    """The tokens of a value: a tag and the text of a scalar, or a length and what is inside."""
    if isinstance(value, str):
        yield "'" + row_text.escape_part(value)
    elif value is None or isinstance(value, bool):
        yield _CONSTANT_TOKENS[value]
    elif isinstance(value, int):
        yield f"i{value}"
    elif isinstance(value, float):
        yield f"f{value!r}"
    elif _is_list(value):
        yield f"[{len(value)}"
        for item in value:
            yield from _tokens(item)
    else:
        yield f"{{{2 * len(value)}"
        for key, item in value.items():
            yield from _tokens(key)
            yield from _tokens(item)


def _value(tokens: "Iterator[str]") -> "Any":
    """The value that begins with the next token."""
    token = next(tokens)
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    tag, rest = token[0], token[1:]
    if tag == "'":
        return row_text.unescape(rest)
    if tag == "i":
        return int(rest)
    if tag == "f":
        return float(rest)
    items = [_value(tokens) for _ in range(int(rest))]
    return tuple(items) if tag == "[" else MappingProxyType(dict(zip(items[::2], items[1::2], strict=True)))
