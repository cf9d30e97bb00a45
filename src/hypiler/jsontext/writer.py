"""Writes values as JSON for people: one member per line, and short lists and objects on one line.

A `Writer` has a method or a property for each choice of form. The defaults are the form of a new file; whoever changes
an existing file overrides them by the form of that file.
"""

from json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

WIDTH = 100
"""A list or an object on one line is long if the line has this many characters, from the indentation on."""


class Writer:
    """Writes values in one form.

    Attributes:
        inline: Whether everything is written on one line.
    """

    inline = False

    @property
    def colon(self) -> str:
        """The colon between a key and its value, with the blanks around it."""
        return ": "

    @property
    def space(self) -> str:
        """What follows a comma on a line: a blank if one follows a colon."""
        return " " if self.colon.endswith((" ", "\t")) else ""

    @property
    def indentation(self) -> tuple[str, str]:
        """The end of a line, and what is added to the indentation inside a list or an object."""
        return "\n", "  "

    def pad(self, value: "dict[str, Any] | list[Any]", *, long: bool) -> str:
        """What follows the opening bracket of a list or an object: blanks on one line, else a line end."""
        return "\n" if long or (isinstance(value, dict) and "id" in value) else ""

    def takes_one_line(self, value: "JSONValue", *, long: bool) -> bool:
        """Whether a value is written on one line; `long` says that the line would reach `WIDTH`."""
        if self.inline or not isinstance(value, dict | list) or not value:
            return True
        inner = value.values() if isinstance(value, dict) else value
        return self.pad(value, long=long) != "\n" and all(self.takes_one_line(item, long=False) for item in inner)

    def scalar(self, value: "Any") -> str:
        """A value without members."""
        return dumps(value, ensure_ascii=False)

    def line(self, value: "JSONValue") -> str:
        """A value on one line."""
        if not isinstance(value, dict | list) or not value:
            return self.scalar(value)
        # Where no blank follows a colon, none follows a bracket.
        pad = self.pad(value, long=False).strip("\n") if self.space else ""
        if isinstance(value, list):
            return "[" + pad + f",{self.space}".join([self.line(item) for item in value]) + pad + "]"
        items = [self.scalar(key) + self.colon + self.line(item) for key, item in value.items()]
        return "{" + pad + f",{self.space}".join(items) + pad + "}"

    def write(self, value: "JSONValue", indent: str = "", before: int = 0, *, broken: bool = False) -> str:
        """A value, in one or more lines.

        Args:
            value: What to write.
            indent: The indentation of the line that the value begins on.
            before: How many characters stand between the indentation and the value.
            broken: Whether the members of the value take a line each, however short they are.
        """
        line = self.line(value)
        if not isinstance(value, dict | list) or not value:
            return line
        if not broken and self.takes_one_line(value, long=len(indent) + before + len(line) >= WIDTH):
            return line
        end, unit = self.indentation
        deeper = indent + unit
        if isinstance(value, list):
            items = [self.write(item, deeper) for item in value]
        else:
            names = [self.scalar(key) + self.colon for key in value]
            items = [n + self.write(item, deeper, len(n)) for n, item in zip(names, value.values(), strict=True)]
        text = f",{end}{deeper}".join(items)
        return f"{line[0]}{end}{deeper}{text}{end}{indent}{line[-1]}"
