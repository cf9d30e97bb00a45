"""What every checker must reject by id where the registry has few enough models for literal ids."""

# What pyright says twice of the same fault.
# pyright: reportUnknownMemberType=false, reportUnusedExpression=false

from hypiler import ModelConfig

from .model_registry import FromRegistry, ModelId, Repository, from_registry, get_model

known: ModelId = "nonexistent"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
id: ModelId = "org/one"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
from_registry("nonexistent")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("org/nonexistent")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("one", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("org/one", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("org/many", dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("many", 64)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
from_registry("many", dimension="64")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("many", dimensions=64)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
get_model("one").nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ModelConfig.from_model(get_model("many"), dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
get_model("one").resolve_dimension(64)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def by_id(load: FromRegistry[bytes], name: str, known: ModelId, repository: Repository) -> None:
    """Unknown ids, and dims of another model or of any."""
    load("nonexistent")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load("org/nonexistent")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load("org/one", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load(repository, dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    from_registry(name)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    from_registry(known, dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load("one", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load("many", dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load(name)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    load(known, dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
