"""The linear layers that some models have after pooling, or after each token, in numpy."""

from hypiler.engines.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hypiler.engines.encoders import Floats
    from hypiler.engines.layout import DenseModule, Layout

_ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU")


def dense_layers(layout: "Layout") -> "list[Callable[[Floats], Floats]]":
    """A function for each layer of the folder, in order: [..., in_features] to [..., out_features].

    Raises EngineError for weights that are missing or of another shape, and for an activation that is not known.
    """
    return [_layer(layout, module) for module in layout.dense]


def _layer(layout: "Layout", module: "DenseModule") -> "Callable[[Floats], Floats]":
    import numpy as np
    from safetensors.numpy import load_file

    path = layout.folder / module.path / "model.safetensors"
    if not path.is_file():
        raise EngineError(f"the weights of the layer {module.path} must lie in {path}; there is no such file")
    weights: dict[str, Any] = load_file(path)
    name = module.activation.rpartition(".")[2]
    if name not in _ACTIVATIONS:
        raise EngineError(f"the layer {module.path} of {layout.folder} has the activation {name}, which is not known")
    matrix, bias = weights["linear.weight"].astype(np.float32), weights.get("linear.bias")
    if matrix.shape != (module.out_features, module.in_features):
        raise EngineError(f"{path} must hold [{module.out_features}, {module.in_features}] weights; got {matrix.shape}")

    def apply(vectors: "Floats") -> "Floats":
        result: Floats = vectors @ matrix.T + (0 if bias is None else bias.astype(np.float32))
        return _activated(result, name)

    return apply


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
