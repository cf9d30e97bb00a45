"""What every checker must reject about a loaded model."""

from hypiler import ModelConfig

config = ModelConfig("org/name", 8, 16)
encoder = config.load()
encoder.nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
encoder.encode_queries(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
encoder.encode_queries(["a"], 8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
config.load(device=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
