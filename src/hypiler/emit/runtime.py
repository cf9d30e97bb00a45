"""The part of a generated module that is the same for every registry: records, decoder, lookups.

`hypiler.emit.python` copies everything below the cut line, word for word, into each `model_registry.py`, after the
constants that hold the models. It may therefore import nothing at module level, and defers whatever costs time
(`enum` alone costs half as much as starting the interpreter) until somebody asks for it. The row format that is decoded
here is written by `hypiler.emit.rows`.
"""

from __future__ import annotations

TYPE_CHECKING = False

_FIELDS: str = "id:str model_type:type embedding_dim:int matryoshka_dims:ints"
_VARIANT_FIELDS: str = "id:str"
_LAYER_FIELDS: str = "in_features:int"
_ROWS: str = "\n"
_ALIASES: str = "\n"
_BY_TYPE: str = "\n"
_BY_ORGANIZATION: str = "\n"
_BY_LANGUAGE: str = "\n"
_BY_DIMENSION: str = "\n"
_WITH_MATRYOSHKA: str = "\n"

# ---- cut here ----
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, NoReturn, TypeGuard

# A reload runs this file again in the same namespace: what an earlier run made there has to go.
for _name in globals().get("_made", ()):
    globals().pop(_name, None)
_made: list[str] = []
_tables: dict[str, Any] = {}
_records: dict[str, ModelInfo] = {}
_answers: dict[tuple[str, object], tuple[ModelInfo, ...]] = {}
# types.MappingProxyType and types.GenericAlias, without importing types
_frozen: Any = type(type.__dict__)
_alias: Any = type(list[int])


class _Record:
    """Immutable values under the names in `_fields`; compared by value, copied by reference, pickled by value."""

    __slots__: tuple[str, ...] = ()
    _fields: tuple[str, ...] = ()

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise TypeError(
            f"{type(self).__name__} objects are made by their registry: use get_model(id)"
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__} is immutable: cannot delete {name!r}"
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, _Record) or type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __hash__(self) -> int:
        return hash((type(self).__name__, getattr(self, self._fields[0])))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{name}={getattr(self, name)!r}' for name in self._fields])})"

    def __copy__(self) -> _Record:
        return self

    def __deepcopy__(self, memo: object) -> _Record:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        values = {slot: getattr(self, slot) for slot in self.__slots__}
        plain = {
            slot: dict(v) if type(v) is _frozen else v for slot, v in values.items()
        }
        return _restore, (type(self).__name__, plain)


def _names(fields: str) -> tuple[str, ...]:
    return tuple([field.partition(":")[0] for field in fields.split()])


class ModelVariant(_Record):
    """Other weights of the same model: quantized, exported, or in a repository of their own."""

    __slots__ = _fields = _names(_VARIANT_FIELDS)


class DenseLayer(_Record):
    """A linear layer that the model applies after its transformer."""

    __slots__ = _fields = _names(_LAYER_FIELDS)


class ModelInfo(_Record):
    """The facts about one model, as they stood in the registry when this module was generated."""

    # The type is kept as text, so that reading a record does not need the enum.
    __slots__ = _names(_FIELDS.replace("model_type:", "_type:"))
    _fields = _names(_FIELDS)
    if TYPE_CHECKING:
        id: str
        embedding_dim: int
        matryoshka_dims: tuple[int, ...]
        _type: str

    @property
    def model_type(self) -> Any:
        """The model's category, a member of `ModelType`."""
        return _model_type()(self._type)

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The vector widths to choose from: the Matryoshka dims, or `embedding_dim` alone."""
        return self.matryoshka_dims or (self.embedding_dim,)

    def resolve_dimension(self, dimension: int | None = None) -> int:
        """The width of the vectors for this choice: `embedding_dim` by default, else one of `dimensions`.

        Raises ValueError for a width that the model does not have.
        """
        if dimension is None:
            return self.embedding_dim
        if type(dimension) is not int or dimension not in self.dimensions:
            known = ", ".join([str(width) for width in self.dimensions])
            raise ValueError(
                f"{self.id!r} has no vectors of dimension {dimension!r}; choose one of: {known}"
            )
        return dimension

    def __repr__(self) -> str:
        return f"<ModelInfo {self.id!r}: {self._type}, {self.embedding_dim} dims>"

    @classmethod
    def __class_getitem__(cls, item: object) -> Any:
        return _alias(cls, item)


def _text(text: str) -> str | None:
    if "\\" in text:
        return "" if text == "\\" else text.encode().decode("unicode_escape")
    return text or None


def _integer(text: str) -> int | None:
    return int(text) if text else None


def _fraction(text: str) -> float | None:
    return float(text) if text else None


def _flag(text: str) -> bool | None:
    return text == "1" if text else None


def _texts(text: str) -> tuple[str | None, ...]:
    return tuple([_text(item) for item in text.split(";")]) if text else ()


def _integers(text: str) -> tuple[int, ...]:
    return tuple([int(item) for item in text.split(";")]) if text else ()


def _scalar(text: str) -> object:
    """A value whose type the schema leaves open: a tag, then the text of a scalar or of a list's items."""
    tag, rest = text[0], text[1:]
    if tag == "[":
        return tuple([_scalar(item) for item in rest.split(",")]) if rest else ()
    if tag == "'":
        return _text(rest or "\\")
    if tag == "i":
        return int(rest)
    return float(rest) if tag == "f" else {"T": True, "F": False, "N": None}[tag]


def _pairs(text: str) -> list[list[str]]:
    return [item.split("=") for item in text.split(";")] if text else []


def _mapping(text: str) -> Mapping[str, str]:
    found: Mapping[str, str] = _frozen(
        {_text(key): _text(value or "\\") for key, value in _pairs(text)}
    )
    return found


def _extra(text: str) -> Mapping[str, object]:
    found: Mapping[str, object] = _frozen(
        {_text(key): _scalar(value) for key, value in _pairs(text)}
    )
    return found


def _variants(text: str) -> tuple[ModelVariant, ...]:
    return tuple(
        [_fill(ModelVariant, _VARIANT_FIELDS, parts) for parts in _pairs(text)]
    )


def _layers(text: str) -> tuple[DenseLayer, ...]:
    return tuple([_fill(DenseLayer, _LAYER_FIELDS, parts) for parts in _pairs(text)])


_DECODERS: dict[str, Callable[[str], Any]] = {
    "str": _text,
    "int": _integer,
    "float": _fraction,
    "bool": _flag,
    "type": str,
    "strs": _texts,
    "ints": _integers,
    "mapping": _mapping,
    "extra": _extra,
    "variants": _variants,
    "layers": _layers,
}


def _fill(owner: type[_Record], fields: str, texts: list[str]) -> Any:
    steps = _tables.get(fields)
    if steps is None:
        # The setter of each slot, since the class itself refuses to be set, with the decoder of its field.
        decoders = [_DECODERS[field.partition(":")[2]] for field in fields.split()]
        steps = _tables[fields] = [
            (owner.__dict__[slot].__set__, decode)
            for slot, decode in zip(owner.__slots__, decoders)
        ]
    record = object.__new__(owner)
    for (put, decode), text in zip(steps, texts):
        put(record, decode(text))
    return record


def _restore(name: str, values: dict[str, Any]) -> _Record:
    owner: type[_Record] = globals()[name]
    record = object.__new__(owner)
    for slot in owner.__slots__:
        value = values.get(slot)
        owner.__dict__[slot].__set__(
            record, _frozen(value) if type(value) is dict else value
        )
    return record


def _rows() -> list[str]:
    """The rows by number; the first is 1, its line in the literal."""
    found: list[str] | None = _tables.get("rows")
    if found is None:
        found = _tables["rows"] = _ROWS.split("\n")
    return found


def _numbers() -> dict[str, int]:
    """The row number of every id, then of every alias, in file order."""
    found: dict[str, int] | None = _tables.get("numbers")
    if found is None:
        found = {
            row.partition("|")[0]: number for number, row in enumerate(_rows()) if row
        }
        found.update(
            [
                (alias, found[id])
                for alias, _, id in [line.partition("|") for line in _lines(_ALIASES)]
            ]
        )
        _tables["numbers"] = found
    return found


def _lines(table: str) -> list[str]:
    return table[1:-1].split("\n") if len(table) > 1 else []


def _record(number: int) -> ModelInfo:
    texts = _rows()[number].split("|")
    known = _records.get(texts[0])
    # setdefault is atomic: two threads that decode the same row get one record.
    return known or _records.setdefault(texts[0], _fill(ModelInfo, _FIELDS, texts))


def get_model(id: str) -> ModelInfo | None:
    """The model with this id or alias, or None. Ids are compared exactly."""
    try:
        return _records[id]
    except KeyError:
        number = _numbers().get(id)
        return None if number is None else _records.setdefault(id, _record(number))


def is_model_id(value: object) -> TypeGuard[Any]:
    """Whether `value` is the id or an alias of a model of this registry."""
    return isinstance(value, str) and value in _numbers()


def _index(table: str) -> dict[str, str]:
    """One of the tables that were made at build time: key → the row numbers of its models, as text."""
    found: dict[str, str] | None = _tables.get(table)
    if found is None:
        found = {}
        for line in _lines(table):
            key, _, numbers = line.rpartition("|")
            found[_text(key) or ""] = numbers
        _tables[table] = found
    return found


def _answer(table: str, key: str) -> tuple[ModelInfo, ...]:
    answer = _answers.get((table, key))
    if answer is None:
        numbers = _index(table).get(key, "").split()
        answer = tuple([_record(int(number)) for number in numbers])
        if answer:  # kept for known keys only: unknown ones have no end
            answer = _answers.setdefault((table, key), answer)
    return answer


def models_by_type(model_type: str) -> tuple[ModelInfo, ...]:
    """The models of one type, in file order; takes a `ModelType` or its value."""
    return _answer(_BY_TYPE, str(model_type))


def models_by_organization(organization: str) -> tuple[ModelInfo, ...]:
    """The models of one organization, in file order; the name is compared exactly."""
    return _answer(_BY_ORGANIZATION, organization)


def models_by_language(language: str) -> tuple[ModelInfo, ...]:
    """The models that list this language code, in file order; `zh` also finds `zh-Hans`."""
    return _answer(_BY_LANGUAGE, language)


def models_by_max_embedding_dim(max_dim: int) -> tuple[ModelInfo, ...]:
    """The models whose vectors have at most `max_dim` dimensions untruncated, in file order."""
    found: list[int] = []
    for width, numbers in _index(_BY_DIMENSION).items():
        if int(width) <= max_dim:
            found.extend([int(number) for number in numbers.split()])
    return tuple([_record(number) for number in sorted(found)])


def models_with_matryoshka() -> tuple[ModelInfo, ...]:
    """The models whose vectors can be truncated to smaller widths, in file order."""
    return _answer(_WITH_MATRYOSHKA, "")


def _constant(id: str) -> str:
    return id.upper().replace("-", "_").replace(".", "_")


def _constants() -> dict[str, str]:
    """The id behind every constant's name."""
    found: dict[str, str] | None = _tables.get("constants")
    if found is None:
        found = _tables["constants"] = {_constant(id): id for id in _numbers()}
    return found


def _model_type() -> Any:
    made = globals().get("ModelType")
    return made or globals()["__getattr__"]("ModelType")


def _make_model_type() -> object:
    from enum import StrEnum

    members = {_constant(value): value for value in _index(_BY_TYPE)}
    return StrEnum("ModelType", members, module=__name__)


def _make_model_id() -> object:
    from typing import Literal

    return Literal[tuple(_numbers())]


def _make_registry() -> tuple[ModelInfo, ...]:
    return tuple([_record(number) for number, row in enumerate(_rows()) if row])


def _make_models() -> Mapping[str, ModelInfo]:
    # The module behind collections.abc: it is loaded in every interpreter, the package collections is not.
    from _collections_abc import Mapping

    class Models(Mapping[str, ModelInfo]):
        """Every model by id and by alias; iterates over the ids in file order, then the aliases."""

        __slots__ = ()

        def __getitem__(self, id: str) -> ModelInfo:
            model = get_model(id)
            if model is None:
                from difflib import get_close_matches

                near = get_close_matches(str(id), _numbers(), n=1)
                raise KeyError(
                    f"no model {id!r} in this registry"
                    + (f"; did you mean {near[0]!r}?" if near else "")
                )
            return model

        def __contains__(self, id: object) -> bool:
            # The inherited one would look for a near id each time that there is none.
            return is_model_id(id)

        def get(self, id: str, default: Any = None) -> Any:
            """The model with this id or alias, or `default`."""
            return get_model(id) or default

        def __iter__(self) -> Iterator[str]:
            return iter(_numbers())

        def __len__(self) -> int:
            return len(_numbers())

        def __repr__(self) -> str:
            return f"<{len(self)} models>"

        def __reduce__(self) -> str:
            return "MODELS"

    Models.__qualname__, Models.__module__ = "MODELS", __name__
    return Models()


_MAKERS: dict[str, Callable[[], object]] = {
    "MODELS": _make_models,
    "MODEL_REGISTRY": _make_registry,
    "ModelId": _make_model_id,
    "ModelType": _make_model_type,
}


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name in _MAKERS:
        made = _MAKERS[name]()
    elif name[:1] != "_" and name in _constants():
        made = get_model(_constants()[name])
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _made.append(name)
    return globals().setdefault(name, made)


def __dir__() -> list[str]:
    own = [
        name
        for name, value in list(globals().items())
        if name[:1] != "_" and getattr(value, "__module__", 0) == __name__
    ]
    return sorted({*own, *_MAKERS, *_constants()})
