"""Exit codes, and the standard streams: a stream that is closed, or that nobody reads, never makes a command fail."""

import sys
from errno import EINVAL

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
    """Replace a closed stream by one that discards, and let each show escapes for characters that it cannot encode.

    What a file or a pipe gets has the same line ends on every system.
    """
    if sys.stdout is None or sys.stderr is None:
        import os

        nothing = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - a stream stays open
        sys.stdout, sys.stderr = sys.stdout or nothing, sys.stderr or nothing
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
            if sys.platform == "win32" and not stream.isatty():
                reconfigure(newline="\n")


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
    except OSError as error:
        if not has_no_reader(error):
            raise
        redirect_to_devnull(stream)


def has_no_reader(error: OSError) -> bool:
    """Whether the reader of a pipe has gone, as in `| head`. Windows then reports an invalid argument."""
    return isinstance(error, BrokenPipeError) or (
        sys.platform == "win32" and error.errno == EINVAL and error.filename is None
    )


def redirect_to_devnull(stream: "TextIO") -> None:
    """Discard all further output; otherwise the interpreter would try to write it again at exit, and complain."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
