"""Where the registry has too many models for literal ids, every id may be unknown."""

# pyright: reportUnusedExpression=false

from .model_registry import MODELS, from_registry, get_model

get_model("one").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
MODELS["one"].nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


from_registry("many", 64)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
from_registry("many", dimension="64")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
from_registry("many", dimensions=64)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def at_run_time(name: str) -> None:
    """MODELS takes only ids that stand in the program."""
    MODELS[name].name  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownMemberType]
