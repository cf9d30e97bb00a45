"""Reads the files of a checkout. This is the one place that opens them.

An error says which file and what was tried, since `open` and `write` do not always say it.
"""

import os

from hypiler.diagnostics.escaping import printable
from hypiler.project.checkout import leads_out


def read_file(path: str, limit: int = -1) -> bytes:
    """The bytes of a regular file, at most `limit` of them. A link is followed inside its checkout alone.

    Raises OSError, FileNotFoundError if there is no file.
    """
    try:
        if leads_out(path):
            raise OSError(None, "it is a link that leads out of the checkout")
        # Judged before it is opened: opening a pipe would wait for ever, and a device never ends.
        if os.path.exists(path) and not os.path.isfile(path):
            why = "it is a folder" if os.path.isdir(path) else "not a regular file"
            raise OSError(None, why)
        with open(path, "rb") as file:
            # A bounded read takes memory for the whole bound, whatever the size.
            bounded = 0 <= limit < os.fstat(file.fileno()).st_size
            return file.read(limit) if bounded else file.read()
    except OSError as error:
        raise failure("read", path, error) from None


def failure(verb: str, path: str, error: OSError) -> OSError:
    """An error of the same class that says, for people, that `path` could not be read or written, and why."""
    why = error.strerror or str(error)
    return type(error)(f"cannot {verb} `{printable(path)}`: {why}")
