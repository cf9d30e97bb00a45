"""The texts of a package by their paths: those of a wheel, or those of an installed package, which is not imported."""

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Protocol
from zipfile import ZipFile


class Files(Protocol):
    """Texts by their paths, which begin with the name of the package."""

    def __hash__(self) -> int: ...

    def paths(self) -> list[str]:
        """All paths, with `/` between their parts."""
        ...

    def text(self, path: str) -> str:
        """The text of one file. Raises KeyError or OSError if it cannot be read."""
        ...


class Wheel:
    """The texts of a wheel."""

    def __init__(self, path: str) -> None:
        self._zip = ZipFile(path)

    def paths(self) -> list[str]:
        """All paths."""
        return self._zip.namelist()

    def text(self, path: str) -> str:
        """The text of one file. Raises KeyError if there is none."""
        return self._zip.read(path).decode("utf-8")


class Installed:
    """The texts of an installed package.

    Attributes:
        name: The name of the package.
        version: Its version.
    """

    def __init__(self, found: Distribution) -> None:
        self._found = found
        self.name: str = found.metadata["Name"]
        self.version: str = found.version

    def paths(self) -> list[str]:
        """All paths."""
        return list(self._paths())

    def _paths(self) -> Iterator[str]:
        for path in self._found.files or ():
            yield path.as_posix()

    def text(self, path: str) -> str:
        """The text of one file. Raises OSError if it cannot be read."""
        return Path(str(self._found.locate_file(path))).read_text("utf-8")


def installed(name: str) -> Installed | None:
    """The package of this name, as it is installed for the Python that runs; None if it is not."""
    try:
        return Installed(distribution(name))
    except PackageNotFoundError:
        return None
