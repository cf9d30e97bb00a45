"""What every checker must reject about a loaded model."""

from hypiler import ModelConfig
from hypiler.engines import DenseEncoder, Server

config = ModelConfig("org/name", 8, 16)
encoder = config.load()
encoder.nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
encoder.encode_queries(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
encoder.encode_queries(["a"], 8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
config.load(device=1)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
config.load(url=8080)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
Server("http://localhost:8080/v1", truncation="left")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
config.load(kind="dense")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
config.load(kind=DenseEncoder).nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
