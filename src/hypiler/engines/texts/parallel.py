"""Runs work in a few threads at once. Unlike those of `concurrent.futures`, the threads never keep a process alive."""

from threading import Condition, Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

# The seconds after which a waiting thread looks for Ctrl-C, which Python 3.13 and older do not see on Windows.
_WAITS = 1.0


def in_parallel(function: "Callable[[T], R]", items: "Sequence[T]", threads: int) -> "list[R]":
    """The result for each item, in order.

    The first failure is raised, and work that has not begun is left out. The same happens after Ctrl-C: what has begun
    ends in the background.
    """
    if len(items) <= 1 or threads == 1:
        return [function(item) for item in items]
    work = _Work(function, items)
    for _ in range(min(threads, len(items))):
        Thread(target=work.run, name="hypiler-request", daemon=True).start()
    return work.results()


class _Work:
    """Items, their results, and the first failure. All attributes are guarded by `changed`."""

    def __init__(self, function: "Callable[[Any], Any]", items: "Sequence[Any]") -> None:
        self.function, self.items = function, items
        self.changed = Condition()
        self.next = 0
        self.found: dict[int, Any] = {}
        self.failure: BaseException | None = None
        self.stopped = False

    def run(self) -> None:
        """Work on one item after the other. Runs in a thread."""
        while (place := self._taken()) is not None:
            try:
                result = self.function(self.items[place])
            except BaseException as error:
                self._fail(error)
            else:
                with self.changed:
                    self.found[place] = result
                    self.changed.notify_all()

    def _taken(self) -> int | None:
        with self.changed:
            if self.stopped or self.next == len(self.items):
                return None
            self.next += 1
            return self.next - 1

    def _fail(self, error: BaseException) -> None:
        with self.changed:
            self.failure, self.stopped = self.failure or error, True
            self.changed.notify_all()

    def results(self) -> "list[Any]":
        """Wait for all results. Raises the first failure."""
        try:
            with self.changed:
                while self.failure is None and len(self.found) < len(self.items):
                    self.changed.wait(_WAITS)
        finally:
            with self.changed:
                self.stopped = True
        if self.failure is not None:
            raise self.failure
        return [self.found[place] for place in range(len(self.items))]
