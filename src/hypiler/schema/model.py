"""`Model`: one model in memory, with the attributes of `ModelInfo` in generated modules.

Both classes are built from the table of fields. A model is a tuple of its values in the order of the table, with a
property for each value. So a registry of thousands of models is cheap to create, and values are read by name.
"""

from operator import itemgetter
from types import MappingProxyType

from hypiler._integers import as_integer
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED, Evidence
from hypiler.schema.fields import FIELDS
from hypiler.schema.records import Record, is_list, to_json
from hypiler.schema.types import Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Self

    from hypiler.schema.evidence import PinnedFile
    from hypiler.schema.model_attributes import ModelAttributes  # pyright: ignore[reportMissingModuleSource]
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Callable, Mapping, Sequence

    from hypiler.schema.evidence import PinnedFile

    Any = Self = object

    class ModelAttributes:
        """At run time the attributes are created from the table of fields: see below."""

        __slots__ = ()


def _record_class(name: str, names: "Sequence[str]") -> type[Record]:
    properties: dict[str, Any] = {part: property(itemgetter(index)) for index, part in enumerate(names)}
    return type(name, (Record,), {"__slots__": (), "_names": tuple(names), "__module__": __name__, **properties})


RECORDS: "dict[str, type[Record]]" = {
    field.type.record: _record_class(field.type.record, list(field.type.fields))
    for field in FIELDS
    if isinstance(field.type, Records)
}
"""The classes of records, by name."""

# A pickle refers to a class by its module and name, so the classes must be attributes of this module.
globals().update(RECORDS)


def _wrapper(records: Records) -> "Callable[[Any], Any]":
    """The function that makes a list of records from the tuples of their values. A value may be a list of records."""
    record = RECORDS[records.record]
    types = [part for part, _, _ in records.fields.values()]
    nested = [(place, _wrapper(part)) for place, part in enumerate(types) if isinstance(part, Records)]

    def wrap(values: "tuple[Any, ...]") -> "tuple[Any, ...]":
        rows = [list(one) for one in values]
        for row in rows:
            for place, wrap_part in nested:
                row[place] = wrap_part(row[place])
        return tuple(map(record, rows))

    return wrap


_NO_EVIDENCE = Evidence()
_NONE_OF_ITS_OWN: "tuple[tuple[str, str], ...]" = ()

_NAMES = tuple([field.attribute for field in FIELDS])
_EVIDENCE = len(_NAMES)
_RECORDS_AT = [(index, _wrapper(field.type)) for index, field in enumerate(FIELDS) if isinstance(field.type, Records)]


class Model(Record, ModelAttributes):
    """One model of a registry: immutable, hashable by its id, with every field of models.json as an attribute.

    A fact that the registry does not state is None, or an empty tuple or mapping. Lists are tuples.
    """

    __slots__ = ()
    _names = _NAMES
    # The facts that the project of the model declares, each with its type.
    _own = _NONE_OF_ITS_OWN
    # The policy of the project, as `hypiler.schema.policy` reads it when a model is loaded.
    _policy = ""
    # `space.describe` reads this from any class of models, generated ones too.
    _space_fields = " ".join([f"{field.attribute}:{field.space}" for field in FIELDS if field.space])

    @classmethod
    def of(cls, values: "Sequence[Any]", evidence: Evidence | None = None) -> "Self":
        """The model with these values, which are in the order of the table, and with what the lock proves of them."""
        row: list[Any] = [*values, evidence or _NO_EVIDENCE]
        for index, wrap in _RECORDS_AT:
            if row[index]:
                row[index] = wrap(row[index])
        return cls(row)

    @property
    def dimensions(self) -> "Sequence[int]":
        """The vector widths to choose from: the Matryoshka dims or range, or embedding_dim."""
        widths = range(self.matryoshka_min or 1, (self.matryoshka_max or 0) + 1)
        return widths or self.matryoshka_dims or (self.embedding_dim,)

    def resolve_dimension(self, dimension: int | None = None) -> int:
        """The width of the vectors if `dimension` is requested; embedding_dim if it is None.

        Raises ValueError for a width that the model does not have.
        """
        if dimension is None:
            return self.embedding_dim
        width = as_integer(dimension)
        if width is None or width not in self.dimensions:
            widths = self.dimensions
            choices = (
                f"in {widths[0]}..{widths[-1]}" if isinstance(widths, range) else f"of: {', '.join(map(str, widths))}"
            )
            raise ValueError(f"{self.id!r} has no vectors of dimension {dimension!r}; choose one {choices}")
        return width

    @property
    def space_id(self) -> str | None:
        """The `space_id` of the model's own vectors of full width; None if only loading can show it."""
        found: str | None = self._space()["space_id"]
        return found

    @property
    def query_space_id(self) -> str | None:
        """The `query_space_id` of the model; None if only loading can show it."""
        found: str | None = self._space()["query_space_id"]
        return found

    def _space(self) -> "Mapping[str, Any]":
        from hypiler.stamps.stamp import stamp_of

        model: Any = self
        return stamp_of(model)

    @property
    def verified_revision(self) -> str | None:
        """The commit whose files the facts were compared with; None if they were not."""
        return self._evidence.revision

    @property
    def verified_facts(self) -> int:
        """How many facts agree with those files."""
        return self._evidence.count(VERIFIED)

    @property
    def agreeing_facts(self) -> int:
        """How many further facts agree with a copy of the files, whose commit is unknown or another one."""
        return self._evidence.count(COPY)

    @property
    def differing_facts(self) -> int:
        """How many facts the files contradict; not 0 only if the rule M401 is ignored or is no error."""
        return self._evidence.count(DIFFERS)

    @property
    def claimed_facts(self) -> int:
        """How many facts no file has shown, so that they rest on their sources alone."""
        known = [field for field, value in zip(FIELDS, self, strict=False) if field.is_fact and value not in _UNKNOWN]
        return len(known) - len(self._evidence.facts)

    @property
    def pinned_files(self) -> "Mapping[str, PinnedFile]":
        """The files that decide vectors, as they are at the model's commit, by name.

        Files of variants in other repositories are named `org/name:file`. Empty if the lock has none of this commit.
        """
        return self._evidence.files

    @property
    def pins_all_files(self) -> bool:
        """Whether `pinned_files` are all files of the commit that decide vectors."""
        return self._evidence.complete

    @property
    def _evidence(self) -> Evidence:
        return evidence_of(self)

    def to_dict(self) -> "dict[str, Any]":
        """Every field by attribute, as JSON types: lists, dicts, strings, numbers, booleans and None."""
        return {name: to_json(value) for name, value in zip(_NAMES, self, strict=False)}

    def __hash__(self) -> int:
        return hash(self[0])

    def __repr__(self) -> str:
        return f"<Model {self.id!r}: {self.model_type}, {self.embedding_dim} dims>"

    def __reduce__(self) -> "tuple[Any, ...]":
        return _restore, (tuple(map(_picklable, self)), self._own, self._policy)


def evidence_of(model: Model) -> Evidence:
    """What the lock proves about a model; empty without a lock."""
    evidence: Evidence = model[_EVIDENCE]
    return evidence


for _index, _name in enumerate(_NAMES):
    setattr(Model, _name, property(itemgetter(_index), doc=FIELDS[_index].doc))

_UNKNOWN: "tuple[Any, ...]" = (None, (), {})


_CLASSES: "dict[tuple[tuple[tuple[str, str], ...], str], type[Model]]" = {((), ""): Model}


def class_with(own: "tuple[tuple[str, str], ...]", policy: str = "") -> type[Model]:
    """The class of models whose project declares these facts, each with its type: it has an attribute for each.

    `policy` is the policy of the project, in the form of `Policy.lines`.
    """
    key = own, policy
    if key not in _CLASSES:
        properties: dict[str, Any] = {name: _own_fact(name, word) for name, word in own}
        parts = {"__slots__": (), "__module__": __name__, "_own": own, "_policy": policy}
        made = type("Model", (Model,), {**parts, **properties})
        # Threads that create the same class all go on with the first one.
        return _CLASSES.setdefault(key, made)
    return _CLASSES[key]


def _own_fact(name: str, word: str) -> property:
    empty: Any = () if word.startswith("list") else None

    def get(model: Model) -> "Any":
        extra: Mapping[str, Any] = model.extra
        return extra.get(name, empty)

    return property(get, doc=f"The project's own fact `{name}`.")


def _restore(values: "tuple[Any, ...]", own: "tuple[tuple[str, str], ...]" = (), policy: str = "") -> Model:
    return class_with(own, policy).of([_read_only(value) for value in values[:_EVIDENCE]], values[_EVIDENCE])


def _read_only(value: "Any") -> "Any":
    """The value with read-only mappings in place of dicts."""
    if is_list(value):
        return tuple(map(_read_only, value))
    return MappingProxyType({key: _read_only(one) for key, one in value.items()}) if hasattr(value, "keys") else value


def _picklable(value: "Any") -> "Any":
    """The value with read-only mappings as dicts and with records as tuples, since those cannot be pickled."""
    if is_list(value):
        return tuple(map(_picklable, value))
    return {key: _picklable(one) for key, one in value.items()} if hasattr(value, "keys") else value
