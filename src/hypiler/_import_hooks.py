"""Limits the import hooks of beartype and typeguard to the modules whose annotations have values at run time.

Annotations in hypiler name what only checkers know: importing `typing`, and every module that an annotation names,
would take longer than a command does. A module with functions for users gives a value to each name in their
annotations, in the branch that checkers do not read. A value may be wider than the type, such as `object` for `Any` and
for protocols. All other modules are loaded as if there were no import hook.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

# The modules in which import hooks can check the calls of every function.
_CHECKABLE = ("config", "errors", "hosted_registry", "model_registry", "registry", "registry.registry", "space")


class _PlainFinder:
    """Finds the modules that import hooks must not change."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """How to load a module of hypiler without an import hook; None if the hook may load the module."""
        package, _, module = name.partition(".")
        if package != "hypiler" or module in _CHECKABLE:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = SourceFileLoader(name, spec.loader.path)
        return spec


def limit() -> None:
    """Load the modules that are imported from now on without the hook, except those that it can check."""
    # typeguard puts its hook before all others.
    if _PlainFinder in sys.meta_path:
        sys.meta_path.remove(_PlainFinder)
    sys.meta_path.insert(0, _PlainFinder)
