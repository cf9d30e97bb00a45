"""The facts that a model's files state, and the problems in these files.

`hypiler check` imports this module if there is a lock. So the classes are written without `dataclasses`, whose import
takes longer than checking a registry.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Record:
    """A class with equality, hash and repr by its slots."""

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
    """One fact and where it was read.

    Attributes:
        value: The value as models.json writes it; None if the files show that the model has none.
        file: The file that states the value.
        key: The key in the file.
        note: What a reader should know about the fact.
        doubtful: Whether the value must not be written into a registry: other files of the model contradict it, or a
            library writes the value by default. The note says why.
        hint: Whether another value may be right as well, as the type of weights that a configuration names: the weights
            may have been saved again. A hint can agree with a registry, but not contradict it.
    """

    __slots__ = ("doubtful", "file", "hint", "key", "note", "value")

    def __init__(
        self, value: "Any", file: str, key: str, note: str = "", *, doubtful: bool = False, hint: bool = False
    ) -> None:
        self.value: Any = value
        self.file: str = file
        self.key: str = key
        self.note: str = note
        self.doubtful: bool = doubtful
        self.hint: bool = hint

    def noted(self, *notes: str) -> "FileFact":
        """The same fact with further notes. Empty notes are ignored."""
        note = "; ".join(filter(None, (self.note, *notes)))
        return FileFact(self.value, self.file, self.key, note, doubtful=self.doubtful, hint=self.hint)

    def doubted(self, *notes: str) -> "FileFact":
        """The same fact as a doubtful one, with notes that say why."""
        fact = self.noted(*notes)
        return FileFact(fact.value, fact.file, fact.key, fact.note, doubtful=True, hint=fact.hint)

    def to_dict(self) -> "dict[str, Any]":
        """The fact as JSON types, in the order of keys in a lock. `doubtful` and `hint` are stated only if true."""
        stated = {"value": self.value, "file": self.file, "key": self.key, "note": self.note}
        return stated | {name: True for name in ("doubtful", "hint") if getattr(self, name)}

    def source(self, repository: str, revision: str | None) -> str:
        """Where the fact was read, as an entry of `sources` in models.json; `revision` is None if unknown."""
        place = f"{repository} @{revision[:7]}" if revision else f"files of {repository}"
        return f"{place} {self.file}" + (f" ({self.key})" if self.key else "")


class Problem(_Record):
    """A file that cannot be used, and why. Both texts are escaped, so they can be printed."""

    __slots__ = ("file", "message")

    def __init__(self, file: str, message: str) -> None:
        self.file: str = file
        self.message: str = message


class ModelFileError(ValueError):
    """A file is not as it should be. The message says why, and is escaped, so it can be printed."""


class Evidence(_Record):
    """Everything that a model's files say.

    Attributes:
        encoder_type: dense, static, multi_vector, sparse or reranker; None if the files do not show it.
        facts: The facts by their path in models.json, such as `specs.hidden_dim`, in schema order.
        problems: The files that could not be used.
        remote_code: The files that loading would run. Files of another repository begin with its name.
        pickle_only: Whether there are weights, and all of them are pickles.
        warnings: What else a reader should know: settings that change the vectors and have no field in models.json,
            and files that contradict each other.
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
        self.encoder_type: str | None = encoder_type
        self.facts: dict[str, FileFact] = facts
        self.problems: list[Problem] = problems
        self.remote_code: tuple[str, ...] = remote_code
        self.pickle_only: bool = pickle_only
        self.warnings: list[Problem] = warnings
