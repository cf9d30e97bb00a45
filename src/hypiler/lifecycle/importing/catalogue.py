"""The shipped registry as something to hold other tables against: which model is meant, and what is known of it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hypiler.lifecycle.importing.comparison import FACTS, Fact
from hypiler.lifecycle.importing.conversion import BY_PATH, NotCarried, convert
from hypiler.lifecycle.importing.shapes import is_mapping
from hypiler.schema.coverage import SOURCED, UNSOURCED, facts_of
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED
from hypiler.schema.model import Model
from hypiler.schema.parameter_counts import parameter_count
from hypiler.schema.types import Flag, Integer, Score

KNOWN = {
    VERIFIED: "verified",
    COPY: "agrees with a copy",
    SOURCED: "sourced",
    UNSOURCED: "without a source",
    DIFFERS: "differs from the files",
}
"""How a fact is known, in the words of reports."""


@dataclass(frozen=True)
class Contradiction:
    """A fact that a table states otherwise than the catalogue.

    Attributes:
        model: The id of the model in the catalogue.
        path: The path of the fact.
        title: What reports call the fact.
        theirs: The value of the table, as reports show it.
        ours: That of the catalogue.
        known: How ours is known: one of `KNOWN`, or "absent" if the catalogue says that there is none.
        place: Where the table says it.
    """

    model: str
    path: str
    title: str
    theirs: str
    ours: str
    known: str
    place: str

    def repeats(self, other: "Contradiction") -> bool:
        """Whether another contradiction says the same, from whatever place."""
        return (self.model, self.path, self.theirs) == (other.model, other.path, other.theirs)


def home_of(model: Model) -> str:
    """What tables call a model: its repository, or `api/model` of a hosted one, in lower case."""
    return (model.huggingface_id or f"{model.source_api}/{model.source_model}").lower()


_DIGIT = 0.01
_ARCHITECTURE = "architecture.type"
# Our types in the words of mteb, which types are compared in.
_KINDS = {"colbert": "late-interaction", "reranker": "cross-encoder"}


class Catalogue:
    """The models of a registry by the names that tables have for them.

    Attributes:
        models: All of them.
    """

    def __init__(self, models: "Iterable[Model]") -> None:
        self.models: tuple[Model, ...] = tuple(models)

    @cached_property
    def by_home(self) -> dict[str, Model]:
        """By repository, or `api/model`. Of several with one repository, the first."""
        found: dict[str, Model] = {}
        for model in self.models:
            found.setdefault(home_of(model), model)
        return found

    @cached_property
    def by_name(self) -> dict[str, Model]:
        """By everything that means one model alone: also ids, aliases, and the last part of a repository."""
        counted: dict[str, list[Model]] = {}
        for model in self.models:
            last = home_of(model).rpartition("/")[2]
            for name in {model.id, *model.aliases, last, model.source_model or model.id}:
                counted.setdefault(name.lower(), []).append(model)
        return {name: models[0] for name, models in counted.items() if len(models) == 1} | self.by_home

    def find(self, names: "Iterable[str]") -> Model | None:
        """The model that one of these names means; None if the catalogue does not have it."""
        return next((self.by_home[name] for name in names if name in self.by_home), None)

    def contradictions(self, model: Model, path: str, value: Any, place: str) -> "Iterator[Contradiction]":
        """The contradiction between a model and a table's value of a fact, if there is one."""
        fact = FACTS.get(path) or _plain_fact(path)
        ours = fact.ours(model) if fact else None
        readings = [*_readings(path, value)]
        if fact is None or ours is None or not readings or any(_agree(fact, ours, one) for one in readings):
            return
        if path == "type" and isinstance(value, str):
            if convert(path, value) == str(model.model_type):
                return
            value = [value]
        mine, theirs = fact.texts(ours, value)
        known = KNOWN.get(facts_of(model).get(fact.path, ""), "absent")
        yield Contradiction(model.id, fact.path, fact.title, theirs, mine, known, place)


def _plain_fact(path: str) -> Fact | None:
    """How a number, a flag or the architecture is compared, which tables of other packages do not state."""
    one = BY_PATH.get(path)
    if one is None or not one.is_fact or not (isinstance(one.type, Integer | Flag | Score) or path == _ARCHITECTURE):
        return None
    agree = _same_score if isinstance(one.type, Score) else _same
    return Fact(path, path, lambda model: getattr(model, one.attribute), agree)


def _same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs)


def _same_score(ours: float, theirs: float) -> bool:
    """Whether two scores are equal after rounding to two digits, or cutting them off there, as most tables do."""
    return abs(ours - theirs) <= _DIGIT


def _readings(path: str, value: Any) -> "Iterator[Any]":
    """What a value can mean: as the table has it, and in the terms of models.json. Nothing if it means no value."""
    if is_mapping(value):
        return
    if path.endswith(("_prefix", "_marker")) or not isinstance(value, str | int | float):
        yield value
    try:
        converted = convert(path, value)
    except NotCarried:
        # The words of a package that no field means are compared as they are.
        if path not in BY_PATH or value == math.inf:
            yield value
        return
    if path == "type":
        yield [_KINDS.get(converted, converted)]
    else:
        yield parameter_count(converted) if path == "specs.parameters" else converted


def _agree(fact: Fact, ours: Any, theirs: Any) -> bool:
    """Whether both say the same. What cannot be compared contradicts nothing: the conversion says what is wrong."""
    try:
        return fact.agree(ours, theirs)
    except (TypeError, ValueError, AttributeError, OverflowError, IndexError, KeyError):
        return True
