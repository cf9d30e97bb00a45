"""Errors that several packages of hypiler raise."""

from hypiler._text import one_line


class UnknownModelError(KeyError):
    """No model of a registry has this id, alias or repository.

    Attributes:
        id: What was looked up.
        registry: The registry that was searched, in words.
        suggestion: The nearest id; None if no id is near.
    """

    def __init__(self, id: str, suggestion: str | None = None, registry: str = "the registry") -> None:
        super().__init__(id, suggestion, registry)
        self.id = id
        self.suggestion = suggestion
        self.registry = registry

    def __str__(self) -> str:
        hint = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return one_line(f"no model {self.id!r} in {self.registry}{hint}")
