"""`DecodedModel`: one model after its values were checked alone, and before the rules have seen it."""

from operator import itemgetter

from hypiler.compiler.rule_set import Violation
from hypiler.diagnostics.collector import INVALID
from hypiler.diagnostics.finding import json_path
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hypiler.diagnostics.collector import FindingCollector
    from hypiler.diagnostics.finding import Path


USUAL_FACTS = frozenset(
    [i for i, field in enumerate(FIELDS) if field.required and not field.null and field.type.empty is None]
)
"""The indexes of values that are None only if a registry does not require them of the model."""


class DecodedModel(list["Any"]):
    """One model for the rules: its values in the order of the table of fields, with the attributes of `Model`.

    A value that is missing or wrong is INVALID. A value that the registry does not require, and that is absent, is None
    or empty.

    Attributes:
        label: The id as messages show it; None if the model has none.
        path: Where the model stands in its file.
        file: The name of the file.
        collector: The findings of that file.
        sound: Whether no value is INVALID, and no usual fact is absent.
    """

    __slots__ = ("collector", "file", "label", "path", "sound")

    if TYPE_CHECKING:
        label: str | None
        path: Path
        file: str
        collector: FindingCollector
        sound: bool

        def __getattr__(self, name: str) -> Any: ...

    def at(self, attribute: str, message: str, part: "Path" = (), *, help: str | None = None) -> Violation:
        """The violation of a rule at the field behind `attribute`, or at a part of its value."""
        path = self.path + FIELDS[BY_ATTRIBUTE[attribute]].path + part
        return Violation(self.collector, path, message, help, self.label)

    def has(self, indexes: "Iterable[int]", *, absent: bool = False) -> bool:
        """Whether a rule can use these values. With `absent`, it can also use usual facts that are None."""
        if absent or self.sound:
            return self.sound or not any(self[index] is INVALID for index in indexes)
        return not any(self[i] is INVALID or (self[i] is None and i in USUAL_FACTS) for i in indexes)

    @property
    def place(self) -> str:
        """File and path, for a message at another model."""
        from hypiler.diagnostics.escaping import printable

        file, path = self.collector.place_of(self.file, self.path)
        return f"{printable(file)} {json_path(path)}"


for _attribute, _index in BY_ATTRIBUTE.items():
    if hasattr(DecodedModel, _attribute):
        raise TypeError(f"a field cannot be called `{_attribute}`: `DecodedModel` has an attribute of that name")
    setattr(DecodedModel, _attribute, property(itemgetter(_index)))
