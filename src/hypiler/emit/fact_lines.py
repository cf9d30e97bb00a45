"""The facts of a model as people read them: one line per fact, by section, with the place where it was read."""

from hypiler.diagnostics.escaping import printable
from hypiler.emit.source_links import ShownSource, shown_source
from hypiler.schema.coverage import SOURCED, UNSOURCED, facts_of
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.model import Model
from hypiler.schema.records import to_json
from hypiler.schema.requirements import USUAL, Requirements
from hypiler.schema.string_types import Pattern
from hypiler.schema.types import FieldType, MapOf, Records, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

# What is shown for a record that has only an id.
UNKNOWN = "–"
_NOWHERE = ShownSource()
COMPARED = {VERIFIED: "verified", COPY: "agrees with a copy", DIFFERS: "differs from the files"}
"""What is said of a fact that was compared with files."""
_BY_PATH = {field.path: field for field in FIELDS}


class FactLine:
    """One fact.

    Attributes:
        label: Its name.
        lines: Its value in one or more lines.
        source: Where it was read.
        exact: Whether every blank of the value counts.
        compared: What the comparison with the model's files showed, in words; empty if they do not show the fact.
        evidence: How the fact is known, as a word of `schema.coverage`; empty for an identity without a source.
    """

    __slots__ = ("compared", "evidence", "exact", "label", "lines", "source")

    def __init__(self, label: str, lines: list[str], source: ShownSource | None = None, *, exact: bool = False) -> None:
        self.label: str = printable(label)
        self.lines: list[str] = lines
        self.source: ShownSource = source or _NOWHERE
        self.exact: bool = exact
        self.compared: str = ""
        self.evidence: str = ""


class Section:
    """The facts of one object of models.json; a list or mapping as a `whole` can have a source of its own."""

    __slots__ = ("facts", "source", "title", "whole")

    def __init__(self, title: str, *, whole: bool = False) -> None:
        self.title: str = title
        self.whole: bool = whole
        self.source: ShownSource = _NOWHERE
        self.facts: list[FactLine] = []


def sections_of(
    model: "Any", absent: str = "", required: Requirements = USUAL, known: "Mapping[str, str] | None" = None
) -> list[Section]:
    """The known facts of a `ModelInfo` by the object of models.json that holds them, in the order of the schema.

    `absent` is what stands for a fact that the registry requires and that is null; by default, such a fact is left out.
    `known` is what `facts_of` gives for the model, if the caller has it already.
    """
    sections: dict[str, Section] = {}
    sources = {path: shown_source(source, model) for path, source in model.sources.items()}
    if known is None:
        known = facts_of(model) if isinstance(model, Model) else {}
    used: set[str] = set()
    for field in FIELDS:
        value = getattr(model, field.attribute)
        is_required = required.needs(field, model)
        if field.attribute == "sources" or (is_unknown(field, value, is_required) and not (absent and is_required)):
            continue
        path = source_path(field.path, sources)
        used.add(path)
        source = sources.get(path, _NOWHERE)
        title, *inner = field.path
        whole = not inner and isinstance(field.type, (MapOf, Records))
        if not inner and not whole:
            title = "model"
        section = sections.setdefault(title, Section(title, whole=whole))
        if whole:
            section.source = source
            source = _NOWHERE
        facts = [FactLine(field.attribute, [absent], source)] if value is None else _lines(field, value, model, source)
        if isinstance(field.type, MapOf) and value is not None:
            for key, fact in zip(value, facts, strict=True):
                part = f"{field.name}.{key}"
                fact.source = sources.get(part, source)
                used.add(part)
        word = known.get(field.name, "")
        for fact in facts:
            fact.compared = COMPARED.get(word, "")
            fact.evidence = _evidence(word, field, fact.source or section.source)
        section.facts += facts
    # The sources of unknown facts, and of parts that have no line of their own: they say where somebody looked.
    rest = Section("sources")
    rest.facts = [FactLine(p, [one.whole], one) for p, one in sources.items() if p not in used]
    for fact in rest.facts:
        fact.evidence = SOURCED
    return [*sections.values(), *([rest] if rest.facts else [])]


def _evidence(word: str, field: Field, source: ShownSource) -> str:
    """How one line of a field is known: the files show all of a field, and each line may have a source of its own."""
    if word in COMPARED:
        return word
    return SOURCED if source else UNSOURCED * field.is_fact


def _lines(field: Field, value: "Any", model: "Any", source: ShownSource) -> list[FactLine]:
    """The lines of a field whose value is known."""
    if isinstance(field.type, MapOf):
        return _entries(field, value)
    if isinstance(field.type, Records) and len(field.path) == 1:
        return _records(field.type, value)
    if isinstance(field.type, Records) and "source" in field.type.fields:
        return _scores(field, value, model, source)
    if field.path[-1] == "min" and (most := _other_end(field, model)):
        return [FactLine(field.path[-2], [f"{value}..{most} {field.type.unit}"], source)]
    if field.path[-1] == "max" and _other_end(field, model):
        return []  # beside the other end
    return [_fact(field, value, model, source)]


def source_path(path: tuple[str, ...], sources: "Mapping[str, object]") -> str:
    """The path in `sources` of a field's source: the field's own path, or the path of an object around it."""
    paths = [".".join(path[:n]) for n in range(len(path), 0, -1)]
    return next((path for path in paths if path in sources), "")


def is_unknown(field: Field, value: object, is_required: bool) -> bool:
    """Whether the registry says nothing: an empty list of a required field says that there are none."""
    if value is None:
        return True
    return (not is_required and value == field.type.empty) or value == {}


def _other_end(field: Field, model: "Any") -> "Any":
    """The other end of a range whose `min` or `max` is the field; None if the model does not state it."""
    other = _BY_PATH[(*field.path[:-1], "max" if field.path[-1] == "min" else "min")]
    return getattr(model, other.attribute)


def value_text(field: Field, value: "Any", key: str = "") -> str:
    """A known value in one line. `key` says that it is an entry of a mapping, or a record of a list."""
    if key and isinstance(field.type, MapOf):
        return _quoted(value) if _is_exact(field) else _plain(value)
    if isinstance(field.type, Records):
        return " · ".join([f"{name} {text}" for name, text in _parts(field.type, value)])
    return _quoted(value) if _is_exact(field) else _with_unit(field.type, value)


def score_over(text: str, datasets: str | None) -> str:
    """A score with the data sets that it is a mean over."""
    return printable(f"{text} over {datasets}" if datasets else f"{text}, set not stated")


def _is_exact(field: Field) -> bool:
    """Whether every blank of a value counts: of a prompt, or of an addition."""
    if isinstance(field.type, MapOf):
        return not isinstance(field.type.value, Pattern)
    return isinstance(field.type, Text) and field.type.blank


def _scores(field: Field, value: "Any", model: "Any", source: ShownSource) -> list[FactLine]:
    """One line per score. Scores over the same data sets, which can be compared, stand together."""
    groups: dict[Any, list[Any]] = {}
    for one in value:
        groups.setdefault((one.benchmark, one.datasets), []).append(one)
    return [
        FactLine(field.attribute, [_score(one)], shown_source(one.source, model) if one.source else source)
        for group in groups.values()
        for one in group
    ]


def _score(one: "Any") -> str:
    over = f" over {', '.join(one.datasets)}" if one.datasets else ", data sets not stated"
    by = f" (by {one.reporter})" if one.reporter else ""
    return printable(f"{one.benchmark}: {one.metric} {one.value}{over}{by}")


def _fact(field: Field, value: "Any", model: "Any", source: ShownSource) -> FactLine:
    if isinstance(field.type, Records):
        lines = [value_text(field, item) for item in value]
    elif field.attribute == "beir_avg":
        lines = [score_over(value_text(field, value), model.beir_datasets)]
    else:
        lines = [value_text(field, value)]
    return FactLine(field.attribute, lines, source, exact=_is_exact(field))


def _with_unit(field_type: FieldType, value: "Any") -> str:
    return _plain(value) + (f" {field_type.unit}" if field_type.unit else "")


def _plain(value: "Any") -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return printable(str(value))
    if hasattr(value, "items"):
        return shown_source(value).text
    return ", ".join([_plain(item) for item in value]) or "none"


def _quoted(value: object) -> str:
    """A value as JSON writes it: the blanks at the end of a prompt can be seen, and `"4"` is not `4`."""
    from json import dumps

    return printable(dumps(to_json(value), ensure_ascii=False))


def _records(field_type: Records, value: "Any") -> list[FactLine]:
    """One fact per record, labelled with its id, with one line per part."""
    facts: list[FactLine] = []
    for number, item in enumerate(value, 1):
        parts = dict(_parts(field_type, item))
        label = parts.pop("id", str(number))
        lines = [f"{key}: {text}" for key, text in parts.items()]
        facts.append(FactLine(label, lines or [UNKNOWN]))
    return facts


def _parts(field_type: Records, item: object) -> list[tuple[str, str]]:
    found = [(key, getattr(item, key)) for key in field_type.fields]
    return [(key, _part(field_type.fields[key][0], value)) for key, value in found if value not in (None, ())]


def _part(field_type: FieldType, value: "Any") -> str:
    """A part of a record, which may be records itself."""
    if not isinstance(field_type, Records):
        return _with_unit(field_type, value)
    return "; ".join([", ".join([f"{key} {text}" for key, text in _parts(field_type, item)]) for item in value])


def _entries(field: Field, value: "Mapping[str, Any]") -> list[FactLine]:
    """The entries of a mapping, one fact each; the texts of prompts and additions exactly."""
    exact = _is_exact(field)
    prefix = f"{field.attribute}." if len(field.path) > 1 else ""
    return [FactLine(prefix + key, [value_text(field, item, key)], exact=exact) for key, item in value.items()]


def layers_text(names: "Sequence[str]") -> str:
    """Which layer adds a model, and which ones override facts of it. `names` has the one that adds it first."""
    first, *others = names
    return f"{first}" + (f"; overridden by {', '.join(others)}" if others else "")
