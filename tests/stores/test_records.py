"""Records of stores are pure: what each of them holds for a model, what is refused, and the alternatives."""

import ast
import json
import pickle
import sqlite3
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from golden import golden
from hypothesis import assume, given
from hypothesis import strategies as st

from hypiler import ModelConfig, space, stores
from hypiler.hosted_registry import MODEL_REGISTRY as HOSTED
from hypiler.model_registry import MODEL_REGISTRY, MODELS_BY_ID
from hypiler.stores.names import literal, postgres_literal, quoted
from hypiler.stores.specs import SPECS

MINILM = ModelConfig.from_registry("all-minilm-l6-v2")
COLBERT = ModelConfig.colbert_small()
SPLADE = ModelConfig.from_registry("splade-v3")
pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")


def every_kind_of_config() -> list[Any]:
    """Of the outputs of shipped models, one for each set of facts that a store looks at."""
    found: dict[tuple[Any, ...], ModelConfig] = {}
    models: list[Any] = [*MODEL_REGISTRY, *HOSTED]
    for model in models:
        for output in [one.name for one in model.outputs] or [None]:
            config = ModelConfig.from_model(model, output=output)
            facts = {**config.space()["document"], **config.space()["query"]}
            if facts["encoder"] != "reranker" and facts["similarity"] is not None:
                key = (*[facts[name] for name in ("encoder", "dimension", "similarity", "normalize")], model.query_idf)
                found.setdefault((*key, len(model.dimensions) > 1), config)
    return [*found.values()]


def test_every_kind_of_shipped_model_has_a_record_in_every_store_or_learns_what_fits() -> None:
    """What fits is true: taking it beside what was asked for gives a record, with any type and index."""
    made = 0
    refused: set[Any] = set()
    for config in every_kind_of_config():
        for spec in SPECS:
            try:
                record = stores.record(spec.name, config)
            except stores.StoreLimitError as error:
                # What is offered to many models alike is tried once.
                if (key := (spec.name, error.problem.replace(config.model.id, ""), error.alternatives)) not in refused:
                    refused.add(key)
                    for one in dict.fromkeys([(None, None), *[(form.dtype, form.index) for form in spec.forms]]):
                        _try_alternatives(spec.name, config, *one)
            else:
                made += 1
                assert json.loads(json.dumps(record)) == record
                assert record["dimension"] == config.embedding_dim
    assert made > 400
    assert len(refused) > 20


def _try_alternatives(store: str, config: ModelConfig, dtype: str | None, index: str | None) -> None:
    """If the vectors are refused so, each alternative gives a record."""
    options = {"dtype": dtype, "index": index}
    try:
        stores.record(store, config, **options)  # type: ignore[arg-type]
    except stores.StoreLimitError as error:
        assert error.alternatives
        for option, value, _ in error.alternatives:
            if option == "store":
                assert isinstance(value, str)
                # No store may have what was asked for; these hold the vectors in another way.
                taken = options if _has_form(value, config, dtype, index) else {}
                assert taken or not any(_has_form(one, config, dtype, index) for one in stores.STORES)
                assert stores.record(value, config, **taken)["dimension"] == config.embedding_dim  # type: ignore[arg-type]
            else:
                assert _taken(store, config, options, option, value)["dimension"] <= config.embedding_dim
    except ValueError as error:
        # Such as an index that this store has for other kinds of vectors.
        assert f"{store} has no " in str(error)


def _has_form(store: str, config: ModelConfig, dtype: str | None, index: str | None) -> bool:
    try:
        stores.record(store, config, dtype=dtype, index=index)
    except ValueError:
        return False
    return True


def _taken(store: str, config: ModelConfig, options: dict[str, Any], option: str, value: Any) -> Any:
    """The record with one alternative of an error beside the options that were refused."""
    if option == "dimension":
        model: Any = config.model
        return stores.record(store, ModelConfig.from_model(model, value), **options)
    return stores.record(store, config, **{**options, option: value})


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_form_of_a_store_has_a_record(spec: Any) -> None:
    configs = {"dense": MINILM, "multi_vector": COLBERT, "sparse": SPLADE}
    for form in spec.forms:
        record = stores.record(spec.name, configs[form.kind], dtype=form.dtype, index=form.index)
        assert (record["store"], record["dtype"], record["index"]) == (spec.name, form.dtype, form.index)
        keys = "store model kind dimension similarity name field dtype index type metric create query score stamp notes ddl"
        assert [*record] == keys.split()
        assert [*record["stamp"]] == ["place", "value", "write", "read"]


def test_each_store_has_a_function_of_its_name() -> None:
    for store in stores.STORES:
        assert getattr(stores, store.replace("-", "_"))(MINILM) == stores.record(store, MINILM)


def test_metric_is_the_similarity_of_the_model(changed: Any) -> None:
    def metrics(config: ModelConfig) -> dict[str, str]:
        found = {}
        for store in stores.STORES:
            try:
                found[store] = stores.record(store, config)["metric"]
            except stores.StoreLimitError as error:
                found[store] = error.problem
        return found

    assert metrics(MINILM) == {
        "pgvector": "vector_cosine_ops",
        "qdrant": "Cosine",
        "lancedb": "cosine",
        "milvus": "COSINE",
        "opensearch": "cosinesimil",
        "elasticsearch": "cosine",
        "chroma": "cosine",
        "faiss": "METRIC_INNER_PRODUCT",
        "duckdb": "array_cosine_distance",
        "sqlite-vec": "cosine",
    }
    dot = metrics(changed("all-minilm-l6-v2", similarity="dot", normalize=False))
    assert dot == {
        "pgvector": "vector_ip_ops",
        "qdrant": "Dot",
        "lancedb": "dot",
        "milvus": "IP",
        "opensearch": "innerproduct",
        "elasticsearch": "max_inner_product",
        "chroma": "ip",
        "faiss": "METRIC_INNER_PRODUCT",
        "duckdb": "array_negative_inner_product",
        "sqlite-vec": golden(
            "sqlite-vec has no `dot` metric for vectors that are not normalized, which `all-minilm-l6-v2` needs"
        ),
    }
    unit = metrics(changed("all-minilm-l6-v2", similarity="dot"))
    assert (unit["elasticsearch"], unit["sqlite-vec"]) == ("dot_product", "cosine")
    far = metrics(changed("all-minilm-l6-v2", similarity="euclidean", normalize=False))
    assert (far["pgvector"], far["faiss"], far["sqlite-vec"]) == ("vector_l2_ops", "METRIC_L2", "L2")


def test_faiss_divides_by_the_length_where_cosine_needs_it(changed: Any) -> None:
    assert stores.faiss(MINILM)["create"]["factory"] == "IDMap2,HNSW32"
    config = changed("all-minilm-l6-v2", normalize=False)
    assert stores.faiss(config)["create"]["factory"] == "IDMap2,L2norm,HNSW32"


def test_max_sim_of_tokens_of_any_length_goes_to_a_store_that_sums_dot_products(changed: Any) -> None:
    config = changed("colbert-small", normalize=False)
    for store in ("lancedb", "opensearch", "elasticsearch"):
        with pytest.raises(stores.StoreLimitError) as caught:
            stores.record(store, config)
        assert [value for _, value, _ in caught.value.alternatives] == ["pgvector", "qdrant", "milvus", "duckdb"]


@pytest.mark.parametrize(
    ("id", "store", "options", "message"),
    [
        (
            "qwen3-embedding-4b",
            "pgvector",
            {},
            golden(
                "pgvector: vectors of type `vector` with index `hnsw` must have at most 2,000 dimensions, and `qwen3-embedding-4b` has 2,560; alternatives: dimension=2000 (the largest Matryoshka dimension that fits); dtype='float16' (half the disk space, less precision); index='half' (float32 rows with a float16 index); index='binary' (an index of bits, re-ranked by the full vectors); index='none' (exact search that reads every row)"
            ),
        ),
        (
            "e5-mistral-7b-instruct",
            "pgvector",
            {"dtype": "float16"},
            golden(
                "pgvector: vectors of type `halfvec` with index `hnsw` must have at most 4,000 dimensions, and `e5-mistral-7b-instruct` has 4,096; alternatives: index='binary' (float16 rows with an index of bits, re-ranked by the full vectors); index='none' (float16 rows, exact search that reads every row)"
            ),
        ),
        (
            "bge-m3",
            "chroma",
            {"output": "multi-vector"},
            golden(
                "chroma cannot store multi-vectors, which `bge-m3` produces; alternatives: store='pgvector'; store='qdrant'; store='lancedb'; store='milvus'; store='opensearch'; store='elasticsearch'; store='duckdb'"
            ),
        ),
        (
            "minicoil-v1",
            "milvus",
            {},
            golden(
                "milvus cannot weight query tokens by inverse document frequency, which `minicoil-v1` needs; alternatives: store='qdrant'"
            ),
        ),
        (
            "bge-reranker-v2-m3",
            "qdrant",
            {},
            golden("`bge-reranker-v2-m3` is a reranker: it returns scores, so there are no vectors to store"),
        ),
    ],
    ids=range(5),
)
def test_message_about_a_limit(id: str, store: str, options: dict[str, str], message: str) -> None:
    options = {**options}
    config = ModelConfig.from_model(MODELS_BY_ID[id], output=options.pop("output", None))
    with pytest.raises(stores.StoreLimitError) as caught:
        stores.record(store, config, **options)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_a_limit_offers_a_cut_a_type_and_another_index_and_takes_none_by_itself() -> None:
    config = ModelConfig.from_registry("qwen3-embedding-4b")
    with pytest.raises(stores.StoreLimitError) as caught:
        stores.pgvector(config)
    offered = [(option, value) for option, value, _ in caught.value.alternatives]
    assert offered == [
        ("dimension", 2000),
        ("dtype", "float16"),
        ("index", "half"),
        ("index", "binary"),
        ("index", "none"),
    ]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.alternatives) == (str(caught.value), caught.value.alternatives)


def test_idf_is_turned_on_where_the_model_wants_it_and_its_weights_do_not_have_it() -> None:
    """Models of OpenSearch carry it in the weights of their queries: twice would be wrong."""
    wanting = ModelConfig.from_registry("minicoil-v1")
    assert stores.qdrant(wanting)["create"]["sparse_vectors"] == {"embedding": {"modifier": "idf"}}
    for id in ("opensearch-sparse-doc-v3-distill", "splade-v3"):
        record = stores.qdrant(ModelConfig.from_model(MODELS_BY_ID[id]))
        assert record["create"]["sparse_vectors"] == {"embedding": {}}
    with pytest.raises(stores.StoreLimitError) as caught:
        stores.milvus(wanting)
    assert [value for _, value, _ in caught.value.alternatives] == ["qdrant"]


def test_output_decides_the_kind_of_vectors() -> None:
    def kind(output: str | None) -> tuple[str, int, str]:
        record = stores.qdrant(ModelConfig.from_model(MODELS_BY_ID["bge-m3"], output=output))
        return record["kind"], record["dimension"], record["metric"]

    assert kind(None) == kind("dense") == ("dense", 1024, "Cosine")
    assert kind("sparse")[0] == "sparse"
    assert kind("multi-vector") == ("multi_vector", 1024, "Dot")


def test_configs_without_vectors_or_without_a_known_similarity_are_refused() -> None:
    with pytest.raises(ValueError, match="was not created from a registry entry"):
        stores.qdrant(ModelConfig("org/name", 384, 512))
    with pytest.raises(ValueError, match=r"state `encoding.similarity` in its registry"):
        stores.qdrant(ModelConfig.from_model(HOSTED[[one.id for one in HOSTED].index("jina-embeddings-v3-api")]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, "qdrant has no dtype='int8' for dense vectors"),
        ({"index": "ivf"}, "qdrant has no index='ivf' for dense vectors"),
        ({"field": "id"}, "the name of the field must have only ASCII letters"),
        ({"field": "a b"}, "the name of the field must have only ASCII letters"),
        ({"field": ""}, "the name of the field must have only ASCII letters"),
        ({"name": "a/b"}, "the name of the collection must have 1 to 255 characters without"),
    ],
)
def test_unknown_choices_and_names_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stores.record("qdrant", MINILM, **options)  # type: ignore[arg-type]


NAMES = {
    "pgvector": ("a" * 64, "", "a.b.c", "a\nb", "a\x00", "é" * 32, ".a", "a" * 50),
    "qdrant": ("", "a/b", "a" * 256, "a\x00b", "a:b", "a\u202eb"),
    "lancedb": ("", "a b", "ü", "a/b"),
    "milvus": ("", "1a", "a-b", "a" * 256, "ü"),
    "opensearch": ("", "A", "_a", "-a", "a b", "a,b", "a#b", ".", "é" * 128),
    "elasticsearch": ("", "A", "_a", "-a", "a b", "a,b", "a#b", ".", "é" * 128),
    "chroma": ("", "ab", "_abc", "abc_", "a b c", "a" * 513),
    "faiss": ("", "a\nb", "a\x00b"),
    "duckdb": ("", "a.b.c", "a\nb"),
    "sqlite-vec": ("", "sqlite_a", "a\x00b", "a\nb"),
}


@pytest.mark.parametrize("store", stores.STORES)
def test_names_that_a_store_refuses_or_changes_are_refused(store: str) -> None:
    for name in NAMES[store]:
        with pytest.raises(ValueError, match="the name of the "):
            stores.record(store, MINILM, name=name)


@given(name=st.text(min_size=1, max_size=40), text=st.text())
def test_quoted_names_and_literals_are_one_name_and_one_text(name: str, text: str) -> None:
    """SQLite reads them as other databases do, and holds no character of number 0 or half a pair."""
    assume(not {0, *range(0xD800, 0xE000)} & {ord(c) for c in name + text} and not name.lower().startswith("sqlite_"))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE {quoted(name)} (x)")
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [(name,)]
        assert connection.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


def test_postgresql_gets_a_literal_whose_backslashes_do_not_depend_on_a_setting() -> None:
    assert postgres_literal("it's") == "'it''s'"
    assert postgres_literal(r"a\'b") == r"E'a\\''b'"


@pytest.mark.parametrize("store", ["lancedb", "milvus", "chroma", "faiss"])
def test_printed_python_is_python_whatever_the_name_is(store: str) -> None:
    for config in (MINILM, COLBERT, SPLADE):
        try:
            text = stores.record(store, config, name="a_b" if store == "milvus" else None)["ddl"]
        except stores.StoreLimitError:
            continue
        assert ast.parse(text)
    assert ast.parse(stores.faiss(MINILM, path="a'); import os; ('")["ddl"]).body[-1].lineno


def test_stamp_of_another_config_is_refused() -> None:
    other = ModelConfig.from_registry("bge-small-en-v1.5")
    with pytest.raises(
        space.SpaceError, match="the stamp is not of this config: the stored vectors are of another space"
    ):
        stores.pgvector(MINILM, stamp=other.space())


@pytest.mark.parametrize("stamp", [{}, {"version": 2}, {"version": 1, "space_id": "d1-0123456789abcdef"}])
def test_stamp_that_nobody_could_compare_later_is_not_stored(stamp: Any) -> None:
    with pytest.raises(ValueError, match="the stamp cannot be stored: "):
        stores.pgvector(MINILM, stamp=stamp)


def test_record_is_its_callers_own() -> None:
    stamp = MINILM.space()
    record = stores.qdrant(MINILM, stamp=stamp)
    record["create"]["metadata"]["hypiler"]["document"]["dimension"] = 1
    assert stamp == MINILM.space()


STAMP = MINILM.space()
TEXT = json.dumps(STAMP)


@pytest.mark.parametrize(
    "held",
    [
        {"hypiler": STAMP},
        {"hypiler": TEXT},
        {"hypiler": TEXT, "other": 1},
        {b"hypiler": TEXT.encode(), b"pandas": b"{}"},
        json.dumps({"hypiler": STAMP}),
        json.dumps({"hypiler": STAMP}).encode(),
        STAMP,
        TEXT,
    ],
    ids=range(8),
)
def test_stamp_is_read_from_whatever_a_store_gives_back(held: Any) -> None:
    assert stores.read_stamp(held) == STAMP


@pytest.mark.parametrize("held", [None, "", "articles of 2025", b"\xff", {}, {"a": 1}, "[]", "1", 7, [], "[" * 100_000])
def test_what_holds_no_stamp_gives_none_which_a_check_refuses(held: Any) -> None:
    assert stores.read_stamp(held) is None
    with pytest.raises(space.UndecidedError, match="the index has no stamp"):
        space.check(stores.read_stamp(held), MINILM)


@pytest.mark.parametrize("held", [{"hypiler": "{broken"}, {"hypiler": 5}, {"hypiler": {}}, {"hypiler": None}])
def test_damaged_stamp_is_no_missing_one_and_a_check_refuses_it(held: Any) -> None:
    with pytest.raises(space.UndecidedError):
        space.check(stores.read_stamp(held), MINILM)


@pytest.mark.parametrize(
    ("store", "written"),
    [
        ("pgvector", "{1:0.5,4:2.0}/5"),
        ("qdrant", {"indices": [0, 3], "values": [0.5, 2.0]}),
        ("milvus", {0: 0.5, 3: 2.0}),
        ("opensearch", {"0": 0.5, "3": 2.0}),
        ("elasticsearch", {"0": 0.5, "3": 2.0}),
    ],
)
def test_sparse_vector_is_written_as_the_store_reads_it(store: str, written: Any) -> None:
    """Weights of 0 are left out, and numbers of NumPy become those of Python."""
    indices, values = np.array([0, 1, 3]), np.array([0.5, 0, 2], np.float32)
    found = stores.sparse_vector(store, indices, values, 5)
    assert (found, repr(found)) == (written, repr(written))
    with pytest.raises(ValueError, match="an index of a sparse vector must be from 0 to 4, got 5"):
        stores.sparse_vector(store, [5], [1.0], 5)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_store_that_holds_sparse_vectors_says_how_they_are_written(spec: Any) -> None:
    assert (spec.sparse is not None) == any(form.kind == "sparse" for form in spec.forms)
    if spec.sparse is None:
        with pytest.raises(stores.StoreLimitError, match="cannot store sparse vectors"):
            stores.sparse_vector(spec.name, [1], [1.0], 5)


def test_query_takes_the_vector_in_its_place_and_stays_as_it_is() -> None:
    record = stores.elasticsearch(MINILM)
    vector = [0.5, 0.25]
    assert stores.with_vector(record["query"], vector)["knn"]["query_vector"] is vector
    assert record["query"]["knn"]["query_vector"] == "$1"


DENSE_SEARCH = {"query": {"knn": {"embedding": {"vector": "$1", "k": 10}}}, "size": 10}


def scripted(script: dict[str, Any]) -> dict[str, Any]:
    return {"query": {"script_score": {"query": {"match_all": {}}, "script": script}}, "size": 10}


@pytest.mark.parametrize(
    ("config", "options", "mapping", "query"),
    [
        (
            MINILM,
            {"dtype": "float16"},
            {
                "type": "knn_vector",
                "dimension": 384,
                "method": {
                    "name": "hnsw",
                    "engine": "faiss",
                    "space_type": "cosinesimil",
                    "parameters": {
                        "m": 16,
                        "ef_construction": 100,
                        "encoder": {"name": "sq", "parameters": {"bits": 16, "type": "fp16"}},
                    },
                },
            },
            DENSE_SEARCH,
        ),
        (
            MINILM,
            {"index": "none"},
            {"type": "knn_vector", "dimension": 384},
            scripted(
                {
                    "lang": "knn",
                    "source": "knn_score",
                    "params": {"field": "embedding", "query_value": "$1", "space_type": "cosinesimil"},
                }
            ),
        ),
        (
            COLBERT,
            {},
            {"type": "object", "enabled": False},
            scripted(
                {
                    "source": "lateInteractionScore(params.query_vectors, 'embedding', params._source, params.space_type)",
                    "params": {"query_vectors": "$1", "space_type": "cosinesimil"},
                }
            ),
        ),
        (
            SPLADE,
            {},
            {"type": "rank_features"},
            {"query": {"neural_sparse": {"embedding": {"query_tokens": "$1"}}}, "size": 10},
        ),
    ],
    ids=["float16", "exact", "multi-vector", "sparse"],
)
def test_opensearch_gets_what_its_documentation_describes(
    config: ModelConfig, options: Any, mapping: Any, query: Any
) -> None:
    """No server runs in the tests."""
    record = stores.opensearch(config, **options)
    assert record["create"]["mappings"]["properties"] == {"text": {"type": "text"}, "embedding": mapping}
    assert record["create"].get("settings") == ({"index": {"knn": True}} if "method" in mapping else None)
    assert record["query"] == query


@pytest.mark.parametrize(
    ("config", "options", "mapping", "query"),
    [
        (
            MINILM,
            {},
            {
                "type": "dense_vector",
                "dims": 384,
                "similarity": "cosine",
                "index": True,
                "index_options": {"type": "hnsw", "m": 16, "ef_construction": 100},
            },
            {"knn": {"field": "embedding", "query_vector": "$1", "k": 10, "num_candidates": 100}, "size": 10},
        ),
        (
            MINILM,
            {"index": "none"},
            {"type": "dense_vector", "dims": 384, "index": False},
            scripted({"source": "cosineSimilarity(params.vector, 'embedding') + 1", "params": {"vector": "$1"}}),
        ),
        (
            COLBERT,
            {},
            {"type": "rank_vectors", "dims": 96},
            scripted(
                {
                    "source": "maxSimDotProduct(params.vector, 'embedding') + params.vector.size()",
                    "params": {"vector": "$1"},
                }
            ),
        ),
        (
            SPLADE,
            {},
            {"type": "sparse_vector", "index_options": {"prune": False}},
            {"query": {"sparse_vector": {"field": "embedding", "query_vector": "$1"}}, "size": 10},
        ),
    ],
    ids=["dense", "exact", "multi-vector", "sparse"],
)
def test_elasticsearch_gets_what_its_documentation_describes(
    config: ModelConfig, options: Any, mapping: Any, query: Any
) -> None:
    """No server runs in the tests."""
    record = stores.elasticsearch(config, **options)
    assert record["create"]["mappings"]["properties"] == {"text": {"type": "text"}, "embedding": mapping}
    assert record["query"] == query
