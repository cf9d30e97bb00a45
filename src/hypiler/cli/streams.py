"""Exit codes, and the standard streams: a stream that is closed, or that nobody reads, never makes a command fail."""

import sys

from hypiler._text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

OK = 0
FINDINGS = 1
USAGE = 2
ENVIRONMENT = 3
NETWORK = 4


def prepare_streams() -> None:
    """Replace a closed stream by one that discards, and let each show escapes for characters that it cannot encode."""
    if sys.stdout is None or sys.stderr is None:
        import os

        nothing = open(os.devnull, "w")  # noqa: SIM115 - a stream stays open
        sys.stdout, sys.stderr = sys.stdout or nothing, sys.stderr or nothing
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def print_error(message: str) -> None:
    """Print one line to standard error, escaped. If nobody can read it, the exit code still tells the outcome."""
    try:
        print(f"hypiler: {one_line(message)}", file=sys.stderr, flush=True)
    except OSError:
        redirect_to_devnull(sys.stderr)


def usage_error(message: str) -> int:
    """Print one line about a wrong use of the command line; its exit code."""
    print_error(message)
    return USAGE


def write_text(text: str, stream: "TextIO") -> None:
    """Print text and flush it. A reader that has gone, as in `| head`, does not change the exit code."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        redirect_to_devnull(stream)


def redirect_to_devnull(stream: "TextIO") -> None:
    """Discard all further output; otherwise the interpreter would try to write it again at exit, and complain."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
