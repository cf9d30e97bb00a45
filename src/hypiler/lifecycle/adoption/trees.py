"""Records of a tree of mappings, lists and scalars, whichever language wrote it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from hypiler.lifecycle.adoption.records import Item, Place, Record
from hypiler.lifecycle.adoption.words import names_thing, words_of
from hypiler.lifecycle.importing.shapes import is_list, is_mapping

_ENVIRONMENTS = ("environment", "env")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_ASSIGNED = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
Path: TypeAlias = tuple[str | int, ...]
MOST_VALUES = 100_000
"""A tree with more values is not read further."""
DEEPEST = 50
"""Deeper nesting is not read."""


def tree_records(
    tree: Any, place_of: "Callable[[Path], Place]", label: str = "", above: tuple[str, ...] = ()
) -> "list[Record]":
    """The records of a tree.

    Args:
        tree: The value. Lists and mappings in it are those of JSON; anything else that is no scalar is left out.
        place_of: The place of the value at a path.
        label: The name that the tree stands under.
        above: The names around this one, the outermost first.
    """
    return [*_Walk(place_of).visit(tree, (), label, above)]


class _Walk:
    def __init__(self, place_of: "Callable[[Path], Place]") -> None:
        self.place_of = place_of
        self.left = MOST_VALUES

    def visit(self, value: Any, path: Path, label: str, above: tuple[str, ...]) -> "Iterator[Record]":
        self.left -= 1
        if self.left < 0 or len(path) > DEEPEST:
            return
        if is_list(value) and (variables := [*_variables(value, path)]):
            items = [Item(name, one, self.place_of(place)) for name, one, place in variables]
            yield Record("scope", label, self.place_of(path), items, above)
        elif is_list(value):
            for index, one in enumerate(value):
                if isinstance(one, list | dict):
                    yield from self.visit(one, (*path, index), label, above)
        elif is_mapping(value):
            yield from self._mapping(value, path, label, above)

    def _mapping(self, value: dict[str, Any], path: Path, label: str, above: tuple[str, ...]) -> "Iterator[Record]":
        kind: Literal["mapping", "scope"] = "scope" if label in _ENVIRONMENTS else "mapping"
        record = Record(kind, label, self.place_of(path), above=above)
        has_name, inner = _has_name(value), list[tuple[str, Any, Path]]()
        for key, one in value.items():
            here = (*path, key)
            if is_scalar(one) or (_is_scalars(one) and not any(_variables(one, here))):
                record.items.append(Item(str(key), one, self.place_of(here)))
            elif has_name and is_mapping(one) and not _names_inside(one):
                # `properties: {dimensions: 768}` below `model: org/name` is about this model.
                inner += _settings(one, here)
            else:
                yield from self.visit(one, here, str(key), (*above, label))
        record.items += [Item(name, part, self.place_of(place)) for name, part, place in _unequivocal(inner, value)]
        if has_name and (found := _repository(value, path)):
            record.items.append(Item("huggingface_id", found[0], self.place_of(found[1])))
        if record.items:
            yield record


def _variables(values: list[Any], path: Path) -> "Iterator[tuple[str, Any, Path]]":
    """The environment variables of a list: `{name: DIM, value: "768"}`, or `DIM=768`. Nothing for any other list."""
    for index, one in enumerate(values):
        if (
            is_mapping(one)
            and one.keys() <= {"name", "value", "valueFrom"}
            and _VARIABLE.fullmatch(str(one.get("name")))
        ):
            if is_scalar(one.get("value")):
                yield str(one["name"]), one["value"], (*path, index, "value")
        elif isinstance(one, str) and (found := _ASSIGNED.fullmatch(one)):
            yield found[1], found[2], (*path, index)
        else:
            return


def _repository(value: dict[str, Any], path: Path) -> tuple[str, Path] | None:
    """The repository inside an entry whose bare name is the last part of it; None if there is none, or several."""
    names = {one.lower() for key, one in value.items() if isinstance(one, str) and names_thing(words_of(str(key)))}
    if any("/" in name for name in names):
        return None
    found: dict[str, tuple[str, Path]] = {}
    for key, one in value.items():
        for text, place in _texts(one, (*path, key), 6):
            if text.count("/") == 1 and text.rpartition("/")[2].lower() in names:
                found.setdefault(text.lower(), (text, place))
    usual = [one for one in found.values() if "huggingface" in one[1]]
    return usual[0] if len(usual) == 1 else next(iter(found.values())) if len(found) == 1 else None


def _texts(value: Any, path: Path, depth: int) -> "Iterator[tuple[str, Path]]":
    """The texts below a mapping or a list, with their paths."""
    if not depth:
        return
    parts = value.items() if is_mapping(value) else enumerate(value) if is_list(value) else ()
    for key, one in parts:
        if isinstance(one, str):
            yield one, (*path, key)
        else:
            yield from _texts(one, (*path, key), depth - 1)


def is_scalar(value: Any) -> bool:
    """Whether a value is text, a number or a flag."""
    return isinstance(value, str | int | float)


def _is_scalars(value: Any) -> bool:
    return is_list(value) and bool(value) and all(map(is_scalar, value))


def _has_name(value: "Mapping[str, Any]") -> bool:
    return any(isinstance(one, str) and names_thing(words_of(str(key))) for key, one in value.items())


def _names_inside(value: "Mapping[str, Any]") -> bool:
    """Whether a mapping, or one inside of it, names a thing of its own, so that it is an entry and no setting."""
    return _has_name(value) or any(
        _names_inside(one) if is_mapping(one) else _is_table(one) for one in value.values() if one is not value
    )


def _is_table(value: Any) -> bool:
    return is_list(value) and any(isinstance(one, dict) for one in value)


def _settings(value: "Mapping[str, Any]", path: Path) -> "Iterator[tuple[str, Any, Path]]":
    """The scalars and lists of scalars in a mapping, however deep."""
    for key, one in value.items():
        here = (*path, key)
        if is_scalar(one) or _is_scalars(one):
            yield str(key), one, here
        elif is_mapping(one) and len(here) <= DEEPEST:
            yield from _settings(one, here)


def _unequivocal(
    settings: "list[tuple[str, Any, Path]]", entry: "Mapping[str, Any]"
) -> "Iterator[tuple[str, Any, Path]]":
    """The settings whose name has one value alone: of several outputs or profiles, none is the model's."""
    values: dict[str, set[str]] = {}
    for name, value, _ in settings:
        values.setdefault(name, set()).add(repr(value))
    for name, value, path in settings:
        if name not in entry and len(values[name]) == 1:
            values[name].add("told")
            yield name, value, path
