"""A finding: one fault of the input, with everything that a reader needs to fix it."""

from hypiler.diagnostics.codes import NOTE, severity_of
from hypiler.diagnostics.escaping import one_line, printable

Path = tuple[str | int, ...]

MAX_FINDINGS = 10_000
"""The limit of findings per file and severity. Nobody reads more, and each takes memory."""

_LONGEST_KEY = 200
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Finding:
    """One fault of the input.

    Attributes:
        code: The code of the rule, such as `M103`.
        message: What must hold, and what was found. `message` and `help` are single lines of bounded length.
        path: The JSON path of the fault in its file.
        at: The part that the fault concerns: the `"value"` at the path or its `"key"`.
        help: What to do about it; None if the message says enough.
        model: The id of the model; None if the fault does not belong to a model.
        file: The name of the file; empty if the fault does not belong to a file.
        line: From 1; 0 until the finding is located, and for a fault that has no place in a file.
        column: From 1, in characters; 0 where `line` is 0.
        width: The number of characters to underline.
        severity: "error", "warning" or "note"; by default the severity of the code.
    """

    __slots__ = (
        "at",
        "code",
        "column",
        "file",
        "help",
        "line",
        "message",
        "model",
        "path",
        "severity",
        "width",
    )

    def __init__(
        self,
        code: str,
        message: str,
        path: Path = (),
        *,
        at: str = "value",
        help: str | None = None,
        model: str | None = None,
        file: str = "",
        line: int = 0,
        column: int = 0,
        width: int = 1,
        severity: str = "",
    ) -> None:
        self.code: str = code
        self.message: str = one_line(message)
        self.path: Path = path
        self.at: str = at
        self.help: str | None = help and one_line(help)
        self.model: str | None = model
        self.file: str = file
        self.line: int = line
        self.column: int = column
        self.width: int = width
        self.severity: str = severity or severity_of(code)

    @property
    def json_path(self) -> str:
        """The path as `$.models[3].specs.embedding_dim`."""
        return json_path(self.path)

    def __str__(self) -> str:
        """On one line, as editors read it: `models.json:7:20: error[M103]: …`."""
        place = [printable(self.file), *([str(self.line), str(self.column)] if self.line else [])] if self.file else []
        return "".join([":".join(place), ": " if place else "", f"{self.severity}[{self.code}]: {self.message}"])

    def __repr__(self) -> str:
        return f"Finding({self.code!r}, {self.message!r}, {self.json_path!r}, line={self.line}, column={self.column})"


def json_path(path: Path) -> str:
    """`("models", 3, "a b")` as `$.models[3]["a b"]`, printable and shortened whatever the keys are."""
    out = "$"
    for place in path:
        if isinstance(place, int):
            out += f"[{place}]"
            continue
        part = place if len(place) <= _LONGEST_KEY else place[:_LONGEST_KEY] + "…"
        if part and _PLAIN.issuperset(part) and not part[0].isdigit():
            out += f".{part}"
        else:
            out += '["' + printable(part).replace('"', '\\"') + '"]'
    return out


def without_notes(findings: "list[Finding]") -> "list[Finding]":
    """The findings that a build shows. Notes never count, and a build runs often: `check` shows them."""
    return [finding for finding in findings if finding.severity != NOTE]
