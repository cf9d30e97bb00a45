"""Exit codes, and the standard streams: one that is closed, or that nobody reads, never makes a command fail."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

OK = 0
FINDINGS = 1
USAGE = 2
ENVIRONMENT = 3
NETWORK = 4


def prepare_streams() -> None:
    """A stream that is closed takes nothing, and one that cannot show a character shows its escape: neither fails."""
    if sys.stdout is None or sys.stderr is None:
        import os

        nothing = open(os.devnull, "w")  # noqa: SIM115 - a stream stays open
        sys.stdout, sys.stderr = sys.stdout or nothing, sys.stderr or nothing
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def print_error(message: str) -> None:
    """One line on standard error. Where nobody can read it, the exit code still says what it says."""
    try:
        print(f"hypiler: {message}", file=sys.stderr, flush=True)
    except OSError:
        redirect_to_devnull(sys.stderr)


def redirect_to_devnull(stream: "TextIO") -> None:
    """Send what is still to come nowhere: the interpreter would try again, and complain, at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
