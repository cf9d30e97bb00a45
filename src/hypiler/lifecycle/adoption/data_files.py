"""Records of JSON, TOML, YAML, SQL, notebooks and files of environment variables."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypiler.jsontext.reader import read_source
from hypiler.lifecycle.adoption.python_code import python_records
from hypiler.lifecycle.adoption.records import Item, Place, Record, Unread
from hypiler.lifecycle.adoption.trees import MOST_VALUES, Path, tree_records
from hypiler.lifecycle.importing.shapes import is_list, is_mapping

Found = list[Record] | Unread
MOST_YAML_BYTES = 256 * 1024
"""A longer YAML file is not read: the reader of YAML is slow."""
_ENVIRONMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")
_PLACEHOLDER = re.compile(r"\$\{\w+:?-?([^{}]*)\}")
_VECTOR = re.compile(r"\b(?:vector|halfvec)\s*\(\s*(\d{1,5})\s*\)", re.IGNORECASE)
MOST_JSON_BYTES = 512 * 1024
"""A longer JSON file is not read."""
_REGISTRY = {"$schema", "version", "models", "extends", "overrides", "hidden", "hide"}
_KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([\w.-]+))\s*=""")
_TABLE = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}")


def json_records(text: str, file: str) -> Found:
    """The records of a JSON file. A file with comments is no JSON."""
    if len(text) > MOST_JSON_BYTES:
        return Unread(
            file, f"it has more than {MOST_JSON_BYTES >> 10} KiB: it is data, and no table that somebody typed"
        )
    source, findings = read_source(text.encode(), file)
    if source is None or findings:
        return Unread(file, "it is no JSON")
    if is_mapping(source.value) and is_list(source.value.get("models")) and source.value.keys() <= _REGISTRY:
        return Unread(file, "it is a registry already")
    paths = [*_paths(source.value, ())]
    spans, lines = source.spans(paths), source.lines
    places = {path: Place(file, *lines.place(span[2])) for path, span in spans.items()}
    return tree_records(source.value, _finder(places, file))


def _paths(value: Any, path: Path) -> "Iterator[Path]":
    yield path
    if is_mapping(value):
        for key, one in value.items():
            yield from _paths(one, (*path, key))
    elif is_list(value):
        for index, one in enumerate(value):
            if isinstance(one, list | dict):
                yield from _paths(one, (*path, index))


def toml_records(text: str, file: str) -> Found:
    """The records of a TOML file. Its reader knows no positions: they are the lines that name the keys."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return Unread(file, "it is no TOML")
    lines = _toml_lines(text)
    places: dict[Path, Place] = {path: Place(file, *place) for path, place in lines.items()}
    find = _finder(places, file)
    return tree_records(tree, lambda path: find(_named(path)))


def _named(path: Path) -> tuple[str, ...]:
    """A path by its keys alone, and the number of each table in a list of tables."""
    return tuple(str(part) for part in path)


def _toml_lines(text: str) -> dict[tuple[str, ...], tuple[int, int]]:
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = tuple(part.strip(" \"'") for part in header[1].split("."))
            if line.lstrip().startswith("[["):
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            found.setdefault(table, (number, 1))
        elif key := _KEY.match(line):
            name = key[1] or key[2] or key[3]
            keys = (name,) if key[3] is None else tuple(name.split("."))
            after = len(line) - len(line[key.end() :].lstrip()) + 1
            found.setdefault((*table, *keys), (number, after))
    return found


def yaml_records(text: str, file: str) -> Found:
    """The records of a YAML file, of which no tag is obeyed. Needs PyYAML."""
    if len(text) > MOST_YAML_BYTES:
        return Unread(file, f"it has more than {MOST_YAML_BYTES >> 10} KiB, which takes too long to read as YAML")
    try:
        import yaml
    except ImportError:
        return Unread(file, "it is YAML, which needs PyYAML: python -m pip install 'hypiler[adopt]'")
    try:
        reader: Any = yaml
        documents: list[Any] = [*reader.compose_all(text, Loader=reader.SafeLoader)]
    except (yaml.YAMLError, RecursionError, ValueError):
        return Unread(file, "it is no YAML, or is nested too deep")
    records: list[Record] = []
    for document in documents:
        places: dict[Path, Place] = {}
        try:
            tree = _YamlTree(file, places).value(document, ())
        except (RecursionError, _TooMuchError):
            return Unread(file, "it is nested too deep, or repeats its parts too often")
        records += tree_records(tree, _finder(places, file))
    return records


def _finder(places: "Mapping[Path, Place]", file: str) -> "Callable[[Path], Place]":
    """The place of each path; of an unknown one, that of the table or list that it stands in."""

    def find(path: Path) -> Place:
        known = (places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places)
        return next(known, Place(file, 1))

    return find


class _TooMuchError(Exception):
    """Aliases make a tree of more values than are read."""


class _YamlTree:
    """The plain values of nodes, with the place of each. An alias counts as often as it stands."""

    def __init__(self, file: str, places: dict[Path, Place]) -> None:
        self.file = file
        self.places = places
        self.left = MOST_VALUES

    def value(self, node: Any, path: Path) -> Any:
        self.left -= 1
        if self.left < 0 or len(path) > 100:
            raise _TooMuchError
        if node is None:
            return None
        self.places[path] = Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)
        if node.id == "mapping":
            pairs = [(key.value, one) for key, one in node.value if key.id == "scalar"]
            return {key: self.value(one, (*path, key)) for key, one in pairs}
        if node.id == "sequence":
            return [self.value(one, (*path, index)) for index, one in enumerate(node.value)]
        return plain(node.value) if node.tag != "tag:yaml.org,2002:str" else resolved(node.value)


def resolved(text: str) -> Any:
    """Text, or the default of a placeholder such as `${DIM:768}`."""
    found = _PLACEHOLDER.fullmatch(text.strip())
    return plain(found[1]) if found else text


def plain(text: str) -> Any:
    """A scalar that is not quoted: a number, a flag, or text."""
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def environment_records(text: str, file: str) -> Found:
    """The variables of a file such as `.env`."""
    record = Record("scope", "", Place(file, 1))
    for number, line in enumerate(text.splitlines(), 1):
        found = _ENVIRONMENT.match(line)
        if found and not line.lstrip().startswith("#"):
            value = re.sub(r"\s+#.*$", "", found[2])
            is_quoted = value[:1] in "\"'" and value[-1:] == value[:1] and len(value) > 1
            shown = value[1:-1] if is_quoted else plain(value)
            record.items.append(Item(found[1], shown, Place(file, number, found.start(2) + 1)))
    return [record] if record.items else []


def sql_records(text: str, file: str) -> Found:
    """The widths of columns of vectors."""
    records: list[Record] = []
    for number, line in enumerate(text.splitlines(), 1):
        for found in _VECTOR.finditer(line.partition("--")[0]):
            place = Place(file, number, found.start(1) + 1)
            records.append(Record("call", "SQL", place, [Item("vector_dim", int(found[1]), place)]))
    return records


def notebook_records(text: str, file: str) -> Found:
    """The records of the cells with code. A line is that of the file, in which each line of a cell has its own."""
    source, findings = read_source(text.encode(), file)
    if source is None or findings or not is_mapping(source.value) or not is_list(source.value.get("cells")):
        return Unread(file, "it is no notebook")
    cells: list[Any] = source.value["cells"]
    spans = source.spans([("cells", index, "source", 0) for index in range(len(cells))])
    records: list[Record] = []
    for index, cell in enumerate(cells):
        lines = cell.get("source") if is_mapping(cell) and cell.get("cell_type") == "code" else None
        if not is_list(lines) or not all(isinstance(line, str) for line in lines) or not lines:
            continue
        code = "".join("\n" if line.lstrip().startswith(("%", "!")) else line for line in lines)
        span = spans.get(("cells", index, "source", 0))
        first = source.lines.place(span[2])[0] if span else 1
        found = python_records("\n" * (first - 1) + code, file)
        records += [] if isinstance(found, Unread) else found
    return records
