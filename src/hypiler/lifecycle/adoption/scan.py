"""Scans a code base: its files, what they say of models, and where that contradicts the catalogue or itself."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypiler.lifecycle.adoption.analysis import FoundFact, Mention, analyse
from hypiler.lifecycle.adoption.data_files import (
    Found,
    environment_records,
    json_records,
    notebook_records,
    sql_records,
    toml_records,
    yaml_records,
)
from hypiler.lifecycle.adoption.listing import listed, read_text
from hypiler.lifecycle.adoption.python_code import python_records
from hypiler.lifecycle.adoption.records import Unread
from hypiler.lifecycle.adoption.subjects import CERTAIN, Subject, Subjects
from hypiler.lifecycle.importing.catalogue import Catalogue, Contradiction
from hypiler.lifecycle.importing.rows import Row

_READERS: dict[str, Callable[[str, str], Found]] = {
    ".py": python_records,
    ".ipynb": notebook_records,
    ".json": json_records,
    ".toml": toml_records,
    ".yaml": yaml_records,
    ".yml": yaml_records,
    ".sql": sql_records,
}
# A file without any of these words says nothing of models, and is not parsed.
_INTERESTING = re.compile(r"embed|rerank|sentence|vector|\bdims?\b|dimension|colbert|splade|encoder", re.IGNORECASE)
# Numbers that may be smaller than what the model supports: a cut, and no contradiction.
_LENGTHS = ("specs.context_length", "encoding.document_length", "encoding.query_length")
_EQUIVALENT = {"dot", "cosine"}


@dataclass(frozen=True)
class Conflict:
    """Two places of the code that state one fact of a model differently."""

    subject: Subject
    path: str
    first: FoundFact
    second: FoundFact


@dataclass
class Adoption:
    """What a code base says of models.

    Attributes:
        files: How many files were looked at.
        mentions: Every place that names a model.
        facts: Every fact, with its place.
        unread: Files that were not read, and why.
        contradictions: Facts that the catalogue states otherwise, each with the fact of the code.
        conflicts: Facts that two places state differently.
    """

    files: int = 0
    mentions: list[Mention] = field(default_factory=list)
    facts: list[FoundFact] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    contradictions: list[tuple[FoundFact, Contradiction]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def subjects(self) -> list[Subject]:
        """The models, in the order in which the code names them."""
        found: dict[str, Subject] = {}
        for mention in self.mentions:
            found.setdefault(mention.subject.key, mention.subject)
        for fact in self.facts:
            if fact.subject is not None:
                found.setdefault(fact.subject.key, fact.subject)
        return list(found.values())

    def facts_of(self, subject: Subject) -> list[FoundFact]:
        """The facts of one model."""
        return [fact for fact in self.facts if fact.subject and fact.subject.key == subject.key]

    def rows(self) -> "Iterator[Row]":
        """A row per fact, and one per model with its type, for a draft."""
        for subject in self.subjects:
            places = [str(one.place) for one in self.mentions if one.subject.key == subject.key]
            facts = self.facts_of(subject)
            place = (places or [str(facts[0].place)])[0]
            kind = () if subject.known else (("type", subject.kind),)
            yield Row(place, subject.name, place, kind, (subject.key,), subject.home)
            for fact in facts:
                here = str(fact.place)
                yield Row(here, subject.name, here, ((fact.path, fact.value),), (subject.key,), subject.home)


def scan(root: str, catalogue: Catalogue) -> Adoption:
    """Scan a folder or one file. Raises OSError and TooManyFilesError."""
    found, subjects = Adoption(), Subjects(catalogue)
    for path in listed(root):
        found.files += 1
        text = read_text(root, path)
        if isinstance(text, Unread):
            found.unread.append(text)
        elif _INTERESTING.search(text):
            _read(path, text, subjects, found)
    for fact in found.facts:
        found.contradictions += _contradictions(fact, catalogue)
    found.conflicts = [*_conflicts(found.facts)]
    return found


def _read(path: str, text: str, subjects: Subjects, found: Adoption) -> None:
    reader = _READERS.get(os.path.splitext(path)[1], environment_records)
    try:
        records = reader(text, path)
        if isinstance(records, Unread):
            found.unread.append(records)
            return
        findings = analyse(records, subjects)
    except RecursionError:
        found.unread.append(Unread(path, "it is nested too deep"))
        return
    found.mentions += findings.mentions
    found.facts += findings.facts


def _contradictions(fact: FoundFact, catalogue: Catalogue) -> "Iterator[tuple[FoundFact, Contradiction]]":
    known = fact.subject.known if fact.subject else None
    if known is None or _is_allowed(fact, known):
        return
    path = "specs.context_length" if fact.path in _LENGTHS else fact.path
    for one in catalogue.contradictions(known, path, fact.value, str(fact.place)):
        yield fact, one


def _is_allowed(fact: FoundFact, known: Any) -> bool:
    """Whether code may state a value that is not the catalogue's: a shorter cut of texts or of vectors."""
    if fact.path in _LENGTHS:
        most = known.context_length
        is_width = fact.path == "specs.context_length" and fact.value == known.embedding_dim != most
        return bool(most is None or fact.value <= most) and not is_width
    if fact.path == "specs.embedding_dim":
        within = known.matryoshka_min and known.matryoshka_min <= fact.value <= (known.matryoshka_max or 0)
        widths = {known.embedding_dim, *known.matryoshka_dims, *(output.embedding_dim for output in known.outputs)}
        return bool(fact.value in widths or within)
    if fact.path == "architecture.matryoshka_dims":
        return set(fact.value) <= {known.embedding_dim, *known.matryoshka_dims} or known.matryoshka_min is not None
    if fact.path == "encoding.similarity":
        return {fact.value, known.similarity} <= _EQUIVALENT
    if fact.path in ("encoding.query_prefix", "encoding.document_prefix"):
        # Other tables call a marker a prefix.
        marker = getattr(known, fact.path.partition(".")[2].replace("prefix", "marker"))
        return marker is not None and fact.value.strip() == marker.strip()
    if fact.path == "encoding.normalize":
        # Code may divide vectors by their lengths where the model does not, or leave that to the model.
        return fact.value or fact.certainty != CERTAIN or fact.key != "normalize"
    return fact.path in ("revision", "capabilities.languages")


def _conflicts(facts: list[FoundFact]) -> "Iterator[Conflict]":
    """The first place of a fact, and each further place with another value."""
    first: dict[tuple[str, str], FoundFact] = {}
    told: set[tuple[str, str, str]] = set()
    for fact in facts:
        if fact.subject is None:
            continue
        old = first.setdefault((fact.subject.key, fact.path), fact)
        key = (fact.subject.key, fact.path, repr(fact.value))
        if old.value != fact.value and key not in told and not _both_allowed(old, fact):
            told.add(key)
            yield Conflict(fact.subject, fact.path, old, fact)


def _both_allowed(first: FoundFact, second: FoundFact) -> bool:
    """Whether the catalogue knows that both values can be right: two widths, or two cuts of texts."""
    known = second.subject.known if second.subject else None
    return (
        known is not None
        and second.path in (*_LENGTHS, "specs.embedding_dim")
        and _is_allowed(first, known)
        and (_is_allowed(second, known))
    )
