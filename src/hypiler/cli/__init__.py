"""The command line: arguments to calls, findings to exit codes. Each command's module is imported when it runs."""

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

OK = 0
FINDINGS = 1
USAGE = 2
ENVIRONMENT = 3

# The commands in the order of a project's life, with the line that `hypiler --help` shows for each.
COMMANDS = {
    "build": "compile models.json into a typed module",
    "check": "report everything that is wrong with models.json",
    "list": "list the models of the shipped registry",
    "show": "show all facts about one model",
    "schema": "print the JSON Schema of models.json",
}


def main(argv: "list[str] | None" = None) -> int:
    """Run one command; the exit code. 0 clean, 1 findings, 2 wrong use, 3 the environment (disk, permission)."""
    arguments = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A console that cannot show a character is no fault.
            reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `| head`; keep the interpreter from complaining again at exit.
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        from hypiler.diagnostics.text import printable

        print(f"hypiler: {printable(str(error))}", file=sys.stderr)
        return ENVIRONMENT
    except KeyboardInterrupt:
        return 130
    return code


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
