"""Public pins: the sizes and sums of models' files that other projects publish for a commit.

A pin is somebody's word. Where two of them, in different repositories, name the same sha256 for the same commit, the
file counts as that of the commit. One alone says that the file agrees with a copy.
"""

import re
from dataclasses import dataclass

from hypiler.diagnostics.escaping import quote_name, quote_value
from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, are_independent, is_pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COLUMNS = ("model", "revision", "file", "size", "sha256", "where")
"""The header of a table of pins, separated by tabs."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a table.

    Attributes:
        sha256: The sum that is published.
        size: The size in bytes; None if it is not published.
        where: Where it is published.
    """

    sha256: str
    size: int | None
    where: str


class PinsError(ValueError):
    """A table of pins cannot be read. The message says why."""


class PublicPins:
    """A table of pins, by repository, commit and file. Raises PinsError for text that is no such table."""

    def __init__(self, text: str) -> None:
        first, *lines = text.removeprefix("\ufeff").splitlines() or [""]
        if tuple(first.split("\t")) != COLUMNS:
            raise PinsError(f"the first line must be {' '.join(COLUMNS)}, separated by tabs; got {quote_value(first)}")
        self._pins: dict[tuple[str, str], dict[str, list[Pin]]] = {}
        for number, line in enumerate(lines, 2):
            if line.strip() and not line.startswith("#"):
                self._add(line.split("\t"), number)

    def _add(self, cells: "list[str]", number: int) -> None:
        if len(cells) != len(COLUMNS):
            raise PinsError(f"line {number} must have {len(COLUMNS)} cells, separated by tabs; got {len(cells)}")
        model, revision, file, size, sha256, where = [cell.strip() for cell in cells]
        # Lines that give a short commit or no sum are notes for people: they pin nothing.
        if not _COMMIT.fullmatch(revision) or not _SUM.fullmatch(sha256):
            return
        if not is_pin(where):
            raise PinsError(f"line {number}: {quote_name(where)} must say in a short text where the pin is published")
        known = int(size) if size.isdecimal() and size.isascii() and len(size) < 16 else None
        self._pins.setdefault((model, revision), {}).setdefault(file, []).append(Pin(sha256, known, where))

    def of(self, repository: str, revision: str | None) -> "dict[str, LockedFile]":
        """The files of a commit that are pinned, each with one sum: at the commit if two independent pins name it.

        A file is left out if several sums are pinned and not just one of them by independent pins.
        """
        found: dict[str, LockedFile] = {}
        for name, pins in self._pins.get((repository, str(revision)), {}).items():
            sums = {sha256: _file(sha256, pins) for sha256 in sorted({pin.sha256 for pin in pins})}
            proved = [file for file in sums.values() if file.read == AT_COMMIT]
            if len(sums) == 1 or len(proved) == 1:
                found[name] = (proved or [*sums.values()])[0]
        return found


def _file(sha256: str, pins: "Iterable[Pin]") -> LockedFile:
    own = [pin for pin in pins if pin.sha256 == sha256]
    places = sorted({pin.where for pin in own})
    sizes = {pin.size for pin in own} - {None}
    size = sizes.pop() if len(sizes) == 1 else None
    return LockedFile(sha256, size, None, AT_COMMIT if are_independent(places) else COPY, places)


def with_pins(files: "Mapping[str, LockedFile]", pinned: "Mapping[str, LockedFile]") -> "dict[str, LockedFile]":
    """Files that were read, and those that are only pinned. A file has the pins of its own bytes alone."""
    found = dict(files)
    for name, pin in pinned.items():
        read = found.get(name)
        if read is None or (read.sha256 is None and read.read == COPY):
            found[name] = pin
        elif read.sha256 == pin.sha256:
            strong = AT_COMMIT in (read.read, pin.read)
            size = pin.size if read.size is None else read.size
            found[name] = LockedFile(read.sha256, size, read.precision, AT_COMMIT if strong else COPY, pin.pins)
        elif pin.read == AT_COMMIT and read.read == COPY:
            found[name] = pin
    return found
