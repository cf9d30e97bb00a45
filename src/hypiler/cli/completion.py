"""`hypiler completion`: a script that completes commands, options, ids and codes in a shell."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

SHELLS = ("bash", "zsh", "tcsh")
EXAMPLES = """examples:
  hypiler completion bash > ~/.local/share/bash-completion/completions/hypiler
  hypiler completion zsh > ~/.zfunc/_hypiler
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")


def run(options: "Namespace") -> int:
    """Print the script, which knows the commands of this version and the ids of its shipped registry."""
    from hypiler.cli.main import make_parser
    from hypiler.cli.streams import ENVIRONMENT, OK, print_error

    try:
        import shtab
    except ImportError:
        print_error("shtab is missing: python -m pip install 'hypiler[completion]'")
        return ENVIRONMENT
    parser = make_parser()
    _add_choices(parser)
    print(shtab.complete(parser, options.shell))
    return OK


def _add_choices(parser: "Any") -> None:
    """Add the possible values of arguments, which the parser that runs a command does not need."""
    import shtab

    from hypiler.registry.registry import Registry
    from hypiler.verification.rule_sets import all_codes

    ids = list(Registry.shipped().ids)
    choices = {"id": ids, "model": ids, "code": list(all_codes())}
    completers = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
    # argparse has no public way from a parser to its arguments.
    (commands,) = parser._subparsers._group_actions
    actions: list[Any] = [action for command in commands.choices.values() for action in command._actions]
    for action in actions:
        if action.dest in choices:
            action.choices = choices[action.dest]
        elif action.metavar in completers:
            action.complete = completers[action.metavar]
