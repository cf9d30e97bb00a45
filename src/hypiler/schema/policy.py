"""`Policy`: what a project allows its models to be. `hypiler.schema.policy_options` reads it from pyproject.toml.

Builds check a registry against it, and the generated module carries it, so that loading a model checks what a build
cannot see.
"""

from hypiler.schema.records import is_list
from hypiler.schema.row_text import escape_part, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

LISTS = ("licenses", "organizations", "regions")
"""The rules that list what is allowed."""
DEMANDS = ("pins", "checksums")
"""The rules that demand something if they are true."""
REFUSALS = ("remote_code", "pickle")
"""The rules that refuse something if they are false."""
RULES = ("licenses", "pins", "checksums", "verification", "organizations", *REFUSALS, "hosted", "regions")
"""The names of all rules, in the order in which they are documented and applied."""
STRENGTHS = ("copy", "commit")
"""The words of the rule `verification`, the weaker first."""
_APIS = "hosted_apis"


class PolicyException:
    """A model that need not obey one rule.

    Attributes:
        model: The id of the model.
        rule: The name of the rule.
        until: The last day on which the exception applies, as `2027-01-01`, by UTC; None if it has no end.
        reason: Why the model may do so; empty where a generated module carries the policy, which leaves it out.
    """

    __slots__ = ("model", "reason", "rule", "until")

    def __init__(self, model: str, rule: str, until: str | None = None, reason: str = "") -> None:
        self.model: str = model
        self.rule: str = rule
        self.until: str | None = until
        self.reason: str = reason

    def has_ended(self, today: "str | None" = None) -> bool:
        """Whether the exception does not apply any more. `today` is a day as `2027-01-01`; None for the clock's."""
        return self.until is not None and self.until < (today or utc_today())


def utc_today() -> str:
    """The day by UTC, as `2027-01-01`."""
    from time import gmtime, strftime

    return strftime("%Y-%m-%d", gmtime())


class Policy:
    """What a project allows its models to be. A rule that is not set allows everything.

    Attributes:
        licenses: The licences that are allowed, as SPDX writes them; None for all.
        pins: Whether each model must be pinned to a commit, or to a sum.
        checksums: Whether the sha256 of the weights must be known.
        verification: The least evidence for the facts that decide vectors: "copy", "commit" or None.
        organizations: The organizations that are allowed; None for all.
        remote_code: Whether models may run code from their repositories.
        pickle: Whether pickled weights may be read.
        hosted: Whether models may be behind an API, or the names of the APIs that are allowed.
        regions: The regions in which an API may process what it is sent; None for all.
        exceptions: The models that need not obey a rule.
    """

    __slots__ = (*RULES, "exceptions")

    licenses: "tuple[str, ...] | None"
    pins: bool
    checksums: bool
    verification: str | None
    organizations: "tuple[str, ...] | None"
    remote_code: bool
    pickle: bool
    hosted: "bool | tuple[str, ...]"
    regions: "tuple[str, ...] | None"
    exceptions: "tuple[PolicyException, ...]"

    def __init__(self, rules: "Mapping[str, Any] | None" = None, exceptions: "Iterable[PolicyException]" = ()) -> None:
        """`rules` are the values by the names of the rules, as the attributes hold them."""
        for name in RULES:
            setattr(self, name, (rules or {}).get(name, _UNSET[name]))
        self.exceptions = tuple(exceptions)

    def exception_for(self, model: str, rule: str) -> "PolicyException | None":
        """The exception of a model from a rule, whether it has ended or not."""
        return next((one for one in self.exceptions if (one.model, one.rule) == (model, rule)), None)

    def excuses(self, model: str, rule: str, today: "str | None" = None) -> bool:
        """Whether a model need not obey a rule today."""
        found = self.exception_for(model, rule)
        return found is not None and not found.has_ended(today)

    def to_dict(self) -> "dict[str, Any]":
        """The rules that are set, as JSON types. The reasons of exceptions are left out."""
        found: dict[str, Any] = {name: getattr(self, name) for name in RULES if getattr(self, name) != _UNSET[name]}
        result = {name: list(value) if is_list(value) else value for name, value in found.items()}
        if self.exceptions:
            named = ("model", "rule", "until")
            result["exceptions"] = [{name: getattr(one, name) for name in named} for one in self.exceptions]
        return result

    def lines(self) -> list[str]:
        """The rules that are set as lines of a generated module, in the form of rows. Reasons are left out."""
        lines: list[str] = []
        for name, value in self.to_dict().items():
            if name == "exceptions":
                rows = [(one["model"], one["rule"], one["until"] or "") for one in value]
                lines.append(f"{name}|{';'.join(['='.join(map(_part, row)) for row in rows])}")
            elif value in (True, False) or name == "verification":
                lines.append(f"{name}|{value if name == 'verification' else int(value)}")
            else:
                lines.append(f"{_APIS if name == 'hosted' else name}|{';'.join(map(_part, value))}")
        return lines

    @classmethod
    def of_lines(cls, lines: "Iterable[str]") -> "Policy":
        """The policy of what `lines` gave."""
        rules: dict[str, Any] = {}
        exceptions: list[PolicyException] = []
        for line in filter(None, lines):
            name, _, text = line.partition("|")
            items = [item.split("=") for item in text.split(";")]
            if name == "exceptions":
                exceptions += [_exception(*parts) for parts in items]
            elif name in (*LISTS, _APIS):
                rules["hosted" if name == _APIS else name] = tuple([unescape(item[0]) or "" for item in items])
            else:
                rules[name] = text if name == "verification" else text == "1"
        return cls(rules, exceptions)


def _exception(model: str, rule: str, until: str) -> PolicyException:
    return PolicyException(unescape(model) or "", rule, until or None)


def _part(text: str) -> str:
    return escape_part(text) if text else ""


_UNSET: "dict[str, Any]" = {
    **dict.fromkeys((*LISTS, "verification")),
    **dict.fromkeys(DEMANDS, False),
    **dict.fromkeys((*REFUSALS, "hosted"), True),
}


def carried_policy(model: object) -> "Policy | None":
    """The policy that a model's registry was built under; None if there is none.

    `model` is a record of any registry: a generated module carries the policy as text, a registry in memory as well.
    """
    import sys

    kind: Any = type(model)
    module: Any = sys.modules.get(kind.__module__)
    # A module that was executed under no name, or under another one, is known by its functions.
    scope: Mapping[str, Any] = getattr(getattr(kind, "to_dict", None), "__globals__", {})
    for text in (getattr(kind, "_policy", ""), getattr(module, "_POLICY", ""), scope.get("_POLICY", "")):
        if isinstance(text, str) and text.strip():
            return Policy.of_lines(text.split("\n"))
    return None
