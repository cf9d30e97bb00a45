"""Compares what a registry says with the files of its models, many at once."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from hypiler.hub.snapshot import HubError, NotFoundError, RevisionGoneError, UnreachableError
from hypiler.jsontext.editor import REMOVED, Change
from hypiler.model_files.extract import extract_facts
from hypiler.schema.comparisons import Checksums
from hypiler.schema.fields import FIELDS, Field
from hypiler.verification.lock_rules import differing, is_of, verdicts
from hypiler.verification.lockfile import LockEntry
from hypiler.verification.verdict import DIFFERS, Verdict, compare, no_repository, stated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from hypiler.diagnostics.finding import Finding
    from hypiler.hub.snapshot import Snapshot
    from hypiler.jsontext.reader import Source
    from hypiler.model_files.facts import Evidence, FileFact


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in a registry's file: its place among those of the file, and what stands there."""

    source: "Source"
    index: int
    tree: "Mapping[str, Any]"

    @property
    def id(self) -> str:
        """The id of the model."""
        return str(self.tree["id"])

    @property
    def repository(self) -> str:
        """The repository of the model."""
        return str(self.tree["huggingface_id"])

    @property
    def revision(self) -> str | None:
        """The commit that the facts are true for."""
        found: str | None = self.tree.get("revision")
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one model: verdicts on its facts and what to lock, or the error that kept files from being read.

    `notes` are what else a reader should know, a sentence each.
    """

    entry: Entry
    verdicts: "list[Verdict]" = field(default_factory=list)
    locked: LockEntry | None = None
    notes: tuple[str, ...] = ()
    error: HubError | None = None

    @property
    def differs(self) -> bool:
        """Whether the entry says something that the files contradict, or names files that are not there."""
        gone = isinstance(self.error, NotFoundError | RevisionGoneError)
        return gone or any(verdict.state == DIFFERS for verdict in self.verdicts)

    @property
    def unread(self) -> bool:
        """Whether nothing can be said of the entry, since its files could not be read."""
        return self.error is not None and not self.differs

    def findings(self) -> "Iterator[Finding]":
        """A finding for each fact that differs."""
        for verdict in self.verdicts:
            if verdict.state == DIFFERS:
                yield differing(self.entry.id, self.entry.index, verdict)


def entries_of(source: "Source") -> list[Entry]:
    """The models in a file that has no errors."""
    tree: Any = source.value
    return [Entry(source, index, model) for index, model in enumerate(tree["models"])]


def verify(
    entries: "Iterable[Entry]",
    read: "Callable[[str, str | None, bool], Snapshot]",
    *,
    date: str,
    jobs: int = 8,
    done: "Callable[[Result], None]" = lambda _: None,
) -> "tuple[list[Result], bool]":
    """The results in the order of the entries, and whether all were judged: Ctrl-C ends the reading, not the report.

    `read` gives the files of a repository at a commit, or with its third argument true their names alone; it is called
    from `jobs` threads. `done` is called with each result as it comes.
    """
    entries = list(entries)
    results: dict[int, Result] = {}
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="verify")
    try:
        waiting = {pool.submit(_verified, entry, read, date): number for number, entry in enumerate(entries)}
        for future in as_completed(waiting):
            results[waiting[future]] = future.result()
            done(future.result())
    except KeyboardInterrupt:
        return [results[number] for number in sorted(results)], False
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [results[number] for number in sorted(results)], True


def _verified(entry: Entry, read: "Callable[[str, str | None, bool], Snapshot]", date: str) -> Result:
    try:
        snapshot = read(entry.repository, entry.revision, False)
    except HubError as error:
        return Result(entry, error=error)
    notes: list[str] = []
    sums = dict(snapshot.sums)
    for repository in dict.fromkeys(_repositories_of_variants(entry)):
        try:
            elsewhere = read(repository, None, True)
        except UnreachableError as error:
            return Result(entry, error=error)
        except HubError as error:
            notes.append(str(error))
            if isinstance(error, NotFoundError):
                sums[no_repository(repository)] = None
        else:
            sums |= {f"{repository}:{name}": digest for name, digest in elsewhere.sums.items()}
    return verify_snapshot(entry, snapshot, sums, date, notes)


def verify_snapshot(
    entry: Entry, snapshot: "Snapshot", sums: "Mapping[str, str | None]", date: str, notes: "Iterable[str]" = ()
) -> Result:
    """The result for a model whose files were read."""
    evidence = extract_facts(snapshot.names, snapshot.files, snapshot.sizes)
    return Result(
        entry,
        compare(entry.tree, evidence.facts, sums),
        LockEntry(
            repository=entry.repository,
            revision=snapshot.revision,
            date=date,
            # All of them: which file an entry will name tomorrow is not known.
            files=sums,
            facts=evidence.facts,
        ),
        (*notes, *_notes(entry, snapshot, evidence)),
    )


def from_lock(entry: Entry, locked: LockEntry | None) -> Result:
    """The result for a model from what the lock keeps of its files."""
    if locked is None:
        return Result(
            entry, error=UnreachableError(f"`{entry.id}` is not in the lock: run `hypiler verify {entry.id}`")
        )
    if not is_of(entry.tree, locked):
        wanted, found = _commit(entry.repository, entry.revision), _commit(locked.repository, locked.revision)
        message = (
            f"the lock of `{entry.id}` is of {found}, and the entry names {wanted}: run `hypiler verify {entry.id}`"
        )
        return Result(entry, error=UnreachableError(message))
    return Result(entry, verdicts(entry.tree, locked), locked)


_FIELDS = {field.name: field for field in FIELDS}
_CHECKSUMS = [(field, field.compare) for field in FIELDS if isinstance(field.compare, Checksums)]


def corrections(result: Result) -> "Iterator[Change]":
    """A change for each fact that differs and whose right value the files say."""
    facts: Mapping[str, FileFact] = result.locked.facts if result.locked else {}
    paths = {path for path, _ in stated(result.entry.tree)}
    for verdict in result.verdicts:
        if verdict.state != DIFFERS or verdict.path not in facts:
            continue
        field = _FIELDS[verdict.path]
        yield _change(result.entry, field.name, _right(field, verdict.ours, facts[field.name].value))
        # Without the field that a true flag implies, models.json is not valid.
        if verdict.theirs is True and field.implies in facts and field.implies not in paths:
            yield _change(result.entry, field.implies, facts[field.implies].value)


def citations(result: Result) -> "Iterator[Change]":
    """For each fact that is corrected, its place in the files, where the entry's `sources` name another."""
    for change in corrections(result):
        name = ".".join(map(str, change.path[2:]))
        if result.locked is not None and name in result.entry.tree.get("sources", {}):
            place = result.locked.facts[name].source(result.entry.repository, result.locked.revision)
            yield Change((*change.path[:2], "sources", name), REMOVED if change.value is REMOVED else place)


def _change(entry: Entry, path: str, value: "Any") -> Change:
    return Change(("models", entry.index, *path.split(".")), value)


def _right(field: Field, ours: "Any", theirs: "Any") -> "Any":
    """What the registry should say, in its own words."""
    right = field.compare.corrected(ours, theirs)
    # That a model has none of something is written only where models.json demands it.
    return REMOVED if right is None and not field.required else right


def files_with_checksums(entry: Entry) -> list[str]:
    """The files of the entry's own repository whose sha256 it states."""
    stated = [wanted for field, compare in _CHECKSUMS for wanted in compare.files(field.get(entry.tree, {})).items()]
    return [name for name, digest in stated if digest is not None and ":" not in name]


def _commit(repository: str, revision: str | None) -> str:
    return f"{repository} @ {revision or 'no commit'}"


def _repositories_of_variants(entry: Entry) -> list[str]:
    return [one for field, compare in _CHECKSUMS for one in compare.repositories(field.get(entry.tree, {}))]


def _notes(entry: Entry, snapshot: "Snapshot", evidence: "Evidence") -> "Iterator[str]":
    if snapshot.renamed_to:
        yield f"{entry.repository} is called {snapshot.renamed_to} now"
    if snapshot.revision is None:
        yield "the files of a folder were read: of which commit they are is not known"
    elif entry.revision is None:
        yield f"the entry has no `revision`: the files of {snapshot.revision} were read"
    elif entry.revision != snapshot.revision:
        yield f"the entry pins {entry.revision}, and the files of {snapshot.revision} were read"
    for problem in evidence.problems:
        yield f"{problem.file} was not used: {problem.message}"
    if evidence.remote_code:
        yield f"loading it with its own library runs code of the repository: {', '.join(evidence.remote_code)}"
    if evidence.pickle_only:
        yield "only pickled weights: loading them can run code"
