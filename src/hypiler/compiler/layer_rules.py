"""The rules for layers: what an overlay adds, overrides and hides fits what stands below it.

`hypiler.compiler.composition` finds the violations while it puts the layers on each other. The rules give them their
codes and severities.
"""

from hypiler.compiler.rule_set import RuleSet, Violation
from hypiler.diagnostics.codes import ERROR, WARNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Found = Mapping[str, list[Violation]]

layer_rule: RuleSet = RuleSet()
"""Declares a rule for layers: the function takes the violations that were found, by the name of their rule."""

_ONE = "an id must find one model"
_NOTHING = "an entry that changes nothing would be ignored without a message"


@layer_rule("M251", "id-of-a-lower-layer", ERROR, always=_ONE)
def id_of_a_lower_layer(found: "Found") -> "list[Violation]":
    """A layer adds no model whose id, alias or constant a lower layer has."""
    return found["id-of-a-lower-layer"]


@layer_rule("M252", "conflicting-layers", ERROR, always=_ONE)
def conflicting_layers(found: "Found") -> "list[Violation]":
    """Two layers that do not know each other add no different models of one id."""
    return found["conflicting-layers"]


@layer_rule("M253", "unknown-base-model", ERROR, always=_NOTHING)
def unknown_base_model(found: "Found") -> "list[Violation]":
    """What is overridden or hidden is a model of a lower layer."""
    return found["unknown-base-model"]


@layer_rule("M254", "repeated-override", ERROR, always="the order of two overrides would decide")
def repeated_override(found: "Found") -> "list[Violation]":
    """A layer overrides a model in one place."""
    return found["repeated-override"]


@layer_rule("M255", "empty-override", ERROR, always=_NOTHING)
def empty_override(found: "Found") -> "list[Violation]":
    """An override states a fact."""
    return found["empty-override"]


@layer_rule("M256", "superfluous-overlay", WARNING)
def superfluous_overlay(found: "Found") -> "list[Violation]":
    """An overlay changes something."""
    return found["superfluous-overlay"]


@layer_rule("M258", "unknown-version", ERROR, always=_NOTHING)
def unknown_version(found: "Found") -> "list[Violation]":
    """`from` names a lower layer that has the model."""
    return found["unknown-version"]
