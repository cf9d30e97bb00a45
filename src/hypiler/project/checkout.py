"""Finds the checkout around a folder, and tells links that lead out of it."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def upward(start: str) -> "Iterator[str]":
    """The folder itself and the folders around it, up to the root of the git repository.

    A link is left by its target's parents, as `cd` would.
    """
    yield start
    folder = os.path.realpath(start)
    while not is_git_root(folder) and (above := os.path.dirname(folder)) != folder:
        folder = above
        yield folder


def is_git_root(folder: str) -> bool:
    """Whether a folder is the root of a git repository."""
    # A folder in a clone; a file in a work tree or a submodule.
    return os.path.exists(os.path.join(folder, ".git"))


def git_root(folder: str) -> str | None:
    """The real path of the root of the git repository around a folder, or None if there is none."""
    for above in upward(os.path.realpath(folder)):
        if is_git_root(above):
            return above
    return None


def leads_out(path: str) -> bool:
    """Whether a path is a link that leads out of its checkout.

    The checkout is the git repository around the link, or else the nearest folder with a pyproject.toml, or else the
    link's own folder. What lies outside must not be read: whoever may add a link to a checkout may not read it either.
    """
    if not os.path.islink(path):
        return False
    folder = os.path.realpath(os.path.dirname(path))
    root = git_root(folder) or _project(folder) or folder
    return not os.path.realpath(path).startswith(os.path.join(root, ""))


def _project(folder: str) -> str | None:
    for above in upward(folder):
        if os.path.exists(os.path.join(above, "pyproject.toml")):
            return above
    return None
