"""Finds registries of installed packages by the entry points of the group `hypiler.registries`.

No package is imported: a build finds registries while it holds credentials. An entry point names a package, and the
package's folder holds `models.json` and perhaps `models.lock.json`.
"""

import os
import sys

from hypiler.project.shipped import LOCK, NAME, SHIPPED, shipped_layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from importlib.metadata import EntryPoint

GROUP = "hypiler.registries"


class InstalledError(Exception):
    """An installed package has no registry that can be read; the message says why."""


class Installed:
    """The files of one installed registry.

    Attributes:
        name: The name of the registry.
        folders: The folders of its package.
        loader: What reads files that are packed in an archive; None if there is nothing of the kind.
        paths: The paths of its registry and of its lock. The lock may not exist.
    """

    __slots__ = ("folders", "loader", "name", "paths")

    def __init__(
        self, name: str, folders: "list[str]", loader: object = None, paths: "tuple[str, str] | None" = None
    ) -> None:
        self.name: str = name
        self.folders: list[str] = folders
        self.loader: object = loader
        self.paths: tuple[str, str] | None = paths

    def title(self, path: str) -> str:
        """What a file of the package is called as a layer: `acme-models/common.json`."""
        inside = [os.path.relpath(path, folder) for folder in self.folders if path.startswith(os.path.join(folder, ""))]
        return f"{self.name}/{inside[0] if inside else os.path.basename(path)}".replace(os.sep, "/")

    def read(self, path: str, limit: int) -> bytes | None:
        """The bytes of a file, at most `limit`; None if there is no such file. Raises OSError."""
        if os.path.isfile(path):
            # The files of a package may be links: installers link them to their caches.
            with open(path, "rb") as file:
                return file.read(limit)
        get_data = getattr(self.loader, "get_data", None)
        try:
            data: bytes | None = None if get_data is None else get_data(path)
        except OSError:
            return None
        return None if data is None else data[:limit]


def find_installed(name: str) -> Installed | None:
    """The registry of this name; None if no installed package has it. Raises InstalledError."""
    if name in SHIPPED:
        try:
            paths, lock = shipped_layer(name)
        except FileNotFoundError as error:
            raise InstalledError(str(error)) from None
        return Installed(name, [os.path.dirname(paths[0])], paths=(paths[0], lock if isinstance(lock, str) else ""))
    found = {one.value: one for one in _entry_points() if one.name == name}
    if not found:
        return None
    if len(found) > 1:
        listed = " and ".join(sorted([f"`{value}`" for value in found]))
        raise InstalledError(f"several installed packages have a registry of this name: {listed}")
    (entry,) = found.values()
    return _of_package(entry)


def installed_names() -> list[str]:
    """The names of all registries that are installed."""
    return sorted({*SHIPPED, *[one.name for one in _entry_points()]})


def _entry_points() -> "Iterator[EntryPoint]":
    from importlib.metadata import distributions

    seen: set[str] = set()
    for one in distributions():
        try:
            found = one.entry_points.select(group=GROUP)
            name = str(one.metadata["Name"]).lower() if found else ""
        except (AttributeError, OSError, TypeError, ValueError, KeyError):
            continue  # the metadata of some package is damaged, which is no fault of this one
        # A package that is found twice is imported from where it is found first.
        if found and name not in seen:
            seen.add(name)
            yield from found


def _of_package(entry: "EntryPoint") -> Installed:
    package = entry.value.strip()
    if not all(part.isidentifier() for part in package.split(".")):
        raise InstalledError(f"its entry point must name a package, such as `acme_models`, got `{package}`")
    installed = _package(entry.name, package)
    if installed is None:
        raise InstalledError(f"the package `{package}` that its entry point names was not found")
    for folder in installed.folders:
        path = os.path.join(folder, NAME)
        if installed.read(path, 1) is not None:
            installed.paths = (path, os.path.join(folder, LOCK))
            return installed
    raise InstalledError(f"the package `{package}` holds no {NAME}")


def _package(registry: str, name: str) -> Installed | None:
    """The folders of a package, found without importing it or a package around it."""
    top, *inner = name.split(".")
    spec = _spec(top)
    if spec is None or spec.submodule_search_locations is None:
        return None
    folders = [*spec.submodule_search_locations]
    return Installed(registry, [os.path.join(folder, *inner) for folder in folders], spec.loader)


def _spec(name: str) -> "ModuleSpec | None":
    # What `importlib.util.find_spec` does, which trusts the attributes of a module that is imported already.
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = None if find is None else find(name, None)
        if spec is not None:
            return spec
    return None
