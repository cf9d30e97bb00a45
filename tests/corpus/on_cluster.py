"""Encodes a corpus with two workers of Ray or Spark on this machine, one of which is killed in the middle; writes Parquet.

Arguments: ray, arrow or pandas (both of Spark); the corpus; the output; a file that says that a worker was killed; and
the arguments of the encoder, as JSON.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hypiler.corpus import RayEncoder, SparkEncoder


def die_once(marker: str, batches: int) -> None:
    """The first worker that gets here with its third batch is killed."""
    if batches == 3:
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


class MortalRayEncoder(RayEncoder):
    def __init__(self, marker: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.marker, self.batches = marker, 0

    def __call__(self, batch: Any) -> Any:
        self.batches += 1
        die_once(self.marker, self.batches)
        return super().__call__(batch)


class MortalSparkEncoder(SparkEncoder):
    def __init__(self, marker: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.marker = marker

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        for number, batch in enumerate(super().__call__(batches), 1):
            die_once(self.marker, number)
            yield batch


def on_ray(source: str, target: str, marker: str, arguments: dict[str, Any]) -> None:
    import ray

    # With two CPUs, both would belong to the actors, and nobody could read the corpus.
    ray.init(num_cpus=4, include_dashboard=False, object_store_memory=300_000_000, log_to_driver=False)
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    actors = ray.data.ActorPoolStrategy(size=2)
    encoder = {"marker": marker, **arguments}
    articles = ray.data.read_parquet(source, override_num_blocks=8)
    vectors = articles.map_batches(
        MortalRayEncoder,
        fn_constructor_kwargs=encoder,
        batch_format="pyarrow",
        batch_size=32,
        compute=actors,
        num_cpus=1,
    )
    # Not by `repartition(1)`, which does not keep the order of rows whenever a worker dies.
    tables = [*vectors.iter_batches(batch_format="pyarrow", batch_size=None)]
    os.mkdir(target)
    pq.write_table(pa.concat_tables(tables), os.path.join(target, "all.parquet"))
    ray.shutdown()


def on_spark(form: str, source: str, target: str, marker: str, arguments: dict[str, Any]) -> None:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "32",
        "spark.ui.enabled": "false",
    }
    # The second number is that of the attempts; with one, a killed worker ends the job.
    builder = SparkSession.builder.master("local[2,4]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    articles = session.read.parquet(source).repartition(2, "id")
    encoder = MortalSparkEncoder(marker, **arguments)
    run = articles.mapInArrow if form == "arrow" else articles.mapInPandas
    vectors = run(encoder, encoder.schema(articles.schema))
    vectors.sort("id").coalesce(1).write.parquet(target)
    session.stop()


def main() -> None:
    form, source, target, marker, arguments = sys.argv[1:]
    if form == "ray":
        on_ray(source, target, marker, json.loads(arguments))
    else:
        on_spark(form, source, target, marker, json.loads(arguments))


if __name__ == "__main__":
    main()
