"""Generated files that nothing generates any more, such as the page of a model that left the registry."""

import os

from hypiler._digest import with_plain_ends
from hypiler.emit.header import is_generated, read_header
from hypiler.project.files import failure, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def leftovers(folders: "Iterable[str]", kept: "Iterable[str]") -> list[str]:
    """The generated files in folders of targets that are not among those that are kept.

    A file that was written by hand, or edited after it was generated, is none of them. Neither is anything in a folder
    that is a link. Raises OSError for a file that cannot be read.
    """
    names = {os.path.normcase(path) for path in kept}
    return [path for folder in folders for path in _generated(folder) if os.path.normcase(path) not in names]


def _generated(folder: str) -> "Iterator[str]":
    if os.path.islink(folder) or not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not os.path.islink(path) and _is_untouched(read_file(path)):
            yield path


def _is_untouched(data: bytes) -> bool:
    """Whether a file is as it was generated."""
    if not is_generated(data[:200]):
        return False
    header = read_header(with_plain_ends(data).decode("utf-8", "backslashreplace"))
    return header is not None and not header.edited


def remove(paths: "Iterable[str]") -> None:
    """Remove files, and the folders that are empty then. Raises OSError."""
    for path in paths:
        try:
            os.unlink(path)
        except OSError as error:
            raise failure("remove", path, error) from None
    for folder in {os.path.dirname(path) for path in paths}:
        if not os.listdir(folder):
            os.rmdir(folder)
