"""Records in real stores: created, filled, asked, and checked. What a store finds is what NumPy finds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_drivers import DRIVERS, cases, opened

from hypiler import ModelConfig, space, stores
from hypiler.model_registry import MODELS_BY_ID
from hypiler.stores.specs import spec_of

# A store may warn of its own affairs.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
DENSE = [
    ("pgvector", {}),
    ("pgvector", {"dtype": "float16"}),
    ("pgvector", {"index": "half"}),
    ("pgvector", {"index": "binary"}),
    ("pgvector", {"index": "none"}),
    ("qdrant", {}),
    ("qdrant", {"dtype": "float16", "index": "none"}),
    ("lancedb", {}),
    ("lancedb", {"dtype": "float16"}),
    ("lancedb", {"index": "hnsw"}),
    ("milvus", {}),
    ("milvus", {"index": "none"}),
    ("chroma", {}),
    ("faiss", {}),
    ("faiss", {"dtype": "float16"}),
    ("faiss", {"index": "none"}),
    ("duckdb", {}),
    ("duckdb", {"index": "hnsw"}),
    ("sqlite-vec", {}),
]


@pytest.mark.parametrize(("store", "options"), cases(*DENSE), ids=str)
def test_store_finds_real_vectors_in_the_order_of_numpy(
    store: str, options: dict[str, Any], real: Any, tmp_path: Path
) -> None:
    record = stores.record(store, real.config, stamp=real.stamp, **options)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, real.documents, real.texts)
        for query in range(len(real.queries)):
            found = driver.search(record, real.queries[query])
            assert [row for row, _ in found] == real.nearest(query)
            numbers = [number for _, number in found]
            assert numbers == sorted(numbers, reverse=record["score"]["better"] == "higher")
            cosine = float(real.documents[found[0][0]] @ real.queries[query])
            expected = {"1 - cosine": 1 - cosine, "cosine": cosine}[record["score"]["value"]]
            assert numbers[0] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_stamp_comes_back_and_an_index_of_another_model_is_refused(store: str, real: Any, tmp_path: Path) -> None:
    record = stores.record(store, real.config, stamp=real.stamp)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, real.documents, real.texts)
        held = driver.held(record)
    assert stores.read_stamp(held) == real.stamp
    assert space.check(stores.read_stamp(held), real.encoder).outcome == "same"
    other = ModelConfig.from_registry("bge-small-en-v1.5")
    with pytest.raises(space.SpaceError, match="the stored vectors are of another space"):
        space.check(stores.read_stamp(held), other)


LATE = [
    ("pgvector", {}),
    ("pgvector", {"dtype": "float16"}),
    ("qdrant", {}),
    ("qdrant", {"index": "none"}),
    ("lancedb", {}),
    ("lancedb", {"index": "ivf_flat"}),
    ("duckdb", {}),
]


@pytest.mark.parametrize(("store", "options"), cases(*LATE), ids=str)
def test_store_finds_multi_vectors_in_the_order_of_max_sim(store: str, options: dict[str, Any], tmp_path: Path) -> None:
    config = ModelConfig.colbert_small()
    documents = [_units(5 + row % 4, config.embedding_dim, seed=row) for row in range(30)]
    query = _units(4, config.embedding_dim, seed=99)
    scores = np.array([(query @ document.T).max(axis=1).sum() for document in documents])
    record = stores.record(store, config, **options)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, documents, [str(row) for row in range(30)])
        found = driver.search(record, query)
        assert [row for row, _ in found] == np.argsort(-scores)[:10].tolist()
        best = scores.max()
        expected = {"MaxSim": best, "tokens of the query - MaxSim": len(query) - best}[record["score"]["value"]]
        assert found[0][1] == pytest.approx(expected, abs=2e-3)
        assert stores.read_stamp(driver.held(record)) == config.space()


@pytest.mark.parametrize("store", cases("pgvector", "qdrant", "milvus"))
def test_store_finds_sparse_vectors_in_the_order_of_their_dot_product(store: str, tmp_path: Path) -> None:
    config = ModelConfig.from_registry("splade-v3")
    random = np.random.default_rng(0)
    documents = [_weights(random, config.embedding_dim) for _ in range(30)]
    query = _weights(random, config.embedding_dim)
    scores = np.array([sum(query[t] * w for t, w in document.items() if t in query) for document in documents])
    record = stores.record(store, config)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, documents, [str(row) for row in range(30)])
        found = driver.search(record, query)
        assert [row for row, _ in found] == np.argsort(-scores)[:10].tolist()
        sign = -1 if record["score"]["value"] == "-dot" else 1
        assert found[0][1] == pytest.approx(sign * scores.max(), rel=1e-4)


@pytest.mark.parametrize("index", ["hnsw", "half", "binary"])
@pytest.mark.parametrize("store", cases("pgvector"))
def test_postgresql_answers_the_query_of_a_record_with_its_index(
    store: str, index: str, real: Any, tmp_path: Path
) -> None:
    record = stores.record(store, real.config, index=index)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, real.documents, real.texts)
        assert "Index Scan using documents_embedding_idx" in driver.plan(record, real.queries[0])


@pytest.mark.parametrize(
    ("width", "options", "fits"),
    [
        (2000, {}, True),
        (2001, {}, False),
        (4000, {"dtype": "float16"}, True),
        (4001, {"dtype": "float16"}, False),
        (4000, {"index": "half"}, True),
        (4001, {"index": "half"}, False),
        (16000, {"index": "binary"}, True),
        (16001, {"index": "binary"}, False),
    ],
)
@pytest.mark.parametrize("store", cases("pgvector"))
def test_limits_of_pgvector_are_those_of_postgresql(
    store: str, width: int, options: dict[str, Any], fits: bool, tmp_path: Path
) -> None:
    """The record of another width is made by hand, since no model has such a width."""
    psycopg = pytest.importorskip("psycopg")

    record = stores.record(store, ModelConfig.from_registry("all-minilm-l6-v2"), **options)
    statements = [text.replace("(384)", f"({width})") for text in record["create"]]
    form = next(one for one in spec_of(store).forms if _is_chosen(one, record))
    assert (width <= form.most) == fits
    with opened(store, tmp_path) as driver:
        refused = ""
        try:
            driver.create({**record, "create": statements})
        except psycopg.Error as error:
            refused = str(error)
        assert (refused == "") == fits, refused


@pytest.mark.parametrize("name", ['a"; DROP TABLE x; --', "o'clock", "sélect", "select", "Docs", 'x" (a int); --'])
@pytest.mark.parametrize("store", cases("pgvector", "duckdb", "sqlite-vec"))
def test_sql_holds_hostile_names_as_names(store: str, name: str, real: Any, tmp_path: Path) -> None:
    record = stores.record(store, real.config, name=name, stamp=real.stamp)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, real.documents, real.texts)
        assert [row for row, _ in driver.search(record, real.queries[0])] == real.nearest(0)
        assert stores.read_stamp(driver.held(record)) == real.stamp


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_stamp_comes_back_whatever_a_prefix_has_in_it(store: str, changed: Any, tmp_path: Path) -> None:
    prefix = 'it\'s \\ "$1" %s {x} $$ é\n-- '
    config = changed("all-minilm-l6-v2", document_prefix=prefix)
    assert config.space()["document"]["document_prefix"] == prefix
    record = stores.record(store, config)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, _units(3, config.embedding_dim, seed=0), ["a", "b", "c"])
        assert stores.read_stamp(driver.held(record)) == config.space()


def _units(count: int, width: int, seed: int) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _weights(random: Any, size: int) -> dict[int, float]:
    """A sparse vector: few of few tokens, so that documents and query share some."""
    tokens = random.choice(40, size=12, replace=False) * (size // 40)
    return {int(token): float(weight) for token, weight in zip(tokens, random.uniform(0.1, 3, 12), strict=True)}


def _is_chosen(form: Any, record: Any) -> bool:
    return (form.kind, form.dtype, form.index) == (record["kind"], record["dtype"], record["index"])


@pytest.mark.parametrize("store", cases(*[one for one in DRIVERS if one != "sqlite-vec"]))
def test_store_finds_vectors_of_any_length_in_the_order_of_their_dot_product(
    store: str, changed: Any, tmp_path: Path
) -> None:
    """Without `normalize`, cosine or distance would give another order."""
    config = changed("all-minilm-l6-v2", similarity="dot", normalize=False)
    random = np.random.default_rng(1)
    documents = (_units(40, 384, seed=2) * random.uniform(0.2, 5, (40, 1))).astype(np.float32)
    query = _units(1, 384, seed=3)[0]
    order = np.argsort(-(documents @ query))[:10].tolist()
    unit = documents / np.linalg.norm(documents, axis=1, keepdims=True)
    assert order != np.argsort(-(unit @ query))[:10].tolist()
    assert order != np.argsort(((documents - query) ** 2).sum(axis=1))[:10].tolist()
    record = stores.record(store, config)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, documents, [str(row) for row in range(40)])
        found = driver.search(record, query)
        assert [row for row, _ in found] == order
        best = float((documents @ query).max())
        expected = {"-dot": -best, "dot": best, "1 - dot": 1 - best}[record["score"]["value"]]
        assert found[0][1] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_container_of_cut_vectors_takes_no_whole_ones(store: str, tmp_path: Path) -> None:
    config = ModelConfig.from_registry("nomic-embed-v1.5", dimension=256)
    documents, query = _units(20, 256, seed=4), _units(1, 256, seed=5)[0]
    record = stores.record(store, config)
    with opened(store, tmp_path) as driver:
        driver.create(record)
        driver.insert(record, documents, [str(row) for row in range(20)])
        assert [row for row, _ in driver.search(record, query)] == np.argsort(-(documents @ query))[:10].tolist()
        with pytest.raises(Exception) as refused:
            driver.insert(record, _units(1, 768, seed=6), ["whole"])
        # FAISS asserts without a word.
        assert "256" in str(refused.value) or store == "faiss", refused.value
        whole = ModelConfig.from_registry("nomic-embed-v1.5")
        with pytest.raises(space.SpaceError, match="`dimension` is 256 there and 768 here; re-index"):
            stores.check(record, driver.client, whole)


WIDE = [
    ("qwen3-embedding-4b", {}),
    ("e5-mistral-7b-instruct", {}),
    ("e5-mistral-7b-instruct", {"dtype": "float16"}),
]


@pytest.mark.parametrize(("store", "id", "options"), cases(*[("pgvector", *row) for row in WIDE]), ids=str)
def test_what_pgvector_offers_in_place_of_a_width_works_in_postgresql(
    store: str, id: str, options: dict[str, Any], tmp_path: Path
) -> None:
    model: Any = MODELS_BY_ID[id]
    with pytest.raises(stores.StoreLimitError) as refused:
        stores.record(store, ModelConfig.from_model(model), **options)
    assert refused.value.alternatives
    with opened(store, tmp_path) as driver:
        for number, (option, value, _) in enumerate(refused.value.alternatives):
            chosen = {**options} if option == "dimension" else {**options, option: value}
            config = ModelConfig.from_model(model, value if option == "dimension" else None)
            # A cut does not change the type that was asked for, and fits it.
            record = stores.record(store, config, name=f"t{number}", **chosen)
            documents = _units(30, config.embedding_dim, seed=7)
            query = _units(1, config.embedding_dim, seed=8)[0]
            driver.create(record)
            driver.insert(record, documents, [str(row) for row in range(30)])
            driver.client.execute("SET hnsw.ef_search = 200")
            assert [row for row, _ in driver.search(record, query)] == np.argsort(-(documents @ query))[:10].tolist()
            if record["index"] != "none":
                assert f"Index Scan using t{number}_embedding_idx" in driver.plan(record, query)
