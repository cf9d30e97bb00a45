"""Ray and Spark give the rows of a single process, also when a worker is killed."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny
from golden import golden
from model_weights import weights_of

from hypiler import ModelConfig, space
from hypiler.corpus import CorpusError, RayEncoder, SparkEncoder, encode_parquet
from hypiler.registry import Registry
from hypiler.stores import read_stamp

pa = pytest.importorskip("pyarrow", reason="pyarrow is missing: install hypiler[test-cluster]")
pq = pytest.importorskip("pyarrow.parquet")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is missing: install hypiler[test-cluster]")
needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None,
    reason="pyspark or Java is missing: install hypiler[test-cluster] and Java 17",
)


def matrix(table: Any) -> Any:
    return np.array(table["embedding"].to_pylist(), np.float32)


def test_file_has_the_vectors_of_the_bare_encoder(real: Any, tmp_path: Path) -> None:
    encode_parquet(real.source, tmp_path / "out.parquet", real.encoder, rows_per_part=150)
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["text"].to_pylist() == real.texts
    np.testing.assert_allclose(matrix(table), real.encoder.encode_documents(real.texts), atol=2e-6)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("ray", marks=needs_ray),
        pytest.param("arrow", marks=needs_spark),
        pytest.param("pandas", marks=needs_spark),
    ],
)
def test_cluster_with_a_killed_worker_gives_the_rows_of_a_single_process(form: str, real: Any, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    command = [sys.executable, HERE / "on_cluster.py", form, real.source, tmp_path / "out", marker]
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled"}
    done = subprocess.run(
        [*map(str, command), json.dumps(real.arguments)],
        capture_output=True, text=True, check=False, timeout=300, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert marker.exists()
    encode_parquet(real.source, tmp_path / "single.parquet", real.encoder)
    single, cluster = pq.read_table(tmp_path / "single.parquet"), pq.read_table(tmp_path / "out")
    assert cluster.num_rows == 300
    for name in ("id", "text"):
        assert cluster[name].to_pylist() == single[name].to_pylist()
    np.testing.assert_allclose(matrix(cluster), matrix(single), atol=2e-6)


def test_batch_of_ray_becomes_a_table_with_the_vectors_and_their_stamp(folder: Path, encoder: Any, corpus: Any) -> None:
    config = tiny.config_of(corpus.place)
    ray_encoder = RayEncoder(config, engine="onnx", local=folder)
    texts = corpus.texts(50)
    table = pa.table({"id": range(50), "text": texts})
    made = ray_encoder(table)
    assert made.select(["id", "text"]).equals(table)
    np.testing.assert_allclose(matrix(made), encoder.encode_documents(texts), atol=1e-6)
    for held in (made.schema.metadata, made.schema.field("embedding").metadata):
        assert space.check(read_stamp(held), encoder).outcome == "same"
    # What Ray passes in its other formats.
    assert (
        matrix(ray_encoder({"id": np.arange(50), "text": np.array(texts, object)})).tobytes() == matrix(made).tobytes()
    )
    assert matrix(ray_encoder(table.to_pandas())).tobytes() == matrix(made).tobytes()


def test_wrong_batch_is_refused(folder: Path, corpus: Any) -> None:
    config = tiny.config_of(corpus.place)
    ray_encoder = RayEncoder(config, engine="onnx", local=folder)
    for batch, message in (
        ({"txt": ["a"]}, golden("the batch has no column `text`; did you mean `txt`?")),
        ({"text": [1]}, golden("the column `text` of the batch must hold texts; it holds values of type int64")),
        (
            {"text": ["a", None]},
            golden('row 1 of the batch: `text` has no text (null); with nulls="keep" its vector is null'),
        ),
        (
            {"text": ["a"], "embedding": [1]},
            golden("the batch already has a column `embedding`: choose another vector_column"),
        ),
    ):
        with pytest.raises(CorpusError) as found:
            ray_encoder(pa.table(batch))
        assert str(found.value) == message


def test_spark_encoder_is_data_that_loads_when_it_is_called(folder: Path, encoder: Any, corpus: Any) -> None:
    import pickle

    registry = corpus.place / "models.json"
    registry.write_text(json.dumps({"version": "1.0", "models": [tiny.entry()]}))
    config = ModelConfig.from_model(Registry.load(registry)["tiny"])
    sent = pickle.dumps(SparkEncoder(config, engine="onnx", local=str(folder), nulls="keep"))
    assert len(sent) < 20_000
    texts = corpus.texts(20)
    arrow = pa.record_batch({"id": range(21), "text": [*texts, None]})
    found = [*pickle.loads(sent)(iter([arrow, arrow.slice(0, 20), arrow.slice(0, 0)]))]
    assert [batch.num_rows for batch in found] == [21, 20, 0]
    assert found[0].schema.field("embedding").type == pa.list_(pa.field("element", pa.float32()))
    assert found[0]["embedding"][20].as_py() is None
    np.testing.assert_allclose(matrix(found[1]), encoder.encode_documents(texts), atol=1e-6)
    (frame,) = pickle.loads(sent)(iter([arrow.to_pandas()]))
    assert [*frame.columns] == ["id", "text", "embedding"]
    assert frame["embedding"][20] is None
    np.testing.assert_array_equal(np.stack(frame["embedding"][:20]), matrix(found[1]))


@needs_spark
@pytest.mark.parametrize(
    ("id", "output", "type"),
    [
        ("all-minilm-l6-v2", None, "array<float>"),
        ("colbert-v2", None, "array<array<float>>"),
        ("bge-m3", "sparse", "array<struct<index:int,value:float>>"),
    ],
)
def test_schema_for_spark_has_the_vectors_and_their_stamp(id: str, output: str | None, type: str) -> None:
    from pyspark.sql.types import StringType, StructField, StructType

    encoder = SparkEncoder(id, output=output)
    schema = encoder.schema(StructType([StructField("text", StringType())]))
    assert schema.names == ["text", "embedding"]
    assert schema["embedding"].dataType.simpleString() == type
    from_registry: Any = ModelConfig.from_registry
    config = from_registry(id, output=output)
    assert read_stamp(schema["embedding"].metadata) == config.space()
    assert read_stamp(encoder.schema(schema[:1], {"space_id": "x"})["embedding"].metadata) == {"space_id": "x"}
    with pytest.raises(CorpusError) as found:
        encoder.schema(StructType([StructField("body", StringType())]))
    assert str(found.value) == golden("the data frame has no column `text`; it has `body`")


def test_choice_of_a_worker_is_that_of_a_config(corpus: Any) -> None:
    encoder = SparkEncoder("jina-colbert-v2", dimension=64)
    assert encoder._recipe.config().space() == ModelConfig.from_registry("jina-colbert-v2", dimension=64).space()
    with pytest.raises(ValueError, match="choose one of"):
        SparkEncoder("jina-colbert-v2", dimension=65)
    with pytest.raises(KeyError, match="colbert-v2"):
        SparkEncoder("colbert-v22")
    with pytest.raises(CorpusError) as found:
        SparkEncoder(ModelConfig.colbert_v2(), dimension=64, registry="models.json")
    assert str(found.value) == golden(
        "the model is a ModelConfig, which already has a choice: leave out dimension, registry"
    )
    (corpus.place / "bad.json").write_text("{}")
    with pytest.raises(CorpusError, match=r"bad\.json has errors: run `hypiler check` on it$"):
        SparkEncoder("x", registry=str(corpus.place / "bad.json"))
    rerankers = [model.id for model in Registry.shipped() if model.model_type == "reranker"]
    with pytest.raises(CorpusError, match="is a reranker: it has no vectors, so it cannot encode a corpus"):
        SparkEncoder(rerankers[0])


@pytest.mark.parametrize(("before", "threads", "after"), [(None, None, "1"), ("3", None, "3"), ("3", 2, "2")])
def test_worker_has_the_threads_that_its_cluster_gives_it(
    folder: Path, corpus: Any, monkeypatch: pytest.MonkeyPatch, before: str | None, threads: int | None, after: str
) -> None:
    import onnxruntime

    made: list[Any] = []
    real_options = onnxruntime.SessionOptions

    def options() -> Any:
        made.append(real_options())
        return made[-1]

    monkeypatch.setattr(onnxruntime, "SessionOptions", options)
    monkeypatch.setenv("RAYON_NUM_THREADS", "9")
    monkeypatch.setenv("OMP_NUM_THREADS", before or "")
    RayEncoder(tiny.config_of(corpus.place), engine="onnx", local=folder, threads=threads)
    assert (made[0].intra_op_num_threads, os.environ["RAYON_NUM_THREADS"]) == (int(after), after)
