"""A small model on a hub on this machine, which huggingface_hub takes for the real one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from loopback_hub import LoopbackHub
from model_files.models import weights

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]
HEADER = weights(embeddings__weight=("F32", [16, 8]))
FILES: dict[str, Any] = {
    "1_Pooling/config.json": {"pooling_mode_mean_tokens": True},
    "README.md": "---\nlicense: mit\n---\nA model.\n",
    "config.json": {"model_type": "bert", "hidden_size": 8, "vocab_size": 16},
    "model.safetensors": HEADER + bytes(16 * 8 * 4),
    "modules.json": MODULES,
    "tokenizer.json": {"version": "1.0"},
}
READ = FILES.keys() - {"tokenizer.json"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.redirect(monkeypatch, tmp_path / "downloads")
        yield hub
