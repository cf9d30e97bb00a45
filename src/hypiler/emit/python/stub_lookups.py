"""The lookups in a stub: `MODELS`, `get_model` and `from_registry`, with one overload per group of names."""

from hypiler.emit.python.literals import quoted
from hypiler.emit.python.stub_text import WIDTH, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypiler.emit.python.stub_names import Group, Names

# Comments for each checker that reports a missing import, and for each that reports an unneeded comment.
_IGNORED = (
    "  # type: ignore[import-not-found, unused-ignore]"
    "  # ty: ignore[import-not-found, unused-ignore-comment]  # ty: ignore[unused-ignore-comment]"
)
_CONFIG = f"from hypiler import ModelConfig{_IGNORED}\n"


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
_CALL_BY_ANY_WITH_OUTPUT = """\
    @overload
    def __call__(
        self, id: _Any, *, dimension: _Any | None = None, output: _Any | None = None
    ) -> {}: ...
"""
_CALL_BY_STRING = "    def __call__(self, id: str, *, dimension: int | None = None) -> {}: ...\n"
_CALL_BY_STRING_WITH_OUTPUT = """\
    def __call__(
        self, id: str, *, dimension: int | None = None, output: str | None = None
    ) -> {}: ...
"""
_FROM_REGISTRY = '''
from_registry: Final[ConfigFromRegistry]
"""The hypiler.ModelConfig of a model, by id, alias or repository.

`dimension` truncates the vectors to one of the model's own Matryoshka dims, and `output`
chooses one of its outputs. Raises hypiler.UnknownModelError for an unknown id, ValueError for
a dimension or an output that the model does not have, and ImportError where hypiler is not
installed.
"""
'''


def lookups(ways: "Sequence[Names]") -> str:
    """`MODELS`, `get_model`, `from_registry` and the protocols of the latter."""
    return f"{_models(ways[0])}\n{_get_model(ways)}{_calls(ways)}{_FROM_REGISTRY}"


def _models(ids: "Names") -> str:
    """The mapping `MODELS`. An unknown key is an error in every type checker, whatever the size of the registry."""
    out = _LOOKUP_FOR_MYPY if ids.few else ""
    for group in ids.groups:
        result = typed("    ) -> ", ("ModelInfo",), group.dims, ": ...")
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


def imports_from_hypiler(ways: "Sequence[Names]") -> str:
    """The imports of the config, and of the encoders that loading gives."""
    groups = [group for way in ways for group in way.known]
    kinds = {group.kind for group in groups} | {kind for group in groups for _, kind, _ in group.outputs}
    names = sorted([name for kind, name in _ENCODERS.items() if kind in kinds]) if ways[0].few else []
    lines = "".join([f"    {name},\n" for name in names])
    return _CONFIG + (f"from hypiler.protocols import ({_IGNORED}\n{lines})\n" if names else "")


def _get_model(ways: "Sequence[Names]") -> str:
    """`get_model`: one overload per group of names, never one per model."""
    out = ""
    for way in ways:
        for group in way.known:
            result = typed(") -> ", ("ModelInfo",), group.dims, ": ...")
            out += f"{group.overload()}def get_model(\n    id: {group.alias},\n{result}\n"
    for way in ways:
        if way.few and len(way.groups) > 1:
            out += f"@overload\ndef get_model(id: {way.alias}) -> ModelInfo: ...\n"
    return f"{out}@overload\n{_BY_STRING}" if out else _BY_STRING


def _calls(ways: "Sequence[Names]") -> str:
    """The types of functions that take a name and one of the dims of its model."""
    return "".join([opening + _overloads(ways, result) for opening, result in _PROTOCOLS])


def _overloads(ways: "Sequence[Names]", result: str) -> str:
    """The methods of a protocol; `{}` in the result is the type of the encoder."""
    anything = result.replace("[{}]", "")
    # A config is of one output. Other functions need not take one.
    several = anything != result and any(group.outputs for way in ways for group in way.groups)
    if not ways[0].few:
        # If an id may be any string, a repository would be taken for an id.
        out = "".join([_calls_of(group, anything, several=several) for group in ways[0].known])
        last = _CALL_BY_STRING_WITH_OUTPUT if several else _CALL_BY_STRING
        return out + ("    @overload\n" if out else "") + last.format(anything)
    out = ""
    if anything != result:
        out = (_CALL_BY_ANY_WITH_OUTPUT if several else _CALL_BY_ANY).format(anything)
    out += "".join([_calls_of(group, result, several=several) for way in ways for group in way.known])
    for way in ways:
        # An argument that may be any of the names has no dimension that is sure to fit.
        if way.few and len(way.groups) > 1:
            out += f"    @overload\n    def __call__(self, id: {way.alias}) -> {anything}: ...\n"
    return out


def _calls_of(group: "Group", result: str, *, several: bool) -> str:
    """The overloads of a group: one, or one for each output of its models."""
    if not several or not group.outputs:
        return _call(group, group.dims, _encoded(result, group.kind))
    out = ""
    for number, (name, kind, dims) in enumerate(group.outputs):
        choice = f"        output: Literal[{quoted(name)}]{'' if number else ' | None = None'},\n"
        out += _call(group, dims, _encoded(result, kind), choice)
    return out


def _encoded(result: str, kind: str) -> str:
    """The result with the type of the encoder of this kind."""
    encoder = _ENCODERS.get(kind)
    return result.format(encoder) if encoder else result.replace("[{}]", "")


def _call(group: "Group", dims: "tuple[int, ...]", result: str, output: str = "") -> str:
    parameters = f"        self,\n        id: {group.alias},\n        *,\n{_dimension(dims)}\n{output}"
    return f"{group.overload('    ')}    def __call__(\n{parameters}    ) -> {result}: ...\n"


def _dimension(dims: "tuple[int, ...]") -> str:
    """The parameter `dimension` for these dims."""
    line = typed("        dimension: ", (), dims)
    whole = f"{line} | None = None,"
    return whole if "\n" not in whole and len(whole) <= WIDTH else f"{line}\n        | None = None,"
