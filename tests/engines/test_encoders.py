"""What every engine has in common: batches, progress, the choice of an engine, smaller vectors."""

import io
import json
import re
import sys
import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from golden import golden
from scipy.sparse import csr_array
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
    TruncationWarning,
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


def test_the_kind_that_the_program_needs_is_what_it_gets(folder: Path, tmp_path: Path) -> None:
    assert type(config_of(tmp_path).load("onnx", local=folder, kind=DenseEncoder)) is DenseEncoder


def test_no_texts_give_no_vectors(encoder: Any) -> None:
    vectors = encoder.encode_queries([])
    assert (vectors.dtype, vectors.shape) == (np.float32, (0, WIDTH))
    assert encoder.similarity(vectors, vectors).shape == (0, 0)


ENCODERS = [DenseEncoder, MultiVectorEncoder, SparseEncoder, Reranker]


class Letters(str):
    """A string whose text is not what `str` makes of it."""

    def __str__(self) -> str:
        return "something else"


# What is no sequence of strings, and what messages say of it after the name of the argument.
NO_TEXTS: list[tuple[Any, str]] = [
    ("a b", " must be a sequence of strings, got one string"),
    ("", " must be a sequence of strings, got one string"),
    (b"a b", " must be a sequence of strings, got one bytes"),
    (bytearray(b"a"), " must be a sequence of strings, got one bytearray"),
    (None, " must be a sequence of strings, got None"),
    (3, " must be a sequence of strings, got an int"),
    ({"a"}, " must be a sequence of strings, got a set"),
    ({"a": "b"}, " must be a sequence of strings, got a dict"),
    (str, " must be a sequence of strings, got a type"),
    (np.array([["a"]]), " must be an array of one dimension, got one of shape (1, 1)"),
    (np.array("a"), " must be an array of one dimension, got one of shape ()"),
    (["a", None], "[1] must be a string, got None"),
    (["a", b"b"], "[1] must be a string, got a bytes"),
    (["a", ["b"]], "[1] must be a string, got a list"),
    (["a", float("nan")], "[1] must be a string, got nan"),
    (range(2), "[0] must be a string, got 0"),
    (np.array([1.5]), "[0] must be a string, got 1.5"),
    (np.array(["a", None], object), "[1] must be a string, got None"),
]
METHODS = [
    (encoder_class, method)
    for encoder_class in ENCODERS
    for method in ("encode_queries", "encode_documents", *["similarity"] * (encoder_class is Reranker))
]

ENCODING = [(encoder_class, method) for encoder_class, method in METHODS if method != "similarity"]


def named(encoder_class: Any, method: str) -> str:
    return f"{encoder_class.__name__}.{method}"


class TestTexts:
    """Texts are checked before the engine gets them, so this holds for every engine."""

    @pytest.mark.parametrize(("encoder_class", "method"), METHODS, ids=[named(*one) for one in METHODS])
    @pytest.mark.parametrize(("texts", "message"), NO_TEXTS, ids=[message for _, message in NO_TEXTS])
    def test_other_things_than_texts_are_refused(
        self, encoder: Any, encoder_class: Any, method: str, texts: Any, message: str
    ) -> None:
        other = encoder_class(encoder.contract, None, "onnx")
        calls = {"texts": lambda: getattr(other, method)(texts)}
        if method == "similarity":
            calls = {
                "queries": lambda: other.similarity(texts, ["a"]),
                "documents": lambda: other.similarity(["a"], texts),
            }
        for name, call in calls.items():
            with pytest.raises(TypeError) as caught:
                call()
            assert str(caught.value) == f"{name}{message}"

    @pytest.mark.parametrize(
        ("texts", "name"),
        [(iter(["a"]), "list_iterator"), ((text for text in "ab"), "generator"), (map(str, [1]), "map")],
    )
    def test_iterators_are_refused_with_the_remedy(self, encoder: Any, texts: Any, name: str) -> None:
        with pytest.raises(TypeError) as caught:
            encoder.encode_queries(texts)
        assert str(caught.value) == f"texts must be a sequence of strings, got a {name}; pass list(texts)"

    @pytest.mark.parametrize(("encoder_class", "method"), METHODS, ids=[named(*one) for one in METHODS])
    def test_lone_surrogate_is_named_with_its_text(self, encoder: Any, encoder_class: Any, method: str) -> None:
        other = encoder_class(encoder.contract, None, "onnx")
        texts = ["a", "b" * 100 + "\ud800" + "c" * 100]
        with pytest.raises(ValueError, match="lone surrogate") as caught:
            other.similarity(["a"], texts) if method == "similarity" else getattr(other, method)(texts)
        assert str(caught.value) == (
            f"{'documents' if method == 'similarity' else 'texts'}[1] has a lone surrogate at character 100, which"
            f" stands for no character: '{'b' * 20}\\ud800{'c' * 19}'…"
        )

    @pytest.mark.parametrize(
        "texts",
        [
            tuple(TEXTS),
            deque(TEXTS),
            np.array(TEXTS),
            np.array(TEXTS, object),
            [np.str_(text) for text in TEXTS],
            [Letters(text) for text in TEXTS],
        ],
        ids=lambda texts: type(texts[0]).__name__ + " in " + type(texts).__name__,
    )
    def test_sequences_and_arrays_of_strings_are_texts(self, encoder: Any, texts: Any) -> None:
        np.testing.assert_array_equal(encoder.encode_documents(texts), encoder.encode_documents(TEXTS))
        reranker = Reranker(encoder.contract, None, "onnx")
        found = reranker.encode_queries(texts)
        assert found == TEXTS
        assert {type(text) for text in found} == {str}

    @pytest.mark.parametrize(("encoder_class", "method"), ENCODING, ids=[named(*one) for one in ENCODING])
    @pytest.mark.parametrize(
        ("batch_size", "error", "message"),
        [
            (0, ValueError, "batch_size must be at least 1, got 0"),
            (-(10**30), ValueError, f"batch_size must be at least 1, got -{10**30}"),
            (True, TypeError, "batch_size must be an int, got True"),
            (2.0, TypeError, "batch_size must be an int, got 2.0"),
            (None, TypeError, "batch_size must be an int, got None"),
            ("8", TypeError, "batch_size must be an int, got a str"),
        ],
    )
    def test_size_of_batches_is_a_positive_integer(
        self, encoder: Any, encoder_class: Any, method: str, batch_size: Any, error: Any, message: str
    ) -> None:
        with pytest.raises(error) as caught:
            getattr(encoder_class(encoder.contract, None, "onnx"), method)(["a"], batch_size=batch_size)
        assert str(caught.value) == message

    def test_size_of_batches_may_be_an_integer_of_numpy(self, encoder: Any) -> None:
        assert encoder.encode_queries(["a"], batch_size=np.int64(1)).shape == (1, WIDTH)


class Answers:
    """A backend that gives what it was made with, text by text."""

    def __init__(self, answers: dict[str, Any], join: Any) -> None:
        self.answers, self.join = answers, join

    def run(self, texts: list[str], *, query: bool) -> Any:
        return self.join([self.answers[text] for text in texts])

    def score(self, pairs: list[tuple[str, str]]) -> Any:
        return self.join([self.answers[text] for _, text in pairs])


def ones(*bad: float) -> Any:
    return np.array([*bad, *[1] * (WIDTH - len(bad))], np.float32)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("encoder_class", "make", "join"),
    [
        (DenseEncoder, lambda one: one, np.stack),
        (MultiVectorEncoder, lambda one: np.stack([ones(), one]), list),
        (SparseEncoder, lambda one: one, lambda rows: csr_array(np.stack(rows))),
        (Reranker, lambda one: one[0], np.array),
        (Reranker, lambda one: float(one[0]), list),
    ],
)
def test_numbers_that_are_not_finite_are_an_error_that_names_the_text(
    encoder: Any, encoder_class: Any, make: Any, join: Any, bad: float
) -> None:
    answers = {"good": make(ones()), "longer text": make(ones()), "bad": make(ones(bad)), "": make(ones(bad, bad))}
    other = encoder_class(encoder.contract, Answers(answers, join), "onnx")
    reason = (
        "the files of `tiny` give numbers that are NaN or infinite: the weights are damaged, or their precision is too"
        " low for this text"
    )
    # Batches have the longest texts first.
    texts = ["", "good", "longer text", "bad"]
    for batch_size in (1, 2, 10):
        with pytest.raises(EngineError) as caught:
            if encoder_class is Reranker:
                other.similarity(["q", "p"], texts)
            else:
                other.encode_documents(texts, batch_size=batch_size)
        expected = "queries[0] and documents[3]" if encoder_class is Reranker else "texts[3] ('bad')"
        assert str(caught.value) == f"{expected}: {reason}"
        assert type(caught.value) is EngineError


class TestTruncation:
    def test_truncated_texts_are_warned_of_once_per_call_and_counted(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, encoding={"query_length": 4, "document_length": 5}).load(local=folder)
        assert encoder.truncated == 0
        with pytest.warns(TruncationWarning) as caught:
            encoder.encode_documents(["a b c d e", "a b c", "", "a b c d", "f"], batch_size=2)
        assert [str(one.message) for one in caught] == [
            "2 of 5 texts were truncated to 5 tokens, the limit of `tiny`; the longest has 7"
        ]
        assert caught[0].filename == __file__
        with pytest.warns(TruncationWarning) as caught:
            encoder.encode_queries(["a b c"])
        assert [str(one.message) for one in caught] == [
            "1 of 1 text was truncated to 4 tokens, the limit of `tiny`; the longest has 5"
        ]
        assert encoder.truncated == 3

    def test_texts_up_to_the_limit_are_not_truncated(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, encoding={"document_length": 5}).load(local=folder)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            encoder.encode_documents(["a b c", ""])
        assert encoder.truncated == 0

    def test_length_of_a_very_long_text_is_a_lower_limit(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, encoding={"document_length": 5}).load(local=folder)
        with pytest.warns(TruncationWarning) as caught:
            encoder.encode_documents(["a b c " * 10_000])
        length = re.fullmatch(
            "1 of 1 text was truncated to 5 tokens, the limit of `tiny`; the longest has at least (.*)",
            str(caught[0].message),
        )
        assert length
        assert 5 < int(length[1]) < 30_000

    def test_prefix_counts(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, encoding={"document_length": 5, "document_prefix": "d: "}).load(local=folder)
        with pytest.warns(TruncationWarning, match="the longest has 6$"):
            encoder.encode_documents(["a b c"])

    def test_threads_count_their_own_texts(self, folder: Path, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path, encoding={"document_length": 5}).load(local=folder)
        texts = [["a b c d"] * number for number in range(1, 9)]
        expected = [encoder.encode_documents(some) for some in texts]
        before = encoder.truncated
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(encoder.encode_documents, texts * 4))
        for place, vectors in enumerate(found):
            np.testing.assert_array_equal(vectors, expected[place % 8])
        assert encoder.truncated - before == 4 * sum(range(1, 9))


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
