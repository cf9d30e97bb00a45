"""The class of each changed fact of a model, and the sentence about it.

Nothing here knows a field by its name: the table of fields says what a value is, and whether vectors depend on it.
"""

from collections import Counter
from json import dumps

from hypiler.diagnostics.escaping import quote_name
from hypiler.lifecycle.changes import (
    ADDED,
    BREAKS_API,
    COSMETIC,
    EVIDENCE_WEAKER,
    FACT_CORRECTED,
    LICENCE_TIGHTENED,
    Change,
)
from hypiler.lifecycle.vectors import VectorChanges, with_fact
from hypiler.schema.field import ABSENT
from hypiler.schema.fields import FIELDS
from hypiler.schema.free_types import Extra, SourceNote
from hypiler.schema.license_terms import license_class, license_rank
from hypiler.schema.records import to_json
from hypiler.schema.string_types import Identifier, LicenseExpression, ModelTypeName, Pattern
from hypiler.schema.types import ListOf, MapOf, Records, Text
from hypiler.verification.lock_rules import format_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from hypiler.schema.field import Field
    from hypiler.schema.model import Model

    # The class of a change, and what changed in words.
    Part = tuple[str, str]

_EMPTY: "tuple[Any, ...]" = (None, [], {})
_SHOWN = 8


class Version:
    """A model in one of two registries.

    Attributes:
        model: The model.
        entry: Its object in models.json.
        declared: The names of the facts that its project adds to the format.
        finds: Whether a name leads to this model in its registry: True, the id of another model, or None.
    """

    __slots__ = ("declared", "entry", "finds", "model")

    def __init__(
        self,
        model: "Model",
        entry: "dict[str, Any]",
        declared: "Collection[str]",
        finds: "Callable[[str], bool | str | None]",
    ) -> None:
        self.model: Model = model
        self.entry: dict[str, Any] = entry
        self.declared: Collection[str] = declared
        self.finds: Callable[[str], bool | str | None] = finds

    def states(self, field: "Field", value: "Any") -> bool:
        """Whether the model states a field, also as null or as an empty list."""
        return value not in _EMPTY or field.get(self.entry) is not ABSENT


def changed_facts(old: "Model", new: "Model") -> "list[Field]":
    """The fields whose values differ, in their order or their type as well: true is not 1."""
    values = zip(FIELDS, old, new, strict=False)
    # The id of a renamed model is a change of its own.
    return [field for field, one, other in values if field is not FIELDS[0] and repr(one) != repr(other)]


def fact_changes(old: Version, new: Version, fields: "Sequence[Field]", vectors: VectorChanges) -> "Iterator[Change]":
    """A change for each of these fields, with the gravest class that fits."""
    for field in fields:
        one, other = to_json(getattr(old.model, field.attribute)), to_json(getattr(new.model, field.attribute))
        parts = list(_parts(field, one, other, old, new)) or [(FACT_CORRECTED, _was(one, other))]
        kinds = [kind for kind, _ in parts]
        if field.name in vectors.kinds:
            kinds.append(vectors.kinds[field.name])
        message = "; ".join(dict.fromkeys([text for _, text in parts]))
        # What begins with a name is about a part of the value.
        name = f"`{field.name}`" + ":" * message.startswith("`")
        yield Change(kinds, old.model.id, field.name, f"{name} {message}", (one, other))


def _parts(field: "Field", one: "Any", other: "Any", old: Version, new: Version) -> "Iterator[Part]":
    """What changed in a field: at least one part."""
    if lost := _lost_widths(old.model, with_fact(old.model, new.model, field.name)):
        yield BREAKS_API, lost
    if isinstance(field.type, MapOf):
        yield from _entries(field.type, one, other, old, new)
    elif _is_named(field.type):
        yield from _records(one, other)
    elif isinstance(field.type, ListOf) and isinstance(field.type.item, Identifier):
        yield from _names(one, other, old, new)
    else:
        yield _plain(field, one, other, old, new)


def _plain(field: "Field", one: "Any", other: "Any", old: Version, new: Version) -> "Part":
    """The change of a value as a whole."""
    text = _was(one, other)
    if not old.states(field, one):
        return ADDED, f"is stated: {format_value(other)}"
    if isinstance(field.type, LicenseExpression):
        return _license(one, other)
    if not new.states(field, other):
        # A wording that is gone proved nothing, and a model can stop being deprecated.
        weaker = field.is_fact or field.space
        kind = COSMETIC if field.prose else EVIDENCE_WEAKER if weaker else FACT_CORRECTED
        return kind, f"was {format_value(one)} and is not stated any more"
    if isinstance(field.type, ModelTypeName):
        return BREAKS_API, text
    if isinstance(field.type, (ListOf, Records)):
        # A score is a fact by itself, and a width is one more choice.
        are_facts = isinstance(field.type, Records) or all(isinstance(item, int) for item in other)
        return _list(one, other, are_facts=are_facts)
    if field is _REPOSITORY and new.finds(str(one)) is not True:
        return BREAKS_API, f"{text}: a lookup by the old name {_where(new.finds(str(one)))}"
    return COSMETIC if field.prose else FACT_CORRECTED, text


_REPOSITORY = next(field for field in FIELDS if field.name == "huggingface_id")


def _was(one: "Any", other: "Any") -> str:
    return f"was {format_value(one)} and is {format_value(other)}"


def _license(one: str, other: str | None) -> "Part":
    """The change of a licence that was stated."""
    if other is None:
        return LICENCE_TIGHTENED, f"was {format_value(one)} and is not stated any more: the terms are unknown"
    text, ranks = _was(one, other), (license_rank(one), license_rank(other))
    if ranks[0] == ranks[1]:
        return FACT_CORRECTED, f"{text}: both are of the class {license_class(one)}"
    kind = LICENCE_TIGHTENED if ranks[0] < ranks[1] else FACT_CORRECTED
    return kind, f"{text}: from {license_class(one)} to {license_class(other)}"


def _lost_widths(old: "Model", new: "Model") -> str:
    """Which widths can not be chosen any more, in words; empty if all can."""
    before, after = old.dimensions, new.dimensions
    if isinstance(before, range) and isinstance(after, range):
        lost = not (after[0] <= before[0] and before[-1] <= after[-1])
        return f"no longer offers all widths of {before[0]}..{before[-1]}" if lost else ""
    # A list has fewer widths than most ranges.
    first = next((width for width in before if width not in after), None)
    return "" if first is None else f"no longer offers vectors of {first} dimensions"


def _list(one: "list[Any]", other: "list[Any]", *, are_facts: bool) -> "Part":
    """The change of a list of values, each of which may be a fact by itself, such as a score."""
    # Values may be records, which cannot be hashed.
    before, after = [Counter([dumps(item, sort_keys=True) for item in items]) for items in (one, other)]
    if before == after:
        return COSMETIC, "is in another order"
    gone, fresh = [[*(a - b).elements()] for a, b in ((before, after), (after, before))]
    kind = ADDED if are_facts and not gone else FACT_CORRECTED
    return kind, _gone_and_added([_short(item) for item in gone], [_short(item) for item in fresh])


def _short(item: str) -> str:
    return quote_name(item.strip('"'))


def _gone_and_added(gone: "Sequence[str]", fresh: "Sequence[str]") -> str:
    words = (("is gone", "are gone", gone), ("was added", "were added", fresh))
    return "; ".join([f"{_listed(names)} {one if len(names) == 1 else many}" for one, many, names in words if names])


def _listed(names: "Sequence[str]") -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _is_named(field_type: "Any") -> bool:
    """Whether a field is a list of records with names, which programs choose by."""
    if not isinstance(field_type, Records):
        return False
    part, _, _ = next(iter(field_type.fields.values()))
    return isinstance(part, Identifier)


def _records(one: "list[Any]", other: "list[Any]") -> "Iterator[Part]":
    """The changes of a list of records, each of which has a name."""
    before, after = [{next(iter(item.values())): item for item in items} for items in (one, other)]
    yield from _keys(before, after, BREAKS_API)
    for name in [name for name in before if name in after and repr(before[name]) != repr(after[name])]:
        yield _record(name, before[name], after[name])
    if before == after and [*before] != [*after]:
        yield COSMETIC, "is in another order"


def _record(name: str, one: "dict[str, Any]", other: "dict[str, Any]") -> "Part":
    """The change of a record. A part that is gone is a fact that nobody knows any more."""
    parts = [key for key in one if repr(one[key]) != repr(other[key])]
    lost = [key for key in parts if other[key] in _EMPTY]
    fresh = [key for key in parts if one[key] in _EMPTY]
    kind = EVIDENCE_WEAKER if lost else ADDED if len(fresh) == len(parts) else FACT_CORRECTED
    changes = "; ".join([f"`{key}` {_was(one[key], other[key])}" for key in parts[:_SHOWN]])
    return kind, f"changes in {quote_name(name)}: {changes}"


def _keys(before: "dict[str, Any]", after: "dict[str, Any]", gone: str) -> "Iterator[Part]":
    """The names that are only on one side; `gone` is the class of those that are not there any more."""
    lost = [quote_name(name) for name in before if name not in after]
    fresh = [quote_name(name) for name in after if name not in before]
    if lost:
        yield gone, _gone_and_added(lost, [])
    if fresh:
        yield ADDED, _gone_and_added([], fresh)


def _entries(
    field_type: MapOf, one: "dict[str, Any]", other: "dict[str, Any]", old: Version, new: Version
) -> "Iterator[Part]":
    """The changes of a mapping: of prompts, of checksums, of sources, or of a project's own additions."""
    if isinstance(field_type, Extra):
        yield from _extra(one, other, old, new)
        return
    is_text = isinstance(field_type.value, Text) and not isinstance(field_type.value, Pattern)
    yield from _keys(one, other, BREAKS_API if is_text else EVIDENCE_WEAKER)
    kind = COSMETIC if isinstance(field_type.value, SourceNote) else FACT_CORRECTED
    yield from _values(one, other, kind)


def _values(one: "dict[str, Any]", other: "dict[str, Any]", kind: str) -> "Iterator[Part]":
    both = [key for key in one if key in other]
    for key in both:
        if repr(one[key]) != repr(other[key]):
            retyped = kind == FACT_CORRECTED and _is_retyped(one[key], other[key])
            yield (BREAKS_API if retyped else kind), f"{quote_name(key)} {_was(one[key], other[key])}"
    if both != [key for key in other if key in one]:
        yield COSMETIC, "is in another order"


def _is_retyped(one: object, other: object) -> bool:
    """Whether a program that reads the one value cannot read the other. A number may be written without a fraction."""
    kinds = [float if type(value) is int else type(value) for value in (one, other)]
    return kinds[0] is not kinds[1] and type(None) not in kinds


def _extra(one: "dict[str, Any]", other: "dict[str, Any]", old: Version, new: Version) -> "Iterator[Part]":
    """The changes of a project's own additions. Of a declared one, the attribute stays, and is None."""
    lost = [key for key in one if key not in other]
    kept = [key for key in lost if key in old.declared and key in new.declared]
    if gone := [quote_name(key) for key in lost if key not in kept]:
        yield BREAKS_API, _gone_and_added(gone, [])
    if kept:
        yield EVIDENCE_WEAKER, _gone_and_added([quote_name(key) for key in kept], [])
    yield from _keys({key: None for key in one if key in other}, other, BREAKS_API)
    yield from _values(one, other, FACT_CORRECTED)


def _names(one: "list[str]", other: "list[str]", old: Version, new: Version) -> "Iterator[Part]":
    """The changes of names that find the model. One that finds it in another way is not gone."""
    gone = [name for name in one if name not in other]
    for name in gone:
        yield _found(name, new.finds(name), announced=name in old.model.former_ids or bool(old.model.deprecated))
    fresh = [quote_name(name) for name in other if name not in one and old.finds(name) is not True]
    if fresh:
        yield ADDED, _gone_and_added([], fresh)
    if not gone and not fresh:
        yield COSMETIC, "holds ids that found the model before"


def _found(name: str, by: "bool | str | None", *, announced: bool) -> "Part":
    """What has become of a name; `announced` says whether a warning told that it would go."""
    if by is True:
        return COSMETIC, f"{quote_name(name)} finds the model in another way"
    if by is None and announced:
        return FACT_CORRECTED, f"{quote_name(name)} {_where(by)}, as a warning has announced"
    return BREAKS_API, f"{quote_name(name)} {_where(by)}"


def _where(by: "bool | str | None") -> str:
    return "finds nothing any more" if by is None else f"finds {quote_name(str(by))} now"
