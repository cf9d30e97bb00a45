"""Collects findings while a tree is checked, and words the messages that all types of values share."""

from hypiler.diagnostics.codes import SEVERITIES
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
_MOST_SUGGESTIONS = 1000
_NULL = "null means none or not published; give the value, or leave out an optional field"


class Invalid:
    """The type of `INVALID`, which takes the place of a missing or wrong value, so that rules can pass over it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "INVALID"


INVALID = Invalid()


class FindingCollector:
    """The findings about a file so far, and the place that is being checked.

    Attributes:
        findings: Those that were kept.
        dropped: How many were not kept, since there were too many.
        base_path: The path of the model that is being checked.
        field_path: The path of the field below it. Both are set by the caller, so that a clean value costs no path.
        model: The id of the model, for messages.
    """

    __slots__ = ("_kept", "base_path", "dropped", "field_path", "findings", "model")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.dropped: int = 0
        self._kept = dict.fromkeys(SEVERITIES, 0)
        self.base_path: Path = ()
        self.field_path: Path = ()
        self.model: str | None = None

    @property
    def count(self) -> int:
        """How many findings there are, with those that were not kept."""
        return len(self.findings) + self.dropped

    def place_of(self, file: str, path: Path) -> tuple[str, Path]:
        """Where people find what stands at a path that the collector is given: the file, and the path in it."""
        return file, path

    def name(self, suffix: Path = ()) -> str:
        """The name of the current field, or of its part `suffix`, in a message: `specs.embedding_dim`."""
        path = self.field_path + suffix
        if not path:
            return "the file"
        # The first part is a field's own name; those after it may be keys of the input.
        rest = [part[:_LIMIT] + "…" if isinstance(part, str) and len(part) > _LIMIT else part for part in path[1:]]
        return f"`{path[0]}{json_path(tuple(rest))[1:]}`"

    def add(
        self,
        code: str,
        message: str,
        suffix: Path = (),
        *,
        help: str | None = None,
        at: str = "value",
    ) -> Invalid:
        """Note a finding about the current field, or about the part `suffix` of it."""
        path = self.base_path + self.field_path + suffix
        return self.note(Finding(code, message, path, help=help, at=at, model=self.model))

    def note(self, finding: Finding) -> Invalid:
        """Keep a finding. If there are too many of its severity, it is only counted."""
        # Severities are counted apart, so that many warnings cannot hide the one error that must stop a build.
        if self._kept[finding.severity] < MAX_FINDINGS:
            self._kept[finding.severity] += 1
            self.findings.append(finding)
        else:
            self.dropped += 1
        return INVALID

    def wrong_type(self, expected: str, value: object, suffix: Path = (), *, help: str | None = None) -> Invalid:
        """`value` is of another JSON type than the field takes; `help` says what to write, where it is known."""
        if value is None:
            message = f"{self.name(suffix)} must be {expected}, got null"
            return self.add("M104", message, suffix, help=_NULL)
        found = _NAMES[type(value)]
        if isinstance(value, bool | int | float | str):
            found += f" {quote_value(value)}"
        if (
            isinstance(value, str)
            and expected in ("an integer", "a number")
            and len(value) < 20
            and value.isascii()
            and value.strip().isdigit()
        ):
            help = f"write {int(value)} without quotes"
        return self.add("M103", f"{self.name(suffix)} must be {expected}, got {found}", suffix, help=help)

    def malformed(
        self,
        code: str,
        expected: str,
        value: object,
        suffix: Path = (),
        help: str | None = None,
    ) -> Invalid:
        """`value` is a string that is not written as its field demands."""
        return self.add(
            code,
            f"{self.name(suffix)} must be {expected}, got {quote_value(value)}",
            suffix,
            help=help,
        )

    def did_you_mean(self, word: str, known: list[str]) -> str | None:
        """A suggestion for a word of the input; none once there are many findings, since the search takes long."""
        return did_you_mean(word, known) if self.suggests else None

    @property
    def suggests(self) -> bool:
        """Whether findings still say what was probably meant."""
        return self.count < _MOST_SUGGESTIONS

    def unknown_value(self, known: tuple[str, ...], value: str, suffix: Path = ()) -> Invalid:
        """`value` is not a word of a closed list."""
        near = self.did_you_mean(value, list(known))
        message = f"{self.name(suffix)} must be one of {', '.join(known)}; got {quote_value(value)}"
        return self.add("M114", message, suffix, help=near)
