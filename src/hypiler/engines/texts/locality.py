r"""How far a tokenizer looks ahead: whether a part of a text can be tokenized by itself.

A tokenizer normalizes a text, splits it into words, and splits each word into tokens. Most of these steps are local:
what becomes of a character depends only on the characters near it. Then the tokens of a text's beginning are the first
tokens of the whole text, except those near the cut. A step that is not known to be local, such as a regular expression
that looks ahead, may depend on the whole text.

A regular expression is local if no match depends on what follows the match. That is so if a repetition without an upper
limit is never followed by something that must match, by an assertion or by a back reference: `\p{L}+` or
`\s?[^\s\p{L}]+[\r\n]*`, but not `a*b` or `.*$`. The published expressions of GPT-2 and its successors are exceptions:
they look ahead, but only within one run of letters or blanks.
"""

import json
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Normalizers and pre-tokenizers whose result depends only on nearby characters, in both directions.
_LOCAL = {
    "BertNormalizer",
    "BertPreTokenizer",
    "ByteLevel",
    "CharDelimiterSplit",
    "Digits",
    "Lowercase",
    "Metaspace",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Precompiled",
    "Punctuation",
    "Strip",
    "StripAccents",
    "Whitespace",
    "WhitespaceSplit",
}
# The same, but only if the text is read from its beginning.
_LOCAL_FROM_THE_START = {"FixedLength", "Prepend", "UnicodeScripts"}
# The longest text of a pattern or of an added token, in characters, that counts as near.
_NEAR_PATTERN = 32
_NEAR_TOKEN = 256
# Parts of the published expressions. The first ones look ahead, but only within one run of letters or blanks.
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WITHIN_A_RUN = {
    r"\s+(?!\S)",
    r"\s*[\r\n]",
    r"\s*[\r\n]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
}
_CONTRACTIONS = {_CONTRACTION, r"'(?i:[sdmt]|ll|ve|re)"}


@dataclass(frozen=True, slots=True)
class Locality:
    """What can be said about a part of a text.

    Attributes:
        local: Whether only tokens near a cut depend on what is behind the cut.
        margin: The characters before the cut whose tokens may depend on what is behind it, besides the last words.
        runs: Whether the last run of letters or blanks before the cut may also depend on what is behind it.
        searches: Whether words are split into tokens by a search over the whole word that settles after some tokens
            (BPE, Unigram), rather than by a decision about the whole word (WordPiece).
    """

    local: bool
    margin: int
    runs: bool
    searches: bool


def find_locality(tokenizer: "Any", side: str = "right") -> Locality:
    """How far a tokenizer of the tokenizers library looks ahead, or back if texts are truncated on the left."""
    steps = [
        json.loads(part.__getstate__()) for part in (tokenizer.normalizer, tokenizer.pre_tokenizer) if part is not None
    ]
    reaches = [_reach(step, side) for step in steps]
    longest = max([0, *[len(token.content) for token in tokenizer.get_added_tokens_decoder().values()]])
    runs = "runs" in reaches
    # A text that a normalizer puts in could join runs, so that the runs of the original text say nothing.
    joined = runs and _has_replacement(steps)
    return Locality(
        local="far" not in reaches and not joined and longest <= _NEAR_TOKEN,
        margin=2 * max(longest, _NEAR_PATTERN),
        runs=runs,
        searches=type(tokenizer.model).__name__ in ("BPE", "Unigram"),
    )


def _reach(step: "Mapping[str, Any]", side: str) -> str:
    """`near`, `runs` (within a run of letters or blanks) or `far`."""
    name = step["type"]
    if name == "Sequence":
        inner = {_reach(one, side) for one in step.get("normalizers") or step.get("pretokenizers") or ()}
        return next((reach for reach in ("far", "runs") if reach in inner), "near")
    if name in ("Replace", "Split"):
        return _reach_of_pattern(step["pattern"], side)
    if name == "ByteLevel" and step.get("use_regex", False):
        return "runs"
    if name in _LOCAL or (name in _LOCAL_FROM_THE_START and side == "right"):
        return "near"
    return "far"


def _has_replacement(steps: "list[Mapping[str, Any]]") -> bool:
    return any('"Replace"' in json.dumps(step) for step in steps)


def _reach_of_pattern(pattern: "Mapping[str, str]", side: str) -> str:
    if (text := pattern.get("String")) is not None:
        # Read from the left, matches of a longer text could overlap otherwise than in the whole text.
        return "near" if len(text) <= (_NEAR_PATTERN if side == "right" else 1) else "far"
    expression = pattern.get("Regex", "")
    if side == "right":
        return reach_of_expression(expression)
    # Read from another place, matches must be the same as those in the whole text.
    return "near" if re.fullmatch(r"\\[sdwSDW]\+?|\[[^\\\[\]^]\]\+?", expression) else "far"


def reach_of_expression(expression: str) -> str:
    """How far a match of an expression depends on what follows it: `near`, `runs` or `far`.

    It is far for an expression that is not simple. An expression is simple if it is a choice between sequences of
    characters and classes, each with or without a quantifier. Parts of published expressions are simple as well.
    """
    reach = "near"
    for choice in _choices(expression):
        part = choice.removesuffix(f"{_CONTRACTION}?")
        if part in _WITHIN_A_RUN:
            reach = "runs"
        elif part not in _CONTRACTIONS and not _is_local_sequence(part):
            return "far"
    return reach


def _choices(expression: str) -> list[str]:
    """The parts between the `|` that are outside of groups and classes."""
    found, depth = [""], 0
    for piece in re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]|.", expression, re.DOTALL):
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += piece
    return found


_ITEM = re.compile(
    r"""(?P<class>\[\^?\]?(?:\\.(?:\{\^?\w+\})?|[^\[\]\\&])*\])   # [abc], without classes inside
      | (?P<escape>\\[pP]\{\^?\w+\}|\\[sSdDwWhHrntfv]|\\[^\w\s]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2})
      | (?P<literal>[^\\\[\](){}.*+?|^$])""",
    re.VERBOSE,
)
_QUANTIFIER = re.compile(r"(?P<sign>[*+?]|\{(?P<least>\d{1,4})(?:(?P<range>,)(?P<most>\d{0,4}))?\})(?P<mode>[?+]?)")


def _is_local_sequence(expression: str) -> bool:
    """Whether no match of a sequence of items depends on what follows the match."""
    place, open_ended, read = 0, False, 0
    while place < len(expression):
        item = _ITEM.match(expression, place)
        if item is None:
            return False
        quantifier = _QUANTIFIER.match(expression, item.end())
        least, most = _repetitions(quantifier)
        # What must match after a repetition without a limit may be missing far ahead.
        if open_ended and least:
            return False
        open_ended = open_ended or most is None
        read += least if most is None else most
        place = quantifier.end() if quantifier else item.end()
    return read <= _NEAR_PATTERN


def _repetitions(quantifier: "re.Match[str] | None") -> tuple[int, int | None]:
    """How often an item matches at least and at most; None if there is no limit."""
    if quantifier is None:
        return 1, 1
    sign = quantifier["sign"]
    if sign in "*+?":
        return int(sign == "+"), 1 if sign == "?" else None
    least = int(quantifier["least"])
    # In Oniguruma, `+` after braces repeats them.
    if quantifier["mode"] == "+" or (quantifier["range"] and not quantifier["most"]):
        return least, None
    return least, int(quantifier["most"] or least)
