"""The hatchling build hook: compiles the registry of `[tool.hypiler]` before the wheel is packed."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from hypiler.build.options import OptionsError, read_options
from hypiler.build.output import OutputRefused
from hypiler.build.project import build_project
from hypiler.diagnostics.render import render_text


class RegistryBuildHook(BuildHookInterface[Any]):
    """Enabled by an empty table `[tool.hatch.build.hooks.hypiler]`."""

    PLUGIN_NAME = "hypiler"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the module into the source tree and see that the wheel takes it, ignored by git or not."""
        try:
            options = read_options(self.root)
            # An sdist carries models.json: the module is made again when the wheel is built from it.
            registry = build_project(options, write=self.target_name == "wheel")
        except (OptionsError, OutputRefused) as error:
            self._fail(render_text(error.findings))
        except OSError as error:
            self._fail(f"hypiler: {error}")
        if registry.failed:
            self._fail(render_text(registry.findings, registry.line))
        if registry.findings:
            print(render_text(registry.findings, registry.line), file=sys.stderr)
        build_data["artifacts"] += [f"/{options.output}", f"/{options.output}i"]

    def _fail(self, report: str) -> None:
        """End the build with the report and no traceback: the fault is in the input."""
        print(report, file=sys.stderr)
        self.app.abort("hypiler: the model registry was not built")


@hookimpl
def hatch_register_build_hook() -> type[RegistryBuildHook]:
    """Called by hatchling."""
    return RegistryBuildHook
