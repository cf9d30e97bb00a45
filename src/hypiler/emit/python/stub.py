"""Emits `model_registry.pyi`: the stub of a generated module, for type checkers, editors and people."""

from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.header import with_header
from hypiler.emit.python.literals import docstring, quoted, readable, verify_literals
from hypiler.emit.python.pragmas import FORMATTERS_AND_LINTERS
from hypiler.emit.python.stub_lookups import imports_from_hypiler, lookups
from hypiler.emit.python.stub_names import MAX_LITERALS, ways_of_naming
from hypiler.emit.python.stub_text import WIDTH, choice, literal_dims, typed
from hypiler.emit.widths import widths_text
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.requirements import has_source
from hypiler.schema.types import OneOf, Records
from hypiler.stamps.listed_bytes import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypiler.schema.model import Model

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

from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence
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
_TO_DICT = '''
    def to_dict(self) -> dict[str, Any]:  # pyright: ignore[reportExplicitAny]
        """Every fact by attribute, as JSON has it: lists, objects, text, numbers, true, false, null."""
'''
_METHODS = '''
    @property
    def dimensions(self) -> Sequence[int]:
        """The vector widths to choose from: the Matryoshka dims or range, or embedding_dim."""

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


def emit_stub(registry: CheckedRegistry) -> str:
    """The text of `model_registry.pyi`."""
    ways = ids, _ = ways_of_naming(registry.models)
    opening = _OPENING.format(
        pragmas=FORMATTERS_AND_LINTERS,
        never="" if registry.models else "\n    Never,",
        overload="\n    overload," if registry.models else "",
        deprecated=", deprecated" if any(model.deprecated or model.former_ids for model in registry.models) else "",
        config=imports_from_hypiler(ways),
    )
    body = [opening, _vocabularies(), _model_type(registry), _records(registry)]
    docs = [readable(_facts(model)) for model in registry.models]
    docstrings = [docstring(doc) for doc in docs]
    warnings = [group.warning for way in ways for group in way.known]
    verify_literals([*docstrings, *map(quoted, warnings)], [*docs, *warnings])
    for model, text in zip(registry.models, docstrings, strict=True):
        body.append(f"\n{_declaration(model.id, model.dimensions)}{text}\n")
    aliases = [(alias, model) for model in registry.models for alias in model.aliases]
    aliases += [(former, model) for model in registry.models for former in model.former_ids]
    body += [f"\n{_declaration(alias, model.dimensions)}" for alias, model in aliases]
    body += ["\n" + way.declarations(way.groups if way is ids else way.known) for way in ways]
    body.append(lookups(ways))
    body.append(_QUERIES.format(types=_types(registry)))
    return with_header("".join(body), registry.sha256, layers=registry.layer_marks)


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
    if len(line) <= WIDTH + 1 or len(value) > WIDTH - 8:
        return line
    return f"    {name} = (\n        {value}\n    )\n"


def _records(registry: CheckedRegistry) -> str:
    """The classes of records, with one read-only property per field."""
    parts = ""
    for field_type in [field.type for field in FIELDS if isinstance(field.type, Records)]:
        parts += f'\n@final\nclass {field_type.record}:\n    """An entry of a list inside ModelInfo."""\n\n'
        parts += "\n".join(
            [_property(n, field_type.part_annotation(n), doc) for n, (_, _, doc) in field_type.fields.items()]
        )
        parts += _TO_DICT
    parts += _PINNED_FILE + _TO_DICT
    # One model with a source is enough for the types.
    elsewhere = [model for model in registry.models if has_source(model)][:1]
    fields = "\n".join(
        [_property(field.attribute, _annotation(field, registry, elsewhere), field.doc) for field in FIELDS]
    )
    opening = '\n@final\nclass ModelInfo(Generic[_Dim]):\n    """The facts about one model."""\n\n'
    return parts + opening + fields + _own_facts(registry) + _METHODS + _TO_DICT


def _annotation(field: Field, registry: CheckedRegistry, models: "list[Model]") -> str:
    """The Python type of an attribute in a registry with these models.

    `extra` may hold values of any form if the project declares some.
    """
    if field.attribute == "extra" and "json" in registry.own_facts.words.values():
        return "Mapping[str, object]"
    return registry.required.annotation(field, models)


def _own_facts(registry: CheckedRegistry) -> str:
    """The attributes of the facts that the project declares."""
    types = {name: registry.own_facts.annotation(name) for name in registry.own_facts.words}
    types |= {name: types[name].removesuffix(" | None") for name in registry.required.own}
    return "".join(["\n" + _property(name, one, f"`extra.{name}` of the model.") for name, one in types.items()])


def _property(name: str, annotation: str, doc: str) -> str:
    explicit = "  # pyright: ignore[reportExplicitAny]" if annotation == "Any" else ""
    return f"    @property\n    def {name}(self) -> {annotation}:{explicit}\n        {docstring(doc)}\n"


def _vocabularies() -> str:
    """A type alias per closed list of words."""
    types = [part for field in FIELDS for part in field.type.parts()]
    choices = {one.annotation: list(one.choices) for one in types if isinstance(one, OneOf)}
    return "".join([choice(name, words) for name, words in choices.items()])


def _declaration(id: str, widths: "Sequence[int]") -> str:
    nested, dims, name = ("Final", "ModelInfo"), literal_dims(widths), constant_name(id)
    if len(name) + len(": (") <= WIDTH < len(name) + len(": Final["):
        return f"{name}: (\n{typed('    ', nested, dims)}\n)\n"
    return typed(f"{name}: ", nested, dims) + "\n"


def _facts(model: "Model") -> list[str]:
    """What an editor shows about a constant, line by line."""
    languages = ", ".join(model.languages[:6]) + (", …" if len(model.languages) > 6 else "")
    facts = [
        model.model_type,
        *([f"{model.parameters} parameters"] if model.parameters else []),
        f"{widths_text(model.dimensions, ' / ')} dimensions",
        *([f"context {model.context_length}"] if model.context_length else []),
        *([languages] if languages else []),
        *([model.license] if model.license else []),
    ]
    scores = [
        *([f"BEIR nDCG@10 {model.beir_avg}"] if model.beir_avg is not None else []),
        *([f"MS MARCO MRR@10 {model.ms_marco_mrr10}"] if model.ms_marco_mrr10 is not None else []),
    ]
    published = ", ".join([fact for fact in (model.organization, model.release_date) if fact])
    return [
        f"{model.name}: {place_of(model)}" + (f" ({published})" if published else ""),
        "",
        " · ".join(facts),
        *([" · ".join(scores)] if scores else []),
        *(["", *model.description.splitlines()] if model.description else []),
        *(["", f"Deprecated: {model.deprecated}"] if model.deprecated else []),
    ]


def _types(registry: CheckedRegistry) -> str:
    """The parameter of models_by_type: closed, unless checkers would not take the union for what it is."""
    words = [*dict.fromkeys([model.model_type for model in registry.models])]
    if not words:
        return "model_type: ModelType"
    if len(words) > MAX_LITERALS:
        return "model_type: ModelType | str"
    one_line = f"model_type: ModelType | Literal[{', '.join(map(quoted, words))}]"
    if len(f"def models_by_type({one_line}) -> tuple[ModelInfo, ...]:") <= WIDTH:
        return one_line
    lines = "".join([f"        {quoted(word)},\n" for word in words])
    return f"\n    model_type: ModelType\n    | Literal[\n{lines}    ],\n"
