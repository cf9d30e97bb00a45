"""`hypiler show`: everything that the shipped registry knows about one model."""

import sys

from hypiler.cli import OK, USAGE
from hypiler.cli.report import usage
from hypiler.cli.table import UNKNOWN, Page, columns_of, cut, pad, record, wrap, write
from hypiler.diagnostics.text import did_you_mean, named, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping
    from typing import Any

    from hypiler.compiler.kinds import Kind
    from hypiler.compiler.schema import Field
    from hypiler.model_registry import ModelInfo

EXAMPLES = """examples:
  hypiler show bge-m3                     all facts, each with where it was read
  hypiler show bge-m3 --sources           the sources in full
  hypiler show bge-m3 --json | jq .embedding_dim
"""
# As wide as the longest label of a field; a longer one, of a registry's own words, pushes its value down.
_LABELS = 23
# Beyond this, a value has its line for itself and its source stands below.
_VALUE = 36
# A source is not shown beside its value in fewer columns than this, nor a value beside its label.
_ROOM = 24


class _Fact:
    """A label, its value in one or more lines, and where it was read."""

    def __init__(self, label: str, lines: "list[str]", source: str = "") -> None:
        self.label = printable(label)
        self.lines = lines
        self.source = source


class _Section:
    """The facts of one object of models.json; a list or mapping as a whole can have a source of its own."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.source = ""
        self.facts: list[_Fact] = []


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("id", metavar="ID", help="id or alias of a model")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the record as a JSON object; unknown facts are null",
    )
    parser.add_argument(
        "--sources",
        action="store_true",
        help="print each source in full where it would be cut to the terminal's width",
    )


def run(options: "Namespace") -> int:
    """Print the model, or say which one was meant."""
    from hypiler.model_registry import get_model

    id: str = options.id
    model = get_model(id)
    if model is None:
        usage(f"no model {named(id)}; {_hint(id)}")
        return USAGE
    if options.json:
        from json import dumps

        print(dumps(record(model), indent=2))
        return OK
    page = Page.of(sys.stdout)
    lines = _heading(model, id, page)
    for section in _sections(model):
        lines += ["", *_title_lines(section, page, whole=options.sources)]
        for fact in section.facts:
            lines += _fact_lines(fact, page, whole=options.sources)
    write(lines)
    return OK


def _hint(id: str) -> str:
    from hypiler.model_registry import MODEL_REGISTRY, MODELS

    wanted = id.casefold()
    for model in MODEL_REGISTRY:
        if wanted in (model.huggingface_id.casefold(), model.name.casefold()):
            return f"did you mean `{model.id}`?"
    return did_you_mean(id, list(MODELS)) or "`hypiler list` shows all"


def _heading(model: "ModelInfo", id: str, page: Page) -> "list[str]":
    from hypiler.compiler.names import constant_name

    name = constant_name(model.id)
    lines = [page.paint("bold", part) for part in _wrapped(model.name, page.width)]
    if id != model.id:
        lines.append(page.paint("dim", f"`{printable(id)}` is an alias of `{model.id}`"))
    if model.deprecated:
        parts = _wrapped(f"deprecated: {model.deprecated}", page.width)
        lines += [page.paint("warning", part) for part in parts]
    return [*lines, page.paint("name", f"from hypiler.model_registry import {name}")]


def _wrapped(text: str, width: "int | None") -> "list[str]":
    return wrap(printable(text), width)


def _sections(model: "ModelInfo") -> "list[_Section]":
    """The known facts by the object of models.json that holds them, in the order of the schema."""
    from hypiler.compiler.kinds import MapOf, Records
    from hypiler.compiler.schema import FIELDS

    sections: dict[str, _Section] = {}
    sources = {path: printable(text) for path, text in model.sources.items()}
    used: set[str] = set()
    for field in FIELDS:
        value = getattr(model, field.attribute)
        if field.attribute == "sources" or _is_unknown(field, value):
            continue
        path = _source_path(field.path, sources)
        used.add(path)
        source = sources.get(path, "")
        title, *inner = field.path
        whole = not inner and isinstance(field.kind, (MapOf, Records))
        if not inner and not whole:
            title = "model"
        section = sections.setdefault(title, _Section(title))
        if whole:
            section.source = source
            source = ""
        if isinstance(field.kind, MapOf):
            for key, fact in _entries(field, value).items():
                part = f"{field.name}.{key}"
                fact.source = sources.get(part, source)
                used.add(part)
                section.facts.append(fact)
        elif whole:
            section.facts += _records(field.kind, value)
        else:
            lines = _value(field, value, model)
            section.facts.append(_Fact(field.attribute, lines, source))
    # Of facts that are not known, and of parts that have no line of their own: they say what was looked at.
    rest = _Section("sources")
    rest.facts = [_Fact(p, [text]) for p, text in sources.items() if p not in used]
    return [*sections.values(), *([rest] if rest.facts else [])]


def _source_path(path: "tuple[str, ...]", sources: "dict[str, str]") -> str:
    """The path under which the source of a field stands: its own, or that of an object around it."""
    paths = [".".join(path[:n]) for n in range(len(path), 0, -1)]
    return next((path for path in paths if path in sources), "")


def _is_unknown(field: "Field", value: object) -> bool:
    """Whether the registry says nothing: an empty list of a required field says that there are none."""
    if value is None:
        return True
    return (not field.required and value == field.kind.empty) or value == {}


def _value(field: "Field", value: "Any", model: "ModelInfo") -> "list[str]":
    from hypiler.compiler.kinds import Records, Text

    if isinstance(field.kind, Records):
        kind = field.kind
        return [" · ".join([f"{key} {text}" for key, text in _parts(kind, item)]) for item in value]
    if field.attribute == "beir_avg":
        sets = model.beir_datasets
        over = f" over {sets}" if sets else ", set not stated"
        return [printable(_with_unit(field.kind, value) + over)]
    if isinstance(field.kind, Text) and field.kind.blank:
        return [_quoted(value)]
    return [_with_unit(field.kind, value)]


def _with_unit(kind: "Kind", value: "Any") -> str:
    return _plain(value) + (f" {kind.unit}" if kind.unit else "")


def _plain(value: "Any") -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return printable(str(value))
    return ", ".join([_plain(item) for item in value]) or "none"


def _quoted(value: object) -> str:
    """A value as JSON writes it: the blanks at the end of a prompt can be seen, and `"4"` is not `4`."""
    from json import dumps

    return printable(dumps(value, ensure_ascii=False))


def _records(kind: "Any", value: "Any") -> "list[_Fact]":
    """Each record as a fact under its id, one line a part."""
    facts: list[_Fact] = []
    for number, item in enumerate(value, 1):
        parts = dict(_parts(kind, item))
        label = parts.pop("id", str(number))
        lines = [f"{key}: {text}" for key, text in parts.items()]
        facts.append(_Fact(label, lines or [UNKNOWN]))
    return facts


def _parts(kind: "Any", item: object) -> "list[tuple[str, str]]":
    found = [(key, getattr(item, key)) for key in kind.fields]
    return [(key, _with_unit(kind.fields[key][0], value)) for key, value in found if value is not None]


def _entries(field: "Field", value: "Mapping[str, Any]") -> "dict[str, _Fact]":
    """The entries of a mapping, one fact each; the texts of prompts and additions exactly."""
    from hypiler.compiler.kinds import MapOf
    from hypiler.compiler.words import Pattern

    exact = isinstance(field.kind, MapOf) and not isinstance(field.kind.value, Pattern)
    prefix = f"{field.attribute}." if len(field.path) > 1 else ""
    return {key: _Fact(prefix + key, [_quoted(item) if exact else _plain(item)]) for key, item in value.items()}


def _title_lines(section: _Section, page: Page, *, whole: bool) -> "list[str]":
    """The title of a section, and where all of it was read."""
    title = page.paint("heading", section.title)
    if not section.source:
        return [title]
    start = _LABELS + 4
    below = page.width is not None and page.width - start < _ROOM
    texts = _source_texts(section.source, page, 0 if below else start, whole=whole)
    if below:
        return [title, *texts]
    return [
        title + " " * (start - columns_of(section.title)) + texts[0].lstrip(" "),
        *texts[1:],
    ]


def _source_texts(source: str, page: Page, start: int, *, whole: bool) -> "list[str]":
    """A source from the column `start` on: on one line, or in full."""
    if page.width is None:
        texts = [source]
    else:
        room = max(1, page.width - start)
        texts = wrap(source, room) if whole else [cut(source, room)]
    return [" " * start + page.paint("dim", text) for text in texts]


def _fact_lines(fact: _Fact, page: Page, *, whole: bool) -> "list[str]":
    """The fact as it fits the page: label, value and source beside each other, or below."""
    start = _LABELS + 4
    label = pad(f"  {fact.label}", start - 2) + "  "
    if page.width is None:
        lines = [label + fact.lines[0], *[" " * start + t for t in fact.lines[1:]]]
        if fact.source:
            lines[0] = pad(lines[0], start + _VALUE) + "  " + page.paint("dim", fact.source)
        return lines
    below = page.width - start < _ROOM
    if below:
        start = min(4, page.width // 4)
    room = max(1, page.width - start)
    values = [part for text in fact.lines for part in wrap(text, room)]
    if below or columns_of(label) > start:
        lines = [cut(label.rstrip(" "), page.width), *[" " * start + v for v in values]]
    else:
        lines = [label + values[0], *[" " * start + v for v in values[1:]]]
    if not fact.source:
        return lines
    beside = page.width - start - _VALUE - 2
    if not whole and len(lines) == 1 and beside >= _ROOM and columns_of(values[0]) <= _VALUE:
        source = page.paint("dim", cut(fact.source, beside))
        return [pad(lines[0], start + _VALUE) + "  " + source]
    return [*lines, *_source_texts(fact.source, page, start, whole=whole)]
