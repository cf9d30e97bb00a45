"""The folders of real models that the tests of the engines have."""

from engines.conftest import minilm, multi_vector, splade, unpacked

__all__ = ["minilm", "multi_vector", "splade", "unpacked"]
