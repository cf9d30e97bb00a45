"""Merges what was just read of a model with what a lock has recorded of it.

Evidence is never lost to weaker evidence: a file that is known to be that of the commit stays as it is when a copy is
read, and a partial reading adds to a complete one. A reading of another commit starts anew.
"""

from hypiler.verification.lockfile import AT_COMMIT, COPY, MAX_PINS, LockedFile, LockEntry, are_independent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypiler.model_files.facts import FileFact


def merged(old: LockEntry | None, new: LockEntry, *, judged: bool = True) -> LockEntry:
    """What a lock should record after a reading; `old` itself if nothing was learnt.

    Args:
        old: What the lock has recorded so far; None if it has nothing about the model.
        new: What was read.
        judged: Whether facts were read from the files. If not, `new` has none, and the facts of `old` stay.
    """
    if old is None or not _are_of_one_commit(old, new):
        return new
    revision = new.revision or old.revision
    # A file that the complete list of the commit does not have is not one of its files.
    kept = {name: file for name, file in old.files.items() if not _is_gone(name, old, new)}
    files = {name: _stronger(kept[name], file) if name in kept else file for name, file in new.files.items()}
    files = {**kept, **files}
    complete = any(one.complete and one.revision == revision for one in (old, new))
    entry = LockEntry(old.repository, revision, new.date, files, complete=complete)
    entry.facts = _facts(old, new, entry, judged=judged)
    return old if _says_the_same(old, entry) else entry


def _are_of_one_commit(old: LockEntry, new: LockEntry) -> bool:
    """Whether two readings can be of the same files: a copy of unknown commit may be of any."""
    revisions = {old.revision, new.revision} - {None}
    return old.repository == new.repository and len(revisions) < 2


def _is_gone(name: str, old: LockEntry, new: LockEntry) -> bool:
    if name in new.files or ":" in name:
        return False
    return new.complete and new.revision is not None and not (old.complete and old.revision == new.revision)


def _stronger(old: LockedFile, new: LockedFile) -> LockedFile:
    """One file by the stronger of two readings; of two that are equally strong, the newer one."""
    if old.sha256 is None or new.sha256 is None or old.sha256 == new.sha256:
        return _united(old, new)
    return old if old.read == AT_COMMIT and new.read == COPY else new


def _united(old: LockedFile, new: LockedFile) -> LockedFile:
    """Two readings of the same bytes, or of a file of which one reading shows the name alone."""
    if old.read != new.read and None in (old.sha256, new.sha256):
        # The bytes of a copy say nothing about those of the commit.
        return old if old.read == AT_COMMIT else new
    pins = sorted({*old.pins, *new.pins})[:MAX_PINS]
    strong = AT_COMMIT in (old.read, new.read) or are_independent(pins)
    return LockedFile(
        new.sha256 or old.sha256,
        old.size if new.size is None else new.size,
        new.precision or old.precision,
        AT_COMMIT if strong else COPY,
        pins,
    )


def _facts(old: LockEntry, new: LockEntry, entry: LockEntry, *, judged: bool) -> "dict[str, FileFact]":
    """The facts of both readings, as far as each was read from the bytes that are recorded."""
    earlier = {path: fact for path, fact in old.facts.items() if _was_read_from(old, fact.file, entry)}
    later = {path: fact for path, fact in new.facts.items() if _was_read_from(new, fact.file, entry)}
    if judged and _is_whole(new):
        # It shows all that the files show: a fact that it does not have is not one.
        earlier = {}
    elif _is_whole(old):
        return {**later, **earlier}
    weaker = {path for path in later if path in earlier and _is_weaker(path, new, old)}
    return {**earlier, **{path: fact for path, fact in later.items() if path not in weaker}}


def _was_read_from(reading: LockEntry, name: str, entry: LockEntry) -> bool:
    """Whether a reading of a file is one of the bytes that are recorded now."""
    read, recorded = reading.files.get(name), entry.files.get(name)
    if read is None or recorded is None:
        return read is recorded
    return read.sha256 == recorded.sha256 or (read.sha256 is None and read.read == recorded.read)


def _is_whole(reading: LockEntry) -> bool:
    """Whether a reading has seen all files of the commit that facts are read from."""
    own = {fact.file for fact in reading.facts.values()}
    return reading.complete and bool(reading.facts) and all(map(reading.is_at_commit, own))


def _is_weaker(path: str, new: LockEntry, old: LockEntry) -> bool:
    return old.is_at_commit(old.facts[path].file) and not new.is_at_commit(new.facts[path].file)


def _says_the_same(old: LockEntry, entry: LockEntry) -> bool:
    dated = LockEntry(old.repository, entry.revision, old.date, entry.files, entry.facts, complete=entry.complete)
    return dated == old


def all_merged(kept: "Mapping[str, LockEntry]", read: "Mapping[str, LockEntry]") -> "dict[str, LockEntry]":
    """What a lock should record of several models that were read."""
    return {id: merged(kept.get(id), one) for id, one in read.items()}
