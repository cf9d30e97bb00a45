"""What a model's files say, and what is wrong with them.

`hypiler check` imports this beside a lock, so the classes are written out: `dataclasses` takes longer to import than a
registry to check.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Record:
    """Compares and shows itself by its slots."""

    __slots__: tuple[str, ...] = ()

    def _values(self) -> "tuple[Any, ...]":
        return tuple([getattr(self, name) for name in self.__slots__])

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        values = [f"{name}={value!r}" for name, value in zip(self.__slots__, self._values(), strict=True)]
        return f"{type(self).__name__}({', '.join(values)})"


class FileFact(_Record):
    """One fact: a value as models.json writes it, and the place that says it.

    The value is None where the files show that the model has none. `key` is the place in `file`, and `note` what a
    reader should know of it.
    """

    __slots__ = ("file", "key", "note", "value")

    def __init__(self, value: "Any", file: str, key: str, note: str = "") -> None:
        self.value = value
        self.file = file
        self.key = key
        self.note = note

    def noted(self, *notes: str) -> "FileFact":
        """The same fact with further notes; those that are empty do not count."""
        return FileFact(self.value, self.file, self.key, "; ".join(filter(None, (self.note, *notes))))

    def to_dict(self) -> "dict[str, Any]":
        """The fact as JSON, in the order of a lock."""
        return {"value": self.value, "file": self.file, "key": self.key, "note": self.note}

    def source(self, repository: str, revision: str | None) -> str:
        """Where it was read, as the `sources` of models.json say it."""
        place = f"{repository} @{revision[:7]}" if revision else f"files of {repository}"
        return f"{place} {self.file}" + (f" ({self.key})" if self.key else "")


class Problem(_Record):
    """A file that is not read, or whose name is not safe, and why; both texts can be shown as they are."""

    __slots__ = ("file", "message")

    def __init__(self, file: str, message: str) -> None:
        self.file = file
        self.message = message


class ModelFileError(ValueError):
    """A file is not what it should be; the message says why, and can be shown as it is."""


class Evidence(_Record):
    """Everything that a model's files say.

    Attributes:
        encoder_type: dense, static, multi_vector, sparse or reranker, or None if nothing shows it.
        facts: By paths of models.json such as `specs.hidden_dim`, in the schema's order.
        problems: What could not be read.
        remote_code: The files that loading would run: those of another repository begin with its name.
        pickle_only: Whether there are weights, and all of them are pickles.
        warnings: What changes the vectors, and no field of models.json says.
    """

    __slots__ = ("encoder_type", "facts", "pickle_only", "problems", "remote_code", "warnings")

    def __init__(
        self,
        encoder_type: str | None,
        facts: dict[str, FileFact],
        problems: list[Problem],
        remote_code: tuple[str, ...],
        *,
        pickle_only: bool,
        warnings: list[Problem],
    ) -> None:
        self.encoder_type = encoder_type
        self.facts = facts
        self.problems = problems
        self.remote_code = remote_code
        self.pickle_only = pickle_only
        self.warnings = warnings
