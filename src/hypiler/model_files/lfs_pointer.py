"""Git LFS pointers: small texts that git keeps in place of large files. A pointer names the size and the sha256."""

import re

MAX_BYTES = 1024
"""No pointer is longer."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"oid sha256:(?P<sha256>[0-9a-f]{64})\n"
    rb"size (?P<size>0|[1-9][0-9]{0,17})\n?"
)


def read_pointer(data: bytes) -> tuple[str, int] | None:
    """The sha256 and the size of the file that a pointer stands for; None if `data` is no pointer.

    Only the form that git-lfs writes is accepted: `version`, `oid` and `size`, in this order.
    """
    found = _POINTER.fullmatch(data) if len(data) <= MAX_BYTES else None
    return None if found is None else (found["sha256"].decode(), int(found["size"]))
