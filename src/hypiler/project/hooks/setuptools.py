"""The setuptools hook: compiles the registry of `[tool.hypiler]` before modules are collected."""

import os

from hypiler.project.options import has_options, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def finalize(distribution: "Any") -> None:
    """Called with the Distribution of every project that setuptools builds where hypiler is installed."""
    root: str = distribution.src_root or os.curdir
    if has_options(root):
        distribution.cmdclass["build_py"] = _compiling(distribution.get_command_class("build_py"), root)


def _compiling(build_py: "Any", root: str) -> "Any":
    """The command of the project, its own or that of setuptools, with the registry compiled first."""

    def run(self: "Any") -> None:
        from hypiler.project.hooks.common import build_for_backend, outputs

        options = build_for_backend(root, write=True)
        for path in outputs(options):
            _take(path, self)
        # Looked up before the module was written, as for the metadata, they lack it.
        self.__dict__.pop("data_files", None)
        build_py.run(self)

    def get_source_files(self: "Any") -> list[str]:
        # An sdist takes these: without the registry, no wheel could be built from it.
        return [*build_py.get_source_files(self), *read_options(root).sources]

    return type(build_py.__name__, (build_py,), {"run": run, "get_source_files": get_source_files})


def _take(path: str, command: "Any") -> None:
    """Name a file to the command: of those that are no modules, it takes only what it is told of."""
    folder, name = os.path.split(path)
    for package in command.packages or ():
        if os.path.normpath(command.get_package_dir(package) or os.curdir) == (folder or os.curdir):
            known = command.package_data
            command.package_data = {**known, package: [*known.get(package, []), name]}
