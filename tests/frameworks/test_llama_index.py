# ruff: noqa: E402 - the framework may be missing, and then nothing of it is imported
"""The adapters of LlamaIndex, in LlamaIndex's own indexes, retrievers and pipelines."""

import asyncio
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated import imported, valid
from golden import golden
from strategies import registry_of
from tiny import config_of, entry

from hypiler import ModelConfig, stores
from hypiler.engines import Server
from hypiler.space import SpaceError

pytest.importorskip("llama_index.core")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

from llama_index.core import StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.storage.kvstore import SimpleKVStore

from hypiler.frameworks.llama_index import HypilerEmbedding, HypilerReranker, HypilerSparseEmbedding


def nodes(texts: list[str], **metadata: str) -> list[Any]:
    return [TextNode(text=text, metadata=metadata) for text in texts]


def texts_of(found: Any) -> list[str]:
    return [one.node.get_content() for one in found]


def test_retriever_finds_what_hypilers_own_similarity_finds(minilm: Any) -> None:
    index = VectorStoreIndex(nodes(minilm.texts), embed_model=HypilerEmbedding(minilm.encoder))
    retriever = index.as_retriever(similarity_top_k=10)
    for query in minilm.queries:
        assert texts_of(retriever.retrieve(query)) == minilm.nearest(query)


def test_coroutines_find_the_same(minilm: Any) -> None:
    index = VectorStoreIndex(nodes(minilm.texts), embed_model=HypilerEmbedding(minilm.encoder), use_async=True)
    retriever = index.as_retriever(similarity_top_k=3)

    async def run() -> Any:
        return await asyncio.gather(*[retriever.aretrieve(query) for query in minilm.queries * 4])

    assert [texts_of(found) for found in asyncio.run(run())] == [
        minilm.nearest(query, 3) for query in minilm.queries * 4
    ]


def test_queries_and_texts_are_encoded_as_such(tiny: Any) -> None:
    embedding = HypilerEmbedding(tiny)
    assert isinstance(embedding, BaseEmbedding)
    query, text = tiny.encode_queries(["a b"])[0], tiny.encode_documents(["a b"])[0]
    assert not np.array_equal(query, text)
    for found in (embedding.get_query_embedding("a b"), asyncio.run(embedding.aget_query_embedding("a b"))):
        np.testing.assert_array_equal(found, query)
    for found in (embedding.get_text_embedding("a b"), asyncio.run(embedding.aget_text_embedding("a b"))):
        np.testing.assert_array_equal(found, text)


def test_batches_of_llama_index_are_kept_in_order(tiny: Any) -> None:
    texts = ["a", "a b c d", "b", "", "c d"] * 5
    embedding = HypilerEmbedding(tiny, embed_batch_size=4, batch_size=3, num_workers=2)
    expected = tiny.encode_documents(texts)
    np.testing.assert_allclose(embedding.get_text_embedding_batch(texts), expected, atol=1e-6)
    np.testing.assert_allclose(asyncio.run(embedding.aget_text_embedding_batch(texts)), expected, atol=1e-6)
    assert embedding.get_text_embedding_batch([]) == []


def test_metadata_are_embedded_before_the_text_unless_they_are_excluded(tiny: Any) -> None:
    """LlamaIndex does this, and the page tells it: the vector of a node is that of another text."""
    embedding = HypilerEmbedding(tiny)
    node = TextNode(text="a b", metadata={"c": "d"})
    embedding([node])
    np.testing.assert_allclose(node.embedding, tiny.encode_documents(["c: d\n\na b"])[0], atol=1e-6)
    node.excluded_embed_metadata_keys = ["c"]
    embedding([node])
    np.testing.assert_allclose(node.embedding, tiny.encode_documents(["a b"])[0], atol=1e-6)


def test_dictionary_of_an_embedding_makes_the_same_embedding(folder: Path, tmp_path: Path) -> None:
    with imported(valid(registry_of(entry())), tmp_path) as module:
        config = ModelConfig.from_model(module.MODEL_REGISTRY[0], 4)
        embedding = HypilerEmbedding(config, load={"engine": "onnx", "local": folder}, batch_size=5)
        tree = json.loads(json.dumps(embedding.to_dict()))
        assert tree["source"] == {
            "model": "tiny",
            "registry": module.__name__,
            "revision": "a" * 40,
            "dimension": 4,
            "load": {"engine": "onnx", "local": str(folder)},
            "space_id": config.space_id,
        }
        again = HypilerEmbedding.from_dict(tree)
        assert again.to_dict() == embedding.to_dict()
        np.testing.assert_array_equal(again.get_query_embedding("a"), embedding.get_query_embedding("a"))
        assert again.encoder is embedding.encoder
        pickled = pickle.loads(pickle.dumps(embedding))
        assert (pickled.to_dict(), pickled.encoder) == (embedding.to_dict(), embedding.encoder)
        with pytest.raises(ValueError, match="is described at revision"):
            HypilerEmbedding.from_dict(tree | {"source": tree["source"] | {"revision": "b" * 40}})
        with pytest.raises(ValueError, match="`load` must not have `allow_pickle`"):
            HypilerEmbedding.from_dict(tree | {"source": tree["source"] | {"load": {"allow_pickle": True}}})


def test_embedding_of_a_file_has_a_dictionary_from_which_nothing_is_made(minilm: Any) -> None:
    tree = HypilerEmbedding(minilm.encoder).to_dict()
    assert tree["source"]["space_id"] == minilm.encoder.space_id
    with pytest.raises(ValueError, match="was read from a file by `Registry`"):
        HypilerEmbedding.from_dict(tree)


def test_embedding_of_a_file_is_copied_and_pickled(minilm: Any) -> None:
    made = HypilerEmbedding(minilm.encoder)
    assert copy.deepcopy(made).encoder is made.model_copy().encoder is minilm.encoder
    again = pickle.loads(pickle.dumps(made))
    assert again._source.config == minilm.config
    np.testing.assert_array_equal(again.get_query_embedding("a"), made.get_query_embedding("a"))


def test_pickle_that_would_hold_a_key_is_refused() -> None:
    made = HypilerEmbedding("all-minilm-l6-v2", load={"url": Server("http://localhost/v1", api_key="sk-1")})
    assert "sk-1" not in repr(made) + json.dumps(made.to_dict())
    with pytest.raises(ValueError, match="has a key or headers"):
        pickle.dumps(made)
    with pytest.raises(ValueError, match="has a key or headers"):
        HypilerEmbedding.from_dict(made.to_dict())


def test_sparse_embedding_is_pickled_by_its_description() -> None:
    made = HypilerSparseEmbedding("splade-v3", batch_size=3)
    again = pickle.loads(pickle.dumps(made))
    assert (again.model_dump(), again._source.describe()) == (made.model_dump(), made._source.describe())


@pytest.mark.parametrize("text", ["b \ud800", "\udfff"])
def test_lone_surrogates_are_refused(text: str, tiny: Any) -> None:
    embedding = HypilerEmbedding(tiny)
    with pytest.raises(ValueError, match="has a lone surrogate"):
        embedding.get_query_embedding(text)
    with pytest.raises(ValueError, match="has a lone surrogate"):
        asyncio.run(embedding.aget_text_embedding_batch(["a", text]))


def test_embedding_of_nothing_is_refused() -> None:
    with pytest.raises(TypeError) as caught:
        HypilerEmbedding()
    assert str(caught.value) == golden("HypilerEmbedding needs an encoder, a ModelConfig or the id of a model")


def test_ingestion_cache_tells_dimensions_apart(tiny: Any, narrow: Any) -> None:
    """The cache of LlamaIndex knows a transformation by its dictionary."""
    pipeline = IngestionPipeline(transformations=[HypilerEmbedding(tiny)])
    node = TextNode(text="a b", id_="1")
    (first,) = pipeline.run(nodes=[node.model_copy()])
    pipeline.transformations = [HypilerEmbedding(narrow)]
    (second,) = pipeline.run(nodes=[node.model_copy()])
    assert (len(first.embedding or []), len(second.embedding or [])) == (8, 4)


def test_cache_by_text_is_refused_for_a_model_with_two_sides(tiny: Any, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        HypilerEmbedding(tiny, embeddings_cache=SimpleKVStore())
    assert str(caught.value) == golden(
        "`embeddings_cache` must not be given for `tiny`: LlamaIndex finds cached vectors by the text alone, and this"
        " model encodes queries unlike documents"
    )
    one_sided = config_of(tmp_path).load("onnx", local=folder)
    embedding = HypilerEmbedding(one_sided, embeddings_cache=SimpleKVStore())
    assert embedding.get_query_embedding("a b") == embedding.get_text_embedding("a b")


def test_stored_index_is_checked_before_it_is_loaded(minilm: Any, tiny: Any, tmp_path: Path) -> None:
    embedding = HypilerEmbedding(minilm.encoder)
    index = VectorStoreIndex(nodes(minilm.texts), embed_model=embedding)
    index.storage_context.persist(tmp_path / "index")
    (tmp_path / "index/stamp.json").write_text(json.dumps(embedding.stamp()))
    stamp = (tmp_path / "index/stamp.json").read_text()
    assert embedding.check(stamp).outcome == "same"
    context = StorageContext.from_defaults(persist_dir=str(tmp_path / "index"))
    again = load_index_from_storage(context, embed_model=embedding)
    query = minilm.queries[1]
    assert texts_of(again.as_retriever(similarity_top_k=10).retrieve(query)) == minilm.nearest(query)
    with pytest.raises(SpaceError, match="re-index"):
        HypilerEmbedding(tiny).check(stamp)


def test_collection_of_qdrant_is_created_and_checked(minilm: Any, tiny: Any) -> None:
    qdrant = pytest.importorskip("llama_index.vector_stores.qdrant")
    from qdrant_client import QdrantClient

    client = QdrantClient(":memory:")
    record = stores.qdrant(minilm.config, stamp=minilm.encoder.stamp())
    stores.create(record, client)
    embedding = HypilerEmbedding(minilm.encoder)
    assert stores.check(record, client, embedding).outcome == "same"
    with pytest.raises(SpaceError):
        stores.check(record, client, HypilerEmbedding(tiny))
    store = qdrant.QdrantVectorStore(record["name"], client=client, dense_vector_name=record["field"])
    index = VectorStoreIndex(
        nodes(minilm.texts), storage_context=StorageContext.from_defaults(vector_store=store), embed_model=embedding
    )
    for query in minilm.queries:
        assert texts_of(index.as_retriever(similarity_top_k=10).retrieve(query)) == minilm.nearest(query)


def test_sparse_vectors_are_those_of_the_encoder(sparse: Any) -> None:
    embedding = HypilerSparseEmbedding(sparse)
    query, document = embedding.get_query_embedding("a b"), embedding.get_text_embedding("a b")
    for found, row in ((query, sparse.encode_queries(["a b"])), (document, sparse.encode_documents(["a b"]))):
        assert found == dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
    assert query != document
    assert asyncio.run(embedding.aget_query_embedding("a b")) == query
    assert asyncio.run(embedding.aget_text_embedding_batch(["a b", "c"]))[0] == document
    assert embedding.sparse_documents(["a b", "c"])[0][0] == list(document)
    assert embedding.sparse_queries(["a b"]) == ([list(query)], [list(query.values())])
    assert embedding.model_dump()["source"]["model"] == "tiny"


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
def test_sparse_vectors_find_texts_in_qdrant_by_dot_product(sparse: Any, tiny: Any) -> None:
    qdrant = pytest.importorskip("llama_index.vector_stores.qdrant")
    from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
    from qdrant_client import QdrantClient

    embedding = HypilerSparseEmbedding(sparse)
    store = qdrant.QdrantVectorStore(
        "documents",
        client=QdrantClient(":memory:"),
        enable_hybrid=True,
        sparse_doc_fn=embedding.sparse_documents,
        sparse_query_fn=embedding.sparse_queries,
    )
    texts = ["a b", "c d", "a c", "e"]
    store.add(HypilerEmbedding(tiny)(nodes(texts)))
    question = VectorStoreQuery(query_str="c d", mode=VectorStoreQueryMode.SPARSE, sparse_top_k=2, similarity_top_k=2)
    found = store.query(question)
    scores = sparse.similarity(sparse.encode_queries(["c d"]), sparse.encode_documents(texts))[0]
    assert [one.get_content() for one in found.nodes] == [texts[row] for row in np.argsort(-scores, kind="stable")[:2]]


def test_reranker_sorts_nodes_by_the_models_scores(reranker: Any) -> None:
    scored = [NodeWithScore(node=node, score=0.5) for node in nodes(["b", "d", "c d", "a"])]
    made = HypilerReranker(reranker, top_n=3)
    found = made.postprocess_nodes(scored, query_str="a")
    assert texts_of(found) == ["c d", "d", "b"]
    assert [one.score for one in found] == reranker.similarity(["a"], ["c d", "d", "b"])[0].tolist()
    assert [one.score for one in scored] == [0.5] * 4
    assert texts_of(asyncio.run(made.apostprocess_nodes(scored, query_str="a"))) == ["c d", "d", "b"]
    assert made.postprocess_nodes([], query_str="a") == []
    with pytest.raises(ValueError, match="needs the query"):
        made.postprocess_nodes(scored)


def test_reranker_has_a_dictionary() -> None:
    made = HypilerReranker("ms-marco-minilm-l6-v2", top_n=2)
    assert HypilerReranker.from_dict(json.loads(json.dumps(made.to_dict()))).to_dict() == made.to_dict()
