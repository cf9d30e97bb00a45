"""Writes code and command lines: every value from a registry is escaped, so that it stays a value."""

from functools import lru_cache
from json import dumps
from shlex import quote
from textwrap import wrap

from hypiler._text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_WIDTH = 100
_CALL_WIDTH = 84


class Name(str):
    """A name or an expression of Python, which is written as it is."""

    __slots__ = ()


def literal(value: "Any") -> str:
    """A value as Python writes it, with double quotes around texts. A character that does not print is escaped."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, str):
        escaped = [_ESCAPES.get(one, one if one.isprintable() else _escape(one)) for one in value]
        return f'"{"".join(escaped)}"'
    if _is(value, dict):
        pairs: dict[Any, Any] = value
        return "{" + ", ".join([f"{literal(key)}: {literal(one)}" for key, one in pairs.items()]) + "}"
    if _is(value, list):
        values: list[Any] = value
        return "[" + ", ".join(map(literal, values)) + "]"
    return repr(value)


def literal_set(texts: "Iterable[str]") -> str:
    """A set of texts as Python writes it."""
    return "{" + ", ".join(map(literal, texts)) + "}"


def _is(value: object, kind: type) -> bool:
    return type(value) is kind


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()


def call(target: str, *values: "Any", comments: "Mapping[str, str] | None" = None, **options: "Any") -> str:
    """A call, on one line if it fits. An option that is None is left out. `comments` has comments of options."""
    parts = [(literal(value), "") for value in values]
    parts += [
        (f"{name}={_broken(value)}", (comments or {}).get(name, ""))
        for name, value in options.items()
        if value is not None
    ]
    line = f"{target}({', '.join([part for part, _ in parts])})"
    if len(line) <= _CALL_WIDTH and not any(comment for _, comment in parts):
        return line
    return "\n".join([f"{target}(", *[_argument(*part) for part in parts], ")"])


def _broken(value: "Any") -> str:
    """A value as Python writes it. A dictionary that is too long for a line has one key per line."""
    line = literal(value)
    if not _is(value, dict) or len(line) <= _CALL_WIDTH - 10:
        return line
    pairs: dict[Any, Any] = value
    return "\n".join(["{", *[f"        {literal(key)}: {literal(one)}," for key, one in pairs.items()], "    }"])


def _argument(part: str, comment: str) -> str:
    """One argument on lines of its own, after its comment."""
    return (f"    # {comment}\n" if comment else "") + f"    {part},"


@lru_cache(maxsize=1024)  # models of one kind lose the same
def comment(text: str, first: str = "") -> str:
    """A sentence as lines of comments, of which no character can end them. `first` begins the first line."""
    lines = wrap(first + one_line(text), _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return "\n".join([f"# {line}" for line in lines])


def command(*parts: "str | None") -> str:
    """A command line for a POSIX shell. A part that is None is left out, and a part that does not print is refused."""
    words = [part for part in parts if part is not None]
    for word in words:
        if not word.isprintable():
            raise ValueError(f"a command line cannot hold {one_line(repr(word), 200)}: it does not print")
    return " ".join(map(quote, words))


def json_flag(value: "Any") -> str:
    """A value of a flag as JSON, in ASCII."""
    return dumps(value)


def imports(*lines: str) -> str:
    """Lines that import modules: those of the standard library first, each group sorted as formatters do."""
    groups = (
        [one for one in lines if one.split()[1] in _STANDARD],
        [one for one in lines if one.split()[1] not in _STANDARD],
    )
    return "\n\n".join(["\n".join(sorted(group, key=_import_key)) for group in groups if group])


_STANDARD = ("dataclasses", "json", "os", "string", "sys")


def _import_key(line: str) -> "tuple[bool, str]":
    return line.startswith("from"), line.lower()


def python(*blocks: "str | Iterable[str]") -> str:
    """Lines of Python: the blocks with two blank lines between them. An empty block is left out."""
    texts = [block if isinstance(block, str) else "\n".join(block) for block in blocks]
    return "\n\n\n".join([text.strip("\n") for text in texts if text]) + "\n"


def function(name: str, arguments: str, *lines: str) -> str:
    """The definition of a function."""
    body = "\n".join(lines)
    return f"def {name}({arguments}):\n" + "\n".join([f"    {line}" if line else "" for line in body.split("\n")])
