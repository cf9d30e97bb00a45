"""How `--help` is laid out: every line fits the terminal, and paragraphs and examples are wrapped to its width."""

import re
from argparse import PARSER, HelpFormatter
from shutil import get_terminal_size
from textwrap import fill, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action

# Longer lines are hard to read, also on a wide terminal.
_WIDEST = 100
_LONGEST_COMMAND = 36


class HelpPage(HelpFormatter):
    """The page of a parser, at most as wide as the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(get_terminal_size().columns, _WIDEST) - 2)

    def add_argument(self, action: "Action") -> None:
        """Leave room for the names of subcommands.

        argparse forgets that they are indented further than other arguments, and would break the line after the
        longest name.
        """
        super().add_argument(action)
        longest = max(map(len, action.choices or ()), default=0) if action.nargs == PARSER else 0
        self._action_max_length = max(self._action_max_length, longest + 2 * self._indent_increment)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Wrap each paragraph. Indented lines are examples: a command, and after two blanks what it does."""
        return "\n\n".join([_paragraph(part, width, indent) for part in text.strip("\n").split("\n\n")])


def _paragraph(text: str, width: int, indent: str) -> str:
    title, *lines = text.split("\n")
    if not lines or not lines[0].startswith("  "):
        return fill(" ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent)
    examples = [(*re.split(r" {2,}", line.strip(), maxsplit=1), "")[:2] for line in lines]
    start = min(max([len(command) for command, _ in examples]), _LONGEST_COMMAND, width // 2) + 4
    return "\n".join([title, *[line for command, what in examples for line in _example(command, what, start, width)]])


def _example(command: str, what: str, start: int, width: int) -> list[str]:
    """The lines of an example. What it does stands beside the command if that fits, else below."""
    first = f"  {command}"
    explained = wrap(what, max(width - start, 20))
    if explained and len(first) + 2 <= start:
        first = first.ljust(start) + explained.pop(0)
    return [first, *[" " * start + line for line in explained]]
