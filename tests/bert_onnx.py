"""The graph of a BERT in ONNX, written node by node from its weights: a real model for onnxruntime, without PyTorch."""

import json
from math import sqrt
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export_bert(folder: Path, target: Path, head: Literal["none", "mlm", "classifier"] = "none") -> None:
    """Write the model in a folder (config.json, model.safetensors) as one ONNX file.

    It takes int64 [batch, tokens] and gives float32 `last_hidden_state` [batch, tokens, hidden], or with a head
    `logits`: [batch, tokens, vocabulary] of the masked language model, [batch, labels] of the classifier.
    """
    config = json.loads((folder / "config.json").read_bytes())
    weights = {usual(name): array for name, array in load_file(folder / "model.safetensors").items()}
    graph = Graph(weights, config["layer_norm_eps"])
    tokens = graph.bert(config["num_hidden_layers"], config["num_attention_heads"])
    shape = ["batch", "tokens", config["hidden_size"]]
    if head == "mlm":
        tokens, shape = graph.mlm_head(tokens), ["batch", "tokens", config["vocab_size"]]
    elif head == "classifier":
        tokens, shape = graph.classifier(tokens), ["batch", len(weights["classifier.bias"])]
    output = "last_hidden_state" if head == "none" else "logits"
    graph.nodes.append(helper.make_node("Identity", [tokens], [output]))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in INPUTS]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
    whole = helper.make_graph(graph.nodes, "bert", inputs, outputs, list(graph.initializers.values()))
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def usual(name: str) -> str:
    """A weight's name without the prefix, and with the words of today for the two parts of a layer norm."""
    return name.removeprefix("bert.").replace("LayerNorm.gamma", "LayerNorm.weight").replace(".beta", ".bias")


class Graph:
    """Nodes in order; each method adds some and gives the name of what comes out."""

    def __init__(self, weights: dict[str, Any], epsilon: float) -> None:
        self.weights, self.epsilon = weights, epsilon
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}

    def op(self, type: str, *inputs: str, **attributes: Any) -> str:
        name = f"{type}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(type, inputs, [name], **attributes))
        return name

    def weight(self, name: str) -> str:
        self.initializers[name] = numpy_helper.from_array(self.weights[name], name)
        return name

    def product(self, x: str, name: str) -> str:
        return self.op("MatMul", x, self.op("Transpose", self.weight(name), perm=[1, 0]))

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers[name] = numpy_helper.from_array(np.array(value, dtype), name)
        return name

    def linear(self, x: str, name: str) -> str:
        return self.op("Add", self.product(x, f"{name}.weight"), self.weight(f"{name}.bias"))

    def norm(self, x: str, name: str) -> str:
        parts = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, *parts, epsilon=self.epsilon)

    def gelu(self, x: str) -> str:
        erf = self.op("Erf", self.op("Mul", x, self.constant(1 / sqrt(2))))
        return self.op("Mul", self.op("Mul", x, self.constant(0.5)), self.op("Add", erf, self.constant(1)))

    def bert(self, layers: int, heads: int) -> str:
        ids, mask, types = INPUTS
        length = self.op("Slice", self.op("Shape", ids), self.constant([1], np.int64), self.constant([2], np.int64))
        positions = self.op(
            "Slice", self.weight("embeddings.position_embeddings.weight"), self.constant([0], np.int64), length
        )
        words = self.op("Gather", self.weight("embeddings.word_embeddings.weight"), ids)
        kinds = self.op("Gather", self.weight("embeddings.token_type_embeddings.weight"), types)
        x = self.norm(self.op("Add", self.op("Add", words, kinds), positions), "embeddings.LayerNorm")
        # 0 where a token is attended to, far below every score where not: [batch, 1, 1, tokens].
        padding = self.op("Sub", self.constant(1), self.op("Cast", mask, to=TensorProto.FLOAT))
        padding = self.op("Mul", padding, self.constant(np.finfo(np.float32).min))
        padding = self.op("Unsqueeze", padding, self.constant([1, 2], np.int64))
        for number in range(layers):
            x = self.layer(x, padding, heads, f"encoder.layer.{number}")
        return x

    def layer(self, x: str, padding: str, heads: int, name: str) -> str:
        attended = self.attention(x, padding, heads, f"{name}.attention.self")
        attended = self.linear(attended, f"{name}.attention.output.dense")
        x = self.norm(self.op("Add", attended, x), f"{name}.attention.output.LayerNorm")
        inner = self.gelu(self.linear(x, f"{name}.intermediate.dense"))
        return self.norm(self.op("Add", self.linear(inner, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def attention(self, x: str, padding: str, heads: int, name: str) -> str:
        width = len(self.weights[f"{name}.query.bias"]) // heads
        apart, together = self.constant([0, 0, heads, width], np.int64), self.constant([0, 0, heads * width], np.int64)

        def split(part: str, order: list[int]) -> str:
            return self.op("Transpose", self.op("Reshape", self.linear(x, f"{name}.{part}"), apart), perm=order)

        scores = self.op("MatMul", split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]))
        scores = self.op("Add", self.op("Div", scores, self.constant(sqrt(width))), padding)
        found = self.op("MatMul", self.op("Softmax", scores, axis=-1), split("value", [0, 2, 1, 3]))
        return self.op("Reshape", self.op("Transpose", found, perm=[0, 2, 1, 3]), together)

    def mlm_head(self, x: str) -> str:
        x = self.gelu(self.linear(x, "cls.predictions.transform.dense"))
        x = self.norm(x, "cls.predictions.transform.LayerNorm")
        # The decoder is the table of the words, unless it has weights of its own.
        own = "cls.predictions.decoder.weight"
        logits = self.product(x, own if own in self.weights else "embeddings.word_embeddings.weight")
        return self.op("Add", logits, self.weight("cls.predictions.bias"))

    def classifier(self, x: str) -> str:
        first = self.op("Gather", x, self.constant(0, np.int64), axis=1)
        return self.linear(self.op("Tanh", self.linear(first, "pooler.dense")), "classifier")


def export_heads(folder: Path, target: Path, sparse: Any, colbert: Any, bias: Any) -> None:
    """Write the model in a folder with three outputs, as exports of BGE-M3 have them.

    They are `dense_vecs` [batch, hidden], the first token; `sparse_vecs` [batch, tokens, 1]; and `colbert_vecs`
    [batch, tokens - 1, width] without the first token. The last two are those of linear layers.
    """
    config = json.loads((folder / "config.json").read_bytes())
    weights = {usual(name): array for name, array in load_file(folder / "model.safetensors").items()}
    graph = Graph(
        weights | {"sparse": sparse, "colbert.weight": colbert, "colbert.bias": bias}, config["layer_norm_eps"]
    )
    tokens = graph.bert(config["num_hidden_layers"], config["num_attention_heads"])
    rest = graph.op("Slice", tokens, *[graph.constant([number], np.int64) for number in (1, 1 << 31, 1)])
    found = {
        "dense_vecs": graph.op("Gather", tokens, graph.constant(0, np.int64), axis=1),
        "sparse_vecs": graph.op("Relu", graph.product(tokens, "sparse")),
        "colbert_vecs": graph.linear(rest, "colbert"),
    }
    graph.nodes += [helper.make_node("Identity", [one], [name]) for name, one in found.items()]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in INPUTS]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in found]
    whole = helper.make_graph(graph.nodes, "bert", inputs, outputs, list(graph.initializers.values()))
    onnx.save(helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), target)
