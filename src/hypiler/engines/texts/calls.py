"""Calls of the engines' libraries: Ctrl-C ends them, and a process can fork while other threads make them.

Libraries hold locks while they run, and a forked child would wait for ever for a lock that another thread held at the
fork. So a fork waits until no thread is inside a library. Threads that want to call a library meanwhile wait for the
fork.
"""

import os
from contextlib import contextmanager
from contextvars import copy_context
from threading import Condition, Event, Thread, current_thread, get_ident, main_thread
from time import monotonic

from hypiler.engines.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TypeVar

    T = TypeVar("T")

# The seconds for which a fork waits for calls of other threads, and Ctrl-C for a call that is almost done.
_FORK_WAITS = 10.0
_INTERRUPT_WAITS = 1.0


class _Calls:
    """The calls of libraries that are running, by thread.

    Attributes:
        generation: Increased in a child process that was forked in the middle of a call. Locks of libraries that were
            loaded before may be held there for ever.
    """

    def __init__(self) -> None:
        self.generation: int = 0
        self._changed = Condition()
        self._running: dict[int, int] = {}
        self._forks = 0
        self._complete = True

    @contextmanager
    def one(self) -> "Generator[None]":
        """A block that calls a library. Blocks of the same thread can be nested."""
        thread = get_ident()
        with self._changed:
            while self._forks and thread not in self._running:
                self._changed.wait()
            self._running[thread] = self._running.get(thread, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                left = self._running.get(thread, 1) - 1
                if left:
                    self._running[thread] = left
                else:
                    self._running.pop(thread, None)
                    self._changed.notify_all()

    def before_fork(self) -> None:
        """Wait until no other thread is inside a library, for a limited time. Runs in the thread that forks."""
        end = monotonic() + _FORK_WAITS
        with self._changed:
            self._forks += 1
            while self._running.keys() - {get_ident()} and (left := end - monotonic()) > 0:
                self._changed.wait(left)
            self._complete = not self._running

    def after_in_parent(self) -> None:
        """Let the other threads continue."""
        with self._changed:
            self._forks -= 1
            self._changed.notify_all()

    def after_in_child(self) -> None:
        """Only the thread that forked exists here, so nobody is inside a library any more."""
        # The old condition may have been held by a thread that does not exist here.
        self._changed = Condition()
        self._running = {}
        self._forks = 0
        if not self._complete:
            self.generation += 1


CALLS = _Calls()
"""The calls of libraries in this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=CALLS.before_fork,
        after_in_parent=CALLS.after_in_parent,
        after_in_child=CALLS.after_in_child,
    )


def check_generation(generation: int) -> None:
    """Raise EngineError in a child that was forked in the middle of a call, for an encoder that was loaded before."""
    if generation != CALLS.generation:
        raise EngineError(
            "this process was forked while the parent was encoding, so libraries may wait for ever for threads of the"
            " parent: load the model again in this process, or fork between calls"
        )


def call(function: "Callable[[], T]", *, long: bool = False) -> "T":
    """The result of a function that calls a library.

    Args:
        function: The function.
        long: Whether the call may take so long that Ctrl-C must not wait for its end. Python sees Ctrl-C in the main
            thread only, and only between two of its own instructions, so a long call runs in another thread. After
            Ctrl-C, it ends there in the background.
    """
    if not long or current_thread() is not main_thread():
        with CALLS.one():
            return function()
    done = Event()
    found: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with CALLS.one():
                found.append(function())
        except BaseException as error:  # also KeyboardInterrupt, or the caller would wait for ever
            failed.append(error)
        finally:
            done.set()

    Thread(target=copy_context().run, args=(work,), name="hypiler-call", daemon=True).start()
    try:
        # Without a timeout, Ctrl-C would only be noticed at the end: by Python 3.13 and older on Windows.
        while not done.wait(_INTERRUPT_WAITS):
            pass
    except KeyboardInterrupt:
        # If the process ends at once, it is better to end without a thread in the middle of a call.
        done.wait(_INTERRUPT_WAITS)
        raise
    if failed:
        raise failed[0]
    return found[0]
