"""Records of a tree of mappings, lists and scalars, whichever language wrote it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from hypiler.lifecycle.adoption.records import Item, Place, Record
from hypiler.lifecycle.adoption.words import names_thing, words_of
from hypiler.lifecycle.importing.shapes import is_list, is_mapping

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
        if is_list(value):
            for index, one in enumerate(value):
                if isinstance(one, list | dict):
                    yield from self.visit(one, (*path, index), label, above)
        elif is_mapping(value):
            yield from self._mapping(value, path, label, above)

    def _mapping(self, value: dict[str, Any], path: Path, label: str, above: tuple[str, ...]) -> "Iterator[Record]":
        record = Record("mapping", label, self.place_of(path), above=above)
        has_name = _has_name(value)
        for key, one in value.items():
            here = (*path, key)
            if is_scalar(one) or _is_scalars(one):
                record.items.append(Item(str(key), one, self.place_of(here)))
            elif has_name and is_mapping(one) and not _has_name(one) and not _has_tables(one):
                # `properties: {dimensions: 768}` below `model: org/name` is about this model.
                inner = ((name, part) for name, part in one.items() if is_scalar(part) or _is_scalars(part))
                record.items += [Item(str(name), part, self.place_of((*here, name))) for name, part in inner]
            else:
                yield from self.visit(one, here, str(key), (*above, label))
        if record.items:
            yield record


def is_scalar(value: Any) -> bool:
    """Whether a value is text, a number or a flag."""
    return isinstance(value, str | int | float)


def _is_scalars(value: Any) -> bool:
    return is_list(value) and bool(value) and all(map(is_scalar, value))


def _has_name(value: "Mapping[str, Any]") -> bool:
    return any(isinstance(one, str) and names_thing(words_of(str(key))) for key, one in value.items())


def _has_tables(value: "Mapping[str, Any]") -> bool:
    return any(is_mapping(one) for one in value.values())
