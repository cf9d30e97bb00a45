"""Sentence Transformers, with real weights: needs PyTorch, so that these tests run where it is installed."""

import json
import pickle
import re
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import golden

pytest.importorskip("sentence_transformers")

import torch
from bert_onnx import export_bert
from generated import imported, valid
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer, SparseEncoder
from strategies import registry_of
from tiny import config_of
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    dynamic_module_utils,
)
from transformers.integrations import hub_kernels

from hypiler import ModelConfig
from hypiler.engines import EngineError, MismatchError, UnsafeError
from hypiler.engines import sentence_transformers as engine
from hypiler.engines.layout import read_layout
from hypiler.engines.pytorch import loaded

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
    """A copy of a model, some of its files left out, others written or, if they hold an object, changed."""
    result = Path(shutil.copytree(folder, place / "copy", ignore=shutil.ignore_patterns(*without)))
    for name, content in files.items():
        path = result / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(exist_ok=True)
        held = json.loads(path.read_bytes()) if path.exists() and isinstance(content, dict) else None
        path.write_text(json.dumps(held | content if isinstance(held, dict) else content))
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
    ("reranker", "dense", "reranker"),
    ("reranker", "sparse", "reranker"),
    ("reranker", "colbert", "reranker"),
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


def opened(config: ModelConfig, folder: Path, encoder: Any, **contract: Any) -> Any:
    """What the engine alone makes of a folder, whatever kind its files seem to be of."""
    return engine.open_model(config, replace(encoder.contract, **contract), read_layout(folder), "cpu")


@pytest.fixture(scope="module")
def dense(minilm: Path) -> Any:
    return ModelConfig.from_registry("all-minilm-l6-v2").load("sentence-transformers", local=minilm)


HEAD = "classifier.bias, classifier.weight"
MADE_UP = [
    ("minilm", "sparse", "SparseAutoEncoder"),
    ("minilm", "multi_vector", "Dense"),
    ("minilm", "reranker", HEAD),
    ("splade", "multi_vector", "Dense"),
    ("splade", "reranker", golden("bert.pooler.dense.bias, bert.pooler.dense.weight, classifier.bias, …")),
    ("multi_vector", "dense", "Pooling"),
    ("multi_vector", "sparse", golden("Pooling, SparseAutoEncoder")),
    ("multi_vector", "reranker", HEAD),
    (
        "reranker",
        "sparse",
        golden("cls.predictions.bias, cls.predictions.decoder.bias, cls.predictions.transform.LayerNorm.bias, …"),
    ),
    ("reranker", "multi_vector", "Dense"),
]


@pytest.mark.parametrize(("name", "encoder_type", "parts"), MADE_UP)
def test_part_that_no_file_holds_is_refused(
    name: str, encoder_type: str, parts: str, dense: Any, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(name)
    with pytest.raises(MismatchError) as caught:
        opened(ModelConfig.from_registry("all-minilm-l6-v2"), folder, dense, encoder_type=encoder_type)
    assert str(caught.value) == golden(
        f"`all-minilm-l6-v2` is a {encoder_type.replace('_', '-')} model in the registry, and the files in {folder} do not hold"
        f" all of one: {parts} would be random"
    )


def test_sparse_network_taken_as_a_dense_one_is_of_another_width(splade: Path, dense: Any) -> None:
    with pytest.raises(
        MismatchError, match=r"^`specs\.embedding_dim` of `all-minilm-l6-v2` is 384 .* vectors of 128: "
    ):
        opened(ModelConfig.from_registry("all-minilm-l6-v2"), splade, dense)


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


PROMPTS = [
    ({"query": "query: ", "document": "passage: "}, "query"),
    ({"clustering": "cluster: "}, "clustering"),
    ({"query": "", "document": ""}, None),
]


@pytest.mark.parametrize(("prompts", "default"), PROMPTS)
def test_prompts_of_the_folder_do_not_stand_beside_those_of_the_registry(
    minilm: Path, dense: Any, tmp_path: Path, prompts: dict[str, str], default: str | None
) -> None:
    settings = {"prompts": prompts, "default_prompt_name": default}
    folder = copied(minilm, tmp_path, config_sentence_transformers=settings)
    # As the registry has them, equal to the folder's own or in place of none: once before each text.
    config = entry("dense", tmp_path, query_prefix="query: ", document_prefix="passage: ")
    encoder = config.load("sentence-transformers", local=folder)
    queries = dense.encode_queries([f"query: {text}" for text in QUERIES])
    documents = dense.encode_queries([f"passage: {text}" for text in QUERIES])
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), queries, atol=1e-6)
    np.testing.assert_allclose(encoder.encode_documents(QUERIES), documents, atol=1e-6)
    # Where the contract has none, none is added.
    bare = opened(ModelConfig.from_registry("all-minilm-l6-v2"), folder, dense)
    for query in (True, False):
        np.testing.assert_allclose(bare.run(QUERIES, query=query), dense.encode_queries(QUERIES), atol=1e-6)


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
        golden(
            f"`specs.embedding_dim` of `all-minilm-l6-v2` is {stated!r} in the registry, and its files give vectors of"
            f" {held!r}: the files are those of another model, or the registry is wrong"
        )
        if fact == "embedding_dim"
        else golden(
            f"`encoding.{fact}` of `all-minilm-l6-v2` is {stated!r}, and {held!r} by the files in {minilm}: one of them is"
            " wrong"
        )
    )


@pytest.mark.parametrize(
    ("fact", "stated", "changes", "held"),
    [
        ("query_prefix", "[S]", {"config_sentence_transformers": {"prompts": {"query": "[Q] "}}}, "[Q] "),
        ("document_prefix", "", {"config_sentence_transformers": {"prompts": {"document": "[D] "}}}, "[D] "),
        ("query_length", 64, {"sentence_bert_config": {"query_expansion": {"strategy": "fixed", "length": 32}}}, 32),
        ("document_length", 200, {"sentence_bert_config": {"document_length": 180}}, 180),
    ],
)
def test_late_interaction_that_is_prepared_otherwise_is_refused(
    multi_vector: Path, tmp_path: Path, fact: str, stated: object, changes: Any, held: object
) -> None:
    config = entry("colbert", tmp_path)
    encoder = config.load("sentence-transformers", local=multi_vector)
    folder = copied(multi_vector, tmp_path, **changes)
    with pytest.raises(MismatchError) as caught:
        opened(config, folder, encoder, **{fact: stated})
    assert str(caught.value) == golden(
        f"`encoding.{fact}` of `tested` is {stated!r}, and {held!r} by the files in {folder}: one of them is wrong"
    )


@pytest.mark.parametrize("prompts", [{}, {"query": "", "document": ""}])
def test_prefixes_stand_before_late_interaction_too(multi_vector: Path, tmp_path: Path, prompts: Any) -> None:
    folder = copied(multi_vector, tmp_path, config_sentence_transformers={"prompts": prompts})
    encoder = entry("colbert", tmp_path, query_prefix="find: ", document_prefix="read: ").load(
        "sentence-transformers", local=folder
    )
    plain = entry("colbert", tmp_path).load("sentence-transformers", local=multi_vector)
    for found, by_hand in (
        (encoder.encode_queries(["a meal"]), plain.encode_queries(["find: a meal"])),
        (encoder.encode_documents(["a meal"]), plain.encode_documents(["read: a meal"])),
    ):
        np.testing.assert_allclose(found[0], by_hand[0], atol=1e-6)


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


def test_prompt_of_the_folder_stands_before_no_pair(reranker: Path, tmp_path: Path) -> None:
    with_prompt = CrossEncoder(str(reranker), prompts={"search": "search: "}, default_prompt_name="search")
    with_prompt.save_pretrained(str(tmp_path / "copy"))
    config = entry("reranker", tmp_path)
    found, expected = (
        config.load("sentence-transformers", local=folder).similarity(QUERIES, DOCUMENTS)
        for folder in (tmp_path / "copy", reranker)
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
    own = with_prompt.predict([(QUERIES[0], DOCUMENTS[0])], activation_fn=torch.nn.Identity())
    assert abs(own[0] - expected[0, 0]) > 1e-4


def test_threads_do_not_take_each_others_lengths(minilm: Path, tmp_path: Path) -> None:
    config = entry("dense", tmp_path, query_length=8, document_length=16)
    encoder: Any = config.load("sentence-transformers", local=minilm)
    texts = [" ".join(["one"] * 100)]
    sides = [encoder.encode_queries, encoder.encode_documents] * 50
    expected = [encode(texts) for encode in sides]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda encode: encode(texts), sides))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", ["Router", "Asym"])
def test_each_side_takes_its_own_way_through_a_router(minilm: Path, dense: Any, tmp_path: Path, name: str) -> None:
    ways = {"query": np.flip(np.eye(384, dtype=np.float32), axis=0), "document": np.eye(384, dtype=np.float32)}
    module = {"idx": 2, "name": "2", "path": "2_Router", "type": f"sentence_transformers.models.{name}"}
    layer = {"in_features": 384, "out_features": 384, "bias": False}
    files = {
        "modules": [*json.loads((minilm / "modules.json").read_bytes())[:2], module],
        "2_Router__router_config": {
            "types": {f"{way}_0_Dense": "sentence_transformers.models.Dense" for way in ways},
            "structure": {way: [f"{way}_0_Dense"] for way in ways},
            "parameters": {"default_route": "document", "allow_empty_key": True},
        },
    }
    folder = copied(minilm, tmp_path, "modules.json", **files)
    for way, matrix in ways.items():
        place = folder / f"2_Router/{way}_0_Dense"
        place.mkdir()
        (place / "config.json").write_text(
            json.dumps(layer | {"activation_function": "torch.nn.modules.linear.Identity"})
        )
        save_file({"linear.weight": torch.from_numpy(matrix.copy())}, place / "model.safetensors")
    encoder = entry("dense", tmp_path, normalize=False, similarity="dot").load("sentence-transformers", local=folder)
    documents, queries = encoder.encode_documents(DOCUMENTS), encoder.encode_queries(DOCUMENTS)
    lengths = np.linalg.norm(documents, axis=1, keepdims=True)
    np.testing.assert_allclose(documents / lengths, dense.encode_documents(DOCUMENTS), atol=1e-6)
    np.testing.assert_allclose(queries, documents[:, ::-1], atol=1e-6)


def test_folder_that_names_no_pooling_is_refused(minilm: Path, tmp_path: Path) -> None:
    folder = copied(minilm, tmp_path, modules=json.loads((minilm / "modules.json").read_bytes())[:1])
    with pytest.raises(EngineError, match=rf"^the files of `tested` in {re.escape(str(folder))} cannot be loaded: "):
        entry("dense", tmp_path, normalize=False).load("sentence-transformers", local=folder)


def test_what_another_thread_loads_meanwhile_is_its_own_affair(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread loads a network with a head that no file holds, while the engine has a model half loaded."""
    seen: list[Any] = []
    limit = dynamic_module_utils.TIME_OUT_REMOTE_CODE

    def load_other() -> None:
        own = PreTrainedModel.__dict__["from_pretrained"]
        model = AutoModelForSequenceClassification.from_pretrained(minilm)
        seen.extend([type(model).__name__, own is original, limit == dynamic_module_utils.TIME_OUT_REMOTE_CODE])

    def slow(*args: Any, **options: Any) -> Any:
        with ThreadPoolExecutor(1) as other:
            other.submit(load_other).result()
        return SentenceTransformer(*args, **options)

    original = PreTrainedModel.__dict__["from_pretrained"]
    monkeypatch.setattr(engine, "SentenceTransformer", slow)
    encoder: Any = entry("dense", tmp_path).load("sentence-transformers", local=minilm)
    assert encoder.encode_queries(QUERIES).shape == (len(QUERIES), 384)
    assert seen == ["BertForSequenceClassification", True, True]


def test_parameter_that_was_put_in_place_later_is_looked_up_in_the_files(minilm: Path, tmp_path: Path) -> None:
    """Without the mark that transformers sets, the files decide: another object in its place is no missing weight."""
    contract: Any = entry("dense", tmp_path).load("sentence-transformers", local=minilm).contract
    layout = read_layout(minilm)

    def replaced() -> Any:
        model = SentenceTransformer(str(minilm), device="cpu")
        network = model[0].model
        network.embeddings.word_embeddings.weight = torch.nn.Parameter(
            network.embeddings.word_embeddings.weight.clone()
        )
        return model

    assert isinstance(loaded(replaced, contract, layout), SentenceTransformer)


def test_device_that_is_not_there_is_refused(minilm: Path) -> None:
    with pytest.raises(ValueError, match=r"^device must be one that PyTorch finds here; got 'abacus': "):
        ModelConfig.from_registry("all-minilm-l6-v2").load("sentence-transformers", local=minilm, device="abacus")


def test_variant_is_refused(minilm: Path, dense: Any) -> None:
    config = ModelConfig.from_registry("all-minilm-l6-v2").with_variant("qdrant-onnx")
    with pytest.raises(EngineError) as caught:
        opened(config, minilm, dense)
    assert str(caught.value) == golden(
        "`qdrant-onnx` of `all-minilm-l6-v2` is a variant, and the engines on PyTorch run a model's own weights: use"
        " another engine"
    )


def test_adapter_to_another_model_is_refused(minilm: Path, tmp_path: Path) -> None:
    folder = copied(minilm, tmp_path, adapter_config={"base_model_name_or_path": "org/base", "peft_type": "LORA"})
    with pytest.raises(EngineError) as caught:
        entry("dense", tmp_path).load("sentence-transformers", local=folder)
    assert str(caught.value) == golden(
        f"`tested` is an adapter ({folder / 'adapter_config.json'}): the library would apply it to another model,"
        " whose commit is not pinned"
    )


def test_files_that_the_library_cannot_load_are_named(minilm: Path, tmp_path: Path) -> None:
    folder = copied(minilm, tmp_path)
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(EngineError, match=rf"^the files of `tested` in {re.escape(str(folder))} cannot be loaded: "):
        entry("dense", tmp_path).load("sentence-transformers", local=folder)


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Whether the hostile code, as text or in a pickle, has run."""
    # Where transformers puts a copy of the code that it runs, and what was imported before.
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "hostile", raising=False)
    return (tmp_path / "ran").exists


def hostile(place: Path) -> str:
    return f"import pathlib\npathlib.Path({str(place / 'ran')!r}).touch()\nclass X: pass\n"


MAPPED = {"AutoConfig": "hostile.X", "AutoModel": "hostile.X"}
LAYER = {"in_features": 384, "out_features": 384, "bias": False, "activation_function": "hostile.X"}
DENSE = {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}


def naming_code(name: str, minilm: Path, place: Path) -> dict[str, Any]:
    """Changes to MiniLM's files after which something in them is a class of hostile.py."""
    modules = json.loads((minilm / "modules.json").read_bytes())
    part = {"model_type": "blip_text_model", "auto_map": MAPPED, "_name_or_path": str(place / "copy")}
    cases: dict[str, dict[str, Any]] = {
        "network": {"config": {"model_type": "custom", "auto_map": MAPPED}},
        "part of a network": {"config": {"model_type": "llava", "text_config": part}},
        "processor": {"processor_config": {"processor_class": "X", "auto_map": {"AutoProcessor": "hostile.X"}}},
        "module": {"modules": [modules[0], DENSE | {"path": "", "type": "hostile.X"}, *modules[1:]]},
        "activation": {"modules": [*modules[:2], DENSE, modules[2]], "3_Dense__config": LAYER},
    }
    return cases[name]


@pytest.mark.parametrize("name", ["network", "part of a network", "processor", "module", "activation"])
def test_code_of_the_repository_does_not_run(
    minilm: Path, tmp_path: Path, ran: Callable[[], bool], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # Whoever is asked at a terminal says yes.
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    folder = copied(minilm, tmp_path, **naming_code(name, minilm, tmp_path))
    (folder / "hostile.py").write_text(hostile(tmp_path))
    monkeypatch.syspath_prepend(folder)
    config = entry("dense", tmp_path)
    told = r"^`tested` runs code that is not part of the libraries: .* pass trust_remote_code=True; or use an engine"
    with pytest.raises(UnsafeError, match=told):
        config.load("sentence-transformers", local=folder)
    assert not ran()
    with suppress(EngineError):
        config.load("sentence-transformers", local=folder, trust_remote_code=True)
    assert ran()


# A module that moves the numbers of a vector by as many places as its task says.
TASKED = """
import torch

class Tasked(torch.nn.Module):
    def forward(self, features, task=None):
        features["sentence_embedding"] = features["sentence_embedding"].roll({"search": 1, "store": 2}[task], -1)
        return features

    @classmethod
    def load(cls, *args, **options):
        return cls()
"""


def test_task_of_each_side_is_told_to_the_module_that_takes_it(
    minilm: Path, dense: Any, tmp_path: Path, ran: Callable[[], bool]
) -> None:
    modules = json.loads((minilm / "modules.json").read_bytes())
    own = DENSE | {"name": "tasked", "path": "", "type": "tasked.Tasked", "kwargs": ["task"]}
    folder = copied(minilm, tmp_path, modules=[*modules, own])
    (folder / "tasked.py").write_text(TASKED)
    config = entry("dense", tmp_path, query_task="search", document_task="store")
    encoder: Any = config.load("sentence-transformers", local=folder, trust_remote_code=True)
    plain = dense.encode_queries(QUERIES)
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), np.roll(plain, 1, -1), atol=1e-6)
    np.testing.assert_allclose(encoder.encode_documents(QUERIES), np.roll(plain, 2, -1), atol=1e-6)
    assert not ran()


def test_task_that_no_module_takes_is_refused(minilm: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        entry("dense", tmp_path, query_task="search").load("sentence-transformers", local=minilm)
    assert str(caught.value) == golden(
        f"`tested` is told the task 'search', and no module in {minilm} takes one: modules.json must name it in `kwargs`"
    )


def test_code_beside_a_class_of_the_library_does_not_run(
    minilm: Path, dense: Any, tmp_path: Path, ran: Callable[[], bool]
) -> None:
    tokenizer = {"auto_map": {"AutoTokenizer": ["hostile.X", "hostile.X"]}}
    folder = copied(minilm, tmp_path, config={"auto_map": MAPPED}, tokenizer_config=tokenizer)
    (folder / "hostile.py").write_text(hostile(tmp_path))
    config = entry("dense", tmp_path)
    encoder = config.load("sentence-transformers", local=folder)
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), dense.encode_queries(QUERIES), atol=1e-6)
    assert not ran()
    with suppress(EngineError):
        config.load("sentence-transformers", local=folder, trust_remote_code=True)
    assert ran()


@pytest.mark.parametrize(
    "changes",
    [
        {"sentence_bert_config": {"model_args": {"attn_implementation": "org/kernel", "allow_all_kernels": True}}},
        {"sentence_bert_config": {"config_args": {"attn_implementation": "org/kernel"}}},
        {"config": {"attn_implementation": "org/kernel"}},
        {"config": {"_attn_implementation": "org/kernel"}},
    ],
)
def test_kernels_of_anybody_are_not_fetched(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: Any
) -> None:
    trusted: list[bool] = []

    def get_kernel(name: str, *, trust_remote_code: bool, **options: Any) -> Any:
        trusted.append(trust_remote_code)
        raise ValueError(f"{name} is of no publisher that is trusted")

    monkeypatch.setattr(hub_kernels, "is_kernels_available", lambda *_: True)
    monkeypatch.setattr(hub_kernels, "get_kernel_hub", get_kernel, raising=False)
    folder = copied(minilm, tmp_path, **changes)
    with pytest.raises(EngineError):
        entry("dense", tmp_path).load("sentence-transformers", local=folder)
    assert not any(trusted)


# A function of PyTorch that would run the first argument of the command line.
RUNNER = "torch.distributed.run.main"
ACTIVATIONS: list[dict[str, Any]] = [
    {"config": {"sentence_transformers": {"activation_fn": RUNNER}}},
    {"config": {"sbert_ce_default_activation_function": RUNNER}},
    {
        "config_sentence_transformers": {"model_type": "CrossEncoder", "activation_fn": RUNNER},
        "modules": [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.Transformer"}],
        "sentence_bert_config": {"transformer_task": "sequence-classification"},
    },
]


@pytest.mark.parametrize("changes", ACTIVATIONS)
def test_function_that_a_reranker_names_as_its_activation_is_not_called(
    reranker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    called: list[bool] = []

    def main() -> Any:
        called.append(True)
        return torch.nn.Identity()

    monkeypatch.setattr(RUNNER, main)
    folder, config = copied(reranker, tmp_path, **changes), entry("reranker", tmp_path)
    with pytest.raises(UnsafeError, match=f"^`tested` runs code that is not part of the libraries: .* {RUNNER!r}; "):
        config.load("sentence-transformers", local=folder)
    assert not called
    # The library calls it for whoever allows it.
    config.load("sentence-transformers", local=folder, trust_remote_code=True)
    assert called


def test_method_that_a_file_names_is_not_called(minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []

    def push_to_hub(self: Any, input_ids: Any) -> Any:
        called.append(True)
        raise ValueError("nothing is sent")

    monkeypatch.setattr(PreTrainedModel, "push_to_hub", push_to_hub)
    modality = {"text": {"method": "push_to_hub", "method_output_name": None}}
    settings = {"modality_config": modality, "module_output_name": "token_embeddings"}
    folder, config = copied(minilm, tmp_path, sentence_bert_config=settings), entry("dense", tmp_path)
    with pytest.raises(UnsafeError, match=r"sentence_bert_config\.json has method 'push_to_hub'; "):
        config.load("sentence-transformers", local=folder)
    assert not called
    with pytest.raises(EngineError):
        config.load("sentence-transformers", local=folder, trust_remote_code=True)
    assert called


class Pickled:
    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> Any:
        return exec, (self.code,)


def pickled(minilm: Path, place: Path, layer: bool, **files: Any) -> Path:
    """A copy of MiniLM with a hostile pickle for its weights, or for those of a layer after it."""
    if layer:
        modules = json.loads((minilm / "modules.json").read_bytes())
        linear = LAYER | {"activation_function": "torch.nn.modules.linear.Identity"}
        files = {"modules": [*modules[:2], DENSE, modules[2]], "3_Dense__config": linear}
        folder = copied(minilm, place, **files)
    else:
        folder = copied(minilm, place, "model.safetensors", **files)
    target = folder / "3_Dense/pytorch_model.bin" if layer else folder / "pytorch_model.bin"
    target.write_bytes(pickle.dumps(Pickled(hostile(place)), protocol=2))
    return folder


@pytest.mark.parametrize("layer", [False, True])
def test_pickle_is_refused_and_read_as_data_where_it_is_allowed(
    minilm: Path, tmp_path: Path, ran: Callable[[], bool], layer: bool
) -> None:
    # A folder that wants more than data to be read.
    own = {"sentence_bert_config": {"model_args": {"weights_only": False, "use_safetensors": False}}}
    folder = pickled(minilm, tmp_path, layer, **own)
    config = entry("dense", tmp_path)
    with pytest.raises(UnsafeError, match=r" pass allow_pickle=True if you trust its authors$"):
        config.load("sentence-transformers", local=folder)
    with pytest.raises(EngineError, match=r"cannot be loaded: Weights only load failed"):
        config.load("sentence-transformers", local=folder, allow_pickle=True)
    assert not ran()
    pickle.loads(next(folder.rglob("pytorch_model.bin")).read_bytes())
    assert ran()


def test_pickle_beside_other_safe_weights_does_not_run(minilm: Path, tmp_path: Path, ran: Callable[[], bool]) -> None:
    folder = pickled(minilm, tmp_path, layer=True)
    shutil.copy(folder / "model.safetensors", folder / "3_Dense/other.safetensors")
    with pytest.raises(EngineError):
        entry("dense", tmp_path).load("sentence-transformers", local=folder)
    assert not ran()


def test_weights_that_are_allowed_to_be_a_pickle_are_loaded(minilm: Path, dense: Any, tmp_path: Path) -> None:
    folder = copied(minilm, tmp_path, "model.safetensors")
    torch.save(load_file(minilm / "model.safetensors"), folder / "pytorch_model.bin")
    encoder = entry("dense", tmp_path).load("sentence-transformers", local=folder, allow_pickle=True)
    np.testing.assert_allclose(encoder.encode_queries(QUERIES), dense.encode_queries(QUERIES), atol=1e-6)


def routed(folder: Path) -> tuple[Path, Any]:
    """A sparse model whose queries are not run through the network, as the library saves it, and the model itself."""
    from sentence_transformers.sparse_encoder.modules import Router, SparseStaticEmbedding, SpladePooling, Transformer
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    words = "[PAD] [UNK] [CLS] [SEP] [MASK] a b c d e f . , ##x".split()
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(words))
    (folder / "idf.json").write_text(json.dumps({word: number + 0.5 for number, word in enumerate(words[5:])}))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(words), max_position_embeddings=32, initializer_range=1.0, **sizes)
    BertForMaskedLM(config).save_pretrained(folder / "plain")
    tokenizer.save_pretrained(folder / "plain")
    network = Transformer(str(folder / "plain"), transformer_task="fill-mask")
    queries = SparseStaticEmbedding.from_json(str(folder / "idf.json"), tokenizer=network.tokenizer, frozen=True)
    router = Router.for_query_document([queries], [network, SpladePooling("max", "log1p_relu")])
    model = SparseEncoder(modules=[router], similarity_fn_name="dot")
    model.save(str(folder / "routed"))
    shutil.copy(folder / "idf.json", folder / "plain/idf.json")
    return folder, model


@pytest.mark.parametrize("layout", ["routed", "plain"])
def test_queries_without_inference_are_those_of_the_library(tmp_path: Path, layout: str) -> None:
    folder, model = routed(tmp_path / "model")
    stated = {"inference_free_queries": True, "activation": "log1p_log1p_relu"} if layout == "plain" else {}
    specs = {
        "embedding_dim": 14,
        "vocab_size": 14,
        "hidden_dim": 8,
        "context_length": 16,
        "max_position_embeddings": 32,
    }
    config = config_of(
        tmp_path,
        type="sparse",
        specs=specs,
        architecture={"matryoshka_dims": [14]},
        encoding={"pooling": None, "normalize": None, "similarity": None, **stated},
        files={"query_weights": "idf.json"} if stated else None,
    )
    network = folder / layout / ("" if stated else "document_0_Transformer")
    export_bert(network, folder / layout / "model.onnx", "mlm")
    queries, documents = ["a b a zz", "", "c , d . [SEP] e " + "f " * 40], ["a b", "f e d c x .", ""]
    left, right = model.encode_query(queries).to_dense().numpy(), model.encode_document(documents).to_dense().numpy()
    spaces: set[str] = set()
    for name in ("sentence-transformers", "onnx"):
        encoder: Any = config.load(name, local=folder / layout)
        np.testing.assert_allclose(encoder.encode_queries(queries).toarray(), left, atol=1e-6)
        np.testing.assert_allclose(encoder.encode_documents(documents).toarray(), right, atol=1e-4)
        spaces.add(encoder.query_space_id)
    assert len(spaces) == 1
    assert left[0].nonzero()[0].tolist() == [5, 6]  # each token once, no special token, none of an unknown word
    with pytest.raises(EngineError, match=r"^`fastembed` cannot run `tiny`: it runs queries through the network, and "):
        config.load("fastembed", local=folder / layout)
