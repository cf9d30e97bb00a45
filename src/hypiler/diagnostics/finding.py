"""A finding: one fault of the input, with everything a reader needs to mend it."""

from hypiler.diagnostics.codes import severity_of
from hypiler.diagnostics.escaping import printable

Path = tuple[str | int, ...]

MAX_FINDINGS = 10_000
"""So many errors and so many warnings of one file are kept: nobody reads more, and each takes memory."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Finding:
    """One fault: what (`code`, `message`, `help`), where (`path`, `file`, `line`, `column`) and whose (`model`).

    `line` and `column` count from 1 in characters; both are 0 until the finding is located, and stay 0 for a fault
    that has no place in a file. `width` is the number of characters to underline. `at` says which part of the place
    the fault concerns: the `"value"` at `path` or its `"key"`.
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
    ) -> None:
        self.code = code
        self.message = message
        self.path = path
        self.at = at
        self.help = help
        self.model = model
        self.file = file
        self.line = line
        self.column = column
        self.width = width

    @property
    def severity(self) -> str:
        """`"error"` or `"warning"`, fixed by the code."""
        return severity_of(self.code)

    @property
    def json_path(self) -> str:
        """The path as `$.models[3].specs.embedding_dim`."""
        return json_path(self.path)

    def __repr__(self) -> str:
        return f"Finding({self.code!r}, {self.message!r}, {self.json_path!r}, line={self.line}, column={self.column})"


def json_path(path: Path) -> str:
    """`("models", 3, "a b")` as `$.models[3]["a b"]`, printable whatever the keys hold."""
    out = "$"
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        elif part and _PLAIN.issuperset(part) and not part[0].isdigit():
            out += f".{part}"
        else:
            out += '["' + printable(part).replace('"', '\\"') + '"]'
    return out
