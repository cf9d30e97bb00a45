"""`encode_parquet` gives each row the vector that the encoder gives its text, and keeps the other columns."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from golden import golden

from hypiler import ModelConfig, space
from hypiler.corpus import CorpusError, UnwritableError, encode_parquet
from hypiler.engines import DenseEncoder, MultiVectorEncoder, SparseEncoder, TruncationWarning
from hypiler.stores import read_stamp

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is missing: install hypiler[test-cluster]")
pa = pytest.importorskip("pyarrow")


def vectors(table: Any, column: str = "embedding") -> Any:
    return np.array(table[column].to_pylist(), np.float32)


@pytest.mark.parametrize("groups", [1, 103, 10_000])
@pytest.mark.parametrize("rows_per_part", [None, 97])
def test_each_row_gets_the_vector_of_its_text(
    corpus: Any, encoder: Any, tmp_path: Path, groups: int, rows_per_part: int | None
) -> None:
    source = corpus.write(rows=1000 if groups > 1 else 200, groups=groups)
    report = encode_parquet(source, tmp_path / "out.parquet", encoder, rows_per_part=rows_per_part)
    before, after = corpus.read(source), corpus.read(tmp_path / "out.parquet")
    assert after.select(["id", "text"]).equals(before)
    assert after.schema.field("embedding").type == pa.list_(pa.field("element", pa.float32()), 8)
    np.testing.assert_allclose(vectors(after), encoder.encode_documents(before["text"].to_pylist()), atol=1e-6)
    assert (report.rows, report.encoded, report.resumed) == (before.num_rows, before.num_rows, 0)
    assert (report.model, report.dimension, report.space_id) == ("tiny", 8, encoder.space_id)
    assert sorted(os.listdir(tmp_path)) == ["in.parquet", "out.parquet"]


def test_stamp_is_in_the_file_and_in_the_column(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    encode_parquet(corpus.write(rows=10), tmp_path / "out.parquet", encoder)
    schema = pq.read_schema(tmp_path / "out.parquet")
    for held in (schema.metadata, schema.field("embedding").metadata):
        assert read_stamp(held) == encoder.stamp()
        assert space.check(read_stamp(held), encoder).outcome == "same"


def test_second_model_adds_a_column_with_a_stamp_of_its_own(corpus: Any, folder: Path, tmp_path: Path) -> None:
    import tiny

    full, cut = (tiny.config_of(tmp_path, width).load("onnx", local=folder) for width in (None, 4))
    encode_parquet(corpus.write(rows=10), tmp_path / "one.parquet", full)
    encode_parquet(tmp_path / "one.parquet", tmp_path / "two.parquet", cut, vector_column="small")
    schema = pq.read_schema(tmp_path / "two.parquet")
    assert schema.names == ["id", "text", "embedding", "small"]
    stamps = [read_stamp(schema.field(name).metadata) for name in ("embedding", "small")]
    assert [stamp["document"]["dimension"] for stamp in stamps] == [8, 4]


def test_queries_get_the_prefix_of_queries(corpus: Any, folder: Path, tmp_path: Path) -> None:
    import tiny

    encoder = tiny.config_of(tmp_path, encoding={"query_prefix": "q: ", "document_prefix": "d: "}).load(
        "onnx", local=folder
    )
    source = corpus.write(rows=20)
    encode_parquet(source, tmp_path / "out.parquet", encoder, side="query")
    expected = encoder.encode_queries(corpus.texts(20))
    np.testing.assert_allclose(vectors(corpus.read(tmp_path / "out.parquet")), expected, atol=1e-6)
    # A stamp describes vectors of documents, so these do not pass for an index.
    metadata = pq.read_schema(tmp_path / "out.parquet").metadata
    with pytest.raises(space.UndecidedError, match="the index has no stamp"):
        space.check(read_stamp(metadata), encoder)
    assert space.check(json.loads(metadata[b"hypiler.queries"]), encoder).outcome == "same"
    again = encode_parquet(source, tmp_path / "out.parquet", encoder, side="query")
    assert (again.encoded, again.resumed) == (0, 20)


def test_columns_are_chosen_and_the_texts_may_be_left_out(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source = corpus.write(rows=30, body=corpus.texts(30, seed=1), text=list(range(30)))
    encode_parquet(source, tmp_path / "out.parquet", encoder, text_column="body", columns=["id"], vector_column="v")
    table = corpus.read(tmp_path / "out.parquet")
    assert table.column_names == ["id", "v"]
    np.testing.assert_allclose(vectors(table, "v"), encoder.encode_documents(corpus.texts(30, seed=1)), atol=1e-6)


TYPES = {
    "large": lambda texts: pa.array(texts, pa.large_string()),
    "view": lambda texts: pa.array(texts, pa.string_view()),
    "dictionary": lambda texts: pa.array(texts).dictionary_encode(),
}


@pytest.mark.parametrize("kind", TYPES)
def test_texts_of_every_type_are_read_and_kept_in_it(corpus: Any, encoder: Any, tmp_path: Path, kind: str) -> None:
    texts = corpus.texts(300)
    source = corpus.write(rows=300, text=TYPES[kind](texts))
    encode_parquet(source, tmp_path / "out.parquet", encoder, rows_per_part=70)
    table = corpus.read(tmp_path / "out.parquet")
    assert table.schema.field("text").type == corpus.read(source).schema.field("text").type
    assert table["text"].to_pylist() == texts
    np.testing.assert_allclose(vectors(table), encoder.encode_documents(texts), atol=1e-6)


def test_other_columns_of_every_type_are_kept(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    import datetime

    others = {
        "list": pa.array([[row, None] for row in range(50)], pa.list_(pa.int16())),
        "struct": pa.array([{"a": row, "text": "x"} for row in range(50)]),
        "a.b": pa.array(range(50), pa.uint8()),
        "time": pa.array([datetime.datetime(2026, 1, 1)] * 50, pa.timestamp("us", tz="Europe/Berlin")),
        "words": pa.array(["x", "y"] * 25).dictionary_encode(),
        "map": pa.array([[("k", row)] for row in range(50)], pa.map_(pa.string(), pa.int32())),
        "null": pa.nulls(50),
    }
    source = corpus.write(rows=50, **others)
    encode_parquet(source, tmp_path / "out.parquet", encoder, rows_per_part=7)
    table = corpus.read(tmp_path / "out.parquet")
    assert table.drop_columns("embedding").equals(corpus.read(source))


def test_row_without_a_text_is_an_error_or_keeps_a_null(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    texts: list[str | None] = [*corpus.texts(40), "", None, *corpus.texts(40, seed=1)]
    source = corpus.write(rows=82, text=pa.array(texts))
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, tmp_path / "out.parquet", encoder, rows_per_part=30)
    assert str(found.value) == golden(
        f'row 41 of {source}: `text` has no text (null); with nulls="keep" its vector is null'
    )
    report = encode_parquet(source, tmp_path / "out.parquet", encoder, rows_per_part=30, nulls="keep", start_over=True)
    assert report.nulls == 1
    column = corpus.read(tmp_path / "out.parquet")["embedding"]
    # Not of a fixed size: pyarrow 25 and older cannot read a null in such a column.
    assert column.type == pa.list_(pa.field("element", pa.float32()))
    found_vectors = column.to_pylist()
    assert [row for row, vector in enumerate(found_vectors) if vector is None] == [41]
    texts[41:42] = []
    given = np.array([vector for vector in found_vectors if vector is not None], np.float32)
    np.testing.assert_allclose(given, encoder.encode_documents(texts), atol=1e-6)


def test_float16_halves_the_numbers(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source = corpus.write(rows=50)
    encode_parquet(source, tmp_path / "out.parquet", encoder, dtype="float16")
    table = corpus.read(tmp_path / "out.parquet")
    assert table.schema.field("embedding").type.value_type == pa.float16()
    np.testing.assert_allclose(vectors(table), encoder.encode_documents(corpus.texts(50)), atol=1e-3)


def made(kind: str, give: Any) -> Any:
    """An encoder of some kind, whose network is a function of the text."""
    contract = SimpleNamespace(
        id="made",
        encoder_type=kind,
        dimension=3,
        embedding_dim=3,
        normalize=False,
        matryoshka_order="",
        similarity="dot",
        query_length=9,
        document_length=9,
        space_facts={"identity": {"model": "made"}, "document": {"encoder": kind, "dimension": 3}, "query": {}},
    )
    classes: dict[str, Any] = {"multi_vector": MultiVectorEncoder, "sparse": SparseEncoder}
    encoder: Any = classes.get(kind, DenseEncoder)(
        contract, SimpleNamespace(run=lambda texts, query: give(texts)), "made"
    )
    encoder.stamp = encoder.space
    return encoder


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_multi_vectors_are_lists_of_vectors(corpus: Any, tmp_path: Path, dtype: str) -> None:
    def give(texts: list[str]) -> list[Any]:
        return [np.full((len(text) % 4, 3), len(text), np.float32) for text in texts]

    texts = ["abc", None, "abcd", "abcdefghi", "a"]
    source = corpus.write(rows=5, text=pa.array(texts))
    encoder = made("multi_vector", give)
    encode_parquet(source, tmp_path / "out.parquet", encoder, nulls="keep", dtype=dtype, rows_per_part=2)
    found = corpus.read(tmp_path / "out.parquet")["embedding"].to_pylist()
    assert found == [[[3] * 3] * 3, None, [], [[9] * 3], [[1] * 3]]


def test_sparse_vectors_are_lists_of_indexes_and_values(corpus: Any, tmp_path: Path) -> None:
    scipy = pytest.importorskip("scipy.sparse")

    def give(texts: list[str]) -> Any:
        return scipy.csr_array(np.array([[len(text), 0, text.count("a")] for text in texts], np.float32))

    source = corpus.write(rows=4, text=pa.array(["ba", None, "", "ccc"]))
    encode_parquet(source, tmp_path / "out.parquet", made("sparse", give), nulls="keep")
    assert corpus.read(tmp_path / "out.parquet")["embedding"].to_pylist() == [
        [{"index": 0, "value": 2.0}, {"index": 2, "value": 1.0}],
        None,
        [],
        [{"index": 0, "value": 3.0}],
    ]


def test_number_that_float16_cannot_hold_is_an_error(corpus: Any, tmp_path: Path) -> None:
    encoder = made("dense", lambda texts: np.full((len(texts), 3), 70_000, np.float32))
    with pytest.raises(CorpusError) as found:
        encode_parquet(corpus.write(rows=3), tmp_path / "out.parquet", encoder, dtype="float16")
    assert str(found.value) == golden("a vector has the number 70000, which float16 cannot hold: use float32")


def test_text_that_the_model_cannot_encode_is_named_by_its_row(corpus: Any, tmp_path: Path) -> None:
    from hypiler.engines.errors import RowError

    def give(texts: list[str]) -> Any:
        if "bad" in texts:
            raise RowError(texts.index("bad"), "it is too bad")
        return np.zeros((len(texts), 3), np.float32)

    texts = [*corpus.texts(600), "bad", *corpus.texts(10)]
    source = corpus.write(rows=611, text=texts)
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, tmp_path / "out.parquet", made("dense", give))
    assert str(found.value) == golden(f"row 600 of {source} ('bad'): it is too bad")


def test_truncated_texts_are_summed_up_once(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    texts = corpus.texts(30)
    texts[3] = texts[20] = "a " * 200
    with pytest.warns(TruncationWarning) as warned:
        report = encode_parquet(corpus.write(rows=30, text=texts), tmp_path / "out.parquet", encoder, rows_per_part=10)
    (message,) = [str(one.message) for one in warned]
    assert message == golden("2 of 30 texts were truncated to 64 tokens, the limit of `tiny`")
    assert warned[0].filename == __file__
    assert report.truncated == 2


def test_corpus_without_rows_gives_a_file_without_rows(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    report = encode_parquet(corpus.write(rows=0, text=pa.array([], pa.string())), tmp_path / "out.parquet", encoder)
    assert report.rows == 0
    assert corpus.read(tmp_path / "out.parquet").column_names == ["id", "text", "embedding"]


def test_folder_is_read_in_the_order_of_names(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    for name, rows in (("b.parquet", 150), ("a.parquet", 70), ("c.parquet", 0), ("_hidden.parquet", 5)):
        corpus.write(f"parts/{name}", rows, text=pa.array(corpus.texts(rows, seed=rows), pa.string()))
    encode_parquet(tmp_path / "parts", tmp_path / "out.parquet", encoder, rows_per_part=60)
    table = corpus.read(tmp_path / "out.parquet")
    assert table["id"].to_pylist() == [*range(70), *range(150)]
    texts = [*corpus.texts(70, seed=70), *corpus.texts(150, seed=150)]
    np.testing.assert_allclose(vectors(table), encoder.encode_documents(texts), atol=1e-6)


def test_folder_of_parts_is_a_data_set_with_a_stamp_in_each_file(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source = corpus.write(rows=250)
    encode_parquet(source, tmp_path / "out", encoder, parts=True, rows_per_part=100)
    assert sorted(os.listdir(tmp_path)) == ["in.parquet", "out"]
    names = sorted(os.listdir(tmp_path / "out"))
    assert names == ["000000000000.parquet", "000000000100.parquet", "000000000200.parquet"]
    assert corpus.read(tmp_path / "out").select(["id", "text"]).equals(corpus.read(source))
    assert all(read_stamp(pq.read_schema(tmp_path / "out" / name).metadata) == encoder.stamp() for name in names)


def test_progress_counts_the_rows(
    corpus: Any, encoder: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encode_parquet(corpus.write(rows=100), tmp_path / "out.parquet", encoder, progress=True)
    assert "100%" in capsys.readouterr().err
    encode_parquet(corpus.write(rows=100), tmp_path / "two.parquet", encoder)
    assert capsys.readouterr().err == ""


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"text_column": "txt"}, golden("in.parquet has no column `txt`; did you mean `text`?")),
    ({"text_column": "nothing"}, golden("in.parquet has no column `nothing`; it has `id`, `text`")),
    ({"text_column": "id"}, golden("the column `id` of in.parquet must hold texts; it holds values of type int64")),
    (
        {"vector_column": "id"},
        golden("in.parquet already has a column `id`: choose another vector_column, or keep other columns only"),
    ),
    ({"columns": ["id", "x"]}, golden("in.parquet has no column `x` to keep")),
    ({"side": "passage"}, golden("side must be one of document, query; got 'passage'")),
    ({"dtype": "int8"}, golden("dtype must be one of float32, float16; got 'int8'")),
    ({"nulls": "drop"}, golden("nulls must be one of error, keep; got 'drop'")),
    ({"batch_size": 0}, golden("batch_size must be a positive integer, got 0")),
    ({"rows_per_part": 0}, golden("rows_per_part must be a positive integer, got 0")),
    ({"target": "in.parquet"}, golden("the output in.parquet is the corpus itself: choose another output")),
    ({"target": "no/out.parquet"}, golden("the folder no of the output does not exist")),
    ({"target": "."}, golden("the output . is a folder: remove it, or choose another output")),
    ({"target": "there.parquet"}, golden("there.parquet exists: replace it with force, or choose another output")),
    ({"source": "no.parquet"}, golden("no.parquet does not exist")),
    ({"source": "empty"}, golden("the folder empty has no Parquet files")),
    (
        {"source": "parts", "target": "parts/out.parquet"},
        golden("the output parts/out.parquet lies in the folder of the corpus, which is read whole: choose another"),
    ),
    (
        {"source": "mixed"},
        golden(
            "the files of mixed must have the same columns; mixed/b.parquet differs from the first file in its column"
            " `title`"
        ),
    ),
    (
        {"source": "hive"},
        golden(
            "hive has a folder `year=2026`, whose name holds a value of a column: write the corpus without partitions"
        ),
    ),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[f"{one[0]}" for one in REFUSED])
def test_wrong_arguments_are_refused_before_anything_is_written(
    corpus: Any, encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "hive/year=2026").mkdir(parents=True)
    for name in ("in.parquet", "parts/a.parquet", "mixed/a.parquet"):
        corpus.write(name, 3)
    corpus.write("mixed/b.parquet", 3, title=["x"] * 3)
    (tmp_path / "there.parquet").write_text("mine")
    before = sorted(map(str, tmp_path.rglob("*")))
    with pytest.raises(CorpusError) as found:
        encode_parquet(**{"source": "in.parquet", "target": "out.parquet", "model": encoder, **changes})
    assert str(found.value) == message
    assert sorted(map(str, tmp_path.rglob("*"))) == before
    assert (tmp_path / "there.parquet").read_text() == "mine"


def test_file_that_is_no_parquet_is_refused(encoder: Any, tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_text("id,text")
    with pytest.raises(CorpusError, match=r"in\.parquet cannot be read as Parquet: "):
        encode_parquet(tmp_path / "in.parquet", tmp_path / "out.parquet", encoder)


def test_damaged_pages_are_an_error_with_the_name_of_the_file(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    source = corpus.write(rows=2000)
    data = bytearray(source.read_bytes())
    data[200 : len(data) // 2] = b"\x00" * (len(data) // 2 - 200)
    source.write_bytes(data)
    with pytest.raises(CorpusError, match=r"in\.parquet cannot be read: "):
        encode_parquet(source, tmp_path / "out.parquet", encoder)


def test_text_that_is_no_utf8_is_named_by_its_row(corpus: Any, encoder: Any, tmp_path: Path) -> None:
    texts = pa.array([b"a", b"b", b"\xff", b"c"]).view(pa.string())
    source = corpus.write(rows=4, text=texts)
    with pytest.raises(CorpusError) as found:
        encode_parquet(source, tmp_path / "out.parquet", encoder)
    assert str(found.value) == golden(f"row 2 of {source}: the text is no valid UTF-8 (invalid start byte)")


def test_reranker_is_refused(corpus: Any, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as found:
        encode_parquet(corpus.write(rows=3), tmp_path / "out.parquet", made("reranker", None))
    assert str(found.value) == golden("`made` is a reranker: it has no vectors, so it cannot encode a corpus")


def test_reranker_is_refused_before_its_weights_are_downloaded(corpus: Any, tmp_path: Path) -> None:
    config = ModelConfig.from_registry("ms-marco-minilm-l6-v2")
    with pytest.raises(CorpusError, match="`ms-marco-minilm-l6-v2` is a reranker: it has no vectors"):
        encode_parquet(corpus.write(rows=3), tmp_path / "out.parquet", config, load={"local": tmp_path / "nothing"})


def test_config_is_loaded_with_the_arguments_of_load(corpus: Any, folder: Path, encoder: Any, tmp_path: Path) -> None:
    import tiny

    config = tiny.config_of(tmp_path)
    source = corpus.write(rows=10)
    encode_parquet(source, tmp_path / "out.parquet", config, load={"engine": "onnx", "local": folder})
    table = corpus.read(tmp_path / "out.parquet")
    np.testing.assert_allclose(vectors(table), encoder.encode_documents(corpus.texts(10)), atol=1e-6)


@pytest.mark.parametrize("library", ["pyarrow", "pyarrow.parquet", "tqdm"])
def test_missing_library_names_the_extra(
    corpus: Any, encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    import sys

    source = corpus.write(rows=3)
    monkeypatch.setitem(sys.modules, library, None)
    if library == "pyarrow":
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UnwritableError, match=r"python -m pip install (--upgrade )?'hypiler\[encode\]'$"):
        encode_parquet(source, tmp_path / "out.parquet", encoder)
