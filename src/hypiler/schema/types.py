"""The kinds of value a field can take: each checks a value, describes itself to JSON Schema, and names its Python type.

A kind never raises for bad input and never coerces: `true` is no integer, `"768"` is no number.
"""

from math import isfinite

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import nearest, quote_name, quote_value
from hypiler.diagnostics.finding import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

# The largest integer that every JSON reader keeps exact.
MAX_INTEGER = 2**53 - 1
_EMPTY: "dict[str, Any]" = {}
_REMEMBERED = 500


class FieldType:
    """The type of a field's values.

    Attributes:
        codec: The name of its row form, which `row_codec` writes and `runtime` reads.
        annotation: The Python type that a reader of `ModelInfo` sees.
        demand: What a value must be, in words.
        unit: What a number counts.
        empty: The value of a field that the file leaves out.

    """

    codec = ""
    annotation = ""
    demand = ""
    unit = ""
    empty: object = None

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        """The value as `ModelInfo` holds it, or INVALID with at least one finding added to `faults`."""
        raise NotImplementedError

    def schema(self) -> "dict[str, Any]":
        """The same demand in JSON Schema (2020-12)."""
        raise NotImplementedError


class Text(FieldType):
    """A string; not blank unless `blank` is true, since a prefix may be known to be none."""

    codec = "str"
    annotation = "str"
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
    """A whole number of some unit."""

    codec = "int"
    annotation = "int"

    def __init__(self, unit: str = "", *, minimum: int = 1) -> None:
        self.minimum = minimum
        self.unit = unit
        self.demand = f"an integer, at least {minimum}" + (f" ({unit})" if unit else "")

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


class Score(FieldType):
    """A fraction in 0..1 of some measure."""

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


class Flag(FieldType):
    """A boolean."""

    codec = "bool"
    annotation = "bool"
    demand = "true or false"

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        return value if type(value) is bool else collector.wrong_type("a boolean", value, sub)

    def schema(self) -> "dict[str, Any]":
        return {"type": "boolean"}


class OneOf(FieldType):
    """A word of a closed list; `annotation` names the alias that the stub defines for the list."""

    codec = "str"

    def __init__(self, annotation: str, *words: str) -> None:
        self.annotation = annotation
        self.words = words

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is str:
            return value if value in self.words else collector.unknown_value(self.words, value, sub)
        return collector.wrong_type("a string", value, sub)

    def schema(self) -> "dict[str, Any]":
        return {"enum": list(self.words)}


class ListOf(FieldType):
    """A list without repetitions; a tuple in `ModelInfo`."""

    empty: object = ()

    def __init__(self, item: FieldType, *, at_least: int = 0) -> None:
        self.item = item
        self.at_least = at_least
        self.codec = item.codec + "s"
        self.annotation = f"tuple[{item.annotation}, ...]"
        self.unit = item.unit
        # Lists of words that were in order before: a registry holds the same few again and again.
        self.passed: set[tuple[str, ...]] = set()

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not list:
            return collector.wrong_type("an array", value, sub)
        if all(type(item) is str for item in value) and tuple(value) in self.passed:
            return tuple(value)
        if len(value) < self.at_least:
            return collector.add("M105", f"{collector.name(sub)} must not be empty", sub)
        found = self._read(value, collector, sub)
        if self.codec == "strs" and found is not INVALID and len(self.passed) < _REMEMBERED:
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

    def schema(self) -> "dict[str, Any]":
        least = {"minItems": self.at_least} if self.at_least else {}
        return {
            "type": "array",
            "items": self.item.schema(),
            "uniqueItems": True,
            **least,
        }


class MapOf(FieldType):
    """An object whose keys are the user's own and whose values are of one kind; a read-only mapping in `ModelInfo`."""

    codec = "mapping"
    empty: object = _EMPTY

    def __init__(self, value: FieldType) -> None:
        self.value = value
        self.annotation = f"Mapping[str, {value.annotation}]"

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
        return found if len(collector.findings) == before else INVALID

    def schema(self) -> "dict[str, Any]":
        return {
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": self.value.schema(),
        }


class Free(FieldType):
    """A scalar or a list of scalars, for facts that the schema has no field for."""

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

    def schema(self) -> "dict[str, Any]":
        scalar: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
        return {"anyOf": [scalar, {"type": "array", "items": scalar}]}


class Extra(MapOf):
    """The user's own additions."""

    codec = "extra"

    def __init__(self) -> None:
        super().__init__(Free())


class Records(FieldType):
    """A list of objects with fields of their own; a tuple of records in `ModelInfo`."""

    empty: object = ()

    def __init__(self, codec: str, record: str, **fields: "tuple[FieldType, bool, str]") -> None:
        self.codec = codec
        self.record = record
        self.fields = fields
        self.annotation = f"tuple[{record}, ...]"

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
                row.append(None)
                if required and key not in meant:
                    collector.add("M101", f"{collector.name(sub)} lacks the required field `{key}`", (*sub, key))
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


def unknown_fields(keys: "Iterable[str]", known: list[str], collector: FindingCollector, sub: Path = ()) -> set[str]:
    """Note keys that the schema does not have; the keys that they were probably meant to be.

    A required key among these is misspelled, so it is not missing besides.
    """
    meant: set[str] = set()
    where = f" in {collector.name(sub)}" if collector.field_path + sub else ""
    for key in keys:
        near = nearest(key, known)
        help = f"did you mean `{near}`?" if near else None
        collector.add("M102", f"unknown field {quote_name(key)}{where}", (*sub, key), help=help, at="key")
        if near:
            meant.add(near)
    return meant
