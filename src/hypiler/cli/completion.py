"""`hypiler completion`: a script that completes commands, options, ids and codes in a shell."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

_EXTRA = "hypiler[completion]"
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")
EXAMPLES = """examples:
  hypiler completion bash > ~/.local/share/bash-completion/completions/hypiler
  hypiler completion zsh > ~/.zfunc/_hypiler
  hypiler completion fish > ~/.config/fish/completions/hypiler.fish
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")


def run(options: "Namespace") -> int:
    """Print the script, which knows the commands of this version and the ids of its shipped registry."""
    from hypiler._missing import missing_library, remedy
    from hypiler.cli.main import make_parser
    from hypiler.cli.streams import ENVIRONMENT, OK, print_error

    try:
        import shtab
    except ImportError as error:
        print_error(missing_library(error, _EXTRA))
        return ENVIRONMENT
    if options.shell not in shtab.SUPPORTED_SHELLS:
        print_error(f"shtab is too old for {options.shell}: {remedy(_EXTRA, upgrade=True)}")
        return ENVIRONMENT
    parser = make_parser()
    _add_choices(parser)
    print(shtab.complete(parser, options.shell))
    return OK


def _add_choices(parser: "Any") -> None:
    """Add what the parser that runs a command does not need: the possible values of arguments, and short summaries."""
    import shtab

    from hypiler.cli.main import COMMANDS

    # argparse has no public way from a parser to its arguments.
    (commands,) = parser._subparsers._group_actions
    for name, command in commands.choices.items():
        command.description = COMMANDS[name]
    commands.add_parser("help", help="show the help of a command").add_argument("command", choices=[*COMMANDS])
    choices = _choices()
    completers = {"FILE": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
    actions: list[Any] = [action for command in commands.choices.values() for action in command._actions]
    for action in actions:
        if key := next((key for key in (action.dest, action.metavar) if key in choices), None):
            action.choices = choices[key]
        elif action.metavar in completers:
            action.complete = completers[action.metavar]


def _choices() -> dict[str, list[str]]:
    """The values of arguments by their metavar, or by the name of an option whose metavar says less.

    They are those of the shipped registry where they depend on one. Organizations are not offered: most of their names
    have blanks, which the scripts of several shells take for the end of a word.
    """
    from hypiler.registry.registry import Registry
    from hypiler.schema.license_expressions import HUB_LICENSES
    from hypiler.schema.vocabulary import MODALITIES, MODEL_TYPES
    from hypiler.verification.rule_sets import all_codes

    codes, shipped = [*all_codes()], Registry.shipped(hosted=True)
    return {
        "ID": [name for model in shipped for name in (model.id, *model.aliases, *model.former_ids)],
        "CODE": codes,
        "RULES": codes,
        "type": [*MODEL_TYPES],
        "license": sorted({*HUB_LICENSES, *[model.license for model in shipped if model.license]}),
        "modality": [*MODALITIES],
        "language": sorted({tag for model in shipped for tag in model.languages}),
    }
