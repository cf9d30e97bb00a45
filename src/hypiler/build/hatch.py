"""The hatchling build hook: compiles the registry of `[tool.hypiler]` before the wheel is packed."""

import os
import sys
from typing import Any, NoReturn

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from hypiler.build.options import OptionsError, read_options
from hypiler.build.output import OutputRefused
from hypiler.build.project import build_project
from hypiler.diagnostics.finding import Finding
from hypiler.diagnostics.render import render_text
from hypiler.diagnostics.text import named

# Warnings beyond these would bury the rest of the build's log.
_SHOWN = 20
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
        """Write the module into the source tree and see that the wheel takes it, ignored by git or not."""
        # From an sdist the module is made again, so that carries the sources, and not what became of them.
        packed = self.target_name == "wheel"
        try:
            self._check_config()
            options = read_options(self.root)
            registry = build_project(options, write=packed)
        except (OptionsError, OutputRefused) as error:
            _fail(render_text(error.findings))
        except OSError as error:
            _fail(f"hypiler: {error}")
        if registry.failed:
            _fail(render_text(registry.findings, registry.line))
        if registry.findings:
            report = render_text(registry.findings, registry.line, limit=_SHOWN)
            print(report, file=sys.stderr)
        output = options.output
        paths = [output, output + "i"] if packed else options.sources
        build_data["artifacts"] += [_pattern(path) for path in paths]

    def _check_config(self) -> None:
        """An option of ours in hatchling's table would be ignored without a word."""
        findings = [
            Finding(
                "M501",
                f"unknown option {named(key)} in `tool.hatch.build.hooks.hypiler`",
                ("tool", "hatch", "build", "hooks", "hypiler", key),
                file="pyproject.toml",
                help="the table stays empty; options stand in [tool.hypiler]",
            )
            for key in self.config
            if key not in _RESERVED
        ]
        if findings:
            raise OptionsError(findings)


def _fail(report: str) -> NoReturn:
    """End the build with the report and no traceback: the fault is in the input."""
    print(report, file=sys.stderr)
    sys.exit("hypiler: the model registry was not built")


def _pattern(path: str) -> str:
    """A path as a pattern of `artifacts`, which are those of .gitignore, that matches it alone."""
    plain = path.replace(os.sep, "/")
    return "/" + "".join(["\\" + c if c in "\\*?[ " else c for c in plain])


@hookimpl
def hatch_register_build_hook() -> type[RegistryBuildHook]:
    """Called by hatchling."""
    return RegistryBuildHook
