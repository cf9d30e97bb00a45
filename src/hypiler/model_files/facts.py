"""What a model's files say, and what is wrong with them."""

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True)
class FileFact:
    """One fact: a value as models.json writes it, and the place that says it.

    The value is None where the files show that the model has none. `key` is the place in `file`, and `note` what a
    reader should know of it.
    """

    value: "Any"
    file: str
    key: str
    note: str = ""

    def source(self, repository: str, revision: str | None) -> str:
        """Where it was read, as the `sources` of models.json say it."""
        place = f"{repository} @{revision[:7]}" if revision else f"files of {repository}"
        return f"{place} {self.file}" + (f" ({self.key})" if self.key else "")


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is not read, or whose name is not safe, and why; both texts can be shown as they are."""

    file: str
    message: str


class ModelFileError(ValueError):
    """A file is not what it should be; the message says why, and can be shown as it is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a model's files say, by paths of models.json such as `specs.hidden_dim`, in the schema's order.

    `kind` is dense, static, multi_vector, sparse or reranker, or None if nothing shows it. `remote_code` are the files
    that loading would run: those of another repository begin with its name. `pickle_only` says that there are weights,
    and that all of them are pickles.
    """

    kind: str | None
    facts: dict[str, FileFact]
    problems: list[Problem]
    remote_code: tuple[str, ...]
    pickle_only: bool
