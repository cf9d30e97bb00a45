"""`hypiler schema`: the JSON Schema of models.json."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler schema > models.schema.json    then "$schema": "./models.schema.json" in models.json
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The command has no arguments."""


def run(options: "Namespace") -> int:
    """Print the schema."""
    from hypiler.cli import OK
    from hypiler.emit.json_schema import emit_json_schema

    print(emit_json_schema(), end="")
    return OK
