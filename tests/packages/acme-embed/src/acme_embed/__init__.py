"""Embeddings with the right prefixes."""

from acme_embed._models import MODELS

__all__ = ["MODELS", "dimension", "query_text"]


def dimension(model: str) -> int:
    """The width of a model's vectors."""
    return MODELS[model].dim


def query_text(model: str, text: str) -> str:
    """A query as the model wants it."""
    return MODELS[model].query_prefix + text
