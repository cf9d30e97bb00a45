"""Which rules are applied, and how severe their findings are: `select`, `ignore` and `severity` of `[tool.hypiler]`."""

from hypiler.diagnostics.codes import CODES, SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hypiler.compiler.rule_set import Rule
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Iterable, Iterator, Mapping, Sequence

    Rule = object

_CODE = 4  # characters of a whole code
# Why the findings of a stage are no rules, by the first digit of their codes.
_STAGES = {
    "0": "a file that cannot be read cannot be compiled",
    "1": "a value that its field does not take cannot be compiled",
    "5": "options and outputs are no rules",
}


class RuleSettings:
    """Which rules are applied, and how severe their findings are.

    A rule is named by its code (`M211`) or its name (`license-spelling`). A prefix (`M2`) names several rules. If
    several entries name the same rule, the most specific entry decides. If `ignore` and `select` have equally specific
    entries, `ignore` wins.

    Attributes:
        select: The rules that are applied; None for all.
        ignore: The rules that are not applied.
        severity: The new severities: "error", "warning" or "note" by rule.

    Raises TypeError if a single string is passed instead of a list.
    """

    __slots__ = ("ignore", "select", "severity")

    def __init__(
        self,
        select: "Sequence[str] | None" = None,
        ignore: "Sequence[str]" = (),
        severity: "Mapping[str, str] | None" = None,
    ) -> None:
        for name, words in (("select", select), ("ignore", ignore)):
            if isinstance(words, str):
                raise TypeError(f"{name} must be a list of codes, prefixes or names of rules, got one string")
        self.select: Sequence[str] | None = select
        self.ignore: Sequence[str] = ignore
        self.severity: Mapping[str, str] = severity or {}

    def graded(self, rules: "Iterable[Rule]") -> "list[tuple[Rule, str]]":
        """The rules that are applied, each with the severity of its findings."""
        return [(rule, self._severity_of(rule)) for rule in rules if self._is_applied(rule)]

    def _is_applied(self, rule: "Rule") -> bool:
        if rule.always:
            return True
        selected = 1 if self.select is None else _closest(self.select, rule)[0]
        return selected > _closest(self.ignore, rule)[0]

    def _severity_of(self, rule: "Rule") -> str:
        _, word = _closest(self.severity, rule)
        return self.severity[word] if word and not rule.always else rule.severity

    def faults(self, rules: "Iterable[Rule]") -> "Iterator[tuple[str, str, str, str | None]]":
        """The errors in the settings, given all existing rules.

        Yields the setting, the word in it, the message and the help.
        """
        known = _Words(rules)
        for setting, words in (("select", self.select or ()), ("ignore", self.ignore), ("severity", self.severity)):
            for word in words:
                message, help = known.fault(setting, word)
                if message:
                    yield setting, word, message, help
        for word, severity in self.severity.items():
            if severity not in SEVERITIES:
                message = f"`severity` must give error, warning or note, got {_quoted(severity)}"
                yield "severity", word, message, None


def _closest(words: "Iterable[str]", rule: "Rule") -> tuple[int, str]:
    """How specific the most specific word is that names the rule, and the word; 0 if none does."""
    found = [(_CODE if word == rule.name else len(word), word) for word in words if _names(word, rule)]
    return max(found, default=(0, ""))


def _names(word: str, rule: "Rule") -> bool:
    return word == rule.name or (word != "" and rule.code.startswith(word))


def _quoted(value: object) -> str:
    from hypiler.diagnostics.escaping import quote_value

    return quote_value(value)


class _Words:
    """The words that name rules, and those that name other findings."""

    def __init__(self, rules: "Iterable[Rule]") -> None:
        self.rules = {rule.code: rule for rule in rules}
        self.codes = {name: code for code, (name, _) in CODES.items()}
        prefixes = {code[:length] for code in CODES for length in range(1, _CODE)}
        self.all = sorted({*CODES, *self.codes, *prefixes})

    def fault(self, setting: str, word: str) -> "tuple[str, str | None]":
        """The message and the help about a word in a setting; an empty message if nothing is wrong with it."""
        from hypiler.diagnostics.escaping import did_you_mean, quote_name

        if word not in self.all:
            help = did_you_mean(word, self.all) or "`hypiler explain` lists all codes"
            return f"`{setting}` must name rules by code, prefix or name, got {quote_name(word)}", help
        reason = "" if setting == "select" else self._why_always(word)
        if not reason:
            return "", None
        act = "be ignored" if setting == "ignore" else "get another severity"
        return f"`{setting}` must name rules that can {act}, got `{word}`: {reason}", None

    def _why_always(self, word: str) -> str:
        """Why nothing that the word names can be left out; empty if something can."""
        codes = [self.codes[word]] if word in self.codes else [code for code in CODES if code.startswith(word)]
        reasons = [self.rules[code].always if code in self.rules else _STAGES[code[1]] for code in codes]
        return "" if "" in reasons else reasons[0]
