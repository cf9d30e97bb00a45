"""What a model is to an encoder, which is less than its type: a `unified` model is a dense encoder, too."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    EncoderType: TypeAlias = Literal["dense", "static", "multi_vector", "sparse", "reranker"]

ENCODER_TYPES: "dict[str, EncoderType]" = {
    "colbert": "multi_vector",
    "dense": "dense",
    "unified": "dense",
    "static": "static",
    "sparse": "sparse",
    "reranker": "reranker",
}
"""The encoder types by the words of `type` in models.json. Other words say nothing of it."""

MODEL_TYPES: "dict[EncoderType, str]" = {
    "dense": "dense",
    "static": "static",
    "multi_vector": "colbert",
    "sparse": "sparse",
    "reranker": "reranker",
}
"""The word of `type` that an encoder type stands for where nothing more is known."""
