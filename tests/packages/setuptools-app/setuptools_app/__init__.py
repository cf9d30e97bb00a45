"""A project in a flat layout whose registry is compiled by setuptools."""

from setuptools_app.registry import SMALL_ENCODER


def dimension() -> int:
    """What the rest of the project needs to know about its model."""
    return SMALL_ENCODER.embedding_dim
