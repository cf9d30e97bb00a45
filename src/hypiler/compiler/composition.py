"""Puts layers on each other: which models there are then, who states what of them, and what does not fit.

Pure: it takes files that were read. `hypiler.project.layers` finds and reads them.
"""

from hypiler.compiler.overlays import (
    IDENTITY,
    Composed,
    Statement,
    dotted,
    is_withdrawn,
    list_of,
    object_of,
    states,
    units,
    value_at,
)
from hypiler.compiler.rule_set import Violation
from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name
from hypiler.schema.identifiers import constant_name
from hypiler.schema.requirements import place_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from hypiler.compiler.layer import Layer, Link
    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.reader import Source

    Tree = dict[str, Any]

_RULES = (
    "id-of-a-lower-layer",
    "conflicting-layers",
    "unknown-base-model",
    "repeated-override",
    "empty-override",
    "superfluous-overlay",
    "unknown-version",
)
_LONGEST = 80
_TITLES = {"id": "id", "aliases": "alias", "former_ids": "former id"}


class Overlay:
    """What one file holds besides JSON: its entries, as far as they have their shape.

    Attributes:
        models: The entries, each with its index.
        overrides: The overrides, each with its index.
        hidden: The names of hidden models, each with its index.
    """

    __slots__ = ("hidden", "models", "overrides")

    def __init__(self) -> None:
        self.models: list[tuple[int, Tree]] = []
        self.overrides: list[tuple[int, Tree]] = []
        self.hidden: list[tuple[int, str]] = []


class Hidden:
    """A model that a layer hides.

    Attributes:
        model: The model, as the layers below have it.
        layer: The layer that hides it.
        source: The file.
        path: Where it says so.
    """

    __slots__ = ("layer", "model", "path", "source")

    def __init__(self, model: Composed, layer: "Layer", source: "Source", path: "Path") -> None:
        self.model: Composed = model
        self.layer: Layer = layer
        self.source: Source = source
        self.path: Path = path


class _Use:
    """An id, an alias or a former id of a model, and who states it."""

    __slots__ = ("attribute", "model", "name", "path", "statement")

    def __init__(self, name: str, model: Composed, path: "Path") -> None:
        self.name = name
        self.model = model
        self.attribute = str(path[0])
        self.statement, self.path = model.place(path)

    def title(self) -> str:
        """What messages call it."""
        return f"{_TITLES[self.attribute]} `{printable(self.name)}`"

    @property
    def is_alias(self) -> bool:
        """Whether the model is also found without this name."""
        return self.attribute != "id"


class Composition:
    """Layers on each other.

    Attributes:
        layers: All layers, the lowest first; one's own is the last one.
        models: The models that are not hidden: those of lower layers first, each in the order of its file.
        hidden: The hidden models by id.
        violations: What does not fit, by the name of the rule.
    """

    def __init__(
        self,
        layers: "Sequence[Layer]",
        overlays: "Mapping[str, Overlay]",
        collectors: "Mapping[str, FindingCollector]",
    ) -> None:
        """`overlays` and `collectors` are by the name of the file; `collectors` also has pyproject.toml."""
        self.layers = layers
        self.hidden: dict[str, Hidden] = {}
        self.violations: dict[str, list[Violation]] = {name: [] for name in _RULES}
        self._overlays = overlays
        self._collectors = collectors
        self._known: dict[str, Composed] = {}
        # What each layer has made of the models that it adds or overrides, by id.
        self._touched: dict[Layer, dict[str, Composed]] = {}
        # Different models of one id that layers beside each other add, until somebody chooses.
        self._open: dict[str, tuple[Layer, Layer]] = {}
        self._is_known = not any(layer.missing for layer in layers)
        for layer in layers:
            self._touched[layer] = {}
            self._named: dict[str, list[str]] | None = None
            self._override_all(layer)
            self._hide_all(layer)
            self._add_all(layer)
        for id, (one, other) in self._open.items():
            self._conflict(one, other, f"id `{printable(id)}`", id)
        self._check_names()
        self.models: list[Composed] = [*self._known.values()]

    # ---- what one layer does

    def _override_all(self, layer: "Layer") -> None:
        first: dict[str, str] = {}
        for source in layer.sources:
            for index, tree in self._overlays[source.name].overrides:
                self._override(layer, source, index, tree, first)

    def _override(self, layer: "Layer", source: "Source", index: int, tree: "Tree", first: "dict[str, str]") -> None:
        path: Path = ("overrides", index)
        facts = {key: value for key, value in tree.items() if key not in IDENTITY}
        if not facts and "from" not in tree:
            message = f"the override of `{_short(tree['id'])}` must state a fact; it states none"
            self._note("empty-override", (source.name, (*path, "id")), message, "remove it", tree["id"])
            return
        statement = Statement(layer, source, path, facts)
        model = self._version(statement, tree) if "from" in tree else self._find(statement, tree["id"], "override")
        if model is None:
            return
        place = f"{printable(source.name)} $.overrides[{index}]"
        if model.id in first:
            message = f"`{_short(model.id)}` is already overridden at `{first[model.id]}`"
            help = "write all facts of the model into one override"
            self._note("repeated-override", (source.name, (*path, "id")), message, help, model.id)
            return
        first[model.id] = place
        if layer is self.layers[-1]:
            self._check_changes(model, statement)
        self._known[model.id] = self._touched[layer][model.id] = model.overridden(statement)

    def _check_changes(self, model: Composed, statement: Statement) -> None:
        """Note each fact of an override, and each source, that the layers below state in the same way."""
        sources = [("sources", key) for key in statement.sources]
        for unit in [*units(statement.tree), *sources]:
            if not _is_same(model.tree, statement.tree, unit):
                continue
            if is_withdrawn(statement.tree, unit):
                message = f"`{dotted(unit)}` is withdrawn, but no lower layer states it of `{_short(model.id)}`"
            else:
                owner = model.place(unit)[0].layer.name
                message = f"`{dotted(unit)}` of `{_short(model.id)}` is what layer `{printable(owner)}` states already"
            self._at("superfluous-overlay", (statement, unit), message, "remove it from the override", model.id)

    def _hide_all(self, layer: "Layer") -> None:
        for source in layer.sources:
            for index, name in self._overlays[source.name].hidden:
                statement = Statement(layer, source, ("hidden", index), {})
                model = self._find(statement, name, "hide")
                if model is None:
                    continue
                self._open.pop(model.id, None)
                del self._known[model.id]
                self.hidden[model.id] = Hidden(model, layer, source, statement.path)
                if model.statements[-1].layer is layer:
                    message = f"`{_short(model.id)}` is overridden, but this layer hides it"
                    path: Path = ("id",)
                    one = model.statements[-1]
                    self._at("superfluous-overlay", (one, path), message, "remove the override", model.id)

    def _add_all(self, layer: "Layer") -> None:
        for source in layer.sources:
            for index, tree in self._overlays[source.name].models:
                statement = Statement(layer, source, ("models", index), tree)
                self._add(statement, Composed.added(statement))

    def _add(self, statement: Statement, model: Composed) -> None:
        other = self._known.get(model.id)
        if other is None:
            self._known[model.id] = model
        elif other.adder.layer is statement.layer:
            # A repeated id of one layer is a finding of its own.
            self._known[f"{model.id} {len(self._known)}"] = model
            return
        elif other.adder.layer in statement.layer.below:
            use = _Use(model.id, model, ("id",))
            self._taken(use, _Use(other.id, other, ("id",)))
            return
        elif other.adder.tree != model.tree:
            self._open.setdefault(model.id, (other.adder.layer, statement.layer))
        self._touched[statement.layer][model.id] = model

    # ---- finding a model of a lower layer

    def _find(self, statement: Statement, name: str, verb: str) -> Composed | None:
        """The model of a lower layer with this id, alias or repository; None after a note that there is none."""
        if self._named is None:
            # As it is before the layer changes anything: its own aliases are no names of lower models.
            self._named = {}
            for one in self._known.values():
                for word in _names(one):
                    self._named.setdefault(word, []).append(one.id)
        found = [self._known[id] for id in self._named.get(name, ()) if id in self._known]
        exact = [one for one in found if one.id == name] or found
        if len(exact) == 1:
            return exact[0]
        key = statement.path if verb == "hide" else (*statement.path, "id")
        if exact:
            listed = ", ".join([f"`{one.id}`" for one in exact])
            message = f"`{_short(name)}` is the repository of several models: {listed}"
            self._note("unknown-base-model", (statement.source.name, key), message, "name one of them by its id", name)
            return None
        hidden = next((one for one in self.hidden.values() if name in _names(one.model)), None)
        if hidden is not None:
            self._note_hidden(statement, key, hidden, name, verb)
        elif self._is_known:
            below = [layer for layer in self.layers if layer.rank < statement.layer.rank]
            self._note_unknown(statement, key, name, verb, below)
        return None

    def _note_hidden(self, statement: Statement, key: "Path", hidden: Hidden, name: str, verb: str) -> None:
        by = f"`{_short(name)}` is hidden by layer `{printable(hidden.layer.name)}`"
        if verb == "hide":
            self._note(
                "superfluous-overlay", (statement.source.name, key), f"{by} already", "remove it from `hidden`", name
            )
        elif hidden.layer in statement.layer.below:
            adder = printable(hidden.model.adder.layer.name)
            help = f'remove the override; or write "from": "{adder}" in it to have the model again'
            self._note("unknown-base-model", (statement.source.name, key), by, help, name)

    def _note_unknown(self, statement: Statement, key: "Path", name: str, verb: str, below: "Sequence[Layer]") -> None:
        near = did_you_mean(name, [word for one in self._known.values() for word in _names(one)])
        own = [tree for _, tree in self._overlays[statement.source.name].models if tree.get("id") == name]
        if own:
            near = "the model is this layer's own: change its entry"
        what = f"a model of a lower layer, got {quote_name(name)}"
        layers = ", ".join([f"`{printable(layer.name)}`" for layer in below])
        if verb == "hide" and not near and below:
            message = f"no lower layer has a model {quote_name(name)} to hide: {layers}"
            self._note("superfluous-overlay", (statement.source.name, key), message, "remove it from `hidden`", name)
            return
        subject = "`hidden` must name" if verb == "hide" else "an override must name"
        none = "nothing stands below: name what it extends in `extends`" if not below else f"lower layers: {layers}"
        self._note("unknown-base-model", (statement.source.name, key), f"{subject} {what}", near or none, name)

    def _version(self, statement: Statement, tree: "Tree") -> Composed | None:
        """The model as the layer that `from` names has it."""
        below, word, id = statement.layer.below, tree["from"], tree["id"]
        known = {link.word: link.layer for link in statement.layer.links} | {layer.name: layer for layer in below}
        place = (*statement.path, "from")
        if word not in known:
            if self._is_known:
                help = did_you_mean(word, [*known]) or f"lower layers: {', '.join(map(printable, known)) or 'none'}"
                message = f"`from` must name a lower layer, got {quote_name(word)}"
                self._note("unknown-version", (statement.source.name, place), message, help, id)
            return None
        layer = known[word]
        seen = [layer, *sorted(layer.below, key=lambda one: -one.rank)]
        model = next((self._touched[one][id] for one in seen if id in self._touched[one]), None)
        if model is None:
            near = did_you_mean(id, [id for one in seen for id in self._touched[one]])
            message = f"layer `{printable(layer.name)}` has no model {quote_name(id)}"
            self._note("unknown-version", (statement.source.name, (*statement.path, "id")), message, near, id)
            return None
        if self._open.pop(id, None) is None and self._known.get(id) is model and not statement.tree:
            message = f"`from` changes nothing: `{_short(id)}` is that of layer `{printable(layer.name)}` already"
            self._note("superfluous-overlay", (statement.source.name, place), message, "remove the override", id)
        self.hidden.pop(id, None)
        return model

    # ---- names that meet

    def _check_names(self) -> None:
        """No two models of different layers have one name or one constant; see the registry's rules for one layer."""
        first: dict[str, _Use] = {}
        for key, model in [*self._known.items()]:
            for use in [*_uses(model)]:
                other = first.setdefault(constant_name(use.name), use)
                if other.model is model or other.statement.layer is use.statement.layer:
                    continue
                upper, lower = (use, other) if use.statement.layer.rank > other.statement.layer.rank else (other, use)
                if lower.statement.layer in upper.statement.layer.below:
                    self._taken(upper, lower)
                else:
                    self._conflict(lower.statement.layer, upper.statement.layer, upper.title(), upper.name, lower)
                if upper.is_alias:
                    left = [name for name in upper.model.tree[upper.attribute] if name != upper.name]
                    upper.model.tree = {**upper.model.tree, upper.attribute: left}
                else:
                    self._known.pop(key if upper is use else upper.model.id, None)

    def _taken(self, use: _Use, other: _Use) -> None:
        """Note that a lower layer has the name of a model."""
        help = "choose another name"
        if not use.is_alias and not other.is_alias and use.name == other.name:
            help = f"to change facts of `{_short(other.name)}`, use `overrides`; for another model, choose another id"
        self._at("id-of-a-lower-layer", (use.statement, use.path), _clash(use, other), help, use.model.id)

    def _conflict(self, one: "Layer", other: "Layer", title: str, name: str, use: _Use | None = None) -> None:
        """Note at the `extends` entry that brings two layers together that they have different models of one name."""
        joiner = next((layer for layer in self.layers if {one, other} <= layer.below.keys()), None)
        if joiner is None:
            return
        link = joiner.below[other]
        what = f"{title} is another model in layer `{printable(other.name)}` than in layer `{printable(one.name)}`"
        if use is not None and use.name != name:
            what = f"{title} of layer `{printable(other.name)}` becomes `{constant_name(name)}`, and so does "
            what += f"{use.title()} of layer `{printable(one.name)}`"
        choice = f'{{"id": "{_short(name)}", "from": "{printable(one.name)}"}}'
        help = f"choose one by an override, such as {choice}; or hide the model" if use is None else "hide one of them"
        self._note_link("conflicting-layers", link, what, help, name)

    # ---- notes

    def _at(self, rule: str, place: "tuple[Statement, Path]", message: str, help: str | None, id: str) -> None:
        """Note what a layer states: the statement, and the path in it."""
        one, path = place
        self._note(rule, (one.source.name, (*one.path, *path)), message, help, id)

    def _note(self, rule: str, place: "tuple[str, Path]", message: str, help: str | None, id: str) -> None:
        """Note what stands in a file: its name, and the path in it."""
        file, path = place
        self.violations[rule].append(Violation(self._collectors[file], path, message, help, _short(id)))

    def _note_link(self, rule: str, link: "Link", message: str, help: str | None, id: str) -> None:
        self._note(rule, (link.file, link.path), message, help, id)


def read_overlay(tree: "Tree", models: "list[Any]", collector: FindingCollector) -> Overlay:
    """The entries of a file that have their shape; the others are noted."""
    found = Overlay()
    for index, model in enumerate(models):
        collector.field_path = ("models", index)
        if isinstance(model, dict):
            found.models.append((index, object_of(model)))
        else:
            collector.wrong_type("an object", model)
    for index, one in _items(tree, "overrides", collector):
        override = object_of(one)
        if not isinstance(one, dict):
            collector.wrong_type("an object", one, (index,))
        elif _has_text(override, "id", index, collector, required=True) and _has_text(
            override, "from", index, collector
        ):
            found.overrides.append((index, override))
    seen: set[str] = set()
    for index, name in _texts(tree, "hidden", collector):
        if name in seen:
            collector.add("M115", f"`hidden` must name each model once, got {quote_name(name)} again", (index,))
        else:
            found.hidden.append((index, name))
        seen.add(name)
    _texts(tree, "extends", collector)
    return found


def _items(tree: "Tree", key: str, collector: FindingCollector) -> "list[tuple[int, Any]]":
    collector.field_path = (key,)
    value = tree.get(key, [])
    if not isinstance(value, list):
        collector.wrong_type("an array", value)
        return []
    return [*enumerate(list_of(value))]


def _texts(tree: "Tree", key: str, collector: FindingCollector) -> "list[tuple[int, str]]":
    items = _items(tree, key, collector)
    for index, item in items:
        if not isinstance(item, str):
            collector.wrong_type("a string", item, (index,))
    return [(index, item) for index, item in items if isinstance(item, str)]


def _has_text(one: "Tree", key: str, index: int, collector: FindingCollector, *, required: bool = False) -> bool:
    if key not in one:
        if required:
            collector.add("M101", f"the override is missing the required field `{key}`", (index, key))
        return not required
    if not isinstance(one[key], str):
        collector.wrong_type("a string", one[key], (index, key))
        return False
    return True


def _names(model: Composed) -> "list[str]":
    """What finds a model: its id, its aliases, the ids that it had, and its repository."""
    further = [*list_of(model.tree.get("aliases")), *list_of(model.tree.get("former_ids"))]
    known = [name for name in further if isinstance(name, str)]
    repository = model.tree.get("huggingface_id")
    return [model.id, *known, *([repository] if isinstance(repository, str) else [])]


def _uses(model: Composed) -> "Iterator[_Use]":
    if isinstance(model.tree.get("id"), str):
        yield _Use(model.id, model, ("id",))
    for attribute in ("aliases", "former_ids"):
        for index, name in enumerate(list_of(model.tree.get(attribute))):
            if isinstance(name, str):
                yield _Use(name, model, (attribute, index))


def _clash(use: _Use, other: _Use) -> str:
    there = f"layer `{printable(other.statement.layer.name)}`"
    if use.name != other.name:
        return f"{use.title()} becomes `{constant_name(use.name)}`, and so does {other.title()} of {there}"
    if other.is_alias:
        what = "an alias" if other.attribute == "aliases" else "a former id"
        return f"{use.title()} is {what} of `{printable(other.model.id)}` in {there}"
    place = f" ({printable(place_in(other.model.tree))})" if not use.is_alias else ""
    return f"{use.title()} is the id of a model{place} in {there}"


def _is_same(base: "Tree", over: "Tree", unit: "Path") -> bool:
    """Whether an override states a fact as the layers below do."""
    if is_withdrawn(over, unit):
        return not states(base, unit)
    try:
        ours, theirs = value_at(over, unit), value_at(base, unit)
    except (KeyError, IndexError, TypeError):
        return False
    return type(ours) is type(theirs) and ours == theirs


def _short(text: object) -> str:
    return printable(text)[:_LONGEST] if isinstance(text, str) else "?"
