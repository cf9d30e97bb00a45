"""Drafts the entries of models.json from the rows of a table: each fact with its source, and what is not carried."""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Any

from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.emit.models_json import emit_entries
from hypiler.lifecycle.importing.catalogue import Catalogue, Contradiction
from hypiler.lifecycle.importing.conversion import BY_PATH, NotCarried, convert, is_nothing
from hypiler.lifecycle.importing.rows import UNNAMED, Row
from hypiler.lifecycle.importing.shapes import is_mapping
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import RESERVED, constant_name
from hypiler.schema.model import Model
from hypiler.schema.requirements import CORE, Requirements
from hypiler.verification.draft import proposed_id

CORE_ONLY = Requirements(CORE)
_IDENTITY = frozenset({"id", "name", "huggingface_id", "source", "type"})
_FROM_CATALOGUE = ("type", "specs.embedding_dim")
# Two commits of one repository contradict each other in nothing.
_PINS = ("revision",)
_NO_HOME = "nothing says where the model is: neither a repository nor its name at an API"
_NO_NAME = "the row names no model"
_EXTRA = "extra."
SCHEMA = "./models.schema.json"


@dataclass(frozen=True)
class Note:
    """Something that a table says and the draft does not, or a model that is not drafted.

    Attributes:
        name: The model's name in the table.
        path: The field, or the word of the table; empty for the model as a whole.
        value: The value as the table has it.
        why: Why it is not in the draft, in one sentence without its end.
        place: File and line.
    """

    name: str
    path: str
    value: Any
    why: str
    place: str


@dataclass
class Draft:
    """The draft of a registry.

    Attributes:
        entries: The entries of models.json.
        names: The table's name of each entry's model, by id.
        known: The model of the catalogue that an entry is about, by the entry's id.
        left_out: The models that cannot be drafted.
        uncarried: What else is not carried.
        completed: Facts that the table does not state and the catalogue does, which every model needs.
        contradictions: What the catalogue states otherwise.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    known: dict[str, Model] = field(default_factory=dict)
    left_out: list[Note] = field(default_factory=list)
    uncarried: list[Note] = field(default_factory=list)
    completed: list[Note] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)

    @property
    def facts(self) -> int:
        """How many facts the entries state, without identities."""
        return sum(len(entry["sources"]) for entry in self.entries)

    def select(self, words: "Iterable[str]") -> str | None:
        """Keep only the models with these ids or names. A word that means no model is returned, and nothing changes."""
        wanted = {word.lower(): word for word in words}
        named = {one.name.lower() for one in self.left_out} | {name.lower() for name in self.names.values()}
        homes = {str(entry.get("huggingface_id", entry["id"])).lower(): entry["id"] for entry in self.entries}
        ids = {*self.names, *homes, *named}
        unknown = next((word for low, word in wanted.items() if low not in ids), None)
        if unknown is None:
            self._keep(wanted.keys())
        return unknown

    def _keep(self, wanted: "Set[str]") -> None:
        self.entries = [one for one in self.entries if wanted & self._words(one)]
        names = {self.names[one["id"]].lower() for one in self.entries} | wanted
        for notes in (self.left_out, self.uncarried, self.completed):
            notes[:] = [one for one in notes if one.name.lower() in names]
        places = {one.place for one in self.uncarried} | {
            source.partition(", ")[2] or source for one in self.entries for source in one["sources"].values()
        }
        self.contradictions = [one for one in self.contradictions if one.place in places]

    def _words(self, entry: dict[str, Any]) -> set[str]:
        """What the user may call the model of an entry."""
        return {entry["id"], self.names[entry["id"]].lower(), str(entry.get("huggingface_id")).lower()}

    @property
    def text(self) -> str:
        """The text of models.json."""
        return emit_entries(self.entries, SCHEMA)


def draft_registry(rows: "Iterable[Row]", title: str, catalogue: Catalogue, version: str) -> Draft:
    """The draft of a registry with these rows.

    Args:
        rows: What the table says. Rows with one home are one model, and the first value of a fact stands.
        title: What the table is called in sources, such as `fastembed 0.9.1`.
        catalogue: What the facts are held against, and what completes facts that every model must state.
        version: That of the catalogue.
    """
    draft = Draft()
    for group in _groups(rows):
        _Entry(group, title, draft, catalogue, version).add()
    _drop_faults(draft)
    return draft


def _groups(rows: "Iterable[Row]") -> "list[list[Row]]":
    """The rows of each model, in the order of the first."""
    found: dict[Any, list[Row]] = {}
    for number, row in enumerate(rows):
        key = row.id or tuple(sorted((part, value.lower()) for part, value in row.home.items())) or number
        found.setdefault(key, []).append(row)
    return list(found.values())


class _Entry:
    """One entry while it is drafted."""

    def __init__(self, rows: list[Row], title: str, draft: Draft, catalogue: Catalogue, version: str) -> None:
        self.rows = rows
        self.title = title
        self.draft = draft
        self.catalogue = catalogue
        self.version = version
        self.tree: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.known = catalogue.find([key for row in rows for key in row.keys])
        if self.known is None and not rows[0].home:
            # A bare name such as `bge-m3` means a model of the catalogue, if it is that of one model alone.
            self.known = catalogue.by_name.get(rows[0].name.lower())

    def add(self) -> None:
        """Add the entry to the draft, or say why there is none."""
        first = self.rows[0]
        for row in self.rows:
            for path, value in row.facts:
                self._state(row, path, value)
        self._complete()
        home = self._home()
        if not home:
            return self._leave_out(_NO_NAME if first.name == UNNAMED else _NO_HOME)
        for path in _FROM_CATALOGUE:
            if path not in self.sources:
                return self._leave_out(f"`{path}` is not stated, and every model must state it")
        name = first.name.rstrip("/").rpartition("/")[2] or first.name
        id = first.id or free_id(first.name, self.draft.names)
        self.draft.names[id] = first.name
        if self.known is not None:
            self.draft.known[id] = self.known
        self.draft.entries.append(_ordered({"id": id, "name": name, **home, **_flat(self.tree)}, self.sources))
        return None

    def _leave_out(self, why: str) -> None:
        self.draft.left_out.append(Note(self.rows[0].name, "", None, why, self.rows[0].place))

    def _home(self) -> dict[str, str]:
        """Where the model is. The catalogue's spelling of a repository stands, since the hub ignores the case."""
        home, known = self.rows[0].home, self.known
        repository = known.huggingface_id if known else None
        if repository and repository.lower() == home.get("huggingface_id", "").lower():
            return {"huggingface_id": repository}
        if not home and known:
            return _home_of(known)
        return home

    def _state(self, row: Row, path: str, value: Any) -> None:
        if is_nothing(value):
            return None
        if self.known is not None and path not in _PINS:
            self._contradict(row, path, value)
        if path == "variants" and is_mapping(value) and isinstance(value.get("file"), str):
            return self._add_variant(row, value)
        try:
            self._keep(row, path, convert(path, value))
        except NotCarried as error:
            self.draft.uncarried.append(Note(row.name, path, value, str(error), row.place))
        return None

    def _contradict(self, row: Row, path: str, value: Any) -> None:
        """Note that the catalogue says something else. A package may say the same thing at several places."""
        for one in self.catalogue.contradictions(self.known, path, value, row.place) if self.known else ():
            if not any(one.repeats(old) for old in self.draft.contradictions):
                self.draft.contradictions.append(one)

    def _keep(self, row: Row, path: str, value: Any) -> None:
        if path.startswith(_EXTRA):
            self.tree.setdefault("extra", {}).setdefault(path.removeprefix(_EXTRA), value)
            return
        if path == "extra":
            self.tree["extra"] = {**value, **self.tree.get("extra", {})}
            return
        old = BY_PATH[path].get(self.tree, value)
        if old != value:
            raise NotCarried(f"the draft has {old!r}, from {self.sources[path]}")
        BY_PATH[path].set(self.tree, value)
        self.sources.setdefault(path, self._source(row))

    def _source(self, row: Row) -> str:
        """Where a fact was read. The place in a file already names the file."""
        return row.place if self.title in ("", row.origin) else f"{self.title}, {row.place}"

    def _add_variant(self, row: Row, value: dict[str, str]) -> None:
        variants: list[dict[str, str]] = self.tree.setdefault("variants", [])
        if value not in [{key: one[key] for key in one if key != "id"} for one in variants]:
            stem = proposed_id(value["file"].rpartition("/")[2].rpartition(".")[0])
            taken = [one["id"] for one in variants]
            variants.append({"id": stem if stem not in taken else f"{stem}-{len(taken) + 1}", **value})
            self.sources.setdefault("variants", self._source(row))

    def _complete(self) -> None:
        if self.known is None:
            return
        for path in _FROM_CATALOGUE:
            value = getattr(self.known, BY_PATH[path].attribute)
            if path not in self.sources and value is not None:
                value = str(value) if isinstance(value, str) else value
                BY_PATH[path].set(self.tree, value)
                self.sources[path] = f"the shipped registry of hypiler {self.version}, `{self.known.id}`"
                why = "it is not stated, and every model must state it"
                self.draft.completed.append(Note(self.rows[0].name, path, value, why, self.rows[0].place))


def _home_of(known: Model) -> dict[str, str]:
    if known.huggingface_id:
        return {"huggingface_id": known.huggingface_id}
    return {"source.api": str(known.source_api), "source.model": str(known.source_model)}


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    return {one.name: value for one in FIELDS if (value := one.get(tree, None)) is not None}


def _ordered(values: dict[str, Any], sources: dict[str, str]) -> dict[str, Any]:
    """An entry with its fields in the order of the schema."""
    entry: dict[str, Any] = {}
    for one in FIELDS:
        if one.name in values:
            one.set(entry, values[one.name])
    entry["sources"] = {one.name: sources[one.name] for one in FIELDS if one.name in sources}
    return entry


def free_id(name: str, taken: "Iterable[str]", constants: "Set[str]" = frozenset()) -> str:
    """An id for a model: from the last part of its name, else from more of it.

    Args:
        name: The name of the model in its table.
        taken: Ids that other models have.
        constants: Names of constants that other models have.
    """
    used = {constant_name(id) for id in taken} | constants | RESERVED
    parts = re.split(r"[/:]", name)
    candidates = [proposed_id("-".join(parts[start:])) for start in range(len(parts) - 1, -1, -1)]
    numbered = (f"{candidates[-1]}-{number}" for number in range(2, len(used) + 3))
    return next(id for id in [*candidates, *numbered] if constant_name(id) not in used)


def _drop_faults(draft: Draft) -> None:
    """Take out what a check finds wrong, so that the draft passes it."""
    for _ in range(_MOST_ROUNDS):
        if not draft.entries or not _drop_once(draft):
            return


_MOST_ROUNDS = 10


def _drop_once(draft: Draft) -> bool:
    """Take out the faults of one check; whether there were any."""
    checked = compile_registry([("draft", draft.text.encode())], required=CORE_ONLY)
    dropped: set[tuple[int, str]] = set()
    errors = [one for one in checked.findings if one.severity == ERROR and len(one.path) > 1]
    gone: set[int] = set()
    for one in errors:
        index, rest = int(one.path[1]), tuple(str(part) for part in one.path[2:])
        field_of = next((each for each in FIELDS if each.path == rest[: len(each.path)]), None)
        key = (index, field_of.name if field_of else "")
        if index not in gone and key not in dropped:
            dropped.add(key)
            if _drop(draft, index, field_of, one.message):
                gone.add(index)
    draft.entries = [entry for number, entry in enumerate(draft.entries) if number not in gone]
    return bool(errors)


def _drop(draft: Draft, index: int, field_of: Field | None, message: str) -> bool:
    """Take one fault out of an entry; whether the entry as a whole has to go."""
    entry = draft.entries[index]
    name, sources = draft.names[entry["id"]], entry["sources"]
    if field_of is not None and field_of.name not in sources:
        # A flag that says that there is such a fact: without the fact it cannot stay.
        field_of = next((one for one in FIELDS if one.implies == field_of.name), field_of)
    if field_of is None or field_of.name not in sources or field_of.name in _FROM_CATALOGUE:
        draft.left_out.append(Note(name, "", None, message, _a_source(entry)))
        return True
    value = field_of.get(entry, None)
    draft.uncarried.append(Note(name, field_of.name, value, message, sources.pop(field_of.name)))
    _remove(entry, field_of.path)
    return False


def _a_source(entry: dict[str, Any]) -> str:
    return str(next(iter(entry["sources"].values()), ""))


def _remove(entry: dict[str, Any], path: tuple[str, ...]) -> None:
    parents = [entry]
    for key in path[:-1]:
        parents.append(parents[-1].get(key, {}))
    parents[-1].pop(path[-1], None)
    for parent, key in zip(parents[-2::-1], path[-2::-1], strict=False):
        if not parent.get(key, True):
            del parent[key]


def contradictions_by_model(draft: Draft) -> "Iterator[tuple[str, list[Contradiction]]]":
    """The contradictions of each model of the catalogue, in the order of the table."""
    found: dict[str, list[Contradiction]] = {}
    for one in draft.contradictions:
        found.setdefault(one.model, []).append(one)
    yield from found.items()
