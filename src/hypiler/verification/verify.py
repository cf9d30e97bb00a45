"""Compares the models of a registry with their files, several models at once.

Results are returned; nothing is printed and nothing is written.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hypiler.hub.snapshot import AnswerError, HubError, RevisionGoneError, UnreachableError
from hypiler.model_files.extract import extract_facts
from hypiler.schema.comparisons import Checksums
from hypiler.schema.fields import FIELDS
from hypiler.verification.lock_rules import differing, is_of, verdicts
from hypiler.verification.lockfile import LockEntry
from hypiler.verification.merging import merged
from hypiler.verification.readings import NO_PINS, reading_of, sees_all, sums_elsewhere
from hypiler.verification.verdict import AGREES, DIFFERS, Verdict, compare
from hypiler.verification.waiting import as_completed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hypiler.compiler.checked import CheckedRegistry, Entry
    from hypiler.diagnostics.finding import Finding
    from hypiler.hub.snapshot import Snapshot
    from hypiler.jsontext.reader import Source
    from hypiler.model_files.facts import Evidence
    from hypiler.verification.lockfile import LockedFile
    from hypiler.verification.public_pins import PublicPins


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one model.

    Attributes:
        entry: The model.
        verdicts: The verdicts on its facts; empty if its files could not be read.
        locked: What was read of the files, as a lock records it; None if they could not be read.
        notes: Further sentences for the user.
        error: Why the files could not be read; None if they were read.
    """

    entry: "Entry"
    verdicts: "list[Verdict]" = field(default_factory=list)
    locked: LockEntry | None = None
    notes: tuple[str, ...] = ()
    error: HubError | None = None

    @property
    def differs(self) -> bool:
        """Whether the files contradict the entry, or its repository has no such commit."""
        return isinstance(self.error, RevisionGoneError) or any(verdict.state == DIFFERS for verdict in self.verdicts)

    @property
    def unread(self) -> bool:
        """Whether there is no result, since the files could not be read."""
        return self.error is not None and not self.differs

    def placed(self) -> "Iterator[tuple[Source, Finding]]":
        """A finding for each fact that differs, and the file that states the fact."""
        for verdict in self.verdicts:
            if verdict.state == DIFFERS:
                finding = differing(self.entry.id, self.entry.index, verdict, self.locked)
                source, finding.path = self.entry.place(finding.path[2:])
                yield source, finding


class Verification:
    """What became of the models of a registry that were verified.

    Attributes:
        registry: The registry.
        results: One result per model, in file order.
        wanted: How many models were to be verified; Ctrl-C ends the reading before all of them are.
    """

    __slots__ = ("registry", "results", "wanted")

    def __init__(self, registry: "CheckedRegistry", results: "list[Result]", wanted: int) -> None:
        self.registry: CheckedRegistry = registry
        self.results: list[Result] = results
        self.wanted: int = wanted

    @property
    def complete(self) -> bool:
        """Whether every model was judged."""
        return len(self.results) == self.wanted

    @property
    def differs(self) -> bool:
        """Whether a model says something that its files contradict."""
        return any(result.differs for result in self.results)

    @property
    def unread(self) -> bool:
        """Whether the files of a model could not be read."""
        return any(result.unread for result in self.results)

    def findings(self) -> "list[Finding]":
        """A finding with its place for each fact that differs, by file and model."""
        by_file: dict[Source, list[Finding]] = {source: [] for source in self.registry.sources}
        for result in self.results:
            for source, finding in result.placed():
                by_file.setdefault(source, []).append(finding)
        for source, own in by_file.items():
            source.locate(own)
        return [finding for own in by_file.values() for finding in own]

    def of_bases(self) -> "list[tuple[Entry, Finding]]":
        """The findings about facts that lower layers state: nothing is corrected in their files."""
        return [
            (result.entry, finding)
            for result in self.results
            for source, finding in result.placed()
            if source not in self.registry.sources
        ]

    def locked(self, kept: "Mapping[str, LockEntry]", others: "Collection[str]" = ()) -> "dict[str, LockEntry]":
        """The lock with what was read, given what it holds; `kept` itself if nothing was learnt.

        Models that are not in the registry leave the lock, except `others`: those of registries that share it.
        """
        read = {result.entry.id: result.locked for result in self.results if result.locked is not None}
        return updated(kept, read, self.registry, others)


def updated(
    kept: "Mapping[str, LockEntry]",
    read: "Mapping[str, LockEntry]",
    registry: "CheckedRegistry",
    others: "Collection[str]" = (),
    *,
    judged: bool = True,
) -> "dict[str, LockEntry]":
    """A lock with what was read of some models, merged with what it has recorded of them.

    Args:
        kept: What the lock holds.
        read: What was read, by id.
        registry: The models that stay in the lock.
        others: The ids of further models that stay in it.
        judged: Whether facts were read.
    """
    entries = {entry.id: entry for entry in registry.entries}
    # What the lock has of another commit than that of the entry is not about this model any more.
    own = {id: one for id, one in kept.items() if id not in entries or is_of(entries[id].tree, one)}
    fresh = {id: merged(own.get(id), one, judged=judged) for id, one in read.items()}
    if not fresh:
        return dict(kept)
    found = {**kept, **fresh}
    return {id: found[id] for id in dict.fromkeys([*entries, *kept]) if id in found and (id in entries or id in others)}


def verify_registry(
    registry: "CheckedRegistry",
    names: "Sequence[str]",
    read: "Callable[[str, str | None, bool], Snapshot]",
    *,
    date: str,
    jobs: int = 8,
    done: "Callable[[Result], None]" = lambda _: None,
) -> Verification:
    """Compare the models of these ids, aliases or repositories, or all, with their files.

    Args:
        registry: A registry without errors.
        names: Which models; none for all.
        read: Gives the files of a repository at a commit, or with its third argument true their names alone. It is
            called from `jobs` threads, and may raise HubError.
        date: The day that the lock names, as 2026-01-31.
        jobs: How many models are read at once.
        done: Called with each result as it comes.

    Raises UnknownModelError.
    """
    entries = chosen(registry, names)
    results, _ = verify(entries, read, date=date, jobs=jobs, done=done)
    return Verification(registry, results, len(entries))


def verify_folder(
    registry: "CheckedRegistry",
    name: str,
    read: "Callable[[list[str]], Snapshot]",
    *,
    date: str,
    pins: "PublicPins | None" = None,
) -> Verification:
    """Compare one model with the files in a folder.

    Args:
        registry: A registry without errors.
        name: The id, an alias or the repository of the model.
        read: Gives the files of the folder, with the sums of the files that it is given.
        date: The day that the lock names.
        pins: Public pins of files of the model's commit.

    Raises UnknownModelError, and HubError for a folder that cannot be read or has the files of another commit. If the
    folder shows nothing of the model, its result has an error, and the notes say why.
    """
    (entry,) = chosen(registry, [name])
    snapshot = read_of(entry, read)
    pinned = (pins or NO_PINS).of(entry.repository, entry.revision)
    result = verify_snapshot(entry, snapshot, snapshot.sums, date, pinned=pinned)
    return Verification(registry, [result], 1)


def read_of(entry: "Entry", read: "Callable[[list[str]], Snapshot]") -> "Snapshot":
    """The files of a model in a folder. Raises HubError for those of another commit."""
    snapshot = read(files_with_checksums(entry))
    if entry.revision and snapshot.revision and snapshot.revision != entry.revision:
        place = snapshot.repository
        raise HubError(f"{place} has the files of commit {snapshot.revision}; `{entry.id}` is of {entry.revision}")
    return snapshot


def verify_by_lock(
    registry: "CheckedRegistry", names: "Sequence[str]", locks: "Mapping[str, LockEntry]"
) -> Verification:
    """The same by what the lock keeps of the models' files alone. Raises UnknownModelError."""
    entries = chosen(registry, names)
    return Verification(registry, [from_lock(entry, locks.get(entry.id)) for entry in entries], len(entries))


def chosen(registry: "CheckedRegistry", names: "Sequence[str]") -> "list[Entry]":
    """The entries of these ids, aliases or repositories, each once and in file order.

    Without names, these are all models in a repository: a model with a source has nothing on the hub. If the registry
    stands on others, they are the models that its own files add or override.

    Raises UnknownModelError.
    """
    wanted = {registry[name].id for name in names}
    return [
        entry
        for entry in registry.entries
        if entry.id in wanted or not (names or entry.is_elsewhere or not entry.is_own)
    ]


def verify(
    entries: "Iterable[Entry]",
    read: "Callable[[str, str | None, bool], Snapshot]",
    *,
    date: str,
    jobs: int = 8,
    done: "Callable[[Result], None]" = lambda _: None,
) -> "tuple[list[Result], bool]":
    """The results in the order of the entries, and whether they are complete: Ctrl-C ends the reading early.

    Args:
        entries: The models to compare.
        read: Returns the files of a repository at a commit; if its third argument is true, only names and checksums.
            Called from several threads.
        date: The day to record in the lock.
        jobs: How many threads read files.
        done: Called with each result when it is ready.
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


def _verified(entry: "Entry", read: "Callable[[str, str | None, bool], Snapshot]", date: str) -> Result:
    try:
        snapshot = read(entry.repository, entry.revision, False)
    except HubError as error:
        return Result(entry, error=error)
    elsewhere, notes = read_elsewhere(entry, read)
    sums = {**snapshot.sums, **sums_elsewhere(elsewhere)}
    return verify_snapshot(entry, snapshot, sums, date, notes, elsewhere=elsewhere)


def read_elsewhere(
    entry: "Entry", read: "Callable[[str, str | None, bool], Snapshot]"
) -> "tuple[list[Snapshot], list[str]]":
    """The names and sums of the files in the repositories of variants, and a note for each that cannot be read.

    Nothing is known about a repository that cannot be reached or seen, so that it is no reason to find a fault.
    """
    found: list[Snapshot] = []
    notes: list[str] = []
    for repository in dict.fromkeys(_repositories_of_variants(entry)):
        try:
            found.append(read(repository, None, True))
        except HubError as error:
            notes.append(str(error))
    return found, notes


def verify_snapshot(
    entry: "Entry",
    snapshot: "Snapshot",
    sums: "Mapping[str, str | None]",
    date: str,
    notes: "Iterable[str]" = (),
    *,
    elsewhere: "Sequence[Snapshot]" = (),
    pinned: "Mapping[str, LockedFile] | None" = None,
) -> Result:
    """The result for a model whose files were read.

    Args:
        entry: The model.
        snapshot: Its files.
        sums: The sha256 of all files, as `compare` takes them.
        date: The day to record in the lock.
        notes: Sentences to put before the notes about the files.
        elsewhere: The files in the repositories of variants, without contents.
        pinned: The files of the entry's commit that are pinned publicly.

    If no file could be read that states a fact, the result is an error: nothing was compared. The files of an unknown
    commit may be others than those of the commit that the entry pins, so they are not all files of the model.
    """
    complete = sees_all(entry, snapshot)
    evidence = extract_facts(snapshot.names, snapshot.files, snapshot.sizes, complete=complete)
    locked = reading_of(entry, snapshot, evidence.facts, date, elsewhere=elsewhere, pinned=pinned)
    known = {name: digest for name, digest in sums.items() if digest is not None or name not in locked.files}
    all_sums = {**locked.sums, **known}
    found = compare(entry.tree, evidence.facts, all_sums, complete=complete, copies=locked.copies)
    told = (*notes, *_notes(entry, snapshot, evidence, locked))
    read = {fact.file for fact in evidence.facts.values()} & snapshot.files.keys()
    if not read and not any(verdict.path in _SUMS and verdict.state in (AGREES, DIFFERS) for verdict in found):
        return Result(entry, notes=told, error=_nothing_read(snapshot))
    return Result(entry, found, locked, told)


def from_lock(entry: "Entry", locked: LockEntry | None) -> Result:
    """The result for a model by what the lock has recorded, without its files."""
    if locked is None:
        return Result(
            entry, error=UnreachableError(f"`{entry.id}` is not in the lock: run `hypiler verify {entry.id}`")
        )
    if not is_of(entry.tree, locked):
        wanted, found = _commit(entry.repository, entry.revision), _commit(locked.repository, locked.revision)
        message = f"the lock has `{entry.id}` at {found}, but the entry names {wanted}: run `hypiler verify {entry.id}`"
        return Result(entry, error=UnreachableError(message))
    if not locked.facts:
        message = f"the lock has no facts of `{entry.id}`: run `hypiler verify {entry.id}`"
        return Result(entry, error=UnreachableError(message))
    return Result(entry, verdicts(entry.tree, locked), locked)


def _nothing_read(snapshot: "Snapshot") -> HubError:
    return AnswerError(f"{snapshot.repository}: nothing was verified, since no file could be read that states a fact")


_CHECKSUMS = [(field, field.compare) for field in FIELDS if isinstance(field.compare, Checksums)]


_SUMS = frozenset([field.name for field, _ in _CHECKSUMS])


def files_with_checksums(entry: "Entry") -> list[str]:
    """The files in the model's own repository for which the entry states a sha256."""
    stated = [wanted for field, compare in _CHECKSUMS for wanted in compare.files(field.get(entry.tree, {})).items()]
    return [name for name, digest in stated if digest is not None and ":" not in name]


def _commit(repository: str, revision: str | None) -> str:
    return f"{repository} @ {revision or 'no commit'}"


def _repositories_of_variants(entry: "Entry") -> list[str]:
    return [one for field, compare in _CHECKSUMS for one in compare.repositories(field.get(entry.tree, {}))]


def _notes(entry: "Entry", snapshot: "Snapshot", evidence: "Evidence", locked: LockEntry) -> "Iterator[str]":
    if snapshot.renamed_to:
        yield f"{entry.repository} was renamed to {snapshot.renamed_to}"
    if snapshot.revision is None:
        yield "the files of a folder were read: commit unknown"
    elif entry.revision is None:
        yield f"the entry has no `revision`: the files of {snapshot.revision} were read"
    elif entry.revision != snapshot.revision:
        yield f"the entry pins {entry.revision}, and the files of {snapshot.revision} were read"
    for name in sorted(snapshot.sums):
        read, recorded = snapshot.sums[name], locked.files.get(name)
        if recorded is not None and recorded.pins and read is not None and recorded.sha256 != read:
            yield f"{name} is not the file of {locked.revision}: independent public pins name another sha256"
    if snapshot.revision and (copies := sorted(snapshot.files.keys() & set(snapshot.copies))):
        yield f"not the files of {snapshot.revision}, but changed or added: {', '.join(copies)}"
    for problem in evidence.problems:
        yield f"{problem.file} was not used: {problem.message}"
    for warning in evidence.warnings:
        yield f"{warning.file}: {warning.message}"
    if evidence.remote_code:
        yield f"loading it with its own library runs code from the repository: {', '.join(evidence.remote_code)}"
    if evidence.pickle_only:
        yield "only pickled weights: loading them can run code"
