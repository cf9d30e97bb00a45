"""The rules of a project's policy, `[tool.hypiler.policy]`: what its models may be.

Each rule of a policy has one code. `select`, `ignore` and `severity` do not change these rules: an exception with a
reason does.
"""

from hypiler.compiler.rule_set import RuleSet, Violation, apply, graded
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import INVALID
from hypiler.diagnostics.escaping import did_you_mean, quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.schema.fields import BY_ATTRIBUTE
from hypiler.schema.policy_judgments import JUDGMENTS, checksum_breach, verification_breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.compiler.decoded import DecodedModel
    from hypiler.schema.evidence import Evidence
    from hypiler.schema.policy import Policy
    from hypiler.schema.policy_judgments import Breach

    Violations = Iterator[Violation]

policy_rule: RuleSet = RuleSet()
"""Declares a rule of a policy: the function takes a `PolicedModel`."""

# The code and the name of each rule of a policy.
_RULES = {
    "licenses": ("M263", "license-not-allowed"),
    "pins": ("M264", "pin-missing"),
    "checksums": ("M265", "checksum-missing"),
    "verification": ("M266", "evidence-too-weak"),
    "organizations": ("M267", "organization-not-allowed"),
    "remote_code": ("M268", "remote-code-not-allowed"),
    "pickle": ("M269", "pickle-not-allowed"),
    "hosted": ("M270", "hosted-not-allowed"),
    "regions": ("M271", "region-not-allowed"),
}
_ALWAYS = "a policy has `exceptions`, which state a reason"


class PolicedModel:
    """A model with the policy that it must obey.

    Attributes:
        policy: The policy.
        model: The model as it was read.
        evidence: What the lock proves about it; None if the registry has errors, so that nobody knows.
        excused: The id and the rule of each exception that a model needed.
    """

    __slots__ = ("evidence", "excused", "model", "policy")

    def __init__(
        self,
        policy: "Policy",
        model: "DecodedModel",
        evidence: "Evidence | None",
        excused: "set[tuple[str, str]]",
    ) -> None:
        self.policy: Policy = policy
        self.model: DecodedModel = model
        self.evidence: Evidence | None = evidence
        self.excused: set[tuple[str, str]] = excused

    def judge(self, rule: str) -> "Violations":
        """The violation of a rule, unless an exception excuses the model."""
        found = self._breach(rule)
        if found is None:
            return
        exception = self.policy.exception_for(self.model.id, rule)
        if exception is not None and not exception.has_ended():
            self.excused.add((self.model.id, rule))
            return
        end = f"; the exception of this model ended on {exception.until}" if exception else ""
        help = f"{found.help}, or add an exception with a reason to `tool.hypiler.policy`{end}"
        yield self.model.at(found.attribute, found.message, help=help)

    def _breach(self, rule: str) -> "Breach | None":
        if rule in JUDGMENTS:
            needs, judge = JUDGMENTS[rule]
            return judge(self.policy, self.model) if self._has(needs) else None
        if self.evidence is None:
            return None
        if rule == "verification":
            return verification_breach(self.policy, self.model, self.evidence.facts)
        return checksum_breach(self.policy, self.model, known=self._knows_weights(self.evidence))

    def _has(self, needs: "Iterable[str]") -> bool:
        return not any(self.model[BY_ATTRIBUTE[name]] is INVALID for name in ("id", *needs))

    def _knows_weights(self, evidence: "Evidence") -> bool:
        """Whether the registry and the lock have the sha256 of the model's own weights."""
        from hypiler.schema.model import Model
        from hypiler.stamps.listed_bytes import model_identity, recorded_sums

        record: Any = Model.of(self.model, evidence)
        return self.policy.checksums and model_identity(record, recorded_sums(record)) is not None


def _rule_of(name: str) -> "Callable[[PolicedModel], Violations]":
    def check(model: PolicedModel) -> "Violations":
        yield from model.judge(name)

    return check


for _name, (_code, _word) in _RULES.items():
    policy_rule(_code, _word, ERROR, always=_ALWAYS)(_rule_of(_name))


def check_policy(
    policy: "Policy", models: "list[DecodedModel]", evidence: "Mapping[str, Evidence] | None"
) -> "set[tuple[str, str]]":
    """Note each breach of a policy.

    `evidence` is what the lock proves about models by id; None if the registry has errors. Returns the exceptions that
    models needed, each as the id of the model and the rule.
    """
    from hypiler.schema.evidence import Evidence

    excused: set[tuple[str, str]] = set()
    rules, nothing = graded(policy_rule), Evidence()
    for model in models:
        proved = None if evidence is None else evidence.get(model.id, nothing)
        apply(rules, PolicedModel(policy, model, proved, excused))
    return excused


def check_exceptions(policy: "Policy", registries: "list[CheckedRegistry]", file: str) -> list[Finding]:
    """The findings about exceptions that have ended, or that no model of the project needs.

    `file` is the path of the pyproject.toml that has the policy.
    """
    excused = {one for registry in registries for one in registry.excused}
    ids = [entry.id for registry in registries for entry in registry.entries]
    # The models of a registry with other errors are not all judged.
    is_known = not any(_has_other_errors(registry) for registry in registries)
    found: list[Finding] = []
    for index, one in enumerate(policy.exceptions):
        path = ("tool", "hypiler", "policy", "exceptions", index)
        named = f"the exception of {quote_name(one.model)} from `{one.rule}`"
        if one.has_ended():
            later = "remove it, or agree on a later day"
            found.append(Finding("M518", f"{named} ended on {one.until}", path, file=file, help=later))
        elif is_known and (one.model, one.rule) not in excused:
            known = one.model in ids
            what = "is not needed: the model obeys the rule" if known else "is of no model of the project"
            help = None if known else did_you_mean(one.model, ids)
            found.append(Finding("M519", f"{named} {what}", path, file=file, help=help or "remove it"))
    return found


def _has_other_errors(registry: "CheckedRegistry") -> bool:
    own = [code for code, _ in _RULES.values()]
    return any(finding.severity == ERROR and finding.code not in own for finding in registry.findings)
