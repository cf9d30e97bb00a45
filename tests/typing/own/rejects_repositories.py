"""What every checker must reject by repository where there are few enough repositories for literals."""

# What pyright says twice of the same fault.
# pyright: reportUnknownMemberType=false, reportUnusedExpression=false

from hypiler import ModelConfig

from .model_registry import MODELS, Repository, get_model

repository: Repository = "org/nonexistent"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
no_repository: Repository = "one"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
get_model("org/one").nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
get_model("org/nonexistent").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
get_model("org/many").resolve_dimension(100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(get_model("org/many"), dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(get_model("org/nonexistent"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
MODELS["org/many"]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
