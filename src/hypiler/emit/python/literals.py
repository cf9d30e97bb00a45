"""Writes text from the input as Python literals, in one of three forms. No other module writes input into source."""

# The C part of `ast`. The Python part takes as long to load as all of hypiler.
from _ast import Constant, PyCF_ONLY_AST, Tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The characters that are kept, each pair the first and the last of a range. The ranges are fixed, unlike those of
# `str.isprintable`, whose result changes between Python versions: stubs must stay the same.
_READABLE = (
    "\n\n",
    " [",
    "]~",
    "··",
    "××",
    "–—",
    "……",
    "ÀÖ",
    "Øö",
    "øſ",
    "ЁЁ",
    "Ая",
    "ёё",
    "ぁゖ",
    "ァヺ",
    "一鿿",
    "가힣",
)


class _Escapes(dict[int, str]):
    """The text of each character in a docstring, for `str.translate`.

    A regular expression would do the same, and take longer to compile than a small registry to build.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if any(pair[0] <= character <= pair[1] for pair in _READABLE):
            _KEPT.add(character)
            self[code] = character
        else:
            self[code] = character.encode("unicode_escape").decode()
        return self[code]


_ESCAPES = _Escapes()
# The kept characters that were met: most texts consist of them.
_KEPT: set[str] = set()


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
    return f'"""{text if _KEPT.issuperset(text) else text.translate(_ESCAPES)}"""'


def readable(lines: "list[str]") -> str:
    """Lines of input as the text of a docstring: stripped, and with single instead of double quotes."""
    text = "\n".join([line.strip() for line in lines]).replace('"', "'")
    return text if len(lines) == 1 else text + "\n"


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
