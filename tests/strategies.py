"""Any valid registry, and any registry with one fault, made from the table of fields that the compiler follows.

Whatever the compiler gets a field for, these strategies try: there is no second list of fields here.
"""

import copy
import json
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from hypiler._encoder_types import ENCODER_TYPES
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.free_types import Free, SourceNote
from hypiler.schema.identifiers import RESERVED, constant_name
from hypiler.schema.licenses import EXCEPTIONS, LICENSES
from hypiler.schema.requirements import can_be_absent
from hypiler.schema.string_types import Date, Identifier, Language, LicenseExpression, Pattern
from hypiler.schema.types import (
    MAX_INTEGER,
    FieldType,
    Flag,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Records,
    Score,
    Text,
)
from hypiler.schema.vocabulary import LANGUAGES, TWO_LETTER_CODES

BY_NAME = {field.name: field for field in FIELDS}
SOURCE = tuple(field for field in FIELDS if field.path[0] == "source")
# Of a variant: it is in one place.
_OTHER_PLACES = ("ollama", "url")

Tree = dict[str, Any]
Path = tuple[str | int, ...]

# What a literal, comment, docstring, template, terminal, page or row form could take for its own syntax. Whatever of it
# is ever run writes a file named `canary`.
HOSTILE = (
    "'",
    '"',
    '"""',
    "'''",
    '\\"""',
    '"""\nopen("canary", "w")\n"""',
    "'''\nopen('canary', 'w')\n'''",
    '"; open("canary", "w"); "',
    "x\nopen('canary', 'w')",
    "x\ropen('canary', 'w')",
    "# coding: utf-7",
    "coding: utf-7\n+ACc-;open(chr(99)+'anary','w');+ACM-",
    "+ACIAIgAi-open(chr(99)+'anary','w')+ACIAIgAi-",
    "{open('canary', 'w')}",
    "{{0.__class__}} {} {x!r:>9} %(x)s %s %d ${HOME} $(touch canary) `touch canary`",
    "x|y;z=a,b",
    "|",
    ";",
    "=",
    ",",
    "\\",
    "a\\",
    "\\\\",
    "\\x22\\n\\u202e\\N{BULLET}\\",
    "x\x00y",
    "tab\there\x0b\x0c\x1c\x1d\x1e\x1f\x7f",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b31m",
    "\u202eevil\u202c \u2066isolate\u2069 \u200f\u061c",
    "\u2028line\u2029paragraph\x85next",
    "\ufeffmark \u200bzero \u200dwidth \xadsoft",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U000e0041\U0010ffff",
    "\u0149 \xdf \ufb01 \u0130 e\u0301 \uff21",
    "<script>open('canary')</script><img src=x onerror=alert(1)> &amp; --> ]]>",
    "::error file=x::injected\n::set-output name=x::y",
    "| a | [link](javascript:x) `code` **bold** |\n|---|",
    "N",
    "None",
    "null",
    "x" * 20_000,
    "\\" * 501,
    '"' * 501,
)

_CONFUSING = st.text("|;=,\\\"'{}[]()\n\r\t\0 #xnuN0", max_size=12)


def texts(*, blank: bool = False) -> st.SearchStrategy[str]:
    """Any text, hostile texts among it; with `blank` also the empty one."""
    found = st.one_of(
        st.text(string.ascii_letters + " -.", min_size=1, max_size=20),
        st.sampled_from(HOSTILE),
        _CONFUSING,
        st.text(max_size=20),
    )
    return found if blank else found.map(lambda text: text if text.strip() else f"x{text}")


_IDS = st.from_regex(r"[a-z][a-z0-9]{0,5}(?:[.-][a-z0-9]{1,4}){0,2}", fullmatch=True)
_LANGUAGES = st.one_of(
    st.sampled_from(sorted(LANGUAGES)),
    st.sampled_from(["mul", "ceb", "yue", "zh-Hans", "pt-BR", "sr-Latn-RS", "es-419"]),
    st.from_regex(r"[a-z]{3}", fullmatch=True).filter(lambda code: code not in TWO_LETTER_CODES),
)
_LICENSE = st.one_of(
    st.sampled_from(sorted(LICENSES)),
    st.sampled_from(["MIT", "Apache-2.0+", "DocumentRef-x:LicenseRef-y"]),
    st.from_regex(r"LicenseRef-[A-Za-z0-9.-]{1,9}", fullmatch=True),
    st.builds("{} WITH {}".format, st.sampled_from(sorted(LICENSES)), st.sampled_from(sorted(EXCEPTIONS))),
)
_LICENSES = st.recursive(
    _LICENSE, lambda one: st.builds("({} {} {})".format, one, st.sampled_from(["AND", "OR"]), one), max_leaves=4
)
_INTEGERS = st.one_of(st.integers(1, 5000), st.integers(1, MAX_INTEGER), st.just(MAX_INTEGER))
_SCALARS = st.one_of(
    texts(blank=True),
    st.none(),
    st.booleans(),
    st.integers(-MAX_INTEGER, MAX_INTEGER),
    st.floats(allow_nan=False, allow_infinity=False),
)


# The parts of a source in the order of the table, in which records hold them.
_SOURCE_PARTS = ("url", "repository", "commit", "path", "quote", "copy")
_SOURCES = st.one_of(
    st.fixed_dictionaries({"url": st.just("https://example.org/a?b=c#d")}, optional={"quote": texts()}),
    st.fixed_dictionaries(
        {"repository": st.just("org/name")},
        optional={"commit": st.just("0" * 40), "path": texts(), "quote": texts(), "copy": st.booleans()},
    ),
).map(lambda source: {part: source[part] for part in _SOURCE_PARTS if part in source})


def values(field_type: FieldType) -> st.SearchStrategy[Any]:
    """Any value that the type takes, as JSON holds it."""
    match field_type:
        case Date():
            days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str)
            return st.builds(lambda day, n: day[:n], days, st.sampled_from([4, 7, 10]))
        case Language():
            return _LANGUAGES
        case Identifier():
            return _IDS
        case LicenseExpression():
            return _LICENSES
        case Pattern():
            return st.from_regex(field_type.pattern, fullmatch=True)
        case Text():
            return texts(blank=field_type.blank)
        case Integer():
            return _INTEGERS
        case Number():
            return st.one_of(st.floats(-MAX_INTEGER, MAX_INTEGER), st.integers(-9, 9))
        case SourceNote():
            return st.one_of(texts(), _SOURCES)
        case Score():
            return st.one_of(st.floats(0, 1), st.sampled_from([0, 1]))
        case Flag():
            return st.booleans()
        case OneOf():
            return st.sampled_from(field_type.choices)
        case ListOf():
            return st.lists(values(field_type.item), unique=True, min_size=field_type.at_least, max_size=4)
        case MapOf():
            keys = texts()
            return st.dictionaries(keys, values(field_type.value), max_size=3)
        case Free():
            return st.one_of(_SCALARS, st.lists(_SCALARS, max_size=3))
        case Records():
            parts = {name: values(part) for name, (part, _, _) in field_type.fields.items()}
            required = [n for n, (_, needed, _) in field_type.fields.items() if needed]
            return st.lists(
                st.fixed_dictionaries({name: parts.pop(name) for name in required}, optional=parts),
                max_size=3,
            )
    raise AssertionError(f"no strategy for {type(field_type).__name__}")


def _field_values(field: Field) -> st.SearchStrategy[Any]:
    return st.none() | values(field.type) if field.null else values(field.type)


_FLAT_MODELS = st.fixed_dictionaries(
    {field.name: _field_values(field) for field in FIELDS if field.required},
    optional={field.name: _field_values(field) for field in FIELDS if not field.required and field not in SOURCE},
)
_SOURCE_PATHS = st.sampled_from(
    [field.name for field in FIELDS] + ["specs", "variants[0].sha256", "extra.patch", "encoding.prompts.query"]
)


def nest(flat: dict[str, Any]) -> Tree:
    """Values by the names of fields as a tree: `{"specs.embedding_dim": 1}` → `{"specs": {"embedding_dim": 1}}`."""
    tree: Tree = {}
    for name, value in flat.items():
        BY_NAME[name].set(tree, value)
    return tree


_RANGE = ("architecture.matryoshka_range.min", "architecture.matryoshka_range.max")


def _agree_on_widths(draw: st.DrawFn, flat: dict[str, Any]) -> None:
    """Widths that can be asked for: a list, or a range, or neither."""
    width = flat["specs.embedding_dim"]
    has_range = _RANGE[1] in flat
    for name in _RANGE:
        flat.pop(name, None)
    if "architecture.matryoshka_dims" in flat:
        smaller = draw(st.sets(st.integers(1, width), max_size=3))
        flat["architecture.matryoshka_dims"] = sorted({*smaller, width})
    elif has_range:
        flat |= dict(zip(_RANGE, (draw(st.integers(1, width)), width), strict=True))
    else:
        return
    if "capabilities.matryoshka" in flat:
        flat["capabilities.matryoshka"] = True


_FLAT_PARTS = {
    "embedding_dim": "specs.embedding_dim",
    **{part: f"encoding.{part}" for part in ("pooling", "normalize", "similarity", "dense_layers")},
    **{part: f"encoding.{part}" for part in ("query_prefix", "document_prefix", "query_length", "document_length")},
}


def _agree_on_default_output(flat: dict[str, Any]) -> None:
    """The first output states what the flat fields state; each output has a name of its own, and facts of its type."""
    outputs = flat.get("outputs", [])
    for index, output in enumerate(outputs):
        output["name"] += f"-{index}"
        if output["type"] == "sparse":
            output["embedding_dim"] = flat["specs.vocab_size"] or output["embedding_dim"]
        for part in ("pooling", "similarity", "dense_layers"):
            output.pop(part, None)
    for part, name in _FLAT_PARTS.items() if outputs else ():
        outputs[0].pop(part, None)
        if flat.get(name) is not None and part not in ("pooling", "similarity", "dense_layers"):
            outputs[0][part] = flat[name]
    if outputs:
        flat["type"], outputs[0]["type"] = "unified", "dense"
        flat["capabilities.multi_vector"] = any(output["type"] == "multi-vector" for output in outputs)


@st.composite
def _models(draw: st.DrawFn) -> Tree:
    """A model that is valid alone: the fields that constrain each other agree."""
    flat = draw(_FLAT_MODELS)
    width = flat["specs.embedding_dim"]
    flat.pop("architecture.projection_dims", None)
    if flat["architecture.has_projection"]:
        flat["architecture.projection_dims"] = width
    elif draw(st.booleans()):
        flat["architecture.projection_dims"] = None
    _agree_on_widths(draw, flat)
    if "sources" in flat:
        flat["sources"] = draw(st.dictionaries(_SOURCE_PATHS, st.one_of(texts(), _SOURCES), max_size=3))
    _agree_on_default_output(flat)
    variants = flat.get("variants", [])
    for index, variant in enumerate(variants):
        variant["id"] += f"-{index}"
        _put_in_one_place(variant)
    return nest(flat)


def _put_in_one_place(variant: Tree) -> None:
    """Leave out what says a second time where a variant is."""
    places = [name for name in ("file", "huggingface_id", *_OTHER_PLACES) if name in variant]
    for name in places[1:]:
        if name in _OTHER_PLACES:
            del variant[name]


def _make_names_distinct(models: list[Tree]) -> None:
    """Append numbers to ids, aliases and types that would be called the same in the module."""
    names = set(RESERVED)
    members: dict[str, str] = {}

    def distinct(id: str) -> str:
        number = 0
        new = id
        while constant_name(new) in names:
            number += 1
            new = f"{id}{number}"
        names.add(constant_name(new))
        return new

    for model in models:
        model["id"] = distinct(model["id"])
        model["type"] = members.setdefault(constant_name(model["type"]), model["type"])
    for model in models:
        for further in ("aliases", "former_ids"):
            if further in model:
                model[further] = [distinct(other) for other in model[further]]
        _name_successor(model)


def _name_successor(model: Tree) -> None:
    """A successor stands beside `deprecated`, and is in no registry or in another one."""
    if "successor" in model:
        model.setdefault("deprecated", "old")
        model["successor"] = "elsewhere/" + model["successor"].rpartition("/")[2].replace("/", "-")


@st.composite
def registries(draw: st.DrawFn, *, min_models: int = 0, max_models: int = 8) -> Tree:
    """Any valid registry; most are small, since every model takes time to make."""
    counts = [n for n in (1, 1, 2, 2, 3, 0, 8) if min_models <= n <= max_models]
    count = draw(st.sampled_from(counts))
    models = [draw(_models()) for _ in range(count)]
    _make_names_distinct(models)
    tree: Tree = {
        "version": draw(st.sampled_from(["1.0", "2.13", "1.0.3"])),
        "models": models,
    }
    if draw(st.booleans()):
        tree["$schema"] = draw(texts(blank=True))
    return tree


@st.composite
def written(draw: st.DrawFn, tree: Tree) -> bytes:
    """The tree as one of the JSON texts that say the same."""
    text = json.dumps(
        tree,
        indent=draw(st.sampled_from([None, 0, 2, "\t"])),
        ensure_ascii=draw(st.booleans()),
    )
    # A line end inside a string is always escaped, so these are the ones between values.
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"]))).encode()


def plain_model(**changed: Any) -> Tree:
    """A model with every field that one in a repository can have; `changed` takes `specs__embedding_dim=5` for a path."""
    flat: dict[str, Any] = {field.name: plain_value(field.type) for field in FIELDS if field not in SOURCE}
    flat |= {
        "id": "plain",
        "specs.parameters": "110M",
        "specs.parameter_count": 110_000_000,
        "performance.beir_avg": 0.5,
        "performance.ms_marco_mrr10": 0.25,
        "architecture.projection_dims": 7,
        "architecture.matryoshka_dims": [3, 7],
        "sources": {"specs.vocab_size": "a paper"},
        "aliases": ["plain-alias"],
        "encoding.inference_free_queries": False,
        "encoding.query_idf": False,
        "deprecated": "use org/other instead",
    }
    # A model states widths to choose from in one of two forms.
    for name in _RANGE:
        del flat[name]
    # Only a deprecated model has a successor, and no two models have the same former id.
    del flat["successor"], flat["former_ids"]
    flat["variants"][0]["file"] = "word.onnx"
    _put_in_one_place(flat["variants"][0])
    new = {name.replace("__", "."): value for name, value in changed.items()}
    if new.keys() & {"type", *_FLAT_PARTS.values()}:
        # They describe the model as it is without the changes.
        del flat["outputs"]
    return nest(flat | _vectors_of(new.get("type")) | new)


def _vectors_of(type: Any) -> Tree:
    """What a model of this type says of its vectors; nothing for a type that says nothing of them."""
    kind = ENCODER_TYPES.get(type) if isinstance(type, str) and type != "unified" else None
    late = {"encoding.pooling": "none", "encoding.similarity": "max_sim"} if kind == "multi_vector" else {}
    return {"capabilities.multi_vector": bool(late), **late} if kind else {}


def elsewhere(**source: str) -> Tree:
    """The same model with a source: without a repository and without facts about its weights."""
    model = {**plain_model(), "source": source}
    for field in FIELDS:
        if can_be_absent(field):
            del at(model, field.path[:-1])[field.path[-1]]
    del model["architecture"], model["capabilities"]["matryoshka"]
    return model


_EXAMPLES = (
    "word",
    "org/name",
    "2024-09-18",
    "110M",
    "beir-13",
    "0" * 40,
    "0" * 64,
    "https://example.org",
)


def plain_value(field_type: FieldType) -> Any:
    """A simple valid value of the type."""
    match field_type:
        case Language():
            return "en"
        case LicenseExpression():
            return "MIT"
        case Pattern():
            return next(text for text in _EXAMPLES if field_type.matches(text))
        case Text():
            return "text"
        case Integer():
            return 7
        case Score() | Number():
            return 0.5
        case SourceNote():
            return {"url": "https://example.org", "copy": True}
        case Flag():
            return True
        case OneOf():
            return field_type.choices[0]
        case ListOf():
            return [plain_value(field_type.item)]
        case MapOf():
            return {"key": plain_value(field_type.value)}
        case Free():
            return "free"
        case Records():
            return [{n: plain_value(part) for n, (part, _, _) in field_type.fields.items()}]
    raise AssertionError(f"no plain value for {type(field_type).__name__}")


def registry_of(*models: Tree) -> Tree:
    """A registry with these models."""
    return {"version": "1.0", "models": list(models)}


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a tree that is no list or object, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def at(tree: Any, path: Path) -> Any:
    """The part of a tree at a path."""
    for part in path:
        tree = tree[part]
    return tree


def replaced(tree: Tree, path: Path, value: Any) -> Tree:
    """A copy of the tree with another value at a path, whose parents are made where they lack."""
    new = copy.deepcopy(tree)
    here: Any = new
    for part in path[:-1]:
        here = here.setdefault(part, {}) if isinstance(here, dict) else here[part]
    here[path[-1]] = value
    return new


@dataclass(frozen=True)
class Fault:
    """A registry with one fault, and what must be found: the code, the path, and whether the key is meant.

    `sound` is the registry without the fault, if that is not the one that the fault was planted in.
    """

    tree: Tree
    code: str
    path: Path
    key: bool = False
    sound: Tree | None = None


_OTHER_TYPES: dict[type, list[Any]] = {
    Text: [7, True, [], {}],
    Pattern: [7, 1.5, ["x"], {}],
    OneOf: [7, False, [], {}],
    Integer: ["7", 7.5, 7.0, True, []],
    Score: ["0.5", True, [], {}],
    Flag: [0, 1, "true", [], {}],
    ListOf: ["x", 7, {}],
    MapOf: ["x", 7, []],
    Records: ["x", 7, {}],
}
_UNKNOWN_KEYS = st.one_of(st.sampled_from(["embeding_dim", "Id", "models", "", "0"]), st.text(max_size=8))


def _family(field_type: FieldType) -> type:
    return next(family for family in _OTHER_TYPES if isinstance(field_type, family))


Planter = Callable[[st.DrawFn, Tree], Fault]


def _own_path(draw: st.DrawFn, tree: Tree, field: Field) -> Path:
    index = draw(st.integers(0, len(tree["models"]) - 1))
    return ("models", index, *field.path)


def _set(tree: Tree, path: Path, value: Any, code: str, *sub: str | int) -> Fault:
    return Fault(replaced(tree, path, value), code, (*path, *sub))


def _of_another_type(draw: st.DrawFn, tree: Tree) -> Fault:
    field = draw(st.sampled_from(FIELDS))
    wrong = draw(st.sampled_from(_OTHER_TYPES[_family(field.type)]))
    return _set(tree, _own_path(draw, tree, field), wrong, "M103")


def _null(draw: st.DrawFn, tree: Tree) -> Fault:
    field = draw(st.sampled_from([field for field in FIELDS if not field.null]))
    return _set(tree, _own_path(draw, tree, field), None, "M104")


def _missing(draw: st.DrawFn, tree: Tree) -> Fault:
    required = [field.path for field in FIELDS if field.required]
    sections = [path[:1] for path in required if len(path) > 1]
    path = draw(st.sampled_from(required + sections))
    index = draw(st.integers(0, len(tree["models"]) - 1))
    new = copy.deepcopy(tree)
    del at(new, ("models", index, *path[:-1]))[path[-1]]
    return Fault(new, "M101", ("models", index, *path))


def _missing_at_root(draw: st.DrawFn, tree: Tree) -> Fault:
    key = draw(st.sampled_from(["version", "models"]))
    return Fault({k: v for k, v in tree.items() if k != key}, "M101", (key,))


def _unknown_key(draw: st.DrawFn, tree: Tree) -> Fault:
    sections = sorted({field.path[:-1] for field in FIELDS})
    index = draw(st.integers(0, len(tree["models"]) - 1))
    parent: Path = draw(st.sampled_from([(), *[("models", index, *section) for section in sections]]))
    known = {"$schema", "version", "models"}
    if parent:
        depth = len(parent) - 2
        known = {f.path[depth] for f in FIELDS if f.path[:depth] == parent[2:]}
    key = draw(_UNKNOWN_KEYS.filter(lambda key: key not in known))
    return Fault(replaced(tree, (*parent, key), 0), "M102", (*parent, key), key=True)


def _empty(draw: st.DrawFn, tree: Tree) -> Fault:
    def empty(field: Field) -> Any:
        match field.type:
            case Text(blank=False):
                return draw(st.sampled_from(["", " ", "\t\n", "\u3000"]))
            case ListOf(at_least=least) if least:
                return []
        return None

    field = draw(
        st.sampled_from(
            [
                field
                for field in FIELDS
                if (isinstance(field.type, Text) and not field.type.blank)
                or (isinstance(field.type, ListOf) and field.type.at_least)
            ]
        )
    )
    return _set(tree, _own_path(draw, tree, field), empty(field), "M105")


def _out_of_range(draw: st.DrawFn, tree: Tree) -> Fault:
    field = draw(st.sampled_from([f for f in FIELDS if isinstance(f.type, Integer | Score)]))
    wrong = (
        [0, -1, -MAX_INTEGER, MAX_INTEGER + 1, 10**18 - 1]
        if isinstance(field.type, Integer)
        else [-0.001, 1.001, 53.2, 2, -1, 1e308]
    )
    value = draw(st.sampled_from(wrong))
    return _set(tree, _own_path(draw, tree, field), value, "M106")


def _malformed(draw: st.DrawFn, tree: Tree) -> Fault:
    field = draw(st.sampled_from([f for f in FIELDS if isinstance(f.type, Pattern)]))
    assert isinstance(field.type, Pattern)
    matches = field.type.matches
    value = draw(texts(blank=True).filter(lambda text: not matches(text)))
    return _set(tree, _own_path(draw, tree, field), value, field.type.code)


def _malformed_item(draw: st.DrawFn, tree: Tree) -> Fault:
    fields = [f for f in FIELDS if isinstance(f.type, ListOf)]
    fields = [f for f in fields if isinstance(f.type.item, Pattern)]  # type: ignore[attr-defined]
    field = draw(st.sampled_from(fields))
    field_type = field.type.item  # type: ignore[attr-defined]
    value = draw(texts(blank=True).filter(lambda text: not field_type.matches(text)))
    path = _own_path(draw, tree, field)
    return _set(tree, path, [value], field_type.code, 0)


def _unknown_word(draw: st.DrawFn, tree: Tree) -> Fault:
    field = draw(st.sampled_from([f for f in FIELDS if isinstance(f.type, OneOf)]))
    return _set(tree, _own_path(draw, tree, field), draw(texts()) + "?", "M114")


def _repeated(draw: st.DrawFn, tree: Tree) -> Fault:
    field = draw(st.sampled_from([f for f in FIELDS if isinstance(f.type, ListOf)]))
    item = draw(values(field.type.item))  # type: ignore[attr-defined]
    return _set(tree, _own_path(draw, tree, field), [item, item], "M115", 1)


def _no_such_day(draw: st.DrawFn, tree: Tree) -> Fault:
    index = draw(st.integers(0, len(tree["models"]) - 1))
    day = draw(st.sampled_from(["2023-02-29", "1900-02-29", "2024-04-31"]))
    return _set(tree, ("models", index, "release_date"), day, "M109")


def _unknown_record_key(draw: st.DrawFn, tree: Tree) -> Fault:
    index = draw(st.integers(0, len(tree["models"]) - 1))
    field = draw(st.sampled_from([f for f in FIELDS if isinstance(f.type, Records)]))
    path: Path = ("models", index, *field.path)
    record = {**plain_value(field.type)[0], "colour": 1}
    return Fault(replaced(tree, path, [record]), "M102", (*path, 0, "colour"), key=True)


def _projection_missing(draw: st.DrawFn, tree: Tree) -> Fault:
    path = ("models", 0, "architecture")
    new = replaced(tree, (*path, "has_projection"), True)
    at(new, path).pop("projection_dims", None)
    return Fault(new, "M202", (*path, "projection_dims"))


def _projection_mismatch(draw: st.DrawFn, tree: Tree) -> Fault:
    path = ("models", 0, "architecture")
    new = replaced(tree, (*path, "has_projection"), True)
    width = at(new, ("models", 0, "specs", "embedding_dim"))
    other = width - 1 or 2
    return _set(new, (*path, "projection_dims"), other, "M203")


def _projection_unsaid(draw: st.DrawFn, tree: Tree) -> Fault:
    path = ("models", 0, "architecture")
    # That there is no projection may contradict the widths, which is another finding.
    sound = replaced(tree, (*path, "has_projection"), False)
    at(sound, path).pop("projection_dims", None)
    dims = (*path, "projection_dims")
    return Fault(replaced(sound, dims, 5), "M204", dims, sound=sound)


def _matryoshka(code: str, dims: list[int], *sub: int, flag: bool | None = None) -> Planter:
    def plant(draw: st.DrawFn, tree: Tree) -> Fault:
        path = ("models", 0)
        new = replaced(tree, (*path, "specs", "embedding_dim"), 64)
        model = at(new, path)
        if model["architecture"].get("projection_dims") is not None:
            model["architecture"]["projection_dims"] = 64
        # What would contradict this width, or these widths.
        model.pop("outputs", None)
        model["architecture"].pop("matryoshka_range", None)
        model["architecture"]["matryoshka_dims"] = [16, 32, 64]
        model["capabilities"].pop("matryoshka", None)
        # Another width may earn warnings of its own.
        sound = copy.deepcopy(new)
        model["architecture"]["matryoshka_dims"] = dims
        if flag is not None:
            model["capabilities"]["matryoshka"] = flag
            return Fault(new, code, (*path, "capabilities", "matryoshka"), sound=sound)
        return Fault(new, code, (*path, "architecture", "matryoshka_dims", *sub), sound=sound)

    return plant


def _unknown_source(draw: st.DrawFn, tree: Tree) -> Fault:
    name = draw(st.sampled_from(["specs.embeding_dim", "foo", "specs.", "id.x", "a" * 99]))
    path = ("models", 0, "sources")
    return Fault(replaced(tree, path, {name: "x"}), "M214", (*path, name))


def _same_variant(draw: st.DrawFn, tree: Tree) -> Fault:
    variant = {"id": "a", "quantization": "int8"}
    path = ("models", 0, "variants")
    return _set(tree, path, [variant, variant], "M215", 1, "id")


def _second(tree: Tree) -> Tree:
    """The tree with one more model: a copy of the first under another id."""
    new = copy.deepcopy(tree)
    twin = copy.deepcopy(new["models"][0])
    twin["id"] = "zz-twin.one"
    twin.pop("aliases", None)
    twin.pop("former_ids", None)
    new["models"].append(twin)
    return new


def _same_id(draw: st.DrawFn, tree: Tree) -> Fault:
    new = _second(tree)
    path = ("models", len(new["models"]) - 1, "id")
    return _set(new, path, new["models"][0]["id"], "M201")


def _same_name(draw: st.DrawFn, tree: Tree) -> Fault:
    new = _second(tree)
    path = ("models", len(new["models"]) - 1, "aliases")
    return _set(new, path, ["zz.twin-one"], "M301", 0)


def _reserved_name(draw: st.DrawFn, tree: Tree) -> Fault:
    word = draw(st.sampled_from(sorted(RESERVED))).lower().replace("_", "-")
    return _set(tree, ("models", 0, "id"), word, "M302")


def _same_type_name(draw: st.DrawFn, tree: Tree) -> Fault:
    new = replaced(_second(tree), ("models", 0, "type"), "zz-kind")
    path = ("models", len(new["models"]) - 1, "type")
    return _set(new, path, "zz.kind", "M303")


PLANTERS: dict[str, Planter] = {
    "another type": _of_another_type,
    "null": _null,
    "missing": _missing,
    "missing at the root": _missing_at_root,
    "unknown key": _unknown_key,
    "unknown key of a record": _unknown_record_key,
    "empty": _empty,
    "out of range": _out_of_range,
    "malformed": _malformed,
    "malformed item": _malformed_item,
    "unknown word": _unknown_word,
    "repeated item": _repeated,
    "no such day": _no_such_day,
    "projection without dims": _projection_missing,
    "projection of another width": _projection_mismatch,
    "dims without a projection": _projection_unsaid,
    "dims unsorted": _matryoshka("M205", [32, 16, 64]),
    "dim too large": _matryoshka("M206", [32, 65], 1),
    "dims without embedding_dim": _matryoshka("M207", [16, 32]),
    "dims contradicted": _matryoshka("M208", [32, 64], flag=False),
    "unknown source": _unknown_source,
    "same variant": _same_variant,
    "same id": _same_id,
    "same name": _same_name,
    "reserved name": _reserved_name,
    "same type name": _same_type_name,
}


@st.composite
def one_fault(draw: st.DrawFn, planter: Planter) -> tuple[Tree, Fault]:
    """A valid registry, and the same with one fault."""
    tree = draw(registries(min_models=1, max_models=1))
    return tree, planter(draw, tree)
