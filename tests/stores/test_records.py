"""Records of stores are pure: what each of them holds for a model, what is refused, and what fits instead."""

import ast
import json
import pickle
from typing import Any

import pytest
from golden import golden

from hypiler import ModelConfig, space, stores
from hypiler.hosted_registry import MODEL_REGISTRY as HOSTED
from hypiler.model_registry import MODEL_REGISTRY
from hypiler.registry import Registry
from hypiler.stores.specs import SPECS

MINILM = ModelConfig.from_registry("all-minilm-l6-v2")
COLBERT = ModelConfig.colbert_small()
SPLADE = ModelConfig.from_registry("splade-v3")


def changed(id: str, **encoding: Any) -> ModelConfig:
    """The config of a shipped model with other facts about its encoding."""
    with open(Registry.shipped().sources[0].path, encoding="utf-8") as file:  # type: ignore[attr-defined]
        raise NotImplementedError(file, id, encoding)
