"""The hook of pdm-backend: compiles the registries of `[tool.hypiler]` before files are collected."""

import os

from hypiler.project.discovery import has_options
from hypiler.project.hooks.common import (
    build_for_backend,
    inputs,
    is_required,
    left_out_of_sdist,
    modules,
    packed_files,
    portable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from hypiler.project.build import Compiled

_HELP = "add {} to `includes` of [tool.pdm.build], or choose an `output` inside a package"


class RegistryBuildHook:
    """Concerns the projects that have our table."""

    compiled: "Compiled"

    def pdm_build_hook_enabled(self, context: "Any") -> bool:
        """Whether the project has a registry to build."""
        return has_options(str(context.root))

    def pdm_build_initialize(self, context: "Any") -> None:
        """Write all targets into the source tree, unless an sdist is made."""
        root, before = str(context.root), _package_dir(context)
        self.compiled = build_for_backend(root, write=context.target != "sdist" or not is_required(root))
        after = _package_dir(context)
        if context.target == "editable" and before != after and hasattr(context, "editables"):
            # The first build of a checkout has made `src`, and pdm-backend has looked for it before.
            context.editables.add_to_path(after)

    def pdm_build_update_files(self, context: "Any", files: "dict[str, Path]") -> None:
        """Add the sources to an sdist, and the generated files to a wheel."""
        if context.target == "editable":
            return  # the source tree is what gets installed
        if context.target == "wheel":
            places = {path: _place(path, context) for path in packed_files(self.compiled)}
            files.update({place: context.root / path for path, place in places.items() if place is not None})
            return
        files.update({place: context.root / path for place, path in inputs(self.compiled.options).items()})
        if is_required(str(context.root)):
            for path in left_out_of_sdist(self.compiled):
                files.pop(portable(path), None)

    def pdm_build_finalize(self, context: "Any", artifact: "Path") -> None:
        """Check what was really packed."""
        file, paths = os.fspath(artifact), modules(self.compiled)
        if context.target == "wheel":
            from hypiler.project.hooks.wheel_check import check_wheel

            check_wheel(file, self.compiled, _HELP)
        elif context.target == "editable":
            from hypiler.project.hooks.editable_check import check_editable

            check_editable(file, self.compiled, {path: _place(path, context) for path in paths}, _HELP)
        else:
            from hypiler.project.hooks.wheel_check import check_sdist

            check_sdist(file, self.compiled, {path: portable(path) for path in paths}, _HELP)


def _package_dir(context: "Any") -> str:
    """The folder of the packages, as the settings write it; empty for the project itself."""
    folder: str = context.config.build_config.package_dir
    return folder


def _place(path: str, context: "Any") -> str | None:
    """The place of a file below the folder of the packages; None for one elsewhere."""
    from hypiler.project.hooks.wheel_check import wheel_place

    folder = _package_dir(context)
    inside = portable(path).removeprefix(f"{folder}/")
    return wheel_place(inside, str(context.root)) if not folder or inside != portable(path) else None
