"""How the facts of models are known: by their files, by a copy of these, by a named source, or not at all."""

from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED
from hypiler.schema.fields import FIELDS
from hypiler.schema.model import evidence_of
from hypiler.schema.types import MapOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from hypiler.schema.field import Field
    from hypiler.schema.model import Model

SOURCED = "sourced"
"""The fact was not compared with files, and `sources` names where it was read. It may be that there is no value."""
UNSOURCED = "unsourced"
"""The fact was not compared with files, and the registry names no source for it."""
UNKNOWN = "unknown"
"""The registry does not state the fact."""
WORDS = (VERIFIED, COPY, SOURCED, UNSOURCED, DIFFERS, UNKNOWN)
"""All words for how a fact is known, the strongest evidence first."""

EVIDENCE = (VERIFIED, COPY, SOURCED, UNSOURCED)
"""The words that say why a stated fact may be believed."""

FACTS = tuple([field for field in FIELDS if field.is_fact])
"""The fields whose values are facts about a model: no identities, and nothing that follows from other fields."""

_ABSENT: "tuple[Any, ...]" = (None, (), {})
_ABOVE = {
    field.name: tuple([".".join(field.path[:length]) for length in range(len(field.path), 0, -1)]) for field in FACTS
}
"""The paths in `sources` that name a field: its own path, and those of the objects around it."""


def facts_of(model: "Model") -> dict[str, str]:
    """The word of `WORDS` for each fact by its path, in the order of the table of fields."""
    compared = evidence_of(model).facts
    sources: Mapping[str, Any] = model.sources
    return {
        field.name: compared.get(field.name) or _claimed(field, getattr(model, field.attribute), sources)
        for field in FACTS
    }


def _claimed(field: "Field", value: "Any", sources: "Mapping[str, Any]") -> str:
    """The word for a fact that was not compared with files."""
    if value in _ABSENT:
        # A source of the section says nothing of what the section leaves out.
        return SOURCED if field.name in sources else UNKNOWN
    if any(path in sources for path in _ABOVE[field.name]) or _names_own_sources(field, value, sources):
        return SOURCED
    return UNSOURCED


def _names_own_sources(field: "Field", value: "Any", sources: "Mapping[str, Any]") -> bool:
    """Whether each part of a value has a source: each entry of a mapping, or each record of a list."""
    if isinstance(field.type, MapOf):
        return all(f"{field.name}.{key}" in sources for key in value)
    if isinstance(field.type, Records):
        own = [getattr(one, "source", None) for one in value]
        return all(source or f"{field.name}[{index}]" in sources for index, source in enumerate(own))
    return False


def strongest(counts: "Mapping[str, int]") -> str:
    """The word for the strongest evidence that a model has for any fact."""
    return next((word for word in EVIDENCE if counts[word]), UNSOURCED)


def stated(counts: "Mapping[str, int]") -> int:
    """The number of facts that are not unknown."""
    return sum(counts.values()) - counts[UNKNOWN]


class Coverage:
    """How many facts are known in which way.

    Attributes:
        fields: By the path of each field that at least one model states, the number of models by word.
        models: By the id of each model, the number of its facts by word.
    """

    __slots__ = ("fields", "models")

    def __init__(self, models: "Iterable[Model]") -> None:
        self.fields: dict[str, dict[str, int]] = {}
        self.models: dict[str, dict[str, int]] = {}
        for model in models:
            own = self.models[model.id] = dict.fromkeys(WORDS, 0)
            for path, word in facts_of(model).items():
                own[word] += 1
                self.fields.setdefault(path, dict.fromkeys(WORDS, 0))[word] += 1
        count = len(self.models)
        self.fields = {path: counts for path, counts in self.fields.items() if counts[UNKNOWN] < count}

    @property
    def total(self) -> dict[str, int]:
        """The number of facts of all models by word; unknown are those of `fields` alone."""
        return {word: sum(counts[word] for counts in self.fields.values()) for word in WORDS}
