"""The hatchling build hook: compiles the registries of `[tool.hypiler]` before the wheel is packed."""

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from hypiler.diagnostics.escaping import quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.project.hooks.common import build_for_backend, end_build, inputs, portable

# What hatchling itself reads from the table of any hook.
_RESERVED = {
    "dependencies",
    "enable-by-default",
    "path",
    "require-runtime-dependencies",
    "require-runtime-features",
}


class RegistryBuildHook(BuildHookInterface[Any]):
    """Enabled by an empty table `[tool.hatch.build.hooks.hypiler]`."""

    PLUGIN_NAME = "hypiler"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write all targets into the source tree, and add what belongs into the distribution, ignored by git or not."""
        self._check_config()
        packed = self.target_name == "wheel"
        options, files = build_for_backend(self.root, write=packed)
        if not packed:
            carried = inputs(options)
            copies = {place: path for place, path in carried.items() if place != portable(path)}
            for place, path in copies.items():
                build_data["force_include"][os.path.join(self.root, path)] = place
            files = [path for place, path in carried.items() if place not in copies]
        build_data["artifacts"] += [_pattern(path) for path in files]

    def _check_config(self) -> None:
        """Refuse our options in hatchling's table, where they would be ignored without a word."""
        findings = [
            Finding(
                "M501",
                f"unknown option {quote_name(key)} in `tool.hatch.build.hooks.hypiler`",
                ("tool", "hatch", "build", "hooks", "hypiler", key),
                file="pyproject.toml",
                help="the table stays empty; options stand in [tool.hypiler]",
            )
            for key in self.config
            if key not in _RESERVED
        ]
        if findings:
            end_build(findings)


def _pattern(path: str) -> str:
    """A path as a pattern that matches nothing else; `artifacts` has the patterns of .gitignore."""
    return "/" + "".join(["\\" + c if c in "\\*?[ " else c for c in portable(path)])


@hookimpl
def hatch_register_build_hook() -> type[RegistryBuildHook]:
    """Called by hatchling."""
    return RegistryBuildHook
