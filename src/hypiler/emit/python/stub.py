"""Emits `model_registry.pyi`: the stub of a generated module, for type checkers, editors and people."""

from functools import cache

from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.header import with_header
from hypiler.emit.python.literals import docstring, quoted, readable, verify_literals
from hypiler.emit.python.pragmas import FORMATTERS_AND_LINTERS
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.types import OneOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.schema.model import Model

# Some type checkers silently treat a longer union of literals as `str`, and would then check nothing. The limit applies
# to ids and to repositories separately.
MAX_LITERALS = 256
_WIDTH = 88  # the line length that formatters assume by default

_OPENING = '''{pragmas}
"""The models of a registry, as typed constants and lookups."""

# Only from_registry needs hypiler: where it is not installed, ModelConfig is unknown.
# mypy compares every pair of overloads, word by word, unless it need not report errors.
# mypy: ignore-errors
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnnecessaryTypeIgnoreComment=false

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

# isort: split
{config}

_Dim = TypeVar("_Dim", bound=int, default=Any)  # pyright: ignore[reportExplicitAny]
_T_co = TypeVar("_T_co", covariant=True)
_Scalar: TypeAlias = str | int | float | bool | None
'''
# Comments for each checker that reports a missing import, and for each that reports an unneeded comment.
_CONFIG = (
    "from hypiler import ModelConfig  # type: ignore[import-not-found, unused-ignore]"
    "  # ty: ignore[import-not-found, unused-ignore-comment]  # ty: ignore[unused-ignore-comment]"
)
_TO_DICT = '''
    def to_dict(self) -> dict[str, Any]:  # pyright: ignore[reportExplicitAny]
        """Every fact by attribute, as JSON has it: lists, objects, text, numbers, true, false, null."""
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
    def space_id(self) -> str | None:
        """The `space_id` of the model's own vectors of full width; None if only loading can show it."""

    @property
    def query_space_id(self) -> str | None:
        """The `query_space_id` of the model; None if only loading can show it."""

    @property
    def verified_revision(self) -> str | None:
        """The commit whose files the facts were compared with; None if they were not."""

    @property
    def verified_facts(self) -> int:
        """How many facts agree with those files."""

    @property
    def agreeing_facts(self) -> int:
        """How many further facts agree with a copy of the files, of no or another commit."""

    @property
    def differing_facts(self) -> int:
        """How many facts the files contradict; more than 0 only where M401 is ignored."""

    @property
    def claimed_facts(self) -> int:
        """How many facts no file has shown, so that they rest on their sources alone."""

    @property
    def pinned_files(self) -> Mapping[str, PinnedFile]:
        """The files that decide vectors, as they are at the model's commit, by name.

        Files of variants in other repositories are named `org/name:file`. Empty if the lock
        has none of this commit.
        """

    @property
    def pins_all_files(self) -> bool:
        """Whether pinned_files are all files of the commit that decide vectors."""
'''

_PINNED_FILE = '''
@final
class PinnedFile:
    """A file that decides vectors, as it is at the commit of its model."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, as 64 hex digits."""

    @property
    def size(self) -> int | None:
        """Its size in bytes; None if it is unknown."""

    @property
    def precision(self) -> str | None:
        """The precision of weights, such as "fp32"; None if it is unknown."""
'''

_QUERIES = '''
MODEL_REGISTRY: Final[tuple[ModelInfo, ...]]
"""All models, in file order."""

def is_model_id(value: object) -> TypeGuard[ModelId]:
    """Whether `value` is the id or an alias of a model of this registry."""

def models_by_type(model_type: ModelType | str) -> tuple[ModelInfo, ...]:
    """The models of one type, in file order; takes a ModelType or its value.

    Raises ValueError for a type that no model of this registry has.
    """

def models_by_organization(organization: str) -> tuple[ModelInfo, ...]:
    """The models of one organization, in file order; the name is compared exactly."""

def models_by_language(
    language: str, *, include_multilingual: bool = False
) -> tuple[ModelInfo, ...]:
    """The models for a language, in file order.

    A tag finds the models that list it, a more general tag or a more specific one: `zh`
    finds `zh-Hans`, and `de-DE` finds `de`. Case, `_` for `-` and three-letter codes make
    no difference. `include_multilingual` adds the models that list `mul`, many languages.
    Raises ValueError for what is no language tag.
    """

def models_by_max_embedding_dim(max_dim: int) -> tuple[ModelInfo, ...]:
    """The models with vectors of at most max_dim dimensions untruncated, in file order."""

def models_with_matryoshka() -> tuple[ModelInfo, ...]:
    """The models whose vectors can be truncated to smaller widths, in file order."""
'''

_MODELS = '''
MODELS: Final[_Models]
"""Every model by id and alias; an unknown key raises KeyError."""

MODELS_BY_ID: Final[Mapping[str, ModelInfo]]
"""The same as MODELS, for iteration and for keys that are known only at run time."""
'''
_TOO_MANY_IDS = """# Over {limit} ids: some checkers take so large a union of literals for `str`, so here
# an id is any string. MODELS["id"] is checked by every checker at any size.
"""
_TOO_MANY_REPOSITORIES = "# Over {limit} repositories: here a repository is any string, for the same reason.\n"
_BY_STRING = '''def get_model(id: str) -> ModelInfo | None:
    """The model with this id, alias or repository, or None. Compared exactly."""
'''
_PROTOCOL = '''
class FromRegistry(Protocol[_T_co]):
    """A function from an id or repository, and a dimension, to something; for checkers only."""

'''
_CALL_BY_STRING = "    def __call__(self, id: str, *, dimension: int | None = None) -> _T_co: ...\n"
_FROM_REGISTRY = '''
from_registry: Final[FromRegistry[ModelConfig]]
"""The hypiler.ModelConfig of a model, by id, alias or repository.

`dimension` truncates the vectors to one of the model's own Matryoshka dims. Raises
hypiler.UnknownModelError for an unknown id, ValueError for a dimension that the model does
not have, and ImportError where hypiler is not installed.
"""
'''


class _Names:
    """One way of naming models: by id and alias, or by repository.

    Attributes:
        alias: The public type alias for the union of all names.
        total: The number of names.
        groups: The names, by the dims of their models; empty if there are too many names for literals.
        parts: The private type alias for the union of each group.
    """

    def __init__(self, alias: str, prefix: str, names: "list[tuple[str, tuple[int, ...]]]", too_many: str) -> None:
        self.alias = alias
        self.total = len(names)
        self.groups: dict[tuple[int, ...], list[str]] = {}
        for name, dims in names if len(names) <= MAX_LITERALS else ():
            self.groups.setdefault(dims, []).append(name)
        self.parts = {dims: _group_name(prefix, dims, number) for number, dims in enumerate(self.groups)}
        self._all = [name for name, _ in names]
        self._too_many = too_many

    def declarations(self) -> str:
        """The type aliases: one per group, then the public one."""
        if not self.groups:
            reason = self._too_many.format(limit=MAX_LITERALS) if self.total else ""
            return f"{reason}{self.alias}: TypeAlias = str\n"
        parts = [_choice(self.parts[dims], own) for dims, own in self.groups.items()]
        return "".join([*parts, _choice(self.alias, self._all)])


def emit_stub(registry: CheckedRegistry) -> str:
    """The text of `model_registry.pyi`."""
    own = [(model.id, model.dimensions) for model in registry.models]
    aliases = [(alias, model.dimensions) for model in registry.models for alias in model.aliases]
    # If models share a repository, its name finds the first one.
    repositories: dict[str, tuple[int, ...]] = {}
    for model in registry.models:
        repositories.setdefault(model.huggingface_id, model.dimensions)
    ids = _Names("ModelId", "_Ids", own + aliases, _TOO_MANY_IDS)
    ways = [ids, _Names("Repository", "_Repositories", [*repositories.items()], _TOO_MANY_REPOSITORIES)]
    opening = _OPENING.format(
        pragmas=FORMATTERS_AND_LINTERS,
        overload="\n    overload," if any(way.groups for way in ways) else "",
        read_only="ReadOnly, " if own else "",
        config=_CONFIG,
    )
    body = [opening, _vocabularies(), _model_type(registry), _records()]
    docs = [readable(_facts(model)) for model in registry.models]
    docstrings = [docstring(doc) for doc in docs]
    verify_literals(docstrings, docs)
    body += [f"\n{_declaration(id, dims)}{text}\n" for (id, dims), text in zip(own, docstrings, strict=True)]
    body += [f"\n{_declaration(id, dims)}" for id, dims in aliases]
    body += [_models(own + aliases), *["\n" + way.declarations() for way in ways]]
    body += ["\n", _get_model(ways), _PROTOCOL, _calls(ids, ways), _FROM_REGISTRY, _QUERIES]
    return with_header("".join(body), registry.sha256)


@cache
def _nested(outer: "tuple[str, ...]", dims: "tuple[int, ...]") -> str:
    return f"{'['.join(outer)}[{', '.join([str(dim) for dim in dims])}{']' * len(outer)}"


def _typed(before: str, nested: "tuple[str, ...]", dims: "tuple[int, ...]", after: str = "") -> str:
    """`before` + `Final[ModelInfo[Literal[64, 96]]]` + `after`, split into lines as formatters do if it is too long."""
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
    # mypy does not accept an enum without members in a stub.
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
    """The classes of records, with one read-only property per field."""
    parts = ""
    for field_type in [field.type for field in FIELDS if isinstance(field.type, Records)]:
        parts += f'\n@final\nclass {field_type.record}:\n    """An entry of a list inside ModelInfo."""\n\n'
        parts += "\n".join(
            [_property(n, field_type.part_annotation(n), doc) for n, (_, _, doc) in field_type.fields.items()]
        )
        parts += _TO_DICT
    parts += _PINNED_FILE + _TO_DICT
    fields = "\n".join([_property(field.attribute, field.annotation, field.doc) for field in FIELDS])
    opening = '\n@final\nclass ModelInfo(Generic[_Dim]):\n    """The facts about one model."""\n\n'
    return parts + opening + fields + _METHODS + _TO_DICT


def _property(name: str, annotation: str, doc: str) -> str:
    return f"    @property\n    def {name}(self) -> {annotation}:\n        {docstring(doc)}\n"


def _vocabularies() -> str:
    """A type alias per closed list of words."""
    types = [part for field in FIELDS for part in field.type.parts()]
    choices = {one.annotation: list(one.choices) for one in types if isinstance(one, OneOf)}
    return "".join([_choice(name, words) for name, words in choices.items()])


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
    """What an editor shows about a constant, line by line."""
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


def _models(ids: "list[tuple[str, tuple[int, ...]]]") -> str:
    """The mapping `MODELS`. An unknown key is an error in every type checker, whatever the size of the registry."""
    nested = ("ReadOnly", "ModelInfo", "Literal")
    entries = "".join([_typed(f"        {quoted(id)}: ", nested, dims, ",") + "\n" for id, dims in ids])
    body = (
        f'_Models = TypedDict(\n    "_Models",\n    {{\n{entries}    }},\n)\n'
        if ids
        else '_Models = TypedDict("_Models", {})\n'
    )
    return f"\n{body}{_MODELS}"


def _get_model(ways: "list[_Names]") -> str:
    """`get_model`: one overload per set of dims, never one per model."""
    out = ""
    for way in ways:
        for dims, name in way.parts.items():
            made = _typed(") -> ", ("ModelInfo", "Literal"), dims, ": ...")
            out += f"@overload\ndef get_model(\n    id: {name},\n{made}\n"
    for way in ways:
        # For an argument that may be any of the names: checkers do not try every member of a large union.
        if len(way.parts) > 1:
            out += f"@overload\ndef get_model(id: {way.alias}) -> ModelInfo: ...\n"
    return f"{out}@overload\n{_BY_STRING}" if out else _BY_STRING


def _calls(ids: _Names, ways: "list[_Names]") -> str:
    """The methods of `FromRegistry`, which take a name and one of the dims of its model."""
    # If an id may be any string, a repository would be taken for an id.
    if not ids.groups:
        return _CALL_BY_STRING
    out = ""
    for way in ways:
        for dims, name in way.parts.items():
            parameters = f"        self,\n        id: {name},\n        *,\n{_dimension(dims)}\n"
            out += f"    @overload\n    def __call__(\n{parameters}    ) -> _T_co: ...\n"
    for way in ways:
        # An argument that may be any of the names has no dimension that is sure to fit.
        if len(way.parts) > 1:
            out += f"    @overload\n    def __call__(self, id: {way.alias}) -> _T_co: ...\n"
    return out


def _group_name(prefix: str, dims: "tuple[int, ...]", number: int) -> str:
    """The private type alias for the names of the models with these dims."""
    name = "_".join([prefix, *[str(dim) for dim in dims]])
    return name if len(name) <= 60 else f"{prefix}_{dims[0]}_to_{dims[-1]}_{number}"


def _dimension(dims: "tuple[int, ...]") -> str:
    """The parameter `dimension` for these dims."""
    line = _typed("        dimension: ", ("Literal",), dims)
    whole = f"{line} | None = None,"
    return whole if "\n" not in whole and len(whole) <= _WIDTH else f"{line}\n        | None = None,"
