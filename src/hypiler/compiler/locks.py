"""What a compilation asks of a lock, which another room reads: see `hypiler.verification.lock_rules.Lock`."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Protocol

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.diagnostics.collector import FindingCollector
    from hypiler.diagnostics.finding import Finding, Path
    from hypiler.jsontext.reader import Source
    from hypiler.schema.evidence import Evidence

    class LockRules(Protocol):
        """The rules that compare models with a lock."""

        name: str
        data: bytes
        findings: list[Finding]

        @property
        def evidence(self) -> Mapping[str, Evidence]:
            """What the lock proves about each model, by id."""
            ...

        def check(self, source: Source, collector: FindingCollector, settings: RuleSettings | None) -> None:
            """Note each fact of a file that differs from the lock."""
            ...

        def check_layered(
            self, models: Iterable["Layered"], collector: FindingCollector, settings: RuleSettings | None
        ) -> None:
            """Note each fact of models of several layers that differs from the lock."""
            ...


class Layered:
    """A model of several layers, as the lock of one layer judges it.

    Attributes:
        tree: The merged entry.
        path: Where the model stands among all models.
        overridden: The paths of the facts that layers above the lock's own state otherwise.
        sourced: Those of them that have a source of their own.
        is_own: Whether the lock is that of the topmost layer.
    """

    __slots__ = ("is_own", "overridden", "path", "sourced", "tree")

    def __init__(
        self,
        tree: "Mapping[str, Any]",
        index: int,
        *,
        overridden: frozenset[str] = frozenset(),
        sourced: frozenset[str] = frozenset(),
        is_own: bool,
    ) -> None:
        self.tree: Mapping[str, Any] = tree
        self.path: Path = ("models", index)
        self.overridden: frozenset[str] = overridden
        self.sourced: frozenset[str] = sourced
        self.is_own: bool = is_own
