"""Tables in files: CSV, and JSON with one object per model. Columns are fields by their paths, names or usual words."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hypiler.diagnostics.escaping import did_you_mean, quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import Source, read_source
from hypiler.lifecycle.importing.conversion import BY_PATH
from hypiler.lifecycle.importing.rows import UNNAMED, Row
from hypiler.lifecycle.importing.shapes import is_list, is_mapping
from hypiler.schema.fields import FIELDS
from hypiler.schema.other_words import fields_named

_NAMES = ("huggingface_id", "hf_id", "repo_id", "repository", "repo", "model_id", "model_name", "model", "id", "name")
_PROVIDERS = ("source.api", "api", "provider", "litellm_provider", "vendor")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*")
_OWN = re.compile(r"extra\.[a-z][a-z0-9_]*")
_HUB = "https://huggingface.co/"
_QUOTES = "put quotes around a cell that contains the separator"
_LARGEST = 64 * 1024 * 1024
_MOST_COLUMNS = 500


class TableError(Exception):
    """The file is no table that can be read; the message says why and what to do.

    Attributes:
        findings: What is wrong with a JSON file; empty for other faults.
        source: That file, if it could be read at all.
    """

    def __init__(self, message: str, findings: list[Finding] | None = None, source: Source | None = None) -> None:
        super().__init__(message)
        self.findings: list[Finding] = findings or []
        self.source = source


def mapping_fault(path: str) -> str | None:
    """What is wrong with the field that a column is mapped to; None if it can be used."""
    if path in BY_PATH or _OWN.fullmatch(path):
        return None
    hint = did_you_mean(path, [*BY_PATH]) or "`hypiler explain` lists the fields"
    return f"no field has the path {quote_name(path)}; {hint}"


def read_table(data: bytes, name: str, mapping: "Mapping[str, str]") -> list[Row]:
    """The rows of a CSV or JSON file.

    Args:
        data: The bytes of the file.
        name: The name of the file, whose ending says what it is.
        mapping: The path of the field of columns whose name does not tell it.

    Raises TableError.
    """
    if len(data) > _LARGEST:
        raise TableError(f"the file must have at most {_LARGEST >> 20} MiB")
    columns: set[str] = set()
    is_json = name.lower().endswith(".json")
    rows = list((_json_rows if is_json else _csv_rows)(data, name, mapping, columns))
    if missing := next((column for column in mapping if column not in columns), None):
        hint = did_you_mean(missing, [*columns]) or "--map names columns as the file spells them"
        raise TableError(f"the table has no column {quote_name(missing)}; {hint}")
    if all(row.name == UNNAMED for row in rows):
        raise TableError("the file has no row with a model's name")
    return rows


def with_type(row: Row, usual: str) -> Row:
    """The row with a type, unless it states one."""
    return row if any(path == "type" for path, _ in row.facts) else replace(row, facts=(("type", usual), *row.facts))


def _csv_rows(data: bytes, name: str, mapping: "Mapping[str, str]", seen: set[str]) -> "Iterator[Row]":
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"the file must be UTF-8; found the byte 0x{data[error.start]:02x}") from None
    head = text.partition("\n")[0]
    separator = max(",;\t|", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        columns = [cell.strip() for cell in next(reader, list[str]())]
        if twice := next((one for one in columns if one and columns.count(one) > 1), None):
            raise TableError(f"the column {quote_name(twice)} must stand in the table once")
        paths, line = _paths(columns, mapping), reader.line_num + 1
        seen.update(columns)
        for cells in reader:
            if any(cells[len(columns) :]):
                raise TableError(f"line {line} has {len(cells)} cells, and there are {len(columns)} columns; {_QUOTES}")
            filled = {column: cell for column, cell in zip(columns, cells, strict=False) if cell.strip()}
            values = {column: _cell(cell, paths.get(column)) for column, cell in filled.items()}
            if row := _row(values, paths, name, f"{name}:{line}"):
                yield row
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"line {reader.line_num} is no CSV: {error}") from None


def _cell(text: str, path: str | None) -> str:
    """The text of a cell. Only a prefix may end with a space: then the space belongs to it."""
    return text if path and path.endswith("_prefix") else text.strip(" ")


def _json_rows(data: bytes, name: str, mapping: "Mapping[str, str]", seen: set[str]) -> "Iterator[Row]":
    source, findings = read_source(data, name)
    if source is None or findings:
        raise TableError("the file is no JSON", findings, source)
    found = [*_objects(source.value)]
    spans = source.spans([path for path, _, _ in found])
    for path, key, tree in found:
        values = dict(_flat(tree)) if is_mapping(tree) else {}
        if key and not any(column in values for column in _NAMES):
            values[_NAMES[0]] = key
        paths = _paths([*values], mapping)
        seen.update(values)
        row = _row(values, paths, name, "")
        if row is not None:
            line, _ = source.lines.place(spans[path][2])
            yield Row(row.origin, row.name, f"{name}:{line}", row.facts, row.keys, row.home)


def _objects(value: Any) -> "Iterator[tuple[tuple[str | int, ...], str, Any]]":
    """The path, the key and the object of each model: a list, an object by name, or one of both under a single key."""
    before: tuple[str | int, ...] = ()
    if is_mapping(value):
        inner = [key for key, one in value.items() if isinstance(one, list | dict)]
        if "models" in value and isinstance(value["models"], list | dict):
            inner = ["models"]
        if len(inner) == 1 and not _is_model(value[inner[0]]):
            before, value = (inner[0],), value[inner[0]]
    if is_mapping(value) and _is_model(value) and any(isinstance(value.get(name), str) for name in _NAMES):
        yield before, "", value
    elif is_list(value):
        yield from (((*before, number), "", one) for number, one in enumerate(value))
    elif is_mapping(value):
        yield from (((*before, key), key, one) for key, one in value.items())


def _is_model(value: Any) -> bool:
    """Whether an object is one model, and no table of models: its values are plain."""
    return is_mapping(value) and not any(is_mapping(one) for one in value.values())


def _flat(tree: "Mapping[str, Any]", before: str = "") -> "Iterator[tuple[str, Any]]":
    for key, value in tree.items():
        if is_mapping(value) and before + key not in BY_PATH:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _paths(columns: list[str], mapping: "Mapping[str, str]") -> dict[str, str]:
    """The field of each column, or the column's own name if no field is known for it."""
    if len(columns) > _MOST_COLUMNS:
        raise TableError(f"a table must have at most {_MOST_COLUMNS} columns")
    found = {column: mapping.get(column) or field_of_column(column) or column for column in columns}
    return {column: path for column, path in found.items() if path}


def field_of_column(column: str) -> str | None:
    """The path of the field that a column is about: by its path, its attribute, or a usual word for it."""
    word = re.sub(r"[\s-]+", "_", column.strip().lower())
    if word in BY_PATH:
        return word
    last = word.rpartition(".")[2]
    if last in _NAMES or last in _PROVIDERS:
        return None
    by_attribute = next((field.name for field in FIELDS if field.attribute == last), None)
    if by_attribute:
        return by_attribute
    named = fields_named(last)
    return named[0] if len(named) == 1 else None


def _row(values: dict[str, Any], paths: dict[str, str], origin: str, place: str) -> Row | None:
    """The row of one model; None if no column has its name."""
    words = _columns(values, paths)
    names = [column for column in words.values() if paths[column] not in BY_PATH or paths[column] in _NAMES]
    name, home = _home({word: values[column] for word, column in words.items()})
    if not name:
        return Row(origin, UNNAMED, place, (), ()) if values else None
    facts = [(paths[column], value) for column, value in values.items() if column not in names]
    if "name" in words and values[words["name"]] != name:
        facts.append(("name", values[words["name"]]))
    keys = {name.lower(), "/".join(home.values()).lower()} - {""}
    return Row(origin, name, place, tuple(facts), tuple(sorted(keys)), home)


def _columns(values: dict[str, Any], paths: dict[str, str]) -> dict[str, str]:
    """The columns with text that name a model or its provider, by the word that says so."""
    folded = {re.sub(r"[\s-]+", "_", paths.get(column, column).lower()): column for column in values}
    return {
        word: folded[word]
        for word in (*_NAMES, *_PROVIDERS)
        if word in folded and isinstance(values[folded[word]], str)
    }


def _home(found: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A name for the id of the model, and where the model is."""
    names = {word: found[word].removeprefix(_HUB).strip("/") for word in _NAMES if word in found}
    provider = next((found[word] for word in _PROVIDERS if word in found), None)
    repository = next((one for one in names.values() if _REPOSITORY.fullmatch(one)), None)
    name = names.get("id") or next(iter(names.values()), "")
    if provider is not None and name:
        return name, {"source.api": provider, "source.model": next(iter(names.values()))}
    return name, {"huggingface_id": repository} if repository else {}
