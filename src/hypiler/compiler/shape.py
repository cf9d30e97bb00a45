"""Checks each value alone: a tree of JSON becomes one row of values a model, in the order of the table of fields."""

from hypiler.compiler.faults import INVALID, Faults
from hypiler.compiler.kinds import unknown_field
from hypiler.compiler.schema import FIELDS, ROOT, VERSION
from hypiler.diagnostics.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.kinds import Json

# A model's values in the order of FIELDS; INVALID where a value was missing or wrong.
Row = "list[Any]"


class _Section:
    """An object inside a model: its fields (as indexes into FIELDS) and the objects inside it."""

    __slots__ = ("children", "fields", "known", "path", "required")

    def __init__(self, path: tuple[str, ...]) -> None:
        depth = len(path)
        inside = [(i, f) for i, f in enumerate(FIELDS) if f.path[:depth] == path]
        self.path = path
        self.required = any(field.required for _, field in inside)
        # Unpacked here once, since every field of every model passes through.
        self.fields = [
            (f.path[-1], i, f.path, f.kind.read, f.null, f.required) for i, f in inside if len(f.path) == depth + 1
        ]
        names = dict.fromkeys(f.path[depth] for _, f in inside if len(f.path) > depth + 1)
        self.children = [(name, _Section((*path, name))) for name in names]
        self.known = frozenset([*names, *[key for key, *_ in self.fields]])


_MODEL = _Section(())
_EMPTY: "list[Any]" = [field.kind.empty for field in FIELDS]


def check_shape(tree: "Json", faults: Faults) -> "list[list[Any] | None]":
    """The rows of a registry's models; None stands for a model that is not even an object."""
    if type(tree) is not dict:
        faults.wrong_type("an object with `models`", tree)
        return []
    for key in tree.keys() - ROOT.keys():
        unknown_field(key, list(ROOT), faults)
    for key in ("version", "models"):
        if key not in tree:
            faults.add("M101", f"the registry lacks the required field `{key}`", (key,))
    faults.place = ("version",)
    if "version" in tree:
        VERSION.read(tree["version"], faults)
    faults.place = ("$schema",)
    if type(tree.get("$schema", "")) is not str:
        faults.wrong_type("a string", tree["$schema"])
    faults.place = ("models",)
    models: Json = tree.get("models", [])
    if type(models) is not list:
        faults.wrong_type("an array", models)
        return []
    return [_check_model(model, index, faults) for index, model in enumerate(models)]


def _check_model(model: "Json", index: int, faults: Faults) -> "list[Any] | None":
    faults.owner = ("models", index)
    faults.place = ()
    if type(model) is not dict:
        faults.owner = ()
        faults.place = ("models", index)
        faults.model = None
        faults.wrong_type("an object", model)
        return None
    id = model.get("id")
    faults.model = printable(id)[:80] if type(id) is str else None
    row = _EMPTY.copy()
    _check_section(_MODEL, model, row, faults)
    return row


def _check_section(section: _Section, found: "dict[str, Any]", row: "list[Any]", faults: Faults) -> None:
    seen = 0
    for key, index, path, read, null, required in section.fields:
        if key in found:
            seen += 1
            value = found[key]
            faults.place = path
            row[index] = None if value is None and null else read(value, faults)
        elif required:
            faults.place = section.path
            row[index] = _missing(path, faults)
    for key, child in section.children:
        faults.place = child.path
        if key in found:
            seen += 1
            if type(found[key]) is dict:
                _check_section(child, found[key], row, faults)
                continue
            faults.wrong_type("an object", found[key])
        elif child.required:
            faults.place = section.path
            faults.add("M101", f"the model lacks the required section `{key}`", (key,))
        else:
            continue
        _spoil(child, row)
    if seen < len(found):
        faults.place = section.path
        for key in found:
            if key not in section.known:
                unknown_field(key, sorted(section.known), faults)


def _missing(path: tuple[str, ...], faults: Faults) -> object:
    section, field = path[:-1], path[-1]
    where = f"`{'.'.join(section)}`" if section else "the model"
    return faults.add("M101", f"{where} lacks the required field `{field}`", (field,))


def _spoil(section: _Section, row: "list[Any]") -> None:
    """Mark every field of a section that is missing or no object, so that no rule judges its absence again."""
    for _, index, *_ in section.fields:
        row[index] = INVALID
    for _, child in section.children:
        _spoil(child, row)
