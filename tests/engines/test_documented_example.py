"""The example of the documentation that loads a model runs as a user runs it: with `hypiler[onnx]`, from a hub.

The network is a table of numbers by chance. The rest is as in the real repository at the pinned commit: which files
there are, and what the settings say.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from loopback_hub import LoopbackHub
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from hypiler import ModelConfig

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs/engines.md"]
# Models of which the files at the pinned commit are known, with the files that matter for loading.
REAL: dict[str, list[str]] = {
    "jinaai/jina-embeddings-v2-small-en": [
        *("config.json", "modules.json", "1_Pooling/config.json", "tokenizer.json"),
        *("model.onnx", "model.safetensors", "pytorch_model.bin"),
    ],
}
# The table by chance has not the bytes that the registry records.
UNRECORDED = "import hypiler.engines.files.download as download; download.recorded_sums = lambda config: {}"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "text", "question"]


def first_program(page: Path) -> str:
    found = re.search(r"^```py\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def graph(vocabulary: int, width: int) -> bytes:
    """A row of a table per token."""
    table = np.random.default_rng(0).normal(size=(vocabulary, width)).astype(np.float16)
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", width])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["last_hidden_state"], to=TensorProto.FLOAT),
    ]
    whole = helper.make_graph(nodes, "table", inputs, [output], [numpy_helper.from_array(table, "table")])
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(onnx.load_from_string(model.SerializeToString()).SerializeToString())


def tokenizer() -> bytes:
    found = Tokenizer(models.WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    found.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return found.to_str().encode()


def repository(config: ModelConfig) -> dict[str, Any]:
    model: Any = config.model
    module = "sentence_transformers.models"
    content: dict[str, Any] = {
        "config.json": {"model_type": "bert", "hidden_size": model.hidden_dim, "vocab_size": model.vocab_size},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{module}.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{module}.Pooling"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden_dim, "pooling_mode_mean_tokens": True},
        "tokenizer.json": tokenizer(),
        "model.onnx": graph(model.vocab_size, model.embedding_dim),
    }
    return {name: content.get(name, b"not for this engine") for name in REAL[config.repo]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_example_runs_from_a_hub(page: Path, tmp_path: Path) -> None:
    program = first_program(page)
    (id,) = re.findall(r'from_registry\("(.+?)"', program)
    config = ModelConfig.from_registry(id)
    assert config.repo in REAL, "nobody has shown that this repository has an ONNX file at the pinned commit"
    told = re.findall(r"^(\w+) = .*# (\w+) (\[[\d, ]+\])", program, re.MULTILINE)
    assert told
    shown = "; ".join(f"print({name}.dtype, list({name}.shape))" for name, *_ in told)
    with LoopbackHub() as hub:
        hub.add(config.repo, repository(config), commit=config.revision)
        variables = {**os.environ, **hub.environment(tmp_path / "cache"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        command = [sys.executable, "-W", "error", "-c", f"{UNRECORDED}\n{program}\nprint(encoder.engine); {shown}"]
        printed = ["onnx", *[f"{dtype} {json.loads(shape)}" for _, dtype, shape in told]]
        requests: list[int] = []
        for _ in range(2):
            done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert (done.stderr, done.stdout.splitlines()) == ("", printed)
            requests.append(len(hub.requests))
        # The second process asks the hub for nothing.
        assert requests[0] == requests[1] > 0
        assert "pytorch_model.bin" not in hub.files
        assert "model.safetensors" not in hub.files
