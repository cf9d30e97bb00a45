"""Findings for programs: JSON, the annotations of GitHub, and SARIF. All input text in them is escaped.

GitHub reads the paths in annotations and in SARIF from the root of the repository, wherever in it a step runs.
"""

import os

from hypiler.diagnostics.codes import CODES, NOTE, name_of
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_json(findings: list[Finding]) -> str:
    """A JSON list of one object per finding; printable ASCII throughout."""
    from json import dumps

    return dumps([_record(finding) for finding in findings], indent=2)


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


def render_github(findings: list[Finding]) -> str:
    """One workflow command per finding, which GitHub shows beside the line in a pull request."""
    return "\n".join([_annotation(finding) for finding in findings])


def _annotation(finding: Finding) -> str:
    place = {"file": printable(_in_repository(finding.file))} if finding.file else {}
    if finding.line:
        end = finding.column + finding.width - 1
        place |= {"line": str(finding.line), "col": str(finding.column), "endColumn": str(end)}
    place["title"] = f"{finding.code} {name_of(finding.code)}"
    properties = ",".join([f"{key}={_escaped(value, ':,')}" for key, value in place.items()])
    command = "notice" if finding.severity == NOTE else finding.severity
    return f"::{command} {properties}::{_escaped(_message_with_help(finding))}"


def _in_repository(file: str) -> str:
    """The path of a file as GitHub knows it, below the checkout: `GITHUB_WORKSPACE` of a workflow is its folder.

    Outside of a workflow, and for a file outside of the checkout, the path as it was given, in its plain form.
    """
    if file.startswith("<"):  # standard input
        return file
    root = os.environ.get("GITHUB_WORKSPACE", "")
    # The folder is resolved, and not the file: a link in the repository is known by its own name.
    folder, name = os.path.split(os.path.abspath(file))
    path = os.path.join(os.path.realpath(folder), name)
    inside = os.path.join(os.path.realpath(root), "")
    shown = path.removeprefix(inside) if root and path.startswith(inside) else os.path.normpath(file)
    return shown.replace(os.sep, "/")


def _message_with_help(finding: Finding) -> str:
    """The message and, on a line of its own, the help."""
    return f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message


def _escaped(text: str, special: str = "") -> str:
    for character in "%\r\n" + special:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def render_sarif(findings: list[Finding]) -> str:
    """The log of one run in SARIF 2.1.0 (OASIS), for code scanning; printable ASCII throughout."""
    from json import dumps

    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "hypiler",
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes) for finding in findings],
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


def _result(finding: Finding, codes: list[str]) -> dict[str, object]:
    location: dict[str, object] = {}
    if finding.file:
        location["physicalLocation"] = _place(finding)
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.json_path}]
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.severity,
        "message": {"text": _message_with_help(finding)},
        "locations": [location] if location else [],
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }


def _place(finding: Finding) -> dict[str, object]:
    from urllib.parse import quote

    # Bytes of a name that is not UTF-8 are quoted as they are.
    uri = quote(_in_repository(finding.file).encode("utf-8", "surrogateescape"))
    place: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if finding.line:
        place["region"] = {
            "startLine": finding.line,
            "startColumn": finding.column,
            "endColumn": finding.column + finding.width,
        }
    return place


def _fingerprint(finding: Finding) -> str:
    """A digest of the fault that does not change when lines or models are added before it."""
    from hashlib import sha256

    # A model is known by its id, not by how many stand before it.
    path = finding.path[2:] if finding.model else finding.path
    parts = [finding.code, _in_repository(finding.file), finding.model or "", *map(str, path)]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
