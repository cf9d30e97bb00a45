"""What every checker must accept of the shipped registry, with the types it must see. It also runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, assert_type

import hypiler
from hypiler import ModelConfig, UnknownModelError
from hypiler.model_registry import (
    BGE_M3,
    COLBERT_V2,
    JINA_COLBERT_V2,
    MODEL_REGISTRY,
    MODELS,
    ModelId,
    ModelInfo,
    ModelType,
    ModelVariant,
    get_model,
    is_model_id,
    models_by_language,
    models_by_max_embedding_dim,
    models_by_organization,
    models_by_type,
    models_with_matryoshka,
)

if TYPE_CHECKING:
    from hypiler.protocols import DenseEncoder, Encoder, MultiVectorEncoder, Reranker, SparseEncoder

# Constants know their own dims; plain ModelInfo is any model.
assert_type(COLBERT_V2, ModelInfo[Literal[128]])
assert_type(JINA_COLBERT_V2, ModelInfo[Literal[64, 96, 128]])
every: list[ModelInfo] = [COLBERT_V2, JINA_COLBERT_V2, BGE_M3]
by_name: Mapping[str, ModelInfo] = {model.name: model for model in MODEL_REGISTRY}
either = COLBERT_V2 if len(every) > 2 else JINA_COLBERT_V2
assert_type(either.name, str)

# Facts that a model can lack may be None, all others never are.
assert_type(COLBERT_V2.id, str)
assert_type(COLBERT_V2.model_type, ModelType)
assert_type(COLBERT_V2.embedding_dim, int)
assert_type(COLBERT_V2.has_projection, bool)
assert_type(COLBERT_V2.projection_dims, int | None)
assert_type(COLBERT_V2.beir_avg, float | None)
assert_type(COLBERT_V2.languages, tuple[str, ...])
assert_type(COLBERT_V2.matryoshka_dims, tuple[int, ...])
assert_type(COLBERT_V2.dimensions, Sequence[int])
assert_type(COLBERT_V2.variants, tuple[ModelVariant, ...])
assert_type(COLBERT_V2.sources, Mapping[str, str | Mapping[str, str | bool]])
assert_type(COLBERT_V2.query_prefix, str | None)
if COLBERT_V2.similarity == "max_sim":
    assert_type(COLBERT_V2.similarity, Literal["max_sim"])
assert_type(ModelType("colbert"), ModelType)
description: str = f"{ModelType.COLBERT} {COLBERT_V2.model_type == 'colbert'}"
keyed: dict[ModelInfo, int] = {COLBERT_V2: 1}

# A known id gives the model itself, by each of the doors.
assert_type(get_model("colbert-v2"), ModelInfo[Literal[128]])
assert_type(get_model("jina-colbert-v2").name, str)
assert_type(MODELS["jina-colbert-v2"], ModelInfo[Literal[64, 96, 128]])
assert_type(MODELS["colbert-v2"].license, str)

assert_type(JINA_COLBERT_V2.resolve_dimension(), int)
assert_type(JINA_COLBERT_V2.resolve_dimension(64), int)
assert_type(JINA_COLBERT_V2.resolve_dimension(dimension=None), int)
assert_type(MODELS["colbert-v2"].resolve_dimension(128), int)

# Each of the model's own dims passes, whatever was asked before.
configs: set[ModelConfig] = set()
configs.add(ModelConfig.from_registry("jina-colbert-v2", dimension=96))
configs.add(ModelConfig.from_registry("jina-colbert-v2", dimension=None))
configs.add(ModelConfig.from_registry("colbert-v2", dimension=128))
configs.add(ModelConfig.from_registry("colbert-v2"))
assert_type(ModelConfig.from_model(COLBERT_V2, dimension=128), ModelConfig)
assert_type(ModelConfig.from_model(JINA_COLBERT_V2, dimension=64), ModelConfig)
assert_type(ModelConfig.from_model(JINA_COLBERT_V2, dimension=96), ModelConfig)
assert_type(ModelConfig.from_model(JINA_COLBERT_V2), ModelConfig)
assert_type(ModelConfig.from_model(BGE_M3, dimension=1024), ModelConfig)
assert_type(ModelConfig.from_model(BGE_M3, dimension=None), ModelConfig)
assert_type(ModelConfig.from_model(BGE_M3, dimension=1024, output="dense"), ModelConfig)
assert_type(ModelConfig.from_model(MODELS["jina-colbert-v2"], dimension=64), ModelConfig)
assert_type(ModelConfig.from_model(get_model("bge-m3"), dimension=1024), ModelConfig)
configs.add(ModelConfig.jina_colbert_v2())

# A known id tells the kind of the encoder.
if TYPE_CHECKING:
    assert_type(ModelConfig.from_registry("colbert-small"), ModelConfig[MultiVectorEncoder])
    assert_type(ModelConfig.from_registry("colbert-ir/colbertv2.0").load(), MultiVectorEncoder)
    assert_type(ModelConfig.from_registry("all-minilm-l6-v2", dimension=384).load("onnx"), DenseEncoder)
    assert_type(ModelConfig.from_registry("potion-retrieval-32m").load(), DenseEncoder)
    assert_type(ModelConfig.from_registry("bge-m3", output="sparse").load(), SparseEncoder)
    assert_type(ModelConfig.from_registry("qwen3-embedding-0.6b", dimension=100).load(), DenseEncoder)
    assert_type(ModelConfig.from_registry("splade-v3").load(device="cpu"), SparseEncoder)
    assert_type(ModelConfig.from_registry("ms-marco-minilm-l6-v2").load(), Reranker)
    assert_type(ModelConfig.from_registry("chronos-bolt-small").load(), Encoder)
    assert_type(ModelConfig.colbert_v2().load(), MultiVectorEncoder)
    assert_type(ModelConfig.colbert_v2().with_variant(None).load(), MultiVectorEncoder)
    assert_type(ModelConfig.from_model(BGE_M3).load(), Encoder)
    assert_type(ModelConfig("my-org/my-model", 768, 512).load(), Encoder)
    assert_type(ModelConfig.from_registry("colbert-small").load().encode_queries(["a"]), list[Any])
    assert_type(ModelConfig.from_registry("ms-marco-minilm-l6-v2").load().encode_queries(["a"]), list[str])

# A config that was written by hand, and what a config holds.
own = ModelConfig("my-org/my-model", 768, 512, revision="0" * 40)
assert_type(own.repo, str)
assert_type(own.embedding_dim, int)
assert_type(own.max_length, int)
assert_type(own.revision, str | None)
if own.model is not None:
    assert_type(own.model.id, str)
configs |= {own}

# MODELS is a mapping like any other.
dims = {name: model.embedding_dim for name, model in MODELS.items()}
assert dims["bge-m3"] == 1024
assert [MODELS[name].embedding_dim for name, _ in MODELS.items()] == list(dims.values())
assert [*dict(MODELS)] == [*{**MODELS}] == [*MODELS]
assert len([model.name for model in MODELS.values()]) == len(MODELS)

# Queries.
assert_type(MODEL_REGISTRY, tuple[ModelInfo, ...])
assert_type(models_by_type(ModelType.COLBERT), tuple[ModelInfo, ...])
assert_type(models_by_type("colbert"), tuple[ModelInfo, ...])
assert_type(models_by_organization("BAAI"), tuple[ModelInfo, ...])
assert_type(models_by_language("de"), tuple[ModelInfo, ...])
assert_type(models_by_max_embedding_dim(128), tuple[ModelInfo, ...])
assert_type(models_with_matryoshka(), tuple[ModelInfo, ...])
assert_type(hypiler.get_model("bge-m3").name, str)
assert_type(hypiler.MODELS["bge-m3"].name, str)
assert_type(hypiler.MODEL_REGISTRY[0].name, str)


def by_narrowing(name: str) -> ModelConfig | None:
    """The first door for an id that is known only at run time: after the question it is one of the registry's."""
    if not is_model_id(name):
        return None
    known: ModelId = name
    assert_type(get_model(known).name, str)
    assert_type(MODELS[known].name, str)
    return ModelConfig.from_registry(known)


def by_lookup(name: str, width: int) -> ModelConfig | None:
    """The second door: a model that may not be there; what it can do is then checked at run time."""
    model = get_model(name)
    assert_type(model, ModelInfo | None)
    return model and ModelConfig.from_model(model, dimension=width)


def repository(value: object) -> str | None:
    """A pattern knows the types of its parts."""
    match value:
        case ModelConfig(repo, dim, length):
            assert_type(repo, str)
            assert_type(dim, int)
            assert_type(length, int)
            return repo
        case _:
            return None


def widest(model: ModelInfo) -> int:
    """A function over any model."""
    return max(model.dimensions)


def truncated(model: ModelInfo[Literal[64, 96, 128]], dimension: Literal[64, 96]) -> int:
    """A function over the models with certain dims."""
    return model.resolve_dimension(dimension)


assert [widest(model) for model in every] == [128, 128, 1024]
assert truncated(JINA_COLBERT_V2, 64) == 64
assert repository(own) == "my-org/my-model"
assert by_narrowing("bge-m3") == ModelConfig.from_model(BGE_M3)
assert by_narrowing("bge-m4") is None
assert by_lookup("jina-colbert-v2", 64) == ModelConfig.from_registry("jina-colbert-v2", dimension=64)
assert by_lookup("bge-m4", 64) is None
try:
    by_lookup("jina-colbert-v2", 100)
except (ValueError, UnknownModelError) as error:
    assert "100" in str(error)
