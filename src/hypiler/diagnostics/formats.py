"""Findings for programs: JSON, the annotations of GitHub, and SARIF. All input text in them is escaped.

JSON names files as the report in text does: a program that runs where hypiler ran can open them. Annotations and SARIF
are shown beside the files of a repository, so their paths are relative to its root, wherever in it hypiler ran.
"""

import os

from hypiler.diagnostics.codes import CODES, NOTE, name_of
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # Gives the root of the repository around a folder, or None.
    RootOf = Callable[[str], str | None]

_STDIN = "<stdin>"
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


JSON_VERSION = 1
"""The version of all shapes of JSON that commands print. It grows when a key goes or changes its meaning."""


def render_json(findings: list[Finding]) -> str:
    """A JSON object with one object per finding in `findings`; printable ASCII throughout."""
    from json import dumps

    return dumps({"version": JSON_VERSION, "findings": [_record(finding) for finding in findings]}, indent=2)


def _record(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "path": finding.json_path,
        "model": finding.model,
        "help": finding.help,
    }


def _no_root(folder: str) -> None:
    """The root of the repository around a folder where nobody knows it."""


def render_github(findings: list[Finding], root_of: "RootOf" = _no_root) -> str:
    """One workflow command per finding, which GitHub shows beside the line in a pull request.

    Args:
        findings: What to show.
        root_of: Gives the root of the repository around a folder. Paths are relative to it.
    """
    return "\n".join([_annotation(finding, root_of) for finding in findings])


def _annotation(finding: Finding, root_of: "RootOf") -> str:
    place = {"file": printable(_in_repository(finding.file, root_of))} if finding.file else {}
    if finding.line:
        end = finding.column + finding.width - 1
        place |= {"line": str(finding.line), "col": str(finding.column), "endColumn": str(end)}
    place["title"] = f"{finding.code} {name_of(finding.code)}"
    properties = ",".join([f"{key}={_escaped(value, ':,')}" for key, value in place.items()])
    command = "notice" if finding.severity == NOTE else finding.severity
    return f"::{command} {properties}::{_escaped(_message_with_help(finding))}"


def _in_repository(file: str, root_of: "RootOf") -> str:
    """The path of a file from the root of its repository, with `/` on every system.

    A file outside of the repository has its absolute path. Without a repository, the path is the one that was given, in
    its plain form.
    """
    if file == _STDIN:
        return file
    # The folder is resolved, and not the file: a link in the repository is known by its own name.
    folder, name = os.path.split(os.path.abspath(file))
    folder = os.path.realpath(folder)
    root = root_of(folder)
    if root is None:
        return os.path.normpath(file).replace(os.sep, "/")
    path = os.path.join(folder, name)
    inside = os.path.join(os.path.realpath(root), "")
    # Windows does not tell capital letters from small ones.
    is_inside = os.path.normcase(path).startswith(os.path.normcase(inside))
    return (path[len(inside) :] if is_inside else path).replace(os.sep, "/")


def _message_with_help(finding: Finding) -> str:
    """The message and, on a line of its own, the help."""
    return f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message


def _escaped(text: str, special: str = "") -> str:
    for character in "%\r\n" + special:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def render_sarif(findings: list[Finding], root_of: "RootOf" = _no_root) -> str:
    """The log of one run in SARIF 2.1.0 (OASIS), for code scanning; printable ASCII throughout.

    Args:
        findings: What to show.
        root_of: Gives the root of the repository around a folder. Paths are relative to it, which is how code scanning
            reads relative URIs.
    """
    from json import dumps

    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "hypiler",
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes, root_of) for finding in findings],
    }
    return dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, object]:
    name, severity = CODES[code]
    return {
        "id": code,
        "name": name.title().replace("-", ""),
        "shortDescription": {"text": name.replace("-", " ")},
        "help": {"text": f"hypiler explain {code}"},
        "defaultConfiguration": {"level": severity},
    }


def _result(finding: Finding, codes: list[str], root_of: "RootOf") -> dict[str, object]:
    location: dict[str, object] = {}
    if finding.file:
        location["physicalLocation"] = _place(finding, root_of)
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.json_path}]
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.severity,
        "message": {"text": _message_with_help(finding)},
        "locations": [location] if location else [],
        "partialFingerprints": {"finding/v1": _fingerprint(finding, root_of)},
    }


def _place(finding: Finding, root_of: "RootOf") -> dict[str, object]:
    uri = _uri(_in_repository(finding.file, root_of))
    place: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if finding.line:
        place["region"] = {
            "startLine": finding.line,
            "startColumn": finding.column,
            "endColumn": finding.column + finding.width,
        }
    return place


def _uri(path: str) -> str:
    """A path with `/` as a relative URI, or as one of the scheme `file` if it is absolute."""
    from urllib.parse import quote

    if not os.path.isabs(path):
        return quote(_bytes(path))
    # On Windows the path begins with a drive, or with the `//` before the name of a server.
    start = "file:" if path.startswith("//") else "file://" if path.startswith("/") else "file:///"
    return start + quote(_bytes(path), safe="/:")


def _bytes(path: str) -> bytes:
    """A path in UTF-8. Bytes of a name that is not UTF-8 stay as they are."""
    return path.encode("utf-8", "surrogateescape")


def _fingerprint(finding: Finding, root_of: "RootOf") -> str:
    """A digest of the fault that does not change when lines or models are added before it."""
    from hashlib import sha256

    # A model is known by its id, not by how many stand before it.
    path = finding.path[2:] if finding.model else finding.path
    parts = [finding.code, _in_repository(finding.file, root_of), finding.model or "", *map(str, path)]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
