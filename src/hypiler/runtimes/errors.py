"""The error for a model that a runtime cannot run as the registry describes it, with the runtimes that can."""

from hypiler._text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Iterable


class RuntimeLimitError(ValueError):
    """A runtime cannot run this model as the registry describes it. The message lists the runtimes that can.

    Attributes:
        problem: The message without the alternatives.
        alternatives: The names of the runtimes for which there is a snippet.
    """

    def __init__(self, problem: str, alternatives: "Iterable[str]" = ()) -> None:
        self.problem = one_line(problem)
        self.alternatives = tuple(alternatives)
        super().__init__(self.told())

    def told(self, option: str = "runtime") -> str:
        """The message. `option` is another word for the choice of a runtime, such as that of a command line."""
        listed = ", ".join(self.alternatives)
        return self.problem + (f"; alternatives for {option}: {listed}" if listed else "; no runtime can")

    def __reduce__(self) -> "tuple[type[RuntimeLimitError], tuple[str, tuple[str, ...]]]":
        return type(self), (self.problem, self.alternatives)
