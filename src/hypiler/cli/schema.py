"""`hypiler schema`: the JSON Schema of models.json, or of what a command prints with `--json`."""

import os
import sys

from hypiler.cli.one_target import add_target_arguments, run_target
from hypiler.cli.output_schemas import OUTPUTS, emit_output_schema, emit_output_table
from hypiler.cli.report import LINES, project_root
from hypiler.cli.streams import OK, usage_error
from hypiler.emit.targets import TARGETS
from hypiler.project.options import OptionsError, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler schema > models.schema.json    then "$schema": "./models.schema.json" in models.json
  hypiler schema --format markdown       the same fields as tables to read
  hypiler schema --of list               the schema of what `hypiler list --json` prints
  hypiler schema --out models.schema.json   write a file that later builds may replace
  hypiler schema                         the same, where `targets` of [tool.hypiler] has `schema`
"""
_PRINTED = ("json", "markdown")


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    add_target_arguments(parser, "schema")
    parser.add_argument(
        "--format",
        choices=[*_PRINTED, *LINES],
        metavar="FORMAT",
        help="json, markdown: how the schema is printed; text, concise, github: how findings are shown",
    )
    about = f"print the schema of an output instead: {', '.join(OUTPUTS)}"
    parser.add_argument("--of", metavar="OUTPUT", choices=OUTPUTS, help=about)
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="findings that text shows; 0 shows all")
    parser.add_argument("--strict", action="store_true", help="let warnings count as errors")


def run(options: "Namespace") -> int:
    """Print the schema, or its reference for people, or write the file that the project has for it."""
    if options.of is not None:
        return _print_output_schema(options)
    if options.format in _PRINTED or not _is_written(options):
        return _print(options.format)
    options.format = options.format or "text"
    if not (options.files or options.out or options.project is not None or _has_path(options)):
        # Without --out, the command that repairs would print.
        options.out = os.path.join(project_root(options), TARGETS["schema"].default_path)
    return run_target(options, "schema")


def _print_output_schema(options: "Namespace") -> int:
    """The shape of an output: it is the same in every project."""
    if options.files or options.out or options.check or options.diff or options.project is not None:
        return usage_error("--of only prints: it cannot be combined with FILE, --out, --project, --check or --diff")
    if options.format not in (None, *_PRINTED):
        return usage_error(f"--of prints json or markdown, not {options.format}")
    print(emit_output_table(options.of) if options.format == "markdown" else emit_output_schema(options.of), end="")
    return OK


def _is_written(options: "Namespace") -> bool:
    """Whether the schema goes to a file: one that is named, or one that the project's options name."""
    if options.files or options.out or options.check or options.diff or options.project is not None:
        return True
    return _has_path(options)


def _has_path(options: "Namespace") -> bool:
    """Whether the options of the project name a file for the schema."""
    try:
        return any(one.path_of("schema") for one in read_options(project_root(options)).registries)
    except (OptionsError, OSError):
        return False


def _print(format: str | None) -> int:
    if format == "markdown":
        from hypiler.emit.field_reference import emit_reference

        print(emit_reference(), end="")
    else:
        from hypiler.emit.json_schema import emit_json_schema

        print(_printed(emit_json_schema()), end="")
    return OK


def _printed(text: str) -> str:
    """JSON as standard output can carry it: in an encoding other than UTF-8, only ASCII is the same."""
    if (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8":
        return text
    from json import dumps

    return "".join([character if character.isascii() else dumps(character)[1:-1] for character in text])
