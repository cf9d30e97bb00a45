"""Changes of the types that a generated module declares: those of attributes, and the members of `ModelType`."""

from hypiler.lifecycle.changes import ADDED, BREAKS_API, Change
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.requirements import has_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hypiler.compiler.checked import CheckedRegistry

_OPTIONAL = " | None"


def member_changes(
    old: "CheckedRegistry", new: "CheckedRegistry", announced: "Collection[str]" = ()
) -> "Iterator[Change]":
    """The members of `ModelType` that are gone.

    `announced` are the ids of the removed models that were deprecated before: nobody needs to be told of their types.
    """
    words = {model.model_type for model in old if model.id not in announced}
    for word in sorted(words - {model.model_type for model in new}):
        text = f"`ModelType.{constant_name(word)}` is gone: no model has this type any more"
        yield Change(BREAKS_API, None, "type", text, (word, None))


def attribute_changes(old: "CheckedRegistry", new: "CheckedRegistry") -> "Iterator[Change]":
    """The attributes of records whose types differ."""
    before, after = _attributes(old), _attributes(new)
    for path, one in before.items():
        other = after.get(path)
        if other is None:
            yield Change(BREAKS_API, None, path, f"the attribute of `{path}` is gone: it was `{one}`", (one, None))
        elif one != other:
            # What can not be None any more fits wherever it did before.
            kind = ADDED if one == other + _OPTIONAL else BREAKS_API
            yield Change(kind, None, path, f"the attribute of `{path}` was `{one}` and is `{other}`", (one, other))
    for path, other in after.items():
        if path not in before:
            yield Change(ADDED, None, path, f"the attribute of `{path}` is new: `{other}`", (None, other))


def _attributes(registry: "CheckedRegistry") -> "dict[str, str]":
    """The type of each attribute of a record, by the path of its fact."""
    # One model with a source is enough for the types.
    elsewhere = [model for model in registry.models if has_source(model)][:1]
    types = {field.name: registry.required.annotation(field, elsewhere) for field in FIELDS}
    own = {name: registry.own_facts.annotation(name) for name in registry.own_facts.words}
    own |= {name: own[name].removesuffix(_OPTIONAL) for name in registry.required.own if name in own}
    return types | {f"extra.{name}": one for name, one in own.items()}
