"""Reads the small JSON files of a model, as strictly as models.json and with a lower limit of size."""

from hypiler.jsontext.reader import read_source
from hypiler.model_files.facts import ModelFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.diagnostics.finding import Finding
    from hypiler.jsontext.json_types import JSONValue

MAX_BYTES = 16 << 20
"""No such file of a model comes near this; a larger one is not read."""

# transformers writes 10**30 for "no limit". The reader puts 0 in its place, which no field of a model can be.
_TOO_LARGE = "M006"


def read_object(data: bytes) -> "dict[str, Any]":
    """The JSON object that a file holds. Raises ModelFileError."""
    value = read_json(data)
    if not isinstance(value, dict):
        raise ModelFileError("the file must hold a JSON object")
    return value


def read_array(data: bytes) -> "list[Any]":
    """The JSON array that a file holds. Raises ModelFileError."""
    value = read_json(data)
    if not isinstance(value, list):
        raise ModelFileError("the file must hold a JSON array")
    return value


def read_json(data: bytes) -> "JSONValue":
    """What a file holds. Raises ModelFileError."""
    if len(data) > MAX_BYTES:
        raise ModelFileError(f"the file must have at most {MAX_BYTES >> 20} MiB; found more")
    source, findings = read_source(data, "")
    collector = [finding for finding in findings if finding.code != _TOO_LARGE]
    if collector or source is None:
        raise ModelFileError(format_finding(collector[0]))
    return source.value


def format_finding(finding: "Finding") -> str:
    """A fault of a JSON file with its place, if it has one."""
    place = f"line {finding.line}, column {finding.column}: " if finding.line else ""
    return place + finding.message


def positive(value: "JSONValue") -> int | None:
    """A number that can be a width, a length or a count."""
    return value if type(value) is int and value > 0 else None


def text(value: "JSONValue") -> str | None:
    """A string, empty or not."""
    return value if isinstance(value, str) else None


def mapping(value: "JSONValue") -> "dict[str, Any]":
    """An object, or an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def words(value: "JSONValue") -> list[str]:
    """The strings of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
