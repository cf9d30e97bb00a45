"""Encoder types in messages."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


def spoken(encoder_type: str) -> str:
    """The encoder type as messages write it: `multi-vector` for `multi_vector`."""
    return encoder_type.replace("_", "-")


def type_obstacle(encoder_type: str, runs: "Collection[str]") -> str | None:
    """Why an engine cannot run a model of this encoder type; None if it can. `runs` are the engine's encoder types."""
    if encoder_type in runs:
        return None
    return f"it runs {', '.join(map(spoken, runs))} models, and this is a {spoken(encoder_type)} one"
