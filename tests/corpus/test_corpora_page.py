"""The blocks of docs/encoding-corpora.md run from top to bottom, on a small corpus and with real weights."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="pyarrow is missing: install hypiler[test-cluster]")
pq = pytest.importorskip("pyarrow.parquet")

PAGE = Path(__file__).parents[2] / "docs/encoding-corpora.md"
# What a user has and a test has not: files from the hub, and a cluster.
LOCAL = """
from hypiler import ModelConfig
from hypiler.registry import Registry
hub = ModelConfig.load
ModelConfig.from_registry = staticmethod(lambda id: ModelConfig.from_model(Registry.load({registry!r})[id]))
ModelConfig.load = lambda self, engine, local={folder!r}: hub(self, engine, local=local)
"""
RAY = (
    "import ray\nray.init(num_cpus=4, include_dashboard=False, object_store_memory=300_000_000, log_to_driver=False)\n"
)
SPARK = """
import os, sys
os.environ["PYSPARK_PYTHON"] = sys.executable
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[2]").config("spark.driver.bindAddress", "127.0.0.1")
session = builder.config("spark.driver.host", "127.0.0.1").config("spark.ui.enabled", "false").getOrCreate()
"""


def sections() -> dict[str, list[str]]:
    """The blocks of Python by section."""
    parts = PAGE.read_text("utf-8").split("\n## ")[1:]
    found = {part.partition("\n")[0]: re.findall(r"^```py(?: glue)?\n(.*?)^```$", part, re.S | re.M) for part in parts}
    return {name: blocks for name, blocks in found.items() if blocks}


FILE = ["The output", "The stamp", "Into a vector store"]


def test_every_section_with_python_is_run() -> None:
    assert [*sections()] == [*FILE[:2], "Ray Data", "Spark", "Ray and Spark", FILE[2]]


@pytest.mark.parametrize(
    ("names", "before", "needs"),
    [
        pytest.param(FILE, "", "onnxruntime", id="file"),
        pytest.param(["Ray Data"], RAY, "ray", id="ray"),
        pytest.param(["Spark", "Ray and Spark"], SPARK, "pyspark", id="spark"),
    ],
)
def test_blocks_run(names: list[str], before: str, needs: str, real: Any, tmp_path: Path) -> None:
    if find_spec(needs) is None:
        pytest.skip(f"{needs} is missing: install hypiler[test-cluster]")
    pq.write_table(pq.read_table(real.source).slice(0, 60), tmp_path / "articles.parquet")
    found = sections()
    blocks = [block for name in names for block in found[name] if find_spec("lancedb") or "lancedb" not in block]
    if "Spark" in names:
        first, stamp = found["The output"][0].partition("report =")[0], found["The stamp"][0].partition("encoder =")[0]
        blocks = [first, stamp, *blocks]
    text = LOCAL.format(registry=str(real.registry), folder=str(real.folder)) + before + "\n".join(blocks)
    own = f"local={str(real.folder)!r}, registry={str(real.registry)!r}"
    text = text.replace('"engine": "onnx"}\n', f'"engine": "onnx", **dict({own})}}\n')
    text = text.replace('-v2", engine="onnx")', f'-v2", engine="onnx", {own})')
    environment = {"RAY_AUTH_MODE": "disabled"}
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    output = tmp_path / ("vectors.parquet" if names == FILE else "vectors")
    assert sorted(pq.read_table(output)["id"].to_pylist()) == [*range(60)]
