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
    parser.add_argument("shell", choices=SHELLS)


def run(options: "Namespace") -> int:
    """Print the script, which knows the commands and ids of this version."""
    from hypiler.cli.main import make_parser
    from hypiler.cli.report import usage_error
    from hypiler.cli.streams import ENVIRONMENT, OK

    try:
        import shtab
    except ImportError:
        usage_error("shtab is missing: python -m pip install 'hypiler[completion]'")
        return ENVIRONMENT
    parser = make_parser()
    _add_choices(parser)
    print(shtab.complete(parser, options.shell))
    return OK


def _add_choices(parser: "Any") -> None:
    """Say what the arguments of each command may be: the parser that runs a command need not know."""
    import shtab

    from hypiler.model_registry import MODELS
    from hypiler.verification.rule_sets import all_codes

    choices = {"id": list(MODELS), "model": list(MODELS), "code": list(all_codes())}
    kinds = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
    # argparse has no public way from a parser to its arguments.
    (commands,) = parser._subparsers._group_actions
    actions: list[Any] = [action for command in commands.choices.values() for action in command._actions]
    for action in actions:
        if action.dest in choices:
            action.choices = choices[action.dest]
        elif action.metavar in kinds:
            action.complete = kinds[action.metavar]
