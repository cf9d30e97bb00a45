"""The hook of pdm-backend: compiles the registry of `[tool.hypiler]` before files are collected."""

from hypiler.project.hooks.common import build_for_backend, outputs, portable
from hypiler.project.options import Options, has_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


class RegistryBuildHook:
    """Concerns the projects that have our table."""

    options: Options

    def pdm_build_hook_enabled(self, context: "Any") -> bool:
        """Whether the project has a registry to build."""
        return has_options(str(context.root))

    def pdm_build_initialize(self, context: "Any") -> None:
        """Write the module into the source tree, unless an sdist is made."""
        self.options = build_for_backend(str(context.root), write=context.target != "sdist")

    def pdm_build_update_files(self, context: "Any", files: "dict[str, Path]") -> None:
        """Add the registry to an sdist, and what became of it to a wheel."""
        if context.target == "editable":
            return  # the source tree is what gets installed
        packed = context.target == "wheel"
        prefix = f"{context.config.build_config.package_dir}/" if packed else ""
        for path in outputs(self.options) if packed else self.options.sources:
            files[portable(path).removeprefix(prefix)] = context.root / path
