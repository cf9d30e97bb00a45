"""Each score against the same thing said in loops."""

import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from hypiler.engines import scoring

RANDOM = np.random.default_rng(0)


def matrix(rows: int, width: int = 5, dtype: Any = np.float32) -> Any:
    return RANDOM.normal(size=(rows, width)).astype(dtype)


def length(vector: Any) -> float:
    return float(sum(float(x) * float(x) for x in vector)) ** 0.5


PAIRWISE = {
    "dot": lambda a, b: sum(x * y for x, y in zip(a, b, strict=True)),
    "cosine": lambda a, b: sum(x * y for x, y in zip(a, b, strict=True)) / (length(a) * length(b)),
    "euclidean": lambda a, b: -length([x - y for x, y in zip(a, b, strict=True)]),
    "manhattan": lambda a, b: -sum(abs(x - y) for x, y in zip(a, b, strict=True)),
}


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("q", "d"), [(3, 4), (1, 1), (0, 2), (2, 0)])
def test_pairwise_scores(name: str, dtype: Any, q: int, d: int) -> None:
    queries, documents = matrix(q, dtype=dtype), matrix(d, dtype=dtype)
    found = scoring.similarity(name)(queries, documents)
    expected = [[PAIRWISE[name](a.tolist(), b.tolist()) for b in documents] for a in queries]
    assert (found.dtype, found.shape) == (np.float32, (q, d))
    np.testing.assert_allclose(found, np.array(expected).reshape(q, d), atol=1e-4)


def test_vector_of_zeros_has_cosine_0() -> None:
    assert scoring.cosine(np.zeros((1, 3)), np.ones((1, 3))).tolist() == [[0.0]]


def test_small_distances_between_large_vectors_are_kept() -> None:
    far = np.full((1, 3), 1000.0)
    assert scoring.euclidean(far, far + 0.01)[0, 0] == pytest.approx(-0.01 * 3**0.5, rel=0.02)


def max_sim(query: Any, document: Any) -> float:
    return sum(max(float(a @ b) for b in document) for a in query) if len(document) else 0.0


@given(
    q=st.lists(st.integers(0, 6), max_size=5),
    d=st.lists(st.integers(0, 9), max_size=8),
    block=st.sampled_from([1, 30, 1 << 24]),
)
def test_max_sim(q: list[int], d: list[int], block: int) -> None:
    queries, documents = [matrix(one) for one in q], [matrix(one) for one in d]
    original = scoring._BLOCK
    scoring._BLOCK = block
    try:
        found = scoring.max_sim(queries, documents)
    finally:
        scoring._BLOCK = original
    expected = [[max_sim(query, document) for document in documents] for query in queries]
    assert (found.dtype, found.shape) == (np.float32, (len(q), len(d)))
    np.testing.assert_allclose(found, np.array(expected).reshape(found.shape), atol=1e-4)


def test_max_sim_of_many_documents_takes_bounded_memory() -> None:
    queries, documents = [matrix(32, 16)] * 8, [matrix(100, 16)] * 2_000
    tracemalloc.start()
    scoring.max_sim(queries, documents)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 8 * 32 * 100 * 2_000 * 4 == 204_800_000
    # A block of scores twice over, while it is made, and the block of documents.
    assert peak < 170_000_000


def test_sparse_dot() -> None:
    queries, documents = RANDOM.random((3, 50)), RANDOM.random((4, 50))
    queries[queries < 0.8] = documents[documents < 0.8] = 0
    found = scoring.sparse_dot(csr_array(queries), csr_array(documents))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, queries @ documents.T, rtol=1e-6)


def test_hamming_counts_bits_that_differ() -> None:
    queries, documents = matrix(3, 20), matrix(4, 20)
    binary = scoring.Binary()
    packed = binary.quantize(queries), binary.quantize(documents)
    expected = [[-sum((a > 0) != (b > 0) for a, b in zip(q, d, strict=True)) for d in documents] for q in queries]
    assert (packed[0].dtype, packed[0].shape) == (np.uint8, (3, 3))
    assert binary.similarity(*packed).tolist() == expected


def test_bytes_that_differ_in_number_are_named() -> None:
    with pytest.raises(ValueError, match="queries have 2 bytes and documents 1"):
        scoring.Binary().similarity(np.zeros((1, 2), np.uint8), np.zeros((1, 1), np.uint8))


def test_int8_restores_to_half_a_step() -> None:
    documents = matrix(50, 32) * np.linspace(0.1, 10, 32, dtype=np.float32)
    int8 = scoring.Int8(documents)
    codes = int8.quantize(documents)
    steps = (documents.max(axis=0) - documents.min(axis=0)) / 255
    assert (codes.dtype, codes.min(), codes.max()) == (np.int8, -128, 127)
    assert (np.abs(int8.restore(codes) - documents) <= steps * 0.501).all()


@pytest.mark.parametrize("measure", ["cosine", "dot", "euclidean"])
def test_int8_scores_are_nearly_those_of_the_floats(measure: str) -> None:
    documents = matrix(50, 64) * np.linspace(0.1, 10, 64, dtype=np.float32)
    int8 = scoring.Int8(documents, measure)
    codes = int8.quantize(documents)
    again = scoring.Int8(np.array([int8.least, int8.greatest]), measure)
    assert (again.quantize(documents) == codes).all()
    exact = scoring.similarity(measure)(documents[:5], documents)
    np.testing.assert_allclose(int8.similarity(codes[:5], codes), exact, atol=0.01 * float(np.abs(exact).max()))


def test_int8_cuts_what_lies_outside_the_limits() -> None:
    int8 = scoring.Int8(np.array([[0.0, 5.0], [1.0, 5.0]], np.float32))
    assert int8.quantize(np.array([[-9.0, 5.0], [9.0, 9.0]])).tolist() == [[-128, -128], [127, 127]]
    with pytest.raises(ValueError, match=r"^the sample must have vectors"):
        scoring.Int8(np.empty((0, 2), np.float32))


@pytest.mark.parametrize("name", PAIRWISE)
def test_widths_that_differ_are_named(name: str) -> None:
    with pytest.raises(ValueError, match="queries have 5 dimensions and documents 4"):
        getattr(scoring, name)(matrix(1, 5), matrix(1, 4))


def test_widths_of_tokens_that_differ_are_named() -> None:
    with pytest.raises(ValueError, match="queries have 5 dimensions and documents 4"):
        scoring.max_sim([matrix(1, 5)], [matrix(2, 5), matrix(1, 4)])


def test_vectors_that_are_no_matrix_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of a matrix; got arrays of 1 and 2 dimensions"):
        scoring.dot(np.ones(3), np.ones((1, 3)))


def test_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of cosine, dot, euclidean, manhattan, max_sim; got 'angle'"):
        scoring.similarity("angle")


def test_scipy_is_loaded_only_with_a_sparse_matrix() -> None:
    code = "import sys, hypiler.engines.scoring; assert not [name for name in sys.modules if name.startswith('scipy')]"
    subprocess.run([sys.executable, "-c", code], check=True)


FLOATS = matrix(3)
NAN = FLOATS.copy()
NAN[1, 2] = np.nan
INT8 = scoring.Int8(FLOATS)
CODES, BITS = INT8.quantize(FLOATS), scoring.Binary().quantize(FLOATS)
SPARSE = csr_array(FLOATS)
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: scoring.dot(CODES, FLOATS), TypeError, "queries must be floats, got int8"),
    (lambda: scoring.cosine(FLOATS, BITS), TypeError, "documents must be floats, got uint8"),
    (lambda: scoring.euclidean([["a"]], FLOATS), TypeError, "queries must be floats, got <U1"),
    (lambda: scoring.manhattan(FLOATS, FLOATS + 1j), TypeError, "documents must be floats, got complex64"),
    (lambda: scoring.dot(FLOATS > 0, FLOATS), TypeError, "queries must be floats, got bool"),
    (lambda: scoring.dot(SPARSE, FLOATS), TypeError, "queries must be floats, got a csr_array"),
    (lambda: scoring.dot(None, FLOATS), TypeError, "queries must be floats, got a NoneType"),
    (lambda: scoring.max_sim([CODES], [FLOATS]), TypeError, "queries must be floats, got int8"),
    (lambda: scoring.sparse_dot(SPARSE, FLOATS), TypeError, "documents must be a scipy CSR array, got a ndarray"),
    (lambda: scoring.sparse_dot(None, SPARSE), TypeError, "queries must be a scipy CSR array, got a NoneType"),
    (lambda: scoring.Int8(FLOATS[0]), ValueError, "the sample must be rows of a matrix; got an array of 1 dimensions"),
    (lambda: scoring.Int8(CODES), TypeError, "the sample must be floats, got int8"),
    (lambda: scoring.Int8(NAN), ValueError, "the sample must be finite numbers; row 1 has one that is NaN or infinite"),
    (lambda: INT8.quantize(NAN), ValueError, "vectors must be finite numbers; row 1 has one that is NaN or infinite"),
    (lambda: INT8.quantize(FLOATS[0]), ValueError, "vectors must be rows of a matrix; got an array of 1 dimensions"),
    (lambda: INT8.quantize(FLOATS[:, :1]), ValueError, "vectors must have 5 dimensions, as the sample; got 1"),
    (lambda: INT8.quantize(CODES), TypeError, "vectors must be floats, got int8"),
    (lambda: INT8.restore(FLOATS), TypeError, "codes must be codes of type int8, got float32"),
    (lambda: INT8.restore(CODES[:, :1]), ValueError, "codes must have 5 dimensions, as the sample; got 1"),
    (lambda: INT8.restore(CODES[0]), ValueError, "codes must be rows of a matrix; got an array of 1 dimensions"),
    (lambda: INT8.similarity(FLOATS, CODES), TypeError, "queries must be codes of type int8, got float32"),
    (lambda: INT8.similarity(CODES, BITS), TypeError, "documents must be codes of type int8, got uint8"),
    (lambda: INT8.similarity(CODES[:, :1], CODES), ValueError, "queries must have 5 dimensions, as the sample; got 1"),
    (
        lambda: scoring.Binary().quantize(NAN),
        ValueError,
        "vectors must be finite numbers; row 1 has one that is NaN or infinite",
    ),
    (lambda: scoring.Binary().quantize(BITS), TypeError, "vectors must be floats, got uint8"),
    (
        lambda: scoring.Binary().quantize(FLOATS[0]),
        ValueError,
        "vectors must be rows of a matrix; got an array of 1 dimensions",
    ),
    (lambda: scoring.Binary().similarity(FLOATS, BITS), TypeError, "queries must be codes of type uint8, got float32"),
    (lambda: scoring.Binary().similarity(BITS, CODES), TypeError, "documents must be codes of type uint8, got int8"),
    (
        lambda: scoring.Binary().similarity(BITS, BITS[0]),
        ValueError,
        "documents must be rows of a matrix; got an array of 1 dimensions",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_vectors_and_codes_of_another_kind_are_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
