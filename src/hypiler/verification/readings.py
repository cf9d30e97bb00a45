"""What was read of a model's files, in the form in which a lock records it."""

from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.precision import tensors_precision
from hypiler.model_files.safetensors_header import read_header
from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, LockEntry, recordable
from hypiler.verification.public_pins import COLUMNS, PublicPins, with_pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypiler.compiler.checked import Entry
    from hypiler.hub.snapshot import Snapshot
    from hypiler.model_files.facts import FileFact

NO_PINS = PublicPins("\t".join(COLUMNS))
"""A table without a line."""


def reading_of(
    entry: "Entry",
    snapshot: "Snapshot",
    facts: "Mapping[str, FileFact]",
    date: str,
    *,
    elsewhere: "Sequence[Snapshot]" = (),
    pinned: "Mapping[str, LockedFile] | None" = None,
) -> LockEntry:
    """What a lock records of one reading.

    Args:
        entry: The model.
        snapshot: Its files.
        facts: What they say.
        date: The day of the reading.
        elsewhere: The files in the repositories of variants.
        pinned: The files of the entry's commit that are pinned publicly.
    """
    files = {name: _file(snapshot, name) for name in snapshot.names}
    # Pins are about the commit of the entry, and so is what is read together with them.
    revision = snapshot.revision or (entry.revision if pinned else None)
    if pinned and revision == entry.revision:
        files = with_pins(files, pinned)
    for other in elsewhere:
        files |= {f"{other.repository}:{name}": _file(other, name) for name in other.names}
    # A fact is recorded only with the bytes that it was read from.
    own = {path: fact for path, fact in facts.items() if _is_of_these_bytes(fact.file, snapshot, files)}
    return recordable(LockEntry(entry.repository, revision, date, files, own, complete=sees_all(entry, snapshot)))


def sees_all(entry: "Entry", snapshot: "Snapshot") -> bool:
    """Whether the snapshot lists all files of the model.

    The files of an unknown commit may be others than those of the commit that the entry pins.
    """
    return snapshot.complete and (snapshot.revision is not None or entry.revision is None)


def _file(snapshot: "Snapshot", name: str) -> LockedFile:
    read = AT_COMMIT if snapshot.is_at_commit(name) else COPY
    header = snapshot.files.get(name) if name.endswith(".safetensors") else None
    return LockedFile(snapshot.sums.get(name), snapshot.sizes.get(name), _precision(header), read)


def _precision(header: bytes | None) -> str | None:
    """The precision of weights by the header of their safetensors file; None without one that can be read."""
    try:
        return tensors_precision(read_header(header).values()) if header else None
    except ModelFileError:
        return None


def _is_of_these_bytes(name: str, snapshot: "Snapshot", files: "Mapping[str, LockedFile]") -> bool:
    return name not in snapshot.sums or name not in files or files[name].sha256 == snapshot.sums[name]


def sums_elsewhere(elsewhere: "Sequence[Snapshot]") -> "dict[str, str | None]":
    """The sha256 of the files in other repositories, named `org/name:file`."""
    return {f"{other.repository}:{name}": digest for other in elsewhere for name, digest in other.sums.items()}
