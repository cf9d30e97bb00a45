"""A project whose backend has no hooks: it commits what is generated."""

from flit_app.registry import SMALL_ENCODER


def dimension() -> int:
    """What the rest of the project needs to know about its model."""
    return SMALL_ENCODER.embedding_dim
