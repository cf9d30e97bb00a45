"""What changed between two registries: `Change` and `Difference`, and the classes of changes."""

from hypiler.schema.fields import FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

BREAKS_VECTORS = "breaks-vectors"
BREAKS_API = "breaks-api"
LICENCE_TIGHTENED = "licence-tightened"
VECTORS_UNDECIDED = "vectors-undecided"
EVIDENCE_WEAKER = "evidence-weaker"
FACT_CORRECTED = "fact-corrected"
ADDED = "added"
COSMETIC = "cosmetic"
CLASSES = {
    BREAKS_VECTORS: "vectors or queries of the two versions do not fit together",
    BREAKS_API: "a name, a type or a choice that programs can use is gone or has changed",
    LICENCE_TIGHTENED: "the licence is stricter than before, or its terms are unknown now",
    VECTORS_UNDECIDED: "registry and lock do not say whether vectors change",
    EVIDENCE_WEAKER: "a fact, its source, its pin or what proves it is gone",
    FACT_CORRECTED: "a fact has another value",
    ADDED: "a model, a fact, a name or evidence is new",
    COSMETIC: "wording, order or formatting",
}
"""The classes of changes, the gravest first, each with what it means."""
_GRAVITY = {kind: rank for rank, kind in enumerate(CLASSES)}
MAJOR, MINOR, PATCH, NO_STEP = "major", "minor", "patch", "none"
_STEPS = dict.fromkeys([BREAKS_VECTORS, BREAKS_API, LICENCE_TIGHTENED], MAJOR) | {ADDED: MINOR}
_ORDER = "order"
_VERSION = "version"
_ATTRIBUTES = {field.name: field.attribute for field in FIELDS}


def by_gravity(kinds: "Iterable[str]") -> "tuple[str, ...]":
    """Classes, each once, the gravest first."""
    return tuple(sorted({*kinds}, key=_GRAVITY.__getitem__))


class Change:
    """One change.

    Attributes:
        kind: Its class, a key of `CLASSES`: the gravest that fits.
        kinds: All classes that fit, the gravest first.
        model: The id of the model, as the old registry calls it; for an added model, its id in the new one. None for a
            change of the registry as a whole.
        path: What changed: the path of a fact, such as `specs.embedding_dim`; empty for the model as a whole; `lock`
            for what the lock proves; `order` for the order of the models.
        old: The old value, as JSON types; None if there was none.
        new: The new value; None if there is none.
        message: What changed, in one sentence without the id of the model.
        side: Of a change of vectors, the side that it concerns: "document" or "query"; else None.
        facts: Of a change of a model's vectors, the paths of the facts that made it.
        file: The file that states the new value, or the old one if it is gone; empty if no file states it.
        line: The line, from 1; 0 if no file states it.
        column: The column in characters, from 1; 0 if no file states it.
    """

    __slots__ = ("column", "facts", "file", "kinds", "line", "message", "model", "new", "old", "path", "side")

    def __init__(
        self,
        kinds: "str | Iterable[str]",
        model: str | None,
        path: str,
        message: str,
        values: "tuple[Any, Any]" = (None, None),
        *,
        side: str | None = None,
        facts: "Iterable[str]" = (),
    ) -> None:
        self.kinds: tuple[str, ...] = (kinds,) if isinstance(kinds, str) else by_gravity(kinds)
        self.model: str | None = model
        self.path: str = path
        self.message: str = message
        self.old: Any = values[0]
        self.new: Any = values[1]
        self.side: str | None = side
        self.facts: tuple[str, ...] = tuple(facts)
        self.file: str = ""
        self.line: int = 0
        self.column: int = 0

    @property
    def kind(self) -> str:
        """The gravest of its classes."""
        return self.kinds[0]

    @property
    def is_of_model(self) -> bool:
        """Whether a whole model was added or removed."""
        return self.path == "" and self.facts == () and (self.old is None) != (self.new is None)

    def to_dict(self) -> "dict[str, Any]":
        """The parts by name, as JSON types."""
        parts = {name: getattr(self, name) for name in _PARTS}
        return {**parts, "kinds": list(self.kinds), "facts": list(self.facts)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and self.to_dict() == other.to_dict()

    __hash__: None = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Change {self.kind} {self.model or 'registry'}: {self.message}>"


_PARTS = ("kind", "kinds", "model", "path", "message", "old", "new", "side", "facts", "file", "line", "column")


class Difference:
    """All changes between two registries, the gravest first, then in the order of the new registry.

    Attributes:
        changes: The changes.
        removed: The ids of the models that are gone without having been deprecated and without a new name.
        emptied: Whether the new registry has no model, and the old one had some.
        versions: The `version` of the old and of the new registry; None where it is not stated.
    """

    __slots__ = ("changes", "emptied", "removed", "versions")

    def __init__(
        self,
        changes: "Iterable[Change]",
        removed: "Iterable[str]" = (),
        versions: "tuple[str | None, str | None]" = (None, None),
        *,
        emptied: bool = False,
    ) -> None:
        self.changes: tuple[Change, ...] = tuple(sorted(changes, key=lambda change: _GRAVITY[change.kind]))
        self.removed: tuple[str, ...] = tuple(removed)
        self.versions: tuple[str | None, str | None] = versions
        self.emptied: bool = emptied

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __iter__(self) -> "Iterator[Change]":
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def count(self, kind: str) -> int:
        """How many changes are of a class, also beside a graver one."""
        return sum(kind in change.kinds for change in self.changes)

    @property
    def step(self) -> str:
        """The step of the version that the changes ask for: "major", "minor", "patch" or "none"."""
        steps = {step for change in self.changes if change.path != _VERSION for step in _steps(change)}
        return next((step for step in (MAJOR, MINOR, PATCH) if step in steps), NO_STEP)

    @property
    def next_version(self) -> str | None:
        """The version that follows the old one by this step; None if there is no old version or nothing changed.

        In a version 0.y.z, which promises nothing, y takes the place of the major number, and z that of the others.
        """
        old, step = self.versions[0], self.step
        if old is None or step == NO_STEP:
            return None
        numbers = [int(part) for part in old.split(".")]
        place = {MAJOR: 0, MINOR: 1, PATCH: 2}[step]
        if numbers[0] == 0:
            place = min(place + 1, 2)
        # A version of two numbers counts corrections in its second one.
        place = min(place, len(numbers) - 1)
        raised = [*numbers[:place], numbers[place] + 1, *[0] * (len(numbers) - place - 1)]
        return ".".join(map(str, raised))

    def apply(self, models: "Iterable[dict[str, Any]]") -> "list[dict[str, Any]]":
        """The models of the new registry, made of those of the old one: each as its `to_dict()`."""
        found = {model["id"]: dict(model) for model in models}
        for change in self.changes:
            if change.is_of_model and change.new is None:
                del found[str(change.model)]
        order: list[str] | None = None
        for change in self.changes:
            if change.is_of_model and change.new is not None:
                found[str(change.model)] = change.new
            elif change.path == _ORDER:
                order = change.new
            elif change.path in _ATTRIBUTES and change.model is not None:
                found[change.model][_ATTRIBUTES[change.path]] = change.new
        by_id = {model["id"]: model for model in found.values()}
        return list(by_id.values()) if order is None else [by_id[id] for id in order]


def _steps(change: Change) -> "list[str]":
    # A removal that was announced is no break, but it is more than a correction.
    if change.is_of_model and change.new is None and change.kind not in _STEPS:
        return [MINOR]
    return [_STEPS.get(kind, PATCH) for kind in change.kinds]
