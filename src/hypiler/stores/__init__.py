"""Records for vector stores: a table, a collection or an index that fits a model exactly, as plain data.

One function per store takes a `ModelConfig` and returns a dictionary of JSON's types:

    record = hypiler.stores.pgvector(config, table="articles")

No client is imported, and no store is opened. `record["create"]` creates the table, collection or index,
with the stamp of the vector space in it; `record["query"]` finds vectors in it by the model's own similarity.

Two functions apply a record to a store, through a client of the store's own library:

    hypiler.stores.create(record, client)
    hypiler.stores.check(record, client, encoder)

docs/stores has a page per store.
"""

from hypiler.stores.containers import check, create, write_stamp
from hypiler.stores.errors import AlreadyExistsError, NotFoundError, StoreLimitError
from hypiler.stores.names import check_field
from hypiler.stores.plan import Plan
from hypiler.stores.queries import with_vector
from hypiler.stores.specs import SPECS, choose_form, choose_metric, spec_of
from hypiler.stores.stamps import read_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from hypiler.protocols import Config
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Iterable, Mapping

    Any = Config = object

STORES: tuple[str, ...] = tuple(spec.name for spec in SPECS)
"""The names of the stores, as `record` and `hypiler ddl --for` take them."""

__all__ = [
    "STORES",
    "AlreadyExistsError",
    "NotFoundError",
    "StoreLimitError",
    "check",
    "chroma",
    "create",
    "duckdb",
    "elasticsearch",
    "faiss",
    "lancedb",
    "milvus",
    "opensearch",
    "pgvector",
    "qdrant",
    "read_stamp",
    "record",
    "sparse_vector",
    "sqlite_vec",
    "with_vector",
    "write_stamp",
]


def record(
    store: str,
    config: "Config",
    *,
    name: str | None = None,
    field: str = "embedding",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """The record of a store for the vectors of a config, as JSON types.

    Args:
        store: One of `STORES`.
        config: The model with the chosen dimension, output and prompts.
        name: The name of the table, collection or index; the path of a file for FAISS. By default `documents`.
        field: The name of the column, field or named vector.
        dtype: `float32` or `float16`; None for float32.
        index: `hnsw`, `none` for exact search, or an index that only this store has; None for the store's default.
        stamp: The result of `encoder.stamp()`, which has a probe; by default `config.space()`, which has no probe.

    Raises:
        StoreLimitError: If the store cannot hold or index the vectors. The error lists the alternatives.
        SpaceError: If the stamp is of another space than the config.
        ValueError: For an unknown store, a name that the store refuses, and a config whose similarity is unknown.
    """
    spec = spec_of(store)
    plan = Plan(config, stamp)
    form = choose_form(spec, plan, dtype, index)
    metric = choose_metric(spec, plan, dtype, index)
    held = spec.default_name if name is None else name
    own = spec.build(plan, form, metric, held, check_field(field))
    return {
        "store": spec.name,
        "model": plan.model,
        "kind": plan.kind,
        "dimension": plan.dimension,
        "similarity": plan.similarity,
        "name": held,
        "field": field,
        "dtype": form.dtype,
        "index": form.index,
        **own,
        "stamp": {"place": own["stamp"]["place"], "value": plan.stamp, **own["stamp"]},
    }


def sparse_vector(store: str, indices: "Iterable[int]", values: "Iterable[float]", dimension: int) -> "Any":
    """A sparse vector as a store writes it, in a row and in a query.

    Weights of 0 are left out. For a row of the encoder's matrix, pass its `indices` and `data`.

    Args:
        store: One of `STORES` that holds sparse vectors.
        indices: The tokens, from 0.
        values: The weight of each token.
        dimension: The size of the vocabulary: `config.embedding_dim`.

    Returns:
        For pgvector a text, whose first index is 1; for Qdrant a dictionary with `indices` and `values`; for Milvus a
        dictionary of weights by token; for OpenSearch and Elasticsearch the same with tokens as texts.

    Raises:
        StoreLimitError: If the store holds no sparse vectors.
        ValueError: For an unknown store, and for an index outside of the vocabulary.
    """
    spec = spec_of(store)
    if spec.sparse is None:
        raise StoreLimitError(f"{spec.name} cannot store sparse vectors")
    weights = [(int(index), float(value)) for index, value in zip(indices, values, strict=True) if value != 0]
    outside = [index for index, _ in weights if not 0 <= index < dimension]
    if outside:
        raise ValueError(f"an index of a sparse vector must be from 0 to {dimension - 1}, got {outside[0]}")
    return spec.sparse(weights, dimension)


def pgvector(
    config: "Config",
    *,
    table: str = "documents",
    field: str = "embedding",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A table of PostgreSQL with pgvector: SQL.

    `create` holds statements, and `query` is a statement whose parameter `$1` is the query. A `table` may begin with a
    schema: `app.documents`. An `index` may also be `half` or `binary`.
    The other arguments, keys and errors are those of `record`.
    """
    return record("pgvector", config, name=table, field=field, dtype=dtype, index=index, stamp=stamp)


def qdrant(
    config: "Config",
    *,
    collection: str = "documents",
    field: str = "embedding",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A collection of Qdrant: the body of `PUT /collections/NAME`.

    `create` is what `qdrant_client.models.CreateCollection` takes, and `query` has the arguments of `query_points`.
    The other arguments, keys and errors are those of `record`.
    """
    return record("qdrant", config, name=collection, field=field, dtype=dtype, index=index, stamp=stamp)


def lancedb(
    config: "Config",
    *,
    table: str = "documents",
    field: str = "embedding",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A table of LanceDB: the fields and the metadata of its Arrow schema.

    The metric belongs to each query: without it, LanceDB compares by distance.
    The other arguments, keys and errors are those of `record`.
    """
    return record("lancedb", config, name=table, field=field, dtype=dtype, index=index, stamp=stamp)


def milvus(
    config: "Config",
    *,
    collection: str = "documents",
    field: str = "embedding",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A collection of Milvus: its schema, index and properties.

    `create` has what `CollectionSchema.construct_from_dict`, `add_index` and `create_collection` take. Multi-vectors
    need a server of version 2.6.4 or later.
    The other arguments, keys and errors are those of `record`.
    """
    return record("milvus", config, name=collection, field=field, dtype=dtype, index=index, stamp=stamp)


def opensearch(
    config: "Config",
    *,
    name: str = "documents",
    field: str = "embedding",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """An index of OpenSearch: the body of `PUT /NAME`.

    `query` is the body of a search. Multi-vectors need version 3.3 or later.
    The other arguments, keys and errors are those of `record`.
    """
    return record("opensearch", config, name=name, field=field, dtype=dtype, index=index, stamp=stamp)


def elasticsearch(
    config: "Config",
    *,
    name: str = "documents",
    field: str = "embedding",
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """An index of Elasticsearch: the body of `PUT /NAME`.

    `query` is the body of a search.
    The other arguments, keys and errors are those of `record`.
    """
    return record("elasticsearch", config, name=name, field=field, index=index, stamp=stamp)


def chroma(
    config: "Config",
    *,
    collection: str = "documents",
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A collection of Chroma: the arguments of `create_collection`.

    `query` has the arguments of `collection.query`.
    The other arguments, keys and errors are those of `record`.
    """
    return record("chroma", config, name=collection, stamp=stamp)


def faiss(
    config: "Config",
    *,
    path: str = "documents.faiss",
    dtype: str | None = None,
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """An index of FAISS: the arguments of `index_factory`.

    The stamp is the last line of the file, which FAISS does not read.
    The other arguments, keys and errors are those of `record`.
    """
    return record("faiss", config, name=path, dtype=dtype, index=index, stamp=stamp)


def duckdb(
    config: "Config",
    *,
    table: str = "documents",
    field: str = "embedding",
    index: str | None = None,
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A table of DuckDB: SQL.

    `create` holds statements, and `query` is a statement whose parameter `$1` is the query. The index `hnsw` belongs to
    the extension vss; without an index the search is exact.
    The other arguments, keys and errors are those of `record`.
    """
    return record("duckdb", config, name=table, field=field, index=index, stamp=stamp)


def sqlite_vec(
    config: "Config",
    *,
    table: str = "documents",
    field: str = "embedding",
    stamp: "Mapping[str, Any] | None" = None,
) -> "dict[str, Any]":
    """A virtual table of sqlite-vec: SQL.

    `create` holds statements, and `query` is a statement whose parameter `?1` is the query. The stamp is in the table
    `hypiler_spaces` of the same database. The other arguments, keys and errors are those of `record`.
    """
    return record("sqlite-vec", config, name=table, field=field, stamp=stamp)
