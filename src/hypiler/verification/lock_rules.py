"""The rules that compare models with the lock beside their registry.

To add a rule, write its function here and its page in docs/diagnostics.
"""

from _collections_abc import Mapping

from hypiler.compiler.rule_set import RuleSet, Violation, apply, graded
from hypiler.diagnostics.codes import ERROR, WARNING
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding
from hypiler.schema.comparisons import Checksums
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import place_in
from hypiler.verification.lockfile import AT_COMMIT, read_lock
from hypiler.verification.verdict import AGREES, DIFFERS, Verdict, compare, differences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hypiler.compiler.locks import Layered
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.diagnostics.collector import FindingCollector
    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.reader import Source
    from hypiler.schema.evidence import Evidence, PinnedFile
    from hypiler.verification.lockfile import LockEntry

    Violations = Iterator[Violation]

lock_rule: RuleSet = RuleSet()
"""Declares a rule for one model and its entry in the lock: the function takes a `LockedModel`."""

_COUNTED = frozenset([field.name for field in FIELDS if field.is_fact])
_FIELDS = {field.name: field for field in FIELDS}
_LONGEST = 80


class LockedModel:
    """A model of the registry with its entry in the lock.

    Attributes:
        tree: The model's entry in models.json, which has no errors.
        path: Where the entry stands in its file.
        locked: The model's entry in the lock.
        lock: The file name of the lock.
        same: Whether the lock is about the repository and the commit of the entry.
        overridden: The paths of facts that a layer above the lock's own states.
        sourced: Those of them that have a source of their own.
    """

    __slots__ = ("collector", "lock", "locked", "overridden", "path", "same", "sourced", "tree")

    def __init__(
        self,
        tree: "Mapping[str, Any]",
        path: "Path",
        locked: "LockEntry",
        collector: "FindingCollector",
        lock: str = "the lock",
        *,
        overridden: frozenset[str] = frozenset(),
        sourced: frozenset[str] = frozenset(),
    ) -> None:
        self.tree: Mapping[str, Any] = tree
        self.path: Path = path
        self.locked: LockEntry = locked
        self.collector: FindingCollector = collector
        self.lock: str = lock
        self.overridden: frozenset[str] = overridden
        self.sourced: frozenset[str] = sourced
        self.same: bool = is_of(tree, locked)

    def at(self, path: "Path", message: str, help: str) -> Violation:
        """The violation of a rule at this path of the entry."""
        return Violation(self.collector, self.path + path, message, help, self.tree["id"])


@lock_rule("M401", "fact-differs", ERROR)
def fact_differs(model: LockedModel) -> "Violations":
    """What the registry says is what the model's files say."""
    if not model.same:
        return
    tree, locked = model.tree, model.locked
    for verdict in _differences(model):
        if verdict.path not in model.overridden:
            help = f"{printable(model.lock)} has this from {_origin(verdict, locked)}: "
            yield model.at(_keys(verdict), _difference(verdict), help + _remedy(verdict, tree["id"], locked))


def _differences(model: LockedModel) -> "list[Verdict]":
    locked = model.locked
    return differences(model.tree, locked.facts, locked.sums, complete=locked.complete, copies=locked.copies)


def _origin(verdict: Verdict, locked: "LockEntry") -> str:
    return "the files at the commit" if locked.is_at_commit(verdict.file) else "a copy of the files"


def _keys(verdict: Verdict) -> "Path":
    return tuple(verdict.path.split("."))


@lock_rule("M257", "override-against-files", WARNING)
def override_against_files(model: LockedModel) -> "Violations":
    """An overlay that states something else than the files of a model says where it read that."""
    if not model.same or not model.overridden:
        return
    for verdict in _differences(model):
        if verdict.path in model.overridden - model.sourced:
            origin = _origin(verdict, model.locked)
            help = f"a lower layer has this from {origin}: remove the override, or add where you read it to `sources`"
            yield model.at(_keys(verdict), _difference(verdict), help)


@lock_rule("M402", "lock-of-another-commit", WARNING)
def lock_of_another_commit(model: LockedModel) -> "Violations":
    """The lock is about the files that the entry names."""
    if model.same:
        return
    tree, locked = model.tree, model.locked
    place = place_in(tree)
    key = "revision" if place == locked.repository else "huggingface_id"
    there = printable(f"{locked.repository} @ {locked.revision}")
    here = printable(f"{place} @ {tree.get('revision')}")
    message = f"`{key}` must be that of the files that were verified, {there}; here {here}"
    yield model.at((key,), message, f"run `hypiler verify {tree['id']}`")


class Lock:
    """The lock of a registry, which takes part in a compilation.

    Attributes:
        name: The file name of the lock.
        data: The bytes of the lock.
        models: What was read from each model's files, by id; empty if the lock has errors.
        findings: The errors of the lock itself.
        evidence: What the lock proves about each model, by id.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.data = data
        models, findings = read_lock(data, name)
        self.models: dict[str, LockEntry] = models
        self.findings: list[Finding] = findings
        self.evidence: _Proofs = _Proofs()

    def check(self, source: "Source", collector: "FindingCollector", settings: "RuleSettings | None") -> None:
        """Apply the rules to each model that is in the lock. `source` is a file without errors."""
        rules = graded(lock_rule, settings)
        tree: Any = source.value
        for index, entry in enumerate(tree["models"]):
            locked = self.models.get(entry["id"])
            if locked is not None:
                model = LockedModel(entry, ("models", index), locked, collector, _base_name(self.name))
                apply(rules, model)
                if model.same:
                    self.evidence.models[entry["id"]] = model

    def check_layered(
        self, models: "Iterable[Layered]", collector: "FindingCollector", settings: "RuleSettings | None"
    ) -> None:
        """Apply the rules to each model of several layers that is in the lock."""
        rules = graded(lock_rule, settings)
        for one in models:
            locked = self.models.get(one.tree["id"])
            if locked is None:
                continue
            name, facts = _base_name(self.name), (one.overridden, one.sourced)
            model = LockedModel(one.tree, one.path, locked, collector, name, overridden=facts[0], sourced=facts[1])
            # A lock below one's own that is about another commit than an override names says nothing of this one.
            if model.same or one.is_own:
                apply(rules, model)
            if model.same:
                self.evidence.models[one.tree["id"]] = model


class _Proofs(Mapping["str", "Evidence"]):
    """What a lock proves about each model, worked out when it is asked for: a check needs the findings alone."""

    def __init__(self) -> None:
        self.models: dict[str, LockedModel] = {}

    def __getitem__(self, id: str) -> "Evidence":
        return _evidence(self.models[id])

    def __contains__(self, id: object) -> bool:
        return id in self.models

    def __iter__(self) -> "Iterator[str]":
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)


def _evidence(model: LockedModel) -> "Evidence":
    from hypiler.model_files.vector_files import decides_vectors
    from hypiler.schema.evidence import VERIFIED, Evidence

    locked = model.locked
    of_commit = locked.revision is not None and locked.revision == model.tree.get("revision")
    facts = {
        verdict.path: _word(verdict, locked, of_commit=of_commit)
        for verdict in verdicts(model.tree, locked)
        if verdict.state in (AGREES, DIFFERS)
        and _counts(verdict)
        and not (verdict.state == DIFFERS and verdict.path in model.overridden)
    }
    verified = VERIFIED in facts.values()
    pinned = _pinned(locked) if of_commit else {}
    deciding = [name for name in locked.files if decides_vectors(name)]
    complete = of_commit and locked.complete and len(pinned) == len(deciding)
    return Evidence(locked.revision if verified else None, facts, pinned, complete=complete)


def _word(verdict: Verdict, locked: "LockEntry", *, of_commit: bool) -> str:
    """What the evidence for a fact is called that the files show."""
    from hypiler.schema import evidence

    if verdict.state == DIFFERS:
        return evidence.DIFFERS
    return evidence.VERIFIED if of_commit and is_at_commit(verdict, locked) else evidence.COPY


def _pinned(locked: "LockEntry") -> "dict[str, PinnedFile]":
    """The files that decide vectors and whose bytes at the commit are known."""
    from hypiler.model_files.vector_files import decides_vectors
    from hypiler.schema.evidence import PinnedFile

    return {
        name: PinnedFile.of(file.sha256, file.size, file.precision)
        for name, file in locked.files.items()
        if file.sha256 and file.read == AT_COMMIT and decides_vectors(name)
    }


def _counts(verdict: Verdict) -> bool:
    """Whether a verdict is about a fact that counts. Absences (null, empty) do not count."""
    return verdict.path in _COUNTED and verdict.ours not in (None, [], {})


def is_at_commit(verdict: Verdict, locked: "LockEntry") -> bool:
    """Whether the files that a verdict rests on are known to be those of the commit that the lock is about."""
    compare = _FIELDS[verdict.path].compare
    names = [*compare.files(verdict.ours)] if isinstance(compare, Checksums) else [verdict.file]
    # A file that is missing can only show that the model does not have something.
    absent = not verdict.theirs and not isinstance(compare, Checksums)
    return all(locked.is_at_commit(name) and (absent or name in locked.files) for name in names)


def verdicts(entry: "Mapping[str, Any]", locked: "LockEntry") -> list[Verdict]:
    """The verdict on each fact of an entry of models.json, by what the lock has recorded."""
    return compare(entry, locked.facts, locked.sums, complete=locked.complete, copies=locked.copies)


def is_of(entry: "Mapping[str, Any]", locked: "LockEntry") -> bool:
    """Whether the lock is about the files of an entry: its repository, and its commit if both name one."""
    pins = {entry.get("revision"), locked.revision} - {None}
    return place_in(entry) == locked.repository and len(pins) < 2


_FIX = "`hypiler verify --fix` writes what the files say"


def differing(id: str, index: int, verdict: Verdict, locked: "LockEntry | None") -> Finding:
    """The finding for a fact that the model's files contradict.

    Args:
        id: The model.
        index: The position of the model in its file.
        verdict: The verdict on the fact.
        locked: What was read of the files.
    """
    path: Path = ("models", index, *verdict.path.split("."))
    return Finding("M401", _difference(verdict), path, help=_remedy(verdict, id, locked), model=id)


def _remedy(verdict: Verdict, id: str, locked: "LockEntry | None") -> str:
    """What to do about a difference: `--fix` writes what the files show, unless that is doubtful.

    A copy can be wrong itself. Then the reading must leave the lock, or each check would repeat the difference.
    """
    remedy = _FIX
    if verdict.doubtful:
        remedy = f"`--fix` does not write what is doubtful ({printable(verdict.note)}): look it up"
    if locked is None or locked.is_at_commit(verdict.file):
        return remedy
    return f"{remedy}; if the copy is wrong, `hypiler verify {printable(id)} --forget` takes the reading back"


def _base_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _difference(verdict: Verdict) -> str:
    compare = _COMPARISONS[verdict.path]
    theirs = printable(verdict.note) if verdict.theirs is None and verdict.note else format_value(verdict.theirs)
    where = printable(f"{verdict.file}, `{verdict.key}`" if verdict.key else verdict.file)
    missing, extra = ([], []) if verdict.theirs is None else compare.parts(verdict.ours, verdict.theirs)
    parts = [f"{_named(names)} {what}" for names, what in ((missing, "missing"), (extra, "too many")) if names]
    if parts:
        return f"`{verdict.path}` must {compare.demand} ({where}): {'; '.join(parts)}"
    return f"`{verdict.path}` must {compare.demand}: {theirs} ({where}); here {format_value(verdict.ours)}"


_COMPARISONS = {field.name: field.compare for field in FIELDS}
_MOST_NAMED = 10


def _named(names: "list[Any]") -> str:
    """Some of the names of parts, and whether they are one or several: ``` `de`, `fr` are ```."""
    shown = ", ".join([f"`{printable(_short(str(name)))}`" for name in names[:_MOST_NAMED]])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def format_value(value: object) -> str:
    """A value as JSON writes it, shortened."""
    text = printable(_json_text(value))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _json_text(value: object) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is str and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    import json  # imported here: most values do not need it, and its import takes as long as checking a registry

    return json.dumps(value, ensure_ascii=False)
