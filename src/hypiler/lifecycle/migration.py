"""Reads the registry of the Rust original, in the layouts that it has had.

- `{"models": [...]}`, the documented one, which is that of models.json.
- `{"model_categories": {"dense": {"description": …, "models": [...]}}}`. There `specs.embedding_dim` can be an object,
  `{"default": 768, "matryoshka": {"min": 64, "max": 768, "supported": [...], "strategy": …}}`. Pooling has a section.

A fact that models.json has a field for goes there. Other scalars go to `extra`. What is not carried is named.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from hypiler.jsontext.reader import Source, read_source
from hypiler.lifecycle.importing.conversion import BY_PATH
from hypiler.lifecycle.importing.rows import UNNAMED, Row
from hypiler.lifecycle.importing.shapes import is_list, is_mapping
from hypiler.lifecycle.importing.tables import TableError

Path: TypeAlias = tuple[str | int, ...]
_MOVED = {
    "pooling.strategy": "encoding.pooling",
    "pooling.normalize": "encoding.normalize",
    "specs.embedding_dim.default": "specs.embedding_dim",
    "specs.embedding_dim.matryoshka.supported": "architecture.matryoshka_dims",
}
# What the least and the largest width are where the widths between them are not listed.
_RANGE = {
    "specs.embedding_dim.matryoshka.min": "architecture.matryoshka_range.min",
    "specs.embedding_dim.matryoshka.max": "architecture.matryoshka_range.max",
}
_LISTED = ("specs", "embedding_dim", "matryoshka", "supported")
_WIDTH = ("specs", "embedding_dim")
_PLACES = ("id", "huggingface_id")
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]*")


def original_rows(data: bytes, name: str) -> list[Row]:
    """The rows of a registry of the original, one per fact. Raises TableError."""
    source, findings = read_source(data, name)
    if source is None or findings:
        raise TableError("the file is no JSON", findings, source)
    found = [*_entries(source.value)]
    if not found:
        raise TableError("the file is no registry of the original: it has neither `models` nor `model_categories`")
    return [row for path, category, entry in found for row in _Entry(source, path, category, entry).rows()]


def _entries(tree: Any) -> "Iterator[tuple[Path, str, dict[str, Any]]]":
    """The path, the category and the object of each model."""
    models = tree.get("models") if is_mapping(tree) else None
    for index, entry in enumerate(models if is_list(models) else ()):
        if is_mapping(entry):
            yield ("models", index), "", entry
    categories = tree.get("model_categories") if is_mapping(tree) else None
    for category, group in categories.items() if is_mapping(categories) else ():
        inside = group.get("models") if is_mapping(group) else group
        before: Path = ("model_categories", category, *(["models"] if is_mapping(group) else []))
        for index, entry in enumerate(inside if is_list(inside) else ()):
            if is_mapping(entry):
                yield (*before, index), category, entry


class _Entry:
    """One model of the original."""

    def __init__(self, source: Source, path: Path, category: str, entry: dict[str, Any]) -> None:
        self.source = source
        self.path = path
        self.category = category
        self.entry = entry
        self.facts = [*_leaves(entry, ())]

    def rows(self) -> "Iterator[Row]":
        """A row that names the model, and one per fact."""
        id, repository = (str(self.entry.get(key) or "") for key in _PLACES)
        keys = tuple({repository.lower(), id.lower()} - {""})
        home = {"huggingface_id": repository} if repository else {}
        lines = self._lines()
        ranges = {} if any(path == _LISTED and value for path, value in self.facts) else _RANGE
        own = (("extra.category", self.category),) if self.category else ()
        name = id or repository or UNNAMED
        yield Row(self.source.name, name, self._place(lines, self.path), own, keys, home, id)
        for path, value in self.facts:
            key = ".".join(path)
            if key not in _PLACES:
                place = self._place(lines, (*self.path, *path))
                fact = (ranges.get(key) or _field(key, value), value)
                yield Row(self.source.name, name, place, (fact,), keys, home, id)

    def _lines(self) -> dict[Path, int]:
        paths = [self.path, *((*self.path, *path) for path, _ in self.facts)]
        return {path: self.source.lines.place(span[2])[0] for path, span in self.source.spans(paths).items()}

    def _place(self, lines: dict[Path, int], path: Path) -> str:
        return f"{self.source.name}:{lines.get(path, 1)}"


def _leaves(tree: dict[str, Any], before: tuple[str, ...]) -> "Iterator[tuple[tuple[str, ...], Any]]":
    for key, value in tree.items():
        path = (*before, key)
        if is_mapping(value) and (".".join(path) not in BY_PATH or path == _WIDTH):
            yield from _leaves(value, path)
        else:
            yield path, value


def _field(name: str, value: Any) -> str:
    """The path of the field that a fact of the original becomes; a fact of one's own if there is none."""
    if name in BY_PATH or name in _MOVED:
        return _MOVED.get(name, name)
    last = name.rpartition(".")[2]
    is_own = isinstance(value, str | int | float) and _OWN_NAME.fullmatch(last) and "matryoshka" not in name
    return f"extra.{last}" if is_own else name
