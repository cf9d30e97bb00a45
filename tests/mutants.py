"""A corpus of registries, each one change away from a valid one: every field and every part, with values of all kinds.

`hypiler check` and the JSON Schema must judge each of them alike, apart from the differences that `DIFFERENCES` lists.
Two validators read the schema: jsonschema in tests/property/test_mutants.py, and ajv in tools/check_schema_with_ajv.py.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from strategies import at, elsewhere, plain_model, plain_value, registry_of, replaced

from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.finding import Finding
from hypiler.emit.json_schema import json_schema
from hypiler.schema.fields import FIELDS
from hypiler.schema.free_types import SourceNote
from hypiler.schema.own_facts import KINDS, OwnFacts
from hypiler.schema.requirements import Requirements
from hypiler.schema.string_types import Pattern
from hypiler.schema.types import MAX_INTEGER, FieldType, ListOf, MapOf, OneOf, Records, String, Text

Path = tuple[str | int, ...]

OWN = OwnFacts({f"own_{number}": kind for number, kind in enumerate(KINDS)})
OPTIONS: dict[str, tuple[Requirements, OwnFacts]] = {
    "default": (Requirements(), OwnFacts()),
    "core": (Requirements("core"), OwnFacts()),
    "own facts": (Requirements(["extra.own_0"], OWN.words), OWN),
}
"""Options of projects: what they require, and which facts they add."""


@dataclass(frozen=True)
class Mutant:
    """A registry, and where it was changed.

    Attributes:
        options: The key of `OPTIONS`.
        path: The place that was changed, below the registry.
        tree: The registry.
    """

    options: str
    path: Path
    tree: Any

    @property
    def place(self) -> str:
        """The options and the path, without the number of an item."""
        return f"{self.options}: {'.'.join(['[]' if type(part) is int else str(part) for part in self.path[2:]])}"

    def __str__(self) -> str:
        here: Any = self.tree
        try:
            for part in self.path:
                here = here[part]
        except (KeyError, IndexError):
            return f"{self.place} is missing"
        except TypeError:
            pass
        return f"{self.place} = {json.dumps(here)[:200]}"

    def findings(self) -> list[Finding]:
        """The errors that `hypiler check` reports."""
        required, own = OPTIONS[self.options]
        data = json.dumps(self.tree).encode()
        found = compile_registry([("models.json", data)], required=required, own_facts=own).findings
        return [finding for finding in found if finding.severity == ERROR]


Explains = Callable[[Finding, Any], bool]
"""Whether a difference explains that `hypiler check` alone reports a finding about a value."""

# Rules between values which the schema can say as well.
_IN_BOTH = {"M225", "M230", "M231", "M232"}
DIFFERENCES: dict[str, Explains] = {
    "a whole number with a decimal point": lambda f, value: f.code == "M103" and value == 7.0,
    "a day that does not exist in the calendar": lambda f, value: f.code == "M109" and value == "2024-02-30",
    "a language code that ISO 639 does not have, or that has a two-letter form": lambda f, value: (
        f.code == "M111" and value in ("eng", "deu", "xx")
    ),
    "a licence with a parenthesis too many or too few": lambda f, value: f.code == "M112" and value in ("(MIT", "MIT)"),
    "under `extra`, an integer beyond 2^53 - 1 in a fact without a declared number type": lambda f, value: (
        f.code == "M106" and f.path[2] == "extra" and value in (MAX_INTEGER + 1, -MAX_INTEGER - 1)
    ),
    "under `extra`, a `json` fact of more than 50 levels": lambda f, value: f.code == "M106" and type(value) is list,
    "a rule between values, ids or names (M2 and M3)": lambda f, value: f.code[1] in "23" and f.code not in _IN_BOTH,
}
"""What `hypiler check` alone reports, as docs/models-json.md lists it. The schema cannot say it, or not legibly."""

LINE_END: dict[str, Explains] = {
    "a line end after a text of a fixed form": lambda f, value: f.code > "M106" and str(value).endswith("\n")
}
"""What only validators with Python's regular expressions let pass: `$` also matches before the last line end."""

BLANK: dict[str, Explains] = {
    "a text of nothing but U+001C to U+001F or U+0085": lambda f, value: f.code == "M105" and value == "\x1c"
}
"""What only validators with the regular expressions of ECMAScript let pass: there, `\\s` is not Python's."""

BYTE_ORDER_MARK = "a text of nothing but U+FEFF"
"""What validators with the regular expressions of ECMAScript refuse, and `hypiler check` accepts."""


def disagreement(mutant: Mutant, valid: bool, differences: dict[str, Explains], used: set[str]) -> str | None:
    """How `hypiler check` and a validator differ about a registry, or None if they agree or a difference explains it.

    Differences that explain something are added to `used`.
    """
    findings = mutant.findings()
    if valid != bool(findings):
        return None
    if not valid:
        return f"only the schema refuses {mutant}"
    for finding in findings:
        names = [name for name, explains in differences.items() if explains(finding, _value(mutant.tree, finding.path))]
        if not names:
            return f"only check refuses {mutant}: {finding.code} {finding.message}"
        used.update(names)
    return None


def _value(tree: Any, path: Path) -> Any:
    try:
        return at(tree, path)
    except (KeyError, IndexError):
        return None


def schema(options: str) -> Any:
    """The JSON Schema of a registry with these options."""
    required, own = OPTIONS[options]
    return json_schema(own, required)


_ANY: list[Any] = [
    None, True, False, 0, 1, -1, 7, 0.5, 7.0, -0.5, 53.2, MAX_INTEGER, MAX_INTEGER + 1, -MAX_INTEGER, -MAX_INTEGER - 1,
    1e300, "", " ", "\n", "\x1c", "\ufeff", "text", "7", [], {}, [None], [[]], [{}], [True], [7], [7, 7], [0.5, 0.5], ["text"], ["text", "text"], [""],
    {"": "text"}, {"key": "text"}, {"key": None}, {"key": 7}, {"key": []}, {"key": {}},
]  # fmt: skip
_STRINGS = [
    *["word", "kebab-case", "a.b", "Word", "a_b", "a--b", "-a", "a-", "7a", "é", "a b", "word\n", "\u2028"],
    *["org/name", "org/name/x", "/name", "org/", "org/-name", "a/../b", "../x", "/etc/x", "a\\b", "x.onnx", ".x"],
    *["2024", "2024-09", "2024-09-18", "2024-9", "2024-13", "2024-02-30", "1899", "2100", "18.09.2024", "2024\n"],
    *["110M", "1.5B", "8x7B", "110m", "110", "M", "1,5B", "0x7B", "beir-13", "beir-0", "beir-100", "BEIR-13"],
    *["en", "eng", "xx", "EN", "mul", "zh-Hans", "pt-BR", "pt-br", "zh-hans", "es-419", "en_US", "sr-Latn-RS", "deu"],
    *["MIT", "MIT OR Apache-2.0", "MIT or X", "(MIT", "MIT)", "(MIT AND (X))", "MIT  OR X", "LicenseRef-x", "GPL 3"],
    *["DocumentRef-x:LicenseRef-y", "a:b"],
    *["0" * 40, "a" * 39, "A" * 40, "0" * 64, "A" * 64, "g" * 64, "0" * 7, "0" * 6],
    *["https://example.org", "http://example.org/x?y=z#w", "https://", "ftp://example.org", "https://a b", "example.org"],
]  # fmt: skip
_SOURCE: dict[str, Any] = {
    "url": "https://example.org", "repository": "org/name", "commit": "0" * 40, "path": "a/b", "quote": "text", "copy": True,
}  # fmt: skip
_DEEP: Any = json.loads("[" * 60 + "]" * 60)
# The parts of a source get all values, whatever their types are.
_LINK_PART = Text(blank=True)
_FEW: list[Any] = [None, True, 0, 7, 7.0, "", " ", "text", "word\n", [], {}, MAX_INTEGER + 1]


class _Values:
    """Values for places of each type. The first place of a type gets all of them, each later one only a few."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def of(self, field_type: FieldType, good: Any) -> Iterator[tuple[Path, Any]]:
        """Values, each with the path below it to what is odd; `good` is a valid value of the type."""
        for value in self._whole(field_type):
            yield (), value
        match field_type:
            case ListOf():
                for path, value in self.of(field_type.item, good[0]):
                    yield (0, *path), [value]
                yield (1,), [good[0], good[0]]
            case SourceNote() if self.is_new("SourceNote"):
                yield from self._objects(_SOURCE, {"url": _SOURCE["url"]}, dict.fromkeys(_SOURCE, _LINK_PART))
            case MapOf():
                [(key, inside)] = good.items()
                for path, value in self.of(field_type.value, inside):
                    yield (key, *path), {key: value}
            case Records():
                parts = field_type.fields.items()
                needed = {name: good[0][name] for name, (_, needed, _) in parts if needed}
                for path, value in self._objects(good[0], needed, {name: part for name, (part, _, _) in parts}):
                    yield (0, *path), [value]

    def _whole(self, field_type: FieldType) -> list[Any]:
        if not self.is_new(json.dumps(field_type.schema())):
            return _FEW
        if isinstance(field_type, OneOf):
            return [*_ANY, *[f"{field_type.choices[-1]}{end}" for end in ("", "x", "\n")]]
        return [*_ANY, *_STRINGS] if isinstance(field_type, Pattern) or field_type is _LINK_PART else _ANY

    def is_new(self, name: str) -> bool:
        """Whether nothing of that name was asked for before."""
        before = len(self.seen)
        self.seen.add(name)
        return len(self.seen) > before

    def _objects(
        self, good: dict[str, Any], needed: dict[str, Any], types: dict[str, FieldType]
    ) -> Iterator[tuple[Path, Any]]:
        """Objects with an odd part, with one too many or too few, and with each two parts, which may exclude each other."""
        for name, field_type in types.items():
            self.seen.discard(json.dumps(_LINK_PART.schema()))
            for path, value in self.of(field_type, good[name]):
                yield (name, *path), {**needed, name: value}
        for name, other in combinations(types, 2):
            yield (name,), {**needed, name: good[name], other: good[other]}
        for name in needed:
            yield (name,), {key: value for key, value in needed.items() if key != name}
        yield ("colour",), {**needed, "colour": 1}
        yield (), good


def _core(**changed: Any) -> Any:
    """A model that states the core alone."""
    place = {} if "source" in changed else {"huggingface_id": "org/name"}
    return {"id": "core", "type": "word", "name": "text", **place, "specs": {"embedding_dim": 7}, **changed}


# What makes a value of some fields possible.
_BESIDE: dict[str, Any] = {
    "source.api": {"source": {"model": "m"}},
    "source.model": {"source": {"api": "openai"}},
    "source.regions": {"source": {"api": "openai", "model": "m"}},
    "source.ollama": {"source": {}},
    "source.path": {"source": {}},
    "source.url": {"source": {}},
    "source.sha256": {"source": {"url": "https://example.org"}},
    "architecture.matryoshka_range.min": {"architecture": {"matryoshka_range": {"max": 7}}},
    "architecture.matryoshka_range.max": {"architecture": {"matryoshka_range": {"min": 7}}},
}


def _of_values() -> Iterator[Mutant]:
    """Every field and every part of it with every kind of value."""
    values = _Values()
    for field in FIELDS:
        tree = registry_of(_core(**_BESIDE.get(field.name, {})))
        good = {"specs.vocab_size": "text"} if field.name == "sources" else plain_value(field.type)
        for path, value in values.of(field.type, good):
            yield Mutant("core", ("models", 0, *field.path, *path), replaced(tree, ("models", 0, *field.path), value))


def _of_own_facts() -> Iterator[Mutant]:
    """Every type of fact that a project can declare."""
    for name in OWN.words:
        tree = registry_of(_core(extra={"own_0": "text"}))
        path = ("models", 0, "extra", name)
        for value in [*_ANY, {"key": {"key": [{}]}}, _DEEP]:
            yield Mutant("own facts", path, replaced(tree, path, value))
    for value in [*_ANY, {"own_0": "text", "other": {"key": 1}}]:
        yield Mutant("own facts", ("models", 0, "extra"), registry_of(_core(extra=value)))
    yield Mutant("own facts", ("models", 0, "extra"), registry_of(_core()))


def _of_keys(options: str, model: Any) -> Iterator[Mutant]:
    """A whole model without each of its keys, with a key too many in each object, with sections of other types."""
    values: list[Any] = [None, 7, {}]
    tree = registry_of(model)
    yield Mutant(options, (), tree)
    for path in _places(tree):
        yield Mutant(options, path, _without(tree, path))
        for value in values:
            yield Mutant(options, path, replaced(tree, path, value))
        if isinstance(at(tree, path), dict):
            for key in ("colour", "", "Id"):
                yield Mutant(options, (*path, key), replaced(tree, (*path, key), 1))


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from _places(item, (*path, key))


def _without(tree: Any, path: Path) -> Any:
    new = copy.deepcopy(tree)
    del at(new, path[:-1])[path[-1]]
    return new


_PARTS_OF_SOURCE: dict[str, Any] = {
    "api": "openai", "model": "m", "ollama": "m:v1", "path": "models/m", "url": "https://example.org/m", "sha256": "0" * 64,
}  # fmt: skip


def _of_places() -> Iterator[Mutant]:
    """Every set of at most three parts of a source, alone and beside a repository; and a model without any place."""
    names = list(_PARTS_OF_SOURCE)
    sets = {frozenset(s) for a in names for b in names for s in [(), (a,), (a, b), *[(a, b, c) for c in names]]}
    for parts in sorted(sets, key=sorted):
        model = _core(source={name: _PARTS_OF_SOURCE[name] for name in names if name in parts})
        yield Mutant("core", ("models", 0, "source"), registry_of(model))
        yield Mutant("core", ("models", 0, "source"), registry_of({**model, "huggingface_id": "org/name"}))
    nowhere = _core()
    del nowhere["huggingface_id"]
    yield Mutant("core", ("models", 0, "huggingface_id"), registry_of(nowhere))


_BOTH_WIDTHS = {"matryoshka_dims": [3, 7], "matryoshka_range": {"min": 3, "max": 7}}
_OUTPUT = {"name": "word", "type": "dense", "embedding_dim": 7}


def _of_rules() -> Iterator[Mutant]:
    """Values that exclude each other, or that must differ or agree."""
    twice = [{"id": "a", "quantization": "fp32"}] * 2
    for path, changed in (
        (("outputs",), {"outputs": [_OUTPUT, _OUTPUT]}),
        (("outputs",), {"outputs": [{**_OUTPUT, "embedding_dim": 3}]}),
        (("variants",), {"variants": twice}),
        (("aliases",), {"aliases": ["core"]}),
        (("id",), {"id": "model-info"}),
        (("architecture",), {"architecture": _BOTH_WIDTHS}),
        (("architecture",), {"architecture": {**_BOTH_WIDTHS, "matryoshka_range": {}}}),
        (("architecture",), {"architecture": {"matryoshka_range": {"min": 3, "max": 7}}}),
        (("architecture",), {"architecture": {"matryoshka_range": {"min": 7, "max": 3}}}),
        (("architecture",), {"architecture": {"matryoshka_dims": [7, 3]}}),
        (("architecture",), {"architecture": {"has_projection": True, "projection_dims": 3}}),
        (("architecture",), {"architecture": {"has_projection": False, "projection_dims": 7}}),
        (("capabilities",), {"architecture": {"matryoshka_dims": [7]}, "capabilities": {"matryoshka": False}}),
    ):
        yield Mutant("core", ("models", 0, *path), registry_of(_core(**changed)))
    yield Mutant("core", ("models", 1, "id"), registry_of(_core(), _core()))
    yield Mutant("core", ("models", 1, "type"), registry_of(_core(type="a-b"), _core(id="other", type="a.b")))


def mutants() -> Iterator[Mutant]:
    """The corpus, always the same."""
    yield from _of_values()
    yield from _of_own_facts()
    yield from _of_keys("default", plain_model())
    yield from _of_keys("default", elsewhere(api="openai", model="m"))
    yield from _of_keys("core", _core())
    yield from _of_places()
    yield from _of_rules()
    for tree in [*_ANY, {"version": "1.0"}, {"models": []}, {"version": "x", "models": []}]:
        yield Mutant("core", (), tree)
