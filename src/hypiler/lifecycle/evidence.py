"""How what the lock proves about a model has changed."""

from hypiler.diagnostics.escaping import quote_name
from hypiler.lifecycle.changes import ADDED, EVIDENCE_WEAKER, FACT_CORRECTED, Change
from hypiler.lifecycle.vectors import LOCK
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED
from hypiler.schema.model import evidence_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from hypiler.schema.evidence import Evidence
    from hypiler.schema.model import Model

_CLAIMED = "claimed"
# From the weakest to the strongest.
_RANKS = {DIFFERS: 0, _CLAIMED: 1, COPY: 2, VERIFIED: 3}
_WORDS = {DIFFERS: "contradicted by the files", _CLAIMED: "claimed", COPY: "of a copy", VERIFIED: "verified"}
_ALL_FILES = "all files"
_SHOWN = 6


def evidence_changes(old: "Model", new: "Model") -> "Iterator[Change]":
    """A change for all that is known less well, one for other bytes, and one for all that is known better."""
    before, after = evidence_of(old), evidence_of(new)
    if before == after:
        return
    weaker: dict[str, tuple[Any, Any, str]] = {}
    other: dict[str, tuple[Any, Any, str]] = {}
    stronger: dict[str, tuple[Any, Any, str]] = {}
    for path, one, two in _words(before, after):
        found = weaker if _RANKS[one] > _RANKS[two] else stronger
        found[path] = (one, two, f"{quote_name(path)} was {_WORDS[one]} and is {_WORDS[two]}")
    for name, was, now in _sums(before, after):
        found = weaker if now is None else stronger if was is None else other
        what = "is gone" if now is None else "is recorded" if was is None else "is another one"
        found[name] = (was, now, f"the sha256 of {quote_name(name)} {what}")
    if before.complete != after.complete:
        found = weaker if before.complete else stronger
        what = "are not all recorded any more" if before.complete else "are all recorded"
        found[_ALL_FILES] = (before.complete, after.complete, f"the files that decide vectors {what}")
    for kind, found in ((EVIDENCE_WEAKER, weaker), (FACT_CORRECTED, other), (ADDED, stronger)):
        if found:
            yield _change(kind, old.id, found)


def _change(kind: str, id: str, found: "dict[str, tuple[Any, Any, str]]") -> Change:
    old, new = [{name: parts[place] for name, parts in found.items()} for place in (0, 1)]
    return Change(kind, id, LOCK, f"`{LOCK}`: {_listed([text for _, _, text in found.values()])}", (old, new))


def _listed(texts: "Sequence[str]") -> str:
    more = [f"and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return "; ".join([*texts[:_SHOWN], *more])


def _words(before: "Evidence", after: "Evidence") -> "Iterator[tuple[str, str, str]]":
    """The evidence of each fact for which it has changed."""
    for path in dict.fromkeys([*before.facts, *after.facts]):
        one, two = before.facts.get(path, _CLAIMED), after.facts.get(path, _CLAIMED)
        if one != two:
            yield path, one, two


def _sums(before: "Evidence", after: "Evidence") -> "Iterator[tuple[str, str | None, str | None]]":
    """The sha256 of each file for which it has changed."""
    for name in dict.fromkeys([*before.files, *after.files]):
        one, two = [files[name].sha256 if name in files else None for files in (before.files, after.files)]
        if one != two:
            yield name, one, two
