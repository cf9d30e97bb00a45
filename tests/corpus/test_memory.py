"""The memory of a run does not grow with the corpus."""

import subprocess
import sys
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow", reason="pyarrow is missing: install hypiler[test-cluster]")
pq = pytest.importorskip("pyarrow.parquet")

# Vectors of a constant, so that the time goes into reading and writing. Prints the growth of the peak, in bytes.
PROGRAM = """
import sys
from types import SimpleNamespace
import numpy as np
from hypiler.corpus import encode_parquet
from hypiler.engines import DenseEncoder

def peak():
    # Not by getrusage, whose peak begins with that of the process that started this one.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))

facts = {"identity": {"model": "ones"}, "document": {"encoder": "dense", "dimension": 384}, "query": {}}
contract = SimpleNamespace(
    id="ones", encoder_type="dense", dimension=384, embedding_dim=384, normalize=False, matryoshka_order="",
    similarity="dot", query_length=9, document_length=9, space_facts=facts)
encoder = DenseEncoder(contract, SimpleNamespace(run=lambda texts, query: np.ones((len(texts), 384), np.float32)), "x")
encode_parquet(f"{sys.argv[1]}/warm.parquet", f"{sys.argv[1]}/warm-out.parquet", encoder)
before = peak()
encode_parquet(f"{sys.argv[1]}/in.parquet", f"{sys.argv[1]}/out.parquet", encoder)
print(peak() - before)
"""


def write(path: Path, rows: int, group: int) -> None:
    """A corpus with texts of 700 characters."""
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for start in range(0, rows, group):
            ids = range(start, min(start + group, rows))
            writer.write_table(pa.table({"id": ids, "text": [f"{row:06} " * 100 for row in ids]}), row_group_size=group)


def growth(place: Path, rows: int, group: int) -> int:
    """By how many bytes the peak of the memory grows while a corpus is encoded, after a first small one."""
    place.mkdir()
    write(place / "warm.parquet", 4_096, 1_000)
    write(place / "in.parquet", rows, group)
    command = [sys.executable, "-c", PROGRAM, str(place)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=200).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("group", [1_000, 120_000], ids=["small row groups", "one row group"])
def test_memory_is_flat_over_a_corpus_ten_times_as_large(tmp_path: Path, group: int) -> None:
    """84 MB of texts and 184 MB of vectors, against a tenth of them."""
    small, large = growth(tmp_path / "small", 12_000, group), growth(tmp_path / "large", 120_000, group)
    assert large - small < 50 << 20
