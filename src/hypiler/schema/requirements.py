"""How much a registry requires of its models: the usual fields, the core, or the fields that a project names."""

from hypiler.schema.fields import FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from hypiler.schema.field import Field

_EXTRA = "extra."
DEFAULT = "default"
CORE = "core"
_CORE = frozenset({"id", "type", "name", "huggingface_id", "specs.embedding_dim"})
_USUAL = frozenset([field.name for field in FIELDS if field.required])
_SOURCE = [field.attribute for field in FIELDS if field.path[0] == "source"]
REQUIRABLE = [field.name for field in FIELDS if not field.derived and field.path[0] != "source"]
"""The paths that a project can name."""


class Requirements:
    """The fields that every model of a registry must state.

    A model is either in a repository, with `huggingface_id`, or elsewhere, with a `source`. Facts about published
    weights are not required of a model with a source.

    Attributes:
        words: What the project asks for: "default", "core" or paths of fields.
        names: The paths of the required fields.
        own: The names of required facts among those that the project adds to the format.
    """

    __slots__ = ("names", "own", "words")

    def __init__(self, words: "str | Sequence[str]" = DEFAULT, declared: "Iterable[str]" = ()) -> None:
        """`words` is "default", "core" or a list of paths, which are required besides the core.

        `declared` are the facts that the project adds to the format: a path such as `extra.size_gb` names one of them.
        Raises ValueError for any other word, with a suggestion.
        """
        self.words: str | tuple[str, ...] = words if isinstance(words, str) else tuple(words)
        if isinstance(words, str):
            if words not in (DEFAULT, CORE):
                raise ValueError(f"`required` must be {DEFAULT!r}, {CORE!r} or a list of paths, got {words!r}")
            self.names: frozenset[str] = _USUAL if words == DEFAULT else _CORE
        else:
            for word, hint in unknown_paths(words, declared):
                raise ValueError(f"no field has the path {word!r}" + (f"; {hint}" if hint else ""))
            self.names = _CORE.union(words)
        self.own: list[str] = sorted([name.removeprefix(_EXTRA) for name in self.names if name.startswith(_EXTRA)])

    @property
    def is_default(self) -> bool:
        """Whether these are the usual fields."""
        return self.words == DEFAULT

    def needs(self, field: "Field", model: "Any" = None) -> bool:
        """Whether a model must state a field. `model` is an entry of models.json or a record; None for any model."""
        return field.name in self.names and not (model is not None and can_be_absent(field) and has_source(model))

    def is_optional(self, field: "Field", models: "Iterable[Any]" = ()) -> bool:
        """Whether the attribute of a field can be None because one of these models may be without the field.

        A field with lists or mappings is empty then, and a derived one is never absent.
        """
        if field.derived or field.type.empty is not None:
            return False
        return field.name not in self.names or (can_be_absent(field) and any(map(has_source, models)))

    def annotation(self, field: "Field", models: "Iterable[Any]" = ()) -> str:
        """The Python type of a field's attribute in a registry with these models."""
        can_be_none = field.null or self.is_optional(field, models)
        return field.type.annotation + (" | None" if can_be_none else "")

    def __eq__(self, other: object) -> bool:
        return self.names == other.names if isinstance(other, Requirements) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return f"Requirements({self.words if isinstance(self.words, str) else list(self.words)!r})"


USUAL = Requirements()
"""What a registry requires unless its project says otherwise."""


def can_be_absent(field: "Field") -> bool:
    """Whether a model with a source can be without a field that is required of all others."""
    return field.of_weights or field.name == "huggingface_id"


def has_source(model: "Any") -> bool:
    """Whether a model, an entry of models.json or a record, is elsewhere than in a repository."""
    if isinstance(model, dict):
        return "source" in model and "huggingface_id" not in model
    return any(getattr(model, name, None) not in (None, ()) for name in _SOURCE)


def unknown_paths(words: "Iterable[str]", declared: "Iterable[str]" = ()) -> "list[tuple[str, str | None]]":
    """The words that are no path of a field that can be required, each with a suggestion.

    `declared` are the facts that the project adds to the format.
    """
    own = [_EXTRA + name for name in declared]
    unknown = [word for word in words if word not in REQUIRABLE and word not in own]
    if not unknown:
        return []
    from hypiler.diagnostics.escaping import did_you_mean

    return [(word, _inside(word) or did_you_mean(word, [*REQUIRABLE, *own])) for word in unknown]


def _inside(section: str) -> str | None:
    """What to write instead of the path of a section."""
    inside = [name for name in REQUIRABLE if name.startswith(f"{section}.")]
    return f"name its fields, such as {', '.join([f'`{name}`' for name in inside[:3]])}" if inside else None


def place_in(entry: "Mapping[str, Any]") -> str:
    """The repository of an entry of models.json, or the name of the model at its source; "None" if there is neither."""
    source: Any = entry.get("source")
    keys = ("model", "ollama", "path", "url")
    found: list[Any] = [source[key] for key in keys if key in source] if isinstance(source, dict) else []
    return str(entry.get("huggingface_id") or next(iter(found), None))
