"""What every checker must reject of another project's registry, at any size: each line holds one fault.

An `ignore` that has nothing to ignore is an error in itself.
"""

# What pyright says twice of the same fault.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnusedExpression=false

from hypiler import ModelConfig

from . import model_registry
from .model_registry import NONEXISTENT  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnusedImport]
from .model_registry import (
    MANY,
    MODELS,
    ONE,
    ModelType,
    from_registry,
    get_model,
    models_by_type,
)

model_registry.NONEXISTENT  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ModelType.NONEXISTENT  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["nonexistent"]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
get_model("nonexistent").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
ModelConfig.from_model(MODELS["nonexistent"])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_model(get_model("nonexistent"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]

models_by_type("nonexistent")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

ONE.nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["many"].nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ONE.name = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["many"].name = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["many"] = MANY  # type: ignore[index]  # pyright: ignore[reportIndexIssue]

ModelConfig.from_model(ONE, dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(MANY, dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(MODELS["one"], dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(MODELS["many"], dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(MODELS["other.name"], dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ONE.resolve_dimension(64)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
MANY.resolve_dimension(100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
MODELS["many"].resolve_dimension(100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
ModelConfig.from_registry("many")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("many").nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
MANY.to_dict().nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def at_run_time(name: str, width: int) -> None:
    """An id or a width that is known only at run time."""
    get_model(name).name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    ModelConfig.from_model(get_model(name))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    ModelConfig.from_model(MANY, dimension=width)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    models_by_type(name)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MODELS["many"].resolve_dimension(width)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
