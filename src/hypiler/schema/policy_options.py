"""Reads a `Policy` from the table `[tool.hypiler.policy]` of pyproject.toml, and says what is wrong with the table."""

from hypiler.diagnostics.escaping import did_you_mean, quote_name, quote_value
from hypiler.schema.license_expressions import advice, exception_advice, unknown_words
from hypiler.schema.policy import DEMANDS, REFUSALS, RULES, STRENGTHS, Policy, PolicyException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.json_types import JSONValue

UNKNOWN_KEY = "M516"
INVALID = "M517"
_PARTS = ("model", "rule", "reason", "until")
_EXCEPTION = 'exceptions = [{ model = "x", rule = "licenses", reason = "contract 12", until = 2027-01-01 }]'
_EXAMPLES = {
    "licenses": 'licenses = ["Apache-2.0", "MIT"]',
    "organizations": 'organizations = ["BAAI"]',
    "regions": 'regions = ["eu-central-1"]',
    "hosted": 'hosted = ["openai"]',
}


class PolicyFault:
    """Something that is wrong with a policy.

    Attributes:
        code: The code of the finding.
        path: Where the fault is, from the table of the policy on.
        message: What must hold, and what was found.
        help: What to write.
    """

    __slots__ = ("code", "help", "message", "path")

    def __init__(self, code: str, path: "Path", message: str, help: str | None = None) -> None:
        self.code: str = code
        self.path: Path = path
        self.message: str = message
        self.help: str | None = help


def read_policy(table: "JSONValue") -> "tuple[Policy, list[PolicyFault]]":
    """The policy in a table as tomllib reads it, and everything that is wrong with the table."""
    reader = _Reader()
    if not isinstance(table, dict):
        message = f"`policy` must be a table of rules, got {_quoted(table)}"
        return Policy(), [PolicyFault(INVALID, (), message, 'write policy = { licenses = ["Apache-2.0", "MIT"] }')]
    words: dict[str, Any] = table
    for key in words:
        if key not in (*RULES, "exceptions"):
            help = did_you_mean(key, [*RULES, "exceptions"]) or f"the rules are {', '.join(RULES)}"
            reader.fault((key,), f"unknown rule {quote_name(key)} in `tool.hypiler.policy`", help, code=UNKNOWN_KEY)
    rules = {name: reader.rule(name, words[name]) for name in RULES if name in words}
    exceptions = reader.exceptions(words.get("exceptions", []))
    return Policy({name: value for name, value in rules.items() if value is not None}, exceptions), reader.faults


def read_policy_file(path: str) -> Policy:
    """The policy in a file with the table `[tool.hypiler.policy]`, such as a pyproject.toml.

    Raises ValueError if the file cannot be read, has no such table, or states a policy that cannot be used.
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            data: Any = tomllib.load(file)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{path} cannot be read: {reason}") from None
    try:
        table = data["tool"]["hypiler"]["policy"]
    except (KeyError, TypeError):
        raise ValueError(f"{path} has no table [tool.hypiler.policy]") from None
    policy, faults = read_policy(table)
    if faults:
        raise ValueError(f"{path}: {faults[0].message}")
    return policy


class _Reader:
    """Reads one table and collects the faults."""

    def __init__(self) -> None:
        self.faults: list[PolicyFault] = []

    def fault(self, path: "Path", message: str, help: str | None = None, *, code: str = INVALID) -> None:
        self.faults.append(PolicyFault(code, path, message, help))

    def rule(self, name: str, value: "JSONValue") -> "Any":
        """The value of a rule; None if it cannot be used."""
        if name in (*DEMANDS, *REFUSALS):
            return self.flag(name, value)
        if name == "verification":
            return self.strength(value)
        if name == "hosted" and isinstance(value, bool):
            return value
        found = self.texts(name, value)
        if name == "licenses":
            self.check_licenses(found or ())
        return found

    def flag(self, name: str, value: "JSONValue") -> bool | None:
        if isinstance(value, bool):
            return value
        self.fault((name,), f"`{name}` must be true or false, got {_quoted(value)}")
        return None

    def strength(self, value: "JSONValue") -> str | None:
        if value in STRENGTHS:
            return str(value)
        message = f'`verification` must be "copy" or "commit", got {_quoted(value)}'
        self.fault(("verification",), message, did_you_mean(value, list(STRENGTHS)) if isinstance(value, str) else None)
        return None

    def texts(self, name: str, value: "JSONValue") -> "tuple[str, ...] | None":
        """A list of texts with at least one item."""
        items: list[Any] = value if isinstance(value, list) else []
        wrong = [index for index, item in enumerate(items) if not isinstance(item, str) or not item.strip()]
        if items and not wrong:
            return tuple(items)
        either = "true, false or " if name == "hosted" else ""
        path: Path = (name, wrong[0]) if wrong else (name,)
        found: Any = items[wrong[0]] if wrong else value
        message = f"`{name}` must be {either}a list of texts, at least one, got {_quoted(found)}"
        self.fault(path, message, f"write {_EXAMPLES[name]}")
        return None

    def check_licenses(self, allowed: "tuple[str, ...]") -> None:
        """Each licence is one that SPDX lists, or a `LicenseRef-`: a misspelled one would never be found."""
        for index, license in enumerate(allowed):
            for word, exception in unknown_words(license):
                wanted = "exception that may stand after WITH" if exception else "licence"
                message = f"`licenses` names {quote_name(word)}, but SPDX lists no such {wanted}"
                self.fault(("licenses", index), message, exception_advice(word) if exception else advice(word))

    def exceptions(self, value: "JSONValue") -> list[PolicyException]:
        if not isinstance(value, list):
            self.fault(
                ("exceptions",), f"`exceptions` must be a list of tables, got {_quoted(value)}", f"write {_EXCEPTION}"
            )
            return []
        entries: list[Any] = value
        found = [self.exception(entry, ("exceptions", index)) for index, entry in enumerate(entries)]
        known: set[tuple[str, str]] = set()
        for index, one in enumerate(found):
            if one is not None and (one.model, one.rule) in known:
                message = f"`exceptions` must name a model and a rule once, got {quote_name(one.model)} again"
                self.fault(("exceptions", index), message, "remove one of the two")
            if one is not None:
                known.add((one.model, one.rule))
        return [one for one in found if one is not None]

    def exception(self, entry: "JSONValue", place: "Path") -> PolicyException | None:
        if not isinstance(entry, dict):
            self.fault(place, f"an exception must be a table, got {_quoted(entry)}", f"write {_EXCEPTION}")
            return None
        parts: dict[str, Any] = entry
        before = len(self.faults)
        for key in parts:
            if key not in _PARTS:
                message = f"unknown key {quote_name(key)} in an exception"
                help = did_you_mean(key, list(_PARTS)) or f"the keys are {', '.join(_PARTS)}"
                self.fault((*place, key), message, help, code=UNKNOWN_KEY)
        for key in ("model", "rule", "reason"):
            self.check_text(parts, key, place)
        until = self.day(parts["until"], (*place, "until")) if "until" in parts else None
        if len(self.faults) > before:
            return None
        return PolicyException(parts["model"], parts["rule"], until, parts["reason"])

    def check_text(self, parts: "dict[str, Any]", key: str, place: "Path") -> None:
        value = parts.get(key)
        if key not in parts:
            help = 'say why, such as reason = "contract 12"' if key == "reason" else f"write {_EXCEPTION}"
            self.fault(place, f"an exception must have a `{key}`", help)
        elif not isinstance(value, str) or not value.strip():
            self.fault((*place, key), f"`{key}` of an exception must be a text, got {_quoted(value)}")
        elif key == "rule" and value not in RULES:
            help = did_you_mean(value, list(RULES)) or f"the rules are {', '.join(RULES)}"
            self.fault((*place, key), f"`rule` of an exception must be a rule, got {quote_name(value)}", help)

    def day(self, value: "JSONValue", path: "Path") -> str | None:
        """A day of the calendar. TOML also has times of a day, which are of a class below."""
        stated: Any = value
        if hasattr(value, "year") and not hasattr(value, "hour"):
            return str(stated.isoformat())
        message = f"`until` of an exception must be a day, got {_quoted(value)}"
        self.fault(path, message, "write until = 2027-01-01, without quotes")
        return None


def _quoted(value: "JSONValue") -> str:
    stated: Any = value
    text: str = stated.isoformat() if hasattr(value, "isoformat") else quote_value(value)
    return text
