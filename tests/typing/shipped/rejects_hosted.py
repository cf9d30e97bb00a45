"""What every checker must reject of the registry of hosted models, as rejects.py does. This file is never run."""

# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnusedExpression=false

from hypiler import ModelConfig, hosted_registry
from hypiler.hosted_registry import MODELS, TEXT_EMBEDDING_3_SMALL, from_registry, get_model

hosted_registry.BGE_M3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["bge-m3"]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
get_model("bge-m3").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
from_registry("bge-m3")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("text-embedding-ada-002", dimension=256)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
width: int = TEXT_EMBEDDING_3_SMALL.hidden_dim  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

# The methods of the shipped registry are about models with open weights.
ModelConfig.from_registry("text-embedding-3-small")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
