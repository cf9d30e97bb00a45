"""A model of a few numbers: each token's vector is a row of a table, so that what comes out can be worked out by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from generated import imported, valid
from onnx import TensorProto, helper, numpy_helper
from strategies import registry_of
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from hypiler import ModelConfig

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[Q]", "[D]", "q:", "d:", "a", "b", "c", "d", "e", "f", ".", ","]
WIDTH = 8
# In tokenizer_config.json: the tokenizer is used as it is. That of BERT would only take the vocabulary out of the file.
WHOLE = {"tokenizer_class": "PreTrainedTokenizerFast"}
TABLE = np.random.default_rng(0).normal(size=(len(WORDS), WIDTH)).astype(np.float32)


def write_tiny(folder: Path, **files: Any) -> Path:
    """The files of the model in a new folder; others are given by name, with `__` for `/` and what their JSON says."""
    folder.mkdir(parents=True)
    table = numpy_helper.from_array(TABLE, "table")
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])
    mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "tokens"])
    out = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", WIDTH])
    gather = helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
    graph = helper.make_graph([gather], "tiny", [ids, mask], [out], [table])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    # As some models have it: what is saved with the tokenizer is not what the model wants.
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(folder / "tokenizer.json"))
    written = {
        "config.json": {"model_type": "bert", "hidden_size": WIDTH, "vocab_size": len(WORDS)},
        "tokenizer_config.json": WHOLE,
    }
    if "tokenizer_config" in files:
        files["tokenizer_config"] = WHOLE | files["tokenizer_config"]
    for name, content in (written | {f"{name.replace('__', '/')}.json": files[name] for name in files}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    return folder


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of a registry that fits the model. What is changed inside a section leaves the rest of it."""
    model: dict[str, Any] = {
        "id": "tiny",
        "type": "dense",
        "name": "Tiny",
        "huggingface_id": "org/tiny",
        "organization": "Org",
        "release_date": "2026",
        "license": "MIT",
        "description": "A table of vectors.",
        "revision": "a" * 40,
        "architecture": {"type": "bert", "variant": "tiny", "has_projection": False, "matryoshka_dims": [2, 4, WIDTH]},
        "specs": {
            "parameters": "1K",
            "embedding_dim": WIDTH,
            "hidden_dim": WIDTH,
            "context_length": 64,
            "max_position_embeddings": 64,
            "vocab_size": len(WORDS),
        },
        "capabilities": {"languages": ["en"], "modalities": ["text"], "multi_vector": False, "quantization": ["fp32"]},
        "performance": {"beir_avg": None, "ms_marco_mrr10": None},
        "encoding": {
            "query_prefix": "",
            "document_prefix": "",
            "pooling": "mean",
            "normalize": True,
            "similarity": "cosine",
        },
    }
    for name, value in changes.items():
        model[name] = model[name] | value if isinstance(value, dict) and name in model else value
    # None stands for what is left out.
    model["encoding"] = {key: value for key, value in model["encoding"].items() if value is not None}
    return {key: value for key, value in model.items() if value is not None}


def config_of(folder: Path, dimension: int | None = None, **changes: Any) -> ModelConfig:
    """A config of a registry with this one entry; `folder` takes the module."""
    with imported(valid(registry_of(entry(**changes))), folder) as module:
        return ModelConfig.from_model(module.MODEL_REGISTRY[0], dimension)


def ids_of(text: str) -> list[int]:
    """What the tokenizer should make of a text."""
    return [WORDS.index(word) for word in ["[CLS]", *text.split(), "[SEP]"]]
