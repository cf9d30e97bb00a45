"""Waits for files to change."""

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Seconds between two looks: soon enough for a person, and a file that is being written is not read half.
INTERVAL = 0.2


def changes(paths: "Callable[[], list[str]]", interval: float = INTERVAL) -> "Iterator[None]":
    """Yield once at first, and then whenever one of the files that `paths` names was changed and has come to rest.

    Never ends. The files are looked at again each time, so that the list may change with what they say.
    """
    handled: object = None
    before: object = None
    while True:
        now = [(path, _stamp(path)) for path in paths()]
        if now == before and now != handled:
            handled = now
            yield
        else:
            before = now
            time.sleep(interval)


def _stamp(path: str) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; None while there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
