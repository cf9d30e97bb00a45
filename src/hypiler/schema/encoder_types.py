"""Encoder types. Several words of `type` in models.json can mean one encoder type: a `unified` model is dense, too."""

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
"""The encoder type for each word of `type` in models.json. Any other word has no encoder type."""

MODEL_TYPES: "dict[EncoderType, str]" = {
    "dense": "dense",
    "static": "static",
    "multi_vector": "colbert",
    "sparse": "sparse",
    "reranker": "reranker",
}
"""The word of `type` to write for an encoder type if nothing more is known."""
