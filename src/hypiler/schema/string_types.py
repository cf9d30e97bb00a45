"""Types of strings with a fixed form: ids, dates, language tags, and anything that a pattern describes."""

import re
from functools import cached_property

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.finding import Path
from hypiler.schema.types import String
from hypiler.schema.vocabulary import LANGUAGE_SLIPS, LANGUAGES, TWO_LETTER_CODES, WITHDRAWN_CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue


class Pattern(String):
    """A string of a fixed form, such as an id or a date."""

    def __init__(self, pattern: str, code: str, expected: str, help: str | None = None) -> None:
        self.pattern = pattern
        self.code = code
        self.demand = expected
        self.help = help

    @cached_property
    def matches(self) -> "Callable[[str], re.Match[str] | None]":
        """Matches a whole string. Compiled when first needed: few registries have values for every pattern."""
        return re.compile(self.pattern).fullmatch

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is not str:
            return collector.wrong_type("a string", value, sub)
        if not self.matches(value):
            return collector.malformed(self.code, self.demand, value, sub, self.hint(value))
        return value

    def hint(self, value: str) -> str | None:
        """The remedy for a value that does not match."""
        return self.help

    def schema(self) -> "dict[str, Any]":
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


class Identifier(Pattern):
    """A kebab-case word."""

    def __init__(self, pattern: str) -> None:
        super().__init__(
            pattern,
            "M107",
            "kebab-case: a lower-case letter, then letters and digits, joined by `-` or `.`",
        )

    def hint(self, value: str) -> str | None:
        """The nearest word of the right form."""
        folded = re.sub(r"[^a-z0-9.]+", "-", value.lower()).strip("-.")
        return f"did you mean `{folded}`?" if self.matches(folded) and len(folded) < 80 else None


class ModelTypeName(Identifier):
    """The category of a model. Any word is accepted, and becomes a member of `ModelType`."""

    codec = "type"
    annotation = "ModelType"
    # Only for fields: `ModelInfo` holds the text, and creates the member of the enum when it is first read.
    places: tuple[str, ...] = ("Field",)


class LicenseExpression(Pattern):
    """Identifiers of SPDX joined by AND, OR and WITH. A rule says which words SPDX knows."""

    def __init__(self) -> None:
        word = r"\(*[A-Za-z0-9][A-Za-z0-9.+-]*(?::(?:License|Addition)Ref-[A-Za-z0-9.-]+)?\)*"
        super().__init__(
            rf"{word}(?: (?:AND|OR|WITH) {word})*",
            "M112",
            "an SPDX identifier such as `Apache-2.0`",
            "terms that SPDX does not list are written `LicenseRef-Name`",
        )

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        # Most models have one plain identifier, and the pattern takes long to compile.
        if type(value) is str and value.isascii() and _is_one_word(value):
            return value
        found = super().read(value, collector, sub)
        if found is not INVALID and ("(" in found or ")" in found) and not _balanced(found):
            return collector.malformed("M112", "an expression with a `)` for each `(`", value, sub)
        return found

    def hint(self, value: str) -> str | None:
        """The licence that a long or short form means, or the expression with its operators as SPDX spells them."""
        from hypiler.schema.license_expressions import license_named  # imported here: only a mistake needs it

        operators = re.sub(r" (and|or|with) ", lambda match: match[0].upper(), value.replace("/", " OR "))
        meant = license_named(value) or (operators if operators != value and self.matches(operators) else None)
        return f"did you mean `{meant}`?" if meant else self.help


def _is_one_word(text: str) -> bool:
    return text[:1].isalnum() and text.replace("-", "").replace(".", "").isalnum()


def _balanced(expression: str) -> bool:
    depth = 0
    for letter in expression:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


class Date(Pattern):
    """A year, a month or a day, as precise as it is known."""

    def __init__(self) -> None:
        super().__init__(
            r"(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?",
            "M109",
            "a date of the form 2024, 2024-09 or 2024-09-18",
        )

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        found = super().read(value, collector, sub)
        if found is INVALID or len(found) < 10:
            return found
        year, month, day = int(found[:4]), int(found[5:7]), int(found[8:])
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if day > (31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]:
            return collector.malformed("M109", "a day that the calendar has", value, sub)
        return found


class Language(Pattern):
    """A language tag in the form that BCP 47 recommends, so that each language has one spelling."""

    def __init__(self) -> None:
        super().__init__(
            r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?",
            "M111",
            "an ISO 639 code such as `en`, `zh-Hans` or `pt-BR`",
        )

    def read(self, value: "JSONValue", collector: FindingCollector, sub: Path = ()) -> "Any":
        if type(value) is str and value in LANGUAGES:
            return value
        found = super().read(value, collector, sub)
        if found is INVALID:
            return found
        code, dash, rest = found.partition("-")
        if code in TWO_LETTER_CODES:
            help = f"did you mean `{TWO_LETTER_CODES[code]}{dash}{rest}`?"
            return collector.malformed("M111", "the two-letter code where one exists", value, sub, help)
        if len(code) == 2 and code not in LANGUAGES:
            return collector.malformed("M111", "a code that ISO 639-1 has", value, sub, self.hint(code))
        return found

    def hint(self, value: str) -> str | None:
        """The tag that was probably meant: the right code for a common mistake, or the same tag in the right case."""
        first, *rest = value.replace("_", "-").split("-")
        cased = "-".join(
            [
                first.lower(),
                *[part.title() if len(part) == 4 else part.upper() for part in rest],
            ]
        )
        meant = LANGUAGE_SLIPS.get(value.lower()) or WITHDRAWN_CODES.get(value)
        meant = meant or (cased if cased != value and self.matches(cased) else None)
        return f"did you mean `{meant}`?" if meant else None
