"""Sentence Transformers, with real weights: needs PyTorch, so that these tests run where it is installed."""

import json
import re
import shutil
import sys
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sentence_transformers")

import torch
from generated import imported, valid
from safetensors.torch import load_file, save_file
from strategies import registry_of
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification, PreTrainedModel

from hypiler import ModelConfig
from hypiler.engines import EngineError, MismatchError, MissingEngineError
from hypiler.engines import sentence_transformers as engine

QUERIES = ["A man is eating food.", "How do I reset my password?"]
DOCUMENTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "Steps to recover a forgotten account password",
]
TREE = json.loads((Path(__file__).parents[2] / "models.json").read_bytes())
# What sets the other folders apart from MiniLM's, and the facts that go with a type.
SPECS = {"splade": {"embedding_dim": 30522, "hidden_dim": 128, "context_length": 512}}
ENCODING: dict[str, dict[str, Any]] = {
    "dense": {"pooling": "mean", "normalize": True, "similarity": "cosine"},
    "sparse": {"similarity": "dot"},
    "colbert": {"normalize": True, "similarity": "max_sim"},
    "reranker": {},
}


def entry(type: str, place: Path, name: str = "minilm", dimension: int | None = None, **encoding: Any) -> ModelConfig:
    """A config of a registry whose one model is of this type, with the numbers of one of the folders."""
    model = deepcopy(next(model for model in TREE["models"] if model["id"] == "all-minilm-l6-v2"))
    model = {key: value for key, value in model.items() if key not in ("sources", "variants")}
    model |= {"id": "tested", "type": type}
    model["specs"] |= SPECS.get(name, {})
    model["capabilities"]["multi_vector"] = type == "colbert"
    model["encoding"] = {"query_prefix": "", "document_prefix": ""} | ENCODING[type] | encoding
    if dimension is not None:
        model["architecture"]["matryoshka_dims"] = [dimension, model["specs"]["embedding_dim"]]
        model["capabilities"]["matryoshka"] = True
    with imported(valid(registry_of(model)), place) as module:
        return ModelConfig.from_model(module.MODEL_REGISTRY[0], dimension)


def scores(encoder: Any) -> Any:
    """The three pairs whose scores are known."""
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    return [found[0, 0], found[0, 1], found[1, 2]]


def copied(folder: Path, place: Path, *without: str, **files: Any) -> Path:
    """A copy of a model, some of its files left out and some JSON ones changed."""
    result = Path(shutil.copytree(folder, place / "copy", ignore=shutil.ignore_patterns(*without)))
    for name, changes in files.items():
        path = result / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return result


def test_dense_model_scores_as_its_own_library(minilm: Path) -> None:
    encoder = ModelConfig.from_registry("all-minilm-l6-v2").load("sentence-transformers", local=minilm)
    np.testing.assert_allclose(scores(encoder), [0.6888, 0.0037, 0.7053], atol=1e-4)


def test_sparse_model_scores_as_its_own_library(splade: Path, tmp_path: Path) -> None:
    encoder = entry("sparse", tmp_path, "splade").load("sentence-transformers", local=splade)
    np.testing.assert_allclose(scores(encoder), [11.4339, 0.0628, 9.4537], atol=1e-4)
    assert encoder.encode_queries(QUERIES).nnz < 100


def test_late_interaction_scores_as_its_own_library(multi_vector: Path, tmp_path: Path) -> None:
    encoder = entry("colbert", tmp_path).load("sentence-transformers", local=multi_vector)
    np.testing.assert_allclose(scores(encoder), [5.5845, 1.1733, 6.3127], atol=1e-4)


WRONG = [
    ("minilm", "sparse", "dense"),
    ("minilm", "colbert", "dense"),
    ("minilm", "reranker", "dense"),
    ("splade", "dense", "sparse"),
    ("splade", "colbert", "sparse"),
    ("splade", "reranker", "sparse"),
    ("multi_vector", "dense", "multi-vector"),
    ("multi_vector", "sparse", "multi-vector"),
    ("multi_vector", "reranker", "multi-vector"),
]


@pytest.mark.parametrize(("name", "type", "held"), WRONG)
def test_files_of_another_kind_are_refused(
    name: str, type: str, held: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(name)
    told = (
        f"`tested` is of type `{type}` in the registry, which is a {type.replace('colbert', 'multi-vector')} model, and"
        f" the files in {folder} hold a {held} one ("
    )
    with pytest.raises(MismatchError, match=f"^{re.escape(told)}"):
        entry(type, tmp_path, name).load("sentence-transformers", local=folder)


RANDOM = [
    ("minilm", "sparse", "SparseAutoEncoder"),
    ("minilm", "colbert", "Dense"),
    ("splade", "colbert", "Dense"),
    ("minilm", "reranker", "classifier.bias, classifier.weight"),
]


def opened(config: ModelConfig, folder: Path, encoder: Any, **contract: Any) -> Any:
    """What the engine alone makes of a folder, whatever kind its files seem to be of."""
    layout: Any = SimpleNamespace(folder=folder, trust_remote_code=False, allow_pickle=False)
    return engine.open_model(config, replace(encoder.contract, **contract), layout, "cpu")


@pytest.fixture(scope="module")
def dense(minilm: Path) -> Any:
    return ModelConfig.from_registry("all-minilm-l6-v2").load("sentence-transformers", local=minilm)


@pytest.mark.parametrize(("name", "type", "parts"), RANDOM)
def test_layer_that_no_file_holds_is_refused(
    name: str, type: str, parts: str, dense: Any, request: pytest.FixtureRequest
) -> None:
    folder, kind = request.getfixturevalue(name), type.replace("colbert", "multi_vector")
    with pytest.raises(MismatchError) as caught:
        opened(ModelConfig.from_registry("all-minilm-l6-v2"), folder, dense, kind=kind)
    assert str(caught.value) == (
        f"`all-minilm-l6-v2` is a {kind.replace('_', '-')} model in the registry, and the files in {folder} do not hold"
        f" all of one: {parts} would be random numbers"
    )


def test_layer_that_is_not_used_may_be_left_out(minilm: Path, dense: Any, tmp_path: Path) -> None:
    folder = copied(minilm, tmp_path)
    weights = load_file(folder / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if not name.startswith("pooler.")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    encoder = entry("dense", tmp_path).load("sentence-transformers", local=folder)
    assert len(kept) == len(weights) - 2
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), dense.encode_queries(QUERIES), atol=1e-6)


def test_prefixes_stand_before_the_texts_of_their_side(minilm: Path, dense: Any, tmp_path: Path) -> None:
    config = entry("dense", tmp_path, query_prefix="query: ", document_prefix="passage: ")
    encoder = config.load("sentence-transformers", local=minilm)
    queries = dense.encode_queries([f"query: {text}" for text in QUERIES])
    documents = dense.encode_documents([f"passage: {text}" for text in QUERIES])
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), queries, atol=1e-6)
    np.testing.assert_allclose(encoder.encode_documents(QUERIES), documents, atol=1e-6)
    assert np.abs(queries - documents).max() > 0.01


def test_prompts_of_the_folder_are_not_added(minilm: Path, dense: Any, tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "query: ", "document": "passage: "}, "default_prompt_name": "query"}
    folder = copied(minilm, tmp_path, config_sentence_transformers=prompts)
    encoder = entry("dense", tmp_path).load("sentence-transformers", local=folder)
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), dense.encode_queries(QUERIES), atol=1e-6)
    np.testing.assert_allclose(encoder.encode_documents(QUERIES), dense.encode_documents(QUERIES), atol=1e-6)


def test_each_side_is_cut_to_its_own_length(minilm: Path, dense: Any, tmp_path: Path) -> None:
    # Lengths of the folder's own, which the library would take first.
    folder = copied(minilm, tmp_path, sentence_bert_config={"query_length": 5, "document_length": 5})
    config = entry("dense", tmp_path, query_length=8, document_length=16)
    encoder = config.load("sentence-transformers", local=folder)
    words = ["one"] * 100
    # With the first and the last token of the model.
    queries, documents = dense.encode_queries([" ".join(words[:6])]), dense.encode_queries([" ".join(words[:14])])
    np.testing.assert_allclose(encoder.encode_queries([" ".join(words)]), queries, atol=1e-6)
    np.testing.assert_allclose(encoder.encode_documents([" ".join(words)]), documents, atol=1e-6)
    assert np.abs(queries - documents).max() > 0.001


def test_matryoshka_width_is_cut_after_the_model(minilm: Path, dense: Any, tmp_path: Path) -> None:
    # A width of the folder's own, which the library would cut to.
    folder = copied(minilm, tmp_path, config_sentence_transformers={"truncate_dim": 32})
    encoder = entry("dense", tmp_path, dimension=128).load("sentence-transformers", local=folder)
    cut = dense.encode_documents(DOCUMENTS)[:, :128]
    expected = cut / np.linalg.norm(cut, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_documents(DOCUMENTS), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("pooling", "by_hand"),
    [
        ("cls", lambda tokens: tokens[0]),
        ("mean", lambda tokens: tokens.mean(axis=0)),
        ("last_token", lambda tokens: tokens[-1]),
        ("mean_sqrt_len", lambda tokens: tokens.sum(axis=0) / len(tokens) ** 0.5),
    ],
)
def test_network_alone_is_pooled_as_the_registry_says(minilm: Path, tmp_path: Path, pooling: str, by_hand: Any) -> None:
    folder = copied(minilm, tmp_path, "modules.json", "*_Pooling", "*sentence*")
    config = entry("dense", tmp_path, pooling=pooling, normalize=False, similarity="dot")
    vectors = config.load("sentence-transformers", local=folder).encode_documents(DOCUMENTS)
    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    for vector, text in zip(vectors, DOCUMENTS, strict=True):
        with torch.no_grad():
            tokens = network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
        np.testing.assert_allclose(vector, by_hand(tokens), atol=1e-5)


@pytest.mark.parametrize(
    ("fact", "stated", "held"), [("pooling", "cls", "mean"), ("normalize", False, True), ("embedding_dim", 512, 384)]
)
def test_library_that_does_otherwise_than_agreed_is_refused(
    minilm: Path, dense: Any, fact: str, stated: object, held: object
) -> None:
    with pytest.raises(MismatchError) as caught:
        opened(ModelConfig.from_registry("all-minilm-l6-v2"), minilm, dense, **{fact: stated}).run(["a"], query=True)
    assert str(caught.value) == (
        f"`specs.embedding_dim` of `all-minilm-l6-v2` is {stated!r} in the registry, and its files give vectors of"
        f" {held!r}: the files are those of another model, or the registry is wrong"
        if fact == "embedding_dim"
        else f"`encoding.{fact}` of `all-minilm-l6-v2` is {stated!r}, and {held!r} by the files in {minilm}: one of them is"
        " wrong"
    )


@pytest.mark.parametrize(
    ("fact", "changes", "held"),
    [
        ("query_prefix", {"config_sentence_transformers": {"prompts": {"query": "[Q] ", "document": ""}}}, "[Q] "),
        ("query_length", {"sentence_bert_config": {"query_expansion": {"strategy": "fixed", "length": 32}}}, 32),
        ("document_length", {"sentence_bert_config": {"document_length": 180}}, 180),
    ],
)
def test_late_interaction_that_is_prepared_otherwise_is_refused(
    multi_vector: Path, tmp_path: Path, fact: str, changes: Any, held: object
) -> None:
    folder = copied(multi_vector, tmp_path, **changes)
    stated = {"query_prefix": "[S]", "query_length": 64, "document_length": 200}
    with pytest.raises(MismatchError) as caught:
        entry("colbert", tmp_path, **{fact: stated[fact]}).load("sentence-transformers", local=folder)
    assert str(caught.value) == (
        f"`encoding.{fact}` of `tested` is {stated[fact]!r}, and {held!r} by the files in {folder}: one of them is wrong"
    )


def test_queries_are_expanded_and_prefixed_as_the_folder_says(multi_vector: Path, tmp_path: Path) -> None:
    folder = copied(
        multi_vector,
        tmp_path,
        sentence_bert_config={"query_expansion": {"strategy": "fixed", "length": 32}},
        config_sentence_transformers={"prompts": {"query": "find: ", "document": ""}},
    )
    config = entry("colbert", tmp_path, query_prefix="find: ", query_length=32)
    (query,) = config.load("sentence-transformers", local=folder).encode_queries(["a meal"])
    plain = entry("colbert", tmp_path).load("sentence-transformers", local=multi_vector)
    (by_hand,) = plain.encode_queries(["find: a meal"])
    assert (len(query), len(by_hand)) == (32, 6)
    np.testing.assert_allclose(query[:6], by_hand, atol=1e-5)


@pytest.fixture(scope="module")
def reranker(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small classifier of pairs, with weights by chance."""
    folder = tmp_path_factory.mktemp("reranker")
    torch.manual_seed(0)
    sizes = {"hidden_size": 384, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertForSequenceClassification(BertConfig(num_labels=1, **sizes)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(minilm).save_pretrained(folder)
    return folder


def test_reranker_gives_the_logit_of_each_pair(reranker: Path, tmp_path: Path) -> None:
    encoder = entry("reranker", tmp_path).load("sentence-transformers", local=reranker)
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    tokenizer = AutoTokenizer.from_pretrained(reranker)
    network = BertForSequenceClassification.from_pretrained(reranker)
    for row, query in zip(found, QUERIES, strict=True):
        for score, document in zip(row, DOCUMENTS, strict=True):
            with torch.no_grad():
                logit = network(**tokenizer(query, document, return_tensors="pt")).logits.item()
            assert score == pytest.approx(logit, abs=1e-5)


def test_device_that_is_not_there_is_refused(minilm: Path) -> None:
    with pytest.raises(ValueError, match=r"^device must be one that PyTorch finds here; got 'abacus': "):
        ModelConfig.from_registry("all-minilm-l6-v2").load("sentence-transformers", local=minilm, device="abacus")


def test_variant_is_refused(minilm: Path, dense: Any) -> None:
    config = ModelConfig.from_registry("all-minilm-l6-v2").with_variant("qdrant-onnx")
    assert not engine.available(config, minilm)
    with pytest.raises(EngineError) as caught:
        opened(config, minilm, dense)
    assert str(caught.value) == (
        "`qdrant-onnx` of `all-minilm-l6-v2` is a variant, and the engines on PyTorch run a model's own weights: use"
        " another engine"
    )


def test_files_that_the_library_cannot_load_are_named(minilm: Path, tmp_path: Path) -> None:
    folder, before = copied(minilm, tmp_path), PreTrainedModel.__dict__["from_pretrained"]
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(EngineError, match=rf"^the files of `tested` in {re.escape(str(folder))} cannot be loaded: "):
        entry("dense", tmp_path).load("sentence-transformers", local=folder)
    assert PreTrainedModel.__dict__["from_pretrained"] is before


def test_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.delitem(sys.modules, "hypiler.engines.sentence_transformers")
    with pytest.raises(MissingEngineError) as caught:
        import_module("hypiler.engines.sentence_transformers")
    assert str(caught.value) == (
        "sentence_transformers is missing: python -m pip install 'hypiler[sentence-transformers]'"
    )
