"""Checks each value alone: the JSON of a file becomes one `DecodedModel` per model, in the order of the file."""

from hypiler.compiler.decoded import USUAL_FACTS, DecodedModel
from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import printable
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS, OVERLAYS, ROOT, VERSION
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts
from hypiler.schema.requirements import USUAL, Requirements, can_be_absent, has_source
from hypiler.schema.types import unknown_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue
    from hypiler.schema.field import Field


class _Section:
    """An object inside a model: its fields, with their indexes and how to read them, and the objects inside."""

    __slots__ = ("children", "fields", "path", "required")

    def __init__(self, path: tuple[str, ...], own_facts: OwnFacts, needed: frozenset[int]) -> None:
        depth = len(path)
        inside = [(i, f) for i, f in enumerate(FIELDS) if f.path[:depth] == path]
        fields = [(i, f) for i, f in inside if len(f.path) == depth + 1]
        self.path = path
        # Unpacked once, since every field of every model is looked up here.
        self.fields = {f.path[-1]: (i, f.path, f.type.read, f.null) for i, f in fields}
        if not path and own_facts.words and "extra" in self.fields:
            index, place, _, null = self.fields["extra"]
            self.fields["extra"] = (index, place, own_facts.extra.read, null)
        names = dict.fromkeys([f.path[depth] for _, f in inside if len(f.path) > depth + 1])
        self.children: dict[str, _Section] = {name: _Section((*path, name), own_facts, needed) for name in names}
        self.required: frozenset[str] = frozenset(
            [f.path[-1] for i, f in fields if i in needed]
            + [name for name, child in self.children.items() if child.required]
        )


class _Models:
    """How to read the models of registries with these facts of their own and these requirements.

    Attributes:
        usual: Whether the usual fields are required, so that a model without findings has all of them.
        own: The sections of a model in a repository.
        own_required: The names of the project's own facts that every model must state.
    """

    __slots__ = ("_elsewhere", "_own_facts", "_required", "own", "own_required", "usual")

    def __init__(self, own_facts: OwnFacts, required: Requirements) -> None:
        self._own_facts = own_facts
        self._required = required
        self._elsewhere: _Section | None = None
        self.usual = required.is_default
        self.own_required = required.own
        self.own = self._section(FIELDS)

    @property
    def elsewhere(self) -> _Section:
        """The sections of a model with a source."""
        if self._elsewhere is None:
            self._elsewhere = self._section([field for field in FIELDS if not can_be_absent(field)])
        return self._elsewhere

    def _section(self, fields: "Iterable[Field]") -> _Section:
        """A whole model, in which only those of the fields can be required."""
        needed = [BY_ATTRIBUTE[field.attribute] for field in fields if field.name in self._required.names]
        return _Section((), self._own_facts, frozenset(needed))


_EMPTY: "list[Any]" = [field.type.empty for field in FIELDS]
_READERS = {(NO_OWN_FACTS, USUAL): _Models(NO_OWN_FACTS, USUAL)}
_SOURCE = '{"api": "openai", "model": "text-embedding-3-large"}'
_NO_PLACE = f"a model that is not on the Hugging Face hub has a `source` instead, such as {_SOURCE}"


def decode_models(
    tree: "JSONValue",
    file: str,
    collector: FindingCollector,
    own_facts: OwnFacts = NO_OWN_FACTS,
    required: Requirements = USUAL,
) -> list[DecodedModel]:
    """The models of a registry's file. A model that is not even an object is left out."""
    return decode_entries(read_root(tree, collector), file, collector, own_facts, required)


def read_root(tree: "JSONValue", collector: FindingCollector) -> "list[JSONValue]":
    """The entries of a registry's file, whatever they are; what is wrong with the file itself is noted."""
    if type(tree) is not dict:
        collector.wrong_type("an object with `models`", tree)
        return []
    meant = unknown_fields(tree.keys() - ROOT.keys(), list(ROOT), collector)
    for key in ("version", "models"):
        if key not in tree and key not in meant and (key == "version" or OVERLAYS.isdisjoint(tree)):
            collector.add("M101", f"the registry is missing the required field `{key}`", (key,))
    collector.field_path = ("version",)
    if "version" in tree:
        VERSION.read(tree["version"], collector)
    collector.field_path = ("$schema",)
    if type(tree.get("$schema", "")) is not str:
        collector.wrong_type("a string", tree["$schema"])
    collector.field_path = ("models",)
    models: JSONValue = tree.get("models", [])
    if type(models) is not list:
        collector.wrong_type("an array", models)
        return []
    return models


def decode_entries(
    models: "Sequence[JSONValue]",
    file: str,
    collector: FindingCollector,
    own_facts: OwnFacts = NO_OWN_FACTS,
    required: Requirements = USUAL,
) -> list[DecodedModel]:
    """The models of these entries; one that is not even an object is left out."""
    options = (own_facts, required)
    reader = _READERS.get(options) or _READERS.setdefault(options, _Models(*options))
    decoded = [_decode_model(reader, model, index, file, collector) for index, model in enumerate(models)]
    return [one for one in decoded if one is not None]


def _decode_model(
    reader: _Models, model: "JSONValue", index: int, file: str, collector: FindingCollector
) -> DecodedModel | None:
    path = ("models", index)
    collector.base_path = path
    collector.field_path = ()
    if type(model) is not dict:
        collector.base_path = ()
        collector.field_path = path
        collector.model = None
        collector.wrong_type("an object", model)
        return None
    id = model.get("id")
    collector.model = printable(id)[:80] if type(id) is str else None
    # Filled here: a call for each model would cost as much as some of the rules.
    decoded = DecodedModel(_EMPTY)
    decoded.label = collector.model
    decoded.path = path
    decoded.file = file
    decoded.collector = collector
    before = collector.count
    is_elsewhere = has_source(model)
    _check_section(reader.elsewhere if is_elsewhere else reader.own, model, decoded, collector)
    if model.get("source") == {}:
        collector.field_path = ("source",)
        collector.add("M105", "`source` must not be empty", help=f"say where the model is, such as {_SOURCE}")
    if reader.own_required:
        _require_own_facts(reader.own_required, model.get("extra", {}), collector)
    decoded.sound = collector.count == before
    if not reader.usual or is_elsewhere:
        decoded.sound = decoded.sound and all(decoded[index] is not None for index in USUAL_FACTS)
    return decoded


def _require_own_facts(names: list[str], extra: "JSONValue", collector: FindingCollector) -> None:
    """Note the facts of the project's own that a model must state, and does not."""
    collector.field_path = ("extra",)
    for name in names:
        if type(extra) is dict and name not in extra:
            collector.add("M101", f"`extra` is missing the required field `{name}`", (name,))


def _check_section(
    section: _Section, found: "dict[str, JSONValue]", decoded: DecodedModel, collector: FindingCollector
) -> None:
    fields = section.fields
    unknown: list[str] = []
    for key, value in found.items():
        if key in fields:
            index, path, read, null = fields[key]
            collector.field_path = path
            decoded[index] = None if value is None and null else read(value, collector)
        elif key in section.children:
            child = section.children[key]
            if type(value) is dict:
                _check_section(child, value, decoded, collector)
            else:
                collector.field_path = child.path
                collector.wrong_type("an object", value, help=_example(child))
                _spoil(child, decoded)
        else:
            unknown.append(key)
    if unknown or not section.required <= found.keys():
        _note_keys(section, found, unknown, decoded, collector)


def _example(section: _Section) -> str | None:
    """How to write a section, with its first fields; None for one that only holds sections."""
    import json  # only for a mistake

    shown = {key: FIELDS[index].example for key, (index, *_) in list(section.fields.items())[:2]}
    return f"such as {json.dumps(shown, ensure_ascii=False)}" if shown else None


def _note_keys(
    section: _Section,
    found: "dict[str, JSONValue]",
    unknown: list[str],
    decoded: DecodedModel,
    collector: FindingCollector,
) -> None:
    """Note the keys that a section must not have, and those that are missing."""
    where = f"`{'.'.join(section.path)}`" if section.path else "the model"
    collector.field_path = section.path
    known = sorted([*section.fields, *section.children])
    meant: set[str] = _note_unknown(section, unknown, known, collector) - found.keys() if unknown else set()
    for key in sorted(section.required - found.keys() - meant):
        what = "section" if key in section.children else "field"
        help = _NO_PLACE if key == "huggingface_id" and not section.path else None
        collector.add("M101", f"{where} is missing the required {what} `{key}`", (key,), help=help)
    for key in meant | (section.required - found.keys()):
        if key in section.children:
            _spoil(section.children[key], decoded)
        else:
            decoded[section.fields[key][0]] = INVALID


def _note_unknown(section: _Section, unknown: list[str], known: list[str], collector: FindingCollector) -> set[str]:
    from hypiler.schema.other_words import OWN, help_for  # imported here: only a mistake needs it

    return unknown_fields(unknown, known, collector, help_for=lambda key: help_for(key, section.path), otherwise=OWN)


def _spoil(section: _Section, decoded: DecodedModel) -> None:
    """Mark all fields of a missing or malformed section as INVALID, so that rules do not report them a second time."""
    for index, *_ in section.fields.values():
        decoded[index] = INVALID
    for child in section.children.values():
        _spoil(child, decoded)
