"""Reads `[tool.hypiler]` of pyproject.toml, for the command line and the build hooks alike."""

import os

from hypiler.diagnostics.finding import Finding
from hypiler.diagnostics.text import did_you_mean, named, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KNOWN = ["sources", "output"]


class OptionsError(Exception):
    """The options cannot be used; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join([finding.message for finding in findings]))
        self.findings = findings


class Options:
    """What to compile and where to: paths below `root`, `output` that of the module, its stub beside it."""

    __slots__ = ("output", "root", "sources")

    def __init__(self, root: str, sources: list[str], output: str) -> None:
        self.root = root
        self.sources = sources
        self.output = output


def read_options(root: str) -> Options:
    """The options of the project in `root`. Raises OptionsError, or OSError if pyproject.toml cannot be read."""
    import tomllib

    path = os.path.join(root, "pyproject.toml")
    with open(path, "rb") as file:
        try:
            table = tomllib.load(file).get("tool", {}).get("hypiler")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise OptionsError(
                [_fault("M502", f"pyproject.toml is not valid TOML: {error}")]
            ) from None
    if table is None:
        help = 'add [tool.hypiler] with output = "src/PACKAGE/model_registry.py"'
        raise OptionsError(
            [_fault("M502", "pyproject.toml has no table [tool.hypiler]", help)]
        )
    findings = _check(table, root)
    if findings:
        raise OptionsError(findings)
    sources = table.get("sources", ["models.json"])
    return Options(
        root, [sources] if isinstance(sources, str) else sources, table["output"]
    )


def _fault(code: str, message: str, help: str | None = None) -> Finding:
    return Finding(code, message, ("tool", "hypiler"), file="pyproject.toml", help=help)


def _check(table: "Any", root: str) -> list[Finding]:
    if not isinstance(table, dict):
        return [_fault("M502", "`tool.hypiler` must be a table")]
    findings = [
        _fault(
            "M501",
            f"unknown option {named(key)} in `tool.hypiler`",
            did_you_mean(key, _KNOWN),
        )
        for key in table
        if key not in _KNOWN
    ]
    sources = table.get("sources", ["models.json"])
    paths = [sources] if isinstance(sources, str) else sources
    if (
        not isinstance(paths, list)
        or not paths
        or not all(isinstance(path, str) for path in paths)
    ):
        findings.append(
            _fault("M502", "`tool.hypiler.sources` must be a path or a list of paths")
        )
        paths = []
    output = table.get("output")
    if not isinstance(output, str):
        findings.append(
            _fault(
                "M502",
                "`tool.hypiler.output` must be set: the path of the generated module",
            )
        )
    elif not output.endswith(".py"):
        findings.append(
            _fault(
                "M502", f"`tool.hypiler.output` must end in `.py`, got {shown(output)}"
            )
        )
    else:
        paths = [*paths, output]
    return findings + [_outside(path) for path in paths if not _is_inside(path, root)]


def _outside(path: str) -> Finding:
    return _fault(
        "M503",
        f"{shown(path)} lies outside the project",
        "write a path below pyproject.toml",
    )


def _is_inside(path: str, root: str) -> bool:
    """Whether a path, links followed, stays below the project's folder."""
    base = os.path.realpath(root)
    return os.path.realpath(os.path.join(root, path)).startswith(os.path.join(base, ""))
