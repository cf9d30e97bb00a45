"""Real vectors, which the tests of real stores insert and look for."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_weights import weights_of

from hypiler import ModelConfig
from hypiler.registry import Registry

ROOT = Path(__file__).parents[2]

TOPICS = ("a cat sleeps", "rain falls", "bread is baked", "a ship sails", "stars shine", "a violin plays", "code runs")
PLACES = ("on the roof", "in Lisbon", "at night", "by the river", "in winter", "before dawn")


class RealVectors:
    """The vectors of MiniLM for 42 texts and 3 queries."""

    def __init__(self, place: Path) -> None:
        from bert_onnx import export_bert

        folder = Path(shutil.copytree(weights_of("minilm"), place / "model"))
        (folder / "onnx").mkdir()
        export_bert(folder, folder / "onnx/model.onnx")
        # Without the lock: the ONNX file of the tests is not that of the repository.
        registry = Registry.load(shutil.copy(ROOT / "models.json", place))
        self.config = ModelConfig.from_model(registry["all-minilm-l6-v2"])
        encoder = self.config.load("onnx", local=folder)
        self.texts = [f"{topic} {place}" for topic in TOPICS for place in PLACES]
        self.documents = np.asarray(encoder.encode_documents(self.texts))
        self.queries = np.asarray(
            encoder.encode_queries(["music in the dark", "weather in Portugal", "a sleeping pet"])
        )
        self.stamp = encoder.stamp()
        self.encoder = encoder

    def nearest(self, query: int, count: int = 10) -> list[int]:
        """The texts by cosine, nearest first, as NumPy finds them."""
        scores = self.documents @ self.queries[query]
        return [int(row) for row in np.argsort(-scores, kind="stable")[:count]]


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealVectors:
    return RealVectors(tmp_path_factory.mktemp("minilm"))


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Gives the config of a shipped model with other facts about its encoding."""

    def change(id: str, **encoding: Any) -> ModelConfig:
        tree = json.loads((ROOT / "models.json").read_text("utf-8"))
        entry = next(model for model in tree["models"] if model["id"] == id)
        entry["encoding"] |= encoding
        path = tmp_path / "models.json"
        path.write_text(json.dumps({"version": "1.0", "models": [entry]}))
        return ModelConfig.from_model(Registry.load(path)[id])

    return change
