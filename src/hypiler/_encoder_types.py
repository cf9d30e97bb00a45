"""The encoder type for each word of `type` in models.json. Several words can mean one encoder type."""

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


def encoder_type(model_type: str, *, multi_vector: bool | None) -> "EncoderType":
    """The encoder type of a model. A model of any other type is dense, or multi-vector if it says so."""
    return ENCODER_TYPES.get(model_type, "multi_vector" if multi_vector else "dense")
