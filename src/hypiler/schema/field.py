"""`Field`: one field of a model's entry in models.json. The table of all fields is in `hypiler.schema.fields`."""

from hypiler.schema.comparisons import EQUAL, Comparison
from hypiler.schema.types import CompositionError, FieldType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

ABSENT = object()
"""What `Field.get` returns if an entry does not state the field."""


class Field:
    """One field of a model's entry in models.json.

    Attributes:
        path: The keys that lead to the value.
        attribute: The name in `ModelInfo`; by default the last key.
        type: What the value can be.
        doc: What the field means, in one sentence.
        note: What proves the value, or what the field does not mean, in one sentence.
        example: A value as models.json writes it.
        required: Whether every model must state the field, unless the project asks for less.
        of_weights: Whether the field is a fact about published weights, which a model behind an API can be without.
        null: Whether `null` is a value: the model has none, or it was never published.
        derived: Whether the compiler derives the field from others if the file leaves it out.
        origin: What can prove the value: the model's "files" or a "publication". "identity" means that the value is
            not a fact about the model, but its identity or a note of the registry.
        space: The side of the vector space that the value belongs to, "document" or "query"; None if vectors do not
            depend on it.
        compare: How the value is compared with what files show.
        implies: The path of a field that must be stated if this flag is true.
        prose: Whether the value is text for people: another wording states no other fact.
        apart: Whether generated modules keep the values outside of the rows and decode a value when it is asked for.
            It is meant for long texts that few programs read, and the type must be a mapping.

    Raises CompositionError if rows have no form for the type.
    """

    __slots__ = (
        "apart",
        "attribute",
        "compare",
        "derived",
        "doc",
        "example",
        "implies",
        "note",
        "null",
        "of_weights",
        "origin",
        "path",
        "prose",
        "required",
        "space",
        "type",
    )

    def __init__(
        self,
        path: str,
        field_type: FieldType,
        doc: str,
        *,
        attribute: str = "",
        note: str = "",
        example: "Any" = None,
        required: bool = False,
        of_weights: bool = False,
        null: bool = False,
        derived: bool = False,
        origin: 'Literal["files", "publication", "identity"]' = "files",
        space: 'Literal["document", "query"] | None' = None,
        compare: Comparison = EQUAL,
        implies: str = "",
        prose: bool = False,
        apart: bool = False,
    ) -> None:
        field_type.check_place("Field")
        if null and field_type.empty is not None:
            raise CompositionError(f"`{path}` cannot be null: a row cannot tell null from an empty value")
        if apart and field_type.codec[-1:] != "}":
            raise CompositionError(f"`{path}` cannot stand apart from the rows: only a mapping can")
        self.path: tuple[str, ...] = tuple(path.split("."))
        self.attribute: str = attribute or self.path[-1]
        self.type: FieldType = field_type
        self.doc: str = doc
        self.note: str = note
        self.example: Any = example
        self.required: bool = required
        self.of_weights: bool = of_weights
        self.null: bool = null
        self.derived: bool = derived
        self.origin = origin
        self.space = space
        self.compare: Comparison = compare
        self.implies: str = implies
        self.prose: bool = prose
        self.apart: bool = apart

    @property
    def name(self) -> str:
        """The path as messages and `sources` write it: `specs.embedding_dim`."""
        return ".".join(self.path)

    @property
    def is_fact(self) -> bool:
        """Whether the value counts as a fact about the model. Identities and derived fields do not count."""
        return not self.derived and self.origin != "identity"

    @property
    def annotation(self) -> str:
        """The Python type of the attribute."""
        absent = not (self.required or self.derived) and self.type.empty is None
        return self.type.annotation + (" | None" if self.null or absent else "")

    def get(self, tree: "Any", default: object = ABSENT) -> "Any":
        """The value in `tree`, an entry of models.json; `default` if the entry does not state the field."""
        for key in self.path:
            try:
                tree = tree[key]
            except (KeyError, TypeError):
                return default
        return tree

    def set(self, tree: "dict[str, Any]", value: object) -> None:
        """Put a value into `tree`, an entry of models.json. Missing parents are created."""
        for key in self.path[:-1]:
            tree = tree.setdefault(key, {})
        tree[self.path[-1]] = value
