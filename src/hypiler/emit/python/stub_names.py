"""The names of models in a stub: ids with aliases, or repositories, in groups that type checkers treat alike."""

from hypiler._callers import use_warning
from hypiler.emit.python.literals import quoted
from hypiler.emit.python.stub_text import WIDTH, choice, literal_dims
from hypiler.schema.loading import NOT_TEXT
from hypiler.stamps.outputs import chosen, output_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hypiler.schema.model import Model

    Output = tuple[str, str, tuple[int, ...]]

# Some type checkers silently treat a longer union of literals as `str`, and would then check nothing. The limit applies
# to ids and to repositories separately.
MAX_LITERALS = 256
_TOO_MANY_IDS = """# Over {limit} ids: some checkers take so large a union of literals for `str`, so here
# an id is any string. MODELS["id"] is checked by every checker at any size.
"""
_TOO_MANY_REPOSITORIES = "# Over {limit} repositories: here a repository is any string, for the same reason.\n"


class Group:
    """Names of models that checkers treat alike.

    Attributes:
        alias: The private type alias for the union of the names.
        dims: The widths of the models' vectors; empty if any width in a range can be asked for.
        kind: The kind of encoder that loading the models gives, or "other".
        warning: What is said of a deprecated model, or of a former id; empty for all others.
        outputs: The name, the kind and the widths of each output, the default one first; empty for most models.
        names: Ids and aliases, or repositories.
    """

    __slots__ = ("alias", "dims", "kind", "names", "outputs", "warning")

    def __init__(self, alias: str, like: "Model", names: list[str]) -> None:
        """`like` is the model of these names, which are alike."""
        self.alias: str = alias
        self.dims: tuple[int, ...] = literal_dims(like.dimensions)
        self.kind: str = _kind(like)
        self.warning: str = use_warning(names[0], like)
        self.outputs: tuple[Output, ...] = _outputs(like)
        self.names: list[str] = names

    def overload(self, indent: str = "") -> str:
        """The decorators of an overload for these names."""
        overload = f"{indent}@overload\n"
        if not self.warning:
            return overload
        text = quoted(self.warning)
        line = f"{indent}@deprecated({text})\n"
        split = f"{indent}@deprecated(\n{indent}    {text}\n{indent})\n"
        return overload + (line if len(line) <= WIDTH + 1 else split)


class Names:
    """One way of naming models: by id and alias, or by repository.

    Attributes:
        alias: The public type alias for the union of all names.
        all: The names.
        groups: The names in groups.
        few: Whether checkers take the union of all names for what it is.
    """

    def __init__(self, alias: str, prefix: str, names: "Mapping[str, Model]", too_many: str) -> None:
        self.alias = alias
        self.all: list[str] = [*names]
        self.few: bool = 0 < len(names) <= MAX_LITERALS
        self._too_many = too_many
        alike: dict[tuple[object, ...], list[str]] = {}
        for name, model in names.items():
            widths = literal_dims(model.dimensions)
            alike.setdefault((widths, _kind(model), use_warning(name, model), _outputs(model)), []).append(name)
        self.groups: list[Group] = [
            Group(alias, names[part[0]], part)
            for number, group in enumerate(alike.values())
            for alias, part in _split(_group_name(prefix, group[0], names[group[0]], number), group)
        ]

    @property
    def known(self) -> "list[Group]":
        """The groups that functions distinguish: if there are too many names, only the deprecated ones."""
        return [group for group in self.groups if self.few or group.warning]

    def declarations(self, groups: "list[Group]") -> str:
        """The type aliases: one per group, then the public one."""
        parts = "".join([choice(group.alias, group.names) for group in groups])
        if self.few:
            return parts + choice(self.alias, self.all)
        reason = self._too_many.format(limit=MAX_LITERALS) if self.all else ""
        return f"{parts}{reason}{self.alias}: TypeAlias = str\n"


def ways_of_naming(models: "Sequence[Model]") -> "tuple[Names, Names]":
    """The names by id and alias, and the names by repository."""
    own = {model.id: model for model in models}
    further = {alias: model for model in models for alias in model.aliases}
    further |= {former: model for model in models for former in model.former_ids}
    # If models share a repository, its name finds the first one.
    repositories: dict[str, Model] = {}
    for model in models:
        if model.huggingface_id is not None:
            repositories.setdefault(model.huggingface_id, model)
    ids = Names("ModelId", "_Ids", own | further, _TOO_MANY_IDS)
    return ids, Names("Repository", "_Repositories", repositories, _TOO_MANY_REPOSITORIES)


def _kind(model: "Any") -> str:
    """The kind of encoder that loading the model gives, or "other" for a model that no engine loads."""
    if model.model_type in NOT_TEXT:
        return "other"
    found = output_kind(model)
    return "dense" if found == "static" else found


def _outputs(model: "Model") -> "tuple[Output, ...]":
    """The name, the kind and the widths of each output, the default one first."""
    views = [(one.name, chosen(model, one.name)) for one in model.outputs]
    return tuple([(name, _kind(view), literal_dims(view.dimensions)) for name, view in views])


def _group_name(prefix: str, name: str, model: "Model", number: int) -> str:
    """The private type alias for names like this one of models like this one."""
    if use_warning(name, model):
        return f"{prefix}_deprecated_{number}"
    if model.outputs:
        return f"{prefix}_several_outputs_{number}"
    first = f"{prefix}_{_kind(model)}_"
    dims = literal_dims(model.dimensions)
    name = first + ("_".join([str(dim) for dim in dims]) or "any")
    return name if len(name) <= 60 else f"{first}{dims[0]}_to_{dims[-1]}_{number}"


def _split(alias: str, names: list[str]) -> "list[tuple[str, list[str]]]":
    """A group of names with its alias; if there are too many names, several groups."""
    if len(names) <= MAX_LITERALS:
        return [(alias, names)]
    starts = range(0, len(names), MAX_LITERALS)
    return [(f"{alias}__{start // MAX_LITERALS + 1}", names[start : start + MAX_LITERALS]) for start in starts]
