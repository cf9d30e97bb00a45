"""Whether vectors of two versions of a model fit together, by the comparison of `hypiler.space`, and why not.

A model is compared in each choice that a config can make of both versions: its own vectors, truncated widths, outputs,
variants and named prompts.
"""

from hypiler.lifecycle.changes import BREAKS_VECTORS, VECTORS_UNDECIDED, Change
from hypiler.schema.fields import FIELDS
from hypiler.space import compare
from hypiler.stamps.stamp import stamp_of
from hypiler.verification.lock_rules import format_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from hypiler.schema.model import Model
    from hypiler.space import Comparison, Difference

    Choice = tuple[str, dict[str, Any]]

LOCK = "lock"
"""The path of what the lock proves about a model."""
_PATHS = (*[field.name for field in FIELDS], LOCK)
_BYTES = ("weights", "tokenizer")
_PARTS = ("document", "query", "bytes")
_DIGITS = 23
_SHOWN = 6


class _Stamped:
    """A version of a model as `hypiler.space` compares a config."""

    def __init__(self, stamp: "dict[str, Any]") -> None:
        self.stamped = stamp

    def space(self) -> "dict[str, Any]":
        return self.stamped


def compare_spaces(old: "Model", new: "Model", **choice: "Any") -> "Comparison | None":
    """How the vectors of two versions compare in one choice; None if registry and lock state the same of both.

    Raises ValueError if one of them does not have the choice.
    """
    before, after = _stamp(old, choice), _stamp(new, choice)
    if all(before[part] == after[part] for part in _PARTS):
        return None
    return compare(before, _Stamped(after))


def _stamp(model: "Any", choice: "dict[str, Any]") -> "dict[str, Any]":
    return stamp_of(model, **choice)


def fit(old: "Model", new: "Model") -> bool:
    """Whether two models have the same space, as far as registry and lock state it."""
    found = compare_spaces(old, new)
    return found is None or found.outcome == "same"


def choices(old: "Model", new: "Model") -> "list[Choice]":
    """What a config can choose of both versions, each with a few words that name it."""
    found: list[Choice] = [("", {})]
    found += [(f"of {width} dimensions", {"dimension": width}) for width in _common_widths(old, new)]
    outputs = {one.name for one in new.outputs}
    found += [(f"of the output `{one.name}`", {"output": one.name}) for one in old.outputs if one.name in outputs]
    variants = {one.id for one in new.variants}
    found += [(f"of the variant `{one.id}`", {"variant": one.id}) for one in old.variants if one.id in variants]
    found += [(f"with the prompt {format_value(n)}", {"prompts": (n, n)}) for n in old.prompts if n in new.prompts]
    return found


def _common_widths(old: "Model", new: "Model") -> list[int]:
    """The widths that both versions offer; of ranges the ends, since all truncated vectors depend on the same facts."""
    widths = [old.dimensions, new.dimensions]
    listed = next((one for one in widths if not isinstance(one, range)), None)
    if listed is None:
        listed = (max(one[0] for one in widths), min(one[-1] for one in widths))
    return [width for width in dict.fromkeys(listed) if all(width in one for one in widths)]


class VectorChanges:
    """How the vectors of a model change.

    Attributes:
        found: Each choice whose vectors change or may change, with its comparison. A choice that shows nothing beyond
            another one is left out.
        kinds: The class of each changed fact that changes vectors by itself, by its path.
    """

    __slots__ = ("found", "kinds")

    def __init__(self, old: "Model", new: "Model", changed: "Iterable[str]") -> None:
        self.found: list[tuple[str, dict[str, Any], Comparison]] = list(_distinct(old, new))
        self.kinds: dict[str, str] = {}
        paths = [*changed]
        for _, choice, comparison in self.found:
            whole = kind_of(comparison)
            for path in paths:
                kind = _alone(old, new, path, choice)
                if kind is not None and self.kinds.get(path) != BREAKS_VECTORS:
                    # Another changed fact can make up for this one.
                    self.kinds[path] = whole if kind == BREAKS_VECTORS else kind

    def changes(self, id: str, paths: "Iterable[str]") -> "Iterator[Change]":
        """A change of the whole model for each choice, which names the facts that made it.

        `paths` are those of all changed facts: if none changes vectors by itself, they do so together.
        """
        for label, _, comparison in self.found:
            kind = kind_of(comparison)
            alone = [path for path, own in self.kinds.items() if own == kind]
            facts = alone or [path for path in paths if path in _SPACE] or [LOCK]
            old = {name: one for name, one, _ in comparison.facts}
            new = {name: other for name, _, other in comparison.facts}
            message = _sentence(comparison, f" {label}" if label else "")
            yield Change(kind, id, "", message, (old, new), side=comparison.side, facts=facts)


_SPACE = {field.name for field in FIELDS if field.space}


def kind_of(comparison: "Comparison") -> str:
    """The class of a comparison that is not "same"."""
    return BREAKS_VECTORS if comparison.outcome == "different" else VECTORS_UNDECIDED


def _distinct(old: "Model", new: "Model") -> "Iterator[tuple[str, dict[str, Any], Comparison]]":
    shown: list[tuple[str, set[str]]] = []
    for label, choice in choices(old, new):
        comparison = compare_spaces(old, new, **choice)
        if comparison is None or comparison.outcome == "same":
            continue
        facts = {repr(fact) for fact in comparison.facts}
        if not any(kind == comparison.outcome and facts <= known for kind, known in shown):
            shown.append((comparison.outcome, facts))
            yield label, choice, comparison


def _alone(old: "Model", new: "Model", path: str, choice: "dict[str, Any]") -> str | None:
    """The class of one changed fact: that of the old version with this fact of the new one."""
    try:
        comparison = compare_spaces(old, with_fact(old, new, path), **choice)
    except ValueError:
        # The fact alone gives no model that has the choice.
        return None
    return None if comparison is None or comparison.outcome == "same" else kind_of(comparison)


def with_fact(old: "Model", new: "Model", path: str) -> "Model":
    """The old version with one fact of the new one, or with what the lock proves of the new one."""
    place = _PATHS.index(path)
    return type(old)((*old[:place], new[place], *old[place + 1 :]))


def _sentence(comparison: "Comparison", label: str) -> str:
    facts = [*comparison.facts]
    known = [fact for fact in facts if None not in fact[1:]]
    if comparison.outcome != "different":
        return (
            f"whether vectors{label} change is undecided: {_listed(facts)};"
            " load the new version and check it against a stored stamp"
        )
    if comparison.side == "query":
        return f"queries{label} are encoded differently: {_listed(known)}; the index fits, so do not re-index"
    return f"vectors{label} change: {_listed(known or facts)}; re-index"


def _listed(facts: "Sequence[Difference]") -> str:
    parts = [f"`{name}` was {_shown(name, old)} and is {_shown(name, new)}" for name, old, new in facts[:_SHOWN]]
    more = [f"and {len(facts) - _SHOWN} more"] if len(facts) > _SHOWN else []
    return "; ".join([*parts, *more]) or "the weights are unknown"


def _shown(name: str, value: object) -> str:
    if value is None:
        return "unknown"
    return format_value(value[:_DIGITS] if name in _BYTES and isinstance(value, str) else value)
