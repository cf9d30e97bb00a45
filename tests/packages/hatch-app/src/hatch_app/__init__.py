"""A project with a registry of its own, compiled while it is built."""

from hatch_app.registry import SMALL_ENCODER


def dimension() -> int:
    """What the rest of the project needs to know about its model."""
    return SMALL_ENCODER.embedding_dim
