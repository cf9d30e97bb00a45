"""Emits the attributes of `hypiler.schema.model.Model` for type checkers.

At run time the attributes are created from the table of fields, which type checkers cannot follow.
"""

from hypiler.emit.python.literals import docstring
from hypiler.emit.python.stub_text import choice
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import CORE, Requirements
from hypiler.schema.types import OneOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OPENING = '''\
# Made from the table of fields by tools/refresh.py.
"""The attributes of `Model` and of the records inside it, for checkers alone."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

_Scalar: TypeAlias = str | int | float | bool | None
ModelType: TypeAlias = str
'''


def emit_model_attributes() -> str:
    """The text of `schema/model_attributes.pyi`."""
    types = [field.type for field in FIELDS]
    choices = {part.annotation: list(part.choices) for one in types for part in one.parts() if isinstance(part, OneOf)}
    parts = [_OPENING, *[choice(name, words) for name, words in choices.items()]]
    for one in types:
        if isinstance(one, Records):
            fields = [(name, one.part_annotation(name), doc) for name, (_, _, doc) in one.fields.items()]
            parts.append(_class(one.record, "An entry of a list inside a model.", fields, _TO_DICT))
    # `Registry.load` reads the registries of all projects: some require the core alone, and have models with a source.
    elsewhere: list[Any] = [{"source": {}}]
    attributes = [(field.attribute, Requirements(CORE).annotation(field, elsewhere), field.doc) for field in FIELDS]
    parts.append(_class("ModelAttributes", "Every field of models.json.", attributes))
    return "".join(parts)


_TO_DICT = '    def to_dict(self) -> dict[str, Any]:\n        """The values by name, as JSON has them."""\n'


def _class(name: str, doc: str, fields: "list[tuple[str, str, str]]", *methods: str) -> str:
    properties = [
        f"    @property\n    def {attribute}(self) -> {annotation}:\n        {docstring(about)}\n"
        for attribute, annotation, about in fields
    ]
    return f'\nclass {name}:\n    """{doc}"""\n\n' + "\n".join([*properties, *methods])
