"""Where setuptools packs the generated files of a project, also before they exist.

The settings of setuptools are completed: what a second build of the same tree would find by itself, the first one is
told. A folder that holds nothing but generated modules becomes a package, and a generated module at the top of the
layout becomes one of `py_modules`.
"""

import os

from hypiler.project.hooks.common import options_for_backend, packed_files, portable
from hypiler.project.hooks.wheel_check import is_importable, wheel_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hypiler.project.build import Compiled


class Layout:
    """The packages of a distribution.

    Attributes:
        distribution: The Distribution of setuptools.
        root: The folder of the project.
        outputs: The paths of the modules that a build writes.
        added: The packages that setuptools did not know.
        compiled: What the build has written; None before.
    """

    def __init__(self, distribution: "Any", root: str) -> None:
        self.distribution = distribution
        self.root = root
        self.outputs: list[str] = [one.output for one in options_for_backend(root).registries]
        self.added: set[str] = set()
        self.compiled: Compiled | None = None

    def discover(self) -> None:
        """Let setuptools find packages and modules, and add those that only the build makes."""
        self._discover()
        for path in self.outputs:
            self._add(path)

    def _discover(self) -> None:
        """Run the discovery of setuptools, which refuses several packages in a flat layout.

        A generated one is not counted: in the first build of a checkout it does not exist.
        """
        from setuptools.errors import PackageDiscoveryError  # type: ignore[import-untyped]

        found = self.distribution
        try:
            found.set_defaults()
        except PackageDiscoveryError:
            packages = [name for name in found.packages or () if not self._is_generated(name.replace(".", os.sep))]
            generated = {os.path.splitext(path)[0] for path in self.outputs}
            names = [name for name in found.py_modules or () if name not in generated]
            if len({name.partition(".")[0] for name in packages} or names) != 1:
                raise
            found.packages, found.py_modules = packages, names
            found.set_defaults()

    def _add(self, path: str) -> None:
        folder, name = os.path.split(path)
        place = self._place_below_root(path)
        if folder in self._folders() or place is None or not is_importable(place):
            return
        package = os.path.dirname(place).replace("/", ".")
        found = self.distribution
        if not package:
            self._map("", folder)
            found.py_modules = [*(found.py_modules or ()), os.path.splitext(name)[0]]
        elif self._is_generated(folder):
            self.added.add(package)
            found.packages = [*(found.packages or ()), package]
            self._map(package, folder)

    def _map(self, package: str, folder: str) -> None:
        """Tell setuptools where a package lies, if its settings say something else."""
        found = self.distribution
        top = folder.removesuffix(package.replace(".", os.sep)).rstrip(os.sep)
        if top == self._package_root():
            return
        found.package_dir = {**self._package_dirs(), package: portable(folder)}
        if not package:
            # The folder of the metadata, which setuptools wants to exist.
            os.makedirs(os.path.join(self.root, folder), exist_ok=True)

    def packed(self, build_lib: str) -> dict[str, str]:
        """The generated files that belong into a wheel, by the path that a build copies them to."""
        files = packed_files(self.compiled) if self.compiled else []
        places = {path: self._place(path) for path in files}
        return {
            os.path.join(build_lib, place): os.path.join(self.root, path) for path, place in places.items() if place
        }

    def places(self) -> dict[str, str | None]:
        """Where a wheel holds each module; None for one in no package and not below the folder of the packages."""
        found = {path: self._place(path) for path in self.outputs}
        return {path: place and portable(place) for path, place in found.items()}

    def _place(self, path: str) -> str | None:
        """Where a file lies in a wheel: below its package, or below the folder of the packages; None if elsewhere."""
        folders = self._folders()
        folder = os.path.dirname(path)
        while folder and folder not in folders:
            folder = os.path.dirname(folder)
        if folder in folders:
            inside = os.path.relpath(path, folder or os.curdir)
            return os.path.join(*folders[folder].split("."), inside)
        return self._place_below_root(path)

    def _folders(self) -> dict[str, str]:
        """The packages by their folder, relative to the project."""
        from setuptools.discovery import find_package_path  # type: ignore[import-untyped]

        packages: Iterable[str] = self.distribution.packages or ()
        return {_plain(find_package_path(name, self._package_dirs(), "")): name for name in packages}

    def _package_dirs(self) -> dict[str, str]:
        """The folders of packages that lie elsewhere than their names say; `""` is the folder of all packages."""
        found: dict[str, str] = self.distribution.package_dir or {}
        return found

    def _package_root(self) -> str:
        """The folder of the packages; empty for the project itself."""
        return _plain(self._package_dirs().get("", ""))

    def _place_below_root(self, path: str) -> str | None:
        """The place of a module below the folder of the packages, or None if it lies elsewhere."""
        folder = os.path.join(self._package_root(), "")
        return wheel_place(portable(path.removeprefix(folder)), self.root) if path.startswith(folder) else None

    def _is_generated(self, folder: str) -> bool:
        """Whether a folder holds no Python files but generated ones; it may not exist yet."""
        place = os.path.join(self.root, folder)
        found = os.listdir(place) if os.path.isdir(place) else []
        own = {os.path.basename(path) for path in self.outputs if os.path.dirname(path) == folder}
        return bool(own) and all(name in own or not name.endswith(".py") for name in found)


def _plain(folder: str) -> str:
    path = os.path.normpath(folder or os.curdir)
    return "" if path == os.curdir else path
