"""Pieces of Markdown: text of a registry that is nothing but text, links, code, tables, and anchors of headings."""

import re

from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.emit.source_links import ShownSource

# A word of a text that is an address and nothing more may become a link.
_address = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*[A-Za-z0-9/_~=-]").fullmatch
# What would begin markup inside a line: code, emphasis, a link, HTML, an entity, a cell, an address.
_special = re.compile(
    r"[\\`*\[\]<|~]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.", re.IGNORECASE
).sub
# What would begin a list, a quote, a heading or a rule at the beginning of a paragraph.
_opening = re.compile(r"[-+>#=]|(?<=[0-9])[.)]").sub


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a table, whose cells are Markdown."""
    return [f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows)]


def plain(text: str) -> str:
    """Text without markup inside a line. All text of the registry goes through here or through `code`."""
    return _special(r"\\\g<0>", printable(text).strip())


def paragraph(text: str) -> str:
    """Text without markup at the beginning of a paragraph."""
    text = plain(text)
    word, blank, rest = text.partition(" ")
    return _opening(r"\\\g<0>", word) + blank + rest


def linked(source: "ShownSource") -> str:
    """A source as a link to its place; in plain text, addresses are links."""
    if source.address:
        # An entity in the target of a link would be decoded.
        target = source.address.replace("&", "&amp;")
        return f"[{plain(source.place)}](<{target}>){plain(source.rest + '.')[:-1]}"
    text = source.text
    return " ".join([f"<{word}>" if _address(word) else plain(word) for word in printable(text).split(" ")]).strip()


def code(text: str) -> str:
    """Text whose spaces must be kept, as a code span inside a cell."""
    text = printable(text)
    runs = re.findall("`+", text)
    fence = "`" * (max([len(run) for run in runs], default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def counted(number: int, what: str) -> str:
    """`1 model`, or `2 models`."""
    return f"{number} {what}{'s' * (number != 1)}"


class Anchors:
    """The anchors that GitHub gives to the headings of a document, in their order."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, heading: str) -> str:
        """The anchor of the next heading, of letters, digits, blanks, dots and hyphens. Equal ones are numbered."""
        name = heading.lower().replace(".", "").replace(" ", "-")
        number = self._taken.get(name, 0)
        self._taken[name] = number + 1
        return f"{name}-{number}" if number else name
