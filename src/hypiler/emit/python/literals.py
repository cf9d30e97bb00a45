"""Writes text from the input as Python literals, in one of three forms. No other module writes input into source."""

import re

# The C part of `ast`. The Python part takes as long to load as all of hypiler.
from _ast import Constant, PyCF_ONLY_AST, Tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Fixed ranges instead of `str.isprintable`, whose result changes between Python versions: stubs must stay the same.
_unreadable = re.compile("[^\n -\\[\\]-~·×–—…À-ÖØ-öø-ſА-яЁёぁ-ゖァ-ヺ一-鿿가-힣]").sub


class EmitError(Exception):
    """The emitted text does not have the intended meaning. This is a fault of hypiler, never of the input."""


def quoted(text: str) -> str:
    """A plain string literal in double quotes, printable ASCII only."""
    return '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"'


def block(lines: "list[str]") -> str:
    """A raw literal with one line per row. Rows are printable ASCII without double quotes (see `row_codec`)."""
    return 'r"""\n' + "".join([line + "\n" for line in lines]) + '"""'


def docstring(text: str) -> str:
    """A triple-quoted literal for people to read: characters of common scripts are kept, others are escaped."""
    return f'"""{_unreadable(_escape, text)}"""'


def readable(lines: "list[str]") -> str:
    """Lines of input as the text of a docstring: stripped, and with single instead of double quotes."""
    text = "\n".join([line.strip() for line in lines]).replace('"', "'")
    return text if len(lines) == 1 else text + "\n"


def _escape(found: "re.Match[str]") -> str:
    return found[0].encode("unicode_escape").decode()


def verify_literals(literals: "list[str]", values: "list[str]") -> None:
    """Parse literals as Python would, and compare each with its intended text. Raises EmitError."""
    items = "".join([literal + "," for literal in literals])
    tree: Any = compile(f"({items})", "literals", "eval", PyCF_ONLY_AST)
    match tree.body:
        case Tuple(elts=elements):
            found = [e.value if isinstance(e, Constant) else None for e in elements]
        case _:
            found = []
    if found != values:
        raise EmitError("a literal of the generated stub does not hold what it should")
