"""What stands together in a file: the items of a table, the arguments of a call, the constants of a scope.

Every reader of a kind of file gives records, and the analysis knows nothing else. A record is one of these kinds:

- `mapping`: the keys of one object, which is about one thing.
- `call`: the arguments of one call, which is about one thing as well.
- `scope`: the constants of a module, a class, a function or a section, which may be about several things.
"""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, order=True)
class Place:
    """A place in a file: its path from the scanned folder, line and column from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Item:
    """One key with its value: a scalar, or a list of scalars."""

    key: str
    value: Any
    place: Place


@dataclass
class Record:
    """Items that stand together.

    Attributes:
        kind: See the module.
        label: The name of the variable, key or function that the record stands under; may be empty.
        place: Where it begins.
        items: What it states.
        above: The labels of the tables that it stands in, the outermost first.
    """

    kind: Literal["mapping", "call", "scope"]
    label: str
    place: Place
    items: list[Item] = field(default_factory=list)
    above: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unread:
    """A file that was not read, or not wholly, and why, in words."""

    file: str
    why: str
