"""What a table says of one model, in the words of hypiler's fields, with its place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

UNNAMED = "(unnamed)"
"""What reports call a row that names no model."""


@dataclass(frozen=True)
class Statement:
    """One fact that a table states of a model.

    Attributes:
        origin: The name of the package, or of the file.
        model: Repository, or `api/model` of a hosted model, in lower case.
        field: The path of a field such as `specs.embedding_dim`, or a word of the table that no field means.
        value: The value as the table has it; empty cells are not stated.
        place: File and line.
    """

    origin: str
    model: str
    field: str
    value: Any
    place: str


@dataclass(frozen=True)
class Row:
    """What a table states of one model.

    Attributes:
        origin: The name of the package, or of the file.
        name: The model's name as the table spells it.
        place: File and line.
        facts: Fields and values, see `Statement`.
        keys: What the catalogue may call the model, in lower case: repositories, and `api/model` of hosted models.
        home: Where the model is: `huggingface_id`, or parts of its `source`. Empty if the table does not say it.
        id: The id that the model has already, which is kept; empty for a table without ids.
    """

    origin: str
    name: str
    place: str
    facts: tuple[tuple[str, Any], ...]
    keys: tuple[str, ...]
    home: dict[str, str] = field(default_factory=dict)
    id: str = ""

    def statements(self) -> Iterator[Statement]:
        """Every fact, once for each name that the catalogue may have for the model."""
        for key in self.keys:
            for path, value in self.facts:
                yield Statement(self.origin, key, path, value, self.place)
