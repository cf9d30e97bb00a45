"""Every engine makes the same vectors of the same files. Those that are not installed are skipped."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bert_onnx import export_bert
from safetensors.numpy import load_file, save_file
from slow import slow
from tiny import config_of

from hypiler import ModelConfig

PACKAGES = {
    "sentence-transformers": "sentence_transformers",
    "fastembed": "fastembed",
    "onnx": "onnxruntime",
}
QUERIES = ["A man is eating food.", "How do I reset my password?", "café"]
TEXTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "a",
    "",
    " \t\n",
    "Ärger über 東京, naïve café — Здравствуй мир! שלום 🙂🙂 \u0000\u200b\ufeff",
    # More tokens than tokenizer.json of MiniLM cuts to (128), and more than the model takes (256).
    " ".join(["one, two: three"] * 40),
    " ".join(["The stock market fell sharply today."] * 60),
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 9,
]
SPECS = {"embedding_dim": 384, "hidden_dim": 384, "vocab_size": 30522, "context_length": 256}
SPLADE = {"embedding_dim": 30522, "hidden_dim": 128, "vocab_size": 30522, "context_length": 512}
PREFIXES = {"query_prefix": "query: ", "document_prefix": "Represent this text, for search: "}


@pytest.fixture(params=["sentence-transformers", "fastembed"])
def other(request: pytest.FixtureRequest) -> str:
    """An engine to hold against `onnx`."""
    for name in ("onnx", request.param):
        if find_spec(PACKAGES[name]) is None:
            pytest.skip(f"{name} is not installed")
    return str(request.param)


def entry(type: str, place: Path, dimension: int | None = None, **encoding: Any) -> ModelConfig:
    specs: dict[str, Any] = SPLADE if type == "sparse" else SPECS
    plain = {"pooling": None, "normalize": None, "similarity": None}
    stated: dict[str, dict[str, Any]] = {
        "dense": {},
        "sparse": plain | {"similarity": "dot"},
        "colbert": {"pooling": None, "similarity": "max_sim"},
        "reranker": plain,
    }
    return config_of(
        place,
        dimension,
        type=type,
        specs={"parameters": "22.7M", "max_position_embeddings": 512} | specs,
        architecture={"matryoshka_dims": sorted({dimension or specs["embedding_dim"], specs["embedding_dim"]})},
        capabilities={"multi_vector": type == "colbert"},
        encoding=stated[type] | encoding,
    )


def loaded(config: ModelConfig, folder: Path, other: str) -> tuple[Any, Any]:
    return config.load("onnx", local=folder), config.load(other, local=folder)


CHOICES: list[tuple[int | None, dict[str, Any]]] = [
    (None, {}),
    (None, PREFIXES),
    (128, PREFIXES),
    (128, {"matryoshka_order": "layer_norm_truncate_normalize"}),
    (None, {"query_length": 8, "document_length": 200}),
]


@pytest.mark.parametrize(("dimension", "encoding"), CHOICES)
def test_dense_vectors_are_the_same(
    minilm_onnx: Path, tmp_path: Path, other: str, dimension: int | None, encoding: dict[str, Any]
) -> None:
    config = entry("dense", tmp_path, dimension, **encoding)
    vectors, scores = [], []
    for encoder in loaded(config, minilm_onnx, other):
        queries, documents = encoder.encode_queries(QUERIES), encoder.encode_documents(TEXTS)
        assert (queries.shape, documents.shape) == (
            (len(QUERIES), config.embedding_dim),
            (len(TEXTS), config.embedding_dim),
        )
        vectors.append(np.concatenate([queries, documents]))
        scores.append(encoder.similarity(queries, documents))
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)


@pytest.mark.parametrize("pooling", ["cls", "max", "last_token", "mean_sqrt_len", "weighted_mean"])
def test_texts_are_pooled_the_same(minilm_onnx: Path, tmp_path: Path, pooling: str) -> None:
    pytest.importorskip("sentence_transformers")
    folder = without(minilm_onnx, tmp_path, "modules.json", "config_sentence_transformers.json")
    config = entry("dense", tmp_path, pooling=pooling)
    first, second = loaded(config, folder, "sentence-transformers")
    np.testing.assert_allclose(second.encode_documents(TEXTS), first.encode_documents(TEXTS), atol=1e-4)


def without(folder: Path, place: Path, *names: str) -> Path:
    """A folder with the files of another, some of them left out. Weights are links."""
    result = place / "linked"
    for path in folder.rglob("*"):
        target = result / path.relative_to(folder)
        if path.is_file() and path.name not in names:
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in (".onnx", ".safetensors"):
                target.symlink_to(path)
            else:
                shutil.copy(path, target)
    return result


@pytest.mark.parametrize("encoding", [{}, PREFIXES, {"query_length": 8, "document_length": 200}])
def test_sparse_vectors_are_the_same(splade_onnx: Path, tmp_path: Path, other: str, encoding: dict[str, Any]) -> None:
    first, second = loaded(entry("sparse", tmp_path, **encoding), splade_onnx, other)
    for encode, again in (
        (first.encode_queries, second.encode_queries),
        (first.encode_documents, second.encode_documents),
    ):
        np.testing.assert_allclose(again(TEXTS).toarray(), encode(TEXTS).toarray(), atol=1e-4)


@pytest.mark.parametrize("encoding", [{}, PREFIXES])
def test_multi_vectors_are_the_same(multi_vector_onnx: Path, tmp_path: Path, encoding: dict[str, Any]) -> None:
    pytest.importorskip("sentence_transformers")
    vectors, scores = [], []
    for encoder in loaded(entry("colbert", tmp_path, **encoding), multi_vector_onnx, "sentence-transformers"):
        queries, documents = encoder.encode_queries(QUERIES), encoder.encode_documents(TEXTS)
        vectors.append([*queries, *documents])
        scores.append(encoder.similarity(queries, documents))
    for found, expected in zip(*vectors, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-3)


@pytest.fixture(scope="module")
def reranker(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM with a head over its first token that is by chance, the same every time."""
    folder = tmp_path_factory.mktemp("reranker") / "model"
    (folder / "onnx").mkdir(parents=True)
    weights = {f"bert.{name}": held for name, held in load_file(minilm / "model.safetensors").items()}
    weights["classifier.weight"] = np.random.default_rng(0).normal(size=(1, 384)).astype(np.float32)
    weights["classifier.bias"] = np.array([0.5], np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    head = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "score"}, "label2id": {"score": 0}}
    config = json.loads((minilm / "config.json").read_bytes()) | head
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        (folder / name).write_bytes((minilm / name).read_bytes())
    export_bert(folder, folder / "onnx/model.onnx", "classifier")
    return folder


@slow
@pytest.mark.parametrize("encoding", [{}, PREFIXES])
def test_scores_of_pairs_are_the_same(reranker: Path, tmp_path: Path, encoding: dict[str, Any]) -> None:
    pytest.importorskip("sentence_transformers")
    first, second = loaded(entry("reranker", tmp_path, **encoding), reranker, "sentence-transformers")
    scores = first.similarity(first.encode_queries(QUERIES), first.encode_documents(TEXTS))
    found = second.similarity(second.encode_queries(QUERIES), second.encode_documents(TEXTS))
    np.testing.assert_allclose(found, scores, atol=1e-4)
    assert scores.std() > 0.1
