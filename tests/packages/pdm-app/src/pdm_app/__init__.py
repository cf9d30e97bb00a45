"""A project whose registry is compiled by pdm-backend."""

from pdm_app.registry import SMALL_ENCODER


def dimension() -> int:
    """What the rest of the project needs to know about its model."""
    return SMALL_ENCODER.embedding_dim
