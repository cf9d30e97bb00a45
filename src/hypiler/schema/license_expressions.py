"""Licences as SPDX writes them: which words of an expression SPDX knows, and what other words probably mean.

An expression joins identifiers by AND, OR and WITH, which names an exception. Parentheses group. Terms that SPDX does
not list are `LicenseRef-Name`.
"""

import re

from hypiler.schema.licenses import EXCEPTIONS, LICENSES
from hypiler.schema.vocabulary import USUAL_LICENSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_OPERATORS = ("AND", "OR", "WITH")
# Terms that somebody writes down outside SPDX; also the additions that stand after WITH.
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_ADDITION = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?AdditionRef-[A-Za-z0-9.-]+")
_LICENSES = {name.lower(): name for name in LICENSES}
_EXCEPTIONS = {name.lower(): name for name in EXCEPTIONS}

# The names that the hub uses for licences, where they differ from those of SPDX by more than case: from the page
# "Licenses" of the hub's documentation. Terms outside SPDX are spelled as the shipped registry spells them.
_HUB = {
    "bigcode-openrail-m": "LicenseRef-bigcode-openrail-m",
    "bigscience-bloom-rail-1.0": "LicenseRef-bigscience-bloom-rail-1.0",
    "bigscience-openrail-m": "LicenseRef-bigscience-openrail-m",
    "c-uda": "C-UDA-1.0",
    "creativeml-openrail-m": "LicenseRef-creativeml-openrail-m",
    "deepfloyd-if-license": "LicenseRef-deepfloyd-if-license",
    "gemma": "LicenseRef-Gemma",
    "lfm1.0": "LicenseRef-LFM-1.0",
    "lgpl-lr": "LGPLLR",
    "llama2": "LicenseRef-llama2",
    "odbl": "ODbL-1.0",
    "openrail": "LicenseRef-openrail",
    "pddl": "PDDL-1.0",
}
# The licences that the hub's page offers and that SPDX lists.
HUB_LICENSES = tuple(
    sorted(
        {
            *[id for id in _HUB.values() if not id.startswith("LicenseRef-")],
            *"""
            AFL-3.0 AGPL-3.0 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSL-1.0 CC-BY-2.0
            CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0
            CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0
            CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 ECL-2.0 EPL-1.0 EPL-2.0 etalab-2.0 EUPL-1.1
            GPL-2.0 GPL-3.0 ISC LGPL-2.1 LGPL-3.0 LPPL-1.3c MIT MPL-2.0 MS-PL NCSA OFL-1.1 OSL-3.0 PostgreSQL
            Unlicense WTFPL Zlib
            """.split(),
        }
    )
)

# Words that a long name has beside the name of the licence. What remains is compared by its letters and digits.
_FILLING = re.compile(r"\b(?:the|licen[cs]e|software|version)\b|v(?=[\d.])")
_SHORT_FORMS = {
    "bsd2": "BSD-2-Clause",
    "bsd3": "BSD-3-Clause",
    "cc0": "CC0-1.0",
    "creativecommonsattribution40": "CC-BY-4.0",
    "creativecommonsattribution40international": "CC-BY-4.0",
}
# Words that name no licence. The terms have to be looked up.
_SAY_NOTHING = frozenset(
    "academic academicuse ask closed commercial creativecommons custom dual free inherited internal license licence "
    "licensemd licensetxt link mixed multiple na noassertion noncommercial none open opensource other otherlicense own "
    "proprietary public publicdomain research researchonly researchuse restricted same seebelow seecard seelicense "
    "seemodelcard seereadme tbd unknown unlicensed various".split()
)
# Words that the name of a licence has if it is longer than an identifier, and those with which a phrase begins that
# only says where the terms are.
_NAMING = re.compile(r"\b(?:licen[cs]e|agreement|terms|eula|community|use policy)\b", re.IGNORECASE)
_POINTING = re.compile(r"\s*(?:see|same|refer|inherit|follow|check|please|as|same as|subject)", re.IGNORECASE)
_UNLISTED = "terms that SPDX does not list are written `{}`; put the address of the terms into `sources`"


def unknown_words(expression: str) -> "Iterator[tuple[str, bool]]":
    """Each word that is neither an identifier of SPDX nor a `LicenseRef-`, in any case of letters.

    The flag says whether the word stands after WITH, where an exception must stand.
    """
    exception = False
    for word in _words(expression):
        if word in _OPERATORS:
            exception = word == "WITH"
        elif not _is_known(word, exception=exception):
            yield word, exception


def respelled(expression: str) -> str:
    """The expression with each identifier in the capitals of SPDX. Unknown words stay as they are."""
    known = {word: _LICENSES.get(_id(word).lower()) or _EXCEPTIONS.get(word.lower()) for word in _words(expression)}
    for word, spelling in known.items():
        if spelling and spelling != _id(word):
            expression = re.sub(rf"(?<![^ (]){re.escape(_id(word))}(?=[+ )]|$)", spelling, expression)
    return expression


def hub_license(name: str) -> str | None:
    """The licence that a word of the hub means: one of its own, or an identifier of SPDX in any case."""
    plain = name.strip().lower()
    return _HUB.get(plain) or _LICENSES.get(plain)


def license_named(name: str) -> str | None:
    """The licence that a name means beyond doubt: a word of the hub, or a long or short form of a name of SPDX."""
    letters = re.sub(r"[^a-z0-9]", "", _FILLING.sub("", name.strip().lower()))
    exact = hub_license(name) or _by_letters().get(letters)
    # `cc-by-4` is `CC-BY-4.0`.
    return exact or (_by_letters().get(letters + "0") if letters[-1:].isdigit() else None)


def joined_licenses(name: str) -> str | None:
    """The expression of licences that are joined by `and` or by `or` in any case; None for anything else."""
    parts = re.split(r"\s+(and|or)\s+", name.strip(), flags=re.IGNORECASE)
    operators = {one.upper() for one in parts[1::2]}
    named = [license_named(one) for one in parts[::2]]
    whole = len(operators) == 1 and all(named)
    return f" {operators.pop()} ".join(filter(None, named)) if whole else None


def is_vague(name: str) -> bool:
    """Whether a name does not tell which licence it is.

    It names a family of licences, several licences, a place where the terms are, or nothing.
    """
    if _says_nothing(name) or "://" in name or _POINTING.match(name) or _one_of_family(name.strip()) is not None:
        return True
    listed = re.split(r"[,;/]", name)
    return (len(listed) > 1 and all(map(license_named, listed))) or (
        len(name.split()) > 1 and _NAMING.search(name) is None
    )


def reference_to(name: str) -> str | None:
    """`LicenseRef-Name` for terms that SPDX does not list; None for a name without letters and digits."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", name.strip().replace("+", "-plus"))[:100].strip("-.")
    plain = re.sub(r"^licenseref-", "", plain, flags=re.IGNORECASE)
    return f"LicenseRef-{plain}" if plain else None


def advice(word: str) -> str:
    """What to write instead of a word that is no identifier of SPDX."""
    if meant := license_named(word):
        return f"did you mean `{meant}`?" if meant in LICENSES else _UNLISTED.format(meant)
    if _says_nothing(word):
        return _UNLISTED.format("LicenseRef-NAME")
    if one := _one_of_family(word):
        return f"write which of these licences it is, such as `{one}`"
    near = _nearest(word, _LICENSES)
    return f"did you mean `{near}`?" if near else _UNLISTED.format(reference_to(word) or "LicenseRef-NAME")


def exception_advice(word: str) -> str:
    """What to write instead of a word after WITH that is no exception of SPDX."""
    near = _nearest(word, _EXCEPTIONS)
    return f"did you mean `{near}`?" if near else "SPDX lists the exceptions; a licence stands after AND or OR"


def _words(expression: str) -> list[str]:
    return expression.replace("(", " ").replace(")", " ").split()


def _id(word: str) -> str:
    """The identifier without the operator `+`, which means "or any later version"."""
    return word.removesuffix("+")


def _is_known(word: str, *, exception: bool) -> bool:
    if exception:
        return word.lower() in _EXCEPTIONS or bool(_ADDITION.fullmatch(word))
    return _id(word).lower() in _LICENSES or bool(_REFERENCE.fullmatch(word))


def _by_letters() -> dict[str, str]:
    if not _letters:
        _letters.update({re.sub(r"[^a-z0-9]", "", name): id for name, id in _LICENSES.items()} | _SHORT_FORMS)
    return _letters


_letters: dict[str, str] = {}


def _says_nothing(word: str) -> bool:
    return re.sub(r"[^a-z]", "", word.lower()) in _SAY_NOTHING


def _one_of_family(word: str) -> str | None:
    """The most usual of the licences that begin with this word: a `cc-by` is one of several versions."""
    family = [id for id in (*USUAL_LICENSES, *sorted(LICENSES)) if id.lower().startswith(word.lower() + "-")]
    return family[0] if family else None


def _nearest(word: str, known: dict[str, str]) -> str | None:
    from difflib import get_close_matches  # imported here: only a mistake needs it

    # Identifiers resemble each other, so that only a nearly equal one is a good guess.
    near = get_close_matches(word[:80].lower(), [*known], n=1, cutoff=0.85)
    return known[near[0]] if near else None
