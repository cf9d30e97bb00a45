"""The hook of pdm-backend: compiles the registries of `[tool.hypiler]` before files are collected."""

from hypiler.project.discovery import has_options
from hypiler.project.hooks.common import build_for_backend, inputs, portable
from hypiler.project.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


class RegistryBuildHook:
    """Concerns the projects that have our table."""

    options: Options
    packed: list[str]

    def pdm_build_hook_enabled(self, context: "Any") -> bool:
        """Whether the project has a registry to build."""
        return has_options(str(context.root))

    def pdm_build_initialize(self, context: "Any") -> None:
        """Write all targets into the source tree, unless an sdist is made."""
        self.options, self.packed = build_for_backend(str(context.root), write=context.target != "sdist")

    def pdm_build_update_files(self, context: "Any", files: "dict[str, Path]") -> None:
        """Add the sources to an sdist, and the generated files to a wheel."""
        if context.target == "editable":
            return  # the source tree is what gets installed
        if context.target == "wheel":
            prefix = f"{context.config.build_config.package_dir}/"
            files.update({portable(path).removeprefix(prefix): context.root / path for path in self.packed})
        else:
            files.update({place: context.root / path for place, path in inputs(self.options).items()})
