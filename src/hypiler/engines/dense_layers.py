"""Linear layers after the network, for pooled vectors or for token vectors, in numpy."""

from importlib import import_module

from hypiler.engines.checks import library_errors
from hypiler.engines.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hypiler.engines.encoders import Floats
    from hypiler.engines.layout import ModelFolder
    from hypiler.model_files.projection import Layer

_ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU")


def dense_layers(layout: "ModelFolder") -> "list[Callable[[Floats], Floats]]":
    """One function per layer of the folder, in order. Each maps [..., in_features] to [..., out_features].

    Raises EngineError for weights that are missing or have another shape, and for an unknown activation. The functions
    raise EngineError for vectors of another width.
    """
    return [_layer(layout, module) for module in layout.dense]


def _layer(layout: "ModelFolder", module: "Layer") -> "Callable[[Floats], Floats]":
    import numpy as np

    path = layout.folder / module.path / "model.safetensors"
    name = (module.activation or "").rpartition(".")[2]
    if name not in _ACTIVATIONS:
        raise EngineError(
            f"the activation of {path.parent} must be one of {', '.join(_ACTIVATIONS)}; got {module.activation!r}"
        )
    weights: dict[str, Any]
    with library_errors(f"the weights of a layer cannot be read from {path}"):
        weights = _loaded(layout.files.read(path.relative_to(layout.folder).as_posix()))
    shapes: dict[str, tuple[int, ...]] = {"linear.weight": (module.out_features, module.in_features)}
    if module.bias:
        shapes["linear.bias"] = (module.out_features,)
    for part, shape in shapes.items():
        found = weights[part].shape if part in weights else None
        if found != shape:
            raise EngineError(f"`{part}` in {path} must be of shape {shape}; got {found}")
    matrix = weights["linear.weight"].astype(np.float32)
    bias = weights["linear.bias"].astype(np.float32) if module.bias else 0

    def apply(vectors: "Floats") -> "Floats":
        if vectors.shape[-1] != module.in_features:
            raise EngineError(f"the layer {path.parent} takes vectors of {module.in_features}; got {vectors.shape[-1]}")
        return _activated(vectors @ matrix.T + bias, name)

    return apply


def _loaded(data: bytes) -> "dict[str, Any]":
    """The tensors in a safetensors file. numpy has no bfloat16, which is the upper half of a float32."""
    import numpy as np
    from safetensors.numpy import load

    # safetensors has no type information for this function.
    deserialize: Any = import_module("safetensors").deserialize
    tensors: dict[str, Any] = dict(deserialize(data))
    if not any(held["dtype"] == "BF16" for held in tensors.values()):
        return load(data)
    found: dict[str, Any] = {}
    for name, held in tensors.items():
        if held["dtype"] != "BF16":
            raise ValueError(f"the tensors must be of one type; got BF16 and {held['dtype']}")
        halves = np.frombuffer(held["data"], "<u2").astype("<u4") << 16
        found[name] = halves.view("<f4").reshape(held["shape"])
    return found


def _activated(vectors: "Floats", name: str) -> "Floats":
    import numpy as np

    if name == "Tanh":
        return np.tanh(vectors)
    if name == "ReLU":
        return np.maximum(vectors, 0)
    if name == "GELU":
        from math import erf, sqrt

        exact = np.frompyfunc(lambda x: x * (1 + erf(x / sqrt(2))) / 2, 1, 1)
        result: Floats = exact(vectors).astype(np.float32)
        return result
    return vectors
