"""What every checker must accept of the registry of hosted models, with the types it must see. It also runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, assert_type

from hypiler import ModelConfig, Registry, hosted_registry
from hypiler.hosted_registry import (
    MODELS,
    TEXT_EMBEDDING_3_SMALL,
    TEXT_EMBEDDING_ADA_002,
    ModelId,
    ModelInfo,
    from_registry,
    get_model,
    is_model_id,
)

if TYPE_CHECKING:
    from hypiler.protocols import DenseEncoder

assert_type(TEXT_EMBEDDING_ADA_002, ModelInfo[Literal[1536]])
assert_type(get_model("text-embedding-ada-002"), ModelInfo[Literal[1536]])
assert_type(MODELS["text-embedding-3-small"].dimensions, Sequence[int])

# What every hosted model states is plain; what only weights have may be missing.
assert_type(TEXT_EMBEDDING_3_SMALL.embedding_dim, int)
assert_type(TEXT_EMBEDDING_3_SMALL.context_length, int)
assert_type(TEXT_EMBEDDING_3_SMALL.license, str)
assert_type(TEXT_EMBEDDING_3_SMALL.source_api, str | None)
assert_type(TEXT_EMBEDDING_3_SMALL.huggingface_id, str | None)
assert_type(TEXT_EMBEDDING_3_SMALL.hidden_dim, int | None)
assert_type(TEXT_EMBEDDING_3_SMALL.inputs_per_request, int | None)

assert_type(ModelConfig.from_model(TEXT_EMBEDDING_3_SMALL, dimension=256), ModelConfig)
assert_type(from_registry("text-embedding-3-small", dimension=256).repo, str)
assert_type(Registry.shipped(hosted=True)["text-embedding-3-small"].embedding_dim, int)
if TYPE_CHECKING:
    assert_type(from_registry("text-embedding-ada-002").load(), DenseEncoder)


def by_narrowing(name: str) -> ModelConfig | None:
    """An id that is known only at run time."""
    if not is_model_id(name):
        return None
    known: ModelId = name
    return hosted_registry.from_registry(known)


assert by_narrowing("text-embedding-3-small") is not None
