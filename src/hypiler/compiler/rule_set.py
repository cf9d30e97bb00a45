"""How rules are declared: code, name, severity and function in one place."""

from hypiler.diagnostics.codes import declare
from hypiler.diagnostics.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol, TypeVar

    from hypiler.diagnostics.collector import FindingCollector
    from hypiler.diagnostics.finding import Path

    Check = Callable[..., Iterable["Violation"]]
    CheckT = TypeVar("CheckT", bound=Check)

    class Grading(Protocol):
        """What says which rules are applied: `hypiler.compiler.rule_settings.RuleSettings`."""

        def graded(self, rules: Iterable["Rule"]) -> list[tuple["Rule", str]]:
            """The rules that are applied, each with the severity of its findings."""
            ...


class Violation:
    """What a rule found: the place, the message and the help. Code and severity are those of the rule."""

    __slots__ = ("collector", "help", "message", "model", "path")

    def __init__(
        self, collector: "FindingCollector", path: "Path", message: str, help: str | None, model: str | None
    ) -> None:
        self.collector: FindingCollector = collector
        self.path: Path = path
        self.message: str = message
        self.help: str | None = help
        self.model: str | None = model

    def note(self, code: str, severity: str) -> None:
        """Add it to the findings of its file."""
        finding = Finding(code, self.message, self.path, help=self.help, model=self.model, severity=severity)
        self.collector.note(finding)


class Rule:
    """One rule.

    Attributes:
        code: As `M207`.
        name: As `matryoshka-without-embedding-dim`.
        severity: Of its findings, unless the project says otherwise.
        needs: The attributes of a model that the rule reads. It passes over a model if one of them is INVALID, or if a
            fact that registries usually require is absent.
        absent: Whether the rule also looks at models without such a fact.
        given: The one of them that the rule is about. It passes over a model that does not state it: null, empty or
            false.
        always: Why the rule cannot be ignored or given another severity; empty if it can.
        check: The function that yields the violations.
    """

    __slots__ = ("absent", "always", "check", "code", "given", "name", "needs", "severity")

    def __init__(
        self,
        code: str,
        name: str,
        severity: str,
        check: "Check",
        *,
        needs: tuple[str, ...] = (),
        given: str = "",
        always: str = "",
        absent: bool = False,
    ) -> None:
        self.code: str = code
        self.name: str = name
        self.severity: str = severity
        self.needs: tuple[str, ...] = needs
        self.given: str = given
        self.always: str = always
        self.absent: bool = absent
        self.check: Check = check

    def __repr__(self) -> str:
        return f"<Rule {self.code} {self.name}>"


class RuleSet:
    """Rules that look at the same thing, such as one model. Called, it is the decorator that declares a rule.

    Attributes:
        rules: In the order in which they are declared.
    """

    __slots__ = ("rules",)

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def __iter__(self) -> "Iterator[Rule]":
        return iter(self.rules)

    def __call__(
        self,
        code: str,
        name: str,
        severity: str,
        *,
        needs: tuple[str, ...] = (),
        given: str = "",
        always: str = "",
        absent: bool = False,
    ) -> "Callable[[CheckT], CheckT]":
        """Declare the decorated function as a rule: it yields a violation for each fault. See `Rule` for the parts.

        Raises ValueError if the code or the name is taken.
        """

        def add(check: "CheckT") -> "CheckT":
            declare(code, name, severity)
            one = Rule(code, name, severity, check, needs=needs, given=given, always=always, absent=absent)
            self.rules.append(one)
            return check

        return add


def graded(rules: "Iterable[Rule]", settings: "Grading | None" = None) -> "list[tuple[Rule, str]]":
    """Those of the rules that are applied, each with the severity of its findings; all as declared without settings."""
    return [(rule, rule.severity) for rule in rules] if settings is None else settings.graded(rules)


def apply(rules: "Iterable[tuple[Rule, str]]", *subjects: "Any") -> None:
    """Apply rules, each with the severity of its findings, to what they look at."""
    for rule, severity in rules:
        for violation in rule.check(*subjects):
            violation.note(rule.code, severity)
