# pyright: basic, reportMissingImports=false
"""Vectors as Arrow columns: what an encoder gives becomes one array with a value per row.

| model | type of the column |
|---|---|
| dense | `fixed_size_list<float>[dimension]` |
| multi-vector | `list<fixed_size_list<float>[dimension]>`, one inner list per token |
| sparse | `list<struct<index: int32, value: float>>`, one struct per token whose weight is not 0 |

A dense column that may have nulls has plain lists, `list<float>`, and so has everything in Spark, which has no lists of
a fixed size.
"""

from typing import TYPE_CHECKING, Any

from hypiler.corpus.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class VectorType:
    """The Arrow type of the vectors of a model.

    Attributes:
        kind: dense, multi_vector or sparse.
        dimension: The width of one vector.
        dtype: float32 or float16.
        fixed: Whether the type of a list states its size.
    """

    def __init__(self, kind: str, dimension: int, dtype: str, *, fixed: bool = True) -> None:
        self.kind: str = kind
        self.dimension: int = dimension
        self.dtype: str = dtype
        self.fixed: bool = fixed

    def arrow(self) -> Any:
        """The type of the column."""
        import pyarrow as pa

        if self.kind == "sparse":
            return _list_of(pa.struct([("index", pa.int32()), ("value", self._number())]))
        return _list_of(self._vector()) if self.kind == "multi_vector" else self._vector()

    def array(self, vectors: Any, rows: "Sequence[int]", count: int) -> Any:
        """An array of `count` values: the vectors stand in these rows, and the other rows are null."""
        import numpy as np
        import pyarrow as pa

        there = np.zeros(count, bool)
        there[np.asarray(rows, np.intp)] = True
        mask = None if there.all() else pa.array(~there)
        lengths = np.zeros(count, np.int64)
        if self.kind == "dense":
            lengths[there] = self.dimension
            return self._vectors(vectors, lengths, mask)
        if self.kind == "sparse":
            vectors.eliminate_zeros()
            vectors.sort_indices()
            lengths[there] = np.diff(vectors.indptr)
            columns = [pa.array(vectors.indices, pa.int32()), pa.array(self._finite(vectors.data))]
            values = pa.StructArray.from_arrays(columns, fields=[*self.arrow().value_type])
        else:
            lengths[there] = [len(one) for one in vectors]
            joined = np.concatenate(vectors) if len(vectors) else np.zeros((0, self.dimension), np.float32)
            values = self._vectors(joined, np.full(len(joined), self.dimension, np.int64), None)
        return pa.ListArray.from_arrays(_offsets(lengths), values, type=self.arrow(), mask=mask)

    def _number(self) -> Any:
        import pyarrow as pa

        return pa.float16() if self.dtype == "float16" else pa.float32()

    def _vector(self) -> Any:
        return _list_of(self._number(), self.dimension if self.fixed else -1)

    def _vectors(self, vectors: "Floats", lengths: Any, mask: Any) -> Any:
        """The rows of a matrix as lists of these lengths; a list of length 0 is null, and has no row."""
        import pyarrow as pa

        numbers = pa.array(self._finite(vectors.reshape(-1)))
        if self.fixed:
            return pa.FixedSizeListArray.from_arrays(numbers, type=self._vector())
        return pa.ListArray.from_arrays(_offsets(lengths), numbers, type=self._vector(), mask=mask)

    def _finite(self, numbers: "Floats") -> Any:
        """Numbers in the type of the column. Raises CorpusError for one that is too large for float16."""
        import numpy as np

        if self.dtype == "float32":
            return np.ascontiguousarray(numbers, np.float32)
        with np.errstate(over="ignore"):
            small = numbers.astype(np.float16)
        if not np.isfinite(small).all():
            largest = float(np.abs(numbers).max())
            raise CorpusError(f"a vector has the number {largest:g}, which float16 cannot hold: use float32")
        return small


def _list_of(value: Any, size: int = -1) -> Any:
    """A list whose values are called as Parquet calls them, so that a file gives back the same type."""
    import pyarrow as pa

    return pa.list_(pa.field("element", value), size)


def _offsets(lengths: "Any") -> Any:
    import numpy as np
    import pyarrow as pa

    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
