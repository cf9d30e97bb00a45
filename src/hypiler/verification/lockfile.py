"""models.lock.json: what was read from each model's files and when. So verdicts can be repeated without the files."""

from hypiler.compiler.rule_set import RuleSet, Violation, apply, graded
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import quote_name, quote_value
from hypiler.jsontext.reader import read_source
from hypiler.model_files.facts import FileFact
from hypiler.schema.fields import FIELDS, Field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.diagnostics.finding import Finding, Path
    from hypiler.jsontext.json_types import JSONValue
    from hypiler.jsontext.reader import Source

lock_file_rule = RuleSet()
"""Declares a rule for a lock itself: the function takes what is wrong with its JSON, and the findings about it."""

FORMAT = 1
_FIELDS = {field.name: field for field in FIELDS}


class LockEntry:
    """What was read from the files of one model.

    Attributes:
        repository: The repository of the files, as `org/name`.
        revision: The commit of the files; None if it is unknown, as for a plain folder.
        date: The day of reading, such as 2026-01-31.
        files: The sha256 of each file of the repository; None if only the name is known. Files in the repositories of
            variants are named `org/name:file`.
        facts: The facts that the files state, by path.
        complete: Whether `files` has all files of the repository.
    """

    __slots__ = ("complete", "date", "facts", "files", "repository", "revision")

    def __init__(
        self,
        repository: str,
        revision: str | None,
        date: str,
        files: "Mapping[str, str | None] | None" = None,
        facts: "Mapping[str, FileFact] | None" = None,
        *,
        complete: bool = True,
    ) -> None:
        self.repository = repository
        self.revision = revision
        self.date = date
        self.files = files or {}
        self.facts = facts or {}
        self.complete = complete

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LockEntry) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"LockEntry({self.repository!r}, {self.revision!r}, {self.date!r})"


def write_lock(models: "Mapping[str, LockEntry]") -> str:
    """The text of a lock. `models` are by id; their order is kept."""
    import json  # imported here: a check of the registry only reads locks

    return json.dumps({"version": FORMAT, "models": {id: _tree(one) for id, one in models.items()}}, indent=2) + "\n"


def _tree(entry: LockEntry) -> "dict[str, Any]":
    facts = {path: fact.to_dict() for path, fact in entry.facts.items()}
    complete = {} if entry.complete else {"complete": False}
    return {
        "repository": entry.repository,
        "revision": entry.revision,
        "date": entry.date,
        **complete,
        "files": dict(entry.files),
        "facts": facts,
    }


class InvalidLockError(ValueError):
    """A lock is not as it should be: the message says what must hold, `path` where."""

    def __init__(self, message: str, path: "Path" = ()) -> None:
        super().__init__(message)
        self.path = path


@lock_file_rule("M403", "invalid-lock", ERROR, always="a lock that cannot be read proves nothing")
def invalid_lock(error: InvalidLockError, collector: FindingCollector) -> "Iterator[Violation]":
    """A lock is what `hypiler verify` writes."""
    message = f"the lock must be as `hypiler verify` writes it: {error}"
    yield Violation(collector, error.path, message, "delete it, and run `hypiler verify` again", None)


def read_lock(data: bytes, name: str) -> "tuple[dict[str, LockEntry], list[Finding]]":
    """The models in a lock, by id, and its errors as findings. With errors, there are no models."""
    source, findings = read_source(data, name)
    if source is None or findings:
        return {}, findings
    try:
        return parse_lock(source), []
    except InvalidLockError as error:
        collector = FindingCollector()
        apply(graded(lock_file_rule), error, collector)
        source.locate(collector.findings)
        return {}, collector.findings


def parse_lock(source: "Source") -> "dict[str, LockEntry]":
    """The models in the JSON of a lock. Raises InvalidLockError."""
    tree = _object(source.value, ())
    if tree.get("version") != FORMAT:
        found = quote_value(tree["version"]) if "version" in tree else "nothing"
        raise InvalidLockError(f"`version` must be {FORMAT}, got {found}", ("version",))
    models = _object(tree.get("models"), ("models",))
    collector = FindingCollector()
    return {id: _entry(_object(one, ("models", id)), ("models", id), collector) for id, one in models.items()}


def _entry(tree: "dict[str, Any]", path: "Path", collector: FindingCollector) -> LockEntry:
    files = _object(tree.get("files"), (*path, "files"))
    facts = _object(tree.get("facts"), (*path, "facts"))
    for name, digest in files.items():
        if digest is not None:
            _text(files, name, (*path, "files"))
    known = tree.get("revision", "") is not None
    return LockEntry(
        repository=_text(tree, "repository", path),
        revision=_text(tree, "revision", path) if known else None,
        date=_text(tree, "date", path),
        files=files,
        facts={name: _fact(name, fact, (*path, "facts", name), collector) for name, fact in facts.items()},
        complete=tree.get("complete") is not False,
    )


def _fact(name: str, tree: "Any", path: "Path", collector: FindingCollector) -> FileFact:
    """A fact, with a value that files can show."""
    fact = _object(tree, path)
    field, value = _FIELDS.get(name), fact.get("value")
    if field is None:
        raise InvalidLockError(f"no field has the path {quote_name(name)}", path)
    if "value" not in fact or not _can_show(field, value, collector):
        raise InvalidLockError(f"`{name}` cannot be {quote_value(value)}", (*path, "value"))
    file, key, note = fact.get("file"), fact.get("key"), fact.get("note")
    # Checked here first, since there are thousands of facts.
    doubtful = fact.get("doubtful") is True
    if type(file) is str and type(key) is str and type(note) is str:
        return FileFact(value, file, key, note, doubtful=doubtful)
    return FileFact(value, *[_text(fact, part, path) for part in ("file", "key", "note")], doubtful=doubtful)


def _can_show(field: Field, value: "Any", collector: FindingCollector) -> bool:
    """Whether files can show this value of a field. Nobody edits a lock, so no reason is given."""
    found = field.compare.is_evidence(value)
    if found is not None:
        return found
    return field.null if value is None else field.type.read(value, collector) is not INVALID


def _object(value: "JSONValue", path: "Path") -> "dict[str, Any]":
    if type(value) is not dict:
        raise InvalidLockError(f"{_name(path)} must be an object, got {quote_value(value)}", path)
    return value


def _text(tree: "dict[str, Any]", key: str, path: "Path") -> str:
    value = tree.get(key)
    if type(value) is not str:
        found = quote_value(value) if key in tree else "nothing"
        raise InvalidLockError(f"{quote_name(key)} must be a string, got {found}", (*path, key))
    return value


def _name(path: "Path") -> str:
    return quote_name(str(path[-1])) if path else "the file"
