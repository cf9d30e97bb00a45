"""Rewrites a page as GitHub shows it into Markdown that Zensical shows in the same way."""

import re

# A fence, its language, and what stands after the language.
_INFO = re.compile(r"\A( *)(```+)([\w+-]+) ([^`\n]+)$", re.MULTILINE)
_FENCE = re.compile(r"```+")
_ITEM = re.compile(r"(?:[-*+]|\d+[.)]) +(?=\S)")
FENCED = re.compile(r"^ *(```+).*?^ *\1$", re.DOTALL | re.MULTILINE)
"""A whole code block."""


def site_text(text: str) -> str:
    """A page as Zensical understands it."""
    return _indented(FENCED.sub(_code, text))


def _code(block: re.Match[str]) -> str:
    """A code block. The highlighter takes a line of output that begins with `#` for a command of root."""
    text = _INFO.sub(_titled, block[0])
    return text.replace("```console\n", "```text\n", 1) if "\n#" in text else text


def _titled(info: re.Match[str]) -> str:
    """The first line of a code block with the file name as its title. Other words, as in `py store`, are for tests."""
    indent, fence, language, words = info.groups()
    title = f' title="{words.strip()}"' if re.search(r"[./]", words) else ""
    return f"{indent}{fence}{language}{title}"


def _indented(text: str) -> str:
    """The text with what belongs to an item of a list four blanks further in than the item.

    GitHub wants the width of the item's marker instead: two blanks after `- `, three after `1. `. On GitHub, the next
    item ends a paragraph of the item before it; here, a blank line must stand between them.
    """
    lines = [""]
    widths: list[int] = []
    fence = ""
    in_paragraph = False
    for line in text.split("\n"):
        stripped = line.lstrip(" ")
        indent = len(line) - len(stripped)
        item = None if fence else _ITEM.match(stripped)
        if not fence and stripped and (item or not lines[-1]):
            while widths and indent < widths[-1]:
                widths.pop()
        if item and in_paragraph and lines[-1]:
            lines.append("")
        in_paragraph = bool(stripped and widths) and not item and (in_paragraph or not lines[-1])
        own = max(indent - (widths[-1] if widths else 0), 0)
        lines.append(" " * (4 * len(widths) + own) + stripped if stripped else "")
        if item:
            widths.append(indent + len(item[0]))
        elif opened := _FENCE.match(stripped):
            fence = opened[0] if not fence else "" if stripped.startswith(fence) else fence
    return "\n".join(lines[1:])
