"""Pieces of a stub's text: types and unions of words, split into lines where they are long."""

from functools import cache

from hypiler.emit.python.literals import quoted

WIDTH = 88  # the line length that formatters assume by default


@cache
def _nested(outer: "tuple[str, ...]", dims: "tuple[int, ...]") -> str:
    return f"{'['.join(outer)}[{', '.join([str(dim) for dim in dims])}{']' * len(outer)}"


def typed(before: str, nested: "tuple[str, ...]", dims: "tuple[int, ...]", after: str = "") -> str:
    """`before` + `Final[ModelInfo[Literal[64, 96]]]` + `after`, split into lines as formatters do if it is too long."""
    line = before + _nested(nested, dims) + after
    if len(line) <= WIDTH:
        return line
    inner = ", ".join([str(dim) for dim in dims])
    indent = " " * (len(before) - len(before.lstrip(" ")))
    deeper = indent + "    "
    outermost, *others = nested
    if others:
        inner = typed(deeper, tuple(others), dims)
    elif len(deeper + inner) <= WIDTH:
        inner = deeper + inner
    else:
        inner = "\n".join([f"{deeper}{dim}," for dim in dims])
    return f"{before}{outermost}[\n{inner}\n{indent}]{after}"


def choice(name: str, words: list[str]) -> str:
    """A type alias for the union of some words."""
    line = f"{name}: TypeAlias = Literal[{quoted(words[0])}]\n"
    if len(words) == 1 and len(line) <= WIDTH:
        return line
    lines = "".join([f"    {quoted(word)},\n" for word in words])
    return f"{name}: TypeAlias = Literal[\n{lines}]\n"
