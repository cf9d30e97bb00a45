"""Encodes a corpus: a Parquet file with a restart, or on a cluster with Ray Data or Spark.

`encode_parquet` does what the command `hypiler encode` does. `RayEncoder` is a class for
`ray.data.Dataset.map_batches`, and `SparkEncoder` a function for `mapInArrow` and `mapInPandas`. All three give the
same rows: the columns of the corpus and a column of vectors, whose metadata holds the stamp of the vector space.
docs/encoding-corpora.md shows how to use them.
"""

from hypiler.corpus.errors import CorpusError, UnwritableError
from hypiler.corpus.ray_data import RayEncoder
from hypiler.corpus.run import Report, encode_parquet
from hypiler.corpus.spark import SparkEncoder

__all__ = ["CorpusError", "RayEncoder", "Report", "SparkEncoder", "UnwritableError", "encode_parquet"]
