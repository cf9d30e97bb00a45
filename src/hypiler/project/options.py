"""Reads `[tool.hypiler]` of pyproject.toml, for the command line and the build hooks alike."""

import os

from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name, quote_value
from hypiler.diagnostics.finding import Finding
from hypiler.project.files import read_file
from hypiler.project.rule_options import RULE_OPTIONS, read_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.jsontext.json_types import JSONValue

_TABLE = ("tool", "hypiler")
_KNOWN = ["sources", "output", "docs", *RULE_OPTIONS]


class OptionsError(Exception):
    """The options cannot be used; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join([finding.message for finding in findings]))
        self.findings = findings


class Options:
    """What to compile and where to: paths below `root`, `output` that of the module, its stub beside it.

    `docs` is the path of what `hypiler docs` writes, `rules` says which rules are applied; None for all, as declared.
    """

    __slots__ = ("docs", "output", "root", "rules", "sources")

    def __init__(
        self, root: str, sources: list[str], output: str, docs: str, rules: "RuleSettings | None" = None
    ) -> None:
        self.root = root
        self.sources = sources
        self.output = output
        self.docs = docs
        self.rules = rules


def has_options(root: str) -> bool:
    """Whether the project in `root` has our table; quick to say no, since backends ask for every project."""
    try:
        if b"hypiler" not in read_file(os.path.join(root, "pyproject.toml")):
            return False
        return "hypiler" in _tool_tables(root)
    except (OSError, OptionsError):
        return False  # whoever reads pyproject.toml first reports it


def read_options(root: str) -> Options:
    """The options of the project in `root`. Raises OptionsError, or OSError if pyproject.toml cannot be read."""
    tool = _tool_tables(root)
    if "hypiler" not in tool:
        message = "pyproject.toml must have a table [tool.hypiler]; found none"
        help = 'add [tool.hypiler] with output = "src/PACKAGE/model_registry.py"'
        raise OptionsError([_fault("M502", message, (), help)])
    return options_of(tool["hypiler"], root)


def _tool_tables(root: str) -> "dict[str, JSONValue]":
    import tomllib

    data = read_file(os.path.join(root, "pyproject.toml"))
    try:
        tool: JSONValue = tomllib.loads(data.decode()).get("tool")
    # An integer of too many digits and arrays nested too deep are not a TOMLDecodeError.
    except (ValueError, RecursionError) as error:
        message = f"pyproject.toml must be valid TOML: {printable(str(error))}"
        raise OptionsError([_fault("M502", message, ())]) from None
    return tool if isinstance(tool, dict) else {}


def options_of(table: "JSONValue", root: str) -> Options:
    """The options in the table of the project in `root`. Raises OptionsError."""
    if not isinstance(table, dict):
        message = f"`tool.hypiler` must be a table, got {_found(table)}"
        raise OptionsError([_fault("M502", message)])
    findings: list[Finding] = []
    _check_keys(table, findings)
    sources = _sources(table.get("sources", "models.json"), root, findings)
    output = _output(table.get("output"), root, findings)
    docs = _docs(table.get("docs", "MODELS.md"), root, findings)
    rules = read_rules(table, findings)
    if findings:
        raise OptionsError(findings)
    return Options(root, sources, output, docs, rules)


def _fault(
    code: str,
    message: str,
    path: tuple[str | int, ...] = _TABLE,
    help: str | None = None,
) -> Finding:
    return Finding(code, message, path, file="pyproject.toml", help=help)


def _check_keys(table: "dict[str, Any]", findings: list[Finding]) -> None:
    for key in table:
        if key not in _KNOWN:
            message = f"unknown option {quote_name(key)} in `tool.hypiler`"
            help = did_you_mean(key, _KNOWN)
            findings.append(_fault("M501", message, (*_TABLE, key), help))


def _sources(value: "JSONValue", root: str, findings: list[Finding]) -> list[str]:
    """One path or several, each once."""
    path = (*_TABLE, "sources")
    values = value if isinstance(value, list) else [value]
    texts = [item for item in values if isinstance(item, str)]
    if not texts or len(texts) < len(values):
        message = f"`sources` must be a path or a list of paths, got {_found(value)}"
        findings.append(_fault("M502", message, path))
        return []
    sources = [os.path.normpath(text) if text else "" for text in texts]
    for number, source in enumerate(sources):
        place = (*path, number) if isinstance(value, list) else path
        _check_inside(source, root, place, findings)
        if source in sources[:number]:
            message = f"`sources` must name each file once, got {quote_value(source)} again"
            findings.append(_fault("M502", message, place))
    return sources


def _output(value: "JSONValue", root: str, findings: list[Finding]) -> str:
    """The path of a file that Python can import."""
    path = (*_TABLE, "output")
    if value is None:
        message = "`output` must be set: the path of the generated module"
        help = 'add output = "src/PACKAGE/model_registry.py"'
        findings.append(_fault("M502", message, _TABLE, help))
        return ""
    text = value if isinstance(value, str) else ""
    stem, extension = os.path.splitext(os.path.basename(text))
    if extension != ".py" or not stem.isidentifier():
        message = f"`output` must be the path of a module, as `src/app/model_registry.py`, got {_found(value)}"
        findings.append(_fault("M502", message, path))
        return ""
    output = os.path.normpath(text)
    _check_inside(output, root, path, findings)
    return output


def _docs(value: "JSONValue", root: str, findings: list[Finding]) -> str:
    """The path of a Markdown file."""
    path = (*_TABLE, "docs")
    if not isinstance(value, str) or not value.endswith(".md"):
        findings.append(_fault("M502", f"`docs` must be the path of a Markdown file (.md), got {_found(value)}", path))
        return ""
    docs = os.path.normpath(value)
    _check_inside(docs, root, path, findings)
    return docs


def _check_inside(path: str, root: str, place: tuple[str | int, ...], findings: list[Finding]) -> None:
    """A path must stay below the project's folder, links followed, wherever the project is built."""
    base = os.path.join(os.path.realpath(root), "")
    # A NUL cannot stand in any path, and no function of `os` takes it.
    if not path or "\0" in path:
        message = f"a path must not be empty or hold a NUL, got {quote_value(path)}"
        findings.append(_fault("M502", message, place))
    elif os.path.isabs(path) or not os.path.normpath(base + path).startswith(base):
        message = f"a path must stay inside the project, got {quote_value(path)}"
        help = "write it relative to the folder of pyproject.toml"
        findings.append(_fault("M503", message, place, help))
    elif not os.path.realpath(base + path).startswith(base):
        message = f"a path must stay inside the project, and {quote_value(path)} leads out of it through a link"
        findings.append(_fault("M503", message, place, "replace the link, or name another path"))


def _found(value: "Any") -> str:
    """A value of TOML as a message shows it: JSON has no dates and times."""
    text: str = value.isoformat() if hasattr(value, "isoformat") else quote_value(value)
    return text
