"""What every checker must accept by id where the registry has few enough models for literal ids."""

from typing import Literal, Protocol, assert_type

from hypiler import ModelConfig
from hypiler.protocols import DenseEncoder

from .model_registry import (
    MODELS,
    FromRegistry,
    ModelId,
    ModelInfo,
    Repository,
    from_registry,
    get_model,
    is_model_id,
)

known: ModelId = "one"
assert_type(get_model("one"), ModelInfo[Literal[384]])
assert_type(get_model("other.name"), ModelInfo[Literal[64, 96, 128]])
assert_type(from_registry("many"), ModelConfig[DenseEncoder])
assert_type(from_registry("org/many").load(), DenseEncoder)
assert_type(from_registry("one"), ModelConfig)  # of a type that no engine loads
assert_type(ModelConfig.from_model(get_model("many"), dimension=64), ModelConfig)

by_repository: FromRegistry[ModelConfig] = from_registry


class Engine(Protocol):
    """Something of the project's own that is made by id."""

    load: FromRegistry[bytes]


def by_id(engine: Engine, name: str) -> bytes:
    """A narrowed id is a key of every lookup, however many ids there are."""
    assert_type(engine.load("many", dimension=96), bytes)
    if not is_model_id(name):
        return engine.load("one")
    assert_type(get_model(name).name, str)
    assert_type(from_registry(name), ModelConfig)
    assert_type(MODELS[name].name, str)
    return engine.load(name)


def by_each_key() -> int:
    """The keys of MODELS are ids."""
    found = [MODELS[name].embedding_dim for name, _ in MODELS.items()]
    copies = dict(MODELS), {**MODELS}
    assert_type(copies[0]["one"].name, str)
    assert_type(copies[1]["one"].name, str)
    widest = 0
    for name in MODELS:
        widest = max(widest, MODELS[name].embedding_dim)
    return sum(found) + widest


def by_any_name(engine: Engine, id: ModelId, repository: Repository) -> None:
    """A parameter takes whatever name there is."""
    assert_type(get_model(id), ModelInfo)
    assert_type(from_registry(repository), ModelConfig)
    assert_type(engine.load(repository), bytes)
    assert_type(engine.load("org/last", dimension=768), bytes)
