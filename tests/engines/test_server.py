"""Served models, asked by the real client: what is sent, what is checked, and what each kind of server does."""

import copy
import gzip
import json
import pickle
import re
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated import imported
from golden import golden
from loopback_hub import LoopbackHub, delayed
from strategies import registry_of
from tiny import TABLE, WIDTH, config_of, entry, write_tiny

pytest.importorskip("openai", reason="pip install 'hypiler[server]'")

from served_models import INFINITY, KINDS, LLAMA_CPP, OLLAMA, OPENAI, TEI, VLLM, Kind, Served

from hypiler import ModelConfig, space
from hypiler.compiler.pipeline import compile_registry
from hypiler.engines import (
    EngineError,
    MismatchError,
    PolicyError,
    Server,
    ServerError,
    TruncationWarning,
    engine_specs,
)
from hypiler.schema.requirements import Requirements

TEXTS = ["a", "b c", "d e f", "a a b", ". ,"]
PACKED = {"content-encoding": "gzip"}
PREFIXES = {"query_prefix": "q: ", "document_prefix": "d: "}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "model")


def load(served: Served, folder: Path | None, place: Path, dimension: int | None = None, **changes: Any) -> Any:
    """The tiny model at a server. The key of the registry's changes is `server` for options of the server."""
    options = changes.pop("server", {})
    key = {"api_key": served.kind.key} if served.kind.key else {}
    config = config_of(place, dimension, **changes)
    if folder is None:
        options = {"truncation": "server"} | options
    return config.load("server", url=Server(served.url, **key | options), local=folder)


def expected(texts: list[str], width: int = WIDTH) -> Any:
    cut = np.stack([Served(TEI).vector(text, None)[:width] for text in texts])
    return cut / np.linalg.norm(cut, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_vectors_of_each_server_are_those_of_the_model(kind: Kind, folder: Path, tmp_path: Path) -> None:
    local = config_of(tmp_path, 4, encoding=PREFIXES).load("onnx", local=folder)
    with Served(kind) as served:
        own = load(served, folder, tmp_path, 4, encoding=PREFIXES)
        assert np.abs(own.encode_queries(TEXTS) - local.encode_queries(TEXTS)).max() < 1e-6
        assert np.abs(own.encode_documents(TEXTS) - local.encode_documents(TEXTS)).max() < 1e-6
        assert space.check(local.stamp(), own).outcome == "same"
    assert "q: a" in served.texts
    assert "d: a" in served.texts
    assert not any("dimensions" in body for body in served.asked)


@pytest.fixture
def tei() -> Iterator[Served]:
    with Served(TEI) as served:
        yield served


class TestRequests:
    """What is sent."""

    def test_prefix_is_put_before_each_text_and_nothing_else_is_sent(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, encoding=PREFIXES)
        tei.asked.clear()
        encoder.encode_queries(["a"])
        encoder.encode_documents(["b"])
        usual = {"model": "org/tiny", "encoding_format": "base64"}
        assert tei.asked == [{"input": ["q: a"], **usual}, {"input": ["d: b"], **usual}]

    def test_named_prompt_is_put_before_texts(self, tei: Served, tmp_path: Path) -> None:
        config = config_of(tmp_path, encoding={"prompts": {"pairs": "c: "}}).with_prompts(query="pairs")
        config.load("server", url=Server(tei.url, truncation="server")).encode_queries(["a"])
        assert tei.texts[-1] == "c: a"

    def test_address_alone_chooses_the_engine(self, tei: Served, folder: Path, tmp_path: Path) -> None:
        encoder = config_of(tmp_path).load(url=tei.url, local=folder)
        assert (encoder.engine, repr(encoder)) == ("server", golden("<DenseEncoder 'tiny' by server: 8 dims>"))

    def test_batches_are_requests_and_their_order_is_kept(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        texts = [" ".join("abcdef"[: 1 + number % 6]) for number in range(100)]
        tei.asked.clear()
        assert np.abs(encoder.encode_documents(texts, batch_size=7) - expected(texts)).max() < 1e-6
        assert {len(body["input"]) for body in tei.asked} <= {7, 100 % 7}
        assert len(tei.asked) == 15

    def test_registry_limits_the_texts_of_a_request(self, tmp_path: Path) -> None:
        with Served(INFINITY) as served:
            encoder = load(served, None, tmp_path, limits={"inputs_per_request": 3})
            encoder.encode_documents(["a"] * 10)
            assert max(len(body["input"]) for body in served.asked) == 3

    def test_bytes_of_a_request_are_limited_as_its_tokens_are(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, server={"tokens_per_request": 10})
        tei.asked.clear()
        encoder.encode_documents(["a b c", "d e f", "a", "b", "a b c d e f"])
        # A text that is too long by itself is sent alone.
        assert sorted(body["input"] for body in tei.asked) == [["a", "b"], ["a b c", "d e f"], ["a b c d e f"]]

    def test_smaller_batches_are_learned_from_a_server_that_refuses_large_ones(self, tmp_path: Path) -> None:
        with Served(TEI, most=8) as served:
            encoder = load(served, None, tmp_path, server={"concurrency": 1})
            assert np.abs(encoder.encode_documents(["a"] * 32) - expected(["a"])).max() < 1e-6
            served.asked.clear()
            encoder.encode_documents(["a"] * 32)
            assert [len(body["input"]) for body in served.asked] == [8, 8, 8, 8]

    def test_as_many_requests_are_sent_at_once_as_allowed(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, server={"concurrency": 3})
        three = threading.Barrier(3, timeout=20)
        running: list[int] = []

        def wait(body: dict[str, Any]) -> None:
            running.append(1)
            three.wait()
            assert len(running) <= 3
            three.wait()
            running.pop()
            three.wait()

        tei.before = wait
        assert encoder.encode_documents(["a"] * 42, batch_size=2).shape == (42, WIDTH)

    def test_texts_of_the_probe_are_sent_one_after_the_other(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        tei.asked.clear()
        encoder.stamp()
        assert [len(body["input"]) for body in tei.asked] == [1] * 9

    def test_further_members_and_headers_are_sent(self, tei: Served, tmp_path: Path) -> None:
        options = {"extra_body": {"truncate_prompt_tokens": -1}, "headers": {"X-Tenant": "one"}}
        load(tei, None, tmp_path, server=options)
        assert tei.asked[-1]["truncate_prompt_tokens"] == -1
        assert tei.headers[-1]["x-tenant"] == "one"

    def test_nothing_of_openai_in_the_environment_reaches_another_server(
        self, tei: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
            monkeypatch.setenv(name, "sk-secret")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: sk-secret")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        load(tei, None, tmp_path)
        assert tei.headers
        assert "sk-secret" not in json.dumps(tei.headers)
        assert "authorization" not in tei.headers[-1]


class TestNames:
    """Under which name a model is asked for."""

    def asked(self, served: Served, place: Path, **changes: Any) -> str:
        load(served, None, place, **changes)
        return str(served.asked[-1]["model"])

    def test_repository_is_the_name_where_nothing_is_listed(self, tei: Served, tmp_path: Path) -> None:
        assert self.asked(tei, tmp_path) == "org/tiny"

    def test_only_model_that_is_listed_is_the_one(self, tmp_path: Path) -> None:
        with Served(LLAMA_CPP) as served:
            assert self.asked(served, tmp_path) == "/models/tiny-f32.gguf"

    @pytest.mark.parametrize("name", ["all-minilm-l6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
    def test_only_model_is_refused_if_its_name_is_that_of_another_one(self, name: str, tmp_path: Path) -> None:
        with Served(LLAMA_CPP, models=(name,)) as served:
            with pytest.raises(EngineError) as caught:
                self.asked(served, tmp_path)
            assert str(caught.value) == (
                f"the server at {served.url} lists the models '{name}', and none is called 'org/tiny': name the one that"
                f" is `tiny` by Server('{served.url}', model=…)"
            )

    def test_id_is_found_among_several_with_its_tag(self, tmp_path: Path) -> None:
        with Served(OLLAMA) as served:
            assert self.asked(served, tmp_path) == "tiny:latest"

    def test_name_in_the_library_of_ollama_is_the_one(self, tmp_path: Path) -> None:
        source = {"huggingface_id": None, "revision": None, "source": {"ollama": "tiny:v1"}}
        with Served(OLLAMA, models=("tiny:v1", "other:latest")) as served:
            assert self.asked(served, tmp_path, **source) == "tiny:v1"

    def test_variant_in_the_library_of_ollama_is_asked_for_by_its_name(self, folder: Path, tmp_path: Path) -> None:
        variants = [{"id": "q8", "quantization": "int8", "ollama": "tiny:q8"}]
        config = config_of(tmp_path, variants=variants).with_variant("q8")
        with Served(OLLAMA, models=("tiny:latest", "tiny:q8")) as served:
            found = config.load("server", url=served.url, local=folder).space()
            assert served.asked[-1]["model"] == "tiny:q8"
        assert (found["repository"], found["revision"]) == ("tiny:q8", None)

    def test_none_of_several_is_guessed(self, tmp_path: Path) -> None:
        with Served(OLLAMA, models=("one:latest", "two:latest")) as served:
            with pytest.raises(EngineError) as caught:
                self.asked(served, tmp_path)
            assert str(caught.value) == golden(
                f"the server at {served.url} lists the models 'one:latest', 'two:latest', and none is called"
                f" 'org/tiny': name the one that is `tiny` by Server('{served.url}', model=…)"
            )

    def test_wrong_name_is_noticed_by_the_answer(self, tmp_path: Path) -> None:
        with Served(INFINITY) as served:
            with pytest.raises(MismatchError) as caught:
                self.asked(served, tmp_path, server={"model": "another"})
            assert str(caught.value) == golden(
                f"the server at {served.url} was asked for the model 'another', and 'org/tiny' answered: pass"
                " model='org/tiny' if it is the same, or answered_model='org/tiny' if it must be asked by the other"
                " name"
            )
            assert self.asked(served, tmp_path, server={"model": "another", "answered_model": "org/tiny"}) == "another"

    def test_model_that_is_replaced_later_is_noticed(self, tmp_path: Path) -> None:
        with Served(INFINITY) as served:
            encoder = load(served, None, tmp_path)
            served.change = lambda answer: answer | {"model": "another"}
            with pytest.raises(MismatchError, match="'another' answered"):
                encoder.encode_documents(["a"])

    def test_unknown_name_is_the_servers_error(self, tmp_path: Path) -> None:
        with Served(VLLM) as served:
            with pytest.raises(ServerError) as caught:
                self.asked(served, tmp_path, server={"model": "another"})
            assert str(caught.value) == golden(
                f"the server at {served.url} answered with status 404: The model `another` does not exist.; is the"
                " model there called 'another', and is `/v1` in url?"
            )


class TestAnswers:
    """Each answer is checked."""

    def test_vectors_are_taken_in_the_order_of_their_index(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        tei.change = lambda answer: answer | {"data": answer["data"][::-1]}
        assert np.abs(encoder.encode_documents(TEXTS) - expected(TEXTS)).max() < 1e-6

    def test_floats_are_taken_though_base64_was_asked_for(self, tei: Served, tmp_path: Path) -> None:
        def floats(answer: dict[str, Any]) -> dict[str, Any]:
            for one, text in zip(answer["data"], tei.asked[-1]["input"], strict=True):
                one["embedding"] = tei.vector(text, None).tolist()
            return answer

        tei.change = floats
        encoder = load(tei, None, tmp_path)
        assert np.abs(encoder.encode_documents(TEXTS) - expected(TEXTS)).max() < 1e-6

    def test_server_without_base64_is_asked_for_floats(self, tmp_path: Path) -> None:
        with Served(TEI, formats=("float",)) as served:
            encoder = load(served, None, tmp_path)
            assert np.abs(encoder.encode_documents(TEXTS) - expected(TEXTS)).max() < 1e-6
            assert [body["encoding_format"] for body in served.asked] == ["base64", "float", "float", "float"]
            assert encoder.provenance()["server"]["encoding_format"] == "float"

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (lambda answer: [1], golden("it has no list `data`")),
            (lambda answer: answer | {"data": []}, golden("it has 0 vectors for 1 text")),
            (lambda answer: answer | {"data": answer["data"] * 2}, golden("it has 2 vectors for 1 text")),
            (
                lambda answer: {"error": {"message": "no model is loaded"}},
                golden("it has no list `data`, and says: no model is loaded"),
            ),
            (
                lambda answer: answer | {"data": [one | {"index": 1} for one in answer["data"]]},
                golden("its `index` must be each number from 0 to 0"),
            ),
            (
                lambda answer: answer | {"data": [one | {"embedding": "%"} for one in answer["data"]]},
                golden("a vector is neither a list of numbers nor base64"),
            ),
            *[
                (
                    lambda answer, held=held: answer | {"data": [one | {"embedding": held} for one in answer["data"]]},
                    golden("a vector is neither a list of numbers nor base64"),
                )
                for held in ("AAAA", "ä", {"a": 1}, [[1.0]], [[1.0], 2.0], [10**400], True, None)
            ],
            (
                lambda answer: answer | {"data": [one | {"embedding": ["1", "2"]} for one in answer["data"]]},
                golden("a vector is neither a list of numbers nor base64"),
            ),
            (
                lambda answer: answer | {"data": [one | {"embedding": [None] * 8} for one in answer["data"]]},
                golden("a vector is neither a list of numbers nor base64"),
            ),
        ],
    )
    def test_answer_that_cannot_be_used_is_refused(self, change: Any, what: str, tei: Served, tmp_path: Path) -> None:
        tei.change = change
        with pytest.raises(ServerError) as caught:
            load(tei, None, tmp_path)
        assert str(caught.value) == f"unexpected response from the server at {tei.url}: {what}"

    def test_vectors_of_different_widths_are_refused(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        tei.change = lambda answer: {"data": [{"embedding": [1.0] * (1 + place)} for place in range(2)]}
        with pytest.raises(ServerError) as caught:
            encoder.encode_documents(["a", "b"])
        assert str(caught.value) == golden(
            f"unexpected response from the server at {tei.url}: its vectors have different widths"
        )

    def test_page_of_a_web_server_is_refused(self, tei: Served, tmp_path: Path) -> None:
        tei.before = lambda body: (200, b"<html>", {})
        with pytest.raises(ServerError) as caught:
            load(tei, None, tmp_path)
        assert str(caught.value) == golden(f"unexpected response from the server at {tei.url}: it is not JSON")

    @pytest.mark.parametrize("status", [200, 500])
    @pytest.mark.parametrize("packed", [True, False])
    def test_endless_answer_is_given_up(self, status: int, packed: bool, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, server={"max_retries": 0})
        data, headers = b" " * (18 << 20), {"content-encoding": "gzip"} if packed else {}
        tei.before = lambda body: (status, gzip.compress(data, 1) if packed else data, headers)
        with pytest.raises(ServerError) as caught:
            encoder.encode_documents(["a"])
        assert str(caught.value) == golden(
            f"unexpected response from the server at {tei.url}: it is larger than any vectors of the texts"
        )

    def test_packed_answer_is_unpacked(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        wanted = encoder.encode_documents(["a"])
        tei.before = lambda body: (200, gzip.compress(json.dumps(tei._answered(body)[1]).encode()), PACKED)
        assert np.array_equal(encoder.encode_documents(["a"]), wanted)
        tei.before = lambda body: (200, b"no gzip", PACKED)
        with pytest.raises(ServerError) as caught:
            load(tei, None, tmp_path, server={"max_retries": 0})
        assert str(caught.value) == golden(f"unexpected response from the server at {tei.url}: it is no valid gzip")

    def test_other_width_names_both_numbers(self, tmp_path: Path) -> None:
        with Served(INFINITY, width=5) as served, pytest.raises(MismatchError) as caught:
            load(served, None, tmp_path)
        assert str(caught.value) == golden(
            f"`specs.embedding_dim` of `tiny` is 8 in the registry, and the server at {served.url} gives vectors of 5:"
            " it runs another model"
        )

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
    def test_number_that_is_none_names_the_text(self, number: float, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)

        def damaged(answer: dict[str, Any]) -> dict[str, Any]:
            place = tei.asked[-1]["input"].index("d e f")
            answer["data"][place]["embedding"] = [number] * WIDTH
            return answer

        tei.change = damaged
        with pytest.raises(EngineError) as caught:
            encoder.encode_documents(TEXTS)
        assert str(caught.value) == golden(
            f"texts[2] ('d e f'): the server at {tei.url} gives numbers that are NaN or infinite"
        )

    def test_vectors_that_are_not_normalized_are_normalized_here(self, tmp_path: Path) -> None:
        with Served(TEI, normalizes=False) as served:
            encoder = load(served, None, tmp_path)
            assert np.abs(encoder.encode_documents(TEXTS) - expected(TEXTS)).max() < 1e-6

    def test_server_that_normalizes_what_must_not_be_is_refused_or_accepted_by_name(self, tmp_path: Path) -> None:
        known: dict[str, Any] = {"encoding": {"normalize": False}}
        with Served(TEI) as served, Served(TEI, normalizes=False) as raw:
            with pytest.raises(MismatchError) as caught:
                load(served, None, tmp_path, **known)
            assert str(caught.value) == golden(
                f"`encoding.normalize` of `tiny` is False, and the server at {served.url} gives vectors of length 1:"
                " start the server so that it does not normalize, or accept it by"
                f" Server('{served.url}', normalizes=True), as a space of its own"
            )
            accepted = load(served, None, tmp_path, server={"normalizes": True}, **known)
            assert accepted.space()["document"]["normalize"] is True
            own = load(raw, None, tmp_path, **known)
            assert own.space()["document"]["normalize"] is False
            found = space.compare(own.stamp(), accepted)
            assert (found.outcome, found.facts) == ("different", (("normalize", False, True),))

    def test_vectors_of_zeros_are_no_embeddings(self, tmp_path: Path) -> None:
        table = np.zeros_like(TABLE)
        with Served(TEI, table=table, normalizes=False) as served, pytest.raises(MismatchError) as caught:
            load(served, None, tmp_path)
        assert str(caught.value) == golden(
            f"the server at {served.url} gives vectors of zeros: it runs no embedding model"
        )


class TestFailures:
    """What a server does not do."""

    def test_text_that_is_refused_is_named_by_its_place(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        tei.before = lambda body: (422, {"message": "no c"}, {}) if any("c" in text for text in body["input"]) else None
        with pytest.raises(EngineError) as caught:
            encoder.encode_documents(["a", "b", "d c", "e"] * 1 + ["f"] * 20)
        assert str(caught.value) == golden(f"texts[2] ('d c'): the server at {tei.url} answered with status 422: no c")

    @pytest.mark.parametrize("kind", [VLLM, LLAMA_CPP, OPENAI], ids=lambda kind: kind.name)
    def test_text_that_is_too_long_for_the_server_is_named_and_not_asked_again(
        self, kind: Kind, tmp_path: Path
    ) -> None:
        with Served(kind, limit=8) as served:
            encoder = load(served, None, tmp_path)
            served.asked.clear()
            with pytest.raises(EngineError) as caught:
                encoder.encode_documents(["a", "b " * 20])
            assert str(caught.value) == (
                f"texts[1] ('{'b ' * 20}'): the server at {served.url} answered with status {kind.long}: {kind.too_long}"
            )
            long = [body for body in served.asked if any("b b" in text for text in body["input"])]
            assert len(long) == 2  # with the other text, and alone

    def test_server_that_fails_on_every_text_is_the_reason_itself(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, server={"max_retries": 0})
        tei.before = lambda body: (500, {"error": "out of memory"}, {})
        tei.asked.clear()
        with pytest.raises(ServerError) as caught:
            encoder.encode_documents(["a"] * 32)
        assert str(caught.value) == golden(f"the server at {tei.url} answered with status 500: out of memory")
        assert len(tei.asked) == 2

    def test_message_never_repeats_the_texts(self, tmp_path: Path) -> None:
        with Served(INFINITY, most=0) as served, pytest.raises(ServerError) as caught:
            load(served, None, tmp_path)
        assert str(caught.value) == golden(
            f"the server at {served.url} answered with status 422: batch size 1 > maximum allowed batch size 0"
        )

    def test_busy_server_is_asked_again_when_it_says(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        answers = [(429, {"message": "Model is overloaded"}, {"retry-after-ms": "20"})] * 2
        tei.before = lambda body: answers.pop() if answers else None
        start = time.monotonic()
        assert encoder.encode_documents(["a"]).shape == (1, WIDTH)
        assert time.monotonic() - start >= 0.04

    def test_busy_server_is_not_asked_for_ever(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        tei.before = lambda body: (429, {"message": "Model is overloaded"}, {"retry-after-ms": "1"})
        tei.asked.clear()
        with pytest.raises(ServerError) as caught:
            encoder.encode_documents(["a"])
        assert str(caught.value) == golden(f"the server at {tei.url} answered with status 429: Model is overloaded")
        assert len(tei.asked) == 3

    def test_server_that_is_not_there_cannot_be_reached(self, tmp_path: Path) -> None:
        with Served(TEI) as served:
            url = served.url
        with pytest.raises(ServerError) as caught:
            config_of(tmp_path).load("server", url=Server(url, truncation="server", max_retries=0))
        assert str(caught.value) == golden(f"the server at {url} cannot be reached: [Errno 111] Connection refused")

    def test_slow_server_is_given_up(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, server={"timeout": 0.05, "max_retries": 0})
        tei.before = lambda body: time.sleep(0.3)
        with pytest.raises(ServerError) as caught:
            encoder.encode_documents(["a"])
        assert str(caught.value) == golden(
            f"the server at {tei.url} did not answer within 0.05 seconds; pass a longer timeout= of Server"
        )

    def test_answer_that_comes_drop_by_drop_is_given_up(self, tmp_path: Path) -> None:
        with Served(TEI) as served:
            encoder = load(served, None, tmp_path, server={"timeout": 0.3, "max_retries": 0})
            served.drops = 0.05
            start = time.monotonic()
            with pytest.raises(ServerError) as caught:
                encoder.encode_documents(["a"])
        assert time.monotonic() - start < 3
        assert str(caught.value) == golden(
            f"the server at {served.url} did not answer within 0.3 seconds; pass a longer timeout= of Server"
        )

    def test_redirect_is_not_followed(self, tei: Served, tmp_path: Path) -> None:
        with Served(TEI) as elsewhere:
            tei.before = lambda body: (307, {}, {"location": elsewhere.url})
            with pytest.raises(ServerError) as caught:
                load(tei, None, tmp_path)
            assert str(caught.value) == golden(
                f"the server at {tei.url} redirects to {elsewhere.url}, and redirects are not followed: pass that"
                " address"
            )
            assert elsewhere.asked == []

    def test_address_without_v1_is_named(self, tei: Served, tmp_path: Path) -> None:
        url = tei.url.removesuffix("/v1")
        with pytest.raises(ServerError) as caught:
            config_of(tmp_path).load("server", url=Server(url, truncation="server"))
        assert str(caught.value) == golden(
            f"the server at {url} answered with status 404; is the model there called 'org/tiny', and is `/v1` in url?"
        )

    def test_first_failure_ends_the_others(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, server={"concurrency": 2})
        tei.before = lambda body: (401, {"message": "no"}, {})
        tei.asked.clear()
        with pytest.raises(ServerError):
            encoder.encode_documents(["a"] * 64, batch_size=2)
        assert len(tei.asked) <= 4


class TestSecrets:
    """A key is sent to its server, and is nowhere else."""

    def test_key_is_sent_to_its_server(self, tmp_path: Path) -> None:
        with Served(OPENAI) as served:
            load(served, None, tmp_path)
            assert served.headers[-1]["authorization"] == "Bearer sk-right"

    def test_key_of_a_variable_is_read_when_the_model_is_loaded(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = {"api_key": None, "api_key_variable": "TINY_KEY"}
        with Served(OPENAI) as served:
            with pytest.raises(EngineError) as caught:
                load(served, None, tmp_path, server=options)
            assert str(caught.value) == golden(
                f"the environment variable TINY_KEY must contain the key of {served.url}; it is not set"
            )
            monkeypatch.setenv("TINY_KEY", "sk-right")
            load(served, None, tmp_path, server=options)

    def test_wrong_key_is_not_repeated(self, tmp_path: Path) -> None:
        with Served(OPENAI) as served, pytest.raises(ServerError) as caught:
            load(served, None, tmp_path, server={"api_key": "sk-wrong"})
        assert str(caught.value) == golden(
            f"the server at {served.url} answered with status 401: Incorrect API key provided: Bearer …; pass its key as"
            " api_key= or api_key_variable= of Server"
        )
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize("answer", ["model", "location"])
    def test_key_that_a_server_repeats_is_not_shown(self, answer: str, tmp_path: Path) -> None:
        with Served(OPENAI) as served:
            if answer == "model":
                served.change = lambda found: found | {"model": "Bearer sk-right"}
            else:
                served.before = lambda body: (307, {}, {"location": "http://else/?key=sk-right"})
            with pytest.raises((MismatchError, ServerError), match="…") as caught:
                load(served, None, tmp_path)
        assert "sk-right" not in str(caught.value)

    def test_key_is_in_no_text_about_the_encoder(self, tmp_path: Path) -> None:
        with Served(OPENAI) as served:
            encoder = load(served, None, tmp_path, server={"headers": {"X-Other": "hidden"}})
            texts = [repr(encoder), repr(encoder.backend.requests.server), json.dumps(encoder.provenance())]
            texts += [json.dumps(encoder.stamp()), repr(encoder.contract)]
        assert [text for text in texts if "sk-right" in text or "hidden" in text] == []

    def test_pickle_of_a_server_contains_no_secret(self) -> None:
        server = Server("http://host/v1", api_key_variable="KEY", model="one")
        assert pickle.loads(pickle.dumps(server)) == server
        for own in (Server("http://host/v1", api_key="sk"), Server("http://host/v1", headers={"Authorization": "x"})):
            assert copy.deepcopy(own) is own
            with pytest.raises(TypeError) as caught:
                pickle.dumps(own)
            assert str(caught.value) == golden(
                "a Server with api_key or headers cannot be pickled, since the pickle would contain secrets; name the"
                " variable of the key by api_key_variable, or create the Server where it is used"
            )


class TestOptions:
    """What cannot be right is refused before anything is sent."""

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("localhost:8080", golden("url must be an address such as http://localhost:8080/v1; got 'localhost:8080'")),
            ("ftp://host/v1", golden("url must be an address such as http://localhost:8080/v1; got 'ftp://host/v1'")),
            (
                "http://me:secret@host/v1",
                golden("url must not contain a name or a password: pass api_key= or headers= of Server"),
            ),
            ("http://host/v1?key=secret", golden("url must be an address without `?`, `#` and blanks")),
            (
                "http://host/v1/embeddings/",
                golden("url must end before `/embeddings`: http://host/v1"),
            ),
            (
                "http://host:x/v1",
                golden(
                    "url must be an address such as http://localhost:8080/v1: Port could not be cast to integer value"
                    " as 'x'"
                ),
            ),
        ],
    )
    def test_address_that_cannot_be_asked_is_refused(self, url: str, message: str) -> None:
        with pytest.raises(ValueError) as caught:
            Server(url)
        assert str(caught.value) == message

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"concurrency": 0}, golden("concurrency must be a positive integer; got 0")),
            ({"timeout": 0}, golden("timeout must be a positive number of seconds; got 0")),
            ({"max_retries": -1}, golden("max_retries must be an integer from 0 on; got -1")),
            ({"truncation": "right"}, golden("truncation must be None or 'client' or 'server'; got 'right'")),
            (
                {"api_key": "sk-secret\n"},
                golden("api_key must be a text of printable ASCII characters without blanks around it"),
            ),
            (
                {"headers": {"X-Key": "säcret"}},
                golden("headers['X-Key'] must be a text of printable ASCII characters without blanks around it"),
            ),
            ({"api_key": "a", "api_key_variable": "b"}, golden("api_key and api_key_variable cannot both be given")),
        ],
    )
    def test_option_that_cannot_be_right_is_refused(self, options: Any, message: str) -> None:
        with pytest.raises(ValueError) as caught:
            Server("http://host/v1", **options)
        assert str(caught.value) == message

    def test_slash_at_the_end_does_not_count(self) -> None:
        assert Server("http://host/v1/") == Server("http://host/v1")
        assert hash(Server("http://host/v1", headers={"a": "b"})) == hash(Server("http://host/v1"))

    def test_address_is_needed(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load("server")
        assert str(caught.value) == golden(
            'the engine `server` needs the address of the server: load("server", url="http://localhost:8080/v1")'
        )

    def test_device_is_the_servers(self, tei: Served, tmp_path: Path) -> None:
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load("server", url=tei.url, device="cuda")
        assert str(caught.value) == golden("device is chosen by the server, not by hypiler; got 'cuda'")

    def test_address_is_for_this_engine(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load("onnx", url="http://host/v1")
        assert str(caught.value) == golden(
            "url is for the engine `server`, and this is the engine 'onnx': leave one of them out"
        )

    def test_other_types_of_models_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path, type="reranker").load("server", url="http://host/v1")
        assert str(caught.value) == golden(
            "`server` runs dense models, and `tiny` is a reranker one: use `onnx` or `sentence-transformers`"
        )


class TestLengths:
    """Who truncates texts."""

    def test_texts_are_cut_here_and_counted(self, folder: Path, tmp_path: Path) -> None:
        lengths: dict[str, Any] = {"encoding": {"document_length": 6, "query_length": 4}}
        local = config_of(tmp_path, **lengths).load("onnx", local=folder)
        long = ["a b c d e f", "a", "f e d c b a . ,"]
        with Served(VLLM) as served:
            encoder = load(served, folder, tmp_path, **lengths)
            with pytest.warns(TruncationWarning) as caught:
                found = encoder.encode_documents(long)
            assert str(caught[0].message) == golden(
                "2 of 3 texts were truncated to 6 tokens, the limit of `tiny`; the longest has 10"
            )
            assert served.texts[-3:] == ["f e d c", "a b c d", "a"]
            with pytest.warns(TruncationWarning):
                assert np.abs(found - local.encode_documents(long)).max() < 1e-6
            assert encoder.truncated == 2
            assert encoder.space()["document"]["document_length"] == 6
            assert encoder.provenance()["server"]["truncates_texts"] == "client"

    def test_server_truncates_with_a_warning_where_no_tokenizer_can_be_had(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with Served(TEI, limit=6) as served:
            with pytest.warns(TruncationWarning) as caught:
                encoder = config_of(tmp_path).load("server", url=served.url)
            assert str(caught[0].message) == golden(
                "the server truncates long texts of `tiny` by its own rules, and they are not counted, since hypiler"
                f" cannot truncate them: org/tiny @ {'a' * 40} is not in the cache, and HF_HUB_OFFLINE is set; run it"
                ' once while online, or pass local=FOLDER; pass Server(truncation="server") to accept this'
            )
            assert caught[0].filename == __file__
            encoder.encode_documents(["a b c d e f"])
            assert served.texts[-1] == "a b c d e f"
            assert encoder.space()["document"]["document_length"] is None
            assert encoder.provenance()["server"]["truncates_texts"] == "server"

    def test_hub_that_does_not_answer_is_not_waited_for(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The hub's client itself would try for minutes."""
        monkeypatch.setattr("hypiler.engines.files.download._ANSWERS", 0.2)
        config = config_of(tmp_path, encoding={"document_length": 6, "query_length": 4})
        with LoopbackHub() as hub, Served(TEI) as served:
            hub.redirect(monkeypatch, tmp_path / "cache")
            hub.add("org/tiny", folder, commit=config.revision)
            loaded = config.load("server", url=served.url)
            hub.fault("GET /api/*", delayed(60))
            begun = time.monotonic()
            cached = config.load("server", url=served.url)
            for encoder in (loaded, cached):
                assert encoder.space()["document"]["document_length"] == 6
            hub.redirect(monkeypatch, tmp_path / "empty")
            with pytest.warns(TruncationWarning) as caught:
                encoder = config.load("server", url=served.url)
            assert str(caught[0].message) == golden(
                "the server truncates long texts of `tiny` by its own rules, and they are not counted, since hypiler"
                f" cannot truncate them: org/tiny @ {config.revision} cannot be downloaded: ReadTimeout; pass"
                ' Server(truncation="server") to accept this'
            )
            assert encoder.space()["document"]["document_length"] is None
            with pytest.raises(EngineError, match="cannot be downloaded"):
                config.load("server", url=Server(served.url, truncation="client"))
            assert time.monotonic() - begun < 20

    def test_server_that_reads_fewer_tokens_is_noticed(self, folder: Path, tmp_path: Path) -> None:
        lengths: dict[str, Any] = {"encoding": {"document_length": 8, "query_length": 8}}
        texts = ["a b c d e f a b c", "a b c d", "a"]
        with Served(OLLAMA, limit=5) as served:
            encoder = load(served, folder, tmp_path, **lengths)
            with pytest.warns(TruncationWarning) as caught:
                encoder.encode_documents(texts, batch_size=1)
        assert [str(one.message) for one in caught] == [
            golden(
                f"the server at {served.url} read 5 tokens of texts that have 6: it truncates before 8 tokens, the limit of"
                " `tiny`; start it with this limit"
            ),
            "1 of 3 texts was truncated to 8 tokens, the limit of `tiny`; the longest has 11",
        ]
        assert caught[0].filename == __file__

    def test_server_that_counts_characters_is_not_suspected(self, folder: Path, tmp_path: Path) -> None:
        with Served(INFINITY) as served:
            encoder = load(served, folder, tmp_path)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                encoder.encode_documents(["a b c d e f " * 6])

    def test_model_of_unknown_length_is_truncated_by_the_server(self, folder: Path, tmp_path: Path) -> None:
        own = entry()
        del own["specs"]["context_length"]
        registry = compile_registry(
            [("models.json", json.dumps(registry_of(own)).encode())], required=Requirements("core")
        )
        with imported(registry, tmp_path) as module, Served(TEI) as served:
            with pytest.warns(TruncationWarning, match="`specs.context_length` is unknown"):
                encoder: Any = ModelConfig.from_model(module.TINY).load(url=served.url, local=folder)
            encoder.encode_documents(["a b"])
            assert served.texts[-1] == "a b"

    def test_client_can_be_made_to_truncate(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with Served(TEI) as served, pytest.raises(EngineError, match="is not in the cache"):
            config_of(tmp_path).load("server", url=Server(served.url, truncation="client"))

    def test_server_that_cuts_shorter_is_another_space(self, folder: Path, tmp_path: Path) -> None:
        with Served(TEI, limit=40) as short, Served(TEI) as whole:
            stored = load(whole, folder, tmp_path).stamp()
            assert space.compare(stored, load(short, folder, tmp_path)).outcome == "different"


class TestDimensions:
    """Who truncates vectors."""

    def test_client_cuts_in_the_order_of_the_model(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path, 4)
        assert np.abs(encoder.encode_documents(TEXTS) - expected(TEXTS, 4)).max() < 1e-6
        assert "dimensions" not in tei.asked[-1]

    @pytest.mark.parametrize("kind", [TEI, INFINITY, OLLAMA], ids=lambda kind: kind.name)
    def test_server_can_be_asked_to_cut(self, kind: Kind, tmp_path: Path) -> None:
        with Served(kind) as served:
            encoder = load(served, None, tmp_path, 4, server={"dimensions": "server"})
            assert np.abs(encoder.encode_documents(TEXTS) - expected(TEXTS, 4)).max() < 1e-6
            assert served.asked[-1]["dimensions"] == 4

    def test_server_is_not_asked_to_cut_in_another_order(self, tei: Served, tmp_path: Path) -> None:
        order: dict[str, Any] = {"encoding": {"matryoshka_order": "layer_norm_truncate_normalize"}}
        with pytest.raises(EngineError) as caught:
            load(tei, None, tmp_path, 4, server={"dimensions": "server"}, **order)
        assert str(caught.value) == golden(
            "servers truncate and then normalize, and `encoding.matryoshka_order` of `tiny` is"
            " 'layer_norm_truncate_normalize': leave dimensions= of Server out, so that hypiler truncates"
        )

    def test_client_cuts_in_another_order(self, folder: Path, tmp_path: Path) -> None:
        order: dict[str, Any] = {"encoding": {"matryoshka_order": "layer_norm_truncate_normalize"}}
        local = config_of(tmp_path, 4, **order).load("onnx", local=folder)
        with Served(TEI) as served:
            own = load(served, folder, tmp_path, 4, **order)
            assert np.abs(own.encode_documents(TEXTS) - local.encode_documents(TEXTS)).max() < 1e-4

    def test_server_that_does_not_cut_is_noticed(self, tmp_path: Path) -> None:
        with Served(LLAMA_CPP) as served, pytest.raises(MismatchError) as caught:
            load(served, None, tmp_path, 4, server={"dimensions": "server"})
        assert str(caught.value) == golden(
            f"`tiny` was asked for 4 dimensions, and the server at {served.url} gives vectors of 8: it runs another"
            " model"
        )


class TestSpaces:
    """What a served model is compared by."""

    def test_stamp_says_that_it_is_served(self, tei: Served, tmp_path: Path) -> None:
        found = load(tei, None, tmp_path).space()
        assert (found["engine"], found["space_id"]) == ("server", None)
        assert found["bytes"] == {"weights": None, "tokenizer": None}
        assert (found["repository"], found["revision"]) == ("org/tiny", "a" * 40)

    def test_another_model_behind_the_right_name_is_found_out_while_loading(self, folder: Path, tmp_path: Path) -> None:
        stored = config_of(tmp_path).load("onnx", local=folder).stamp()
        with Served(TEI) as right, Served(TEI, table=np.roll(TABLE, 1, axis=1)) as wrong:
            load(right, folder, tmp_path, server={"expect": stored})
            with pytest.raises(space.SpaceError, match="the stored vectors are of another space"):
                load(wrong, folder, tmp_path, server={"expect": stored})

    def test_prompt_that_the_server_adds_is_found_out(self, folder: Path, tmp_path: Path) -> None:
        stored = config_of(tmp_path).load("onnx", local=folder).stamp()
        with Served(TEI, prompt="d: ") as served:
            assert space.compare(stored, load(served, folder, tmp_path)).outcome == "different"

    def test_half_precision_of_a_server_is_close(self, folder: Path, tmp_path: Path) -> None:
        stored = config_of(tmp_path).load("onnx", local=folder).stamp()
        noisy = TABLE + np.random.default_rng(1).normal(size=TABLE.shape).astype(np.float32) * 0.006
        with Served(TEI, table=noisy) as served:
            assert space.compare(stored, load(served, folder, tmp_path)).outcome == "close"


@pytest.fixture
def openai() -> Iterator[Served]:
    with Served(OPENAI, models=None) as served:
        yield served


def hosted(id: str, dimension: int | None = None) -> ModelConfig:
    from hypiler.hosted_registry import get_model

    model = get_model(id)
    assert model is not None
    return ModelConfig.from_model(model, dimension)


class TestHosted:
    """Models of `hypiler.hosted_registry`, by the requests that their APIs document."""

    def test_openai_is_asked_at_its_own_address_with_the_usual_key(
        self, openai: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from hypiler.engines.served import apis

        monkeypatch.setitem(apis.APIS, "openai", apis.Api(openai.url, "OPENAI_API_KEY", "dimensions"))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-right")
        openai.width = 256
        encoder = hosted("text-embedding-3-large", 256).load("server")
        assert encoder.encode_documents(["a", "b"]).shape == (2, 256)
        assert openai.asked[-1] == {
            "input": ["a", "b"],
            "model": "text-embedding-3-large",
            "encoding_format": "base64",
            "dimensions": 256,
        }

    def test_key_is_asked_for_by_its_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(EngineError) as caught:
            hosted("text-embedding-3-large").load("server")
        assert str(caught.value) == golden(
            "the environment variable OPENAI_API_KEY must contain the key of https://api.openai.com/v1; it is not set"
        )

    def test_dated_name_of_the_same_model_may_answer(self, openai: Served) -> None:
        openai.change = lambda answer: answer | {"model": "text-embedding-ada-002-v2"}
        openai.width = 1536
        encoder = hosted("text-embedding-ada-002").load("server", url=Server(openai.url, api_key="sk-right"))
        assert encoder.provenance()["server"]["answered"] == "text-embedding-ada-002-v2"
        assert "dimensions" not in openai.asked[-1]

    def test_empty_text_is_refused_by_name(self, openai: Served) -> None:
        openai.width = 1536
        encoder = hosted("text-embedding-3-small").load("server", url=Server(openai.url, api_key="sk-right"))
        with pytest.raises(EngineError) as caught:
            encoder.encode_documents(["a", "", "b"])
        assert str(caught.value) == golden(
            f"texts[1] (''): the server at {openai.url} answered with status 400: input cannot be an empty string"
        )

    def test_requests_are_as_large_as_the_registry_says(self, openai: Served) -> None:
        openai.width = 1536
        server = Server(openai.url, api_key="sk-right")
        encoder = hosted("text-embedding-ada-002").load("server", url=server)
        encoder.encode_documents(["a"] * 2049, batch_size=10_000)
        assert sorted(len(body["input"]) for body in openai.asked[2:]) == [1, 2048]

    def test_mistral_calls_the_width_by_another_name(self, openai: Served) -> None:
        openai.width = 3072
        encoder = hosted("codestral-embed").load("server", url=Server(openai.url, api_key="sk-right"))
        assert encoder.encode_queries(["a"]).shape == (1, 3072)
        assert openai.asked[-1]["output_dimension"] == 3072

    @pytest.mark.parametrize(
        ("id", "reason"),
        [
            ("cohere-embed-v4.0", golden("it cannot tell the model a task")),
            ("voyage-4", golden("it cannot tell the model a task")),
            (
                "titan-embed-text-v2",
                golden(
                    "the API of bedrock has requests of its own, which the openai client does not send; pass url= with"
                    " the address of a gateway that answers OpenAI's requests"
                ),
            ),
        ],
    )
    def test_api_with_requests_of_its_own_is_refused_with_the_reason(self, id: str, reason: str) -> None:
        with pytest.raises(EngineError) as caught:
            hosted(id).load("server")
        assert str(caught.value) == f"`server` cannot run `{id}`: {reason}"
        assert next(spec for spec in engine_specs() if spec.name == "server").why_not(hosted(id)) == reason

    def test_client_cannot_truncate_without_a_tokenizer(self, openai: Served) -> None:
        server = Server(openai.url, api_key="sk-right", truncation="client")
        with pytest.raises(EngineError) as caught:
            hosted("text-embedding-3-large").load(url=server)
        assert str(caught.value) == golden(
            "hypiler cannot truncate the texts of `text-embedding-3-large`: the tokenizer of an API is not on the hub;"
            " pass local="
        )

    def test_auto_names_the_engine(self) -> None:
        with pytest.raises(EngineError) as caught:
            hosted("text-embedding-3-large").load()
        assert str(caught.value) == golden(
            "`text-embedding-3-large` is behind the API of openai: load it by the engine `server`"
        )


class TestPolicy:
    """Texts leave the machine only where a policy allows it."""

    def test_server_is_an_api_of_its_own(self, tei: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        policy = tmp_path / "pyproject.toml"
        policy.write_text("[tool.hypiler.policy]\nhosted = ['openai']\n")
        monkeypatch.setenv("HYPILER_POLICY", str(policy))
        with pytest.raises(PolicyError) as caught:
            load(tei, None, tmp_path)
        assert (caught.value.rule, tei.asked) == ("hosted", [])
        policy.write_text("[tool.hypiler.policy]\nhosted = ['server']\n")
        load(tei, None, tmp_path)

    def test_another_address_than_that_of_the_api_is_another_place(
        self, openai: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        policy = tmp_path / "pyproject.toml"
        policy.write_text("[tool.hypiler.policy]\nhosted = ['openai']\n")
        monkeypatch.setenv("HYPILER_POLICY", str(policy))
        with pytest.raises(PolicyError, match="the engine `server` sends texts to a server"):
            hosted("text-embedding-3-large").load("server", url=Server(openai.url, api_key="sk-right"))
        assert openai.asked == []


def test_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    page = (Path(__file__).parents[2] / "docs/served-models.md").read_text("utf-8")
    code = "\n".join(re.findall(r"^```py served\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    name = "sentence-transformers/all-MiniLM-L6-v2"
    with Served(TEI, width=384, answers=name) as served:
        scope: dict[str, Any] = {}
        exec(code.replace("http://localhost:8080/v1", served.url), scope)
        assert (scope["documents"].shape, scope["scores"].shape) == ((2, 384), (1, 2))
    assert capsys.readouterr().out == "same\n"


class TestProcess:
    """Threads, forks, Ctrl-C and the end."""

    def test_threads_share_an_encoder(self, tei: Served, tmp_path: Path) -> None:
        from concurrent.futures import ThreadPoolExecutor

        encoder = load(tei, None, tmp_path)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: encoder.encode_documents(TEXTS, batch_size=2), range(8)))
        assert max(np.abs(one - expected(TEXTS)).max() for one in found) < 1e-6

    @pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork on this system")
    @pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
    def test_child_of_a_fork_opens_connections_of_its_own(self, tei: Served, tmp_path: Path) -> None:
        import os

        encoder = load(tei, None, tmp_path)
        wanted = expected(TEXTS)
        child = os.fork()
        if child == 0:
            right = False
            try:
                right = np.abs(encoder.encode_documents(TEXTS) - wanted).max() < 1e-6
            finally:
                os._exit(0 if right else 1)
        assert np.abs(encoder.encode_documents(TEXTS) - wanted).max() < 1e-6
        assert os.waitpid(child, 0)[1] == 0

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a thread")
    def test_ctrl_c_ends_a_call_and_the_requests_that_wait(self, tei: Served, tmp_path: Path) -> None:
        import signal

        encoder = load(tei, None, tmp_path, server={"concurrency": 2})
        tei.asked.clear()
        main = threading.main_thread().ident
        assert main is not None
        both, ended = threading.Barrier(2, lambda: signal.pthread_kill(main, signal.SIGINT)), threading.Event()

        def interrupt(body: dict[str, Any]) -> None:
            # The first two requests have no answer before the call has ended.
            if not ended.is_set():
                both.wait(60)
                ended.wait(60)

        tei.before = interrupt
        with pytest.raises(KeyboardInterrupt):
            encoder.encode_documents(["a"] * 60, batch_size=2)
        ended.set()
        time.sleep(0.2)
        assert len(tei.asked) == 2

    def test_closed_encoder_opens_connections_again(self, tei: Served, tmp_path: Path) -> None:
        encoder = load(tei, None, tmp_path)
        encoder.close()
        assert encoder.encode_documents(["a"]).shape == (1, WIDTH)
        encoder.close()
