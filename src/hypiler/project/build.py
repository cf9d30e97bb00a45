"""Compiles a project's registry to a module and its stub on disk."""

import os

from hypiler.compiler.checked import CheckedRegistry
from hypiler.project.loading import load_into

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.project.options import Options


def compile_files(paths: list[str], root: str = "", rules: "RuleSettings | None" = None) -> CheckedRegistry:
    """The registry in these files; see `load_into`."""
    registry = CheckedRegistry()
    load_into(registry, paths, root, rules=rules)
    return registry


def generate(registry: CheckedRegistry, output: str) -> dict[str, str]:
    """The texts of the module at `output` and of its stub beside it, by path."""
    # Imported here: a check of the registry generates nothing, and need not wait for these.
    from hypiler.emit.python.module import emit_python
    from hypiler.emit.python.stub import emit_stub

    return {output: emit_python(registry), output + "i": emit_stub(registry)}


def build_project(options: "Options", *, write: bool = True) -> CheckedRegistry:
    """Compile a project's registry and, if it has no errors, write its module."""
    registry = compile_files(options.sources, options.root, options.rules)
    if write and not registry.has_errors:
        from hypiler.project.output import write_outputs

        sources = [os.path.join(options.root, path) for path in options.sources]
        write_outputs(generate(registry, os.path.join(options.root, options.output)), sources=sources)
    return registry
