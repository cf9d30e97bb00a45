"""Encoder types in text."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


def spoken(encoder_type: str) -> str:
    """The encoder type as text has it: `multi-vector` for `multi_vector`."""
    return encoder_type.replace("_", "-")


def type_obstacle(encoder_type: str, runs: "Collection[str]") -> str | None:
    """Why an engine that runs these encoder types cannot run a model of another one."""
    if encoder_type in runs:
        return None
    return f"it runs {', '.join(map(spoken, runs))} models, and this is a {spoken(encoder_type)} one"
