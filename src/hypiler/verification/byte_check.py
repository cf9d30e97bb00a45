"""Compares the bytes of files in a folder with the sums that the lock and the registry have recorded."""

from dataclasses import dataclass

from hypiler.model_files.vector_files import decides_vectors
from hypiler.schema.comparisons import Checksums
from hypiler.schema.fields import FIELDS
from hypiler.verification.lock_rules import is_of
from hypiler.verification.lockfile import AT_COMMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.compiler.checked import Entry
    from hypiler.hub.snapshot import Snapshot
    from hypiler.verification.lockfile import LockEntry


@dataclass(frozen=True, slots=True)
class ByteCheck:
    """What became of the files of one model. All lists are sorted.

    Attributes:
        entry: The model.
        folder: The folder.
        right: The files whose bytes have the recorded sum.
        wrong: The files whose bytes have another sum.
        missing: The recorded files that decide vectors and are not in the folder.
        unlisted: The files in the folder that decide vectors and have no recorded sum.
    """

    entry: "Entry"
    folder: str
    right: list[str]
    wrong: list[str]
    missing: list[str]
    unlisted: list[str]


def recorded_sums(entry: "Entry", locked: "LockEntry | None") -> dict[str, str]:
    """The sha256 of the files in the model's own repository: of the registry, and of the lock at the entry's commit."""
    sums: dict[str, str] = {}
    if locked is not None and is_of(entry.tree, locked) and locked.revision is not None:
        known = {name: file.sha256 for name, file in locked.files.items() if file.read == AT_COMMIT}
        sums |= {name: digest for name, digest in known.items() if digest is not None and ":" not in name}
    for field in FIELDS:
        if isinstance(field.compare, Checksums):
            stated = field.compare.files(field.get(entry.tree, {}))
            sums |= {name: digest for name, digest in stated.items() if digest is not None and ":" not in name}
    return sums


def check_bytes(entry: "Entry", snapshot: "Snapshot", sums: "dict[str, str]") -> ByteCheck:
    """Compare the files of a folder, which must have been hashed, with recorded sums."""
    found = {name: snapshot.sums[name] for name in snapshot.names if name in sums}
    return ByteCheck(
        entry,
        snapshot.repository,
        [name for name in sorted(found) if found[name] == sums[name]],
        [name for name in sorted(found) if found[name] != sums[name]],
        [name for name in sorted(sums) if name not in found and decides_vectors(name)],
        [name for name in snapshot.names if name not in sums and decides_vectors(name)],
    )
