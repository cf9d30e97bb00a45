"""Errors that several packages of hypiler raise."""

from hypiler._text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    Any = object

_OTHER = {
    "hypiler.model_registry": "hypiler.hosted_registry",
    "the shipped registry of hypiler": "hypiler.hosted_registry",
    "hypiler.hosted_registry": "hypiler.model_registry",
}
"""The modules of this package by the registry that does not have their models."""


class UnknownModelError(KeyError):
    """No model of a registry has this id, alias or repository.

    Attributes:
        id: What was looked up.
        registry: The name of the registry that was searched, for messages.
        suggestion: The nearest id; None if no id is near.
        elsewhere: The name of the registry that has the suggested model, if this is not `registry`.
    """

    def __init__(
        self,
        id: str,
        suggestion: str | None = None,
        registry: str = "the registry",
        elsewhere: str | None = None,
    ) -> None:
        if elsewhere is None and registry in _OTHER:
            # Each of the two shipped modules suggests models of the other one.
            suggestion, elsewhere = _nearest_of_both(str(id), suggestion, _OTHER[registry])
        super().__init__(id, suggestion, registry, elsewhere)
        self.id = id
        self.suggestion = suggestion
        self.registry = registry
        self.elsewhere = elsewhere

    def __str__(self) -> str:
        return one_line(f"no model {self.id!r} in {self.registry}{self._hint()}")

    def _hint(self) -> str:
        if not self.suggestion:
            return ""
        if self.elsewhere and self.suggestion == self.id:
            return f"; {self.elsewhere} has it"
        return f"; did you mean {self.suggestion!r}{f' of {self.elsewhere}' if self.elsewhere else ''}?"


def _nearest_of_both(id: str, near: str | None, module: str) -> tuple[str | None, str | None]:
    """The nearest of a suggestion and the names in another module, and the module if it has the nearest one."""
    from importlib import import_module

    from hypiler._nearest import nearest_model

    try:
        # By name, so that type checkers of a program that imports hypiler do not read the stub.
        other: Any = import_module(module)
    except ImportError:  # a frozen application may leave it out
        return near, None
    repositories = [model.huggingface_id for model in other.MODEL_REGISTRY if model.huggingface_id]
    names: list[str] = repositories if "/" in id else [*other.MODELS]
    found = id if id in names else nearest_model(id, names if near is None else [*names, near])
    return found, module if found in names else None
