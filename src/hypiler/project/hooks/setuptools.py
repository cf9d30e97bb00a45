"""The setuptools hook: compiles the registries of `[tool.hypiler]` before modules are collected."""

import os

from hypiler.project.discovery import has_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def finalize(distribution: "Any") -> None:
    """Called with the Distribution of every project that setuptools builds where hypiler is installed."""
    root: str = distribution.src_root or os.curdir
    if has_options(root):
        distribution.cmdclass["build_py"] = _compiling(distribution.get_command_class("build_py"), root)
        distribution.cmdclass["sdist"] = _carrying(distribution.get_command_class("sdist"), root)


def _inputs(root: str) -> "Mapping[str, str]":
    from hypiler.project.hooks.common import inputs, options_for_backend

    return inputs(options_for_backend(root))


def _compiling(build_py: "Any", root: str) -> "Any":
    """The command of the project, its own or that of setuptools, with the registries compiled first."""

    def run(self: "Any") -> None:
        from hypiler.project.hooks.common import build_for_backend

        _, packed = build_for_backend(root, write=True)
        for path in packed:
            _take(path, self)
        # The list may have been made for the metadata, before the module existed.
        self.__dict__.pop("data_files", None)
        build_py.run(self)

    def get_source_files(self: "Any") -> list[str]:
        # An sdist takes these files: without the sources, no wheel could be built from it.
        inside = [path for place, path in _inputs(root).items() if os.path.normpath(place) == path]
        return [*build_py.get_source_files(self), *inside]

    return type(build_py.__name__, (build_py,), {"run": run, "get_source_files": get_source_files})


def _carrying(sdist: "Any", root: str) -> "Any":
    """The command of the project with copies of the sources that lie above the project."""

    def make_release_tree(self: "Any", base_dir: str, files: "Any") -> None:
        sdist.make_release_tree(self, base_dir, files)
        for place, path in _inputs(root).items():
            copy = os.path.join(base_dir, place)
            if os.path.normpath(place) != path:
                self.mkpath(os.path.dirname(copy))
                self.copy_file(os.path.join(root, path), copy)

    return type(sdist.__name__, (sdist,), {"make_release_tree": make_release_tree})


def _take(path: str, command: "Any") -> None:
    """Add the file to `package_data`: setuptools packs a file that is no module only if it is listed."""
    folders = {os.path.normpath(command.get_package_dir(package) or "."): package for package in command.packages or ()}
    folder = os.path.dirname(path)
    while folder and folder not in folders:
        folder = os.path.dirname(folder)
    package = folders.get(folder or os.curdir)
    if package is not None:
        known = command.package_data
        name = os.path.relpath(path, folder or os.curdir).replace(os.sep, "/")
        command.package_data = {**known, package: [*known.get(package, []), name]}
