"""fastembed, with real weights and with a model small enough for numpy: needs an environment that has it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import golden

pytest.importorskip("fastembed")

import onnx
from fastembed import TextEmbedding
from onnx import TensorProto, helper
from tiny import TABLE, WIDTH, WORDS, config_of, ids_of, write_tiny

from hypiler import ModelConfig
from hypiler.engines import EngineError, MismatchError
from hypiler.engines import fastembed as engine

QUERIES = ["A man is eating food.", "How do I reset my password?"]
DOCUMENTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "Steps to recover a forgotten account password",
]
# More tokens than tokenizer.json of MiniLM cuts to (128), and more than the model takes (256).
LONG = [" ".join(["one", "two", "three"] * count) + " and a meal" for count in (60, 100)]
DENSE = "all-minilm-l6-v2"


def scores(encoder: Any) -> Any:
    """The three pairs whose scores are known."""
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    return [found[0, 0], found[0, 1], found[1, 2]]


def real(place: Path, **changes: Any) -> ModelConfig:
    """A config with the numbers of MiniLM, or with others."""
    specs = {"parameters": "22.7M", "embedding_dim": 384, "hidden_dim": 384, "vocab_size": 30522}
    specs |= {"context_length": 256, "max_position_embeddings": 512} | changes.pop("specs", {})
    dims = {"matryoshka_dims": [specs["embedding_dim"]]}
    return config_of(place, specs=specs, **{"architecture": dims} | changes)


def splade_config(place: Path, **encoding: Any) -> ModelConfig:
    encoding = {"pooling": None, "normalize": None, "similarity": "dot"} | encoding
    specs = {"embedding_dim": 30522, "hidden_dim": 128, "context_length": 512}
    return real(place, type="sparse", specs=specs, encoding=encoding)


def test_dense_model_scores_as_its_own_library(minilm_onnx: Path, minilm_config: Any) -> None:
    encoder = minilm_config.load("fastembed", local=minilm_onnx)
    np.testing.assert_allclose(scores(encoder), [0.6888, 0.0037, 0.7053], atol=1e-4)


def test_file_of_others_scores_as_with_the_library_alone(
    minilm: Path, minilm_int8: Path, minilm_config: Any, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(minilm, tmp_path / "model", ignore=shutil.ignore_patterns("model.safetensors")))
    shutil.copy(minilm_int8 / "model.onnx", folder)
    encoder = minilm_config.load("fastembed", local=folder)
    np.testing.assert_allclose(scores(encoder), [0.6853, 0.0077, 0.7071], atol=1e-4)


def test_sparse_model_scores_as_its_own_library(splade_onnx: Path, tmp_path: Path) -> None:
    encoder = splade_config(tmp_path).load("fastembed", local=splade_onnx)
    np.testing.assert_allclose(scores(encoder), [11.4339, 0.0628, 9.4537], atol=1e-4)
    assert encoder.encode_queries(QUERIES).nnz < 100


PREFIXES = {"query_prefix": "query: ", "document_prefix": "passage: "}


@pytest.mark.parametrize("encoding", [{}, PREFIXES, {"query_length": 12, "document_length": 200}])
def test_dense_vectors_are_those_of_the_engine_onnx(minilm_onnx: Path, tmp_path: Path, encoding: Any) -> None:
    config = real(tmp_path, encoding=encoding)
    mine, other = (config.load(name, local=minilm_onnx) for name in ("fastembed", "onnx"))
    texts = [*DOCUMENTS, *LONG, ""]
    np.testing.assert_allclose(mine.encode_queries(texts), other.encode_queries(texts), atol=1e-4)
    np.testing.assert_allclose(mine.encode_documents(texts), other.encode_documents(texts), atol=1e-4)


@pytest.mark.parametrize("encoding", [{}, PREFIXES, {"query_length": 12, "document_length": 200}])
def test_sparse_vectors_are_those_of_the_engine_onnx(splade_onnx: Path, tmp_path: Path, encoding: Any) -> None:
    config = splade_config(tmp_path, **encoding)
    mine, other = (config.load(name, local=splade_onnx) for name in ("fastembed", "onnx"))
    texts = [*DOCUMENTS, *LONG, ""]
    for found, expected in (
        (mine.encode_queries(texts), other.encode_queries(texts)),
        (mine.encode_documents(texts), other.encode_documents(texts)),
    ):
        assert (found.dtype, found.shape) == (np.float32, expected.shape)
        np.testing.assert_allclose(found.toarray(), expected.toarray(), atol=1e-4)


COLBERT = {
    "model_type": "ColBERT",
    "query_prefix": "[unused0]",
    "document_prefix": "[unused1]",
    "query_length": 16,
    "document_length": 40,
    "skiplist_words": [".", "?", "the"],
}


@pytest.fixture
def colbert_onnx(multi_vector_onnx: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of MiniLM that is used as a ColBERT; its graph takes no types of tokens."""

    def make(**settings: Any) -> Path:
        folder = Path(shutil.copytree(multi_vector_onnx, tmp_path / "model", symlinks=True))
        (folder / "config_sentence_transformers.json").write_text(json.dumps(COLBERT | settings))
        path = folder / "onnx/model.onnx"
        model = onnx.load(path)
        model.graph.input.pop()
        model.graph.node.insert(0, helper.make_node("Sub", ["input_ids", "input_ids"], ["token_type_ids"]))
        path.unlink()  # it may be a link
        onnx.save(model, path)
        return folder

    return make


def colbert_config(place: Path, **encoding: Any) -> ModelConfig:
    encoding = {"pooling": None, "similarity": "max_sim", "query_prefix": None, "document_prefix": None} | encoding
    return real(place, type="colbert", capabilities={"multi_vector": True}, encoding=encoding)


@pytest.mark.parametrize("attend", [False, True])
def test_late_interaction_has_the_vectors_of_the_engine_onnx(
    colbert_onnx: Callable[..., Path], tmp_path: Path, attend: bool
) -> None:
    folder, config = colbert_onnx(attend_to_expansion_tokens=attend), colbert_config(tmp_path)
    mine, other = (config.load(name, local=folder) for name in ("fastembed", "onnx"))
    texts = [*DOCUMENTS, *QUERIES, *LONG, ""]
    queries, documents = mine.encode_queries(texts), mine.encode_documents(texts)
    for found, expected in ((queries, other.encode_queries(texts)), (documents, other.encode_documents(texts))):
        for tokens, others in zip(found, expected, strict=True):
            assert (tokens.dtype, tokens.shape) == (np.float32, others.shape)
            np.testing.assert_allclose(tokens, others, atol=1e-4)
    assert {len(tokens) for tokens in queries} == {16}
    # With three markers, and without the full stop and the article.
    assert [len(tokens) for tokens in documents[:2]] == [3 + 5, 3 + 5]
    assert len(documents[-2]) == 40


TOKENIZER = {"model_max_length": 6, "pad_token": "[PAD]", "padding_side": "left"}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """What the tokenizer's own files say is not what the contract says."""
    return write_tiny(tmp_path / "tiny", tokenizer_config=TOKENIZER)


TEXTS = ["a b", "c", "f e d c b a", "d d d e", ""]
BY_HAND: dict[str, Callable[[Any], Any]] = {
    "cls": lambda tokens: tokens[0],
    "mean": lambda tokens: tokens.mean(axis=0),
    "last_token": lambda tokens: tokens[-1],
}


@pytest.mark.parametrize("pooling", BY_HAND)
def test_tokens_are_pooled_as_the_registry_says(tiny: Path, tmp_path: Path, pooling: str) -> None:
    encoding = {"pooling": pooling, "normalize": False, "similarity": "dot", "document_length": 64}
    config = config_of(tmp_path, encoding=encoding)
    vectors = config.load("fastembed", local=tiny).encode_documents(TEXTS)
    expected = [BY_HAND[pooling](TABLE[ids_of(text)]) for text in TEXTS]
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_texts_are_put_into_lower_case_where_the_folder_wants_it(tmp_path: Path) -> None:
    files = {"tokenizer_config": TOKENIZER, "sentence_bert_config": {"do_lower_case": True}}
    folder = write_tiny(tmp_path / "tiny", **files)
    vectors = config_of(tmp_path, encoding={"normalize": False}).load("fastembed", local=folder).encode_queries(["A b"])
    np.testing.assert_allclose(vectors, [TABLE[ids_of("a b")].mean(axis=0)], atol=1e-6)


def test_each_side_is_cut_to_its_own_length(tiny: Path, tmp_path: Path) -> None:
    encoding = {"pooling": "mean", "normalize": False, "query_length": 4, "document_length": 10}
    encoder = config_of(tmp_path, encoding=encoding).load("fastembed", local=tiny)
    for encode, words in ((encoder.encode_queries, 2), (encoder.encode_documents, 8), (encoder.encode_queries, 2)):
        expected = TABLE[ids_of(" ".join(["a", "b", "c", "d"] * 2)[: 2 * words])].mean(axis=0)
        np.testing.assert_allclose(encode(["a b c d a b c d a b c d"]), [expected], atol=1e-6)


def test_matryoshka_width_is_cut_after_the_model(tiny: Path, tmp_path: Path) -> None:
    config = config_of(tmp_path, 4, encoding={"document_length": 64})
    vectors = config.load("fastembed", local=tiny).encode_documents(TEXTS)
    means = np.array([TABLE[ids_of(text)].mean(axis=0)[:4] for text in TEXTS])
    np.testing.assert_allclose(vectors, means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-6)


def test_models_of_one_repository_do_not_meet(tiny: Path, tmp_path: Path) -> None:
    before = len(TextEmbedding.list_supported_models())
    encoders = {
        pooling: config_of(tmp_path, encoding={"pooling": pooling, "normalize": False}).load("fastembed", local=tiny)
        for pooling in [*BY_HAND, *BY_HAND]
    }
    assert len(TextEmbedding.list_supported_models()) <= before + len(BY_HAND)
    for pooling, encoder in encoders.items():
        expected = [BY_HAND[pooling](TABLE[ids_of("a b c")])]
        np.testing.assert_allclose(encoder.encode_queries(["a b c"]), expected, atol=1e-6)


def test_nothing_is_kept_elsewhere(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path / "cache"))
    before = sorted(tiny.rglob("*"))
    config_of(tmp_path).load("fastembed", local=tiny)
    assert not (tmp_path / "cache").exists()
    assert sorted(tiny.rglob("*")) == before


def test_output_of_the_tokens_is_taken_wherever_it_stands(tiny: Path, tmp_path: Path) -> None:
    model = onnx.load(tiny / "model.onnx")
    first = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", WIDTH])
    model.graph.output.insert(0, first)
    model.graph.node.append(
        helper.make_node("ReduceMax", ["last_hidden_state"], ["sentence_embedding"], axes=[1], keepdims=0)
    )
    onnx.save(model, tiny / "model.onnx")
    encoder = config_of(tmp_path, encoding={"normalize": False}).load("fastembed", local=tiny)
    np.testing.assert_allclose(encoder.encode_queries(["a"]), [TABLE[ids_of("a")].mean(axis=0)], atol=1e-6)


def refused(config: ModelConfig, folder: Path, **options: Any) -> str:
    with pytest.raises(EngineError) as caught:
        config.load("fastembed", local=folder, **options)
    return str(caught.value)


@pytest.mark.parametrize("pooling", ["max", "mean_sqrt_len", "weighted_mean"])
def test_pooling_that_the_library_does_not_have_is_refused(tiny: Path, tmp_path: Path, pooling: str) -> None:
    assert refused(config_of(tmp_path, encoding={"pooling": pooling}), tiny) == golden(
        f"fastembed has no class for `tiny`: `encoding.pooling` is {pooling!r}, and it has cls, mean, last_token; use"
        " another engine"
    )


def module(number: int, name: str) -> dict[str, Any]:
    path = f"{number}_{name}" if number else ""
    return {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{name}"}


LAYER = {"in_features": WIDTH, "out_features": WIDTH, "activation_function": "torch.nn.modules.activation.Tanh"}


def test_layers_after_the_network_are_refused(tmp_path: Path) -> None:
    files = {"modules": [module(0, "Transformer"), module(1, "Pooling"), module(2, "Dense")], "2_Dense__config": LAYER}
    folder = write_tiny(tmp_path / "tiny", tokenizer_config=TOKENIZER, **files)
    assert refused(config_of(tmp_path, encoding={"normalize": False}), folder) == golden(
        f"fastembed does not apply the layers after the network (2_Dense in {folder}) of `tiny`: use another engine"
    )


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        (
            ("sum", "relu"),
            "fastembed has no class for `tiny`: the model has pooling_strategy 'sum' of 1_SpladePooling; use another"
            " engine",
        ),
        (
            ("max", "log1p_relu"),
            "`fastembed` cannot run `tiny`: it knows one activation of sparse models, and this model has another; use"
            " another engine",
        ),
    ],
)
def test_sparse_weights_of_another_kind_are_refused(tmp_path: Path, ways: tuple[str, str], told: str) -> None:
    files = {
        "modules": [module(0, "MLMTransformer"), module(1, "SpladePooling")],
        "1_SpladePooling__config": {"pooling_strategy": ways[0], "activation_function": ways[1]},
    }
    folder = write_tiny(tmp_path / "tiny", tokenizer_config=TOKENIZER, **files)
    assert refused(config_of(tmp_path, type="sparse", encoding={"similarity": "dot"}), folder) == golden(told)


LATE = COLBERT | {"query_prefix": "[Q]", "document_prefix": "[D]", "query_length": 8, "skiplist_words": [".", ","]}


def tiny_colbert(place: Path, **settings: Any) -> Path:
    files = {"config_sentence_transformers": LATE | settings, "special_tokens_map": {"mask_token": "[MASK]"}}
    return write_tiny(place / "colbert", tokenizer_config=TOKENIZER, **files)


def tiny_config(place: Path, **encoding: Any) -> ModelConfig:
    encoding = {"similarity": None, "query_prefix": None, "document_prefix": None} | encoding
    return config_of(place, type="colbert", capabilities={"multi_vector": True}, encoding=encoding)


def test_late_interaction_is_prepared_as_the_folder_says(tmp_path: Path) -> None:
    encoder = tiny_config(tmp_path, document_length=6).load(
        "fastembed", local=tiny_colbert(tmp_path, document_length=6)
    )
    unit = TABLE / np.linalg.norm(TABLE, axis=1, keepdims=True)
    ids = {word: place for place, word in enumerate(WORDS)}

    def rows(text: str) -> Any:
        return unit[[ids[word] for word in text.split()]]

    short, cut = encoder.encode_queries(["a b", "a b c d e f a b c"])
    np.testing.assert_allclose(short, rows("[CLS] [Q] a b [SEP] [MASK] [MASK] [MASK]"), atol=1e-6)
    np.testing.assert_allclose(cut, rows("[CLS] [Q] a b c d e [SEP]"), atol=1e-6)
    short, cut = encoder.encode_documents(["a . b", "a , b c d e f"])
    np.testing.assert_allclose(short, rows("[CLS] [D] a b [SEP]"), atol=1e-6)
    np.testing.assert_allclose(cut, rows("[CLS] [D] a b [SEP]"), atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "encoding", "told"),
    [
        ({"do_query_expansion": False}, {}, golden("it expands queries with mask tokens, and this model does not")),
        ({}, {"normalize": False}, golden("it normalizes, and `encoding.normalize` is False")),
    ],
)
def test_late_interaction_of_another_kind_is_refused(tmp_path: Path, settings: Any, encoding: Any, told: str) -> None:
    assert refused(tiny_config(tmp_path, **encoding), tiny_colbert(tmp_path, **settings)) == golden(
        f"fastembed has no class for `tiny`: {told}; use another engine"
    )


def test_late_interaction_whose_prefixes_are_text_is_refused(tmp_path: Path) -> None:
    files = {
        "modules": [module(0, "Transformer"), module(1, "MultiVectorMask"), module(2, "Normalize")],
        "sentence_bert_config": {"query_expansion": {"strategy": "fixed", "length": 8}},
    }
    folder = write_tiny(tmp_path / "tiny", tokenizer_config=TOKENIZER, **files)
    assert refused(tiny_config(tmp_path, query_prefix="", document_prefix=""), folder) == golden(
        "fastembed has no class for `tiny`: it marks texts with a token, and this model does not; use another engine"
    )


@pytest.mark.parametrize("name", ["query_prefix", "document_prefix"])
def test_marker_that_is_no_token_is_refused(tmp_path: Path, name: str) -> None:
    folder = tiny_colbert(tmp_path, **{name: "find: "})
    with pytest.raises(MismatchError) as caught:
        tiny_config(tmp_path).load("fastembed", local=folder)
    assert str(caught.value) == golden(
        f"`tiny` marks texts with 'find: ', and the tokenizer in {folder} has no such token"
    )


def test_inputs_that_the_library_does_not_make_are_refused(multi_vector_onnx: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(multi_vector_onnx, tmp_path / "model", symlinks=True))
    (folder / "config_sentence_transformers.json").write_text(json.dumps(COLBERT))
    assert refused(colbert_config(tmp_path), folder) == golden(
        f"for a multi-vector model fastembed makes attention_mask, input_ids, and {folder}/onnx/model.onnx takes"
        " attention_mask, input_ids, token_type_ids: use another engine"
    )


def test_output_without_tokens_is_refused(tiny: Path, tmp_path: Path) -> None:
    model = onnx.load(tiny / "model.onnx")
    model.graph.output[0].type.tensor_type.shape.dim.pop(1)
    model.graph.node[0].output[0] = "tokens"
    model.graph.node.append(helper.make_node("ReduceMax", ["tokens"], ["last_hidden_state"], axes=[1], keepdims=0))
    onnx.save(model, tiny / "model.onnx")
    assert refused(config_of(tmp_path), tiny) == golden(
        f"{tiny}/model.onnx must have one output of 3 dimensions for a dense model, or call it last_hidden_state or"
        f" token_embeddings; it has last_hidden_state ['batch', {WIDTH}]"
    )


@pytest.mark.parametrize("type", ["dense", "sparse"])
def test_another_width_is_refused(tiny: Path, tmp_path: Path, type: str) -> None:
    encoding = {"similarity": None} if type == "sparse" else {}
    dims = {"specs": {"embedding_dim": 16}, "architecture": {"matryoshka_dims": [16]}}
    config = config_of(tmp_path, type=type, encoding=encoding, **dims)
    with pytest.raises(MismatchError) as caught:
        config.load("fastembed", local=tiny)
    assert str(caught.value) == golden(
        f"`specs.embedding_dim` of `tiny` is 16 in the registry, and its files give vectors of {WIDTH}: the files are"
        " those of another model, or the registry is wrong"
    )


def test_files_of_another_kind_are_refused(
    minilm_onnx: Path, splade_onnx: Path, minilm_config: Any, tmp_path: Path
) -> None:
    assert refused(splade_config(tmp_path), minilm_onnx) == golden(
        f"`tiny` is of type `sparse` in the registry, which is a sparse model, and the files in {minilm_onnx} hold a"
        " dense one (modules.json: Pooling)"
    )
    assert refused(minilm_config, splade_onnx) == golden(
        f"`{DENSE}` is of type `dense` in the registry, which is a dense model, and the files in {splade_onnx} hold a"
        " sparse one (config.json: BertForMaskedLM)"
    )


def test_rerankers_are_left_to_others(tiny: Path, tmp_path: Path) -> None:
    assert refused(config_of(tmp_path, type="reranker"), tiny) == golden(
        "`fastembed` runs dense, multi-vector, sparse models, and `tiny` is a reranker one: use `onnx` or"
        " `sentence-transformers`"
    )


def test_folder_without_an_onnx_file_is_refused(minilm: Path) -> None:
    config = ModelConfig.from_registry(DENSE)
    assert refused(config, minilm, allow_pickle=True) == golden(
        f"no ONNX file of `{DENSE}` in {minilm}: looked for onnx/model.onnx and model.onnx; name it in"
        " `files.weights.onnx`, choose a variant, or use another engine"
    )


def test_files_that_the_library_cannot_load_are_named(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "tiny")
    (folder / "tokenizer_config.json").unlink()
    assert refused(config_of(tmp_path), folder) == golden(
        f"fastembed cannot run {folder}/model.onnx: ValueError: Could not find tokenizer_config.json in {folder}"
    )


@pytest.mark.parametrize("device", ["cuda", "abacus"])
def test_device_that_is_not_there_is_refused(tiny: Path, tmp_path: Path, device: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(engine, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ValueError, match=rf"^device must be cpu, or cuda where onnxruntime has it; got '{device}'$"):
        config_of(tmp_path).load("fastembed", local=tiny, device=device)
