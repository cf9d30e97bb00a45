"""Records which files decide the vectors of a model at its commit, without judging its facts."""

from dataclasses import dataclass

from hypiler.hub.snapshot import HubError, RevisionGoneError
from hypiler.model_files.vector_files import decides_vectors
from hypiler.verification.readings import reading_of
from hypiler.verification.verify import read_elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hypiler.compiler.checked import Entry
    from hypiler.hub.snapshot import Snapshot
    from hypiler.verification.lockfile import LockedFile, LockEntry


@dataclass(frozen=True, slots=True)
class Pinned:
    """What became of one model.

    Attributes:
        entry: The model.
        locked: What was read, as a lock records it; None if it could not be read.
        notes: Further sentences for the user.
        error: Why the files could not be read; None if they were read.
    """

    entry: "Entry"
    locked: "LockEntry | None" = None
    notes: tuple[str, ...] = ()
    error: HubError | None = None

    @property
    def gone(self) -> bool:
        """Whether the repository has no such commit."""
        return isinstance(self.error, RevisionGoneError)

    @property
    def unpinned(self) -> bool:
        """Whether the entry names no commit, although one is known."""
        return self.entry.revision is None and self.head is not None

    @property
    def head(self) -> str | None:
        """The commit of the files that were read; None if it is unknown."""
        return None if self.locked is None else self.locked.revision

    @property
    def files(self) -> "dict[str, LockedFile]":
        """The files that decide vectors."""
        found = self.locked.files if self.locked is not None else {}
        return {name: file for name, file in sorted(found.items()) if decides_vectors(name)}

    @property
    def unsummed(self) -> list[str]:
        """The files that decide vectors and whose sha256 is not known."""
        return [name for name, file in self.files.items() if file.sha256 is None]


def pin(entry: "Entry", read: "Callable[[str, str | None], Snapshot]", *, date: str) -> Pinned:
    """Ask for the files of a model at its commit, or on `main` if it names none, and for those of its variants.

    `read` gives the names, sizes and sums of a repository's files, and may raise HubError.
    """
    try:
        snapshot = read(entry.repository, entry.revision)
    except HubError as error:
        return Pinned(entry, error=error)
    elsewhere, notes = read_elsewhere(entry, lambda repository, revision, _: read(repository, revision))
    if snapshot.renamed_to:
        notes.append(f"{entry.repository} was renamed to {snapshot.renamed_to}")
    return pin_snapshot(entry, snapshot, date=date, elsewhere=elsewhere, notes=notes)


def pin_snapshot(
    entry: "Entry",
    snapshot: "Snapshot",
    *,
    date: str,
    elsewhere: "Sequence[Snapshot]" = (),
    pinned: "Mapping[str, LockedFile] | None" = None,
    notes: "Sequence[str]" = (),
) -> Pinned:
    """The same for files that were read: see `reading_of`."""
    locked = reading_of(entry, snapshot, {}, date, elsewhere=elsewhere, pinned=pinned)
    one = Pinned(entry, locked, tuple(notes))
    if not one.files:
        return Pinned(entry, error=HubError(f"{snapshot.repository} has no file that decides vectors"))
    return one
