"""Compares two registries: what a change of models.json, its lock or its options means for whoever uses the models."""

from hypiler.diagnostics.escaping import quote_name
from hypiler.lifecycle.changes import (
    ADDED,
    BREAKS_API,
    BREAKS_VECTORS,
    COSMETIC,
    FACT_CORRECTED,
    VECTORS_UNDECIDED,
    Change,
    Difference,
)
from hypiler.lifecycle.evidence import evidence_changes
from hypiler.lifecycle.facts import Version, changed_facts, fact_changes
from hypiler.lifecycle.places import locate
from hypiler.lifecycle.types import attribute_changes, member_changes
from hypiler.lifecycle.vectors import LOCK, VectorChanges, compare_spaces, fit
from hypiler.schema.identifiers import constant_name
from hypiler.schema.model import evidence_of
from hypiler.stamps.listed_bytes import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.schema.model import Model

__all__ = ["compare"]

_ORDER = "order"
_VERSION = "version"
_TEXT = "text"


def compare(old: "CheckedRegistry", new: "CheckedRegistry", *, types: bool = True) -> Difference:
    """All changes from one registry to another, each with its class and its place.

    Vectors are compared as `hypiler.space` compares them, so the two never contradict each other. `types` says whether
    both registries were read with the options of their project, which decide over the types of attributes.

    Raises ValueError for a registry with errors, since it has no models.
    """
    for registry in (old, new):
        if registry.has_errors:
            raise ValueError(f"a registry with errors cannot be compared: {registry.title}")
    pairs, removed, added = _paired(old, new)
    sides = _Side(old), _Side(new)
    changes = [change for pair in pairs for change in _model_changes(*pair, *sides)]
    gone = [model for model in removed if model.deprecated is None and new.get(model.id) is None]
    changes += [_removal(model, new) for model in removed]
    changes += [Change(ADDED, model.id, "", "the model is new", (None, model.to_dict())) for model in added]
    changes += attribute_changes(old, new) if types else ()
    changes += member_changes(old, new, {model.id for model in removed} - {model.id for model in gone})
    changes += _whole_changes(old, new, pairs, removed, added)
    renamed = {before.id: after.id for before, after in pairs}
    locate(changes, old, new, renamed)
    emptied = len(old) > 0 and len(new) == 0
    return Difference(changes, [model.id for model in gone], (old.version, new.version), emptied=emptied)


class _Side:
    """One of the two registries."""

    def __init__(self, registry: "CheckedRegistry") -> None:
        self.registry = registry
        self.entries = {entry.id: entry.tree for entry in registry.entries}

    def version(self, model: "Model") -> Version:
        """A model of this registry."""

        def finds(name: str) -> "bool | str | None":
            found = self.registry.get(name)
            return None if found is None else True if found.id == model.id else found.id

        return Version(model, self.entries.get(model.id, {}), self.registry.own_facts.words, finds)


def _paired(
    old: "CheckedRegistry", new: "CheckedRegistry"
) -> "tuple[list[tuple[Model, Model]], list[Model], list[Model]]":
    """The two versions of each model, the removed models and the added ones.

    A model is found by its id, then by its old id as another name, then by its repository and its space.
    """
    after = {model.id: model for model in new}
    found: dict[str, Model] = {}
    for find in (_by_id, _by_name, _by_space):
        left = {id: model for id, model in after.items() if id not in {one.id for one in found.values()}}
        for model in old:
            if model.id not in found and (match := find(model, left, new)) is not None:
                found[model.id] = left.pop(match.id)
    pairs = [(model, found[model.id]) for model in old if model.id in found]
    known = {model.id for model in found.values()}
    return pairs, [model for model in old if model.id not in found], [m for m in new if m.id not in known]


def _by_id(model: "Model", left: "dict[str, Model]", new: "CheckedRegistry") -> "Model | None":
    return left.get(model.id)


def _by_name(model: "Model", left: "dict[str, Model]", new: "CheckedRegistry") -> "Model | None":
    found = new.get(model.id)
    return None if found is None else left.get(found.id)


def _by_space(model: "Model", left: "dict[str, Model]", new: "CheckedRegistry") -> "Model | None":
    same = [one for one in left.values() if _place(one) == _place(model)]
    return next((one for one in same if fit(model, one)), None)


def _place(model: "Any") -> str:
    return place_of(model)


def _model_changes(before: "Model", after: "Model", old: _Side, new: _Side) -> "Iterator[Change]":
    """All changes of a model that both registries have."""
    fields = changed_facts(before, after)
    proved = evidence_of(before) != evidence_of(after)
    if before.id != after.id:
        yield _rename(before, after, new.registry)
    if fields or proved:
        paths = [field.name for field in fields]
        vectors = VectorChanges(before, after, [*paths, *([LOCK] if proved else [])])
        yield from vectors.changes(before.id, paths)
        yield from fact_changes(old.version(before), new.version(after), fields, vectors)
        yield from evidence_changes(before, after)
    yield from _lookup_changes(before, after, old.registry, new.registry)


def _rename(before: "Model", after: "Model", new: "CheckedRegistry") -> Change:
    text = f"the model is called {quote_name(after.id)} now"
    if new.get(before.id) is not None:
        return Change(ADDED, before.id, "id", f"{text}, and its old id still finds it", (before.id, after.id))
    name = constant_name(before.id)
    text += f": its old id finds nothing any more, and the constant `{name}` is gone"
    return Change(BREAKS_API, before.id, "id", text, (before.id, after.id))


def _lookup_changes(
    before: "Model", after: "Model", old: "CheckedRegistry", new: "CheckedRegistry"
) -> "Iterator[Change]":
    """Names that find another model now: who asks by such a name gets the vectors of that model."""
    repository = before.huggingface_id
    for name in (*before.aliases, *before.former_ids):
        now = new.get(name)
        if now is not None and now.id != after.id:
            kind, what = _successor(before, now)
            if kind != FACT_CORRECTED:
                yield Change(kind, before.id, "", f"{quote_name(name)} finds {quote_name(now.id)} now, {what}")
    if repository is None or repository != after.huggingface_id:
        return
    # A lookup by repository finds the first of several models: another one may come first now.
    first, now = old.get(repository), new.get(repository)
    if first is not None and now is not None and first.id == before.id and now.id != after.id:
        kind, what = _successor(before, now)
        message = f"the lookup by {quote_name(repository)} finds {quote_name(now.id)} now, {what}"
        yield Change((BREAKS_API, kind), before.id, "huggingface_id", message, (repository, repository))


def _removal(model: "Model", new: "CheckedRegistry") -> Change:
    """The change of a model that is gone. Its id may find another model."""
    value, other = model.to_dict(), new.get(model.id)
    if other is not None:
        kind, what = _successor(model, other)
        text = f"the model is gone, and its id finds {quote_name(other.id)}, {what}"
        return Change(kind, model.id, "", text, (value, None))
    if model.deprecated is not None:
        return Change(FACT_CORRECTED, model.id, "", "the model was deprecated and is gone", (value, None))
    text = f"the model is gone, and was not deprecated before: its id and the constant `{constant_name(model.id)}` too"
    return Change(BREAKS_API, model.id, "", text, (value, None))


def _successor(model: "Model", other: "Model") -> "tuple[str, str]":
    """The class of a removal whose id finds another model, and how their vectors compare."""
    comparison = compare_spaces(model, other)
    if comparison is None or comparison.outcome == "same":
        return FACT_CORRECTED, "whose vectors are of the same space"
    if comparison.outcome == "different":
        return BREAKS_VECTORS, "whose vectors are of another space"
    return VECTORS_UNDECIDED, "and whether their vectors fit together is undecided"


def _whole_changes(
    old: "CheckedRegistry",
    new: "CheckedRegistry",
    pairs: "Sequence[tuple[Model, Model]]",
    removed: "Sequence[Model]",
    added: "Sequence[Model]",
) -> "Iterator[Change]":
    """The changes of the registry itself: its version, the order of its models, and its text."""
    if old.sources and old.version != new.version:
        text = f"`version` was {old.version or 'not stated'} and is {new.version or 'not stated'}"
        yield Change(COSMETIC, None, _VERSION, text, (old.version, new.version))
    renamed = {before.id: after.id for before, after in pairs}
    gone = {model.id for model in removed}
    kept = [renamed[id] for id in old.ids if id not in gone]
    ids = [*new.ids]
    if [*kept, *[model.id for model in added]] != ids:
        fresh = {model.id for model in added}
        moved = kept != [id for id in ids if id not in fresh]
        text = "the models are in another order" if moved else "new models stand between the others"
        yield Change(COSMETIC, None, _ORDER, text, ([*old.ids], ids))
    elif _texts(old) != _texts(new) and not _has_changes(pairs, removed, added, old, new):
        yield Change(COSMETIC, None, _TEXT, "the text of the registry is another one, and states the same")


def _texts(registry: "CheckedRegistry") -> "list[bytes]":
    return [source.data for source in registry.sources]


def _has_changes(
    pairs: "Sequence[tuple[Model, Model]]",
    removed: "Sequence[Model]",
    added: "Sequence[Model]",
    old: "CheckedRegistry",
    new: "CheckedRegistry",
) -> bool:
    """Whether the texts differ in more than their form."""
    changed = any(before.id != after.id or changed_facts(before, after) for before, after in pairs)
    return bool(changed or removed or added or old.version != new.version)
