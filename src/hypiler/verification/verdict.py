"""Compares the facts that a registry states about a model with the model's own files."""

from hypiler.schema.comparisons import Checksums, FileNamed
from hypiler.schema.fields import FIELDS, Field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.model_files.facts import FileFact

AGREES = "agrees"
DIFFERS = "differs"
UNKNOWN = "unknown"
"""Files could show the fact, but these files do not."""
CLAIMED = "claimed"
"""Only a publication could prove the fact."""
STATES = (AGREES, DIFFERS, UNKNOWN, CLAIMED)

FACTS = tuple([field for field in FIELDS if field.origin != "identity"])
"""The fields whose values are facts about a model, in the order of the table."""

_SECTIONS: "list[tuple[tuple[str, ...], list[tuple[str, str, Field]]]]" = []
"""The same fields by the object that they stand in: its path, and the key, the path and the field of each fact.

`hypiler check` asks for every fact of every model, so objects are looked up once for all of their facts.
"""
for _field in FACTS:
    if not _SECTIONS or _SECTIONS[-1][0] != _field.path[:-1]:
        _SECTIONS.append((_field.path[:-1], []))
    _SECTIONS[-1][1].append((_field.path[-1], _field.name, _field))


class Verdict:
    """What became of one fact.

    Attributes:
        path: The path of the fact in models.json, such as `specs.embedding_dim`.
        state: One of `STATES`.
        ours: The registry's value.
        theirs: The value that the files show; None if they show none.
        file: The file that shows `theirs`.
        key: The key in this file.
        note: What a reader should know about `theirs`.
    """

    __slots__ = ("file", "key", "note", "ours", "path", "state", "theirs")

    def __init__(  # noqa: PLR0917 - tests and tables write them in this order
        self,
        path: str,
        state: str,
        ours: "Any",
        theirs: "Any" = None,
        file: str = "",
        key: str = "",
        note: str = "",
    ) -> None:
        self.path = path
        self.state = state
        self.ours = ours
        self.theirs = theirs
        self.file = file
        self.key = key
        self.note = note

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Verdict({', '.join([f'{name}={value!r}' for name, value in self.to_dict().items()])})"

    def to_dict(self) -> "dict[str, Any]":
        """The parts by name, as `hypiler verify --json` prints them."""
        return {name: getattr(self, name) for name in ("path", "state", "ours", "theirs", "file", "key", "note")}


def compare(
    entry: "Mapping[str, Any]", facts: "Mapping[str, FileFact]", sums: "Mapping[str, str | None]"
) -> list[Verdict]:
    """The verdict on each fact that an entry states, in the order of the table of fields.

    Args:
        entry: The model's entry of models.json.
        facts: The facts that the model's files state, by path.
        sums: The sha256 of each file of its repository; None if it is unknown. Files in other repositories, which
            variants may name, are named `org/name:file`. A repository that does not exist has the key
            `no_repository(...)`.
    """
    return [_judge(name, field, ours, facts.get(name), sums) for name, field, ours in _stated(entry)]


def stated(entry: "Mapping[str, Any]") -> "Iterator[tuple[str, Any]]":
    """The path and the value of each fact that an entry states."""
    return ((name, value) for name, _, value in _stated(entry))


def _stated(entry: "Mapping[str, Any]") -> "list[tuple[str, Field, Any]]":
    found: list[tuple[str, Field, Any]] = []
    for path, fields in _SECTIONS:
        section: Any = entry
        for key in path:
            section = section.get(key) if hasattr(section, "keys") else None
        if hasattr(section, "keys"):
            found += [(name, field, section[key]) for key, name, field in fields if key in section]
    return found


def _judge(path: str, field: Field, ours: "Any", fact: "FileFact | None", sums: "Mapping[str, str | None]") -> Verdict:
    compare = field.compare
    if field.origin == "publication":
        return Verdict(path, CLAIMED, ours)
    if isinstance(compare, Checksums):
        return _checksums(path, ours, compare, sums)
    if isinstance(compare, FileNamed):
        return _file(path, ours, fact, compare, sums)
    agrees = None if fact is None else compare.agrees(ours, fact.value)
    if fact is None or agrees is None:
        return Verdict(path, UNKNOWN, ours)
    return Verdict(path, AGREES if agrees else DIFFERS, ours, fact.value, fact.file, fact.key, fact.note)


def _file(
    path: str, ours: str, fact: "FileFact | None", compare: FileNamed, sums: "Mapping[str, str | None]"
) -> Verdict:
    """Whether the file exists and can be what the entry says it is."""
    if not sums:
        return Verdict(path, UNKNOWN, ours)
    if ours in sums and compare.agrees(ours, fact.value if fact else None):
        return Verdict(path, AGREES, ours, ours, ours)
    if fact is not None:
        return Verdict(path, DIFFERS, ours, fact.value, fact.file, fact.key, fact.note)
    return Verdict(path, DIFFERS, ours, None, ours, "", "it is a different file" if ours in sums else _NO_FILE)


_NO_FILE = "there is no such file"


def _checksums(path: str, ours: "Any", compare: Checksums, sums: "Mapping[str, str | None]") -> Verdict:
    """Whether all files that a value names exist and have the stated checksums."""
    for repository in compare.repositories(ours):
        if no_repository(repository) in sums:
            return Verdict(path, DIFFERS, ours, None, repository, "", "there is no such repository")
    wanted = compare.files(ours)
    if not sums or not wanted:
        return Verdict(path, UNKNOWN, ours)
    return _sums(path, ours, wanted, sums)


def no_repository(repository: str) -> str:
    """The key in `sums` which says that a repository of variants does not exist."""
    return f"{repository}:"


def _sums(path: str, ours: "Any", wanted: "Mapping[str, str | None]", sums: "Mapping[str, str | None]") -> Verdict:
    """Whether all of these files exist and have the stated checksums; unknown if that is unknown for one of them."""
    read = {name.partition(":")[0] for name in sums if ":" in name}
    state = AGREES
    for name, expected in wanted.items():
        if ":" in name and name.partition(":")[0] not in read:
            state = UNKNOWN
        elif name not in sums:
            return Verdict(path, DIFFERS, ours, None, name, "", _NO_FILE)
        elif expected is not None and sums[name] is None:
            state = UNKNOWN
        elif expected is not None and sums[name] != expected:
            return Verdict(path, DIFFERS, ours, sums[name], name, "sha256")
    return Verdict(path, state, ours)
