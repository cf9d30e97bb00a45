"""Compiles a registry that stands on others: the same checks as ever, on the models that all layers make together.

The merged models are decoded and checked as if they stood in one file. Each finding is then moved to the file and the
place where the fact is stated. Warnings and notes about the files of lower layers are not the user's, and are dropped.
"""

from _collections_abc import Mapping

from hypiler.compiler.checked import OWN, Accepted, place_findings
from hypiler.compiler.composition import Composition, Overlay, read_overlay
from hypiler.compiler.consistency_rules import consistency_rule
from hypiler.compiler.decode import decode_entries, read_root
from hypiler.compiler.evidence_rules import evidence_rule
from hypiler.compiler.layer import Layer, Layers
from hypiler.compiler.layer_rules import layer_rule
from hypiler.compiler.output_rules import output_rule
from hypiler.compiler.overlays import Composed, Statement, judged, object_of
from hypiler.compiler.registry_rules import check_registry, registry_rule
from hypiler.compiler.rule_set import apply, graded
from hypiler.compiler.rules import check_models, rule
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import INVALID, FindingCollector, Invalid
from hypiler.diagnostics.finding import Finding
from hypiler.schema.evidence import COPY, VERIFIED, Evidence
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.compiler.layer import Follow
    from hypiler.compiler.locks import LockRules
    from hypiler.diagnostics.finding import Path

_RULES = (rule, evidence_rule, consistency_rule, output_rule)
_STRENGTH = (VERIFIED, COPY)
# The codes of a project's policy: a base may have models that the project does not allow.
_POLICY = frozenset([f"M{number}" for number in range(263, 272)])


def compile_layers(
    registry: "CheckedRegistry", found: "dict[str, list[Finding]]", lock: "LockRules | None", follow: "Follow | None"
) -> None:
    """Check the models of a registry's files and of all layers below them.

    Args:
        registry: A registry whose files were read.
        found: What is wrong with the JSON of each file, by name.
        lock: The lock of the registry.
        follow: Reads the layers; without it, there are none below.
    """
    below = follow(registry.sources) if follow is not None else Layers()
    _Compilation(registry, found, below, lock).run()


class _Compilation:
    """One run over all layers."""

    def __init__(
        self,
        registry: "CheckedRegistry",
        found: "dict[str, list[Finding]]",
        below: Layers,
        lock: "LockRules | None",
    ) -> None:
        self.registry = registry
        self.found = {**found, **{name: [*own] for name, own in below.findings.items()}}
        own_files = {source.name for source in registry.sources}
        names = {source.name for layer in below.layers for source in layer.sources}
        # A file of one's own that is a layer as well, since a pattern matches it, is the layer alone.
        registry.sources[:] = [source for source in registry.sources if source.name not in names & own_files]
        self.own = Layer(OWN, registry.sources, lock)
        self.own.links = below.links
        self.own.missing = below.missing or len(registry.sources) + len(names & own_files) < len(found)
        self.layers = [*below.layers, self.own]
        for rank, layer in enumerate(self.layers):
            layer.rank = rank
        self.sources = {source.name: (source, layer) for layer in self.layers for source in layer.sources}
        self.collectors = {name: FindingCollector() for name in self.sources}
        for layer in self.layers:
            for link in layer.links:
                self.collectors.setdefault(link.file, FindingCollector())
        registry.files = {**registry.files, **below.files}

    def run(self) -> None:
        registry, rules = self.registry, self.registry.rules
        overlays: dict[str, Overlay] = {}
        for name, (source, _) in self.sources.items():
            collector = self.collectors[name]
            models = read_root(source.value, collector)
            overlays[name] = read_overlay(object_of(source.value), models, collector)
        composition = Composition(self.layers, overlays, self.collectors)
        apply(graded(layer_rule, rules), composition.violations)
        collector = _MergedCollector(composition.models, self.collectors, self.own)
        trees = [model.tree for model in composition.models]
        decoded = decode_entries(trees, "", collector, registry.own_facts, registry.required)
        check_models(decoded, graded([one for rules_of in _RULES for one in rules_of], rules))
        check_registry(decoded, graded(registry_rule, rules))
        locks = [(layer, lock) for layer in self.layers if (lock := layer.lock) is not None]
        for _, lock in locks:
            self.found[lock.name] = lock.findings
        if not self._has_errors():
            for layer, lock in locks:
                is_own = layer is self.own
                judgeable = [judged(one, i, layer, is_own=is_own) for i, one in enumerate(composition.models)]
                lock.check_layered(judgeable, collector, rules)
        proofs = _Proofs([lock.evidence for _, lock in reversed(locks)])
        if registry.policy is not None:
            # Imported here: few projects have a policy.
            from hypiler.compiler.policy_rules import check_policy

            registry.excused = check_policy(registry.policy, decoded, None if self._has_errors() else proofs)
        self._place()
        registry.findings = [finding for own in self.found.values() for finding in own]
        registry.composition = composition
        if not registry.has_errors:
            lock = self.own.lock
            registry.accept(Accepted(decoded, proofs, None if lock is None else lock.data, registry.policy))

    def _has_errors(self) -> bool:
        kept = [*self.found.values(), *[collector.findings for collector in self.collectors.values()]]
        return any(finding.severity == ERROR for own in kept for finding in own)

    def _place(self) -> None:
        """Give every finding its place; what is no error of a lower layer's file is dropped."""
        for name, collector in self.collectors.items():
            own = self.found.setdefault(name, [])
            if name not in self.sources:
                for finding in collector.findings:
                    finding.file = name
                own += collector.findings
                continue
            source, layer = self.sources[name]
            if layer is not self.own:
                collector.findings = [finding for finding in collector.findings if finding.severity == ERROR]
                collector.dropped = 0
            unplaced = [finding for finding in own if not finding.line and finding.path]
            if unplaced:
                source.locate(unplaced)
            place_findings(source, collector, own)


class _MergedCollector(FindingCollector):
    """Collects the findings about merged models, each for the file that states the fact."""

    __slots__ = ("_collectors", "_models", "_own")

    def __init__(self, models: "Sequence[Composed]", collectors: "Mapping[str, FindingCollector]", own: Layer) -> None:
        super().__init__()
        self._models = models
        self._collectors = collectors
        self._own = own

    def place_of(self, file: str, path: "Path") -> "tuple[str, Path]":
        adder = self._models[_index(path)].adder
        return adder.source.name, (*adder.path, *path[2:])

    def note(self, finding: Finding) -> Invalid:
        model = self._models[_index(finding.path)]
        path = finding.path[2:]
        statement, inner = model.place(path)
        if finding.code == "M101" and not any(one.layer is self._own for one in model.stating(path)):
            needs = "state the fact in an override, or let `required` ask for less"
            finding.help = f"{finding.help}; {needs}" if finding.help else needs
        else:
            statement, inner = _blamed(model, statement, inner, finding.code)
            if statement.layer is not self._own and finding.code in _POLICY:
                finding.help = f"{finding.help}; or list the model in `hidden`"
        finding.path = (*statement.path, *inner)
        self._collectors[statement.source.name].note(finding)
        # It is kept elsewhere; the count tells the decoder that a value is wrong.
        self.dropped += 1
        return INVALID


def _blamed(model: Composed, statement: Statement, path: "Path", code: str) -> "tuple[Statement, Path]":
    """Who is to mend a finding: where facts of several layers do not fit each other, the topmost of these layers."""
    if len(model.statements) == 1:
        return statement, path
    for attribute in _needs().get(code, ()):
        field = FIELDS[BY_ATTRIBUTE[attribute]].path
        owners = model.stating(field)
        if owners and owners[0].layer.rank > statement.layer.rank:
            statement, path = owners[0], field
    return statement, path


def _needs() -> "dict[str, tuple[str, ...]]":
    """The attributes that each rule reads, by code."""
    if not _NEEDS:
        _NEEDS.update({one.code: one.needs for rules_of in (*_RULES, registry_rule) for one in rules_of})
    return _NEEDS


_NEEDS: "dict[str, tuple[str, ...]]" = {}


def _index(path: "Path") -> int:
    index: Any = path[1]
    return int(index)


class _Proofs(Mapping["str", "Evidence"]):
    """What the locks of all layers prove about each model, worked out when it is asked for."""

    def __init__(self, locks: "list[Mapping[str, Evidence]]") -> None:
        self.locks = locks

    def __getitem__(self, id: str) -> Evidence:
        found = [lock[id] for lock in self.locks if id in lock]
        if not found:
            raise KeyError(id)
        return found[0] if len(found) == 1 else _together(found)

    def __iter__(self) -> "Iterator[str]":
        return iter(dict.fromkeys([id for lock in self.locks for id in lock]))

    def __len__(self) -> int:
        return len([*iter(self)])


def _together(found: "list[Evidence]") -> Evidence:
    """What several locks prove about one model; the evidence of the topmost lock comes first."""
    facts: dict[str, str] = {}
    for one in found:
        for path, word in one.facts.items():
            if path not in facts or (word in _STRENGTH and _weaker(facts[path], word)):
                facts[path] = word
    revision = next((one.revision for one in found if one.revision is not None), None)
    files = {name: file for one in reversed(found) for name, file in one.files.items()}
    return Evidence(revision, facts, files, complete=any(one.complete for one in found))


def _weaker(one: str, other: str) -> bool:
    return one in _STRENGTH and _STRENGTH.index(one) > _STRENGTH.index(other)
