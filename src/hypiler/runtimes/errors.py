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
        self.problem: str = one_line(problem)
        self.alternatives: tuple[str, ...] = tuple(alternatives)
        listed = ", ".join(self.alternatives)
        super().__init__(self.problem + (f"; these runtimes can: {listed}" if listed else ""))

    def __reduce__(self) -> "tuple[type[RuntimeLimitError], tuple[str, tuple[str, ...]]]":
        return type(self), (self.problem, self.alternatives)
