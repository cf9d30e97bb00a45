"""Small models of each kind for the adapters, and the genuine MiniLM."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from model_weights import weights_of
from onnx import TensorProto, helper, numpy_helper
from tiny import WORDS, config_of, entry, write_tiny

from hypiler import ModelConfig
from hypiler.registry import Registry

ROOT = Path(__file__).parents[2]
# Haystack and LangChain would send what pipelines are made of.
os.environ.update(HAYSTACK_TELEMETRY_ENABLED="False", LANGSMITH_TRACING="false")

SIDES = {"query_prefix": "q: ", "document_prefix": "d: "}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a dense model of eight numbers."""
    return write_tiny(tmp_path_factory.mktemp("dense") / "model")


@pytest.fixture(scope="session")
def tiny(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A dense encoder with another prefix for queries than for documents, as E5 has."""
    return config_of(tmp_path_factory.mktemp("registry"), encoding=SIDES).load("onnx", local=folder)


@pytest.fixture(scope="session")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sparse encoder: each word of a text has the same weight."""
    folder = write_tiny(tmp_path_factory.mktemp("sparse") / "model")
    rows = numpy_helper.from_array(3 * np.eye(len(WORDS), dtype=np.float32), "rows")
    node = helper.make_node("Gather", ["rows", "input_ids"], ["logits"])
    _save(folder, [node], {"logits": ["batch", "tokens", len(WORDS)]}, [rows], ["input_ids", "attention_mask"])
    changes: dict[str, Any] = {
        "type": "sparse",
        "specs": {"embedding_dim": len(WORDS)},
        "architecture": {"matryoshka_dims": [len(WORDS)]},
        "encoding": {**SIDES, "pooling": None, "normalize": None, "similarity": "dot"},
    }
    return config_of(tmp_path_factory.mktemp("registry"), **changes).load("onnx", local=folder)


@pytest.fixture(scope="session")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A reranker: the score of a pair is the sum over its tokens of (type + 1) times the id."""
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    folder = write_tiny(tmp_path_factory.mktemp("reranker") / "model", tokenizer_config={"model_input_names": inputs})
    nodes = [
        helper.make_node("Mul", ["input_ids", "token_type_ids"], ["typed"]),
        helper.make_node("Add", ["input_ids", "typed"], ["tokens"]),
        helper.make_node("Mul", ["tokens", "attention_mask"], ["masked"]),
        helper.make_node("Cast", ["masked"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["floats", "1"], ["logits"], keepdims=1),
    ]
    _save(folder, nodes, {"logits": ["batch", 1]}, [numpy_helper.from_array(np.array([1]), "1")], inputs)
    changes: dict[str, Any] = {"type": "reranker", "encoding": {"pooling": None}}
    return config_of(tmp_path_factory.mktemp("registry"), **changes).load("onnx", local=folder)


def _save(folder: Path, nodes: list[Any], outputs: Any, constants: list[Any], inputs: list[str]) -> None:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "model.onnx")


@pytest.fixture
def narrow(folder: Path, tmp_path: Path) -> Any:
    """The dense encoder, cut to four dimensions."""
    return config_of(tmp_path, 4, encoding=SIDES).load("onnx", local=folder)


@pytest.fixture
def registry_file(tmp_path: Path) -> Callable[..., str]:
    """Writes a models.json with the dense model, and gives its path."""

    def write(**changes: Any) -> str:
        path = tmp_path / "models.json"
        path.write_text(json.dumps({"version": "1.0", "models": [entry(encoding=SIDES, **changes)]}))
        return str(path)

    return write


TOPICS = ("a cat sleeps", "rain falls", "bread is baked", "a ship sails", "stars shine", "a violin plays", "code runs")
PLACES = ("on the roof", "in Lisbon", "at night", "by the river", "in winter", "before dawn")
TEXTS = [f"{topic} {place}" for topic in TOPICS for place in PLACES]
QUERIES = ["music in the dark", "weather in Portugal", "a sleeping pet"]


class MiniLm:
    """The genuine all-MiniLM-L6-v2, and the order in which it finds texts."""

    def __init__(self, place: Path) -> None:
        from bert_onnx import export_bert

        self.folder = Path(shutil.copytree(weights_of("minilm"), place / "model"))
        (self.folder / "onnx").mkdir()
        export_bert(self.folder, self.folder / "onnx/model.onnx")
        # Without the lock: the ONNX file of the tests is not that of the repository.
        self.registry = shutil.copy(ROOT / "models.json", place)
        self.config = ModelConfig.from_model(Registry.load(self.registry)["all-minilm-l6-v2"])
        self.encoder: Any = self.config.load("onnx", local=self.folder)
        self.texts = TEXTS
        self.queries = QUERIES
        self.documents = self.encoder.encode_documents(TEXTS)

    def nearest(self, query: str, count: int = 10) -> list[str]:
        """The texts that hypiler's own similarity finds, nearest first."""
        encoder = self.encoder
        scores = encoder.similarity(encoder.encode_queries([query]), self.documents)[0]
        return [self.texts[row] for row in np.argsort(-scores, kind="stable")[:count]]


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> MiniLm:
    return MiniLm(tmp_path_factory.mktemp("minilm"))
