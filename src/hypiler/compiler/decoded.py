"""`DecodedModel`: one model after its values were checked alone, and before the rules have seen it."""

from operator import itemgetter

from hypiler.compiler.rule_set import Violation
from hypiler.diagnostics.finding import json_path
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.diagnostics.collector import FindingCollector
    from hypiler.diagnostics.finding import Path


class DecodedModel(list["Any"]):
    """One model for the rules: its values in the order of the table of fields, with the attributes of `Model`.

    A value that is missing or wrong is INVALID.

    Attributes:
        label: The id as messages show it; None if the model has none.
        path: Where the model stands in its file.
        file: The name of the file.
        collector: The findings of that file.
        sound: Whether no value is INVALID.
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

    @property
    def place(self) -> str:
        """File and path, for a message at another model."""
        from hypiler.diagnostics.escaping import printable

        return f"{printable(self.file)} {json_path(self.path)}"


for _attribute, _index in BY_ATTRIBUTE.items():
    if hasattr(DecodedModel, _attribute):
        raise TypeError(f"a field cannot be called `{_attribute}`: `DecodedModel` has an attribute of that name")
    setattr(DecodedModel, _attribute, property(itemgetter(_index)))
