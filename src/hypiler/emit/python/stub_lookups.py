"""The lookups in a stub: `MODELS`, `get_model` and `from_registry`, with one overload per group of names."""

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
_CALL_BY_STRING = "    def __call__(self, id: str, *, dimension: int | None = None) -> {}: ...\n"
_FROM_REGISTRY = '''
from_registry: Final[ConfigFromRegistry]
"""The hypiler.ModelConfig of a model, by id, alias or repository.

`dimension` truncates the vectors to one of the model's own Matryoshka dims. Raises
hypiler.UnknownModelError for an unknown id, ValueError for a dimension that the model does
not have, and ImportError where hypiler is not installed.
"""
'''


def lookups(ways: "Sequence[Names]") -> str:
    """`MODELS`, `get_model`, `from_registry` and the protocols of the latter."""
    return f"{_models(ways[0])}\n{_get_model(ways)}{_calls(ways)}{_FROM_REGISTRY}"


def _models(ids: "Names") -> str:
    """The mapping `MODELS`. An unknown key is an error in every type checker, whatever the size of the registry."""
    out = _LOOKUP_FOR_MYPY if ids.few else ""
    for group in ids.groups:
        result = typed("    ) -> ", ("ModelInfo", "Literal"), group.dims, ": ...")
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
    kinds = {group.kind for way in ways for group in way.known}
    names = sorted([name for kind, name in _ENCODERS.items() if kind in kinds]) if ways[0].few else []
    lines = "".join([f"    {name},\n" for name in names])
    return _CONFIG + (f"from hypiler.protocols import ({_IGNORED}\n{lines})\n" if names else "")


def _get_model(ways: "Sequence[Names]") -> str:
    """`get_model`: one overload per group of names, never one per model."""
    out = ""
    for way in ways:
        for group in way.known:
            result = typed(") -> ", ("ModelInfo", "Literal"), group.dims, ": ...")
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


def _call(group: "Group", result: str) -> str:
    parameters = f"        self,\n        id: {group.alias},\n        *,\n{_dimension(group.dims)}\n"
    return f"{group.overload('    ')}    def __call__(\n{parameters}    ) -> {result}: ...\n"


def _dimension(dims: "tuple[int, ...]") -> str:
    """The parameter `dimension` for these dims."""
    line = typed("        dimension: ", ("Literal",), dims)
    whole = f"{line} | None = None,"
    return whole if "\n" not in whole and len(whole) <= WIDTH else f"{line}\n        | None = None,"
