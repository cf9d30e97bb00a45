"""Facts that a project adds to the format: their names and types, as `[tool.hypiler.extra]` declares them.

Their values stand under `extra` in models.json. Each of them is also an attribute of the project's models.
"""

import keyword
import re

from hypiler.diagnostics.escaping import did_you_mean, quote_value
from hypiler.schema.free_types import AnyJson, Extra
from hypiler.schema.types import MAX_INTEGER, FieldType, Flag, Integer, ListOf, Number, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_NAME = "[a-z][a-z0-9_]*"
_TEXT = Text(blank=True)
_INTEGER = Integer(minimum=-MAX_INTEGER)
KINDS: "dict[str, FieldType]" = {
    "str": _TEXT,
    "int": _INTEGER,
    "float": Number(),
    "bool": Flag(),
    "list[str]": ListOf(_TEXT),
    "list[int]": ListOf(_INTEGER),
    "list[float]": ListOf(Number()),
    "json": AnyJson(),
}
"""The types that a project can declare, by the words of its options."""


class OwnFacts:
    """The facts that a project declares.

    Attributes:
        words: The type of each fact, as a key of `KINDS`, by the name of the fact.
    """

    __slots__ = ("words",)

    def __init__(self, words: "Mapping[str, str] | None" = None) -> None:
        """Raises ValueError for an unknown type and for a name that cannot be an attribute."""
        self.words: dict[str, str] = dict(words or {})
        for _, message, help in faults_of(self.words):
            raise ValueError(message + (f"; {help}" if help else ""))

    @property
    def types(self) -> "dict[str, FieldType]":
        """The type of each fact, by its name."""
        return {name: KINDS[word] for name, word in self.words.items()}

    @property
    def extra(self) -> Extra:
        """The type of the field `extra` with these facts in it."""
        return Extra(self.types)

    def annotation(self, name: str) -> str:
        """The Python type of a fact's attribute. A fact is optional; a list that is not stated is empty."""
        one = KINDS[self.words[name]]
        return one.annotation + (" | None" if one.empty is None and self.words[name] != "json" else "")

    def __eq__(self, other: object) -> bool:
        return self.words == other.words if isinstance(other, OwnFacts) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.words.items()))

    def __repr__(self) -> str:
        return f"OwnFacts({self.words})"


def faults_of(words: "Mapping[str, Any]") -> "Iterator[tuple[str, str, str | None]]":
    """What is wrong with declarations: the name of the fact, a message, and a remedy."""
    if not words:
        return
    taken = _attributes()
    for name, word in words.items():
        if not re.fullmatch(_NAME, name) or keyword.iskeyword(name):
            message = f"the name of a fact in `extra` must be a Python name in lower case, got {quote_value(name)}"
            yield name, message, "use letters, digits and `_`"
        elif name in taken:
            message = f"a fact in `extra` cannot be called `{name}`: every model has an attribute of that name"
            yield name, message, "choose another name"
        elif not isinstance(word, str) or word not in KINDS:
            # TOML also has dates, which JSON cannot write.
            shown = str(word) if hasattr(word, "isoformat") else quote_value(word)
            message = f"the type of `{name}` in `extra` must be one of {', '.join(KINDS)}; got {shown}"
            yield name, message, did_you_mean(word, list(KINDS)) if isinstance(word, str) else None


NO_OWN_FACTS = OwnFacts()
"""No facts beyond those of the format."""


def _attributes() -> frozenset[str]:
    """The attributes that every model has."""
    from hypiler.schema.model import Model

    return frozenset(dir(Model))
