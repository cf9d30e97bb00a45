"""What a language tag means when models are searched by language.

A reader writes tags in many ways: `DE`, `deu`, `de_DE`, `zh-cmn-Hans`. `read_tag` gives each language one spelling. A
query then finds the models that list its tag, a more general tag or a more specific one. A macrolanguage is more
general than its languages: `no` than `nb` and `nn`. Generated modules do the same
from the tables that `broader_tags` and `language_aliases` fill.
"""

from functools import cache

from hypiler.schema.language_names import LANGUAGE_NAMES
from hypiler.schema.vocabulary import (
    GRANDFATHERED_TAGS,
    LANGUAGE_SLIPS,
    MACROLANGUAGES,
    TWO_LETTER_CODES,
    USUAL_CODES,
    WITHDRAWN_CODES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MULTILINGUAL = "mul"
"""The tag of models whose authors claim many languages and list none."""

# The grammar of BCP 47 (RFC 5646): language, extended languages, script, region, then variants and extensions. The
# grandfathered tags are those that have another form.
_TAG = (
    "([a-z]{2,3})(?:-([a-z]{3})){0,3}(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?"
    "(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-z0-9](?:-[a-z0-9]{1,8})+)*"
    "|[ix](?:-[a-z0-9]{1,8})+|en-gb-oed|sgn-be-fr|sgn-be-nl|sgn-ch-de"
)
_CODES: "dict[str, str]" = {**TWO_LETTER_CODES, **USUAL_CODES, **WITHDRAWN_CODES, **GRANDFATHERED_TAGS}
_MEANT: "dict[str, str]" = {**LANGUAGE_NAMES, **LANGUAGE_SLIPS}


def language_aliases(codes: "Iterable[str]") -> "dict[str, str]":
    """Other spellings of these languages: a code with its usual code, any other word with `?` and the code it means.

    A code in upper case has the code of its macrolanguage, if that is one of these languages.
    """
    listed = {*codes}
    macros = {code: macro for code, macro in MACROLANGUAGES.items() if {code, macro} & listed}
    own = {*listed, *macros, *macros.values()}
    known = {**{word: f"?{code}" for word, code in _MEANT.items()}, **_CODES}
    found = {word: code for word, code in known.items() if _code_of(code) in own and word not in listed}
    return found | {code.upper(): macro for code, macro in macros.items() if macro in listed}


def _code_of(meaning: str) -> str:
    return meaning.lstrip("?").partition("-")[0]


def broader_tags(tag: str) -> "list[str]":
    """A tag of the form that models list, then the tags that are more general.

    For `zh-Hant-TW` these are `zh-Hant`, `zh-TW` and `zh`, for `nb-NO` they are `nb`, `no-NO` and `no`.
    """
    code, *parts = tag.split("-")
    codes = [code, MACROLANGUAGES[code]] if code in MACROLANGUAGES else [code]
    tails: list[list[str]] = [parts, parts[:1], parts[1:], []]
    return [*dict.fromkeys(["-".join([one, *more]) for one in codes for more in tails])]


def read_tag(text: object, aliases: "Mapping[str, str] | None" = None) -> str:
    """A language tag in lower case: its language by the usual code, its script and its region.

    Extended languages replace their language; variants and extensions are left out, since no model lists them.

    Args:
        text: What the reader wrote. Case is ignored, and `_` may stand for `-`.
        aliases: The other spellings of languages; by default all that are known.

    Raises ValueError for what is no language tag, with the code of a language whose name was given.
    """
    from re import fullmatch  # imported here: a build reads no tag

    known = _all_aliases() if aliases is None else aliases
    tag = str(text).lower().replace("_", "-")
    tag = known.get(tag, tag)
    found = fullmatch(_TAG, tag)
    code, extended, script, region = found.groups() if found else (None, None, None, None)
    code = extended or code or tag.partition("-")[0]
    code = known.get(code, code)
    if found is None or code[0] == "?":
        hint = f"; did you mean {code[1:]!r}?" if code[:1] == "?" else ""
        raise ValueError(f"a language must be a tag such as 'en' or 'zh-Hans', got {text!r:.99}{hint}")
    return "-".join([part for part in (code, script, region) if part])


@cache
def _all_aliases() -> "dict[str, str]":
    return language_aliases({*_CODES.values(), *_MEANT.values()})


def matches(listed: str, wanted: str) -> bool:
    """Whether a model that lists one tag is found by another, both as `read_tag` gives them."""
    return listed in broader_tags(wanted) or wanted in broader_tags(listed)
