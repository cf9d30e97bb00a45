"""What every checker must accept by repository where there are few enough repositories for literals."""

from typing import Literal, assert_type

from hypiler import ModelConfig

from .model_registry import ModelInfo, Repository, from_registry, get_model

# A repository finds a model as its id does.
repository: Repository = "org/many"
assert_type(get_model("org/one"), ModelInfo[Literal[384]])
assert_type(get_model("org/many"), ModelInfo[Literal[64, 96, 128]])
assert_type(get_model("org/many").resolve_dimension(64), int)
assert_type(ModelConfig.from_model(get_model("org/many"), dimension=64), ModelConfig)


def by_repository(repository: Repository) -> ModelConfig:
    """A parameter takes whatever repository there is."""
    assert_type(get_model(repository), ModelInfo)
    return from_registry(repository)
