"""Linear layers after the network, for pooled vectors or for token vectors, in numpy."""

from importlib import import_module

from hypiler.engines.checks import library_errors
from hypiler.engines.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
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


def output_layer(layout: "ModelFolder", file: str, layers: "Sequence[Any]") -> "Callable[[Floats], Floats]":
    """The layer of one output of a model, whose weights are in a safetensors file of their own.

    The file has the layer's matrix and perhaps its bias, under any names. Raises EngineError for anything else: several
    layers, weights of another shape, or an activation that the registry does not state.
    """
    path = layout.folder / file
    if len(layers) != 1:
        raise EngineError(f"the registry must state one layer for the output whose weights are in {path}")
    shape = (layers[0].out_features, layers[0].in_features)
    weights = _read(layout, path)
    found = {len(one.shape): one for one in weights.values()}
    if len(found) != len(weights) or not {2} <= found.keys() <= {1, 2}:
        raise EngineError(f"{path} must have the matrix of one layer, and perhaps its bias; got {', '.join(weights)}")
    for one, expected in ((found[2], shape), (found.get(1), shape[:1])):
        if one is not None and one.shape != expected:
            raise EngineError(f"the weights in {path} must be of shape {expected}; got {one.shape}")
    return _applied(path, found[2], found.get(1, 0), _known_activation(path, layers[0].activation))


def _layer(layout: "ModelFolder", module: "Layer") -> "Callable[[Floats], Floats]":
    path = layout.folder / module.path / "model.safetensors"
    name = _known_activation(path.parent, module.activation)
    weights = _read(layout, path)
    shapes: dict[str, tuple[int, ...]] = {"linear.weight": (module.out_features, module.in_features)}
    if module.bias:
        shapes["linear.bias"] = (module.out_features,)
    for part, shape in shapes.items():
        found = weights[part].shape if part in weights else None
        if found != shape:
            raise EngineError(f"`{part}` in {path} must be of shape {shape}; got {found}")
    return _applied(path.parent, weights["linear.weight"], weights["linear.bias"] if module.bias else 0, name)


def _known_activation(place: "Path", stated: str | None) -> str:
    name = (stated or "").rpartition(".")[2]
    if name not in _ACTIVATIONS:
        raise EngineError(f"the activation of {place} must be one of {', '.join(_ACTIVATIONS)}; got {stated!r}")
    return name


def _read(layout: "ModelFolder", path: "Path") -> "dict[str, Any]":
    with library_errors(f"the weights of a layer cannot be read from {path}"):
        return tensors(layout.files.read(path.relative_to(layout.folder).as_posix()))


def _applied(place: "Path", weight: "Any", bias: "Any", name: str) -> "Callable[[Floats], Floats]":
    """The function of a layer with these weights."""
    import numpy as np

    matrix, added = weight.astype(np.float32), np.asarray(bias, np.float32)

    def apply(vectors: "Floats") -> "Floats":
        if vectors.shape[-1] != matrix.shape[1]:
            raise EngineError(f"the layer {place} takes vectors of {matrix.shape[1]}; got {vectors.shape[-1]}")
        return _activated(vectors @ matrix.T + added, name)

    return apply


def tensors(data: bytes) -> "dict[str, Any]":
    """The tensors in a safetensors file. numpy has no bfloat16, which is the upper half of a float32."""
    import numpy as np
    from safetensors.numpy import load

    # safetensors has no type information for this function.
    deserialize: Any = import_module("safetensors").deserialize
    held_tensors: dict[str, Any] = dict(deserialize(data))
    if not any(held["dtype"] == "BF16" for held in held_tensors.values()):
        return load(data)
    found: dict[str, Any] = {}
    for name, held in held_tensors.items():
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
