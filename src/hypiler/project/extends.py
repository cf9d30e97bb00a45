"""The option `extends`, and where the files lie that it and the files themselves name.

A path is written relative to the file that names it. Below, a *shown* path is the one in findings: it begins in the
folder where a command or a build runs.
"""

import os

from hypiler.project.checkout import git_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypiler.diagnostics.finding import Path

COPIES = "hypiler-sources"
"""The folder of an sdist with copies of the sources above the project. No backend takes the name for a package."""


class Extends:
    """What a registry of a project stands on.

    Attributes:
        words: The names and paths, the lowest layer first.
        file: The pyproject.toml, as findings name it.
        path: Where the option stands in it.
        folder: The folder of the project as seen from where paths begin; empty if that is the project itself.
    """

    __slots__ = ("file", "folder", "path", "words")

    def __init__(self, words: "Sequence[str]", file: str, path: "Path", folder: str = "") -> None:
        self.words: list[str] = list(words)
        self.file: str = file
        self.path: Path = path
        self.folder: str = folder

    def below(self, root: str) -> "Extends":
        """The same option for paths that begin with the folder `root` of the project."""
        file = os.path.normpath(os.path.join(root, self.file))
        return Extends(self.words, file, self.path, os.path.normpath(os.path.join(root, self.folder)) if root else "")


def is_file(word: str) -> bool:
    """Whether an entry of `extends` is a path; otherwise it is the name of an installed registry."""
    return word.endswith(".json") or word.startswith(("./", "../", ".\\", "..\\"))


def copy_place(source: str) -> str:
    """Where an sdist holds a source: a source above the project as a copy in the project, the others as they are.

    `../../shared/models.json` becomes `hypiler-sources/2/shared/models.json`.
    """
    parts = source.split(os.sep)
    levels = parts.count(os.pardir)
    return os.path.join(COPIES, str(levels), *parts[levels:]) if levels else source


def original_place(source: str) -> str:
    """The way back: `hypiler-sources/2/shared/models.json` becomes `../../shared/models.json`."""
    parts = source.split(os.sep)
    if parts[0] != COPIES or len(parts) < 3 or not parts[1].isdigit():
        return source
    return os.path.join(*[os.pardir] * int(parts[1]), *parts[2:])


def copied(source: str, root: str) -> str | None:
    """The copy of a source above the project, if this is an unpacked sdist and has one."""
    if not is_above(source):
        return None
    place = copy_place(source)
    is_copied = os.path.isfile(os.path.join(root, place)) or bool(matches(place, root))
    # Around an unpacked sdist may lie anything, also a file with the name of the original.
    is_sdist = os.path.exists(os.path.join(root, "PKG-INFO"))
    return place if is_copied and (is_sdist or not os.path.exists(os.path.join(root, source))) else None


def is_above(source: str) -> bool:
    """Whether a path leads above the project. One with a NUL leads nowhere."""
    return source.split(os.sep, 1)[0] == os.pardir and "\0" not in source


def leaves(source: str, root: str) -> bool:
    """Whether a path relative to the project leads out of the project and of its git repository, links followed."""
    base = os.path.join(os.path.realpath(root), "")
    around = git_root(root) if is_above(source) else None
    inside = os.path.join(around, "") if around else base
    if "\0" in source or os.path.isabs(source) or os.path.splitdrive(source)[0]:
        return True
    target = base + source
    return not (os.path.normpath(target).startswith(inside) and os.path.realpath(target).startswith(inside))


def matches(pattern: str, root: str) -> list[str]:
    """The files that match a pattern, in the same order everywhere.

    Locks, schemas and manifests lie beside registries, and are left out.
    """
    if not any(sign in pattern for sign in "*?["):
        return []
    from glob import glob

    found = glob(pattern, root_dir=root or None, recursive=True)
    files = {os.path.normpath(path) for path in found if os.path.isfile(os.path.join(root, path))}
    return sorted([path for path in files if not path.endswith(_BESIDE)], key=lambda path: path.replace(os.sep, "/"))


_BESIDE = (".lock.json", ".schema.json", ".manifest.json")
