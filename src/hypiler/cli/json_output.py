"""What `--json` prints: one object with the version of its shape. `hypiler.cli.output_schemas` describes the shapes."""

import sys
from json import dumps

from hypiler.cli.streams import write_text
from hypiler.diagnostics.formats import JSON_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_document(**parts: "Any") -> None:
    """Print the one document of a command; nothing else may stand on standard output."""
    write_text(dumps({"version": JSON_VERSION, **parts}, indent=2), sys.stdout)


def error_record(error: Exception | None) -> "dict[str, str] | None":
    """Why a model could not be read."""
    return None if error is None else {"kind": type(error).__name__, "message": str(error)}
