"""`CheckedRegistry`: the models of one or more files after all checks, with everything that was found in them."""

from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.finding import Finding, Path
from hypiler.jsontext.reader import Lines, Source
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts
from hypiler.schema.requirements import USUAL, Requirements, has_source, place_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from hypiler.compiler.composition import Composition
    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.layer import Follow, Layer
    from hypiler.compiler.overlays import Composed
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.diagnostics.collector import FindingCollector
    from hypiler.errors import UnknownModelError
    from hypiler.jsontext.json_types import JSONValue
    from hypiler.schema.evidence import Evidence
    from hypiler.schema.model import Model
    from hypiler.schema.policy import Policy
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Iterator, Mapping, Sequence

    Any = Composed = Composition = DecodedModel = Evidence = Follow = JSONValue = Layer = Model = Policy = object
    FindingCollector = RuleSettings = UnknownModelError = object

_MOST_NAMES = 3
OWN = "project"
"""The name of the layer of one's own files."""


class Origin:
    """Where a fact of a registry is stated.

    Two origins are equal if they are the same place with the same source.

    Attributes:
        layer: The registry that states the fact: "project" for your own files, "hypiler" for the shipped registry, and
            otherwise the entry of `extends` that names the registry.
        file: The name of the file.
        line: From 1.
        column: From 1, in characters.
        source: What `sources` of the model says about the fact: a text or an object; None if it says nothing.
        value: The value as JSON types; None if it is null, or if an override withdraws the fact.
        withdrawn: Whether the place is an override that removes the fact.
    """

    __slots__ = ("column", "file", "layer", "line", "source", "value", "withdrawn")

    def __init__(
        self,
        layer: str,
        file: str,
        line: int,
        column: int,
        source: "str | Mapping[str, Any] | None",
        *,
        value: "JSONValue" = None,
        withdrawn: bool = False,
    ) -> None:
        self.layer: str = layer
        self.file: str = file
        self.line: int = line
        self.column: int = column
        self.source: str | Mapping[str, Any] | None = source
        self.value: JSONValue = value
        self.withdrawn: bool = withdrawn

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin) and all(getattr(self, n) == getattr(other, n) for n in _PLACE)

    __hash__: None = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Origin({self.layer!r}, {self.file}:{self.line}:{self.column}, source={self.source!r})"


_PLACE = ("layer", "file", "line", "column", "source")


class Entry:
    """A model as its file states it; of a registry that extends others, as all layers state it together.

    Attributes:
        source: The file that adds the model.
        index: The place among the models of the file, from 0.
        tree: The object of models.json; what it leaves out the model does not state.
        composed: Who states what of the model; None in a registry that extends no other.
    """

    __slots__ = ("composed", "index", "source", "tree")

    def __init__(self, source: Source, index: int, tree: "dict[str, Any]", composed: "Composed | None" = None) -> None:
        self.source: Source = source
        self.index: int = index
        self.tree: dict[str, Any] = tree
        self.composed: Composed | None = composed

    def place(self, path: Path) -> tuple[Source, Path]:
        """The file that states the fact at a path of the entry, and where in it."""
        if self.composed is None:
            return self.source, (*self.path, *path)
        statement, inner = self.composed.place(path)
        return statement.source, (*statement.path, *inner)

    @property
    def base(self) -> str | None:
        """The name of the lower layer that adds the model; None for a model of one's own files."""
        layer = None if self.composed is None else self.composed.adder.layer.name
        return None if layer == OWN else layer

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers that state something about the model: first the one that adds it."""
        statements = () if self.composed is None else self.composed.statements
        return tuple([one.layer.name for one in statements]) or (OWN,)

    @property
    def is_own(self) -> bool:
        """Whether one's own files add the model or override facts of it."""
        return self.composed is None or self.composed.statements[-1].layer.name == OWN

    @property
    def path(self) -> Path:
        """Where the model stands in its file."""
        return ("models", self.index)

    @property
    def id(self) -> str:
        """The id of the model."""
        return str(self.tree.get("id"))

    @property
    def names(self) -> "list[JSONValue]":
        """What finds the model: its id, aliases and repository, as far as the file states them."""
        names: list[JSONValue] = [self.id]
        for key in ("aliases", "former_ids"):
            further: JSONValue = self.tree.get(key)
            names += further if isinstance(further, list) else []
        return names if self.is_elsewhere else [*names, self.repository]

    @property
    def repository(self) -> str:
        """The repository of the model, or its name at its source."""
        return place_in(self.tree)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the model has a source instead of a repository."""
        return has_source(self.tree)

    @property
    def revision(self) -> str | None:
        """The commit that the facts were read at."""
        found: str | None = self.tree.get("revision")
        return found


class Accepted:
    """What passed the checks: everything that the models and the digest of a registry are made from.

    Attributes:
        decoded: The models as they were read.
        evidence: What the lock proves about each model, by id.
        lock: The bytes of the lock; None without one.
        policy: The policy that the models obey; None without one.
    """

    __slots__ = ("decoded", "evidence", "lock", "policy")

    def __init__(
        self,
        decoded: "list[DecodedModel]",
        evidence: "Mapping[str, Evidence]",
        lock: bytes | None,
        policy: "Policy | None" = None,
    ) -> None:
        self.decoded: list[DecodedModel] = decoded
        self.evidence: Mapping[str, Evidence] = evidence
        self.lock: bytes | None = lock
        self.policy: Policy | None = policy

    def models(self, own_facts: OwnFacts) -> "tuple[Model, ...]":
        """The models, with the fields that follow from others."""
        from hypiler.schema.model import class_with

        for one in self.decoded:
            if one.matryoshka is None:
                one[BY_ATTRIBUTE["matryoshka"]] = bool(one.matryoshka_dims or one.matryoshka_max)
        policy = "\n".join(self.policy.lines()) if self.policy else ""
        model = class_with(tuple(own_facts.words.items()), policy)
        return tuple([model.of(one, self.evidence.get(one.id)) for one in self.decoded])

    def digest(
        self, sources: "list[Source]", own_facts: OwnFacts, required: Requirements, below: "Sequence[Layer]" = ()
    ) -> str:
        """One digest for all sources, the lock, the layers below and the options. Line ends do not count."""
        from hypiler._digest import sha256_hex, text_sha256

        digests = [layer_sha256(layer) for layer in below] + [source.sha256 for source in sources]
        if self.lock is not None:
            # What was verified is in the outputs, too: they are stale when the lock has changed.
            digests.append(text_sha256(self.lock))
        if own_facts.words:
            digests.append(sha256_hex(repr(own_facts).encode()))
        if not required.is_default:
            # The types in the stub and the schema follow from it.
            digests.append(sha256_hex("\n".join(sorted(required.names)).encode()))
        if self.policy:
            # The module carries it.
            digests.append(sha256_hex("\n".join(self.policy.lines()).encode()))
        # Of one file its own digest, of more that of their digests in order.
        return digests[0] if len(digests) == 1 else sha256_hex("\n".join(digests).encode())


def layer_sha256(layer: "Layer") -> str:
    """One digest for the files of a layer."""
    from hypiler._digest import sha256_hex, text_sha256

    lock = [] if layer.lock is None else [text_sha256(layer.lock.data)]
    return sha256_hex("\n".join([layer.name, *[source.sha256 for source in layer.sources], *lock]).encode())


class CheckedRegistry:
    """The models of one or more files, in file order, and every finding.

    It is a collection of models: iteration, `len`, and lookup by id, alias or repository name.

    Attributes:
        findings: Everything that is wrong, by file and position.
        files: The contents of the files that were read, by name: the sources, and the lock if there is one.
        sources: The registry's own sources that could be read as JSON, in order, without those of lower layers.
        rules: Which rules were applied; None for all, as declared.
        own_facts: The facts that the project adds to the format.
        required: The fields that every model must state.
        policy: What the project allows its models to be; None without a policy.
        excused: The exceptions of the policy that a model needed, each as its id and the rule.
        layer: The name of this registry as a layer: see `Origin`.
        composition: The layers that the registry is made of; None if it extends no other.
        follow: What reads the layers below the files; None if nothing stands below them.
    """

    layer = "project"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sources: list[Source] = []
        self.findings: list[Finding] = []
        self.rules: RuleSettings | None = None
        self.own_facts: OwnFacts = NO_OWN_FACTS
        self.required: Requirements = USUAL
        self.policy: Policy | None = None
        self.excused: set[tuple[str, str]] = set()
        self.composition: Composition | None = None
        self.follow: Follow | None = None
        self._accepted: Accepted | None = None
        self._models: tuple[Model, ...] | None = None
        self._lines: dict[str, Lines] = {}
        self._known: dict[str, Model] | None = None

    def accept(self, accepted: "Accepted") -> None:
        """Set the models of an empty registry, once its files are known to have no errors."""
        self._accepted = accepted

    @property
    def models(self) -> "tuple[Model, ...]":
        """All models; empty if a finding is an error, so that nothing is generated from wrong facts."""
        if self._models is None:
            # Created when first needed: a check counts the models, and no more.
            self._models = self._accepted.models(self.own_facts) if self._accepted else ()
        return self._models

    @property
    def sha256(self) -> str:
        """One digest for all sources, the lock and the project's options; empty if there are errors."""
        if self._accepted is None:
            return ""
        below = self.composition.layers[:-1] if self.composition else ()
        return self._accepted.digest(self.sources, self.own_facts, self.required, below)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, the lowest first; the last one is the registry's own."""
        below = self.composition.layers[:-1] if self.composition else ()
        return (*[layer.name for layer in below], self.layer)

    @property
    def layer_marks(self) -> str:
        """The beginning of the sha256 of each lower layer, the lowest first, for the headers of generated files."""
        below = self.composition.layers[:-1] if self.composition else ()
        return " ".join([layer_sha256(layer)[:8] for layer in below])

    @property
    def sources_of_layers(self) -> list[Source]:
        """The sources of all layers that could be read as JSON: the registry's own, and those of lower layers."""
        below = self.composition.layers[:-1] if self.composition else ()
        return [*self.sources, *[source for layer in below for source in layer.sources]]

    @property
    def hidden(self) -> "Mapping[str, Origin]":
        """Where each hidden model is hidden, by id."""
        found = self.composition.hidden if self.composition else {}
        return {id: self._origin(one.layer.name, one.source, one.path) for id, one in found.items()}

    @property
    def title(self) -> str:
        """What messages call this registry: "the shipped registry", or the names of its files."""
        if self.layer == "hypiler":
            return "the shipped registry"
        names = [source.name for source in self.sources]
        if len(names) > _MOST_NAMES:
            return f"{names[0]} and {len(names) - 1} more files"
        return ", ".join(names) or "an empty registry"

    @property
    def ok(self) -> bool:
        """Whether there is no error; there may be warnings."""
        return not self.has_errors

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error, so that nothing may be generated."""
        return any(finding.severity == ERROR for finding in self.findings)

    @property
    def version(self) -> str | None:
        """The `version` that the registry's first file states; None if it states none."""
        tree = self.sources[0].value if self.sources else None
        version = tree.get("version") if isinstance(tree, dict) else None
        return version if isinstance(version, str) else None

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every model."""
        return tuple([model[0] for model in self.models])

    def line(self, finding: Finding) -> str | None:
        """The source line of a finding; None if the finding has no place in a file of the registry."""
        if not finding.line or finding.file not in self.files:
            return None
        if finding.file not in self._lines:
            self._lines[finding.file] = self._lines_of(finding.file)
        return self._lines[finding.file].line(finding.line)

    def _lines_of(self, name: str) -> Lines:
        for source in self.sources_of_layers:
            if source.name == name:
                return source.lines
        # The lock, or a file that is not JSON.
        return Lines(self.files[name].decode("utf-8-sig", "replace"))

    def __iter__(self) -> "Iterator[Model]":
        return iter(self.models)

    def __len__(self) -> int:
        return len(self._accepted.decoded) if self._accepted else 0

    def __contains__(self, id: object) -> bool:
        return id in self._models_by_name()

    def __getitem__(self, id: str) -> "Model":
        """The model with this id, alias or repository name. Raises UnknownModelError, a KeyError."""
        found = self.get(id)
        if found is None:
            raise self._unknown(id)
        return found

    def get(self, id: str) -> "Model | None":
        """The model with this id, alias or repository name, or None."""
        return self._models_by_name().get(id)

    def _ipython_key_completions_(self) -> "list[str]":
        """What IPython and Jupyter offer for `registry["`."""
        return [*self._models_by_name()]

    def suggest(self, id: str) -> str | None:
        """The id, alias or repository name that was probably meant; None if nothing is near."""
        from hypiler._nearest import nearest_model

        wanted = str(id).casefold()
        for model in self.models:
            if wanted and wanted in ((model.huggingface_id or "").casefold(), model.name.casefold()):
                return str(model.id)
        is_repository = "/" in wanted
        return nearest_model(str(id), [name for name in self._models_by_name() if ("/" in name) == is_repository])

    def _models_by_name(self) -> "Mapping[str, Model]":
        """Every model by id and alias, which are unique, and by repository: the first of those that share one."""
        if self._known is None:
            known: dict[str, Model] = {}
            for model in self.models:
                known |= dict.fromkeys([model.id, *model.aliases, *model.former_ids], model)
            for model in self.models:
                if model.huggingface_id is not None:
                    known.setdefault(model.huggingface_id, model)
            self._known = known
        return self._known

    def origin(self, id: str, path: str = "") -> Origin | None:
        """Where the model with this id states a fact, by its path such as `specs.embedding_dim`.

        The path may also name a section, such as `specs`, or a part of a field, such as `variants[0].sha256` or
        `extra.note`. Without a path, the origin is the place of the model's entry. None if the model does not state the
        fact.

        Raises UnknownModelError, and ValueError for a path that no field has.
        """
        keys = _keys(path)
        found = self._stated(id, keys)
        if not keys:
            return found[-1]  # the entry that adds the model
        return found[0] if found and not found[0].withdrawn else None

    def chain(self, id: str, path: str = "") -> "tuple[Origin, ...]":
        """Every place where a layer states a fact of the model with this id. The place that counts comes first.

        The other places are in lower layers and are overridden. If an override removes the fact, the place of the
        override comes first. Without a path, these are the places of the entry and of its overrides. Empty if no layer
        states the fact.

        Raises UnknownModelError, and ValueError for a path that no field has.
        """
        return tuple(self._stated(id, _keys(path)))

    def _stated(self, id: str, keys: Path) -> "list[Origin]":
        entry = self.entry(id)
        if entry.composed is None:
            found = self._at(self.layer, entry.source, entry.path, keys, entry.tree)
            return [] if found is None else [found]
        from hypiler.compiler.overlays import is_withdrawn

        origins: list[Origin] = []
        for one in entry.composed.statements[::-1]:
            layer = self.layer if one.layer.name == OWN else one.layer.name
            if keys and is_withdrawn(one.tree, keys) and one is not entry.composed.adder:
                found = self._origin(layer, one.source, (*one.path, *keys), withdrawn=True)
            else:
                found = self._at(layer, one.source, one.path, keys, one.tree)
            if found is not None:
                origins.append(found)
        if origins and not origins[0].withdrawn:
            # A layer above may give a fact another source, and leave its value.
            origins[0].source = _source_of(keys, entry.tree.get("sources"))
        return origins

    def _at(self, layer: str, source: Source, path: Path, keys: Path, tree: "dict[str, Any]") -> Origin | None:
        """Where a statement has a fact; None if it does not state it."""
        place = (*path, *keys)
        if source.spans([place]).get(place) is None:
            return None
        value: Any = tree
        for key in keys:
            value = value[key]
        found = self._origin(layer, source, place)
        found.source = _source_of(keys, tree.get("sources"))
        found.value = value if keys else None
        return found

    def _origin(self, layer: str, source: Source, place: Path, *, withdrawn: bool = False) -> Origin:
        span = source.spans([place]).get(place) or source.spans([place[:2]])[place[:2]]
        line, column = source.lines.place(span[2])
        return Origin(layer, source.name, line, column, None, withdrawn=withdrawn)

    @property
    def entries(self) -> list[Entry]:
        """The entry of every model, as its file states it, in file order. A registry with errors has entries too."""
        if self.composition is not None:
            return [_composed_entry(model) for model in self.composition.models]
        return [entry for source in self.sources for entry in _entries(source)]

    def entry(self, id: str) -> Entry:
        """The entry of the model with this id, alias or repository name. Raises UnknownModelError."""
        model = self.get(id)
        wanted = id if model is None else model.id
        entries = self.entries
        found = next((entry for entry in entries if entry.id == wanted), None)
        # A registry with errors has no models: its entries say themselves how else they are called.
        found = found or next((entry for entry in entries if wanted in entry.names), None)
        if found is None:
            raise self._unknown(id)
        return found

    def _unknown(self, id: str) -> "UnknownModelError":
        from hypiler.errors import UnknownModelError

        why = ", which has errors" if self.has_errors else ""
        return UnknownModelError(id, self.suggest(id), f"{self.title}{why}")


def _composed_entry(model: "Composed") -> Entry:
    index: Any = model.adder.path[1]
    return Entry(model.adder.source, index, model.tree, model)


def _entries(source: Source) -> "Iterator[Entry]":
    tree = source.value
    models: JSONValue = tree.get("models") if isinstance(tree, dict) else None
    entries: list[JSONValue] = models if isinstance(models, list) else []
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield Entry(source, index, entry)


def _keys(path: str) -> Path:
    """The keys of a path: of a section, of a field, or of a part of a field. Raises ValueError for any other path."""
    section = tuple(path.split(".")) if path else ()
    if any(field.path[: len(section)] == section != field.path for field in FIELDS):
        return section
    for field in FIELDS:
        if path.startswith(field.name):
            inside = field.type.keys(path[len(field.name) :])
            if inside is not None:
                return (*field.path, *inside)
    from hypiler.diagnostics.escaping import did_you_mean, quote_name

    hint = did_you_mean(path, [field.name for field in FIELDS])
    raise ValueError(f"no field has the path {quote_name(path)}" + (f"; {hint}" if hint else ""))


def _source_of(keys: Path, sources: "JSONValue") -> "str | Mapping[str, Any] | None":
    """What `sources` says of a fact, or of the nearest object around it."""
    if not isinstance(sources, dict):
        return None
    names = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys]
    for depth in range(len(keys), 0, -1):
        source: Any = sources.get("".join(names[:depth])[1:])
        if type(source) in (str, dict):
            found: str | Mapping[str, Any] = source
            return found
    return None


def place_findings(source: Source, collector: "FindingCollector", found: "list[Finding]") -> None:
    """Add the findings about the values of a file to those about its JSON, each with its place."""
    # A value repaired by the JSON reader was not written by the user, so it is not reported again.
    known = {finding.path for finding in found}
    fresh = [finding for finding in collector.findings if finding.path not in known]
    if fresh:
        source.locate(fresh)
    found += fresh
    found.sort(key=lambda f: (f.line, f.column, f.code))
    if collector.dropped:
        message = f"{collector.dropped} more findings are not kept"
        found.append(Finding("M010", message, file=source.name, help="mend the first ones"))
