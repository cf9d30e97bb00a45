"""How much a licence asks of whoever uses a model: classes of licences, from permissive to unknown terms.

The classes of the identifiers of SPDX come from the categories of ScanCode LicenseDB: see `license_classes`.
"""

import re

from hypiler.schema.license_classes import (
    NON_COMMERCIAL,
    STRONG_COPYLEFT,
    UNSTATED,
    USE_RESTRICTED,
    WEAK_COPYLEFT,
)
from hypiler.schema.licenses import EXCEPTIONS, LICENSES

CLASSES = (
    "permissive",
    "weak copyleft",
    "strong copyleft",
    "use-restricted",
    "non-commercial",
    "unknown terms",
)
"""The classes, from the one that asks the least to the one about which nothing is known."""
_UNKNOWN = len(CLASSES) - 1
_DEEPEST = 100
_TABLES = (WEAK_COPYLEFT, STRONG_COPYLEFT, USE_RESTRICTED, NON_COMMERCIAL, UNSTATED)
_RANKS = {word.lower(): rank for rank, words in enumerate(_TABLES, 1) for word in words}
_KNOWN = {word.lower() for word in (*LICENSES, *EXCEPTIONS)}
# Terms outside SPDX whose own name says that they forbid commercial use.
_NON_COMMERCIAL = re.compile(r"non-?commercial|(?:^|[-.])(?:nc|research)(?:[-.]|$)", re.IGNORECASE)


def license_class(expression: str) -> str:
    """The class of an expression of SPDX, one of `CLASSES`.

    Of licences joined by OR, the one that asks the least counts, and of those joined by AND the one that asks the most.
    """
    return CLASSES[license_rank(expression)]


def license_rank(expression: str) -> int:
    """The position of an expression's class in `CLASSES`; a larger one asks more."""
    words = re.findall(r"[()]|[^\s()]+", expression)
    # An expression that is not well formed says nothing, and nobody writes one that is nested deeply.
    if words.count("(") > _DEEPEST:
        return _UNKNOWN
    rank, rest = _read_or(words)
    return _UNKNOWN if rest else rank


def _read_or(words: "list[str]") -> "tuple[int, list[str]]":
    rank, rest = _read_and(words)
    while rest[:1] == ["OR"]:
        other, rest = _read_and(rest[1:])
        rank = min(rank, other)
    return rank, rest


def _read_and(words: "list[str]") -> "tuple[int, list[str]]":
    rank, rest = _read_one(words)
    while rest[:1] == ["AND"]:
        other, rest = _read_one(rest[1:])
        rank = max(rank, other)
    return rank, rest


def _read_one(words: "list[str]") -> "tuple[int, list[str]]":
    """A licence, with its exception, or an expression in parentheses."""
    if words[:1] == ["("]:
        rank, rest = _read_or(words[1:])
        return (rank, rest[1:]) if rest[:1] == [")"] else (_UNKNOWN, rest)
    if not words:
        return _UNKNOWN, []
    rank, rest = _rank(words[0]), words[1:]
    if rest[:1] == ["WITH"] and len(rest) > 1:
        # An exception permits what its licence does not: the exceptions to strong copyleft are of a lower class.
        return min(rank, _rank(rest[1])) if rest[1].lower() in _RANKS else rank, rest[2:]
    return rank, rest


def _rank(word: str) -> int:
    plain = word.removesuffix("+").lower()
    if plain in _RANKS:
        # What the data leaves open is as good as unknown.
        return min(_RANKS[plain], _UNKNOWN)
    if plain in _KNOWN:
        return 0
    name = word.partition("LicenseRef-")[2]
    return CLASSES.index("non-commercial") if _NON_COMMERCIAL.search(name) else _UNKNOWN
