"""Encoder types. Several words of `type` in models.json can mean one encoder type: a `unified` model is dense, too."""

from hypiler._encoder_types import ENCODER_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler._encoder_types import EncoderType

__all__ = ["ENCODER_TYPES", "MODEL_TYPES", "EncoderType"]

MODEL_TYPES: "dict[EncoderType, str]" = {
    "dense": "dense",
    "static": "static",
    "multi_vector": "colbert",
    "sparse": "sparse",
    "reranker": "reranker",
}
"""The word of `type` to write for an encoder type if nothing more is known."""
