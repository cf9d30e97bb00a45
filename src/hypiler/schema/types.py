"""The types of values. Each type checks, describes, encodes and decodes its values.

- `read` checks a JSON value. It never raises for bad input and never coerces: `true` is not an integer.
- `schema`, `annotation` and `demand` describe the type: as JSON Schema, as a Python type, and in words.
- `encode` and `decode` convert between a value and its text in a row: see `row_text`.

Types compose: `ListOf(Score())`, `MapOf(Integer())`, a `Flag` inside `Records`. Some compositions have no row form.
They raise CompositionError when they are created, so when the table of fields is imported.
"""

from math import isfinite
from types import MappingProxyType

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import quote_name, quote_value
from hypiler.diagnostics.finding import Path
from hypiler.schema import row_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

# The largest integer that every JSON reader keeps exactly.
MAX_INTEGER = 2**53 - 1
_EMPTY: "Mapping[str, Any]" = MappingProxyType({})
_REMEMBERED = 500
# These have a row form inside lists, mappings and records.
_SCALAR_CODECS = frozenset({"str", "int", "float", "bool"})
# The number of an item behind the path of a list, and what follows.
_ITEM = r"(?:\[([0-9]{1,9})\]|\.([0-9]{1,9})(?![^.\[]))([^\n]*)"
# The codecs that generated modules know by name. They parse any other codec as a composition of scalar codecs.
_CODECS = frozenset({*_SCALAR_CODECS, "type", "any"})


class CompositionError(TypeError):
    """A type was used in a place for which rows have no form."""


class FieldType:
    """The type of a field's values.

    Attributes:
        codec: The name of the row form. It tells generated modules how to decode a field: `int`; `float;` for a list
            whose items are joined by semicolons; `{int}` for a mapping; `Name(part=int;other=str,)` for a list of
            records; `Name*` for such a list inside another record.
        annotation: The Python type of the attribute in `ModelInfo`.
        demand: What a value must be, in words.
        unit: What a number counts.
        empty: The value of a field that the file leaves out.
        hashable: Whether values can be keys of a dictionary.
        places: Where the type can be used: the class names of `Field` and of the types that can hold it.
    """

    codec = ""
    annotation = ""
    demand = ""
    unit = ""
    empty: object = None
    hashable = True
    places: tuple[str, ...] = ("Field", "ListOf", "MapOf", "Records")

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        """The value as `ModelInfo` holds it, or INVALID with at least one finding added to `collector`."""
        raise NotImplementedError

    def schema(self) -> "dict[str, Any]":
        """The type as JSON Schema (2020-12)."""
        raise NotImplementedError

    def encode(self, value: "Any") -> str:
        """The text of a value as a field of a row. The value is never None."""
        raise NotImplementedError

    def decode(self, text: str) -> "Any":
        """The value of a field's text; `empty` for an empty text."""
        raise NotImplementedError

    def encode_part(self, value: "Any") -> str:
        """The text of a value inside a list, a mapping or a record."""
        return self.encode(value)

    def decode_part(self, text: str) -> "Any":
        """The value of a text that `encode_part` wrote."""
        return self.decode(text)

    @property
    def part_codec(self) -> str:
        """The name of the row form of a value inside a mapping or a record."""
        return self.codec

    def parts(self) -> "Iterator[FieldType]":
        """The type itself, and the types that it is composed of."""
        yield self

    def keys(self, rest: str) -> Path | None:
        """The keys of a part of a value, from what follows the path of the value: `[0].sha256`.

        Empty for the value itself; None if no value of the type has such a part.
        """
        return None if rest else ()

    def check_place(self, place: str) -> None:
        """Raise CompositionError if the type cannot be used in `place`, the name of a class."""
        if place not in self.places:
            raise CompositionError(
                f"{place} cannot hold {type(self).__name__}: rows have no form for it; it can stand in:"
                f" {', '.join(self.places)}"
            )
        if self.codec.isalpha() and self.codec not in _CODECS:
            raise CompositionError(
                f"{type(self).__name__} has the codec {self.codec!r}, which no generated module decodes"
            )


class String(FieldType):
    """A value that is text."""

    codec = "str"
    annotation = "str"

    def encode(self, value: "Any") -> str:
        """The text, escaped."""
        return row_text.escape(value)

    def encode_part(self, value: "Any") -> str:
        """The text, with the separators of items and parts escaped as well."""
        return row_text.escape_part(value)

    def decode(self, text: str) -> "Any":
        """The text behind what `encode` or `encode_part` wrote."""
        return row_text.unescape(text)


class Text(String):
    """A string. It may be blank only if `blank` is true: an empty prefix means that there is known to be none."""

    demand = "a string"

    def __init__(self, *, blank: bool = False) -> None:
        self.blank = blank

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not str:
            return collector.wrong_type("a string", value, sub)
        if not self.blank and not value.strip():
            return collector.add("M105", f"{collector.name(sub)} must not be empty", sub)
        return value

    def schema(self) -> "dict[str, Any]":
        return {"type": "string"} if self.blank else {"type": "string", "pattern": r"\S"}


class Integer(FieldType):
    """A whole number; `unit` says what it counts."""

    codec = "int"
    annotation = "int"

    def __init__(self, unit: str = "", *, minimum: int = 1) -> None:
        self.minimum = minimum
        self.unit = unit
        self.demand: str = f"an integer, at least {minimum}" + (f" ({unit})" if unit else "")

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not int:
            return collector.wrong_type("an integer", value, sub)
        if value < self.minimum:
            return collector.add(
                "M106",
                f"{collector.name(sub)} must be at least {self.minimum}, got {quote_value(value)}",
                sub,
            )
        if value > MAX_INTEGER:
            return collector.add(
                "M106",
                f"{collector.name(sub)} must be at most {MAX_INTEGER}, got {quote_value(value)}",
                sub,
            )
        return value

    def schema(self) -> "dict[str, Any]":
        return {"type": "integer", "minimum": self.minimum, "maximum": MAX_INTEGER}

    def encode(self, value: "Any") -> str:
        return str(value)

    def decode(self, text: str) -> "Any":
        return int(text) if text else None


class Number(FieldType):
    """A finite number."""

    codec = "float"
    annotation = "float"
    demand = "a finite number"

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not float and type(value) is not int:
            return collector.wrong_type("a number", value, sub)
        if not isfinite(value) or abs(value) > MAX_INTEGER:
            return collector.add(
                "M106",
                f"{collector.name(sub)} must be a number in -{MAX_INTEGER}..{MAX_INTEGER}, got {quote_value(value)}",
                sub,
            )
        return float(value)

    def schema(self) -> "dict[str, Any]":
        return {"type": "number", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER}

    def encode(self, value: "Any") -> str:
        return repr(value)

    def decode(self, text: str) -> "Any":
        return float(text) if text else None


class Score(FieldType):
    """A score as a fraction in 0..1; `unit` names the measure."""

    codec = "float"
    annotation = "float"
    demand = "a number in 0..1"

    def __init__(self, unit: str = "") -> None:
        self.unit = unit

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not float and type(value) is not int:
            return collector.wrong_type("a number", value, sub)
        if 0 <= value <= 1:
            return float(value)
        help = f"scores are fractions: did you mean {round(value / 100, 6)}?" if 1 < value <= 100 else None
        return collector.add(
            "M106",
            f"{collector.name(sub)} must be a number in 0..1, got {quote_value(value)}",
            sub,
            help=help,
        )

    def schema(self) -> "dict[str, Any]":
        return {"type": "number", "minimum": 0, "maximum": 1}

    def encode(self, value: "Any") -> str:
        return repr(value)

    def decode(self, text: str) -> "Any":
        return float(text) if text else None


class Flag(FieldType):
    """A boolean."""

    codec = "bool"
    annotation = "bool"
    demand = "true or false"

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        return value if type(value) is bool else collector.wrong_type("a boolean", value, sub)

    def schema(self) -> "dict[str, Any]":
        return {"type": "boolean"}

    def encode(self, value: "Any") -> str:
        return "1" if value else "0"

    def decode(self, text: str) -> "Any":
        return text == "1" if text else None


class OneOf(String):
    """A word of a closed list; `annotation` is the name of the list's type alias in the stub."""

    def __init__(self, annotation: str, *choices: str) -> None:
        self.annotation = annotation
        self.choices = choices

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is str:
            return value if value in self.choices else collector.unknown_value(self.choices, value, sub)
        return collector.wrong_type("a string", value, sub)

    def schema(self) -> "dict[str, Any]":
        return {"enum": list(self.choices)}


class ListOf(FieldType):
    """A list of scalars without duplicates; a tuple in `ModelInfo`."""

    empty: object = ()
    places: tuple[str, ...] = ("Field", "MapOf", "Records")

    def __init__(self, item: FieldType, *, at_least: int = 0) -> None:
        item.check_place("ListOf")
        self.item = item
        self.at_least = at_least
        self.codec: str = f"{item.codec};"
        self.annotation: str = f"tuple[{item.annotation}, ...]"
        self.unit: str = item.unit
        # A cache of lists of words that passed before, since the models of a registry repeat a few lists.
        self.passed: set[tuple[str, ...]] = set()

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not list:
            return collector.wrong_type("an array", value, sub)
        if all(type(item) is str for item in value) and tuple(value) in self.passed:
            return tuple(value)
        if len(value) < self.at_least:
            return collector.add("M105", f"{collector.name(sub)} must not be empty", sub)
        found = self._read(value, collector, sub)
        if self.item.codec == "str" and found is not INVALID and len(self.passed) < _REMEMBERED:
            self.passed.add(found)
        return found

    def _read(self, value: "list[JSONValue]", collector: FindingCollector, sub: Path) -> "Any":
        before = len(collector.findings)
        read = self.item.read
        items = tuple([read(item, collector, (*sub, i)) for i, item in enumerate(value)])
        if len(collector.findings) > before:
            return INVALID
        if len(set(items)) < len(items):
            seen: set[object] = set()
            for i, item in enumerate(items):
                if item in seen:
                    collector.add(
                        "M115",
                        f"{collector.name((*sub, i))} repeats {quote_value(item)}",
                        (*sub, i),
                    )
                seen.add(item)
            return INVALID
        return items

    @property
    def part_codec(self) -> str:
        return f"{self.item.codec},"

    def parts(self) -> "Iterator[FieldType]":
        yield from (self, *self.item.parts())

    def keys(self, rest: str) -> Path | None:
        return item_keys(rest, self.item.keys)

    def schema(self) -> "dict[str, Any]":
        least = {"minItems": self.at_least} if self.at_least else {}
        return {
            "type": "array",
            "items": self.item.schema(),
            "uniqueItems": True,
            **least,
        }

    def encode(self, value: "Any") -> str:
        return ";".join(map(self.item.encode_part, value))

    def decode(self, text: str) -> "Any":
        return tuple(map(self.item.decode_part, text.split(";"))) if text else ()

    def encode_part(self, value: "Any") -> str:
        return ",".join(map(self.item.encode_part, value))

    def decode_part(self, text: str) -> "Any":
        return tuple(map(self.item.decode_part, text.split(","))) if text else ()


class MapOf(FieldType):
    """An object with any keys, whose values are of one type; a read-only mapping in `ModelInfo`."""

    empty: object = _EMPTY
    hashable = False
    places: tuple[str, ...] = ("Field",)

    def __init__(self, value: FieldType) -> None:
        value.check_place("MapOf")
        self.value = value
        self.codec: str = f"{{{value.part_codec}}}"
        self.annotation: str = f"Mapping[str, {value.annotation}]"

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not dict:
            return collector.wrong_type("an object", value, sub)
        before = len(collector.findings)
        read = self.value.read
        found = {key: read(item, collector, (*sub, key)) for key, item in value.items()}
        if "" in found:
            collector.add(
                "M105",
                f"a key of {collector.name(sub)} must not be empty",
                (*sub, ""),
                at="key",
            )
        return MappingProxyType(found) if len(collector.findings) == before else INVALID

    def parts(self) -> "Iterator[FieldType]":
        yield from (self, *self.value.parts())

    def keys(self, rest: str) -> Path | None:
        if rest[:1] != "." or rest == ".":
            return None if rest else ()
        # A key may hold dots, as the name of a file does.
        key, bracket, item = rest[1:].partition("[")
        inside = self.value.keys(bracket + item)
        return (rest[1:],) if inside is None else (key, *inside)

    def schema(self) -> "dict[str, Any]":
        return {
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": self.value.schema(),
        }

    def encode(self, value: "Any") -> str:
        write = self.value.encode_part
        return ";".join([f"{row_text.escape_part(key)}={write(item)}" for key, item in value.items()])

    def decode(self, text: str) -> "Any":
        pairs = [item.partition("=") for item in text.split(";")] if text else []
        return MappingProxyType({row_text.unescape(key): self.value.decode_part(item) for key, _, item in pairs})


class Records(FieldType):
    """A list of objects with fields of their own; a tuple of records in `ModelInfo`.

    A list of records can be a part of other records. Its class must then also be that of a field that comes before.

    Args:
        record: The name of the records' class.
        fields: By name: the type of each part, whether it is required, and what it means.

    Raises CompositionError if a part has no row form. At least one part must be a required scalar: otherwise the text
    of a record could be empty, and look like no record.
    """

    empty: object = ()
    places: tuple[str, ...] = ("Field", "Records")

    def __init__(self, record: str, **fields: "tuple[FieldType, bool, str]") -> None:
        for part, _, _ in fields.values():
            part.check_place("Records")
        if not any(required and part.codec in _SCALAR_CODECS for part, required, _ in fields.values()):
            raise CompositionError(
                f"{record} must have a required part that is a scalar: rows have no other form for it"
            )
        self.record = record
        self.fields = fields
        self.annotation: str = f"tuple[{record}, ...]"
        parts = ";".join([f"{name}={part.part_codec}" for name, (part, _, _) in fields.items()])
        self.codec: str = f"{record}({parts})"
        self.hashable: bool = all(part.hashable for part, _, _ in fields.values())

    def parts(self) -> "Iterator[FieldType]":
        yield self
        for part, _, _ in self.fields.values():
            yield from part.parts()

    def keys(self, rest: str) -> Path | None:
        return item_keys(rest, self._record_keys)

    def _record_keys(self, rest: str) -> Path | None:
        name = next((name for name in self.fields if _is_path(f".{name}", rest)), None)
        if name is None:
            return None if rest else ()
        inside = self.fields[name][0].keys(rest[1 + len(name) :])
        return None if inside is None else (name, *inside)

    @property
    def part_codec(self) -> str:
        return f"{self.record}*"

    def part_annotation(self, name: str) -> str:
        """The Python type of a record's attribute."""
        part, required, _ = self.fields[name]
        return part.annotation + ("" if required or part.empty is not None else " | None")

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not list:
            return collector.wrong_type("an array", value, sub)
        before = len(collector.findings)
        found = tuple([self._record(item, collector, (*sub, i)) for i, item in enumerate(value)])
        return found if len(collector.findings) == before else INVALID

    def _record(self, value: "JSONValue", collector: FindingCollector, sub: Path) -> "Any":
        if type(value) is not dict:
            return collector.wrong_type("an object", value, sub)
        meant = unknown_fields(value.keys() - self.fields.keys(), list(self.fields), collector, sub)
        row: list[Any] = []
        for key, (field_type, required, _) in self.fields.items():
            if key in value:
                row.append(field_type.read(value[key], collector, (*sub, key)))
            else:
                row.append(field_type.empty)
                if required and key not in meant:
                    collector.add("M101", f"{collector.name(sub)} is missing the required field `{key}`", (*sub, key))
        return tuple(row)

    def schema(self) -> "dict[str, Any]":
        properties = {
            key: {**field_type.schema(), "description": doc} for key, (field_type, _, doc) in self.fields.items()
        }
        required = [key for key, (_, required, _) in self.fields.items() if required]
        item = {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
        return {"type": "array", "items": item}

    def encode(self, value: "Any") -> str:
        return ";".join(map(self._encode_record, value))

    def _encode_record(self, record: "Any") -> str:
        parts = zip(self.fields.values(), record, strict=True)
        return "=".join(["" if value is None else part.encode_part(value) for (part, _, _), value in parts])

    def decode(self, text: str) -> "Any":
        return tuple(map(self._decode_record, text.split(";"))) if text else ()

    def encode_part(self, value: "Any") -> str:
        # Escaped as a whole, so that its separators are none of the record around it.
        return row_text.escape_part(self.encode(value)) if value else ""

    def decode_part(self, text: str) -> "Any":
        return self.decode(row_text.unescape(text) or "")

    def _decode_record(self, text: str) -> "tuple[Any, ...]":
        parts = zip(self.fields.values(), text.split("="), strict=True)
        return tuple([part.decode_part(value) for (part, _, _), value in parts])


def item_keys(rest: str, inside: "Callable[[str], Path | None]") -> Path | None:
    """The keys of an item of a list, or of a part of it, which `inside` knows; none for the list itself."""
    from re import fullmatch  # imported here: a build asks for no path

    item = fullmatch(_ITEM, rest)
    if item is None:
        return None if rest else ()
    bracketed, dotted, more = item.groups()
    keys = inside(more)
    return None if keys is None else (int(bracketed or dotted), *keys)


def _is_path(start: str, path: str) -> bool:
    """Whether a path is `start`, or goes on inside of it."""
    return path.startswith(start) and path[len(start) : len(start) + 1] in ("", ".", "[")


def unknown_fields(
    keys: "Iterable[str]",
    known: list[str],
    collector: FindingCollector,
    sub: Path = (),
    *,
    help_for: "Callable[[str], str | None]" = lambda _: None,
    otherwise: str | None = None,
) -> set[str]:
    """Report unknown keys. Return the keys that were probably meant.

    The caller does not report a key among these as missing: it is there, misspelled.

    Args:
        keys: The unknown keys.
        known: The keys that may stand there. The nearest one is suggested.
        collector: Where the findings go.
        sub: The path below the field that is being read.
        help_for: The help for a key that is known by another name. It comes first.
        otherwise: The help for a key that is near to nothing.
    """
    meant: set[str] = set()
    where = f" in {collector.name(sub)}" if collector.field_path + sub else ""
    for key in keys:
        help = (help_for(key) or collector.did_you_mean(key, known) or otherwise) if collector.suggests else None
        collector.add("M102", f"unknown field {quote_name(key)}{where}", (*sub, key), help=help, at="key")
        if help:
            meant.add(help.split("`")[1])
    return meant.intersection(known)
