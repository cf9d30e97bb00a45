"""Turns a draft into an overlay: models of the catalogue become overrides of single facts, or nothing."""

from collections.abc import Mapping
from typing import Any

from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.models_json import emit_entries, emit_overlay
from hypiler.emit.models_json import entry as model_entry
from hypiler.lifecycle.importing.catalogue import Catalogue
from hypiler.lifecycle.importing.drafting import CORE_ONLY, SCHEMA, Draft, free_id
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.model import Model

OPEN, HOSTED = "hypiler", "hypiler-hosted"
"""The layers that the catalogue consists of."""
_ABSENT: tuple[Any, ...] = (None, (), {})
# The catalogue knows these of every model, or keeps them as lists that an override would replace whole.
_KEPT = frozenset({"id", "name", "type", "huggingface_id", "variants"})


class Overlay:
    """A draft that stands on the catalogue.

    Attributes:
        models: The entries of models that the catalogue does not have.
        overrides: For each model of the catalogue that gets a fact, its id, the facts and their sources.
        same: How many models of the draft become nothing, since the catalogue states everything already.
        kept: The contradictions that are not overridden, since the model would be wrong in itself.
    """

    def __init__(self, draft: Draft, catalogue: Catalogue, *, theirs: bool) -> None:
        """With `theirs`, an override is also written for facts that the catalogue states otherwise."""
        self.models: list[dict[str, Any]] = _renamed(draft, catalogue)
        self.same: int = 0
        self.kept: list[str] = []
        self._layers: set[str] = set()
        told = {(one.model, one.path) for one in draft.contradictions}
        found: dict[str, dict[str, Any]] = {}
        for entry in draft.entries:
            if (known := draft.known.get(entry["id"])) is not None:
                self._layers.add(OPEN if known.huggingface_id else HOSTED)
                facts = self._facts(entry, known, told if theirs else set())
                self.same += not facts
                self._add(found, known.id, facts, entry["sources"])
        self.overrides: list[dict[str, Any]] = list(found.values())

    def _facts(self, entry: Mapping[str, Any], known: Model, theirs: "set[tuple[str, str]]") -> dict[str, Any]:
        facts = _facts(entry, known, theirs)
        if not theirs or _fits(known, facts):
            return facts
        fitting = _facts(entry, known, set())
        for path in [path for path in facts if path not in fitting]:
            if _fits(known, {**fitting, path: facts[path]}):
                fitting[path] = facts[path]
            else:
                self.kept.append(f"{path} of {known.id}")
        return fitting

    @staticmethod
    def _add(found: dict[str, dict[str, Any]], id: str, facts: Mapping[str, Any], sources: Mapping[str, str]) -> None:
        """Add the facts to the override of a model. Of two entries about one model, the first stands."""
        override = found.setdefault(id, {"id": id}) if facts else {}
        for field in FIELDS:
            if field.name in facts and field.get(override, None) is None:
                field.set(override, facts[field.name])
                override.setdefault("sources", {})[field.name] = sources[field.name]

    @property
    def text(self) -> str:
        """The text of the file."""
        overrides = [{**one, "sources": one.pop("sources")} for one in [dict(each) for each in self.overrides]]
        layers = [layer for layer in (OPEN, HOSTED) if layer in self._layers] or [OPEN]
        return emit_overlay(layers, self.models, overrides, SCHEMA)


def _renamed(draft: Draft, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The entries of new models. One whose id the catalogue has for another model gets one that it does not have."""
    taken = {constant_name(name) for model in catalogue.models for name in (model.id, *model.aliases)}
    names = dict.fromkeys(draft.names, "")
    found: list[dict[str, Any]] = []
    for entry in draft.entries:
        id = entry["id"]
        if id not in draft.known:
            if constant_name(id) in taken:
                id = free_id(draft.names[id], names, taken)
                names[id] = ""
            found.append({**entry, "id": id})
    return found


def _fits(known: Model, facts: Mapping[str, Any]) -> bool:
    """Whether a model of the catalogue has no error with other facts."""
    tree: dict[str, Any] = model_entry(known, CORE_ONLY)
    for field in FIELDS:
        if field.name in facts:
            field.set(tree, facts[field.name])
    data = emit_entries([tree], SCHEMA).encode()
    return not compile_registry([(known.id, data)], required=CORE_ONLY).has_errors


def _facts(entry: Mapping[str, Any], known: Model, theirs: "set[tuple[str, str]]") -> dict[str, Any]:
    """The facts of an entry that the catalogue does not state, and those of `theirs`."""
    return {
        field.name: field.get(entry)
        for field in FIELDS
        if field.name in entry["sources"]
        and field.name not in _KEPT
        and (getattr(known, field.attribute) in _ABSENT or (known.id, field.name) in theirs)
    }
