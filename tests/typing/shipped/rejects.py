"""What every checker must reject of the shipped registry: each line holds one fault, and both checkers must see it.

An `ignore` that has nothing to ignore is an error in itself, so a fault that a checker stops seeing fails the test.
This file is never run.
"""

# What pyright says twice of the same fault.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnusedExpression=false

from typing import Literal

import hypiler
from hypiler import ModelConfig, model_registry
from hypiler import colbert_v3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnusedImport]
from hypiler.model_registry import COLBERT_V3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnusedImport]
from hypiler.model_registry import (
    BGE_M3,
    COLBERT_V2,
    JINA_COLBERT_V2,
    MODELS,
    ModelId,
    ModelInfo,
    ModelType,
    get_model,
    is_model_id,
    models_by_max_embedding_dim,
    models_by_type,
)

# A constant, a member or a name of the package that does not exist.
model_registry.COLBERT_V3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
hypiler.colbert_v3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ModelType.COLBERTS  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ModelConfig.colbert_v3()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

# An id that does not exist.
get_model("nonexistent").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
MODELS["nonexistent"]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
MODELS["nonexistent"].name  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_registry("colbert-v3")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_model(get_model("nonexistent"))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(MODELS["nonexistent"])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
hypiler.get_model("nonexistent").name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
hypiler.MODELS["nonexistent"]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]

# An attribute that does not exist.
COLBERT_V2.nonexistent  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
COLBERT_V2.embedding_dims  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["colbert-v2"].embedding_dims  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
get_model("colbert-v2").embedding_dims  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ModelConfig.colbert_v2().dimension  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

# A fact is not of another type, and may be missing.
wrong: int = COLBERT_V2.name  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
missing: float = COLBERT_V2.beir_avg  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
known: ModelId = "colbert-v3"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
models_by_type("colberts")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
models_by_type(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
models_by_max_embedding_dim("128")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
ModelConfig("my-org/my-model", "768", 512)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
COLBERT_V2.similarity == "euclid"  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]
narrow: ModelInfo[int] = COLBERT_V2  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
fewer: ModelInfo[Literal[64, 96]] = JINA_COLBERT_V2  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

# What only encoders of another kind can do.
ModelConfig.from_registry("colbert-small").load().quantizer("int8", None)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
ModelConfig("my-org/my-model", 768, 512).load().quantizer("int8", None)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

# Nothing can be assigned or deleted.
COLBERT_V2.name = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
COLBERT_V2.languages = ()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
COLBERT_V2.nonexistent = 1  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["colbert-v2"].name = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
MODELS["colbert-v2"] = COLBERT_V2  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
del MODELS["colbert-v2"]  # type: ignore[attr-defined]  # pyright: ignore[reportIndexIssue]
MODELS.clear()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
COLBERT_V2.languages[0] = "de"  # type: ignore[index]  # pyright: ignore[reportGeneralTypeIssues, reportIndexIssue]
COLBERT_V2.sources["license"] = "x"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
ModelConfig.colbert_v2().embedding_dim = 64  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
ModelConfig.colbert_v2().nonexistent = 64  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

# Only the model's own dims.
ModelConfig.from_registry("jina-colbert-v2", dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_registry("colbert-v2", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_registry("jina-colbert-v2", dimension="64")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_registry("jina-colbert-v2", dimensions=64)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
ModelConfig.from_registry("jina-colbert-v2", 64)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
ModelConfig.from_registry("bge-m3", output="spares")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_registry("bge-m3", output="sparse", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_registry("colbert-v2", output="dense")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_model(JINA_COLBERT_V2, dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(COLBERT_V2, dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(BGE_M3, dimension="1024")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(BGE_M3, dimensions=1024)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
ModelConfig.from_model(MODELS["jina-colbert-v2"], dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(get_model("jina-colbert-v2"), dimension=100)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
JINA_COLBERT_V2.resolve_dimension(100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
MODELS["jina-colbert-v2"].resolve_dimension(100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
get_model("jina-colbert-v2").resolve_dimension(100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model("jina-colbert-v2")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


def at_run_time(name: str, width: int, model: ModelInfo | None) -> None:
    """An id or a width that is known only at run time goes through one of the two doors."""
    get_model(name).name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    ModelConfig.from_registry(name)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    ModelConfig.from_model(get_model(name))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    ModelConfig.from_model(model)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    ModelConfig.from_registry("jina-colbert-v2", dimension=width)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    ModelConfig.from_model(JINA_COLBERT_V2, dimension=width)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    JINA_COLBERT_V2.resolve_dimension(width)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    MODELS[name]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    if is_model_id(name):
        # qwen3-embedding-0.6b takes any number.
        ModelConfig.from_registry(name, dimension=64)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]


def seen_by_one(name: str) -> None:
    """What only one of the two checkers looks for."""
    del COLBERT_V2.name  # pyright: ignore[reportAttributeAccessIssue]
    model_registry.COLBERT_V2 = COLBERT_V2  # type: ignore[misc]
