# pyright: basic, reportMissingImports=false
"""The encoder as a function for Spark, of Arrow batches or of pandas. Spark is imported for a schema alone."""

from typing import TYPE_CHECKING, Any

from hypiler.corpus.errors import CorpusError
from hypiler.corpus.plan import Plan, check_columns, check_room
from hypiler.corpus.recipes import Recipe
from hypiler.corpus.tables import TableEncoder, check_type, no_vectors
from hypiler.stores.stamps import stamp_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hypiler.config import ModelConfig
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from collections.abc import Iterator, Mapping

    ModelConfig = object


class SparkEncoder:
    """Encodes batches of a Spark data frame: pass it to `DataFrame.mapInArrow` or `mapInPandas`, with its `schema`.

    It is plain data: each Python worker loads the model when it gets its first batch, and keeps it for later tasks.
    """

    def __init__(
        self,
        model: "str | ModelConfig",
        *,
        registry: str | None = None,
        dimension: int | None = None,
        output: str | None = None,
        variant: str | None = None,
        query_prompt: str | None = None,
        document_prompt: str | None = None,
        text_column: str = "text",
        vector_column: str = "embedding",
        side: str = "document",
        nulls: str = "error",
        batch_size: int = 32,
        threads: int | None = None,
        **load: Any,
    ) -> None:
        """Store the arguments. Nothing is loaded.

        Args:
            model: The id of a model, or a ModelConfig.
            registry: The file of the registry with this id, readable by each worker; None for the shipped registry.
            dimension: One of the widths to which the vectors can be truncated.
            output: One of the model's outputs.
            variant: One of the model's variants.
            query_prompt: The name of the prompt for queries.
            document_prompt: The name of the prompt for documents.
            text_column: The column with the texts.
            vector_column: The name of the new column.
            side: Whether texts are encoded as "document" or as "query".
            nulls: What to do with a row without a text: "error", or "keep" it with a null vector.
            batch_size: How many texts the network gets at once.
            threads: The threads of each worker; by default as many as the CPUs that Spark gives a task.
            load: The arguments of `ModelConfig.load`, such as `engine="onnx"`.

        Raises UnknownModelError for an unknown id, CorpusError for arguments that cannot be used, and for a reranker,
        and ValueError for a dimension, an output, a variant or a prompt that the model does not have.
        """
        choice = {
            "dimension": dimension,
            "output": output,
            "variant": variant,
            "query_prompt": query_prompt,
            "document_prompt": document_prompt,
        }
        plan = Plan(text_column, vector_column, side, "float32", nulls, batch_size)
        self._recipe = Recipe(model, registry, choice, load, threads, plan, fixed=False)
        config = self._recipe.config()
        self._stamp: dict[str, Any] = config.space()
        self._kind = str(self._stamp["document"]["encoder"])
        if self._kind == "reranker":
            raise CorpusError(no_vectors(self._stamp["model"]))

    def schema(self, before: "Any", stamp: "Mapping[str, Any] | None" = None) -> "Any":
        """The schema of the result: a StructType with the fields of `before`, the schema of the data frame.

        The metadata of the column of vectors holds the stamp of the space, and Spark writes it to Parquet files.
        `stamp` is the result of `encoder.stamp()`, which has a probe; by default `config.space()`, which has no probe.
        Raises CorpusError if the data frame has no such column of texts, or already has a column of vectors.
        """
        from pyspark.sql.types import ArrayType, FloatType, IntegerType, StructField, StructType

        check_columns(before.names, self._recipe.plan, "the data frame")
        check_room(before.names, self._recipe.plan, "the data frame", "choose another vector_column")
        vector: Any = ArrayType(FloatType())
        if self._kind == "sparse":
            pair = StructType([StructField("index", IntegerType()), StructField("value", FloatType())])
            vector = ArrayType(pair)
        elif self._kind == "multi_vector":
            vector = ArrayType(vector)
        metadata = {self._recipe.plan.stamp_key: stamp_json(self._stamp if stamp is None else stamp)}
        return StructType([*before.fields, StructField(self._recipe.plan.vector_column, vector, True, metadata)])

    def __call__(self, batches: "Iterator[Any]") -> "Iterator[Any]":
        """The batches with their vectors: Arrow batches from `mapInArrow`, DataFrames from `mapInPandas`."""
        import pyarrow as pa

        for batch in batches:
            if isinstance(batch, pa.RecordBatch):
                yield self._arrow(batch)
            else:
                yield self._pandas(batch)

    def _arrow(self, batch: "Any") -> "Any":
        import pyarrow as pa

        plan = self._recipe.plan
        check_columns(batch.schema.names, plan, "the batch")
        vectors = self._vectors(batch.column(batch.schema.get_field_index(plan.text_column)))
        names = [*batch.schema.names, plan.vector_column]
        return pa.RecordBatch.from_arrays([*batch.columns, vectors], names=names)

    def _pandas(self, frame: "Any") -> "Any":
        import pyarrow as pa

        plan = self._recipe.plan
        check_columns([*frame.columns], plan, "the batch")
        texts = pa.array(frame[plan.text_column], pa.large_string(), from_pandas=True)
        vectors = self._vectors(texts)
        nested = self._kind in ("sparse", "multi_vector")
        values = vectors.to_pylist() if nested else vectors.to_numpy(zero_copy_only=False)
        return frame.assign(**{plan.vector_column: [*values]})

    def _vectors(self, texts: "Any") -> "Any":
        import pyarrow as pa

        check_type(texts.type, self._recipe.plan.text_column, "the batch")
        tables = _loaded(self._recipe)
        return tables.column(texts.cast(pa.large_string()), lambda row: f"row {row:,} of a batch")


# Spark keeps Python workers for later tasks, so they load a model once.
_LOADED: dict[bytes, TableEncoder] = {}


def _loaded(recipe: Recipe) -> TableEncoder:
    """The encoder of a recipe, loaded once per process."""
    from pickle import dumps

    key = dumps(recipe)
    if key not in _LOADED:
        _LOADED.clear()  # another job's model would only take memory
        _LOADED[key] = recipe.tables()
    return _LOADED[key]
