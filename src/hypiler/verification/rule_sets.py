"""All rules that there are, and with them all codes."""

from hypiler.compiler.consistency_rules import consistency_rule
from hypiler.compiler.evidence_rules import evidence_rule
from hypiler.compiler.layer_rules import layer_rule
from hypiler.compiler.output_rules import output_rule
from hypiler.compiler.policy_rules import policy_rule
from hypiler.compiler.registry_rules import registry_rule
from hypiler.compiler.rules import rule
from hypiler.diagnostics.codes import CODES
from hypiler.verification.lock_rules import lock_rule
from hypiler.verification.lockfile import lock_file_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.compiler.rule_set import Rule

_RULE_SETS = (
    *(rule, evidence_rule, consistency_rule, output_rule),
    *(registry_rule, layer_rule, policy_rule),
    *(lock_rule, lock_file_rule),
)


def all_rules() -> "list[Rule]":
    """Every rule, by code."""
    return sorted([one for rules in _RULE_SETS for one in rules], key=lambda rule: rule.code)


def all_codes() -> dict[str, tuple[str, str]]:
    """Name and severity of every code, in order."""
    # The rules above have declared theirs.
    return dict(sorted(CODES.items()))
