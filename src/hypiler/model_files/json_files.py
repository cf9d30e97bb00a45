"""Reads the small JSON files of a model: accepts what the libraries accept, but refuses what is ambiguous.

The libraries use Python's `json`. So `NaN`, `Infinity` and numbers of any size are accepted. A key may occur twice with
the same value. A key that occurs twice with different values is refused, although Python takes the last value.
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
"""The most bytes that such a file may have. Real files are far smaller."""

# transformers writes 10**30 for "no limit". The reader returns 0 for it, and null for NaN and Infinity. No field of a
# model can have these values, so they are never taken for facts.
_ACCEPTED = ("M005", "M006")
_REPEATED = "M004"
# Keys that do not change vectors. Files that were merged by hand may have them twice.
_HARMLESS = frozenset(
    {"__version__", "_name_or_path", "_commit_hash", "dtype", "torch_dtype", "transformers_version", "use_cache"}
)


def read_object(data: bytes, *, strict: bool = False) -> "dict[str, Any]":
    """The JSON object in a file; `strict` refuses NaN, Infinity and repeated keys. Raises ModelFileError."""
    value = read_json(data, strict=strict)
    if not isinstance(value, dict):
        raise ModelFileError("the file must hold a JSON object")
    return value


def read_array(data: bytes) -> "list[Any]":
    """The JSON array in a file. Raises ModelFileError."""
    value = read_json(data)
    if not isinstance(value, list):
        raise ModelFileError("the file must hold a JSON array")
    return value


def read_json(data: bytes, *, strict: bool = False) -> "JSONValue":
    """The JSON value in a file; `strict` refuses NaN, Infinity and repeated keys. Raises ModelFileError."""
    if len(data) > MAX_BYTES:
        raise ModelFileError(f"the file must have at most {MAX_BYTES >> 20} MiB; found more")
    source, findings = read_source(data, "")
    faults = [finding for finding in findings if finding.code not in _ACCEPTED]
    if strict and (stray := [finding for finding in findings if finding.code != "M006"]):
        raise ModelFileError(format_finding(stray[0]))
    if source is None or any(finding.code != _REPEATED for finding in faults):
        raise ModelFileError(disguise(data) or format_finding(faults[0]) + _remedy(faults[0]))
    if faults:
        differing = {quote_name(key) for key in _differing_keys(source.text)}
        for finding in faults:
            if any(key in finding.message for key in differing):
                raise ModelFileError(format_finding(finding))
    return source.value


def _differing_keys(text: str) -> set[str]:
    """The keys that occur twice in one object with different values. The text has no other JSON errors."""
    from json import loads

    found: set[str] = set()

    def pairs(members: "list[tuple[str, Any]]") -> "dict[str, Any]":
        values: dict[str, Any] = {}
        for key, value in members:
            if values.setdefault(key, value) != value and key not in _HARMLESS:
                found.add(key)
            values[key] = value
        return values

    # Numbers are compared as text, since 1 equals true in Python and long integers cannot be converted.
    loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=str)
    return found


def _remedy(finding: "Finding") -> str:
    """What to do about a file that ends too early; empty for other faults."""
    return ": the file is cut off, download it again" if finding.message.endswith(_TOO_EARLY) else ""


_TOO_EARLY = ("found the end of the file", "found an empty file")
# How the hub and its storage begin an answer that is not the file.
_REFUSALS = (b"Access to model", b"Entry not found", b"Invalid credentials", b"Repository not found", b"Unauthorized")


def disguise(data: bytes) -> str | None:
    """What was downloaded instead of the file: a Git LFS pointer, a web page, an error message. None if none of these.

    `data` are the first bytes of the file, at least eight.
    """
    if data.startswith(b"version ") and b"version https://git-lfs".startswith(data[:23]):
        return "the file is a Git LFS pointer, not the file itself: run `git lfs pull`, or download it"
    if data.lstrip()[:5].lower() in (b"<html", b"<!doc"):
        return "the file is a web page (HTML), not the file itself: download it from `/resolve/`, not from `/blob/`"
    if data.startswith((*_REFUSALS, b"<?xml")):
        return "the file is an error message of a server, not the file itself: download it again"
    if data and not data.strip(b"\0"):
        return "the file has only zero bytes: download it again"
    return None


def format_finding(finding: "Finding") -> str:
    """The message of a finding about a JSON file, with line and column if it has them."""
    place = f"line {finding.line}, column {finding.column}: " if finding.line else ""
    return place + finding.message


def positive(value: "JSONValue") -> int | None:
    """The value if it is a positive integer, as widths, lengths and counts are; else None."""
    return value if type(value) is int and value > 0 else None


def text(value: "JSONValue") -> str | None:
    """The value if it is a string, which may be empty; else None."""
    return value if isinstance(value, str) else None


def mapping(value: "JSONValue") -> "dict[str, Any]":
    """The value if it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}


def words(value: "JSONValue") -> list[str]:
    """The strings in a list; empty if the value is not a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
