"""What a lock proves about a model: the facts that its files show, and the bytes of the files that decide vectors."""

from types import MappingProxyType

from hypiler.schema.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Mapping

    Any = Self = object


class PinnedFile(Record):
    """A file that decides vectors, as it is at the commit of its model.

    Attributes:
        sha256: The SHA-256 of its bytes, as 64 hex digits.
        size: Its size in bytes; None if it is unknown.
        precision: The precision of weights, such as "fp32"; None if it is unknown.
    """

    __slots__ = ()
    _names = ("sha256", "size", "precision")

    @classmethod
    def of(cls, sha256: str, size: int | None = None, precision: str | None = None) -> "Self":
        """A file by its parts."""
        return cls((sha256, size, precision))

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, as 64 hex digits."""
        found: str = self[0]
        return found

    @property
    def size(self) -> int | None:
        """Its size in bytes; None if it is unknown."""
        found: int | None = self[1]
        return found

    @property
    def precision(self) -> str | None:
        """The precision of weights, such as "fp32"; None if it is unknown."""
        found: str | None = self[2]
        return found


VERIFIED = "verified"
"""The fact agrees with the model's files at the commit of its entry."""
COPY = "copy"
"""The fact agrees with a copy of the files, whose commit is unknown or another one."""
DIFFERS = "differs"
"""The files contradict the fact."""


class Evidence:
    """What a lock proves about a model.

    Attributes:
        revision: The commit of the entry, if facts were compared with its files; None if no fact was.
        facts: What the comparison of each fact with the files showed, by the path of the fact: `VERIFIED`, `COPY` or
            `DIFFERS`. A fact that no file shows is not among them, and neither is an absence (null, empty).
        files: The files that decide vectors, as they are at the entry's commit, by name.
        complete: Whether these are all such files of the commit.
    """

    __slots__ = ("complete", "facts", "files", "revision")

    def __init__(
        self,
        revision: str | None = None,
        facts: "Mapping[str, str] | None" = None,
        files: "Mapping[str, PinnedFile] | None" = None,
        *,
        complete: bool = False,
    ) -> None:
        self.revision: str | None = revision
        self.facts: Mapping[str, str] = MappingProxyType(dict(facts or {}))
        self.files: Mapping[str, PinnedFile] = MappingProxyType(dict(files or {}))
        self.complete: bool = complete

    def count(self, word: str) -> int:
        """How many facts have this evidence."""
        return [*self.facts.values()].count(word)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Evidence) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.revision, len(self.facts), self.complete))

    def __reduce__(self) -> "tuple[Any, ...]":
        return _restore_evidence, (self.revision, dict(self.facts), dict(self.files), self.complete)


def _restore_evidence(*parts: "Any") -> Evidence:
    return Evidence(*parts[:-1], complete=parts[-1])
