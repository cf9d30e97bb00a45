"""What every checker must accept of models whose vectors can be truncated to any width in a range."""

from collections.abc import Sequence
from typing import assert_type

from hypiler import ModelConfig
from hypiler.protocols import DenseEncoder, MultiVectorEncoder

from .model_registry import FREE, MODELS, ModelInfo, from_registry, get_model

assert_type(FREE, ModelInfo[int])
assert_type(MODELS["freer"], ModelInfo[int])
assert_type(FREE.dimensions, Sequence[int])
assert_type(from_registry("org/freer", dimension=9), ModelConfig[MultiVectorEncoder])


def by_any_width(width: int) -> None:
    """A width may be known only at run time."""
    assert_type(get_model("free").resolve_dimension(width), int)
    assert_type(from_registry("free", dimension=width), ModelConfig[DenseEncoder])
    assert_type(ModelConfig.from_model(FREE, dimension=width), ModelConfig)
