"""Checks which pins are behind their repository, and whether the changed files could change vectors."""

from dataclasses import dataclass

from hypiler._digest import sha256_hex
from hypiler.hub.snapshot import HubError, NotFoundError, RevisionGoneError
from hypiler.model_files.vector_files import decides_vectors
from hypiler.space import compare
from hypiler.stamps.stamp import assemble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hypiler.compiler.checked import Entry
    from hypiler.hub.snapshot import Snapshot
    from hypiler.space import Comparison
    from hypiler.verification.lockfile import LockEntry

CURRENT = "current"
BEHIND = "behind"
UNPINNED = "unpinned"
GONE = "gone"
RENAMED = "renamed"
REPLACED = "re-registered"
UNREACHABLE = "unreachable"
STATES = (CURRENT, BEHIND, UNPINNED, GONE, RENAMED, REPLACED, UNREACHABLE)


@dataclass(frozen=True, slots=True)
class PinStatus:
    """The state of one pin.

    Attributes:
        entry: The model.
        state: One of `STATES`.
        head: The commit that `main` points to now; None if it is unknown.
        changed: The files that differ between the pin and the head. Only files that facts are read from, or that
            vectors depend on, are listed.
        vectors: Whether vectors of the head fit those of the pin, by `hypiler.space`; None if they were not compared.
        message: A sentence for the user if the state is neither current nor behind.
    """

    entry: "Entry"
    state: str
    head: str | None = None
    changed: tuple[str, ...] = ()
    vectors: "Comparison | None" = None
    message: str = ""

    @property
    def behind(self) -> bool:
        """Whether the user should look at the pin."""
        return self.state not in (CURRENT, UNREACHABLE)


def check_pin(
    entry: "Entry", info: "Callable[[str, str | None], Snapshot]", locked: "LockEntry | None" = None
) -> PinStatus:
    """The state of one pin.

    `info` returns the names and git ids of a repository's files at a commit, or on `main` for None. `locked` is what
    the lock has recorded, if anything.
    """
    try:
        head = info(entry.repository, None)
    except NotFoundError as error:
        return PinStatus(entry, GONE, message=str(error))
    except HubError as error:
        return PinStatus(entry, UNREACHABLE, message=str(error))
    if entry.revision is None:
        return PinStatus(entry, UNPINNED, head.revision, message=f"pin it: `main` stands at {head.revision}")
    if head.renamed_to:
        message = f"{entry.repository} was renamed to {head.renamed_to}: use the new name"
        return PinStatus(entry, RENAMED, head.revision, message=message)
    if head.revision == entry.revision:
        return PinStatus(entry, CURRENT, head.revision)
    try:
        pinned = info(entry.repository, entry.revision)
    except RevisionGoneError as error:
        if locked is not None and head.created is not None and head.created[:10] > locked.date:
            made, verified = head.created[:10], locked.date
            message = (
                f"{entry.repository} was made on {made}, after its files were verified on {verified}:"
                " it is another repository under the old name"
            )
            return PinStatus(entry, REPLACED, head.revision, message=message)
        return PinStatus(entry, GONE, head.revision, message=str(error))
    except HubError as error:
        return PinStatus(entry, UNREACHABLE, head.revision, message=str(error))
    changed = tuple(sorted(name for name in _watched(pinned, head) if pinned.blobs.get(name) != head.blobs.get(name)))
    return PinStatus(entry, BEHIND, head.revision, changed, _compare_vectors(pinned, head))


def _compare_vectors(pinned: "Snapshot", head: "Snapshot") -> "Comparison":
    """Whether the vectors of two commits fit, as far as the list of files shows it.

    Both are compared as configs of one model are. The bytes of each are those of all files that decide vectors: with a
    change, only loading can decide.
    """
    return compare(_stamp(pinned), _Listed(_stamp(head)))


def _stamp(snapshot: "Snapshot") -> "dict[str, Any]":
    lines = [f"{snapshot.blobs.get(name)} {name}" for name in sorted(snapshot.names) if decides_vectors(name)]
    weights = {"sha256": sha256_hex("\n".join(lines).encode()), "listed": None, "model": None, "precision": None}
    place = {"model": None, "repository": snapshot.repository, "revision": snapshot.revision, "engine": None}
    return assemble(place, {}, {}, weights, None)


class _Listed:
    """A commit whose files are listed, but not loaded."""

    def __init__(self, stamp: "dict[str, Any]") -> None:
        self.stamped = stamp

    def space(self) -> "dict[str, Any]":
        return self.stamped


def _watched(pinned: "Snapshot", head: "Snapshot") -> set[str]:
    """The files that facts are read from, or that vectors depend on."""
    return {name for name in {*pinned.names, *head.names} if decides_vectors(name) or name == "README.md"}
