"""A project that uses acme-embed: every line is right, for checkers and at run time."""

from typing import Literal, assert_type

import acme_embed
from acme_embed import MODELS, ModelInfo, dimension, get_model, query_text
from acme_embed.model_registry import (
    E5_LARGE_V2,
    MODEL_REGISTRY,
    MODELS_BY_ID,
    NOMIC_EMBED_V1_5,
    ModelType,
    models_by_type,
)

Width = Literal[64, 128, 256, 512, 768]
assert_type(NOMIC_EMBED_V1_5, ModelInfo[Width])
assert_type(MODELS["nomic-embed-v1.5"], ModelInfo[Width])
assert_type(get_model("e5-large-v2"), ModelInfo[Literal[1024]])


def create_index(model: ModelInfo[Width], width: Width) -> int:
    """An index of one of the widths that the model was trained for."""
    return model.resolve_dimension(width)


def of_user(name: str) -> str:
    """A name that is known only at run time."""
    model = get_model(name)
    return f"no model {name}" if model is None else f"{model.name}, {model.license}"


def main() -> None:
    """Use everything once."""
    assert create_index(NOMIC_EMBED_V1_5, 256) == 256
    assert dimension("e5-large-v2") == E5_LARGE_V2.embedding_dim == 1024
    assert query_text("e5-large-v2", "cats") == "query: cats"
    assert (of_user("bge-m3"), of_user("gpt-4")) == ("BGE-M3, MIT", "no model gpt-4")
    assert acme_embed.MODELS["bge-m3"].beir_avg is None
    assert [model.id for model in models_by_type(ModelType.RERANKER)] == ["ms-marco-minilm-l6-v2"]
    assert [name for name, model in MODELS.items() if model.languages == ("mul",)] == ["bge-m3"]
    assert list(MODELS_BY_ID) == [model.id for model in MODEL_REGISTRY]
    print(len(MODEL_REGISTRY), "models")


if __name__ == "__main__":
    main()
