"""The probe of a stamp: what its numbers are, and how well they keep cosines."""

import hashlib
import json
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from stamps import NUMBERS, TEXTS

from hypiler.engines.stamps.probe import LONG, SHORT, make_probe, signs
from hypiler.engines.stamps.probe import TEXTS as PROBED
from hypiler.stamps.stored import PROBE_TEXTS, PROBE_VERSION, PROBE_WIDTH, read_stamp

RANDOM = np.random.default_rng(7)


def numbers(probe: dict[str, Any]) -> Any:
    return np.frombuffer(b64decode(probe["numbers"]), "<f2").reshape(PROBE_TEXTS, -1).astype(np.float64)


def norms(probe: dict[str, Any]) -> list[float]:
    found: list[float] = np.frombuffer(b64decode(probe["norms"]), "<f4").tolist()
    return found


def given_to(found: Any) -> Any:
    """An encoder that gives this for any texts."""
    return lambda _: found


def vectors(width: int = 384) -> Any:
    return RANDOM.normal(size=(PROBE_TEXTS, width)).astype(np.float32)


def test_texts_of_a_version_never_change() -> None:
    """They are a part of every stamp that was stored. Other texts are another version."""
    assert (PROBE_VERSION, PROBE_TEXTS, PROBE_WIDTH) == (1, 9, 64) == (1, TEXTS, NUMBERS)
    assert (*SHORT, LONG) == PROBED
    digest = hashlib.sha256("\x00".join(PROBED).encode()).hexdigest()
    assert digest == "d4d1be1784eb9cffab10296e9dd5855ab1d586883737ae1a4738ed6aa0c2b707"
    assert len(LONG.split()) == 599


def test_signs_of_a_version_never_change() -> None:
    found = signs(b"hypiler probe 1 column ", [0, 1, 300])
    assert found.shape == (3, 64)
    for place, row in zip((0, 1, 300), found, strict=True):
        data = hashlib.shake_256(b"hypiler probe 1 column " + place.to_bytes(8, "little")).digest(8)
        bits = [(data[number // 8] >> (number % 8)) & 1 for number in range(64)]
        assert row.tolist() == [-1 if bit else 1 for bit in bits]
    assert (
        hashlib.sha256(signs(b"hypiler probe 1 column ", range(384)).tobytes()).hexdigest()
        == "2246355c65b3423026417d1bc3198db0001511bbc45299564c6439e9ad076cf1"
    )


def test_dense_vectors_are_scaled_and_multiplied() -> None:
    given = vectors()
    probe = make_probe(lambda texts: given if texts == list(PROBED) else None)
    lengths = np.linalg.norm(given.astype(np.float64), axis=1)
    matrix = signs(b"hypiler probe 1 column ", range(384)).astype(np.float64)
    expected = (given / lengths[:, None]) @ matrix / 8
    np.testing.assert_allclose(numbers(probe), expected, atol=1e-3)
    np.testing.assert_allclose(norms(probe), lengths, rtol=1e-6)
    assert list(probe) == ["version", "norms", "numbers"]


@pytest.mark.parametrize("width", [1, 7, 64])
def test_short_vectors_are_stored_whole(width: int) -> None:
    given = vectors(width)
    unit = given / np.linalg.norm(given, axis=1, keepdims=True)
    np.testing.assert_allclose(numbers(make_probe(lambda _: given)), unit, atol=1e-3)


@pytest.mark.parametrize("width", [40, 30_522])
def test_sparse_vectors_are_those_with_zeros(width: int) -> None:
    dense = np.zeros((PROBE_TEXTS, width), np.float32)
    for row in dense:
        row[RANDOM.choice(width, 20, replace=False)] = RANDOM.random(20)
    assert make_probe(lambda _: csr_array(dense)) == make_probe(lambda _: dense)


def test_signs_of_a_sparse_vector_are_those_of_its_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    from hypiler.engines.stamps import probe

    asked: list[int] = []

    def counted(label: bytes, places: Any) -> Any:
        asked.append(len(places))
        return signs(label, places)

    monkeypatch.setattr(probe, "signs", counted)
    dense = np.zeros((PROBE_TEXTS, 1_000_000), np.float32)
    dense[:, 999_999] = 1
    make_probe(lambda _: csr_array(dense))
    assert asked == [1] * PROBE_TEXTS


def test_token_vectors_are_the_vector_of_all_their_numbers() -> None:
    """The sign of a number is that of its token times that of its column."""
    given = [RANDOM.normal(size=(tokens, 128)).astype(np.float32) for tokens in range(1, PROBE_TEXTS + 1)]
    probe = make_probe(lambda _: given)
    assert probe["tokens"] == list(range(1, PROBE_TEXTS + 1))
    for row, norm, tokens in zip(numbers(probe), norms(probe), given, strict=True):
        columns = signs(b"hypiler probe 1 column ", range(128)).astype(np.float64)
        places = signs(b"hypiler probe 1 token ", range(len(tokens))).astype(np.float64)
        flat = np.einsum("tk,ik->tik", places, columns).reshape(-1, 64)
        assert norm == pytest.approx(np.linalg.norm(tokens), rel=1e-6)
        np.testing.assert_allclose(row, tokens.reshape(-1) / np.linalg.norm(tokens) @ flat / 8, atol=1e-3)


def test_vectors_of_zeros_and_texts_without_tokens_have_zeros() -> None:
    for empty in (
        np.zeros((PROBE_TEXTS, 100), np.float32),
        csr_array((PROBE_TEXTS, 100), dtype=np.float32),
        [np.zeros((0, 100), np.float32)] * PROBE_TEXTS,
        [np.zeros((3, 100), np.float32)] * PROBE_TEXTS,
    ):
        probe = make_probe(given_to(empty))
        assert norms(probe) == [0] * PROBE_TEXTS
        assert not numbers(probe).any()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_refused(number: float) -> None:
    given = vectors()
    given[4, 2] = number
    with pytest.raises(ValueError, match=r"^the vectors of the probe's texts must be finite numbers$"):
        make_probe(lambda _: given)


@pytest.mark.parametrize("kind", ["dense", "tokens"])
def test_numbers_keep_cosines_well_enough(kind: str) -> None:
    """1 - cosine of the numbers is between a third and four times that of the vectors, over 900 pairs."""
    ratios: list[float] = []
    for step in (1e-3, 1e-2, 1e-1, 0.5):
        for _ in range(25):
            one = vectors() if kind == "dense" else RANDOM.normal(size=(PROBE_TEXTS, 30, 128))
            other = one + step * RANDOM.normal(size=one.shape)
            probes = [make_probe(given_to(given if kind == "dense" else [*given])) for given in (one, other)]
            true = 1 - np.array([cosine(a.ravel(), b.ravel()) for a, b in zip(one, other, strict=True)])
            measured = 1 - np.array([cosine(a, b) for a, b in zip(*map(numbers, probes), strict=True)])
            ratios += (measured / true).tolist()
    assert min(ratios) > 0.3
    assert max(ratios) < 4


def cosine(one: Any, other: Any) -> float:
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_stamps_are_small() -> None:
    """The sizes are those that docs/spaces.md says."""
    sizes = {
        "dense": make_probe(lambda _: vectors()),
        "sparse": make_probe(lambda _: csr_array(np.eye(PROBE_TEXTS, 30_522, dtype=np.float32))),
        "tokens": make_probe(lambda _: [vectors()] * PROBE_TEXTS),
        "whole": make_probe(lambda _: vectors(7)),
    }
    assert {name: len(json.dumps(probe)) for name, probe in sizes.items()} == {
        "dense": 1626,
        "sparse": 1626,
        "tokens": 1665,
        "whole": 258,
    }


def test_probe_is_read_as_it_was_made() -> None:
    given = vectors()
    stamp: dict[str, Any] = {
        "version": 2,
        "document": {},
        "query": {},
        "bytes": {},
        "probe": make_probe(lambda _: given),
    }
    found = read_stamp(json.loads(json.dumps(stamp))).probe
    assert found is not None
    np.testing.assert_array_equal(found.rows, numbers(stamp["probe"]))
    np.testing.assert_array_equal(found.norms, norms(stamp["probe"]))
