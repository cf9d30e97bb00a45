"""The setuptools hook: compiles the registries of `[tool.hypiler]` before modules are collected.

It begins to act when the first command runs: by then all settings are known, also those that replace commands. The
commands of the project, its own or those of setuptools, are extended:

- `build_py` compiles the registries, and copies the generated files besides what it copies itself.
- `sdist` takes the inputs, and not the outputs.
- `bdist_wheel` and `editable_wheel` look at what was really packed.
"""

import os

from hypiler.project.discovery import FILE, has_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.project.build import Compiled
    from hypiler.project.hooks.setuptools_layout import Layout

_HELP = "add {} to `packages` of [tool.setuptools], or choose an `output` inside a package"


def finalize(distribution: "Any") -> None:
    """Called with the Distribution of every project that setuptools builds where hypiler is installed."""
    root: str = distribution.src_root or os.curdir
    if has_options(root):
        distribution.run_command = _first_command(distribution, root)


def _first_command(distribution: "Any", root: str) -> "Any":
    """The method `run_command` of a distribution, extended for its first call."""

    def run_command(command: str) -> None:
        del distribution.run_command
        from hypiler.project.hooks.setuptools_layout import Layout

        layout = Layout(distribution, root)
        layout.discover()
        for name, extension in _EXTENSIONS.items():
            _extend(distribution, name, extension, layout)
        distribution.run_command(command)

    return run_command


def _extend(distribution: "Any", name: str, extension: "Any", layout: "Layout") -> None:
    try:
        command = distribution.get_command_class(name)
    except Exception:  # an old setuptools has no `bdist_wheel` without the package `wheel`
        return
    distribution.cmdclass[name] = extension(command, layout)


def _compiling(build_py: "Any", layout: "Layout") -> "Any":
    """`build_py` with the registries compiled first."""

    def run(self: "Any") -> None:
        from hypiler.project.hooks.common import build_for_backend

        layout.compiled = build_for_backend(layout.root, write=True)
        # The list may have been made for the metadata, before the module existed.
        self.__dict__.pop("data_files", None)
        build_py.run(self)
        if not getattr(self, "editable_mode", False):
            _copy(self, layout.packed(self.build_lib))
            _remove_left(self)

    def check_package(self: "Any", package: str, folder: str) -> "Any":
        if package in layout.added and not os.path.exists(folder):
            return None  # only a build makes the folder, and metadata or an sdist does not need it
        return build_py.check_package(self, package, folder)

    def get_source_files(self: "Any") -> list[str]:
        inside = [path for place, path in _inputs(layout.root).items() if os.path.normpath(place) == path]
        return [*build_py.get_source_files(self), *inside]

    def get_output_mapping(self: "Any") -> dict[str, str]:
        return {**build_py.get_output_mapping(self), **layout.packed(self.build_lib)}

    methods = (run, check_package, get_source_files, get_output_mapping)
    return type(build_py.__name__, (build_py,), {method.__name__: method for method in methods})


def _copy(command: "Any", files: dict[str, str]) -> None:
    """Copy generated files to their place in the folder that a wheel is made from."""
    for target, source in files.items():
        command.mkpath(os.path.dirname(target))
        # By default a file is not copied over a newer one, which an earlier build may have left.
        force, command.force = command.force, True
        command.copy_file(source, target, preserve_mode=False)
        command.force = force


def _remove_left(command: "Any") -> None:
    """Remove generated modules that an earlier build has left, since a wheel takes everything in this folder."""
    from hypiler.emit.header import MARKER, is_generated
    from hypiler.project.files import read_file

    kept = set(map(os.path.normpath, command.get_output_mapping()))
    build_lib: str = command.build_lib
    for folder, _, names in os.walk(build_lib):
        for name in names:
            path = os.path.normpath(os.path.join(folder, name))
            if name.endswith((".py", ".pyi")) and path not in kept and is_generated(read_file(path, 2 * len(MARKER))):
                os.unlink(path)


def _inputs(root: str) -> "Mapping[str, str]":
    from hypiler.project.hooks.common import inputs, options_for_backend

    return inputs(options_for_backend(root))


def _carrying(sdist: "Any", layout: "Layout") -> "Any":
    """`sdist` with all inputs, whatever MANIFEST.in excludes, and without outputs."""

    def make_release_tree(self: "Any", base_dir: str, files: "Any") -> None:
        from hypiler.project.hooks.common import build_for_backend, inputs, is_required, left_out_of_sdist

        required = is_required(layout.root)
        compiled = build_for_backend(layout.root, write=not required)
        left_out = left_out_of_sdist(compiled) if required else []
        sdist.make_release_tree(self, base_dir, [file for file in files if os.path.normpath(file) not in left_out])
        for place, path in {FILE: FILE, **inputs(compiled.options)}.items():
            copy = os.path.join(base_dir, place)
            if not os.path.exists(copy):
                self.mkpath(os.path.dirname(copy))
                self.copy_file(os.path.join(layout.root, path), copy)
        _check_release_tree(base_dir, compiled)

    return type(sdist.__name__, (sdist,), {"make_release_tree": make_release_tree})


def _check_release_tree(base_dir: str, compiled: "Compiled") -> None:
    """End the build, and remove the folder of an sdist, if it is without the packages around the modules."""
    from hypiler.project.hooks.common import end_build, modules, portable
    from hypiler.project.hooks.wheel_check import left_out_packages

    files = [os.path.join(folder, name) for folder, _, names in os.walk(base_dir) for name in names]
    held = {portable(os.path.relpath(file, base_dir)) for file in files}
    places = {path: portable(path) for path in modules(compiled)}
    if findings := left_out_packages(held, compiled, places, _HELP):
        import shutil

        shutil.rmtree(base_dir)
        end_build(findings)


def _checking(bdist_wheel: "Any", layout: "Layout") -> "Any":
    """`bdist_wheel` with a look at what was packed."""

    def run(self: "Any") -> None:
        from hypiler.project.hooks.common import build_for_backend
        from hypiler.project.hooks.wheel_check import check_wheel

        bdist_wheel.run(self)
        compiled: Compiled = layout.compiled or build_for_backend(layout.root, write=True)
        made = [file for command, _, file in self.distribution.dist_files if command == "bdist_wheel"]
        check_wheel(made[-1], compiled, _HELP)

    return type(bdist_wheel.__name__, (bdist_wheel,), {"run": run})


def _checking_editable(editable_wheel: "Any", layout: "Layout") -> "Any":
    """`editable_wheel` with a look at where its wheel leads."""

    def run(self: "Any") -> None:
        from hypiler.project.hooks.common import build_for_backend
        from hypiler.project.hooks.editable_check import check_editable

        editable_wheel.run(self)
        compiled: Compiled = layout.compiled or build_for_backend(layout.root, write=True)
        # The command does not say how it has named its wheel.
        wheels = [file for file in os.scandir(self.dist_dir) if file.name.endswith(".whl")]
        newest = max(wheels, key=lambda file: file.stat().st_mtime_ns)
        check_editable(newest.path, compiled, layout.places(), _HELP)

    return type(editable_wheel.__name__, (editable_wheel,), {"run": run})


_EXTENSIONS = {
    "build_py": _compiling,
    "sdist": _carrying,
    "bdist_wheel": _checking,
    "editable_wheel": _checking_editable,
}
