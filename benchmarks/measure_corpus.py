"""What `hypiler encode` and Ray add to the encoder: `python benchmarks/run.py --rows corpus`.

The model is all-MiniLM-L6-v2 through `load("onnx")`, loaded before the time begins. The corpus has 1,024 texts of 5 to
40 words. Encoding to a file and encoding bare run in turns, and are compared by processor time. Ray runs with one actor
and with two, each with one thread.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from lab import PROJECT, Lab
from measure_engines import _WEIGHTS, config_without_lock, export
from table import Figure, Row, at_least, at_most, skipped

_ROUNDS = 3
_TEXTS = 1_024
_REMEDY = "python -m pip install -e '.[test-cluster]'"
# Prints the rows per second of an actor pool, without the start of the actors: the first block stands for it. Ray would
# read a small file as one block, which one actor encodes alone.
_RAY = """
import sys, time
import pyarrow.parquet as pq
import ray
from hypiler.corpus import RayEncoder
source, registry, folder, actors = sys.argv[1:]
ray.init(num_cpus=4, include_dashboard=False, object_store_memory=300_000_000, log_to_driver=False)
encoder = {"model": "all-minilm-l6-v2", "registry": registry, "engine": "onnx", "local": folder, "threads": 1}
pool = ray.data.ActorPoolStrategy(size=int(actors))
corpus = pq.read_table(source)
blocks = [corpus.slice(start, 64) for start in range(0, corpus.num_rows, 64)]
vectors = ray.data.from_arrow(blocks).map_batches(
    RayEncoder, fn_constructor_kwargs=encoder, batch_format="pyarrow", batch_size=64, compute=pool, num_cpus=1)
rows, start = 0, None
for batch in vectors.iter_batches(batch_format="pyarrow", batch_size=None):
    if start is None:
        start = time.perf_counter()
    else:
        rows += batch.num_rows
print(rows / (time.perf_counter() - start))
"""


def corpus_rows(lab: Lab, sizes: list[int], rounds: int, weights: Path = _WEIGHTS) -> Iterator[Row]:
    """Compare a file with the bare encoder, the memory over ten times the corpus, and two actors with one."""
    missing = [name for name in ("onnx", "onnxruntime", "pyarrow", "hypiler") if find_spec(name) is None]
    if missing or not weights.is_dir():
        yield skipped("corpora", " and ".join(missing) or "weights", _REMEDY)
        return
    folder = lab.folder / "corpus"
    export(lab, weights, folder)
    yield _throughput(lab, folder)
    yield _memory(lab)
    if find_spec("ray") is None:
        yield skipped("two Ray actors against one", "ray", _REMEDY)
    else:
        yield _actors(lab, folder)


def _throughput(lab: Lab, folder: Path) -> Row:
    from hypiler.corpus import encode_parquet

    encoder: Any = config_without_lock(str(folder)).load("onnx", local=folder)
    texts, source = _written(lab)
    encoder.stamp()
    found = []
    for number in range(_ROUNDS):
        start = time.process_time()
        encoder.encode_documents(texts, progress=False)
        middle = time.process_time()
        encode_parquet(source, lab.folder / f"out-{number}.parquet", encoder)
        found.append((middle - start, time.process_time() - middle))
    bare, file = (median(column) for column in zip(*found, strict=True))
    figure = Figure(bare / file, " x the bare encoder", f"{len(texts) / file:,.0f} rows per second of processor time")
    return at_least("encode a corpus to Parquet, throughput", "", figure, 0.95)


def _written(lab: Lab) -> tuple[list[str], Path]:
    """The texts, and a file of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = random.Random(0)
    words = "a the cat rain bread ship star violin code roof river winter dawn night sleeps falls sails shines".split()
    texts = [" ".join(chance.choices(words, k=chance.randint(5, 40))) for _ in range(_TEXTS)]
    source = lab.folder / "corpus.parquet"
    pq.write_table(pa.table({"id": range(_TEXTS), "text": texts}), source, row_group_size=500)
    return texts, source


def _memory(lab: Lab) -> Row:
    """How much more the peak grows over ten times the corpus, by the program of the test, which needs no model."""
    sys.path[:0] = [str(PROJECT / "tests/corpus")]
    from test_memory import growth

    small, large = (growth(lab.folder / f"memory-{rows}", rows, 1_000) for rows in (12_000, 120_000))
    figure = Figure((large - small) / 2**20, " MB", f"{small / 2**20:.0f} MB, then {large / 2**20:.0f} MB")
    return at_most("peak memory over ten times the corpus (268 MB), more by", "", figure, 50)


def _actors(lab: Lab, folder: Path) -> Row:
    _, source = _written(lab)
    registry = str(lab.registry_without_lock())
    rates = []
    for actors in ("1", "2"):
        command = [sys.executable, "-c", _RAY, str(source), registry, str(folder), actors]
        environment = {**os.environ, "RAY_AUTH_MODE": "disabled"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        rates.append(float(done.stdout.split()[-1]))
    figure = Figure(rates[1] / rates[0], " x one", f"{rates[0]:,.0f} and {rates[1]:,.0f} rows per second")
    return Row(f"two Ray actors of one thread each, on {os.cpu_count()} CPUs", "", figure)
