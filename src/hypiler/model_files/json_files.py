"""Reads the small JSON files of a model: what the libraries read, and nothing that can be read in two ways.

The libraries use Python's `json`. So `NaN` and `Infinity` are accepted, and numbers of any size, and a key that occurs
twice with one value. A key that occurs twice with two values is refused, although Python takes the last one.
"""

from hypiler.diagnostics.escaping import quote_name
from hypiler.jsontext.reader import read_source
from hypiler.model_files.facts import ModelFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.diagnostics.finding import Finding
    from hypiler.jsontext.json_types import JSONValue

MAX_BYTES = 16 << 20
"""No such file of a model comes near this; a larger one is not read."""

# transformers writes 10**30 for "no limit". The reader puts 0 in its place, and null in that of NaN and Infinity: no
# field of a model can have these values.
_ACCEPTED = ("M005", "M006")
_REPEATED = "M004"
# Keys that change no vector: files that were merged by hand may have two of them.
_HARMLESS = frozenset(
    {"__version__", "_name_or_path", "_commit_hash", "dtype", "torch_dtype", "transformers_version", "use_cache"}
)


def read_object(data: bytes, *, strict: bool = False) -> "dict[str, Any]":
    """The JSON object that a file holds; if `strict`, nothing that JSON does not have. Raises ModelFileError."""
    value = read_json(data, strict=strict)
    if not isinstance(value, dict):
        raise ModelFileError("the file must hold a JSON object")
    return value


def read_array(data: bytes) -> "list[Any]":
    """The JSON array that a file holds. Raises ModelFileError."""
    value = read_json(data)
    if not isinstance(value, list):
        raise ModelFileError("the file must hold a JSON array")
    return value


def read_json(data: bytes, *, strict: bool = False) -> "JSONValue":
    """What a file holds; if `strict`, nothing that JSON does not have. Raises ModelFileError."""
    if len(data) > MAX_BYTES:
        raise ModelFileError(f"the file must have at most {MAX_BYTES >> 20} MiB; found more")
    source, findings = read_source(data, "")
    faults = [finding for finding in findings if finding.code not in _ACCEPTED]
    if strict and (stray := [finding for finding in findings if finding.code != "M006"]):
        raise ModelFileError(format_finding(stray[0]))
    if source is None or any(finding.code != _REPEATED for finding in faults):
        raise ModelFileError(disguise(data) or format_finding(faults[0]))
    if faults:
        differing = {quote_name(key) for key in _differing_keys(source.text)}
        for finding in faults:
            if any(key in finding.message for key in differing):
                raise ModelFileError(format_finding(finding))
    return source.value


def _differing_keys(text: str) -> set[str]:
    """The keys that occur twice in one object, with two values. The text is valid JSON but for that."""
    from json import loads

    found: set[str] = set()

    def pairs(members: "list[tuple[str, Any]]") -> "dict[str, Any]":
        values: dict[str, Any] = {}
        for key, value in members:
            if values.setdefault(key, value) != value and key not in _HARMLESS:
                found.add(key)
            values[key] = value
        return values

    # Numbers as texts: 1 is not true, and no integer is too long.
    loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=str)
    return found


def disguise(data: bytes) -> str | None:
    """What a file is that should be another: the pointer of git LFS, or a web page; None if it is neither.

    `data` are at least the first eight bytes.
    """
    if data.startswith(b"version ") and b"version https://git-lfs".startswith(data[:23]):
        return "the file is a pointer of git LFS, not the file itself: run `git lfs pull`, or download it"
    if data.lstrip()[:5].lower() in (b"<html", b"<!doc"):
        return "the file is a web page (HTML), not the file itself: download it from `/resolve/`, not from `/blob/`"
    return None


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
