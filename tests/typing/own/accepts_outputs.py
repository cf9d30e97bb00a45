"""What every checker must know of a model with several outputs: `several` gives dense, sparse and token vectors."""

from typing import Any, assert_type

from hypiler import ModelConfig
from hypiler.protocols import DenseEncoder, MultiVectorEncoder, SparseEncoder

from .model_registry import SEVERAL, from_registry

assert_type(from_registry("several"), ModelConfig[DenseEncoder])
assert_type(from_registry("several", output=None), ModelConfig[DenseEncoder])
assert_type(from_registry("several", output="dense", dimension=64), ModelConfig[DenseEncoder])
assert_type(from_registry("several", output="sparse"), ModelConfig[SparseEncoder])
assert_type(from_registry("org/several", output="colbert", dimension=32), ModelConfig[MultiVectorEncoder])
assert_type(from_registry("one"), ModelConfig[DenseEncoder])
assert_type(ModelConfig.from_model(SEVERAL, output="sparse").output, str | None)
assert_type(ModelConfig.from_model(SEVERAL, 64, output="dense"), ModelConfig)
assert_type(ModelConfig.from_model(SEVERAL, dimension=64, output=None), ModelConfig)
assert_type(from_registry("several").with_output("colbert"), ModelConfig)


def anything(value: Any) -> None:
    """Arguments that no checker knows."""
    from_registry("several", output=value)
    from_registry(value, output=value)
