"""Collects findings while a tree is checked, and phrases the ones that every kind of value shares."""

from hypiler.diagnostics.codes import ERROR, WARNING
from hypiler.diagnostics.escaping import did_you_mean, quote_value
from hypiler.diagnostics.finding import MAX_FINDINGS, Finding, Path, json_path

_NAMES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
}

_LIMIT = 60  # characters of a key that a message repeats
_NULL = "null means none or not published; give the value, or leave out an optional field"


class Invalid:
    """The type of `INVALID`, which stands where a value was missing or wrong, so that rules can pass over it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "INVALID"


INVALID = Invalid()


class FindingCollector:
    """The findings so far, and the place being checked: set per field, so that a clean value costs no path."""

    __slots__ = ("_kept", "base_path", "dropped", "field_path", "findings", "model")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.dropped = 0
        self._kept = {ERROR: 0, WARNING: 0}
        self.base_path: Path = ()
        self.field_path: Path = ()
        self.model: str | None = None

    def name(self, sub: Path = ()) -> str:
        """The current field, or the part `sub` of it, as a message names it: `specs.embedding_dim`."""
        path = self.field_path + sub
        if not path:
            return "the file"
        # A field's own name comes first, as it stands; keys of the input may follow it.
        rest = [part[:_LIMIT] + "…" if isinstance(part, str) and len(part) > _LIMIT else part for part in path[1:]]
        return f"`{path[0]}{json_path(tuple(rest))[1:]}`"

    def add(
        self,
        code: str,
        message: str,
        sub: Path = (),
        *,
        help: str | None = None,
        at: str = "value",
    ) -> Invalid:
        """Note a fault of the current field, or of the part `sub` of it."""
        path = self.base_path + self.field_path + sub
        return self.note(Finding(code, message, path, help=help, at=at, model=self.model))

    def note(self, finding: Finding) -> Invalid:
        """Keep a finding, unless there are too many: then it is only counted."""
        # Counted apart, or many warnings could hide the one error that must stop a build.
        if self._kept[finding.severity] < MAX_FINDINGS:
            self._kept[finding.severity] += 1
            self.findings.append(finding)
        else:
            self.dropped += 1
        return INVALID

    def wrong_type(self, expected: str, value: object, sub: Path = ()) -> Invalid:
        """`value` is of another JSON type than the field takes."""
        if value is None:
            message = f"{self.name(sub)} must be {expected}, got null"
            return self.add("M104", message, sub, help=_NULL)
        found = _NAMES[type(value)]
        if isinstance(value, bool | int | float | str):
            found += f" {quote_value(value)}"
        help = None
        if (
            isinstance(value, str)
            and expected in ("an integer", "a number")
            and len(value) < 20
            and value.isascii()
            and value.strip().isdigit()
        ):
            help = f"write {int(value)} without quotes"
        return self.add("M103", f"{self.name(sub)} must be {expected}, got {found}", sub, help=help)

    def malformed(
        self,
        code: str,
        expected: str,
        value: object,
        sub: Path = (),
        help: str | None = None,
    ) -> Invalid:
        """`value` is a string that is not spelled as its field demands."""
        return self.add(
            code,
            f"{self.name(sub)} must be {expected}, got {quote_value(value)}",
            sub,
            help=help,
        )

    def unknown_value(self, known: tuple[str, ...], value: str, sub: Path = ()) -> Invalid:
        """`value` is not a word of a closed list."""
        near = did_you_mean(value, list(known))
        message = f"{self.name(sub)} must be one of {', '.join(known)}; got {quote_value(value)}"
        return self.add("M114", message, sub, help=near)
