# pyright: basic, reportMissingImports=false
"""The encoder as a class for Ray Data. Nothing of Ray is imported."""

from typing import TYPE_CHECKING, Any

from hypiler.corpus.plan import Plan, check_columns, check_room
from hypiler.corpus.recipes import Recipe
from hypiler.corpus.tables import check_type, plain_texts
from hypiler.stores.stamps import stamp_json

if TYPE_CHECKING:
    from hypiler.config import ModelConfig
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    ModelConfig = object


class RayEncoder:
    """Encodes batches of a Ray data set: pass the class to `Dataset.map_batches`, with `fn_constructor_kwargs`.

    Each actor loads the model once. A batch, preferably with `batch_format="pyarrow"`, becomes an Arrow table with a
    further column of vectors. The stamp of the space is in the metadata of the table and of the column, and so in the
    Parquet files that Ray writes.
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
        dtype: str = "float32",
        nulls: str = "error",
        batch_size: int = 32,
        threads: int | None = None,
        **load: Any,
    ) -> None:
        """Load the model.

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
            dtype: The type of the numbers: "float32" or "float16".
            nulls: What to do with a row without a text: "error", or "keep" it with a null vector.
            batch_size: How many texts the network gets at once.
            threads: The threads of each actor; by default as many as the CPUs that Ray gives it.
            load: The arguments of `ModelConfig.load`, such as `engine="onnx"`.

        Raises CorpusError for arguments that cannot be used, and EngineError if the model cannot be loaded.
        """
        choice = {
            "dimension": dimension,
            "output": output,
            "variant": variant,
            "query_prompt": query_prompt,
            "document_prompt": document_prompt,
        }
        plan = Plan(text_column, vector_column, side, dtype, nulls, batch_size)
        self._tables = Recipe(model, registry, choice, load, threads, plan).tables()
        self._stamp = {plan.stamp_key.encode(): stamp_json(self._tables.encoder.stamp()).encode()}

    def __call__(self, batch: "Any") -> "Any":
        """A batch with its vectors, as an Arrow table.

        `batch` may be an Arrow table, a pandas DataFrame or a dictionary of arrays. Raises CorpusError for a batch that
        cannot be encoded, such as one with a row without a text.
        """
        import pyarrow as pa

        table = _as_table(batch)
        plan = self._tables.plan
        check_columns(table.schema.names, plan, "the batch")
        check_room(table.schema.names, plan, "the batch", "choose another vector_column")
        texts = table.column(plan.text_column)
        check_type(texts.type, plan.text_column, "the batch")
        vectors = self._tables.column(plain_texts(texts), lambda row: f"row {row:,} of the batch")
        field = pa.field(plan.vector_column, vectors.type, metadata=self._stamp)
        made = table.append_column(field, vectors)
        return made.replace_schema_metadata({**(made.schema.metadata or {}), **self._stamp})


def _as_table(batch: "Any") -> "Any":
    import pyarrow as pa

    if isinstance(batch, pa.Table):
        return batch
    return pa.table(batch) if isinstance(batch, dict) else pa.Table.from_pandas(batch)
