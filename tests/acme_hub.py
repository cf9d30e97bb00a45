"""Two models of a made-up company on a hub on this machine, which the how-to pages add, verify, load and compare.

They are small, and otherwise as a real repository has them: settings of sentence-transformers, a tokenizer, weights as
safetensors and as ONNX. The network is a table of numbers by chance, one row per word. So texts with the same words are
near each other, and a prefix moves every vector.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from loopback_hub import LoopbackHub
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WIDTH = 64
TEXT = """
query passage : . a the is of on in to and for how do i my cat sleeps roof rain falls lisbon bread baked at night violin
plays before dawn reset password open settings choose security invoice sent by mail every month cancel subscription
account refund takes five days change address where find what when
"""
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *dict.fromkeys(TEXT.split())]
CARD = """---
license: {license}
language: en
---
# {name}

Short texts of support desks. Put `query: ` before a question and `passage: ` before a text.
"""
COMMIT, NEWER = "1a" * 20, "2b" * 20


def publish(hub: LoopbackHub) -> None:
    """Put both models on the hub."""
    hub.add("acme/search", files("Acme Search", "apache-2.0", seed=0), commit=COMMIT)
    hub.add("acme/search-2", files("Acme Search 2", "cc-by-nc-4.0", seed=1), commit=NEWER)


def use(hub: LoopbackHub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask this hub from this process and from those that it starts; commits of git have an author."""
    hub.redirect(monkeypatch, cache)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_PROGRESS_BARS", True)
    settings = hub.environment(cache) | {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        settings |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@acme.example"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def files(name: str, license: str, seed: int) -> dict[str, Any]:
    """The repository of a model, by file."""
    table = np.random.default_rng(seed).normal(size=(len(WORDS), WIDTH)).astype(np.float32)
    modules = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    return {
        "README.md": CARD.format(name=name, license=license),
        "config.json": {
            "architectures": ["WordsModel"],
            "model_type": "words",
            "hidden_size": WIDTH,
            "max_position_embeddings": 128,
            "matryoshka_dimensions": [16, 32, WIDTH],
            "vocab_size": len(WORDS),
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "similarity_fn_name": "cosine",
        },
        "sentence_bert_config.json": {"max_seq_length": 32, "do_lower_case": False},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 128},
        "1_Pooling/config.json": {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True},
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for place, (kind, path) in enumerate(modules)
        ],
        "tokenizer.json": _tokenizer(),
        "model.safetensors": save({"embeddings.word_embeddings.weight": table}),
        "onnx/model.onnx": _graph(table),
    }


def _tokenizer() -> Any:
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return json.loads(tokenizer.to_str())


def _graph(table: NDArray[np.float32]) -> bytes:
    """A row of the table per token."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", WIDTH])
    gather = helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
    graph = helper.make_graph([gather], "table", inputs, [output], [numpy_helper.from_array(table, "table")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(onnx.load_from_string(model.SerializeToString()).SerializeToString())
