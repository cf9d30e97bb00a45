"""What a language tag means when models are searched by language.

A reader writes tags in many ways: `DE`, `deu`, `de_DE`, `zh-cmn-Hans`. `read_tag` gives each language one spelling. A
query then finds the models that list its tag, a more general tag or a more specific one. Generated modules do the same
from the tables that `broader_tags` and `language_aliases` fill.
"""

from hypiler.schema.language_names import LANGUAGE_NAMES
from hypiler.schema.vocabulary import LANGUAGE_SLIPS, TWO_LETTER_CODES, USUAL_CODES, WITHDRAWN_CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MULTILINGUAL = "mul"
"""The tag of models whose authors claim many languages and list none."""

_CODES: "dict[str, str]" = {**TWO_LETTER_CODES, **USUAL_CODES, **WITHDRAWN_CODES}
_MEANT: "dict[str, str]" = {**LANGUAGE_NAMES, **LANGUAGE_SLIPS}


def language_aliases(codes: "Iterable[str]") -> "dict[str, str]":
    """Other spellings of these languages: a code with its usual code, any other word with `?` and the code it means."""
    own = {*codes}
    known = {**{word: f"?{code}" for word, code in _MEANT.items()}, **_CODES}
    return {word: code for word, code in known.items() if code.lstrip("?") in own and word not in own}


def broader_tags(tag: str) -> "list[str]":
    """A tag of the form that models list, then the tags that are more general: `zh-TW` and `zh` for `zh-Hant-TW`."""
    code, *parts = tag.split("-")
    return [*dict.fromkeys(["-".join([code, *more]) for more in (parts, parts[:1], parts[1:], [])])]


def read_tag(text: object, aliases: "Mapping[str, str] | None" = None) -> str:
    """A language tag in lower case: its language by the usual code, its script and its region.

    Extended languages replace their language; variants and extensions are left out, since no model lists them.

    Args:
        text: What the reader wrote. Case is ignored, and `_` may stand for `-`.
        aliases: The other spellings of languages; by default all that are known.

    Raises ValueError for what is no language tag, with the code of a language whose name was given.
    """
    parts = str(text).lower().replace("_", "-").split("-")
    code, *rest = parts
    code = _take(rest, 3, str.isalpha) or code
    code = (language_aliases({*_CODES.values(), *_MEANT.values()}) if aliases is None else aliases).get(code, code)
    script = _take(rest, 4, str.isalpha)
    region = _take(rest, 2, str.isalpha) or _take(rest, 3, str.isdigit)
    if not (_is_code(code, rest) and _are_subtags(parts) and _are_variants(rest)):
        hint = f"; did you mean {code[1:]!r}?" if code[:1] == "?" else ""
        raise ValueError(f"a language must be a tag such as 'en' or 'zh-Hans', got {text!r:.99}{hint}")
    return "-".join([part for part in (code, script, region) if part])


def _take(parts: "list[str]", size: int, kind: "Callable[[str], bool]") -> str:
    """The first part, taken away, if it is of this size and kind."""
    return parts.pop(0) if parts and len(parts[0]) == size and kind(parts[0]) else ""


def _is_code(code: str, rest: "list[str]") -> bool:
    return code.isalpha() and (1 < len(code) < 4 or (code in ("i", "x") and bool(rest)))


def _are_subtags(parts: "list[str]") -> bool:
    return "".join(parts).isascii() and all(map(str.isalnum, parts)) and max(map(len, parts)) < 9


def _are_variants(rest: "list[str]") -> bool:
    """Whether what follows a region is a variant, such as `1901` or `rozaj`, or an extension, such as `u-nu-latn`."""
    if not rest:
        return True
    first = len(rest[0])
    return len(rest[-1]) > 1 and (first == 1 or first > 4 or (first == 4 and rest[0][0].isdigit()))


def matches(listed: str, wanted: str) -> bool:
    """Whether a model that lists one tag is found by another, both as `read_tag` gives them."""
    return listed in broader_tags(wanted) or wanted in broader_tags(listed)
