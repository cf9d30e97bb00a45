"""Embeddings with the right prefixes."""

from acme_embed.model_registry import MODELS, ModelId, ModelInfo, get_model

__all__ = ["MODELS", "ModelId", "ModelInfo", "dimension", "get_model", "query_text"]


def dimension(model: ModelId) -> int:
    """The width of a model's vectors."""
    return MODELS[model].embedding_dim


def query_text(model: ModelId, text: str) -> str:
    """A query as the model wants it."""
    return (MODELS[model].query_prefix or "") + text
