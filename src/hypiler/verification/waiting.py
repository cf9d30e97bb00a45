"""Waits for other threads so that Ctrl-C is noticed meanwhile.

Before Python 3.14, the main thread on Windows sees Ctrl-C only when a wait ends. So each wait here is a short one.
"""

from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

_SECONDS = 0.5


def in_order(futures: "Iterable[Future[T]]") -> "Iterator[T]":
    """The results of futures in their order. Raises what the first one that failed has raised."""
    for future in futures:
        while not wait([future], _SECONDS).done:
            pass
        yield future.result()


def as_completed(futures: "Collection[Future[T]]") -> "Iterator[Future[T]]":
    """The futures as they are done, each once."""
    done: SimpleQueue[Future[T]] = SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)
    for _ in futures:
        yield _next(done)


def _next(done: "SimpleQueue[Future[T]]") -> "Future[T]":
    while True:
        try:
            return done.get(timeout=_SECONDS)
        except Empty:
            continue
