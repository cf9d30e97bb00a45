"""Where the registry has too many models for literal ids, every id may be unknown."""

# pyright: reportUnusedExpression=false

from .model_registry import MODELS, get_model

get_model("one").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
MODELS["one"].nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def at_run_time(name: str) -> None:
    """MODELS takes only ids that stand in the program."""
    MODELS[name].name  # type: ignore[literal-required]  # pyright: ignore[reportUnknownMemberType]
