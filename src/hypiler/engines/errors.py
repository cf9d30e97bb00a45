"""Errors of loading and running models."""

from functools import wraps

from hypiler._text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")


class EngineError(Exception):
    """A model cannot be loaded, or this engine cannot load it. The message says why and what to do.

    The message is one line of bounded length, even if the names of files or the errors of libraries are long.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class MismatchError(EngineError):
    """The registry disagrees with the model's files or with the engine. The message names both values."""


class UnknownFactError(EngineError):
    """Neither the registry nor the model's files state a required fact."""


class ChecksumError(EngineError):
    """The sha256 of a file differs from the recorded sha256."""


class UnsafeError(EngineError):
    """Loading would run code from the repository, or unpickle weights, and this was not explicitly allowed."""


class PolicyError(EngineError):
    """The policy of the project or of the process does not allow the model, or does not allow loading it in this way.

    Attributes:
        rule: The rule of the policy, such as "licenses"; empty if the policy itself cannot be read.
        model: The id of the model; empty if the policy itself cannot be read.
    """

    def __init__(self, message: str = "", *, rule: str = "", model: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.model = model

    def __reduce__(self) -> "tuple[object, ...]":
        return type(self), self.args, {"rule": self.rule, "model": self.model}


class MissingEngineError(EngineError, ImportError):
    """A package is not installed. The message says which extra installs it."""


class ServerError(EngineError):
    """A server cannot be reached, refuses a request, or gives an answer that cannot be used."""


class RowError(EngineError):
    """A text of a batch cannot be encoded. The encoder names the text's place among the texts of the call.

    Attributes:
        row: The place of the text in the batch.
        reason: What is wrong.
    """

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason


class TruncationWarning(UserWarning):
    """Texts were longer than the model's limit, so their ends do not count. Shown once per call."""


def file_errors(function: "Callable[P, T]") -> "Callable[P, T]":
    """The function, with an EngineError where the system cannot read a file: one with too long a path, for example."""

    @wraps(function)
    def told(*args: "P.args", **kwargs: "P.kwargs") -> "T":
        try:
            return function(*args, **kwargs)
        except OSError as error:
            raise EngineError(f"{error.filename or 'a file'} cannot be read: {error.strerror or error}") from error
        except RecursionError as error:
            raise EngineError("a path or a file of the model is nested too deep") from error

    return told
