"""What several layers state about one model: the merged entry, and who states each of its facts.

A layer adds a model with a whole entry, and layers above it override single facts. A fact is replaced whole, lists
too; objects with names of their own (`extra`, `encoding.prompts`, `sources`) merge by name. `null` withdraws a fact,
unless `null` is a value of its field.

Nothing is copied into the merged entry but its facts. `Composed.place` finds out afterwards who states a fact, since
only findings and questions need it.
"""

from hypiler.compiler.locks import Layered
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import MapOf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.layer import Layer
    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.reader import Source

    Tree = dict[str, Any]

_SECTIONS = frozenset([field.path[:depth] for field in FIELDS for depth in range(len(field.path))])
_BY_NAME = frozenset([field.path for field in FIELDS if isinstance(field.type, MapOf)])
_MERGED = _SECTIONS | _BY_NAME
"""The paths of objects that merge key by key."""
_NULL = frozenset([field.path for field in FIELDS if field.null])
_SOURCES = ("sources",)
IDENTITY = ("id", "from")
"""The keys of an override that name the model and are no facts."""


class Statement:
    """What one layer states about a model.

    Attributes:
        layer: The layer.
        source: The file.
        path: Where the entry or the override stands in the file.
        tree: The entry, or the override without the keys that name the model.
    """

    __slots__ = ("layer", "path", "source", "tree")

    def __init__(self, layer: "Layer", source: "Source", path: "Path", tree: "Tree") -> None:
        self.layer: Layer = layer
        self.source: Source = source
        self.path: Path = path
        self.tree: Tree = tree

    @property
    def sources(self) -> "Tree":
        """Its sources by the path of the fact; empty if they are not an object."""
        return object_of(self.tree.get("sources"))


class Composed:
    """A model after all layers.

    Attributes:
        id: The id, as the entry states it.
        tree: The merged entry.
        statements: What the layers state, the lowest first. The first one adds the model.
        source_places: Who states each item of `sources`, and under which key.
    """

    __slots__ = ("id", "source_places", "statements", "tree")

    def __init__(self, id: str, tree: "Tree", statements: "tuple[Statement, ...]") -> None:
        self.id: str = id
        self.tree: Tree = tree
        self.statements: tuple[Statement, ...] = statements
        self.source_places: dict[str, tuple[Statement, str]] = {}
        if len(statements) == 1:
            self.source_places = dict.fromkeys(statements[0].sources, (statements[0], ""))

    @classmethod
    def added(cls, statement: Statement) -> "Composed":
        """A model as one layer adds it."""
        return cls(str(statement.tree.get("id")), statement.tree, (statement,))

    def overridden(self, statement: Statement) -> "Composed":
        """The same model with the facts of an override."""
        new = Composed(self.id, _merge(self.tree, statement.tree, ()), (*self.statements, statement))
        new.source_places = dict(self.source_places)
        if isinstance(self.tree.get("sources", {}), dict) and isinstance(statement.tree.get("sources", {}), dict):
            sources = _Sources(self, statement)
            new.source_places = sources.places
            new.tree.pop("sources", None)
            if sources.tree or "sources" in self.tree:
                new.tree["sources"] = sources.tree
        return new

    @property
    def adder(self) -> Statement:
        """The statement that adds the model."""
        return self.statements[0]

    def place(self, path: "Path") -> "tuple[Statement, Path]":
        """Who states the fact at a path of the merged entry, and where in that statement.

        This is the topmost layer that states or withdraws the fact, else the layer that adds the model.
        """
        if path[:1] == _SOURCES and len(path) > 1 and path[1] in self.source_places:
            statement, key = self.source_places[str(path[1])]
            return statement, ("sources", key or path[1], *path[2:])
        for statement in reversed(self.statements):
            if states(statement.tree, unit_of(path)):
                return statement, path
        return self.adder, path

    def stating(self, path: "Path") -> "list[Statement]":
        """Every layer that states or withdraws the fact at a path, the topmost first."""
        return [one for one in reversed(self.statements) if states(one.tree, unit_of(path))]


def judged(model: Composed, index: int, layer: "Layer", *, is_own: bool) -> Layered:
    """A model as the lock of a layer judges it; `index` is its place among all models."""
    above = [one for one in model.statements if one.layer.rank > layer.rank]
    names = {field.name for field in FIELDS for one in above if states(one.tree, field.path)}
    sourced = frozenset([name for name in names if _has_source_above(name, model, layer)])
    return Layered(model.tree, index, overridden=frozenset(names), sourced=sourced, is_own=is_own)


def _has_source_above(name: str, model: Composed, layer: "Layer") -> bool:
    """Whether a layer above another one states the source of a fact."""
    key = _nearest(name, model.tree.get("sources", {}))
    return key is not None and key in model.source_places and model.source_places[key][0].layer.rank > layer.rank


def unit_of(path: "Path") -> "Path":
    """The part of a path that is replaced whole: that of a field, or of one name in an object that merges by name."""
    depth = 0
    while depth < len(path) and path[:depth] in _MERGED:
        depth += 1
    return path[:depth]


def units(tree: "Tree", path: "Path" = ()) -> "Iterator[Path]":
    """The paths of the facts that an entry or an override states, without its sources."""
    for key, value in tree.items():
        here = (*path, key)
        if here == _SOURCES or (not path and key in IDENTITY):
            continue
        if here in _MERGED and isinstance(value, dict):
            yield from units(object_of(value), here)
        else:
            yield here


def object_of(value: "Any") -> "Tree":
    """A value that is an object; an empty object in place of any other."""
    return value if _kind(value) is dict else {}


def list_of(value: "Any") -> "list[Any]":
    """A value that is a list; an empty list in place of any other."""
    return value if _kind(value) is list else []


def _kind(value: object) -> type:
    """The type of a value. Checkers do not narrow what is compared with it: no more is known of what is inside."""
    return type(value)


def value_at(tree: "Tree", path: "Path") -> "Any":
    """The value at a path. Raises KeyError, IndexError or TypeError if there is none."""
    value: Any = tree
    for key in path:
        value = value[key]
    return value


def states(tree: "Tree", path: "Path") -> bool:
    """Whether a tree has a value at a path, or withdraws an object around it."""
    value: Any = tree
    for key in path:
        if value is None:
            return True
        if key not in object_of(value):
            return False
        value = value[key]
    return True


def is_withdrawn(tree: "Tree", path: "Path") -> bool:
    """Whether an override that states a fact takes it away."""
    try:
        return value_at(tree, path) is None and path not in _NULL
    except TypeError:
        return True  # an object around it is null
    except (KeyError, IndexError):
        return False


def _merge(base: "Tree", over: "Tree", path: "Path") -> "Tree":
    """The facts of two trees; `over` wins."""
    found = dict(base)
    for key, value in over.items():
        here = (*path, key)
        if value is None and here not in _NULL:
            found.pop(key, None)
        elif here in _MERGED and isinstance(value, dict):
            found[key] = _merge(object_of(found.get(key)), object_of(value), here)
        else:
            found[key] = value
    return found


class _Sources:
    """The sources of a model under an override: no source stands under a value that it did not show.

    Where layers state different facts of one section, a source of the whole section is written out for its facts.

    Attributes:
        tree: The merged sources.
        places: Who states each of them, and under which key; an empty key is the same one.
    """

    def __init__(self, below: Composed, statement: Statement) -> None:
        self.tree = dict(below.tree.get("sources", {}))
        self.places = dict(below.source_places)
        own = [*units(statement.tree)]
        for unit in own:
            for depth in range(1, len(unit)):
                self._spread(dotted(unit[:depth]), below.tree)
        for name in [name for name in self.tree if any(_is_in(name, dotted(unit)) for unit in own)]:
            self._drop(name)
        for name, source in statement.sources.items():
            inside = [dotted(unit) for unit in own if _is_in(dotted(unit), name) and dotted(unit) != name]
            if source is None:
                self._drop(name)
            elif inside:
                # Its source is that of the facts that it states, not of those below.
                for key in [key for key in inside if _nearest(key, statement.sources) == name]:
                    self._put(key, source, statement, name)
            else:
                self._put(name, source, statement, "")

    def _spread(self, name: str, tree: "Tree") -> None:
        """Write the source of a section out for the facts in it that have no nearer one."""
        if name not in self.tree:
            return
        facts = [dotted(unit) for unit in units(tree) if _is_in(dotted(unit), name)]
        covered = [fact for fact in facts if _nearest(fact, self.tree) == name]
        source, (statement, key) = self.tree[name], self.places[name]
        self._drop(name)
        for fact in covered:
            self._put(fact, source, statement, key or name)

    def _put(self, name: str, source: "Any", statement: Statement, key: str) -> None:
        self.tree[name] = source
        self.places[name] = (statement, key)

    def _drop(self, name: str) -> None:
        self.tree.pop(name, None)
        self.places.pop(name, None)


def dotted(path: "Path") -> str:
    """The path of a fact as `sources` writes it."""
    return ".".join(map(str, path))


def _is_in(name: str, around: str) -> bool:
    """Whether the path `name` is `around` or inside of it."""
    return name == around or name.startswith((f"{around}.", f"{around}["))


def _nearest(name: str, sources: "Tree") -> str | None:
    """The key of the source that counts for a fact: its own path, or the nearest one around it."""
    return max([key for key in sources if _is_in(name, key)], key=len, default=None)
