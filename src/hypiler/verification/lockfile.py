"""models.lock.json: what was read of each model's files and when, so that the verdict can be repeated without them."""

import json
from dataclasses import dataclass, field

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import printable, quote_value
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import read_source
from hypiler.model_files.facts import FileFact
from hypiler.schema.fields import FIELDS, Field
from hypiler.verification.verdict import AGREES, DIFFERS, Verdict, compare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.jsontext.reader import Source

FORMAT = 1
_FIELDS = {field.name: field for field in FIELDS}
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class LockEntry:
    """What was read of one model.

    `revision` is the commit whose files were read, None where that is not known, as of a plain folder; `date` the day,
    as 2026-01-31; `files` the sha256 of each file of the repository, None where only its name is known, and as
    `org/name:file` those of the repositories of its variants; `facts` what the files say, by path.
    """

    repository: str
    revision: str | None
    date: str
    files: "Mapping[str, str | None]" = field(default_factory=dict[str, str | None])
    facts: "Mapping[str, FileFact]" = field(default_factory=dict[str, FileFact])


def write_lock(models: "Mapping[str, LockEntry]") -> str:
    """The text of a lock: the models by id, in the order that they are given in."""
    return json.dumps({"version": FORMAT, "models": {id: _tree(one) for id, one in models.items()}}, indent=2) + "\n"


def _tree(entry: LockEntry) -> "dict[str, Any]":
    facts = {path: fact.to_dict() for path, fact in entry.facts.items()}
    return {
        "repository": entry.repository,
        "revision": entry.revision,
        "date": entry.date,
        "files": dict(entry.files),
        "facts": facts,
    }


def read_lock(data: bytes, name: str) -> "tuple[dict[str, LockEntry], list[Finding]]":
    """The models in a lock, or what is wrong with it."""
    source, findings = read_source(data, name)
    if source is None or findings:
        return {}, findings
    try:
        return _models(source.value), []
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{printable(name)} must be as `hypiler verify` writes it: {printable(str(error))}"
        return {}, [Finding("M403", message, file=name, help="delete it, and run `hypiler verify` again")]


def _models(tree: "Any") -> "dict[str, LockEntry]":
    if tree["version"] != FORMAT:
        raise ValueError(f"`version` must be {FORMAT}, got {quote_value(tree['version'])}")
    return {
        id: LockEntry(
            repository=_text(one["repository"]),
            revision=None if one["revision"] is None else _text(one["revision"]),
            date=_text(one["date"]),
            files={name: None if digest is None else _text(digest) for name, digest in one["files"].items()},
            facts={path: _fact(path, fact) for path, fact in one["facts"].items()},
        )
        for id, one in tree["models"].items()
    }


def _fact(path: str, tree: "Any") -> FileFact:
    """A fact with a value that files can show."""
    value = tree["value"]
    if not _can_show(_FIELDS[path], value):
        raise ValueError(f"`{path}` cannot be {quote_value(value)}")
    return FileFact(value, _text(tree["file"]), _text(tree["key"]), _text(tree["note"]))


def _can_show(field: Field, value: "Any") -> bool:
    found = field.compare.is_evidence(value)
    if found is not None:
        return found
    collector = FindingCollector()
    collector.field_path = field.path
    return field.null if value is None else field.type.read(value, collector) is not INVALID


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is due, got {quote_value(value)}")
    return value


def verdicts(entry: "Mapping[str, Any]", locked: LockEntry) -> list[Verdict]:
    """The verdict on each fact of an entry, from what the lock keeps of the model's files."""
    return compare(entry, locked.facts, locked.files)


def is_of(entry: "Mapping[str, Any]", locked: LockEntry) -> bool:
    """Whether the lock can speak of an entry: not if both name a commit, and another one."""
    pins = {entry.get("revision"), locked.revision} - {None}
    return entry.get("huggingface_id") == locked.repository and len(pins) < 2


class Lock:
    """The lock beside a registry, for a compilation: `check` is its part in it.

    `findings` are those of the lock itself; `verified` has, by id, the commit whose files a model was compared with,
    and the number of its facts that agree.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.data = data
        self.models, self.findings = read_lock(data, name)
        self.verified: dict[str, tuple[str, int]] = {}

    def check(self, source: "Source", collector: "FindingCollector") -> None:
        """Note each fact of a file without errors that has moved away from the lock, and each pin that has."""
        tree: Any = source.value
        for index, entry in enumerate(tree["models"]):
            locked = self.models.get(entry["id"])
            if locked is None:
                continue
            if not is_of(entry, locked):
                collector.note(_moved(entry, index, locked))
                continue
            judged = verdicts(entry, locked)
            for verdict in judged:
                if verdict.state == DIFFERS:
                    collector.note(differing(entry["id"], index, verdict))
            if locked.revision is not None and locked.revision == entry.get("revision"):
                self.verified[entry["id"]] = (locked.revision, sum(map(_counts, judged)))


def _counts(verdict: Verdict) -> bool:
    """Whether the verdict counts as a verified fact. Absences (null, empty) are not counted."""
    return verdict.state == AGREES and verdict.ours not in (None, [], {}) and _FIELDS[verdict.path].is_fact


def differing(id: str, index: int, verdict: Verdict) -> Finding:
    """The finding for a fact that the model's files contradict; `index` is that of the model."""
    theirs = printable(verdict.note) if verdict.theirs is None and verdict.note else format_value(verdict.theirs)
    where = printable(f"{verdict.file}, `{verdict.key}`" if verdict.key else verdict.file)
    return Finding(
        "M401",
        f"`{verdict.path}` must be what the model's files say: {theirs} ({where}); here {format_value(verdict.ours)}",
        ("models", index, *verdict.path.split(".")),
        help="`hypiler verify --fix` writes what the files say",
        model=id,
    )


def format_value(value: object) -> str:
    """A value as JSON writes it, cut where it is long."""
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _moved(entry: "Mapping[str, Any]", index: int, locked: LockEntry) -> Finding:
    path = ("models", index, "revision" if entry["huggingface_id"] == locked.repository else "huggingface_id")
    there = printable(f"{locked.repository} @ {locked.revision}")
    return Finding(
        "M402",
        f"`{path[-1]}` must be that of the files that were verified, {there}; here"
        f" {entry['huggingface_id']} @ {entry.get('revision')}",
        path,
        help=f"run `hypiler verify {entry['id']}`",
        model=entry["id"],
    )
