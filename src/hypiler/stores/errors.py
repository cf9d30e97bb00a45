"""The errors of stores: vectors that do not fit, and containers that exist already or are missing."""

from hypiler._text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Alternative = tuple[str, int | str, str]
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Iterable, Mapping

    Alternative = tuple[str, int | str, str]


class StoreLimitError(ValueError):
    """A store cannot hold or index these vectors. The message lists the alternatives.

    Attributes:
        problem: The message without the alternatives.
        alternatives: What would work, each as (option, value, reason). The option is `dimension`, which the config
            chooses, or `dtype`, `index` or `store`, which the record chooses.
    """

    def __init__(self, problem: str, alternatives: "Iterable[Alternative]" = ()) -> None:
        self.problem: str = one_line(problem)
        self.alternatives: tuple[Alternative, ...] = tuple(alternatives)
        super().__init__(self.told())

    def told(self, options: "Mapping[str, str] | None" = None) -> str:
        """The message. `options` are other words for the options, such as those of a command line."""
        fitting: dict[str, str] = {}
        for option, value, reason in self.alternatives:
            choice = f"{option}={value!r}" if options is None else f"{options[option]} {value}"
            # All stores are listed for the same reason.
            fitting[choice] = "" if option == "store" else f" ({reason})"
        listed = "; ".join([choice + reason for choice, reason in fitting.items()])
        return self.problem + (f"; alternatives: {listed}" if listed else "")

    def __reduce__(self) -> "tuple[type[StoreLimitError], tuple[str, tuple[Alternative, ...]]]":
        return type(self), (self.problem, self.alternatives)


class AlreadyExistsError(ValueError):
    """The table, collection, index or file to create already exists. It was not changed."""


class NotFoundError(LookupError):
    """The table, collection, index or file to check does not exist, or has no such column."""
