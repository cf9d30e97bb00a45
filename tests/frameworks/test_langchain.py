# ruff: noqa: E402 - the framework may be missing, and then nothing of it is imported
"""The adapters of LangChain, in LangChain's own stores, retrievers and chains."""

import asyncio
import copy
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import config_of

from hypiler import stores
from hypiler.engines import TruncationWarning
from hypiler.space import SpaceError, UndecidedError

pytest.importorskip("langchain_core")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore

from hypiler.frameworks.langchain import HypilerEmbeddings, HypilerReranker


def test_retriever_finds_what_hypilers_own_similarity_finds(minilm: Any) -> None:
    store = InMemoryVectorStore.from_texts(minilm.texts, HypilerEmbeddings(minilm.encoder))
    retriever = store.as_retriever(search_kwargs={"k": 10})
    for query in minilm.queries:
        assert [one.page_content for one in retriever.invoke(query)] == minilm.nearest(query)


def test_chain_and_coroutines_find_the_same(minilm: Any) -> None:
    embeddings = HypilerEmbeddings(minilm.encoder)
    store = InMemoryVectorStore(embeddings)
    chain = store.as_retriever(search_kwargs={"k": 3}) | RunnableLambda(
        lambda found: [one.page_content for one in found]
    )

    async def run() -> Any:
        await store.aadd_texts(minilm.texts)
        return await asyncio.gather(*[chain.ainvoke(query) for query in minilm.queries * 4])

    assert asyncio.run(run()) == [minilm.nearest(query, 3) for query in minilm.queries * 4]


def test_queries_and_documents_are_encoded_as_such(tiny: Any) -> None:
    embeddings = HypilerEmbeddings(tiny)
    assert isinstance(embeddings, Embeddings)
    np.testing.assert_array_equal(embeddings.embed_query("a b"), tiny.encode_queries(["a b"])[0])
    np.testing.assert_array_equal(embeddings.embed_documents(["a b", "c"]), tiny.encode_documents(["a b", "c"]))
    assert embeddings.embed_query("a b") != embeddings.embed_documents(["a b"])[0]
    assert {type(number) for number in embeddings.embed_query("")} == {float}


def test_no_texts_give_no_vectors(tiny: Any) -> None:
    embeddings = HypilerEmbeddings(tiny)
    assert embeddings.embed_documents([]) == asyncio.run(embeddings.aembed_documents([])) == []


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (["a", "b \ud800"], ValueError, "texts[1] has a lone surrogate at character 2"),
        (["a", None], TypeError, "texts[1] must be a string, got None"),
        ("a b", TypeError, "texts must be a sequence of strings, got one string"),
    ],
)
def test_what_is_no_text_is_refused(texts: Any, error: type[Exception], message: str, tiny: Any) -> None:
    with pytest.raises(error) as caught:
        HypilerEmbeddings(tiny).embed_documents(texts)
    assert str(caught.value).startswith(message)


def test_other_coroutines_run_while_texts_are_encoded(tiny: Any) -> None:
    started, go_on = threading.Event(), threading.Event()

    class Slow:
        """An encoder that computes until another coroutine has run."""

        contract = tiny.contract
        space = tiny.space

        def encode_queries(self, texts: list[str]) -> Any:
            started.set()
            assert go_on.wait(10)
            return tiny.encode_queries(texts)

    async def other() -> None:
        while not started.is_set():
            await asyncio.sleep(0.001)
        go_on.set()

    async def run() -> Any:
        return await asyncio.gather(HypilerEmbeddings(Slow()).aembed_query("a"), other())  # type: ignore[arg-type]

    np.testing.assert_array_equal(asyncio.run(run())[0], tiny.encode_queries(["a"])[0])


def test_threads_get_the_vectors_of_their_own_texts(tiny: Any) -> None:
    embeddings = HypilerEmbeddings(tiny)
    texts = [" ".join("abcdef"[place % 6 : place % 6 + 2]) for place in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(embeddings.embed_query, texts))
    np.testing.assert_allclose(found, tiny.encode_queries(texts), atol=1e-6)


def test_truncated_texts_are_reported(tiny: Any) -> None:
    with pytest.warns(TruncationWarning, match="1 of 2 texts was truncated to 64 tokens"):
        HypilerEmbeddings(tiny).embed_documents(["a " * 90, "b"])


def test_cut_dimension_is_kept_by_the_store(narrow: Any) -> None:
    store = InMemoryVectorStore.from_texts(["a b", "c d"], HypilerEmbeddings(narrow))
    assert {len(one["vector"]) for one in store.store.values()} == {4}
    assert store.similarity_search("a b", 1)[0].page_content == "a b"


def test_stored_index_is_checked_before_it_is_loaded(minilm: Any, tiny: Any, tmp_path: Path) -> None:
    embeddings = HypilerEmbeddings(minilm.encoder)
    InMemoryVectorStore.from_texts(minilm.texts, embeddings).dump(str(tmp_path / "index.json"))
    (tmp_path / "stamp.json").write_text(json.dumps(embeddings.stamp()))
    stamp = (tmp_path / "stamp.json").read_text()
    assert embeddings.check(stamp).outcome == "same"
    again = InMemoryVectorStore.load(str(tmp_path / "index.json"), embeddings)
    assert [one.page_content for one in again.similarity_search(minilm.queries[0], 10)] == minilm.nearest(
        minilm.queries[0]
    )
    with pytest.raises(SpaceError, match="re-index"):
        HypilerEmbeddings(tiny).check(stamp)
    with pytest.raises(UndecidedError, match="the index has no stamp"):
        HypilerEmbeddings(tiny).check(None)


def test_collection_of_qdrant_is_created_and_checked(minilm: Any, tiny: Any) -> None:
    qdrant = pytest.importorskip("langchain_qdrant")
    from qdrant_client import QdrantClient

    client = QdrantClient(":memory:")
    record = stores.qdrant(minilm.config, stamp=minilm.encoder.stamp())
    stores.create(record, client)
    embeddings = HypilerEmbeddings(minilm.encoder)
    assert stores.check(record, client, embeddings).outcome == "same"
    with pytest.raises(SpaceError):
        stores.check(record, client, HypilerEmbeddings(tiny))
    store = qdrant.QdrantVectorStore(client, record["name"], embeddings, vector_name=record["field"])
    store.add_texts(minilm.texts)
    for query in minilm.queries:
        assert [one.page_content for one in store.similarity_search(query, 10)] == minilm.nearest(query)


def test_pickles_and_copies_go_with_a_store(tmp_path: Path, folder: Path) -> None:
    config = config_of(tmp_path)
    embeddings = HypilerEmbeddings(config, load={"engine": "onnx", "local": folder}, batch_size=7)
    assert copy.deepcopy(embeddings).encoder is embeddings.encoder
    shipped = HypilerEmbeddings("all-minilm-l6-v2", batch_size=7)
    again = pickle.loads(pickle.dumps(shipped))
    assert (repr(again), again.batch_size) == ("HypilerEmbeddings('all-minilm-l6-v2')", 7)


def test_sparse_vectors_find_texts_in_qdrant_by_dot_product(sparse: Any, tiny: Any) -> None:
    qdrant = pytest.importorskip("langchain_qdrant")
    from hypiler.frameworks.langchain_qdrant import HypilerSparseEmbeddings

    embeddings = HypilerSparseEmbeddings(sparse)
    row = sparse.encode_queries(["a b"])
    assert embeddings.embed_query("a b").model_dump() == {"indices": row.indices.tolist(), "values": row.data.tolist()}
    assert asyncio.run(embeddings.aembed_query("a b")) == embeddings.embed_query("a b")
    assert embeddings.embed_documents(["a b"])[0] != embeddings.embed_query("a b")
    assert embeddings.embed_documents([]) == []
    texts = ["a b", "c d", "a c", "e"]
    mode = qdrant.RetrievalMode.SPARSE
    store = qdrant.QdrantVectorStore.from_texts(
        texts, location=":memory:", retrieval_mode=mode, sparse_embedding=embeddings
    )
    scores = sparse.similarity(sparse.encode_queries(["c d"]), sparse.encode_documents(texts))[0]
    found = store.similarity_search_with_score("c d", k=2)
    assert [one.page_content for one, _ in found] == [texts[row] for row in np.argsort(-scores, kind="stable")[:2]]
    np.testing.assert_allclose([score for _, score in found], -np.sort(-scores)[:2], rtol=1e-5)
    with pytest.raises(TypeError, match="HypilerSparseEmbeddings takes a sparse model"):
        HypilerSparseEmbeddings(tiny)


def test_cache_keeps_spaces_apart_by_its_namespace(tiny: Any, narrow: Any) -> None:
    classic = pytest.importorskip("langchain_classic.embeddings")
    from langchain_core.stores import InMemoryByteStore

    store = InMemoryByteStore()
    for encoder, width in ((tiny, 8), (narrow, 4)):
        embeddings = HypilerEmbeddings(encoder)
        cached = classic.CacheBackedEmbeddings.from_bytes_store(
            embeddings, store, namespace=embeddings.encoder.space_id, key_encoder="sha256"
        )
        for _ in range(2):
            (vector,) = cached.embed_documents(["a b"])
            assert len(vector) == width
        assert cached.embed_query("a b") == embeddings.embed_query("a b") != vector


@pytest.fixture
def documents() -> list[Document]:
    return [Document(page_content=text, metadata={"at": place}) for place, text in enumerate(["b", "d", "c d", "a"])]


def test_reranker_sorts_documents_by_the_models_scores(reranker: Any, documents: list[Document]) -> None:
    found = HypilerReranker(reranker, top_n=3).compress_documents(documents, "a")
    assert [one.page_content for one in found] == ["c d", "d", "b"]
    scores = reranker.similarity(["a"], ["c d", "d", "b"])[0]
    assert [one.metadata for one in found] == [
        {"at": at, "relevance_score": score} for at, score in zip((2, 1, 0), scores.tolist(), strict=True)
    ]
    assert [one.metadata for one in documents] == [{"at": at} for at in range(4)]


def test_reranker_of_nothing_gives_nothing(reranker: Any) -> None:
    assert HypilerReranker(reranker).compress_documents([], "a") == []
    with pytest.raises(ValueError, match="top_n"):
        HypilerReranker(reranker, top_n=0)


def test_reranker_works_in_coroutines_and_copies(reranker: Any, documents: list[Document]) -> None:
    made = HypilerReranker(reranker)
    found = asyncio.run(copy.deepcopy(made).acompress_documents(documents, "a"))
    assert [one.page_content for one in found] == ["c d", "d", "b", "a"]
    assert pickle.loads(pickle.dumps(HypilerReranker("ms-marco-minilm-l6-v2", top_n=2))).top_n == 2
    assert made.check(made.stamp()).outcome == "same"


def test_reranker_compresses_what_a_retriever_finds(reranker: Any, tiny: Any) -> None:
    retrievers = pytest.importorskip("langchain_classic.retrievers")
    store = InMemoryVectorStore.from_texts(["b", "d", "c d", "a"], HypilerEmbeddings(tiny))
    retriever = retrievers.ContextualCompressionRetriever(
        base_compressor=HypilerReranker(reranker, top_n=2), base_retriever=store.as_retriever(search_kwargs={"k": 4})
    )
    assert [one.page_content for one in retriever.invoke("a")] == ["c d", "d"]
    assert [one.page_content for one in asyncio.run(retriever.ainvoke("a"))] == ["c d", "d"]


def test_embeddings_are_no_rerankers(tiny: Any, reranker: Any) -> None:
    with pytest.raises(TypeError, match="HypilerReranker takes a reranker model, and `tiny` is a dense one"):
        HypilerReranker(tiny)
    with pytest.raises(TypeError, match="HypilerEmbeddings takes a dense model, and `tiny` is a reranker one"):
        HypilerEmbeddings(reranker)
