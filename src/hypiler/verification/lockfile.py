"""models.lock.json: what was read from each model's files and when. So verdicts can be repeated without the files.

The file is input like any other: whoever sends a change can write it. So every part of it is checked and has a limit.
What `write_lock` writes, `read_lock` can read again: see `recordable`.
"""

import re
from functools import lru_cache

from hypiler.compiler.rule_set import RuleSet, Violation, apply, graded
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import quote_name, quote_value
from hypiler.jsontext.reader import read_source
from hypiler.model_files.facts import FileFact
from hypiler.model_files.filename_safety import safe_name
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.vocabulary import QUANTIZATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from hypiler.diagnostics.finding import Finding, Path
    from hypiler.jsontext.json_types import JSONValue
    from hypiler.jsontext.reader import Source

lock_file_rule: RuleSet = RuleSet()
"""Declares a rule for a lock itself: the function takes what is wrong with its JSON, and the findings about it."""

FORMAT = 2
"""The format that is written. Format 1 is read as well."""

AT_COMMIT = "commit"
"""The bytes of a file are known to be those of the commit."""
COPY = "copy"
"""A file is that of a copy: nothing proves that its bytes are those of the commit."""

MAX_FILES = 20_000
"""The most files that are recorded per model."""
_MAX_TEXT = {"repository": 200, "key": 500, "note": 2_000}
_MAX_VALUE = 20_000
_PLAIN = (int, bool, type(None))
_SHORT = 100
MAX_PINS = 16
"""The most places of public pins that are recorded per file."""
_MAX_PIN = 300
# Longer integers are refused by the reader of JSON.
_MAX_SIZE = 10**18
_ORDER = {field.name: index for index, field in enumerate(FIELDS)}
_FIELDS = {field.name: field for field in FIELDS}
_HEX = re.compile("[0-9a-f]+")
# Not patterns: to compile one takes longer than to read the lock of a few models.
_DIGITS = "0123456789"
_IN_REPOSITORY = f"{_DIGITS}abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-"
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# `org/name@commit:path`, `org/name:path`, or an address at a host of repositories. Within a text, only a name with a
# commit is a repository: `onnx/model.onnx` is not.
_NAME = r"[A-Za-z0-9][\w.-]*/[\w.-]*\w"
_SOURCE = (
    r"https?://(?:www\.)?(?P<host>github\.com|gitlab\.com|codeberg\.org|bitbucket\.org|huggingface\.co)/"
    rf"(?P<there>{_NAME})(?=$|[@:/\s])|^(?P<first>{_NAME})(?=$|[@:/\s])|(?P<within>{_NAME})(?=@[0-9a-f]{{7,40}}\b)"
)


class LockedFile:
    """One file of a model.

    Attributes:
        sha256: The sha256 of its bytes; None if only the name is known.
        size: Its size in bytes; None if it is unknown.
        precision: The precision of weights, such as "fp32"; None if it is unknown.
        read: `AT_COMMIT`, or `COPY` if nothing proves that the commit has these bytes.
        pins: Where this sha256 is published for the commit, such as `org/name@1a2b3c4:models.json`.
    """

    __slots__ = ("pins", "precision", "read", "sha256", "size")

    def __init__(
        self,
        sha256: str | None,
        size: int | None = None,
        precision: str | None = None,
        read: str = AT_COMMIT,
        pins: "Iterable[str]" = (),
    ) -> None:
        self.sha256: str | None = sha256
        self.size: int | None = size
        self.precision: str | None = precision
        self.read: str = read
        self.pins: tuple[str, ...] = tuple(pins)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LockedFile) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__: None = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"LockedFile({', '.join([f'{name}={getattr(self, name)!r}' for name in self.__slots__])})"

    def to_dict(self) -> "dict[str, Any]":
        """The parts as JSON types; `precision` and `pins` only if they are known."""
        tree: dict[str, Any] = {"sha256": self.sha256, "size": self.size, "read": self.read}
        if self.precision is not None:
            tree["precision"] = self.precision
        return tree | {"pins": list(self.pins)} if self.pins else tree


class LockEntry:
    """What was read from the files of one model.

    Attributes:
        repository: The repository of the files, as `org/name`.
        revision: The commit that this is about; None if it is unknown, as for a plain folder.
        date: The day on which something was last learnt, such as 2026-01-31.
        files: The files of the repository, by name. Files in the repositories of variants are named `org/name:file`.
        facts: The facts that the files state, by path. A fact is as well proved as the file that it names.
        complete: Whether `files` are all files of the repository. If not, others may still exist.
    """

    __slots__ = ("complete", "date", "facts", "files", "repository", "revision")

    def __init__(
        self,
        repository: str,
        revision: str | None,
        date: str,
        files: "Mapping[str, LockedFile] | None" = None,
        facts: "Mapping[str, FileFact] | None" = None,
        *,
        complete: bool = True,
    ) -> None:
        self.repository: str = repository
        self.revision: str | None = revision
        self.date: str = date
        self.files: dict[str, LockedFile] = dict(files or {})
        self.facts: dict[str, FileFact] = dict(facts or {})
        self.complete: bool = complete

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LockEntry) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__: None = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"LockEntry({self.repository!r}, {self.revision!r}, {self.date!r})"

    @property
    def sums(self) -> "dict[str, str | None]":
        """The sha256 of each file; None if it is unknown."""
        return {name: file.sha256 for name, file in self.files.items()}

    @property
    def copies(self) -> "set[str]":
        """The files whose bytes may be others than those of the commit."""
        return {name for name, file in self.files.items() if file.read == COPY}

    def is_at_commit(self, name: str) -> bool:
        """Whether the bytes of a file are known to be those of the commit.

        The absence of a file is known as well if the list of files is complete.
        """
        if self.revision is None:
            return False
        file = self.files.get(name)
        return self.complete if file is None else file.read == AT_COMMIT


def write_lock(models: "Mapping[str, LockEntry]") -> str:
    """The text of a lock: models by id, files by name, and one line per file and per fact."""
    from json import dumps  # imported here: a check of the registry only reads locks

    def block(indent: str, lines: "list[str]") -> str:
        return "{\n" + ",\n".join([f"{indent}  {line}" for line in lines]) + f"\n{indent}}}" if lines else "{}"

    def entry(one: LockEntry) -> str:
        files = [f"{dumps(name)}: {dumps(one.files[name].to_dict())}" for name in sorted(one.files)]
        paths = sorted(one.facts, key=lambda path: _ORDER.get(path, len(_ORDER)))
        facts = [f"{dumps(path)}: {dumps(one.facts[path].to_dict())}" for path in paths]
        known = {"repository": one.repository, "revision": one.revision, "date": one.date, "complete": one.complete}
        parts = [f"{dumps(key)}: {dumps(value)}" for key, value in known.items()]
        return block("    ", [*parts, f'"files": {block(" " * 6, files)}', f'"facts": {block(" " * 6, facts)}'])

    own = [f"{dumps(id)}: {entry(models[id])}" for id in sorted(models)]
    return block("", [f'"version": {FORMAT}', f'"models": {block("  ", own)}']) + "\n"


def recordable(entry: LockEntry) -> LockEntry:
    """The part of an entry that a lock can hold: without file names and facts that `read_lock` refuses.

    The list of files is not complete if one of them is left out.
    """
    names = [name for name in entry.files if _is_file_name(name)][:MAX_FILES]
    files = {name: _recordable_file(entry.files[name], entry.revision) for name in names}
    collector = FindingCollector()
    facts = {
        path: fact
        for path, fact in entry.facts.items()
        if _fault_of_fact(fact) is None and _can_show(_FIELDS[path], fact.value, collector)
    }
    whole = entry.complete and len(files) == len(entry.files)
    return LockEntry(entry.repository, entry.revision, entry.date, files, facts, complete=whole)


def _recordable_file(file: LockedFile, revision: str | None) -> LockedFile:
    precision = file.precision if file.precision in QUANTIZATIONS else None
    size = file.size if _is_size(file.size) else None
    if revision is None or file.sha256 is None:
        return LockedFile(file.sha256, size, precision, COPY if revision is None else file.read)
    pins = sorted({pin for pin in file.pins if is_pin(pin)})[:MAX_PINS]
    strong = file.read == AT_COMMIT or are_independent(pins)
    return LockedFile(file.sha256, size, precision, AT_COMMIT if strong else COPY, pins)


def _fault_of_fact(fact: FileFact) -> str | None:
    """Why a lock cannot hold a fact; None if it can."""
    # Most facts are like this: a number or a flag under a short key.
    plain = type(fact.value) in _PLAIN and not fact.note and len(fact.key) < _SHORT and fact.key.isascii()
    if plain and (not fact.file or _is_file_name(fact.file)):
        return None
    for part, most in (("key", _MAX_TEXT["key"]), ("note", _MAX_TEXT["note"])):
        text: str = getattr(fact, part)
        if len(text) > most:
            return f"`{part}` must have at most {most} characters, got {len(text)}"
        if not _is_encodable(text):
            return f"`{part}` must be text, got {quote_value(text)}"
    if fact.file and not _is_file_name(fact.file):
        return f"`file` must be the name of a file, got {quote_value(fact.file)}"
    length = _length(fact.value)
    return None if length <= _MAX_VALUE else f"`value` must have at most {_MAX_VALUE} characters, got {length}"


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _length(value: "Any") -> int:
    """The characters that a value takes, roughly; over the limit for text that is no Unicode."""
    if isinstance(value, str):
        return len(value) if _is_encodable(value) else _MAX_VALUE + 1
    if hasattr(value, "items"):
        entries: Mapping[str, Any] = value
        return sum([_length(key) + _length(item) for key, item in entries.items()])
    if hasattr(value, "__iter__"):
        items: Iterable[Any] = value
        return sum([1 + _length(item) for item in items])
    return 1


@lru_cache(4096)
def _is_file_name(name: str) -> bool:
    """Whether a lock can hold the name of a file, which may begin with another repository."""
    repository, colon, file = name.partition(":")
    if not colon:
        return safe_name(name) is None
    return safe_name(file) is None and _is_repository(repository)


def _is_repository(text: str) -> bool:
    parts = text.split("/")
    named = all(part and not part.strip(_IN_REPOSITORY) for part in parts)
    return len(text) <= _MAX_TEXT["repository"] and len(parts) <= 2 and named


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
    version = tree.get("version")
    if version not in (1, FORMAT) or type(version) is not int:
        found = quote_value(version) if "version" in tree else "nothing"
        raise InvalidLockError(f"`version` must be 1 or {FORMAT}, got {found}", ("version",))
    models = _object(tree.get("models"), ("models",))
    read = _old_entry if version == 1 else _entry
    known = _KnownFacts()
    return {id: read(_object(one, ("models", id)), ("models", id), known) for id, one in models.items()}


def _entry(tree: "dict[str, Any]", path: "Path", known: "_KnownFacts") -> LockEntry:
    entry = _frame(tree, path, known)
    complete = tree.get("complete")
    _require(type(complete) is bool, "complete", "true or false", tree, path)
    entry.complete = complete is True
    here = (*path, "files")
    for name, one in _files(tree, path):
        usual = _usual_file(one) if entry.revision else None
        entry.files[name] = usual or _file(_object(one, (*here, name)), (*here, name), entry.revision)
    return entry


def _old_entry(tree: "dict[str, Any]", path: "Path", known: "_KnownFacts") -> LockEntry:
    """An entry of format 1: the sha256 of each file. It does not say whether the list of files is complete."""
    entry = _frame(tree, path, known)
    entry.complete = False
    read = COPY if entry.revision is None else AT_COMMIT
    for name, digest in _files({**tree, "files": _without_marks(tree.get("files"))}, path):
        if digest is not None and not _is_sum(_text(tree["files"], name, (*path, "files"))):
            found = quote_value(digest)
            raise InvalidLockError(f"{quote_name(name)} must be a sha256, got {found}", (*path, "files", name))
        entry.files[name] = LockedFile(digest, read=read)
    return entry


def _without_marks(files: "JSONValue") -> "JSONValue":
    """The files of format 1 without the keys `org/name:`, which said that a repository was not found."""
    return {name: one for name, one in files.items() if not name.endswith(":")} if isinstance(files, dict) else files


def _frame(tree: "dict[str, Any]", path: "Path", known: "_KnownFacts") -> LockEntry:
    """An entry without its files."""
    repository, date = _text(tree, "repository", path), _text(tree, "date", path)
    revision = _text(tree, "revision", path) if tree.get("revision", "") is not None else None
    _require(_is_repository(repository), "repository", "a repository", tree, path)
    _require(revision is None or _is_hex(revision, 40), "revision", "a commit or null", tree, path)
    _require(_is_date(date), "date", "a date such as 2026-01-31", tree, path)
    facts = _object(tree.get("facts"), (*path, "facts"))
    read = {name: known.fact(name, fact, path) for name, fact in facts.items()}
    return LockEntry(repository, revision, date, {}, read)


class _KnownFacts:
    """The facts of a lock that were read so far. Models share most of their facts, and each is checked once."""

    def __init__(self) -> None:
        self.facts: dict[tuple[Any, ...], FileFact] = {}
        self.collector = FindingCollector()

    def fact(self, name: str, stated: "dict[str, Any]", path: "Path") -> FileFact:
        """A fact of the model at `path`. Raises InvalidLockError."""
        # Doubtful facts and hints have further keys.
        if type(stated) is not dict or len(stated) != 4:
            return _fact(name, stated, (*path, "facts", name), self.collector)
        value: object = stated.get("value")
        file, key, note = stated.get("file"), stated.get("key"), stated.get("note")
        kind = type(value)
        # Values of different types can be equal: 1, 1.0 and true. The text of a list tells the types of its items.
        part = repr(value) if kind is list or kind is dict else value
        try:
            return self.facts[name, kind, part, file, key, note]
        except (KeyError, TypeError):
            found = _fact(name, stated, (*path, "facts", name), self.collector)
        self.facts[name, kind, part, file, key, note] = found
        return found


def _files(tree: "dict[str, Any]", path: "Path") -> "Iterator[tuple[str, Any]]":
    files = _object(tree.get("files"), (*path, "files"))
    if len(files) > MAX_FILES:
        raise InvalidLockError(f"`files` must be at most {MAX_FILES}, got {len(files)}", (*path, "files"))
    for name, one in files.items():
        if not _is_file_name(name):
            raise InvalidLockError(f"{quote_name(name)} cannot be the name of a file", (*path, "files", name))
        yield name, one


def _usual_file(tree: "JSONValue") -> LockedFile | None:
    """A file as most files of a commit are; None for any other."""
    if type(tree) is not dict or len(tree) != 3 or tree.get("read") != AT_COMMIT:
        return None
    sha256, size = tree.get("sha256"), tree.get("size")
    if type(sha256) is not str or not _is_hex(sha256, 64) or type(size) is not int or not 0 <= size < _MAX_SIZE:
        return None
    return LockedFile(sha256, size)


def _file(tree: "dict[str, Any]", path: "Path", revision: str | None) -> LockedFile:
    sha256, size, read = tree.get("sha256"), tree.get("size"), tree.get("read")
    precision, pins = tree.get("precision"), tree.get("pins", [])
    _require(sha256 is None or _is_sum(sha256), "sha256", "a sha256 or null", tree, path)
    _require(size is None or _is_size(size), "size", "a number of bytes or null", tree, path)
    _require(precision is None or precision in QUANTIZATIONS, "precision", "a precision", tree, path)
    kinds = (COPY,) if revision is None else (AT_COMMIT, COPY)
    words = " or ".join([f'"{kind}"' for kind in kinds])
    _require(type(read) is str and read in kinds, "read", words, tree, path)
    most = MAX_PINS if revision and sha256 else 0
    _require(type(pins) is list and len(pins) <= most and all(map(is_pin, pins)), "pins", "a few texts", tree, path)
    return LockedFile(sha256, size, precision, str(read), pins)


def is_pin(text: object) -> bool:
    """Whether a lock can hold a place where a sum is published."""
    return type(text) is str and 0 < len(text) <= _MAX_PIN and text.isprintable()


def are_independent(places: "Iterable[str]") -> bool:
    """Whether at least two of these places name different repositories."""
    found = [re.search(_SOURCE, place, re.ASCII) for place in places]
    named = [(one["host"] or "", one["there"] or one["first"] or one["within"]) for one in found if one]
    return len({f"{host} {name}".casefold().removeprefix("github.com") for host, name in named}) > 1


@lru_cache(64)
def _is_date(text: str) -> bool:
    parts = text.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or "".join(parts).strip(_DIGITS):
        return False
    month, day = int(parts[1]), int(parts[2])
    return 0 < month <= len(_DAYS) and 0 < day <= _DAYS[month - 1]


def _is_sum(value: object) -> bool:
    return type(value) is str and _is_hex(value, 64)


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and _HEX.fullmatch(text) is not None


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < _MAX_SIZE


def _require(holds: object, key: str, what: str, tree: "dict[str, Any]", path: "Path") -> None:
    if not holds:
        found = quote_value(tree[key]) if key in tree else "nothing"
        raise InvalidLockError(f"`{key}` must be {what}, got {found}", (*path, key))


def _fact(name: str, tree: "Any", path: "Path", collector: FindingCollector) -> FileFact:
    """A fact, with a value that files can show."""
    stated = _object(tree, path)
    field, value = _FIELDS.get(name), stated.get("value")
    if field is None:
        raise InvalidLockError(f"no field has the path {quote_name(name)}", path)
    if "value" not in stated or not _can_show(field, value, collector):
        raise InvalidLockError(f"`{name}` cannot be {quote_value(value)}", (*path, "value"))
    file, key, note = _text(stated, "file", path), _text(stated, "key", path), _text(stated, "note", path)
    doubtful, hint = stated.get("doubtful") is True, stated.get("hint") is True
    fact = FileFact(value, file, key, note, doubtful=doubtful, hint=hint)
    if fault := _fault_of_fact(fact):
        raise InvalidLockError(fault, (*path, fault.split("`")[1]))
    return fact


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
    if type(value) is not str:  # checked first, since there are thousands of them
        found = quote_value(value) if key in tree else "nothing"
        raise InvalidLockError(f"{quote_name(key)} must be a string, got {found}", (*path, key))
    return value


def _name(path: "Path") -> str:
    return quote_name(str(path[-1])) if path else "the file"
