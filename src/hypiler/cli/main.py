"""The command line: arguments to calls, findings to exit codes. Each command's module is imported when it runs."""

import argparse
import gc
import sys
from argparse import ArgumentError, ArgumentParser, HelpFormatter
from errno import ENOENT

from hypiler.cli.streams import (
    ENVIRONMENT,
    OK,
    has_no_reader,
    prepare_streams,
    print_error,
    redirect_to_devnull,
    usage_error,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action, Namespace
    from collections.abc import Iterable
    from signal import SIG_DFL, SIGTERM, signal
    from typing import Any, NoReturn
else:
    # The C module: `signal` itself first makes enums of all signals.
    from _signal import SIG_DFL, SIGTERM, signal

# The commands in the order in which a project needs them, with the line that `hypiler --help` shows for each.
COMMANDS = {
    "init": "start a registry in a project, new or old",
    "build": "compile models.json into a typed module",
    "check": "report everything that is wrong with a registry",
    "explain": "explain the code of a finding, or a field of models.json",
    "list": "list the models of a registry",
    "show": "show all facts about one model",
    "compare": "compare models side by side, and say whether their vectors share a space",
    "diff": "compare two versions of a registry, and say what each change breaks",
    "coverage": "count by field how the facts of a registry are known",
    "licenses": "list the licences of the models, and what a policy says of them",
    "sbom": "write a bill of materials of a registry, as CycloneDX or SPDX",
    "ddl": "print the table, collection or index of a vector store that fits a model",
    "snippet": "print the code or the command that runs a model in a runtime",
    "encode": "encode a corpus of Parquet files, with a restart after any interruption",
    "verify": "compare every fact with the models' own files",
    "pin": "record the commit and the sums of the models' files",
    "add": "draft the entry of a model from its own files",
    "adopt": "find what a code base says of models by hand, and draft a registry from it",
    "migrate": "draft models.json from a registry of the Rust original",
    "import": "draft a registry from the table of another package, or from CSV or JSON",
    "outdated": "list the pins that are behind their repositories",
    "docs": "write MODELS.md, the documentation of a registry, or a page of HTML",
    "completion": "print a script that completes commands in a shell",
    "schema": "print the JSON Schema of models.json or of an output",
}


_HELP = ("-h", "--help")
_WITHOUT_COMMAND = (*_HELP, "-V", "--version")


def main(argv: "list[str] | None" = None) -> int:
    """Run one command and return the exit code.

    0: clean. 1: findings, or stale outputs. 2: wrong use. 3: the environment, such as a full disk. 4: the network.
    130 and 143: ended by SIGINT or SIGTERM; every output is then either unchanged or complete.
    """
    arguments = sys.argv[1:] if argv is None else argv
    code = OK
    prepare_streams()
    collecting = gc.isenabled()
    # A command ends before its garbage matters, and a collection visits every model again.
    gc.disable()
    try:
        code = _run_in_order(arguments)
        sys.stdout.flush()
    except OSError as error:
        if not has_no_reader(error):
            return _environment_error(error)
        redirect_to_devnull(sys.stdout)
    except MemoryError:
        print_error("not enough memory")
        return ENVIRONMENT
    except RecursionError:
        print_error("a path or a value is nested too deep")
        return ENVIRONMENT
    except KeyboardInterrupt:
        return 130
    finally:
        # The process of a command ends now: Python would collect garbage once more.
        if collecting and argv is not None:
            gc.enable()
    return code


def _environment_error(error: OSError) -> int:
    """Print one line about a file or a stream; the exit code."""
    from hypiler.diagnostics.escaping import printable

    if error.errno is None or error.filename is not None:
        print_error(printable(str(error)))
    elif error.errno == ENOENT:
        # Only the current folder has neither a name nor an open file.
        print_error("the current folder does not exist any more")
    else:
        print_error(f"cannot write the output: {error.strerror}")
        redirect_to_devnull(sys.stdout)
    return ENVIRONMENT


def _run_in_order(arguments: list[str]) -> int:
    """Run one command. SIGTERM ends it as an exception would, so that temporary files are removed."""
    try:
        previous = signal(SIGTERM, _terminate)
    except ValueError:  # outside the main thread, signals belong to the caller
        return _run(arguments)
    try:
        return _run(arguments)
    finally:
        signal(SIGTERM, previous or SIG_DFL)


def _terminate(number: int, frame: object) -> None:
    raise SystemExit(143)


def _run(arguments: list[str]) -> int:
    options = _parsed(_asked(arguments))
    code: int = options.run(options)
    return code


def _asked(arguments: list[str]) -> list[str]:
    """The arguments, with `--help` where help is asked for in another way: by `help`, or without any argument."""
    if not arguments or arguments == ["help", "help"]:
        return ["--help"]
    return [*arguments[1:], "--help"] if arguments[0] == "help" else arguments


def _parsed(arguments: list[str]) -> "Namespace":
    """The options of a command, with its function as `run`. Ends the command for wrong use."""
    name = arguments[0]
    if name.startswith("-") and name not in _WITHOUT_COMMAND:
        raise SystemExit(usage_error(_unexpected(name, make_parser())))
    if name not in COMMANDS and not name.startswith("-"):
        from hypiler.diagnostics.escaping import did_you_mean, quote_name

        hint = did_you_mean(name, list(COMMANDS)) or "`hypiler --help` lists all"
        raise SystemExit(usage_error(f"no command {quote_name(name)}; {hint}"))
    # The other commands matter to the help alone.
    shown = [name] if name in COMMANDS else COMMANDS if name in _HELP else ()
    options, rest = make_parser(shown).parse_known_args(arguments)
    if rest:
        raise SystemExit(usage_error(_unexpected(rest[0], options.parser)))
    return options


def _unexpected(word: str, parser: "_Parser") -> str:
    """The message about an argument that a command does not take."""
    from hypiler.diagnostics.escaping import did_you_mean, quote_name

    name = word.partition("=")[0]
    is_option = name.startswith("-")
    hint = did_you_mean(name, parser.long_options()) if is_option else None
    what = "option" if is_option else "argument"
    return f"`{parser.prog}` takes no {what} {quote_name(name)}; {hint or f'see `{parser.prog} --help`'}"


def _unmeasured(prog: str) -> HelpFormatter:
    """A formatter for a page of some width.

    argparse creates a formatter to check each argument. By default each of them asks `shutil` for the width of the
    terminal, and `shutil` loads three compression libraries.
    """
    return HelpFormatter(prog, width=80)


class _Parser(ArgumentParser):
    """A parser whose errors are one line, without control characters. Only its help measures the terminal."""

    def long_options(self) -> list[str]:
        """All options such as `--format`, for suggestions."""
        return [option for option in self._option_string_actions if option.startswith("--")]

    def format_help(self) -> str:
        from hypiler.cli.help_page import HelpPage

        # An assignment would declare the attribute once more, for this class, and with the type of this value.
        vars(self)["formatter_class"] = HelpPage
        return super().format_help()

    def error(self, message: str) -> "NoReturn":
        from hypiler.diagnostics.escaping import printable

        hint = "" if message.endswith("?") else f"; see `{self.prog} --help`"
        raise SystemExit(usage_error(printable(message) + hint))

    def _check_value(self, action: "Action", value: object) -> None:
        """Suggest the nearest choice for a mistyped one, which argparse only does since Python 3.14."""
        if action.choices is None or value in action.choices:
            return
        from hypiler.diagnostics.escaping import did_you_mean, quote_value

        choices = [str(choice) for choice in action.choices]
        near = did_you_mean(str(value), choices)
        message = f"must be one of {', '.join(choices)}; got {quote_value(value)}"
        raise ArgumentError(action, message + (f"; {near}" if near else ""))


def make_parser(names: "Iterable[str]" = COMMANDS) -> _Parser:
    """The parser of some commands, by default of all; most of its cost is in the commands."""
    # argparse looks for translations of its words. There are none, and the search loads `locale`.
    names_there: dict[str, Any] = argparse.__dict__  # pyright: ignore[reportAssignmentType]
    translate = names_there["_"]
    names_there["_"] = str
    try:
        return _make_parser(names)
    finally:
        names_there["_"] = translate


def _make_parser(names: "Iterable[str]") -> _Parser:
    import hypiler

    parser = _Parser(
        prog="hypiler",
        description="The compiler for model metadata: models.json becomes a typed Python module.",
        epilog="`hypiler help COMMAND` shows the options of a command, with examples.",
        formatter_class=_unmeasured,
    )
    version = f"hypiler {hypiler.__version__}"
    parser.add_argument("-V", "--version", action="version", version=version, help="show the version and exit")
    # With a `prog`, argparse does not format a usage line for it.
    commands = parser.add_subparsers(metavar="COMMAND", required=True, prog="hypiler")
    for name in names:
        # Not by `importlib`, whose own import takes longer than that of a command.
        module = __import__(f"hypiler.cli.{name}", fromlist=[name])
        command = commands.add_parser(
            name,
            help=COMMANDS[name],
            description=COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".",
            epilog=module.EXAMPLES,
            formatter_class=_unmeasured,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run, parser=command)
    return parser
