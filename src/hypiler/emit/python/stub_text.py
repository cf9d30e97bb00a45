"""Pieces of a stub's text: types and unions of words, split into lines where they are long."""

from functools import cache

from hypiler.emit.python.literals import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 88  # the line length that formatters assume by default


def literal_dims(widths: "Sequence[int]") -> "tuple[int, ...]":
    """The widths that a type lists; empty for a range, which types cannot list: there it is any `int`."""
    return () if isinstance(widths, range) else tuple(widths)


@cache
def _nested(outer: "tuple[str, ...]", dims: "tuple[int, ...]") -> str:
    if not dims:
        return f"{'['.join([*outer, 'int'])}{']' * len(outer)}"
    return f"{'['.join([*outer, 'Literal'])}[{', '.join([str(dim) for dim in dims])}]{']' * len(outer)}"


def typed(before: str, nested: "tuple[str, ...]", dims: "tuple[int, ...]", after: str = "") -> str:
    """`before` + `Final[ModelInfo[Literal[64, 96]]]` + `after`, split into lines as formatters do if it is too long.

    Without dims, any width is accepted: `Final[ModelInfo[int]]`.
    """
    line = before + _nested(nested, dims) + after
    if len(line) <= WIDTH or not (nested or dims):
        return line
    indent = " " * (len(before) - len(before.lstrip(" ")))
    deeper = indent + "    "
    if nested:
        outermost, *others = nested
        inner = typed(deeper, tuple(others), dims)
    else:
        outermost, inner = "Literal", deeper + ", ".join([str(dim) for dim in dims])
        if len(inner) > WIDTH:
            inner = "\n".join([f"{deeper}{dim}," for dim in dims])
    return f"{before}{outermost}[\n{inner}\n{indent}]{after}"


def choice(name: str, words: list[str]) -> str:
    """A type alias for the union of some words."""
    line = f"{name}: TypeAlias = Literal[{quoted(words[0])}]\n"
    if len(words) == 1 and len(line) <= WIDTH:
        return line
    lines = "".join([f"    {quoted(word)},\n" for word in words])
    return f"{name}: TypeAlias = Literal[\n{lines}]\n"
