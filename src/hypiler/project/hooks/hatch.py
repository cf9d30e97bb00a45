"""The hatchling build hook: compiles the registries of `[tool.hypiler]` before the wheel is packed."""

import os
from glob import glob
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from hypiler.diagnostics.escaping import quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.project.build import Compiled
from hypiler.project.hooks.common import (
    build_for_backend,
    end_build,
    inputs,
    left_out_of_sdist,
    modules,
    packed_files,
    portable,
)
from hypiler.project.hooks.editable_check import check_editable
from hypiler.project.hooks.wheel_check import check_sdist, check_wheel, wheel_place

# What hatchling itself reads from the table of any hook.
_RESERVED = {
    "dependencies",
    "enable-by-default",
    "path",
    "require-runtime-dependencies",
    "require-runtime-features",
}
# What people say in the tables of hatchling about the files of a wheel.
_SELECTIONS = ("include", "packages", "only-include", "force-include", "bypass-selection")
_NOT_SHIPPED = {"tests", "test", "docs", "examples", "build", "dist"}
_HELP = "add {} to `packages` of [tool.hatch.build.targets.wheel], or choose an `output` inside a package"


class RegistryBuildHook(BuildHookInterface[Any]):
    """Enabled by an empty table `[tool.hatch.build.hooks.hypiler]`."""

    PLUGIN_NAME = "hypiler"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write all targets into the source tree, and say what belongs into the distribution, ignored by git or not."""
        self._check_config()
        self.compiled: Compiled = build_for_backend(self.root, write=self.target_name == "wheel")
        if self.target_name == "wheel":
            self._select_package()
            self._pack(version, build_data)
        else:
            self._carry_inputs(build_data)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Check what was really packed."""
        config, paths = self.build_config, modules(self.compiled)
        if self.target_name == "wheel" and version == "standard":
            check_wheel(artifact_path, self.compiled, _HELP)
        elif self.target_name == "wheel" and version == "editable":
            check_editable(artifact_path, self.compiled, {path: _final_place(config, path) for path in paths}, _HELP)
        elif self.target_name == "sdist":
            places = {path: portable(str(config.get_distribution_path(path))) for path in paths}
            check_sdist(artifact_path, self.compiled, places, _HELP)

    def _select_package(self) -> None:
        """Select what the build makes, where hatchling would find no package to pack.

        Raises ValueError, as hatchling does, if there are packages of another name than the project.
        """
        config = self.build_config
        if any(key in table for key in _SELECTIONS for table in (config.target_config, config.build_config)):
            return
        if _packages(self.root) or self._has_module_of_its_name():
            # Asked before our files are added: with any file to pack, hatchling does not report that it finds nothing.
            _ = config.packages
            return
        tables = (config.target_config, config.build_config)
        for path in modules(self.compiled):
            _add_selection(config.target_config, portable(path), is_mapped=any("sources" in table for table in tables))

    def _has_module_of_its_name(self) -> bool:
        project: str = self.build_config.builder.metadata.core.name
        name = project.replace("-", "_") + ".py"
        return name not in modules(self.compiled) and os.path.exists(os.path.join(self.root, name))

    def _pack(self, version: str, build_data: dict[str, Any]) -> None:
        """Pack the generated files whatever the settings include or exclude; those that a setting places stay there.

        An editable wheel would install forced files beside the tree that it points to.
        """
        config = self.build_config
        for path in packed_files(self.compiled):
            source = os.path.join(self.root, path)
            place = _place(config, path)
            if source[:-1] in config.force_include:
                # People force the module, into an editable wheel as well: its stub belongs beside it.
                build_data["force_include"][source] = config.force_include[source[:-1]] + "i"
            elif version != "standard" or place is None:
                build_data["artifacts"].append(_pattern(path))
            elif not any(source == known or source.startswith(known + os.sep) for known in config.force_include):
                build_data["force_include"][source] = place

    def _carry_inputs(self, build_data: dict[str, Any]) -> None:
        """Carry sources and locks at the places where a build from the sdist reads them, and no outputs."""
        config = self.build_config
        for place, path in inputs(self.compiled.options).items():
            build_data["force_include"][os.path.join(self.root, path)] = _unmapped(config, place)
        if self.target_name == "sdist":
            for path in left_out_of_sdist(self.compiled):
                config.force_include.pop(os.path.join(self.root, path), None)
                # Old versions of hatchling compare the path in the tree, new ones that in the sdist.
                config.build_reserved_paths.update((path, config.get_distribution_path(path)))

    def _check_config(self) -> None:
        """Refuse our options in hatchling's table, where they would be ignored without an error."""
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


def _packages(root: str) -> list[str]:
    """The packages that people wrote, at the two levels where hatchling looks, without tests and the like."""
    found = glob("*/__init__.py", root_dir=root) + glob("*/*/__init__.py", root_dir=root)
    return [path for path in found if path.split(os.sep)[0] not in _NOT_SHIPPED]


def _add_selection(table: dict[str, Any], path: str, *, is_mapped: bool) -> None:
    """Select a generated module, with the package around it, in the table of the wheel.

    `is_mapped` says that people have said which folders hold packages.
    """
    if path.startswith("src/"):
        if not is_mapped:
            table["sources"] = ["src"]
        selected = ["src"]
    else:
        selected = [path.partition("/")[0]] if "/" in path else [path, path + "i"]
    chosen: list[str] = table.setdefault("only-include", [])
    chosen += [name for name in selected if name not in chosen]


def _place(config: Any, path: str) -> str | None:
    """The path for hatchling, which maps it, of a file below the folder of the packages; None for one elsewhere."""
    mapped = str(config.get_distribution_path(path))
    place = wheel_place(portable(mapped), config.root)
    if place != portable(mapped):
        return place
    return path if mapped != path or not config.sources else None


def _final_place(config: Any, path: str) -> str:
    """The place of a file in a wheel that is not editable, where people force it or where hatchling maps it."""
    source = os.path.join(config.root, path)
    for known, target in config.force_include.items():
        if source == known or source.startswith(known + os.sep):
            path = os.path.normpath(target + source.removeprefix(known))
            break
    else:
        path = _place(config, path) or path
    return portable(str(config.get_distribution_path(path)))


def _unmapped(config: Any, place: str) -> str:
    """The path that the option `sources` of hatchling maps to this place."""
    for path in [place, *[prefix + place for prefix in config.sources]]:
        if portable(str(config.get_distribution_path(os.path.normpath(path)))) == place:
            return str(path)
    return place


@hookimpl
def hatch_register_build_hook() -> type[RegistryBuildHook]:
    """Called by hatchling."""
    return RegistryBuildHook
