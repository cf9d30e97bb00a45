"""The model of `tiny` with three outputs, as exports of BGE-M3 have them: what comes out can be worked out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tiny import TABLE, WIDTH, WORDS, ids_of, write_tiny

SPARSE, COLBERT = (
    np.random.default_rng(seed).normal(size=(width, WIDTH)).astype(np.float32) for seed, width in ((10, 1), (2, 4))
)
BIAS = np.array([0.5, -0.5, 0.25, 0], np.float32)
TOKENS = {
    "cls_token": "[CLS]",
    "eos_token": "[SEP]",
    "pad_token": "[PAD]",
    "unk_token": "[PAD]",
    "mask_token": "[MASK]",
}
DENSE = {"name": "dense", "type": "dense", "embedding_dim": WIDTH, "onnx_output": "dense_vecs"}
OUTPUTS: list[dict[str, Any]] = [
    DENSE,
    {"name": "sparse", "type": "sparse", "embedding_dim": len(WORDS), "onnx_output": "sparse_vecs"},
    {
        "name": "colbert",
        "type": "multi-vector",
        "embedding_dim": 4,
        "normalize": True,
        "document_length": 16,
        "onnx_output": "colbert_vecs",
    },
]
# What the entry of such a model says beside it.
UNIFIED: dict[str, Any] = {
    "type": "unified",
    "outputs": OUTPUTS,
    "capabilities": {"multi_vector": True},
    "encoding": {"pooling": "cls", "query_length": 32, "document_length": 32},
}


def write_outputs(folder: Path, *, first_left_out: bool = True, flat: bool = False, **files: Any) -> Path:
    """The files of the model in a new folder.

    Its graph gives `dense_vecs` [texts, 8], `sparse_vecs` [texts, tokens, 1] and `colbert_vecs` [texts, tokens - 1, 4],
    beside `last_hidden_state`. With `first_left_out` false, the last one has all tokens; with `flat`, the weights are
    [texts, tokens] and may be negative, as some exports have them.
    """
    write_tiny(folder, tokenizer_config=TOKENS, **files)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"]),
        helper.make_node("Gather", ["last_hidden_state", "zero"], ["dense_vecs"], axis=1),
        helper.make_node("MatMul", ["last_hidden_state", "sparse"], ["weights"]),
        helper.make_node("Squeeze", ["weights", "last"], ["sparse_vecs"])
        if flat
        else helper.make_node("Relu", ["weights"], ["sparse_vecs"]),
        helper.make_node("MatMul", ["last_hidden_state", "colbert"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["all_tokens"]),
        helper.make_node("Slice", ["all_tokens", "start", "end", "axis"], ["colbert_vecs"]),
    ]
    constants = {
        "table": TABLE,
        "zero": np.array(0),
        "last": np.array([2]),
        "sparse": SPARSE.T,
        "colbert": COLBERT.T,
        "bias": BIAS,
        "start": np.array([1 if first_left_out else 0]),
        "end": np.array([1 << 31]),
        "axis": np.array([1]),
    }
    shapes: dict[str, list[Any]] = {
        "last_hidden_state": ["batch", "tokens", WIDTH],
        "dense_vecs": ["batch", WIDTH],
        "sparse_vecs": ["batch", "tokens"] if flat else ["batch", "tokens", 1],
        "colbert_vecs": ["batch", "others", 4],
    }
    graph = helper.make_graph(
        nodes,
        "several",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    return folder


def dense_by_hand(text: str) -> Any:
    """The vector of the first token, with length 1."""
    vector = TABLE[WORDS.index("[CLS]")]
    return vector / np.linalg.norm(vector)


def sparse_by_hand(text: str) -> Any:
    """The largest weight of each word of a text. Special tokens have none, and weights are not negative."""
    vector = np.zeros(len(WORDS), np.float32)
    for id in ids_of(text)[1:-1]:
        vector[id] = max(vector[id], (SPARSE @ TABLE[id])[0])
    return vector


def colbert_by_hand(text: str) -> Any:
    """A vector of length 1 for each token but the first."""
    vectors = TABLE[ids_of(text)[1:]] @ COLBERT.T + BIAS
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
