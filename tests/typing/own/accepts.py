"""What every checker must accept of another project's registry, at any size. The registries are made by the test."""

from collections.abc import Mapping
from typing import Any, Literal, assert_type

import hypiler.model_registry
from hypiler import ModelConfig

from .model_registry import (
    MANY,
    MODEL_REGISTRY,
    MODELS,
    MODELS_BY_ID,
    ONE,
    OTHER_NAME,
    ModelInfo,
    ModelType,
    from_registry,
    get_model,
    is_model_id,
    models_by_type,
)

assert_type(ONE, ModelInfo[Literal[384]])
assert_type(MANY, ModelInfo[Literal[64, 96, 128]])
assert_type(OTHER_NAME, ModelInfo[Literal[64, 96, 128]])
assert_type(MODELS["one"], ModelInfo[Literal[384]])
assert_type(MODELS["many"], ModelInfo[Literal[64, 96, 128]])
assert_type(MODELS["other.name"], ModelInfo[Literal[64, 96, 128]])
assert_type(MODEL_REGISTRY, tuple[ModelInfo, ...])
assert_type(MODELS_BY_ID, Mapping[str, ModelInfo])
assert_type([model.name for model in MODELS_BY_ID.values()], list[str])

# MODELS is a mapping like any other, and each of its values is a model.
for key, model in MODELS.items():
    assert_type(model, ModelInfo)
    assert_type(key.islower(), bool)
assert_type([model.embedding_dim for model in MODELS.values()], list[int])
by_key: Mapping[str, ModelInfo] = MODELS
assert_type(MODELS.get("nonexistent"), ModelInfo | None)
assert_type((len(MODELS), "one" in MODELS), tuple[int, bool])
longest = max(MODELS, key=len)
every: dict[str, ModelInfo] = dict(MODELS_BY_ID)

assert_type(models_by_type("vision-language"), tuple[ModelInfo, ...])
assert_type(models_by_type(ModelType.VISION_LANGUAGE), tuple[ModelInfo, ...])
assert_type(MANY.to_dict(), dict[str, Any])
assert_type([variant.to_dict() for variant in MANY.variants], list[dict[str, Any]])

# The module's own models become configs of hypiler, by each of their names.
configs: list[ModelConfig] = [from_registry("many")]
configs.append(from_registry("other.name", dimension=64))
configs.append(from_registry("org/many", dimension=96))
assert_type(from_registry("org/one", dimension=None).embedding_dim, int)

# Each dim passes at its first mention and at every later one, with and without other models in between.
assert_type(ModelConfig.from_model(ONE, dimension=384), ModelConfig)
assert_type(ModelConfig.from_model(MANY, dimension=64), ModelConfig)
assert_type(ModelConfig.from_model(MODELS["many"], dimension=96), ModelConfig)
assert_type(ModelConfig.from_model(MODELS["one"], dimension=384), ModelConfig)
assert_type(ModelConfig.from_model(OTHER_NAME, dimension=128), ModelConfig)
assert_type(ModelConfig.from_model(MODELS["other.name"]), ModelConfig)
assert_type(ModelConfig.from_model(ONE), ModelConfig)
assert_type(ModelConfig.from_model(ONE, dimension=384), ModelConfig)
assert_type(ModelConfig.from_model(MANY, dimension=None), ModelConfig)
assert_type(MANY.resolve_dimension(64), int)
assert_type(MODELS["many"].resolve_dimension(96), int)
assert_type(ONE.resolve_dimension(384), int)

# Both registries at once: a config takes a model from either.
shipped = hypiler.model_registry.JINA_COLBERT_V2
assert_type(ModelConfig.from_model(shipped, dimension=64), ModelConfig)


def at_run_time(name: str, width: int) -> ModelConfig | None:
    """The two doors for an id that is known only at run time."""
    if not is_model_id(name):
        return None
    model = get_model(name)
    assert_type(get_model(str(name)), ModelInfo | None)
    return model and ModelConfig.from_model(model, dimension=width)
