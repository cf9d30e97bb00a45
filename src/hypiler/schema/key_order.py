"""The order in which the keys of models.json are written."""

import re

from hypiler.schema.fields import FIELDS, ROOT
from hypiler.schema.types import Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.diagnostics.finding import Path


def schema_order(path: "Path") -> int:
    """The rank of a key in the order of the schema. Keys that the schema does not list come last.

    The keys of `sources` are paths of facts, and have the order of these facts.
    """
    names = tuple([part for part in path if isinstance(part, str)])
    if names[:-1] == ("models", "sources"):
        fact = [word for word in re.findall(r"[^.\[\]]+", names[-1]) if not word.isdigit()]
        names = ("models", *fact)
        while len(names) > 2 and names not in _RANKS:
            names = names[:-1]
    return _RANKS.get(names, len(_RANKS))


def _ranks() -> dict[tuple[str, ...], int]:
    paths: list[tuple[str, ...]] = [(key,) for key in ROOT]
    for field in FIELDS:
        paths += [("models", *field.path[: depth + 1]) for depth in range(len(field.path))]
        if isinstance(field.type, Records):
            paths += [("models", *field.path, key) for key in field.type.fields]
    return {path: rank for rank, path in enumerate(dict.fromkeys(paths))}


_RANKS = _ranks()
