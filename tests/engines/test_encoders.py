"""What every engine has in common: batches, progress, the choice of an engine, smaller vectors."""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from golden import golden
from strategies import registry_of
from tiny import WIDTH, config_of, entry, write_tiny

from hypiler import ModelConfig, space
from hypiler.engines import (
    ENGINES,
    DenseEncoder,
    EngineError,
    MultiVectorEncoder,
    Reranker,
    SparseEncoder,
    UnknownFactError,
    scoring,
)
from hypiler.engines.contract import make_contract
from hypiler.engines.layout import read_layout
from hypiler.registry import Registry

TEXTS = ["a b", "c", "f e d c b a", "", "d"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "model")


@pytest.fixture
def encoder(folder: Path, tmp_path: Path) -> Any:
    return config_of(tmp_path).load("onnx", local=folder)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_vectors_come_in_the_order_of_the_texts_whatever_the_batch(encoder: Any, batch_size: int) -> None:
    one_by_one = np.concatenate([encoder.encode_documents([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode_documents(TEXTS, batch_size=batch_size), one_by_one, atol=1e-6)


def test_no_texts_give_no_vectors(encoder: Any) -> None:
    vectors = encoder.encode_queries([])
    assert (vectors.dtype, vectors.shape) == (np.float32, (0, WIDTH))
    assert encoder.similarity(vectors, vectors).shape == (0, 0)


ENCODERS = [DenseEncoder, MultiVectorEncoder, SparseEncoder, Reranker]


@pytest.mark.parametrize("encoder_class", ENCODERS, ids=lambda encoder_class: encoder_class.__name__)
@pytest.mark.parametrize("method", ["encode_queries", "encode_documents"])
@pytest.mark.parametrize("text", ["a b", "", b"a b"])
def test_one_string_is_no_list_of_texts(encoder: Any, encoder_class: Any, method: str, text: Any) -> None:
    other = encoder_class(encoder.contract, encoder.backend, "onnx")
    with pytest.raises(TypeError, match=r"^texts must be a sequence of strings, got one string$"):
        getattr(other, method)(text)


@pytest.mark.parametrize("pair", [("a b", ["a b"]), (["a b"], "a b")])
def test_reranker_compares_lists_of_texts(encoder: Any, pair: Any) -> None:
    with pytest.raises(TypeError, match=r"^texts must be a sequence of strings, got one string$"):
        Reranker(encoder.contract, encoder.backend, "onnx").similarity(*pair)


def test_batches_have_at_least_one_text(encoder: Any) -> None:
    with pytest.raises(ValueError, match=r"^batch_size must be at least 1, got 0$"):
        encoder.encode_queries(["a"], batch_size=0)


@pytest.mark.parametrize(
    ("progress", "terminal", "batch_size", "shown"),
    [(True, False, 2, True), (False, True, 2, False), (None, False, 2, False), (None, True, 100, False)],
)
def test_bar_is_shown_when_it_is_wanted(
    encoder: Any, monkeypatch: pytest.MonkeyPatch, progress: bool | None, terminal: bool, batch_size: int, shown: bool
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    encoder.encode_documents(TEXTS, batch_size=batch_size, progress=progress)
    assert ("encoding: 100%" in stream.getvalue()) is shown


class TestChoice:
    def test_light_engine_comes_first(self, folder: Path, tmp_path: Path) -> None:
        encoder = config_of(tmp_path).load(local=folder)
        assert isinstance(encoder, DenseEncoder)
        assert repr(encoder) == f"<DenseEncoder 'tiny' by onnx: {WIDTH} dims>"

    def test_unknown_engine_is_refused_with_those_that_there_are(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load("tensorflow", local=folder)
        assert str(caught.value) == golden(f"engine must be auto or one of {', '.join(ENGINES)}; got 'tensorflow'")

    def test_engine_that_cannot_run_this_kind_is_refused(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("model2vec", local=folder)
        assert str(caught.value) == golden(
            "`model2vec` runs static models, and `tiny` is a dense one: use `onnx`, `sentence-transformers` or"
            " `fastembed`"
        )

    @pytest.mark.parametrize("word", ["vision-language", "time-series"])
    def test_model_that_reads_more_than_text_is_loaded_by_none(self, folder: Path, tmp_path: Path, word: str) -> None:
        with pytest.raises(
            EngineError, match=rf"^`tiny` is of type `{word}`, which no engine loads: its input is more"
        ):
            config_of(tmp_path, type=word).load(local=folder)

    def test_config_written_by_hand_is_not_loaded(self) -> None:
        with pytest.raises(
            EngineError,
            match=r"^ModelConfig\('org/name', 8, 9\) was not created from a registry entry, so how it turns text",
        ):
            ModelConfig("org/name", 8, 9).load()


class TestUnknownFacts:
    def test_fact_that_nobody_gives_is_not_guessed(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(UnknownFactError) as caught:
            config_of(tmp_path, encoding={"pooling": None}).load(local=folder)
        assert str(caught.value) == golden(
            "`encoding.pooling` of `tiny` is unknown: neither the registry nor the model's files say it; look it up and"
            " write it into models.json, or pass assume={'pooling': …}"
        )

    def test_fact_that_is_assumed_is_used(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, encoding={"pooling": None}).load(local=folder, assume={"pooling": "cls"})
        stated: Any = config_of(tmp_path, encoding={"pooling": "cls"}).load(local=folder)
        np.testing.assert_array_equal(encoder.encode_documents(TEXTS), stated.encode_documents(TEXTS))

    def test_stated_fact_is_not_overruled(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load(local=folder, assume={"pooling": "cls"})
        assert str(caught.value) == golden(
            "`pooling` of `tiny` is 'mean' in the registry, but assume= gives 'cls'; correct the registry if it is wrong"
        )

    def test_only_facts_of_the_encoding_are_assumed(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(
            ValueError, match=r"^`embedding_dim` is not a fact that can be assumed; these can: pooling, "
        ):
            config_of(tmp_path).load(local=folder, assume={"embedding_dim": 4})


def test_model_in_memory_loads_as_that_of_a_generated_module(encoder: Any, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text(json.dumps(registry_of(entry())))
    config = ModelConfig.from_model(Registry.load(tmp_path / "models.json")["org/tiny"])
    other: Any = config.load("onnx", local=folder)
    assert other.space() == encoder.space()
    np.testing.assert_array_equal(other.encode_queries(TEXTS), encoder.encode_queries(TEXTS))


class TestSpace:
    """The space of an encoder is that of what ran."""

    @pytest.mark.parametrize(
        ("fact", "values", "side"),
        [
            ("pooling", ("cls", "mean"), "document"),
            ("normalize", (True, False), "document"),
            ("document_prefix", ("d: ", ""), "document"),
            ("document_length", (8, 16), "document"),
            ("query_prefix", ("q: ", ""), "query"),
            ("query_length", (8, 16), "query"),
            ("similarity", ("dot", "cosine"), "query"),
        ],
    )
    def test_what_is_assumed_is_part_of_the_space(
        self, folder: Path, tmp_path: Path, fact: str, values: tuple[Any, Any], side: str
    ) -> None:
        config = config_of(tmp_path, encoding={fact: None})
        first, second = [config.load("onnx", local=folder, assume={fact: value}) for value in values]
        stated = config_of(tmp_path, encoding={fact: values[0]}).load("onnx", local=folder)
        assert first.space() == stated.space()
        one, other = first.space(), second.space()
        assert {name for name in one[side] if one[side][name] != other[side][name]} == {fact}
        assert (one["space_id"] != other["space_id"]) is (side == "document")
        assert (one["query_space_id"] != other["query_space_id"]) is (side == "query")
        found = space.compare(first.stamp(), second)
        assert (found.outcome, found.side) == ("different", side)
        assert f"`{fact}` is {values[0]!r} there and {values[1]!r} here" in found.advice

    def test_what_the_files_say_is_part_of_the_space(self, tmp_path: Path) -> None:
        prompts = {"prompts": {"query": "q: ", "document": "d: "}}
        folder = write_tiny(tmp_path / "said", config_sentence_transformers=prompts)
        unsaid = config_of(tmp_path, encoding={"query_prefix": None, "document_prefix": None})
        stated = config_of(tmp_path, encoding={"query_prefix": "q: ", "document_prefix": "d: "})
        one, other = unsaid.load("onnx", local=folder), stated.load("onnx", local=folder)
        assert one.space() == other.space()
        # Filling in a fact makes nobody index again.
        assert space.check(one.stamp(), other).outcome == "same"
        assert space.compare(one.stamp(), unsaid).outcome == "undecided"

    @pytest.mark.parametrize("stated", ["Tanh", "torch.nn.modules.activation.Tanh", None])
    def test_layers_of_the_files_are_part_of_the_space(self, tmp_path: Path, stated: str | None) -> None:
        types = ["Transformer", "Pooling", "Dense"]
        modules = [{"type": f"sentence_transformers.models.{name}", "path": name[:1]} for name in types]
        layer = {"in_features": WIDTH, "out_features": WIDTH, "activation_function": "torch.nn.Tanh"}
        files = {
            "modules": [modules[0] | {"path": ""}, *modules[1:]],
            "P/config": {"pooling_mode": "mean"},
            "D/config": layer,
        }
        layout = read_layout(write_tiny(tmp_path / "layers", **files))
        unsaid = config_of(tmp_path, encoding={"normalize": False})
        own = {"in_features": WIDTH, "out_features": WIDTH, **({"activation": stated} if stated else {})}
        said = config_of(tmp_path, encoding={"normalize": False, "dense_layers": [own]})
        for config in (unsaid, said):
            found = DenseEncoder(make_contract(config, layout, {}), backend=None, engine="onnx").space()
            assert found["document"]["layers"] == "8>8 Tanh"

    def test_files_that_nobody_sees_leave_the_space_unknown(self, folder: Path, tmp_path: Path) -> None:
        encoding = {"pooling": "none", "similarity": None, "normalize": False}
        config = config_of(tmp_path, type="colbert", capabilities={"multi_vector": True}, encoding=encoding)
        contract = make_contract(config, read_layout(folder), {})
        assert contract.similarity == "max_sim"
        found = MultiVectorEncoder(contract, None, "onnx").space()
        assert (found["bytes"], found["space_id"]) == ({"weights": None, "tokenizer": None}, None)
        assert found["query"] == {
            "query_prefix": "",
            "query_length": 64,
            "similarity": "max_sim",
            "lower": False,
            "query_marker": "",
            "query_skipped": "",
            "expansion": 0,
            "expansion_token": "",
            "attend": False,
        }


class TestSmallerVectors:
    def loaded(self, folder: Path, tmp_path: Path, **encoding: Any) -> Any:
        return config_of(tmp_path, encoding=entry()["encoding"] | encoding).load(local=folder)

    def test_binary_vectors_are_compared_by_their_bits(self, folder: Path, tmp_path: Path) -> None:
        encoder = self.loaded(folder, tmp_path, precisions=["binary"])
        vectors = encoder.encode_documents(TEXTS)
        quantizer = encoder.quantizer("binary", vectors)
        bits = quantizer.quantize(vectors)
        assert isinstance(quantizer, scoring.Binary)
        assert bits.shape == (len(TEXTS), 1)
        assert (
            quantizer.similarity(bits, bits).argmax(axis=1) == encoder.similarity(vectors, vectors).argmax(axis=1)
        ).all()

    def test_bytes_are_compared_by_the_measure_of_the_model(self, folder: Path, tmp_path: Path) -> None:
        encoder = self.loaded(folder, tmp_path, precisions=["int8"], similarity="euclidean", normalize=False)
        vectors = encoder.encode_documents(TEXTS)
        quantizer = encoder.quantizer("int8", vectors)
        codes = quantizer.quantize(vectors)
        assert codes.dtype == np.int8
        np.testing.assert_allclose(quantizer.similarity(codes, codes), encoder.similarity(vectors, vectors), atol=0.05)

    def test_precision_that_the_registry_does_not_state_is_refused(self, folder: Path, tmp_path: Path) -> None:
        encoder = self.loaded(folder, tmp_path, precisions=["binary"])
        told = "`encoding.precisions` of `tiny` must have 'int8'; it has binary"
        with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
            encoder.quantizer("int8", encoder.encode_documents(TEXTS))
