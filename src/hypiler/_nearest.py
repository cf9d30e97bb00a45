"""Finds the word that was probably meant, quickly among any number of words."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPARED = 50  # words that are compared in full with a mistyped one
_LONGEST = 80  # letters of a word that are compared


def nearest(word: str, known: "Iterable[str]") -> str | None:
    """The one of `known` that `word` was probably meant to be, or None if nothing is near.

    Case makes no difference, and `_` is the same as `-`.
    """
    return _nearest(_folded(word), {_folded(one): one for one in known})


def nearest_model(name: str, known: "Iterable[str]") -> str | None:
    """The nearest id or repository of a model. Repositories are compared by their own names.

    Many repositories share an owner, which makes no two of them alike.
    """
    return _nearest(_folded(_own(name)), {_folded(_own(one)): one for one in known})


def _folded(word: str) -> str:
    return word[:_LONGEST].lower().replace("-", "_")


def _own(name: str) -> str:
    return name.rpartition("/")[2]


def _nearest(word: str, known: "dict[str, str]") -> str | None:
    from difflib import get_close_matches  # imported here: only a mistake needs it

    near = get_close_matches(word, _likeliest(word, [*known]), n=1, cutoff=0.6)
    return known[near[0]] if near else None


def _likeliest(word: str, known: "list[str]") -> "list[str]":
    """The words that share most pieces with `word`. A full comparison of all would take long."""
    if len(known) <= _COMPARED:
        return known
    # Pairs of letters, or fewer and longer pieces of a long word. Most pieces survive a mistake.
    step = len(word) // 9 or 1
    size = min(step + 1, 3)
    pieces = [word[start : start + size] for start in range(0, len(word), step)]

    def distance(other: str) -> float:
        return -sum(map(other.__contains__, pieces)) / (len(word) + len(other))

    return sorted(known, key=distance)[:_COMPARED]
