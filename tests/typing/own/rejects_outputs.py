"""What every checker must reject of a model with several outputs."""

from hypiler import ModelConfig

from .model_registry import SEVERAL, from_registry

from_registry("several", output="spares")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("org/several", output="")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("several", output="sparse", dimension=64)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("several", output="dense", dimension=32)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
from_registry("one", output="dense")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
ModelConfig.from_model(SEVERAL, output=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
ModelConfig.from_model(SEVERAL, dimension=32)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
