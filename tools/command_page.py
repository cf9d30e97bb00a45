"""Makes docs/reference/commands.md from the parser of the command line, so that the page shows what `--help` prints.

The page does not copy the printed help. Its layout depends on the terminal and on the version of Python.
"""

from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Iterator

from hypiler.cli.main import COMMANDS, make_parser

_OPENING = """\
<!-- Made from the help of each command by tools/refresh.py. -->
# Commands

`hypiler help COMMAND` prints the part of one command. `hypiler --version` prints the version. All commands share their
[exit codes](../troubleshooting.md#exit-codes), and those that print JSON are described in
[JSON output](../json-output.md).
"""


def emit_commands() -> str:
    """A table of all commands, then a part per command: usage, arguments, options and examples."""
    rows = [f"| [`hypiler {name}`](#hypiler-{name}) | {_cell(what)} |" for name, what in COMMANDS.items()]
    table = "\n".join(["| command | what it does |", "|---|---|", *rows])
    parts = [_part(parser) for parser in _parsers().values()]
    return "\n\n".join([_OPENING.rstrip(), table, *parts]) + "\n"


def _parsers() -> dict[str, ArgumentParser]:
    """The parser of each command. argparse has no public way from a parser to its commands."""
    (commands,) = make_parser()._subparsers._group_actions  # type: ignore[union-attr]
    return dict(commands.choices)  # type: ignore[arg-type]


def _part(parser: ArgumentParser) -> str:
    """The heading of a command with everything below it."""
    description = "\n\n".join([_text(part) for part in (parser.description or "").split("\n\n")])
    examples = (parser.epilog or "").partition("\n")[2]
    lines = "\n".join([line.removeprefix("  ") for line in examples.rstrip().splitlines()])
    return "\n\n".join(
        [
            f"## {parser.prog}",
            description,
            f"```text\n{_usage(parser)}\n```",
            *_tables(parser),
            f"Examples:\n\n```text\n{lines}\n```",
        ]
    )


def _usage(parser: ArgumentParser) -> str:
    """The command with its required options and its arguments."""
    shown = [action for action in parser._actions if action.help != SUPPRESS]
    needed = [f"{action.option_strings[-1]} {_value(action)}" for action in shown if _is_needed_option(action)]
    arguments = [_argument(action) for action in shown if not action.option_strings]
    return " ".join([parser.prog, *needed, "[OPTIONS]", *arguments])


def _is_needed_option(action: Action) -> bool:
    return bool(action.option_strings) and action.required


def _argument(action: Action) -> str:
    """A positional argument as a usage line shows it."""
    name = _value(action)
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}.get(str(action.nargs), name)


def _tables(parser: ArgumentParser) -> Iterator[str]:
    """A table per group of arguments, without `--help`, which every command has."""
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if action.help != SUPPRESS and action.dest != "help"]
        if not actions:
            continue
        kind = "option" if actions[0].option_strings else "argument"
        if group.title not in ("positional arguments", "options"):
            yield ". ".join([_sentence(text) for text in (group.title, group.description) if text]) + "."
        rows = [f"| `{_cell(_names(action))}` | {_cell(_help(action))} |" for action in actions]
        yield "\n".join([f"| {kind} | meaning |", "|---|---|", *rows])


def _names(action: Action) -> str:
    """An argument, or all names of an option with its value."""
    if not action.option_strings:
        return _value(action)
    names = ", ".join(action.option_strings)
    value = _value(action)
    if action.nargs == 0 or not value:
        return names
    return f"{names} [{value}]" if action.nargs == "?" else f"{names} {value}"


def _value(action: Action) -> str:
    """The name of the value that an argument takes, or the only values of an option without such a name."""
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else ""


def _help(action: Action) -> str:
    text = action.help or ""
    return f"{text} (can be repeated)" if _repeats(action) and "repeated" not in text else text


def _repeats(action: Action) -> bool:
    return type(action).__name__ == "_AppendAction"


def _text(text: str) -> str:
    """A paragraph on one line, whose signs are no Markdown."""
    return " ".join(text.split()).replace("<", "&lt;")


def _sentence(text: str) -> str:
    return _text(text[0].upper() + text[1:])


def _cell(text: str) -> str:
    """The text of a cell of a table."""
    return _text(text).replace("|", "\\|")
