"""Compares the facts that a registry states about a model with the model's own files."""

from hypiler.schema.comparisons import Checksums, FileNamed, LongestInput
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.loading import MARKERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
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


_PLACES: "dict[str, tuple[tuple[str, ...], str, Field | None]]" = {
    name: (path, key, field) for path, fields in _SECTIONS for key, name, field in fields
}
_NO_PLACE: "tuple[tuple[str, ...], str, Field | None]" = ((), "", None)
_ORDER = {field.name: place for place, field in enumerate(FACTS)}


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
        doubtful: Whether `theirs` must not be written into a registry: other files contradict it, or a library writes
            it by default. The note says why.
    """

    __slots__ = ("doubtful", "file", "key", "note", "ours", "path", "state", "theirs")

    def __init__(  # noqa: PLR0917 - tests and tables write them in this order
        self,
        path: str,
        state: str,
        ours: "Any",
        theirs: "Any" = None,
        file: str = "",
        key: str = "",
        note: str = "",
        *,
        doubtful: bool = False,
    ) -> None:
        self.path: str = path
        self.state: str = state
        self.ours: Any = ours
        self.theirs: Any = theirs
        self.file: str = file
        self.key: str = key
        self.note: str = note
        self.doubtful: bool = doubtful

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self.to_dict() == other.to_dict()

    __hash__: None = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Verdict({', '.join([f'{name}={value!r}' for name, value in self.to_dict().items()])})"

    def to_dict(self) -> "dict[str, Any]":
        """The parts by name, as `hypiler verify --json` prints them."""
        return {name: getattr(self, name) for name in _PARTS}


_PARTS = ("path", "state", "ours", "theirs", "file", "key", "note", "doubtful")


def compare(
    entry: "Mapping[str, Any]",
    facts: "Mapping[str, FileFact]",
    sums: "Mapping[str, str | None]",
    *,
    complete: bool = True,
    copies: "Collection[str]" = (),
) -> list[Verdict]:
    """The verdict on each fact that an entry states, in the order of the table of fields.

    Args:
        entry: The model's entry of models.json.
        facts: The facts that the model's files state, by path.
        sums: The sha256 of each file of its repository; None if it is unknown. Files in other repositories, which
            variants may name, are named `org/name:file`. Nothing is known of a repository without any such name.
        complete: Whether `sums` has all files of the model's own repository. If not, a file that is not among them may
            still exist, and nothing is said about it.
        copies: The files whose bytes may be others than those of the model's commit.
    """
    files, facts = Files(sums, copies, complete=complete), text_after_markers(entry, _of_default_output(entry, facts))
    return [_judge(name, field, ours, facts, files) for name, field, ours in _stated(entry)]


def differences(
    entry: "Mapping[str, Any]",
    facts: "Mapping[str, FileFact]",
    sums: "Mapping[str, str | None]",
    *,
    complete: bool = True,
    copies: "Collection[str]" = (),
) -> list[Verdict]:
    """The verdicts of `compare` that are differences. `hypiler check` needs no others."""
    files, facts = Files(sums, copies, complete=complete), text_after_markers(entry, _of_default_output(entry, facts))
    found: list[Verdict] = []
    sections: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for name in {**_BY_OTHERS, **facts}:
        parents, key, field = _PLACES.get(name, _NO_PLACE)
        section = sections.get(parents)
        if section is None:
            section = sections[parents] = _section(entry, parents)
        if field is None or key not in section:
            continue
        ours, fact = section[key], facts.get(name)
        # No comparison with a fact calls the same value different.
        if fact and name not in _BY_OTHERS and type(ours) is type(fact.value) and ours == fact.value:
            continue
        verdict = _judge(name, field, ours, facts, files)
        if verdict.state == DIFFERS:
            found.append(verdict)
    return sorted(found, key=_place) if len(found) > 1 else found


def _section(entry: "Mapping[str, Any]", path: "tuple[str, ...]") -> "Mapping[str, Any]":
    """The object at a path of an entry; empty if there is none."""
    section: Any = entry
    for key in path:
        section = section.get(key) if hasattr(section, "keys") else None
    return section if hasattr(section, "keys") else {}


def _place(verdict: Verdict) -> int:
    return _ORDER[verdict.path]


def _of_default_output(entry: "Mapping[str, Any]", facts: "Mapping[str, FileFact]") -> "Mapping[str, FileFact]":
    """The facts that files show, as far as they are about what the flat fields of an entry describe.

    The flat fields of an entry with several outputs describe the default one. A further head beside the network
    belongs to another output.
    """
    path = "architecture.has_projection"
    if "outputs" not in entry or path not in facts:
        return facts
    from hypiler.model_files.encoder_type import FURTHER_HEAD

    if facts[path].file != FURTHER_HEAD:
        return facts
    return {name: fact for name, fact in facts.items() if name != path}


_PREFIXES = tuple([(f"encoding.{prefix}", prefix, f"encoding.{marker}", marker) for prefix, marker in MARKERS.items()])


def text_after_markers(entry: "Mapping[str, Any]", facts: "Mapping[str, FileFact]") -> "Mapping[str, FileFact]":
    """The facts that files show, with prefixes as an entry writes them that states markers.

    Files of late interaction write a marker and the text after it as one prefix. An entry with a marker states the
    text alone, or repeats the marker in front of it.
    """
    encoding: Any = entry.get("encoding")
    if not hasattr(encoding, "keys"):
        return facts
    texts = {
        path: _text_after_marker(encoding, prefix, marker, facts[path], facts.get(marker_path))
        for path, prefix, marker_path, marker in _PREFIXES
        if path in facts and isinstance(encoding.get(marker), str)
    }
    return {**facts, **texts} if texts else facts


def _text_after_marker(
    encoding: "Mapping[str, Any]", prefix: str, marker: str, fact: "FileFact", held: "FileFact | None"
) -> "FileFact":
    from hypiler.model_files.facts import FileFact
    from hypiler.stamps.facts import text_after

    own, ours = held.value if held else encoding[marker], encoding.get(prefix) or ""
    # Blanks after a marker may be part of the token.
    text = fact.value.removeprefix(own) if fact.value.startswith(own) else text_after(own, fact.value)
    if text_after(encoding[marker], ours).strip() == text.strip():
        return FileFact(encoding.get(prefix, text), fact.file, fact.key)
    return FileFact(text, fact.file, fact.key, fact.note, doubtful=fact.doubtful)


_BY_OTHERS: "dict[str, None]" = dict.fromkeys(
    [field.name for field in FIELDS if isinstance(field.compare, Checksums | FileNamed | LongestInput)]
)
"""The facts that something else can contradict: the list of files, or what files say of other facts."""


class Files:
    """The files of a model by name, with their sha256, as far as they are known.

    Attributes:
        sums: The sha256 by name.
        copies: The names of files whose bytes may be others than those of the model's commit.
        complete: Whether these are all files of the model's own repository.
    """

    __slots__ = ("_read", "complete", "copies", "sums")

    def __init__(self, sums: "Mapping[str, str | None]", copies: "Collection[str]", *, complete: bool) -> None:
        self.sums: Mapping[str, str | None] = sums
        self.copies: Collection[str] = copies
        self.complete: bool = complete
        self._read: set[str] | None = None

    def is_absent(self, name: str) -> bool | None:
        """Whether there is no such file; None if it may exist, since its repository was not read or not wholly."""
        if name in self.sums:
            return False
        if not self.sums:
            return None
        if ":" not in name:
            return True if self.complete else None
        if self._read is None:
            self._read = {one.partition(":")[0] for one in self.sums if ":" in one}
        return True if name.partition(":")[0] in self._read else None


def stated(entry: "Mapping[str, Any]") -> "Iterator[tuple[str, Any]]":
    """The path and the value of each fact that an entry states."""
    return ((name, value) for name, _, value in _stated(entry))


def _stated(entry: "Mapping[str, Any]") -> "list[tuple[str, Field, Any]]":
    found: list[tuple[str, Field, Any]] = []
    for path, fields in _SECTIONS:
        section = _section(entry, path)
        found += [(name, field, section[key]) for key, name, field in fields if key in section]
    return found


def _judge(path: str, field: Field, ours: "Any", facts: "Mapping[str, FileFact]", files: Files) -> Verdict:
    compare, fact = field.compare, facts.get(path)
    if field.origin == "publication":
        return Verdict(path, CLAIMED, ours)
    if isinstance(compare, Checksums):
        return _checksums(path, ours, compare, files)
    if isinstance(compare, FileNamed):
        return _file(path, ours, fact, compare, files)
    if isinstance(compare, LongestInput):
        return _longest(path, ours, fact, compare, facts)
    if fact is None:
        return Verdict(path, UNKNOWN, ours)
    agrees = compare.agrees(ours, fact.value)
    if agrees is None:
        return Verdict(path, UNKNOWN, ours)
    return _shown(path, AGREES if agrees else UNKNOWN if fact.hint else DIFFERS, ours, fact)


def _shown(path: str, state: str, ours: "Any", fact: "FileFact") -> Verdict:
    """The verdict by a fact that files show."""
    return Verdict(path, state, ours, fact.value, fact.file, fact.key, fact.note, doubtful=fact.doubtful)


def _longest(
    path: str, ours: int, fact: "FileFact | None", compare: LongestInput, facts: "Mapping[str, FileFact]"
) -> Verdict:
    """Whether texts can be so long. Another limit in the files is shown, but is no difference."""
    most, positions = compare.most(facts), facts.get(compare.positions)
    if most is not None and positions is not None and ours > most:
        return Verdict(path, DIFFERS, ours, most, positions.file, positions.key, doubtful=positions.doubtful)
    if fact is None or ours == fact.value:
        return _shown(path, AGREES, ours, fact) if fact else Verdict(path, UNKNOWN, ours)
    return _shown(path, UNKNOWN, ours, fact)


def _file(path: str, ours: str, fact: "FileFact | None", compare: FileNamed, files: Files) -> Verdict:
    """Whether the file exists and can be what the entry says it is."""
    if not files.sums:
        return Verdict(path, UNKNOWN, ours)
    absent = files.is_absent(ours)
    # A name of the wrong kind is wrong whether there is such a file or not. So is another name than the only right one.
    if not absent and compare.agrees(ours, fact.value if fact else None):
        return Verdict(path, UNKNOWN, ours) if absent is None else Verdict(path, AGREES, ours, ours, ours)
    if fact is not None:
        return _shown(path, DIFFERS, ours, fact)
    return Verdict(path, DIFFERS, ours, None, ours, "", _NO_FILE if absent else "it is a different file")


_NO_FILE = "there is no such file"


def _checksums(path: str, ours: "Any", compare: Checksums, files: Files) -> Verdict:
    """Whether all files that a value names exist and have the stated checksums."""
    wanted = compare.files(ours)
    if not wanted:
        return Verdict(path, UNKNOWN, ours)
    return _sums(path, ours, wanted, files, partly=compare.partly)


def _sums(path: str, ours: "Any", wanted: "Mapping[str, str | None]", files: Files, *, partly: bool) -> Verdict:
    """Whether these files exist and have the stated checksums; unknown if that is unknown for one of them.

    If the value agrees `partly`, files that are not in the folder are left out, as long as another one agrees. Other
    bytes in a copy are no difference, since the copy may have been saved again.
    """
    equal, missing, unsure = 0, list[str](), list[Verdict]()
    for name, expected in wanted.items():
        absent, found = files.is_absent(name), files.sums.get(name)
        if absent:
            return Verdict(path, DIFFERS, ours, None, name, "", _NO_FILE)
        if absent is None:
            missing.append(name)
        elif expected is not None and found is None:
            unsure.append(Verdict(path, UNKNOWN, ours))
        elif expected is not None and found != expected:
            if name not in files.copies:
                return Verdict(path, DIFFERS, ours, found, name, "sha256")
            unsure.insert(0, Verdict(path, UNKNOWN, ours, found, name, "sha256", "a copy with other bytes"))
        else:
            equal += expected is not None
    if unsure:
        return unsure[0]
    if not missing:
        return Verdict(path, AGREES, ours)
    note = f"{equal} of {len(wanted)} files, the others are not here"
    return Verdict(path, AGREES, ours, note=note) if partly and equal else Verdict(path, UNKNOWN, ours)
