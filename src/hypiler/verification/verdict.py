"""Whether what a registry says of a model is what the model's own files say."""

from dataclasses import dataclass

from hypiler.schema.comparisons import Checksums, FileNamed
from hypiler.schema.fields import ABSENT, FIELDS, Field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.model_files.facts import FileFact

AGREES = "agrees"
DIFFERS = "differs"
UNKNOWN = "unknown"
"""The files could say it, and do not."""
CLAIMED = "claimed"
"""Only a publication could say it."""
STATES = (AGREES, DIFFERS, UNKNOWN, CLAIMED)

FACTS = tuple([field for field in FIELDS if field.origin != "identity"])
"""The fields whose values are facts about a model, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fact: `path` as `specs.embedding_dim`, `state` one of the four words above.

    `ours` is the registry's value. `theirs` is that of `file`, at `key`; `note` says what a reader should know of it.
    """

    path: str
    state: str
    ours: "Any"
    theirs: "Any" = None
    file: str = ""
    key: str = ""
    note: str = ""


def compare(
    entry: "Mapping[str, Any]", facts: "Mapping[str, FileFact]", sums: "Mapping[str, str | None]"
) -> list[Verdict]:
    """The verdict on each fact that an entry of models.json states, in the order of the table of fields.

    `facts` are those that the model's files say, by path; `sums` the sha256 of each file of its repository, None where
    it is not known. Files of another repository, which variants may name, are given as `org/name:file`; one that does
    not exist by `no_repository`.
    """
    return [_judge(field, ours, facts.get(field.name), sums) for field, ours in _stated(entry)]


def stated(entry: "Mapping[str, Any]") -> "Iterator[tuple[str, Any]]":
    """The path and the value of each fact that an entry states."""
    return ((field.name, value) for field, value in _stated(entry))


def _stated(entry: "Mapping[str, Any]") -> "Iterator[tuple[Field, Any]]":
    for field in FACTS:
        value = field.get(entry)
        if value is not ABSENT:
            yield field, value


def _judge(field: Field, ours: "Any", fact: "FileFact | None", sums: "Mapping[str, str | None]") -> Verdict:
    path, compare = field.name, field.compare
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
    """Whether the file exists and is what it is said to be."""
    if not sums:
        return Verdict(path, UNKNOWN, ours)
    if ours in sums and compare.agrees(ours, fact.value if fact else None):
        return Verdict(path, AGREES, ours, ours, ours)
    if fact is not None:
        return Verdict(path, DIFFERS, ours, fact.value, fact.file, fact.key, fact.note)
    return Verdict(path, DIFFERS, ours, None, ours, "", "that is another file" if ours in sums else _NO_FILE)


_NO_FILE = "there is no such file"


def _checksums(path: str, ours: "Any", compare: Checksums, sums: "Mapping[str, str | None]") -> Verdict:
    """Whether all of the files that a value names exist, with their sums where these are stated."""
    for repository in compare.repositories(ours):
        if no_repository(repository) in sums:
            return Verdict(path, DIFFERS, ours, None, repository, "", "there is no such repository")
    wanted = compare.files(ours)
    if not sums or not wanted:
        return Verdict(path, UNKNOWN, ours)
    return _sums(path, ours, wanted, sums)


def no_repository(repository: str) -> str:
    """The name in `sums` by which a repository of variants is known not to exist."""
    return f"{repository}:"


def _sums(path: str, ours: "Any", wanted: "Mapping[str, str | None]", sums: "Mapping[str, str | None]") -> Verdict:
    """Whether all of these files exist, with their sums where these are stated; unknown if one of them is."""
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
