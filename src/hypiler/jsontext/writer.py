"""Writes values as JSON for people: one member per line, and short lists and objects on one line.

A `Writer` has a method or a property for each choice of formatting. The defaults are for new files. To change an
existing file, a subclass overrides them with the formatting of that file.
"""

from json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

WIDTH = 100
"""A list or an object is too long for one line if the line would have this many characters or more."""


class Writer:
    """Writes values in one style.

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
        """The blank after a comma inside a line: there is one if there is one after colons."""
        return " " if self.colon.endswith((" ", "\t")) else ""

    @property
    def indentation(self) -> tuple[str, str]:
        """The line end, and the additional indentation inside a list or an object."""
        return "\n", "  "

    def pad(self, value: "dict[str, Any] | list[Any]", *, long: bool) -> str:
        """The text after the opening bracket: a line end if the value takes several lines, else blanks."""
        return "\n" if long or (isinstance(value, dict) and "id" in value) else ""

    def takes_one_line(self, value: "JSONValue", *, long: bool) -> bool:
        """Whether a value is written on one line; `long` says that the line would reach `WIDTH`."""
        if self.inline or not isinstance(value, dict | list) or not value:
            return True
        inner = value.values() if isinstance(value, dict) else value
        return self.pad(value, long=long) != "\n" and all(self.takes_one_line(item, long=False) for item in inner)

    def scalar(self, value: "Any") -> str:
        """The text of a value that is not a list or an object.

        Characters that do not print are escaped: reviewers must see what stands in the file.
        """
        text = dumps(value, ensure_ascii=False)
        if text.isprintable():
            return text
        return "".join([c if c.isprintable() else dumps(c)[1:-1] for c in text])

    def line(self, value: "JSONValue") -> str:
        """A value on one line."""
        if not isinstance(value, dict | list) or not value:
            return self.scalar(value)
        # If no blank follows a colon, none follows a bracket.
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
            before: The number of characters between the indentation and the value.
            broken: Whether a list or an object must take several lines, however short it is.
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
