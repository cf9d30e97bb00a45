"""What a generated module is measured against: F, and what a user would write."""

from typing import Any

# A person's own types for the same file.
DATACLASSES = """
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Architecture:
    type: str
    variant: str
    has_projection: bool
    projection_dims: int | None = None
    matryoshka_dims: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Specs:
    parameters: str
    embedding_dim: int
    hidden_dim: int
    context_length: int
    max_position_embeddings: int | None
    vocab_size: int | None


@dataclass(frozen=True, slots=True)
class Weights:
    safetensors: str
    pytorch: str


@dataclass(frozen=True, slots=True)
class Files:
    tokenizer: str
    config: str
    weights: Weights


@dataclass(frozen=True, slots=True)
class Capabilities:
    languages: tuple[str, ...]
    modalities: tuple[str, ...]
    multi_vector: bool
    quantization: tuple[str, ...]
    matryoshka: bool = False


@dataclass(frozen=True, slots=True)
class Performance:
    beir_avg: float | None
    ms_marco_mrr10: float | None
    beir_datasets: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    id: str
    type: str
    name: str
    huggingface_id: str
    organization: str
    release_date: str
    architecture: Architecture
    specs: Specs
    files: Files
    capabilities: Capabilities
    performance: Performance
    license: str
    description: str


@dataclass(frozen=True, slots=True)
class Registry:
    version: str
    models: tuple[Model, ...]
"""


def floor_source(models: list[dict[str, Any]]) -> str:
    """Write F: the same values as one constant tuple, which an import only reads."""
    rows = "".join([f"{_values(model)!r},\n" for model in models])
    return f"ROWS = (\n{rows})\n"


def _values(found: Any) -> Any:
    if isinstance(found, dict):
        return tuple([_values(value) for value in found.values()])
    return tuple(found) if isinstance(found, list) else found


def dataclasses_source(models: list[dict[str, Any]]) -> str:
    """Write a module with one constant a model, each a frozen dataclass with slots."""
    names = [model["id"].upper().replace("-", "_").replace(".", "_") for model in models]
    constants = "".join([f"{name} = {_call('Model', m)}\n" for name, m in zip(names, models, strict=True)])
    by_id = f"MODELS = {{m.id: m for m in ({', '.join(names)},)}}\n"
    return f"{DATACLASSES}\n\n{constants}{by_id}"


def _call(owner: str, members: dict[str, Any]) -> str:
    given = [f"{key}={_argument(key, value)}" for key, value in members.items()]
    return f"{owner}({', '.join(given)})"


def _argument(key: str, value: Any) -> str:
    if isinstance(value, dict):
        return _call(key.title(), value)
    return repr(_values(value))


# Prints the nanoseconds from before the first import to the end.
PYDANTIC_LOAD = f"""import sys
import time

START = time.perf_counter_ns()
exec({DATACLASSES!r})

from pydantic import TypeAdapter

with open(sys.argv[1], "rb") as file:
    REGISTRY = TypeAdapter(Registry).validate_json(file.read())
print(time.perf_counter_ns() - START)
"""

JSON_LOAD = """
import json
import sys

with open(sys.argv[1], "rb") as file:
    REGISTRY = json.load(file)
"""
