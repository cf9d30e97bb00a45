"""The whole way from bytes to checked models: read, check each value, check the rules, place every finding."""

from hypiler.compiler.checked import Accepted, CheckedRegistry, place_findings
from hypiler.compiler.consistency_rules import consistency_rule
from hypiler.compiler.decode import decode_models
from hypiler.compiler.evidence_rules import evidence_rule
from hypiler.compiler.output_rules import output_rule
from hypiler.compiler.registry_rules import check_registry, registry_rule
from hypiler.compiler.rule_set import graded
from hypiler.compiler.rules import check_models, rule
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import Source, read_source
from hypiler.schema.fields import OVERLAYS
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts
from hypiler.schema.requirements import USUAL, Requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.layer import Follow
    from hypiler.compiler.locks import LockRules
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.schema.evidence import Evidence
    from hypiler.schema.policy import Policy


def compile_registry(
    files: "list[tuple[str, bytes]]",
    *,
    lock: "LockRules | None" = None,
    rules: "RuleSettings | None" = None,
    own_facts: OwnFacts = NO_OWN_FACTS,
    required: Requirements = USUAL,
    policy: "Policy | None" = None,
    follow: "Follow | None" = None,
) -> CheckedRegistry:
    """Read and check the models of one or more files.

    Never raises for bad input: everything that is wrong is in `findings`, by file and position.

    Args:
        files: Name and content of each. The models follow in this order.
        lock: What facts are also compared with, unless a file has an error.
        rules: Which rules are applied, and how severe their findings are; by default all of them, as declared.
        own_facts: The facts that the project adds to the format.
        required: The fields that every model must state.
        policy: What the project allows its models to be.
        follow: Reads the layers that the files stand on; without it, nothing stands below them.
    """
    registry = CheckedRegistry()
    compile_into(
        registry,
        files,
        lock=lock,
        rules=rules,
        own_facts=own_facts,
        required=required,
        policy=policy,
        follow=follow,
    )
    return registry


def compile_into(
    registry: CheckedRegistry,
    files: "list[tuple[str, bytes]]",
    *,
    lock: "LockRules | None" = None,
    rules: "RuleSettings | None" = None,
    own_facts: OwnFacts = NO_OWN_FACTS,
    required: Requirements = USUAL,
    policy: "Policy | None" = None,
    follow: "Follow | None" = None,
) -> None:
    """Do what `compile_registry` does, for a registry that is empty, such as one of a subclass."""
    registry.rules = rules
    registry.own_facts = own_facts
    registry.required = required
    registry.policy = policy
    registry.follow = follow
    registry.files = dict([*files, (lock.name, lock.data)] if lock is not None else files)
    found: dict[str, list[Finding]] = {}
    for name, data in files:
        source, found[name] = read_source(data, name)
        if source is not None:
            registry.sources.append(source)
    if (follow is not None and follow.needed) or any(_is_overlay(source) for source in registry.sources):
        from hypiler.compiler.layered import compile_layers  # imported here: most registries stand on nothing

        compile_layers(registry, found, lock, follow)
        return
    decoded: list[DecodedModel] = []
    collectors: list[FindingCollector] = []
    for source in registry.sources:
        collector = FindingCollector()
        decoded += decode_models(source.value, source.name, collector, own_facts, required)
        collectors.append(collector)
    check_models(decoded, graded([*rule, *evidence_rule, *consistency_rule, *output_rule], rules))
    check_registry(decoded, graded(registry_rule, rules))
    evidence: Mapping[str, Evidence] = {}
    if lock is not None:
        found[lock.name] = lock.findings
        if not _has_errors([*found.values(), *[collector.findings for collector in collectors]]):
            for source, collector in zip(registry.sources, collectors, strict=True):
                lock.check(source, collector, rules)
            evidence = lock.evidence
    if policy is not None:
        # Imported here: few projects have a policy.
        from hypiler.compiler.policy_rules import check_policy

        is_sound = not _has_errors([*found.values(), *[collector.findings for collector in collectors]])
        registry.excused = check_policy(policy, decoded, evidence if is_sound else None)
    for source, collector in zip(registry.sources, collectors, strict=True):
        place_findings(source, collector, found[source.name])
    registry.findings = [finding for own in found.values() for finding in own]
    if not registry.has_errors:
        registry.accept(Accepted(decoded, evidence, None if lock is None else lock.data, policy))


def _has_errors(findings: "list[list[Finding]]") -> bool:
    return any(finding.severity == ERROR for own in findings for finding in own)


def _is_overlay(source: Source) -> bool:
    return isinstance(source.value, dict) and not OVERLAYS.isdisjoint(source.value)
