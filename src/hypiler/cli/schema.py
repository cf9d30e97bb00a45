"""`hypiler schema`: the JSON Schema of models.json."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler schema > models.schema.json    then "$schema": "./models.schema.json" in models.json
  hypiler schema --format markdown       the same fields as tables to read
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("--format", choices=["json", "markdown"], default="json", help="default: json")


def run(options: "Namespace") -> int:
    """Print the schema, or its reference for people."""
    from hypiler.cli.streams import OK

    if options.format == "markdown":
        from hypiler.emit.field_reference import emit_reference

        print(emit_reference(), end="")
    else:
        from hypiler.emit.json_schema import emit_json_schema

        print(emit_json_schema(), end="")
    return OK
