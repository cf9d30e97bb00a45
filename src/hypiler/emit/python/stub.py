"""Emits `model_registry.pyi`: the stub of a generated module, for type checkers, editors and people."""

from functools import cache

from hypiler._callers import deprecation
from hypiler._encoder_types import encoder_type
from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.header import with_header
from hypiler.emit.python.literals import docstring, quoted, readable, verify_literals
from hypiler.emit.python.pragmas import FORMATTERS_AND_LINTERS
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.loading import NOT_TEXT
from hypiler.schema.types import OneOf, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

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
# MODELS refuses keys that other mappings accept.
# mypy: disable-error-code="override"
# pyrefly: ignore-errors[bad-override]
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnnecessaryTypeIgnoreComment=false, reportIncompatibleMethodOverride=false

from collections.abc import ItemsView, Iterator, KeysView, Mapping
from enum import StrEnum
from typing import (
    Any,
    Final,
    Generic,
    Literal,{never}
    Protocol,
    TypeAlias,
    TypeGuard,
    final,{overload}
)

from typing_extensions import TypeVar, override{deprecated}

# isort: split
{config}
_Dim = TypeVar("_Dim", bound=int, default=Any)  # pyright: ignore[reportExplicitAny]
_T_co = TypeVar("_T_co", covariant=True)
_Scalar: TypeAlias = str | int | float | bool | None
'''
# Comments for each checker that reports a missing import, and for each that reports an unneeded comment.
_IGNORED = (
    "  # type: ignore[import-not-found, unused-ignore]"
    "  # ty: ignore[import-not-found, unused-ignore-comment]  # ty: ignore[unused-ignore-comment]"
)
_CONFIG = f"from hypiler import ModelConfig{_IGNORED}\n"
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

def models_by_type({types}) -> tuple[ModelInfo, ...]:
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
@final
class _Models(Mapping[str, ModelInfo]):
    """A read-only mapping. As keys, checkers accept the ids and aliases of this registry."""

{lookups}    @override
    def __iter__(self) -> Iterator[ModelId]: ...
    @override
    def __len__(self) -> int: ...
    @override
    def keys(self) -> KeysView[ModelId]: ...
    @override
    def items(self) -> ItemsView[ModelId, ModelInfo]: ...

MODELS: Final[_Models]
"""Every model by id and alias, in file order. Checkers refuse an unknown key.

At run time, an unknown key raises KeyError. For a key that is known only at run time, use
MODELS_BY_ID, or narrow the key by is_model_id.
"""

MODELS_BY_ID: Final[Mapping[str, ModelInfo]]
"""The same mapping, for keys that are known only at run time and for `dict[str, ModelInfo]`."""
'''
# The checker's way from a mapping to a dict: mypy takes the type of the keys from the first overload.
_LOOKUP_FOR_MYPY = """    # Never called. From this overload, mypy takes the types of dict(MODELS).
    @overload
    def __getitem__(self, key: ModelId, /, *, _: None) -> ModelInfo: ...
"""
_NO_LOOKUP = "    def __getitem__(self, key: Never, /) -> ModelInfo: ...\n"
_TOO_MANY_IDS = """# Over {limit} ids: some checkers take so large a union of literals for `str`, so here
# an id is any string. MODELS["id"] is checked by every checker at any size.
"""
_TOO_MANY_REPOSITORIES = "# Over {limit} repositories: here a repository is any string, for the same reason.\n"
_BY_STRING = '''def get_model(id: str) -> ModelInfo | None:
    """The model with this id, alias or repository, or None. Compared exactly."""
'''
# Each protocol with the result of its calls.
_PROTOCOLS = (
    (
        '''
class FromRegistry(Protocol[_T_co]):
    """A function from an id or repository, and a dimension, to something; for checkers only."""

''',
        "_T_co",
    ),
    (
        '''
@final
class _Any:
    """What only arguments of type Any are."""

class ConfigFromRegistry(Protocol):
    """The same, to the hypiler.ModelConfig of the model, with the encoder that it loads."""

''',
        "ModelConfig[{}]",
    ),
)
_ENCODERS = {
    "dense": "DenseEncoder",
    "multi_vector": "MultiVectorEncoder",
    "sparse": "SparseEncoder",
    "reranker": "Reranker",
}
# For arguments of type Any, pyright takes the most general of the results: this one.
_CALL_BY_ANY = """\
    @overload
    def __call__(self, id: _Any, *, dimension: _Any | None = None) -> {}: ...
"""
_CALL_BY_STRING = "    def __call__(self, id: str, *, dimension: int | None = None) -> {}: ...\n"
_FROM_REGISTRY = '''
from_registry: Final[ConfigFromRegistry]
"""The hypiler.ModelConfig of a model, by id, alias or repository.

`dimension` truncates the vectors to one of the model's own Matryoshka dims. Raises
hypiler.UnknownModelError for an unknown id, ValueError for a dimension that the model does
not have, and ImportError where hypiler is not installed.
"""
'''


class _Group:
    """Names of models that checkers treat alike.

    Attributes:
        alias: The private type alias for the union of the names.
        dims: The widths of the models' vectors.
        kind: What loading the models gives: a key of `_ENCODERS`.
        warning: What is said of a deprecated model; empty for all others.
        names: Ids and aliases, or repositories.
    """

    __slots__ = ("alias", "dims", "kind", "names", "warning")

    def __init__(self, alias: str, like: "Model", names: list[str]) -> None:
        self.alias = alias
        self.dims = like.dimensions
        self.kind = _kind(like)
        self.warning = _warning(like)
        self.names = names

    def overload(self, indent: str = "") -> str:
        """The decorators of an overload for these names."""
        overload = f"{indent}@overload\n"
        if not self.warning:
            return overload
        text = quoted(self.warning)
        line = f"{indent}@deprecated({text})\n"
        split = f"{indent}@deprecated(\n{indent}    {text}\n{indent})\n"
        return overload + (line if len(line) <= _WIDTH + 1 else split)


class _Names:
    """One way of naming models: by id and alias, or by repository.

    Attributes:
        alias: The public type alias for the union of all names.
        all: The names.
        groups: The names in groups.
        few: Whether checkers take the union of all names for what it is.
    """

    def __init__(self, alias: str, prefix: str, names: "Mapping[str, Model]", too_many: str) -> None:
        self.alias = alias
        self.all = [*names]
        self.few = 0 < len(names) <= MAX_LITERALS
        self._too_many = too_many
        alike: dict[tuple[object, ...], list[str]] = {}
        for name, model in names.items():
            alike.setdefault((model.dimensions, _kind(model), _warning(model)), []).append(name)
        self.groups = [
            _Group(alias, names[part[0]], part)
            for number, group in enumerate(alike.values())
            for alias, part in _split(_group_name(prefix, names[group[0]], number), group)
        ]

    @property
    def known(self) -> "list[_Group]":
        """The groups that functions distinguish: if there are too many names, only the deprecated ones."""
        return [group for group in self.groups if self.few or group.warning]

    def declarations(self, groups: "list[_Group]") -> str:
        """The type aliases: one per group, then the public one."""
        parts = "".join([_choice(group.alias, group.names) for group in groups])
        if self.few:
            return parts + _choice(self.alias, self.all)
        reason = self._too_many.format(limit=MAX_LITERALS) if self.all else ""
        return f"{parts}{reason}{self.alias}: TypeAlias = str\n"


def emit_stub(registry: CheckedRegistry) -> str:
    """The text of `model_registry.pyi`."""
    own = {model.id: model for model in registry.models}
    aliases = {alias: model for model in registry.models for alias in model.aliases}
    # If models share a repository, its name finds the first one.
    repositories = {model.huggingface_id: model for model in reversed(registry.models)}
    repositories = {model.huggingface_id: repositories[model.huggingface_id] for model in registry.models}
    ids = _Names("ModelId", "_Ids", own | aliases, _TOO_MANY_IDS)
    ways = [ids, _Names("Repository", "_Repositories", repositories, _TOO_MANY_REPOSITORIES)]
    opening = _OPENING.format(
        pragmas=FORMATTERS_AND_LINTERS,
        never="" if own else "\n    Never,",
        overload="\n    overload," if own else "",
        deprecated=", deprecated" if any(model.deprecated for model in registry.models) else "",
        config=_CONFIG + _encoders(ways),
    )
    body = [opening, _vocabularies(), _model_type(registry), _records()]
    docs = [readable(_facts(model)) for model in registry.models]
    docstrings = [docstring(doc) for doc in docs]
    warnings = [group.warning for way in ways for group in way.known]
    verify_literals([*docstrings, *map(quoted, warnings)], [*docs, *warnings])
    for (id, model), text in zip(own.items(), docstrings, strict=True):
        body.append(f"\n{_declaration(id, model.dimensions)}{text}\n")
    body += [f"\n{_declaration(alias, model.dimensions)}" for alias, model in aliases.items()]
    body += ["\n" + way.declarations(way.groups if way is ids else way.known) for way in ways]
    body += [_models(ids), "\n", _get_model(ways), _calls(ways), _FROM_REGISTRY]
    body.append(_QUERIES.format(types=_types(registry)))
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


def _models(ids: _Names) -> str:
    """The mapping `MODELS`. An unknown key is an error in every type checker, whatever the size of the registry."""
    out = _LOOKUP_FOR_MYPY if ids.few else ""
    for group in ids.groups:
        result = _typed("    ) -> ", ("ModelInfo", "Literal"), group.dims, ": ...")
        parameters = f"        self,\n        key: {group.alias},\n        /,\n"
        out += f"{group.overload('    ')}    def __getitem__(\n{parameters}{result}\n"
    if ids.few and len(ids.groups) > 1:
        # For an argument that may be any of the names: checkers do not try every member of a large union.
        out += "    @overload\n    def __getitem__(self, key: ModelId, /) -> ModelInfo: ...\n"
    # The first overload is the one to mark.
    out = (out or _NO_LOOKUP).replace("    def ", "    @override\n    def ", 1)
    # ty reports the last overload, and only a comment in its line stops it.
    others, definition, last = out.rpartition("def __getitem__(")
    first_line, rest = last.split("\n", 1)
    return _MODELS.format(
        lookups=f"{others}{definition}{first_line}  # ty: ignore[incompatible-method-override]\n{rest}"
    )


def _encoders(ways: "list[_Names]") -> str:
    """The import of the types that loading gives."""
    kinds = {group.kind for way in ways for group in way.known}
    names = sorted([name for kind, name in _ENCODERS.items() if kind in kinds]) if ways[0].few else []
    lines = "".join([f"    {name},\n" for name in names])
    return f"from hypiler.protocols import ({_IGNORED}\n{lines})\n" if names else ""


def _types(registry: CheckedRegistry) -> str:
    """The parameter of models_by_type: closed, unless checkers would not take the union for what it is."""
    words = [*dict.fromkeys([model.model_type for model in registry.models])]
    if not words:
        return "model_type: ModelType"
    if len(words) > MAX_LITERALS:
        return "model_type: ModelType | str"
    one_line = f"model_type: ModelType | Literal[{', '.join(map(quoted, words))}]"
    if len(f"def models_by_type({one_line}) -> tuple[ModelInfo, ...]:") <= _WIDTH:
        return one_line
    lines = "".join([f"        {quoted(word)},\n" for word in words])
    return f"\n    model_type: ModelType\n    | Literal[\n{lines}    ],\n"


def _get_model(ways: "list[_Names]") -> str:
    """`get_model`: one overload per group of names, never one per model."""
    out = ""
    for way in ways:
        for group in way.known:
            result = _typed(") -> ", ("ModelInfo", "Literal"), group.dims, ": ...")
            out += f"{group.overload()}def get_model(\n    id: {group.alias},\n{result}\n"
    for way in ways:
        if way.few and len(way.groups) > 1:
            out += f"@overload\ndef get_model(id: {way.alias}) -> ModelInfo: ...\n"
    return f"{out}@overload\n{_BY_STRING}" if out else _BY_STRING


def _calls(ways: "list[_Names]") -> str:
    """The types of functions that take a name and one of the dims of its model."""
    return "".join([opening + _overloads(ways, result) for opening, result in _PROTOCOLS])


def _overloads(ways: "list[_Names]", result: str) -> str:
    """The methods of a protocol; `{}` in the result is the type of the encoder."""
    anything = result.replace("[{}]", "")
    if not ways[0].few:
        # If an id may be any string, a repository would be taken for an id.
        out = "".join([_call(group, anything) for group in ways[0].known])
        return out + ("    @overload\n" if out else "") + _CALL_BY_STRING.format(anything)
    out = _CALL_BY_ANY.format(anything) if anything != result else ""
    for way in ways:
        for group in way.known:
            encoder = _ENCODERS.get(group.kind)
            out += _call(group, result.format(encoder) if encoder else anything)
    for way in ways:
        # An argument that may be any of the names has no dimension that is sure to fit.
        if way.few and len(way.groups) > 1:
            out += f"    @overload\n    def __call__(self, id: {way.alias}) -> {anything}: ...\n"
    return out


def _call(group: _Group, result: str) -> str:
    parameters = f"        self,\n        id: {group.alias},\n        *,\n{_dimension(group.dims)}\n"
    return f"{group.overload('    ')}    def __call__(\n{parameters}    ) -> {result}: ...\n"


def _kind(model: "Model") -> str:
    """What loading the model gives: a key of `_ENCODERS`, or "other" for a model that no engine loads."""
    if model.model_type in NOT_TEXT:
        return "other"
    found = encoder_type(model.model_type, multi_vector=model.multi_vector)
    return "dense" if found == "static" else found


def _warning(model: "Model") -> str:
    """What is said of a deprecated model; empty for all others."""
    return deprecation(model) if model.deprecated else ""


def _group_name(prefix: str, model: "Model", number: int) -> str:
    """The private type alias for the names of models like this one."""
    if model.deprecated:
        return f"{prefix}_deprecated_{number}"
    first = f"{prefix}_{_kind(model)}_"
    name = first + "_".join([str(dim) for dim in model.dimensions])
    return name if len(name) <= 60 else f"{first}{model.dimensions[0]}_to_{model.dimensions[-1]}_{number}"


def _split(alias: str, names: list[str]) -> "list[tuple[str, list[str]]]":
    """A group of names with its alias; if there are too many names, several groups."""
    if len(names) <= MAX_LITERALS:
        return [(alias, names)]
    starts = range(0, len(names), MAX_LITERALS)
    return [(f"{alias}__{start // MAX_LITERALS + 1}", names[start : start + MAX_LITERALS]) for start in starts]


def _dimension(dims: "tuple[int, ...]") -> str:
    """The parameter `dimension` for these dims."""
    line = _typed("        dimension: ", ("Literal",), dims)
    whole = f"{line} | None = None,"
    return whole if "\n" not in whole and len(whole) <= _WIDTH else f"{line}\n        | None = None,"
