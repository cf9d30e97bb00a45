"""What every checker must accept of a registry that requires the core alone, with a model behind an API."""

from typing import assert_type

from hypiler import ModelConfig
from hypiler.registry import Registry

from .model_registry import HERE, HOSTED, from_registry

assert_type(HERE.embedding_dim, int)
assert_type(HERE.huggingface_id, str | None)
assert_type(HERE.context_length, int | None)
assert_type(HERE.languages, tuple[str, ...])
assert_type(ModelConfig.from_model(HOSTED, dimension=8).repo, str)
assert_type(from_registry("hosted").max_length, int)


def of_any_registry(path: str) -> list[ModelConfig]:
    """A loaded registry may require as little."""
    registry = Registry.load(path, required="core")
    for model in registry:
        assert_type(model.context_length, int | None)
    return [ModelConfig.from_model(model) for model in registry]
