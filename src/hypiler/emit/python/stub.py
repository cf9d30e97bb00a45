"""Emits `model_registry.pyi`: what checkers, editors and people read of a generated module."""

from functools import cache

from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.header import with_header
from hypiler.emit.python.literals import docstring, quoted, readable, verify_literals
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.types import FieldType, ListOf, OneOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.schema.model import Model

# Beyond this, some checkers silently take a union of literals for `str`, and a check by id would check nothing.
MAX_LITERAL_IDS = 256
_WIDTH = 88  # the line length that formatters assume by default

_OPENING = '''
"""The models of a registry, as typed constants and lookups."""

from collections.abc import Mapping
from enum import StrEnum
from typing import (
    Any,
    Final,
    Generic,
    Literal,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeGuard,
    final,{overload}
)

from typing_extensions import {read_only}TypeVar

_Dim = TypeVar("_Dim", bound=int, default=Any)
_T_co = TypeVar("_T_co", covariant=True)
_Scalar: TypeAlias = str | int | float | bool | None
'''

_METHODS = '''
    @property
    def dimensions(self) -> tuple[int, ...]:
        """The vector widths to choose from: the Matryoshka dims, or embedding_dim."""

    def resolve_dimension(self, dimension: _Dim | None = None) -> int:
        """The width of the vectors for this choice; embedding_dim by default.

        Raises ValueError for a width that the model does not have.
        """

    @property
    def space_id(self) -> str:
        """Stands for all that document vectors of full width depend on: store it beside them."""

    @property
    def query_space_id(self) -> str:
        """Stands for all that is done to queries alone."""

    @property
    def verified_revision(self) -> str | None:
        """The commit whose files the facts were compared with; None if they were not."""

    @property
    def verified_facts(self) -> int:
        """How many facts agree with those files."""

    @property
    def claimed_facts(self) -> int:
        """How many facts rest on their sources alone."""
'''

_QUERIES = '''
MODEL_REGISTRY: Final[tuple[ModelInfo, ...]]
"""All models, in file order."""

def is_model_id(value: object) -> TypeGuard[ModelId]:
    """Whether `value` is the id or an alias of a model of this registry."""

def models_by_type(model_type: ModelType | str) -> tuple[ModelInfo, ...]:
    """The models of one type, in file order; takes a ModelType or its value."""

def models_by_organization(organization: str) -> tuple[ModelInfo, ...]:
    """The models of one organization, in file order; the name is compared exactly."""

def models_by_language(language: str) -> tuple[ModelInfo, ...]:
    """The models that list this language code, in file order; zh also finds zh-Hans."""

def models_by_max_embedding_dim(max_dim: int) -> tuple[ModelInfo, ...]:
    """The models with vectors of at most max_dim dimensions untruncated, in file order."""

def models_with_matryoshka() -> tuple[ModelInfo, ...]:
    """The models whose vectors can be truncated to smaller widths, in file order."""
'''

# For an id that is_model_id has narrowed: checkers do not try every member of a large union.
_BY_MODEL_ID = "@overload\ndef get_model(id: ModelId) -> ModelInfo: ...\n"
_FROM_REGISTRY = '''
class FromRegistry(Protocol[_T_co]):
    """A function from an id and a dimension; for checkers only."""

'''

_BY_LITERAL = '''@overload
def get_model(id: str) -> ModelInfo | None:
    """The model with this id or alias, or None. Ids are compared exactly."""
'''

_TOO_MANY = """# Over {limit} ids: some checkers take so large a union of literals for `str`, so here
# an id is any string. MODELS["id"] is checked by every checker at any size.
"""
_BY_STRING = '''
{reason}ModelId: TypeAlias = str

def get_model(id: str) -> ModelInfo | None:
    """The model with this id or alias, or None. Ids are compared exactly."""

class FromRegistry(Protocol[_T_co]):
    """A function that makes something from an id and a dimension; for checkers only."""

    def __call__(self, id: str, *, dimension: int | None = None) -> _T_co: ...
'''


def emit_stub(registry: CheckedRegistry) -> str:
    """The text of `model_registry.pyi`."""
    ids = _ids_with_dims(registry)
    literal = 0 < len(ids) <= MAX_LITERAL_IDS
    opening = _OPENING.format(
        overload="\n    overload," if literal else "",
        read_only="ReadOnly, " if ids else "",
    )
    body = [opening, _vocabularies(), _model_type(registry), _records()]
    docs = [readable(_facts(model)) for model in registry.models]
    docstrings = [docstring(doc) for doc in docs]
    verify_literals(docstrings, docs)
    body += [f"\n{_declaration(id, dims)}{text}\n" for (id, dims, _), text in zip(ids, docstrings, strict=False)]
    body += [f"\n{_declaration(id, dims)}" for id, dims, own in ids if not own]
    body += [
        _models(ids),
        _by_id(ids) if literal else _BY_STRING.format(reason=_TOO_MANY.format(limit=MAX_LITERAL_IDS) if ids else ""),
    ]
    body.append(_QUERIES)
    return with_header("".join(body), registry.sha256)


def _ids_with_dims(registry: CheckedRegistry) -> "list[tuple[str, tuple[int, ...], bool]]":
    """Every id, then every alias (marked by False), with the dims of its model."""
    ids = [(model.id, model.dimensions, True) for model in registry.models]
    return ids + [(alias, model.dimensions, False) for model in registry.models for alias in model.aliases]


@cache
def _nested(outer: "tuple[str, ...]", dims: "tuple[int, ...]") -> str:
    return f"{'['.join(outer)}[{', '.join([str(dim) for dim in dims])}{']' * len(outer)}"


def _typed(before: str, nested: "tuple[str, ...]", dims: "tuple[int, ...]", after: str = "") -> str:
    """`before` + `Final[ModelInfo[Literal[64, 96]]]` + `after`, broken as formatters break what is too long."""
    line = before + _nested(nested, dims) + after
    if len(line) <= _WIDTH:
        return line
    inner = ", ".join([str(dim) for dim in dims])
    indent = " " * (len(before) - len(before.lstrip(" ")))
    deeper = indent + "    "
    outermost, *others = nested
    if others:
        inner = _typed(deeper, tuple(others), dims)
    elif len(deeper + inner) <= _WIDTH:
        inner = deeper + inner
    else:
        inner = "\n".join([f"{deeper}{dim}," for dim in dims])
    return f"{before}{outermost}[\n{inner}\n{indent}]{after}"


def _model_type(registry: CheckedRegistry) -> str:
    words = dict.fromkeys([model.model_type for model in registry.models])
    members = [_member(constant_name(word), quoted(word)) for word in words]
    # mypy refuses an enum without members in a stub.
    return (
        '\nclass ModelType(StrEnum):\n    """The categories of the models in this registry."""\n\n' + "".join(members)
        if members
        else "\nModelType: TypeAlias = StrEnum\n"
    )


def _member(name: str, value: str) -> str:
    line = f"    {name} = {value}\n"
    if len(line) <= _WIDTH + 1 or len(value) > _WIDTH - 8:
        return line
    return f"    {name} = (\n        {value}\n    )\n"


def _records() -> str:
    """The classes of records, one read-only property a field."""
    parts = ""
    for field_type in [field.type for field in FIELDS if isinstance(field.type, Records)]:
        parts += f'\n@final\nclass {field_type.record}:\n    """An entry of a list inside ModelInfo."""\n\n'
        parts += "\n".join(
            [_property(n, _optional(k, required), doc) for n, (k, required, doc) in field_type.fields.items()]
        )
    fields = "\n".join([_property(field.attribute, field.annotation, field.doc) for field in FIELDS])
    opening = '\n@final\nclass ModelInfo(Generic[_Dim]):\n    """The facts about one model."""\n\n'
    return parts + opening + fields + _METHODS


def _optional(field_type: FieldType, required: bool) -> str:
    return field_type.annotation + ("" if required else " | None")


def _property(name: str, annotation: str, doc: str) -> str:
    return f"    @property\n    def {name}(self) -> {annotation}:\n        {docstring(doc)}\n"


def _vocabularies() -> str:
    """An alias for each closed list of words."""
    field_types = [field.type for field in FIELDS]
    lists = [field_type.item if isinstance(field_type, ListOf) else field_type for field_type in field_types]
    return "".join(
        [
            _choice(field_type.annotation, list(field_type.choices))
            for field_type in lists
            if isinstance(field_type, OneOf)
        ]
    )


def _choice(name: str, words: list[str]) -> str:
    line = f"{name}: TypeAlias = Literal[{quoted(words[0])}]\n"
    if len(words) == 1 and len(line) <= _WIDTH:
        return line
    lines = "".join([f"    {quoted(word)},\n" for word in words])
    return f"{name}: TypeAlias = Literal[\n{lines}]\n"


def _declaration(id: str, dims: "tuple[int, ...]") -> str:
    nested, name = ("Final", "ModelInfo", "Literal"), constant_name(id)
    if len(name) + len(": (") <= _WIDTH < len(name) + len(": Final["):
        return f"{name}: (\n{_typed('    ', nested, dims)}\n)\n"
    return _typed(f"{name}: ", nested, dims) + "\n"


def _facts(model: "Model") -> list[str]:
    """What an editor shows of a constant, line by line."""
    languages = ", ".join(model.languages[:6]) + (", …" if len(model.languages) > 6 else "")
    facts = [
        model.model_type,
        f"{model.parameters} parameters",
        f"{' / '.join([str(dim) for dim in model.dimensions])} dimensions",
        f"context {model.context_length}",
        *([languages] if languages else []),
        model.license,
    ]
    scores = [
        *([f"BEIR nDCG@10 {model.beir_avg}"] if model.beir_avg is not None else []),
        *([f"MS MARCO MRR@10 {model.ms_marco_mrr10}"] if model.ms_marco_mrr10 is not None else []),
    ]
    return [
        f"{model.name}: {model.huggingface_id} ({model.organization}, {model.release_date})",
        "",
        " · ".join(facts),
        *([" · ".join(scores)] if scores else []),
        "",
        *model.description.splitlines(),
        *(["", f"Deprecated: {model.deprecated}"] if model.deprecated else []),
    ]


def _models(ids: "list[tuple[str, tuple[int, ...], bool]]") -> str:
    """The mapping whose unknown key is an error in every checker, at any size of registry."""
    nested = ("ReadOnly", "ModelInfo", "Literal")
    entries = "".join([_typed(f"        {quoted(id)}: ", nested, dims, ",") + "\n" for id, dims, _ in ids])
    body = (
        f'_Models = TypedDict(\n    "_Models",\n    {{\n{entries}    }},\n)'
        if ids
        else '_Models = TypedDict("_Models", {})'
    )
    return f'\n{body}\n\nMODELS: Final[_Models]\n"""Every model by id and alias; an unknown key raises KeyError."""\n'


def _by_id(ids: "list[tuple[str, tuple[int, ...], bool]]") -> str:
    """The lookups that know every id: one overload for each set of dims, never one a model."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for id, dims, _ in ids:
        groups.setdefault(dims, []).append(id)
    names = {dims: _group_name(dims, number) for number, dims in enumerate(groups)}
    out = "\n" + "".join([_choice(names[dims], own) for dims, own in groups.items()])
    out += _choice("ModelId", [id for id, _, _ in ids])
    out += "\n"
    for dims, name in names.items():
        made = _typed(") -> ", ("ModelInfo", "Literal"), dims, ": ...")
        out += f"@overload\ndef get_model(\n    id: {name},\n{made}\n"
    if len(names) > 1:
        out += _BY_MODEL_ID
    return out + _BY_LITERAL + _from_registry(names)


def _group_name(dims: "tuple[int, ...]", number: int) -> str:
    """A private name for the ids of the models with these dims."""
    name = "_Ids_" + "_".join([str(dim) for dim in dims])
    return name if len(name) <= 60 else f"_Ids_{dims[0]}_to_{dims[-1]}_{number}"


def _from_registry(names: "dict[tuple[int, ...], str]") -> str:
    """The type of a function from an id, and one of its model's own dims, to whatever it makes."""
    out = _FROM_REGISTRY
    for dims, name in names.items():
        overload = "    @overload\n" if len(names) > 1 else ""
        dimension = f"        *,\n{_dimension(dims)}\n"
        out += f"{overload}    def __call__(\n        self,\n        id: {name},\n{dimension}    ) -> _T_co: ...\n"
    if len(names) > 1:
        # A narrowed id may be any of them, so no dimension is known to fit.
        out += "    @overload\n    def __call__(self, id: ModelId) -> _T_co: ...\n"
    return out


def _dimension(dims: "tuple[int, ...]") -> str:
    """The parameter `dimension` for these dims."""
    line = _typed("        dimension: ", ("Literal",), dims)
    whole = f"{line} | None = None,"
    return whole if "\n" not in whole and len(whole) <= _WIDTH else f"{line}\n        | None = None,"
