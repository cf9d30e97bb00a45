"""The command line: arguments to calls, findings to exit codes. Each command's module is imported when it runs."""

import gc
import sys

from hypiler.cli.streams import ENVIRONMENT, OK, prepare_streams, print_error, redirect_to_devnull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from signal import SIG_DFL, SIGTERM, signal
else:
    # Its C part: the module itself would first make enums of every signal there is.
    from _signal import SIG_DFL, SIGTERM, signal

# The commands in the order of a project's life, with the line that `hypiler --help` shows for each.
COMMANDS = {
    "init": "start a registry in a project, new or old",
    "build": "compile models.json into a typed module",
    "check": "report everything that is wrong with models.json",
    "explain": "explain the code of a finding",
    "list": "list the models of the shipped registry",
    "show": "show all facts about one model",
    "verify": "compare every fact with the models' own files",
    "add": "draft the entry of a model from its own files",
    "outdated": "list the pins that are behind their repositories",
    "docs": "write MODELS.md, the documentation of a registry",
    "completion": "print a script that completes commands in a shell",
    "schema": "print the JSON Schema of models.json",
}


def main(argv: "list[str] | None" = None) -> int:
    """Run one command; the exit code.

    0 clean, 1 findings, 2 wrong use, 3 the environment (disk, permission), 4 the network. 130 and 143 after SIGINT and
    SIGTERM, with every output as it was or whole.
    """
    arguments = sys.argv[1:] if argv is None else argv
    code = OK
    prepare_streams()
    try:
        code = _run_in_order(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `| head`.
        redirect_to_devnull(sys.stdout)
    except OSError as error:
        from hypiler.diagnostics.escaping import printable

        # Errors of files say which file; what has a number and no file is the standard output.
        if error.errno is None or error.filename is not None:
            print_error(printable(str(error)))
        else:
            print_error(f"cannot write the output: {error.strerror}")
            redirect_to_devnull(sys.stdout)
        return ENVIRONMENT
    except KeyboardInterrupt:
        return 130
    return code


def _run_in_order(arguments: list[str]) -> int:
    """Run one command, which SIGTERM ends as an exception would: temporary files are removed on the way."""
    try:
        previous = signal(SIGTERM, _terminate)
    except ValueError:  # not in the main thread: signals are the caller's
        return _run(arguments)
    try:
        return _run(arguments)
    finally:
        signal(SIGTERM, previous or SIG_DFL)


def _terminate(number: int, frame: object) -> None:
    raise SystemExit(143)


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    parser = make_parser(only=name if name in COMMANDS else None)
    options = parser.parse_args(arguments)
    collecting = gc.isenabled()
    # A command ends before its garbage matters, and collecting would look again and again at every model.
    gc.disable()
    try:
        code: int = options.run(options)
    finally:
        if collecting:
            gc.enable()
    return code


def make_parser(only: "str | None" = None) -> "ArgumentParser":
    """The parser of all commands, or, since most of its cost is in them, of the one that will run."""
    from argparse import ArgumentParser, RawDescriptionHelpFormatter
    from importlib import import_module

    import hypiler

    parser = ArgumentParser(
        prog="hypiler",
        description="The compiler for model metadata: models.json becomes a typed Python module.",
        epilog="`hypiler COMMAND --help` shows the options of a command, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"hypiler {hypiler.__version__}")
    # Named here, or argparse would build a usage line for it and load half of shutil.
    commands = parser.add_subparsers(metavar="COMMAND", required=True, prog="hypiler")
    for name in COMMANDS if only is None else [only]:
        module = import_module(f"hypiler.cli.{name}")
        command = commands.add_parser(
            name,
            help=COMMANDS[name],
            description=COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".",
            epilog=module.EXAMPLES,
            formatter_class=RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
