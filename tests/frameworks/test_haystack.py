# ruff: noqa: E402 - the framework may be missing, and then nothing of it is imported
"""The components of Haystack, in Haystack's own pipelines and stores."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import golden
from tiny import config_of

from hypiler.engines import TruncationWarning
from hypiler.space import SpaceError

pytest.importorskip("haystack")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.core.errors import DeserializationError
from haystack.dataclasses import SparseEmbedding
from haystack.document_stores.in_memory import InMemoryDocumentStore

from hypiler.frameworks.haystack import (
    HypilerDocumentEmbedder,
    HypilerRanker,
    HypilerSparseDocumentEmbedder,
    HypilerSparseTextEmbedder,
    HypilerTextEmbedder,
)

ALLOWED = ["hypiler.frameworks.haystack"]


def documents(texts: list[str]) -> list[Any]:
    return [Document(content=text) for text in texts]


def contents(found: Any) -> list[str]:
    return [one.content for one in found]


def indexed(encoder: Any, texts: list[str]) -> Any:
    """A store in memory with the texts."""
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    pipeline = Pipeline()
    pipeline.add_component("embedder", HypilerDocumentEmbedder(encoder))
    pipeline.add_component("writer", DocumentWriter(store))
    pipeline.connect("embedder", "writer")
    pipeline.run({"embedder": {"documents": documents(texts)}})
    return store


def searching(encoder: Any, store: Any, top_k: int) -> Pipeline:
    pipeline = Pipeline()
    pipeline.add_component("embedder", HypilerTextEmbedder(encoder))
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=top_k))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    return pipeline


def test_retriever_finds_what_hypilers_own_similarity_finds(minilm: Any) -> None:
    pipeline = searching(minilm.encoder, indexed(minilm.encoder, minilm.texts), 10)
    for query in minilm.queries:
        found = pipeline.run({"embedder": {"text": query}})["retriever"]["documents"]
        assert contents(found) == minilm.nearest(query)


def test_coroutines_find_the_same(minilm: Any) -> None:
    pipeline = searching(minilm.encoder, indexed(minilm.encoder, minilm.texts), 3)

    async def run() -> Any:
        return await asyncio.gather(
            *[pipeline.run_async({"embedder": {"text": query}}) for query in minilm.queries * 4]
        )

    found = [contents(one["retriever"]["documents"]) for one in asyncio.run(run())]
    assert found == [minilm.nearest(query, 3) for query in minilm.queries * 4]


def test_queries_and_documents_are_encoded_as_such(tiny: Any) -> None:
    query = HypilerTextEmbedder(tiny).run("a b")["embedding"]
    (document,) = HypilerDocumentEmbedder(tiny).run(documents(["a b"]))["documents"]
    np.testing.assert_array_equal(query, tiny.encode_queries(["a b"])[0])
    np.testing.assert_array_equal(document.embedding, tiny.encode_documents(["a b"])[0])
    assert query != document.embedding
    assert {type(number) for number in query} == {float}


def test_documents_that_are_passed_stay_as_they_are(tiny: Any) -> None:
    given = [Document(content="a b", meta={"c": "d"}, score=0.5), Document(content=None, meta={"c": "d"})]
    made = HypilerDocumentEmbedder(tiny).run(given)["documents"]
    assert [one.embedding for one in given] == [None, None]
    assert [(one.id, one.content, one.meta, one.score) for one in made] == [
        (one.id, one.content, one.meta, one.score) for one in given
    ]
    np.testing.assert_allclose(made[1].embedding, tiny.encode_documents([""])[0], atol=1e-6)


def test_metadata_are_embedded_if_they_are_named(tiny: Any) -> None:
    given = [Document(content="a", meta={"c": "d", "e": 1, "f": None})]
    embedder = HypilerDocumentEmbedder(tiny, meta_fields_to_embed=["f", "c", "missing"], embedding_separator=" , ")
    (found,) = embedder.run(given)["documents"]
    np.testing.assert_allclose(found.embedding, tiny.encode_documents(["d , a"])[0], atol=1e-6)


def test_equal_documents_get_a_vector_each(tiny: Any) -> None:
    found = HypilerDocumentEmbedder(tiny, batch_size=1).run(documents(["a", "b", "a"]))["documents"]
    assert found[0].embedding == found[2].embedding != found[1].embedding
    assert HypilerDocumentEmbedder(tiny).run([]) == {"documents": []}


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda tiny: HypilerTextEmbedder(tiny).run(documents(["a"])),
            golden("HypilerTextEmbedder takes a text, got a list; HypilerDocumentEmbedder takes documents"),
        ),
        (
            lambda tiny: HypilerDocumentEmbedder(tiny).run("a"),
            golden("HypilerDocumentEmbedder takes a list of Documents, got str; HypilerTextEmbedder takes a text"),
        ),
        (
            lambda tiny: HypilerDocumentEmbedder(tiny).run([Document(content="a"), "b"]),
            golden(
                "HypilerDocumentEmbedder takes a list of Documents, got a list with str; HypilerTextEmbedder takes a"
                " text"
            ),
        ),
    ],
)
def test_inputs_of_another_type_are_refused(run: Callable[[Any], Any], message: str, tiny: Any) -> None:
    with pytest.raises(TypeError) as caught:
        run(tiny)
    assert str(caught.value) == message


def test_lone_surrogates_are_refused(tiny: Any) -> None:
    with pytest.raises(ValueError, match=re.escape("texts[1] has a lone surrogate at character 2")):
        HypilerDocumentEmbedder(tiny).run([Document(content="a", id="1"), Document(content="b \ud800", id="2")])
    with pytest.raises(ValueError, match="has a lone surrogate"):
        HypilerTextEmbedder(tiny).run("\udfff")


def test_truncated_texts_are_reported(tiny: Any) -> None:
    with pytest.warns(TruncationWarning, match="1 of 1 text was truncated to 64 tokens"):
        HypilerTextEmbedder(tiny).run("a " * 90)


def test_pipeline_is_written_down_and_read_again() -> None:
    pipeline = Pipeline()
    pipeline.add_component("text", HypilerTextEmbedder("nomic-embed-v1.5", load={"engine": "onnx"}))
    settings: Any = {
        "batch_size": 8,
        "progress_bar": False,
        "meta_fields_to_embed": ["title"],
        "embedding_separator": " ",
    }
    pipeline.add_component("documents", HypilerDocumentEmbedder("nomic-embed-v1.5", **settings))
    pipeline.add_component("sparse", HypilerSparseTextEmbedder("splade-v3"))
    pipeline.add_component("sparse documents", HypilerSparseDocumentEmbedder("splade-v3", **settings))
    pipeline.add_component("ranker", HypilerRanker("ms-marco-minilm-l6-v2", top_k=3))
    text = pipeline.dumps()
    assert "revision" in text
    assert Pipeline.loads(text, allowed_modules=ALLOWED).dumps() == text
    with pytest.raises(DeserializationError, match="allowlist"):
        Pipeline.loads(text)


def test_component_is_written_by_hand_with_an_id_alone() -> None:
    name = "hypiler.frameworks.haystack.HypilerTextEmbedder"
    tree = {"components": {"embedder": {"type": name, "init_parameters": {"encoder": "all-minilm-l6-v2"}}}}
    pipeline = Pipeline.from_dict({**tree, "connections": [], "metadata": {}}, allowed_modules=ALLOWED)
    assert pipeline.get_component("embedder").to_dict()["init_parameters"]["encoder"]["dimension"] == 384


def test_file_does_not_let_code_of_a_repository_run() -> None:
    name = "hypiler.frameworks.haystack.HypilerTextEmbedder"
    parameters = {"encoder": "all-minilm-l6-v2", "load": {"trust_remote_code": True}}
    with pytest.raises(ValueError, match="`load` must not have `trust_remote_code`"):
        HypilerTextEmbedder.from_dict({"type": name, "init_parameters": parameters})


def test_encoder_is_loaded_once_by_warming_up(folder: Path, tmp_path: Path) -> None:
    config = config_of(tmp_path)
    load = {"engine": "onnx", "local": folder}
    text, document = HypilerTextEmbedder(config, load=load), HypilerDocumentEmbedder(config, load=load)
    pipeline = Pipeline()
    pipeline.add_component("text", text)
    pipeline.add_component("documents", document)
    pipeline.warm_up()
    assert text._source._encoder is document._source._encoder is not None
    asyncio.run(text.warm_up_async())
    assert asyncio.run(text.run_async("a")) == text.run("a")


def test_stored_documents_are_checked_before_they_are_loaded(minilm: Any, tiny: Any, tmp_path: Path) -> None:
    indexed(minilm.encoder, minilm.texts).save_to_disk(str(tmp_path / "index.json"))
    embedder = HypilerTextEmbedder(minilm.encoder)
    (tmp_path / "stamp.json").write_text(json.dumps(embedder.stamp()))
    stamp = (tmp_path / "stamp.json").read_text()
    assert embedder.check(stamp).outcome == "same"
    store = InMemoryDocumentStore.load_from_disk(str(tmp_path / "index.json"))
    query = minilm.queries[2]
    found = searching(minilm.encoder, store, 10).run({"embedder": {"text": query}})
    assert contents(found["retriever"]["documents"]) == minilm.nearest(query)
    with pytest.raises(SpaceError, match="re-index"):
        HypilerTextEmbedder(tiny).check(stamp)


def test_collection_of_qdrant_holds_the_stamp(minilm: Any, tiny: Any) -> None:
    qdrant = pytest.importorskip("haystack_integrations.document_stores.qdrant")
    from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever

    store = qdrant.QdrantDocumentStore(":memory:", embedding_dim=384, similarity="cosine", progress_bar=False)
    embedder = HypilerTextEmbedder(minilm.encoder)
    store.write_documents(HypilerDocumentEmbedder(minilm.encoder).run(documents(minilm.texts))["documents"])
    # A collection in memory has no other client.
    store._client.update_collection("Document", metadata={"hypiler": embedder.stamp()})
    held = store._client.get_collection("Document").config.metadata
    assert embedder.check(held).outcome == "same"
    with pytest.raises(SpaceError):
        HypilerTextEmbedder(tiny).check(held)
    retriever = QdrantEmbeddingRetriever(store, top_k=10)
    for query in minilm.queries:
        found = retriever.run(query_embedding=embedder.run(query)["embedding"])["documents"]
        assert contents(found) == minilm.nearest(query)


def test_sparse_vectors_are_those_of_the_encoder(sparse: Any) -> None:
    query = HypilerSparseTextEmbedder(sparse).run("a b")["sparse_embedding"]
    embedder = HypilerSparseDocumentEmbedder(sparse)
    (document,) = embedder.run(documents(["a b"]))["documents"]
    for found, row in ((query, sparse.encode_queries(["a b"])), (document.sparse_embedding, sparse.encode_documents(["a b"]))):  # fmt: skip
        assert found == SparseEmbedding(row.indices.tolist(), row.data.tolist())
    assert query != document.sparse_embedding
    assert asyncio.run(embedder.run_async(documents(["a b"])))["documents"] == [document]
    assert asyncio.run(HypilerSparseTextEmbedder(sparse).run_async("a b"))["sparse_embedding"] == query


def test_ranker_sorts_documents_by_the_models_scores(reranker: Any) -> None:
    given = documents(["b", "d", "c d", "a"])
    ranker = HypilerRanker(reranker, top_k=3)
    found = ranker.run("a", given)["documents"]
    assert contents(found) == ["c d", "d", "b"]
    assert [one.score for one in found] == reranker.similarity(["a"], ["c d", "d", "b"])[0].tolist()
    assert [one.score for one in given] == [None] * 4
    assert contents(ranker.run("a", given, top_k=1)["documents"]) == ["c d"]
    assert asyncio.run(ranker.run_async("a", given))["documents"] == found
    assert ranker.run("a", []) == {"documents": []}
    with pytest.raises(ValueError, match="top_k must be at least 1, got 0"):
        ranker.run("a", given, top_k=0)
