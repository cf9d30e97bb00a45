"""What every checker must reject of models whose vectors can be truncated to any width in a range."""

from hypiler import ModelConfig

from .model_registry import FREE, ONE, from_registry, get_model

FREE.resolve_dimension("64")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(FREE, dimension=64.0)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
ModelConfig.from_model(ONE, dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
get_model("one").resolve_dimension(64)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
from_registry("free", dimension="64")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
