"""Plans what a project needs to have a registry: which files are made, and what is added to pyproject.toml."""

import os
import re

from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding
from hypiler.project.discovery import has_options
from hypiler.project.files import read_file
from hypiler.project.options import Options, OptionsError, options_of, read_options
from hypiler.project.output import add_files
from hypiler.project.uv import cache_keys, missing_keys, write_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.jsontext.json_types import JSONValue

MARKER = "py.typed"
SCHEMA = "models.schema.json"
_HOOK = "[tool.hatch.build.hooks.hypiler]"
_HOOKED = ("hatchling", "setuptools", "pdm")
_NEW_PROJECT = """\
[build-system]
requires = ["hatchling", "hypiler"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
"""


class ScaffoldError(Exception):
    """The project does not show what should be made; the message says what to do."""


class Plan:
    """What will be written.

    Attributes:
        new: The text of each new file by its path.
        modified: The text of each modified file before and after, by its path.
        added: What is added to each modified file, by its path.
        kept: Files that exist and keep what they say, with the option that decides it in a new file.
        notes: What is left to do by hand.
    """

    __slots__ = ("added", "kept", "modified", "new", "notes")

    def __init__(self) -> None:
        self.new: dict[str, str] = {}
        self.modified: dict[str, tuple[str, str]] = {}
        self.added: dict[str, list[str]] = {}
        self.kept: dict[str, str] = {}
        self.notes: list[str] = []

    def write(self) -> None:
        """Write all or nothing; no file that exists is overwritten. Raises OSError."""
        add_files(self.new, self.modified)


def plan_project(root: str, output: str | None, registry: str, schema: str) -> Plan:
    """What a registry needs in the folder `root`; `registry` is the text of the first one.

    Raises ScaffoldError, OptionsError if pyproject.toml cannot be used, or OSError.
    """
    plan = Plan()
    path = os.path.join(root, "pyproject.toml")
    output = output and _plain(output)
    if is_old := os.path.lexists(path):
        text = read_file(path).decode("utf-8", "surrogateescape")
        options = _in_project(root, path, text, output, plan)
    else:
        options = _new_project(root, path, output, plan)
    for one in options.registries:
        _add_package(root, one.output, plan, is_new=not is_old)
    _add_source(root, options.registries[0].sources[0], registry, schema, plan)
    return plan


def _add_source(root: str, name: str, registry: str, schema: str, plan: Plan) -> None:
    """Add the first source, and the schema that it names; for a source that exists, only the schema beside it."""
    source = os.path.join(root, name)
    beside = os.path.join(os.path.dirname(source), SCHEMA)
    if os.path.lexists(source):
        plan.kept[source] = "--model"
        if not name.startswith(os.pardir) and not os.path.lexists(beside) and _names_schema(source):
            plan.new[beside] = schema
    elif name.startswith(os.pardir):
        plan.notes.append(
            f"write {printable(os.path.normpath(source))}: it lies above the project, where nothing is written"
        )
    else:
        plan.new[source] = registry
        if not os.path.lexists(beside):
            plan.new[beside] = schema


def _names_schema(source: str) -> bool:
    """Whether a registry says that its schema is the file beside it; editors would look for it in vain."""
    from json import loads

    try:
        found = _at(loads(read_file(source).decode("utf-8-sig")), "$schema")
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, str) and found in (SCHEMA, f"./{SCHEMA}")


def _plain(output: str) -> str:
    """A path without what says nothing, such as `./` at its beginning, with the separators that the options have."""
    return os.path.normpath(output).replace(os.sep, "/")


def _add_package(root: str, output: str, plan: Plan, *, is_new: bool) -> None:
    """Mark the package of the module as typed: otherwise checkers ignore the stub once the package is installed.

    The marker is in the outermost package. A folder without `__init__.py` is part of a namespace, which has no marker
    of its own. Only a new project gets the packages themselves.
    """
    folders = output.split(os.sep)[:-1]
    inner = [os.path.join(root, *folders[: number + 1]) for number in range(len(folders))]
    if folders[:1] == ["src"]:
        del inner[0]
    if not inner:
        plan.notes.append(
            "type checkers find no types in an installed module outside of every package: give it a package by --output"
        )
        return
    files = [os.path.join(folder, "__init__.py") for folder in inner] if is_new else []
    packages = inner if is_new else [one for one in inner if os.path.lexists(os.path.join(one, "__init__.py"))]
    files.append(os.path.join((packages or inner[-1:])[0], MARKER))
    plan.new |= {file: "" for file in files if not os.path.lexists(file)}


def _in_project(root: str, path: str, text: str, output: str | None, plan: Plan) -> Options:
    """Add our tables to an existing project."""
    if has_options(root):
        options = read_options(root)
        plan.kept[path] = "--output"
        _add_keys(path, text, text, options, plan)
        return options
    table = _parsed(text)
    backend = str(_at(table, "build-system", "build-backend"))
    output = output or _package(root) + "/model_registry.py"
    tables = _table(output)
    if backend.startswith("hatchling") and _at(table, "tool", "hatch", "build", "hooks", "hypiler") is None:
        tables += f"\n{_HOOK}\n"
    whole = _appended(text, tables)
    plan.modified[path] = (text, whole)
    plan.added[path] = ["[tool.hypiler]"]
    options = _options(whole, root)
    _add_keys(path, text, whole, options, plan)
    if not backend.startswith(_HOOKED):
        plan.notes.append("commit the output, and run `hypiler build --check` in CI: the build backend has no hook")
        return options
    if "hypiler" not in str(_at(table, "build-system", "requires")):
        plan.notes.append('add "hypiler" to `requires` of [build-system] in pyproject.toml')
    plan.notes.append(_about_git(output))
    return options


def _add_keys(path: str, before: str, text: str, options: Options, plan: Plan) -> None:
    """Add the cache keys of uv to a text of pyproject.toml. Keys that are there stay, and a note names missing ones.

    uv builds only a project that has a build backend.
    """
    table = _parsed(text)
    uv = _at(table, "tool", "uv")
    if "build-system" not in table and _at(uv, "package") is not True:
        return
    if isinstance(uv, dict) and "cache-keys" in uv:
        if missing := missing_keys(options, uv["cache-keys"]):
            plan.notes.append(f"uv: add to `cache-keys` of [tool.uv]: {_on_one_line(write_keys(missing))}")
        return
    keys = cache_keys(options)
    whole = _with_keys(text, write_keys(keys), keys)
    if whole is None:
        plan.notes.append(f"uv: add to [tool.uv]: {_on_one_line(write_keys(keys))}")
        return
    plan.modified[path] = (before, whole)
    plan.added.setdefault(path, []).append("[tool.uv] cache-keys")


def _with_keys(text: str, setting: str, keys: "JSONValue") -> str | None:
    """The text with a setting in `[tool.uv]`: under its header, or under a new one. None if neither is valid TOML."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines, 1) if re.match(r"\s*\[\s*tool\s*\.\s*uv\s*\]", line)]
    setting = setting.replace("\n", end)
    gap = "" if not text or text.endswith("\n") else end
    tries = ["".join([*lines[:number], gap * (number == len(lines)), setting, *lines[number:]]) for number in headers]
    for whole in [*tries, f"{text}{gap}{end}[tool.uv]{end}{setting}"]:
        try:
            after = _parsed(whole)
        except OptionsError:
            continue
        if _taken_out(after, "tool", "uv", "cache-keys") == keys and _without_empty(after) == _without_empty(
            _parsed(text)
        ):
            return whole
    return None


def _on_one_line(setting: str) -> str:
    return printable(" ".join(setting.split()).replace(",]", "]").replace(", ]", "]").replace("[ ", "["))


def _new_project(root: str, path: str, output: str | None, plan: Plan) -> Options:
    """A whole small project, named after its folder."""
    folder = os.path.basename(os.path.abspath(root)).lower()
    name = re.sub(r"[^a-z0-9]+", "-", folder).strip("-")
    name = name if name[:1].isalpha() else f"app-{name}".rstrip("-")
    package = f"src/{name.replace('-', '_')}"
    output = output or f"{package}/model_registry.py"
    text = f"{_NEW_PROJECT.format(name=name)}\n{_table(output)}\n{_HOOK}\n"
    options = _options(text, root)
    plan.new[path] = f"{text}\n[tool.uv]\n{write_keys(cache_keys(options))}"
    plan.notes.append(_about_git(output))
    return options


def _about_git(output: str) -> str:
    """Either is right, and only the project knows which."""
    return f"add {printable(output)} and its stub to .gitignore, or commit both: the build hook makes them"


def _options(text: str, root: str) -> Options:
    """The options that will be read from the new table. Raises OptionsError for a path that cannot be used."""
    return options_of(_at(_parsed(text), "tool", "hypiler"), root)


def _table(output: str) -> str:
    from json import dumps

    # A string of JSON is one of TOML too.
    return f'[tool.hypiler]\nsources = ["models.json"]\noutput = {dumps(output)}\n'


def _parsed(text: str) -> "dict[str, JSONValue]":
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"pyproject.toml must be valid TOML: {printable(str(error))}"
        raise OptionsError([Finding("M502", message, file="pyproject.toml")]) from None


def _at(table: "JSONValue", *keys: str) -> "JSONValue":
    """The value at a path of tables, or None."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _appended(text: str, tables: str) -> str:
    """The text with tables after it. Raises ScaffoldError if this would change what the text before them means."""
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else end
    whole = text + gap + (end if text else "") + tables.replace("\n", end)
    try:
        after = _parsed(whole)
    except OptionsError:
        after = {}
    added = _taken_out(after, "tool", "hypiler")
    if _HOOK in tables:
        _taken_out(after, "tool", "hatch", "build", "hooks", "hypiler")
    if not added or _without_empty(after) != _without_empty(_parsed(text)):
        lines = tables.strip().replace("\n", "; ")
        raise ScaffoldError(f"tables cannot be added at the end of pyproject.toml; add by hand: {lines}")
    return whole


def _taken_out(table: "JSONValue", *keys: str) -> "JSONValue":
    """Remove and return the value at a path of tables; None if there is none."""
    *outer, last = keys
    inner = _at(table, *outer)
    return inner.pop(last, None) if isinstance(inner, dict) else None


def _without_empty(table: "JSONValue") -> "JSONValue":
    """Tables without empty ones, which remain where a value was removed."""
    if not isinstance(table, dict):
        return table
    inner = {key: _without_empty(value) for key, value in table.items()}
    return {key: value for key, value in inner.items() if value != {}}


def _package(root: str) -> str:
    """The one package of a project, in `src` or beside pyproject.toml."""
    for folder in ("src", ""):
        place = os.path.join(root, folder)
        names = sorted(os.listdir(place)) if os.path.isdir(place) else []
        found = [
            name
            for name in names
            if os.path.isfile(os.path.join(place, name, "__init__.py")) and name not in ("tests", "test", "docs")
        ]
        if len(found) == 1:
            return f"{folder}/{found[0]}" if folder else found[0]
        if found:
            listed = ", ".join([printable(name) for name in found])
            raise ScaffoldError(f"several packages ({listed}): say where with --output PACKAGE/model_registry.py")
    raise ScaffoldError("no package found: say where with --output PACKAGE/model_registry.py")
