"""The table of stores: what each store holds and indexes, and up to which width."""

from dataclasses import dataclass
from importlib import import_module

from hypiler.stores.errors import StoreLimitError
from hypiler.stores.plan import DENSE, MULTI_VECTOR, SPARSE
from hypiler.stores.sparse import as_lists, as_mapping, as_named_features, as_postgres_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from hypiler.stores.errors import Alternative
    from hypiler.stores.plan import Plan

FLOAT32, FLOAT16 = "float32", "float16"
HNSW, EXACT = "hnsw", "none"
_PLURALS = {DENSE: "dense vectors", MULTI_VECTOR: "multi-vectors", SPARSE: "sparse vectors"}
_SAME_ORDER = ["cosine", "dot", "euclidean"]


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a store holds and finds vectors.

    Attributes:
        kind: The kind of vectors: `dense`, `multi_vector` or `sparse`.
        type: The store's word for the type.
        most: The most dimensions.
        dtype: The type of the numbers: `float32` or `float16`.
        index: The index: `hnsw`, `none` for exact search, or a word of this store alone.
        reason: What speaks for this form, for a message.
    """

    kind: str
    type: str
    most: int
    dtype: str = FLOAT32
    index: str = HNSW
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """What a store holds.

    Attributes:
        name: The name of the store, as `hypiler ddl --for` takes it.
        metrics: The store's word for each similarity.
        forms: The forms of vectors. The first one of a kind is its default.
        wants_unit_tokens: Whether multi-vectors are compared rightly only if each has length 1.
        sparse: Writes a sparse vector, given as pairs of token and weight and with its dimension, in the store's way.
        has_idf: Whether the store can weigh the tokens of a query by how rare they are.
        container: The store's word for what holds the vectors: `table`, `collection`, `index` or `file`.
        default_name: The name of the table, collection, index or file if none is given.
    """

    name: str
    metrics: "Mapping[str, str]"
    forms: tuple[Form, ...]
    wants_unit_tokens: bool = False
    sparse: "Callable[[Any, int], Any] | None" = None
    has_idf: bool = False
    container: str = "table"
    default_name: str = "documents"

    def load(self) -> "Any":
        """The module of the store: its `build` makes records, and the rest uses them in a real store."""
        return import_module(f"hypiler.stores.records.{self.name.replace('-', '_')}")

    def build(self, plan: "Plan", form: Form, metric: str, name: str, field: str) -> "dict[str, Any]":
        """The parts of a record that are the store's own."""
        parts: dict[str, Any] = self.load().build(plan, form, metric, name, field)
        return parts

    def fits(self, plan: "Plan", dtype: "str | None" = None, index: "str | None" = None) -> bool:
        """Whether the store can hold these vectors in some form of this dtype and index, and compare them."""
        forms = [form for form in self.forms if form.kind == plan.kind and plan.dimension <= form.most]
        has_form = any(dtype in (None, form.dtype) and index in (None, form.index) for form in forms)
        return has_form and self.metric(plan) is not None and (self.has_idf or not plan.wants_idf)

    def metric(self, plan: "Plan") -> "str | None":
        """The similarity by which the store compares these vectors; None if it has none that gives their order.

        For vectors of length 1, cosine, dot product and distance give the same order.
        """
        same = [plan.similarity]
        if plan.has_unit_length and plan.similarity in _SAME_ORDER:
            same += _SAME_ORDER
        elif plan.kind == MULTI_VECTOR and self.wants_unit_tokens and not plan.has_unit_length:
            return None
        return next((one for one in same if one in self.metrics), None)


SPECS = (
    # Limits: pgvector 0.8, src/hnsw.h, src/vector.h, src/halfvec.h, src/sparsevec.h. HNSW of sparse vectors is limited
    # by their weights that are not zero, not by their width.
    StoreSpec(
        "pgvector",
        {"cosine": "cosine", "dot": "ip", "euclidean": "l2", "manhattan": "l1", "max_sim": "max_sim"},
        (
            Form(DENSE, "vector", 2_000),
            Form(DENSE, "halfvec", 4_000, FLOAT16, reason="half the disk space, less precision"),
            Form(DENSE, "vector", 4_000, index="half", reason="float32 rows with a float16 index"),
            Form(DENSE, "vector", 16_000, index="binary", reason="an index of bits, re-ranked by the full vectors"),
            Form(
                DENSE,
                "halfvec",
                16_000,
                FLOAT16,
                "binary",
                reason="float16 rows with an index of bits, re-ranked by the full vectors",
            ),
            Form(DENSE, "vector", 16_000, index=EXACT, reason="exact search that reads every row"),
            Form(DENSE, "halfvec", 16_000, FLOAT16, EXACT, reason="float16 rows, exact search that reads every row"),
            Form(MULTI_VECTOR, "vector[]", 16_000, index=EXACT),
            Form(MULTI_VECTOR, "halfvec[]", 16_000, FLOAT16, EXACT, reason="half the disk space, less precision"),
            Form(SPARSE, "sparsevec", 1_000_000_000),
            Form(SPARSE, "sparsevec", 1_000_000_000, index=EXACT, reason="up to 16,000 weights per row"),
        ),
        sparse=as_postgres_text,
    ),
    # Limits: qdrant 1.19, lib/collection/src/operations/types.rs.
    StoreSpec(
        "qdrant",
        {"cosine": "Cosine", "dot": "Dot", "euclidean": "Euclid", "manhattan": "Manhattan", "max_sim": "Dot"},
        tuple(
            Form(kind, dtype, most, dtype, index, reason)
            for kind, most in ((DENSE, 65_536), (MULTI_VECTOR, 65_536), (SPARSE, (1 << 32) - 1))
            for index, reason in ((HNSW, "half the memory, less precision"), (EXACT, "exact search"))
            for dtype in (FLOAT32, FLOAT16)
            if (kind, index) != (SPARSE, EXACT)
        ),
        sparse=as_lists,
        has_idf=True,
        container="collection",
    ),
    # No limit of the width is documented. Only cosine has an index of multi-vectors, and none has a float16 query.
    StoreSpec(
        "lancedb",
        {"cosine": "cosine", "dot": "dot", "euclidean": "l2", "max_sim": "cosine"},
        tuple(
            Form(kind, "fixed_size_list", 1 << 31, dtype, index)
            for kind, own in ((DENSE, "hnsw"), (MULTI_VECTOR, "ivf_flat"))
            for index in (EXACT, own)
            for dtype in (FLOAT32, FLOAT16)
        ),
        wants_unit_tokens=True,
    ),
    # Limits: milvus.io/docs/limitations.md. Milvus Lite does not check them, its server does.
    StoreSpec(
        "milvus",
        {"cosine": "COSINE", "dot": "IP", "euclidean": "L2", "max_sim": "MAX_SIM_IP"},
        (
            Form(DENSE, "FLOAT_VECTOR", 32_768),
            Form(DENSE, "FLOAT16_VECTOR", 32_768, FLOAT16, reason="half the memory, less precision"),
            Form(DENSE, "FLOAT_VECTOR", 32_768, index=EXACT, reason="exact search"),
            Form(
                DENSE, "FLOAT16_VECTOR", 32_768, FLOAT16, EXACT, reason="half the memory, less precision, exact search"
            ),
            Form(MULTI_VECTOR, "FLOAT_VECTOR", 32_768),
            Form(MULTI_VECTOR, "FLOAT16_VECTOR", 32_768, FLOAT16, reason="half the memory, less precision"),
            Form(SPARSE, "SPARSE_FLOAT_VECTOR", (1 << 32) - 2),
        ),
        sparse=as_mapping,
        container="collection",
    ),
    # Limits: k-NN 3.8, KNNEngine.java.
    StoreSpec(
        "opensearch",
        {"cosine": "cosinesimil", "dot": "innerproduct", "euclidean": "l2", "max_sim": "cosinesimil"},
        (
            Form(DENSE, "knn_vector", 16_000),
            Form(DENSE, "knn_vector", 16_000, FLOAT16, reason="half the memory, less precision"),
            Form(DENSE, "knn_vector", 16_000, index=EXACT, reason="exact search by a script"),
            Form(MULTI_VECTOR, "object", 16_000, index=EXACT),
            Form(SPARSE, "rank_features", 1 << 31),
        ),
        wants_unit_tokens=True,
        sparse=as_named_features,
        container="index",
    ),
    # Limits: dense-vector.md and rank-vectors.md of elastic/elasticsearch, docs/reference/elasticsearch.
    StoreSpec(
        "elasticsearch",
        {"cosine": "cosine", "dot": "max_inner_product", "euclidean": "l2_norm", "max_sim": "maxSimDotProduct"},
        (
            Form(DENSE, "dense_vector", 4_096),
            Form(DENSE, "dense_vector", 4_096, index=EXACT, reason="exact search by a script"),
            Form(MULTI_VECTOR, "rank_vectors", 4_096, index=EXACT),
            Form(SPARSE, "sparse_vector", 1 << 31),
        ),
        wants_unit_tokens=True,
        sparse=as_named_features,
        container="index",
    ),
    # No limit of the width is documented; 16,384 works.
    StoreSpec(
        "chroma",
        {"cosine": "cosine", "dot": "ip", "euclidean": "l2"},
        (Form(DENSE, "float32", 1 << 31),),
        container="collection",
    ),
    StoreSpec(
        "faiss",
        {"cosine": "METRIC_INNER_PRODUCT", "dot": "METRIC_INNER_PRODUCT", "euclidean": "METRIC_L2"},
        (
            Form(DENSE, "HNSW32", 1 << 31),
            Form(DENSE, "HNSW32_SQfp16", 1 << 31, FLOAT16),
            Form(DENSE, "Flat", 1 << 31, index=EXACT),
            Form(DENSE, "SQfp16", 1 << 31, FLOAT16, EXACT),
        ),
        container="file",
        default_name="documents.faiss",
    ),
    # Limits: duckdb 1.5, the size of an array. HNSW belongs to the extension vss, and is experimental in files.
    StoreSpec(
        "duckdb",
        {"cosine": "cosine", "dot": "ip", "euclidean": "l2sq", "max_sim": "max_sim"},
        (
            Form(DENSE, "FLOAT", 100_000, index=EXACT),
            Form(DENSE, "FLOAT", 100_000),
            Form(MULTI_VECTOR, "FLOAT", 100_000, index=EXACT),
        ),
    ),
    # Limits: sqlite-vec 0.1.9, sqlite-vec.c. Its type `float16` is float32 under another name.
    StoreSpec(
        "sqlite-vec",
        {"cosine": "cosine", "euclidean": "L2", "manhattan": "L1"},
        (Form(DENSE, "float", 8_192, index=EXACT),),
    ),
)


def spec_of(store: str) -> StoreSpec:
    """The store of a name. Raises ValueError for an unknown one, with the names of all."""
    wanted = store.replace("_", "-")
    for spec in SPECS:
        if spec.name == wanted:
            return spec
    raise ValueError(f"no store {store!r}; there are: {', '.join([spec.name for spec in SPECS])}")


def choose_form(spec: StoreSpec, plan: "Plan", dtype: "str | None", index: "str | None") -> Form:
    """The form in which a store holds the vectors, by default its first one.

    Raises ValueError for an unknown dtype or index, and StoreLimitError if the store cannot hold the vectors so.
    """
    forms = [form for form in spec.forms if form.kind == plan.kind]
    if not forms:
        problem = f"{spec.name} cannot store {_PLURALS[plan.kind]}, which `{plan.model}` produces"
        raise StoreLimitError(problem, _stores(spec, plan, dtype, index))
    if plan.wants_idf and not spec.has_idf:
        problem = f"{spec.name} cannot weight query tokens by inverse document frequency, which `{plan.model}` needs"
        raise StoreLimitError(problem, _stores(spec, plan, dtype, index))
    form = _asked(spec, plan, forms, dtype, index)
    if plan.dimension <= form.most:
        return form
    held = f"`{form.type}`" if form.index == EXACT else f"`{form.type}` with index `{form.index}`"
    limit = f"vectors of type {held} must have at most {form.most:,} dimensions"
    problem = f"{spec.name}: {limit}, and `{plan.model}` has {plan.dimension:,}"
    raise StoreLimitError(
        problem, [*_cuts(plan, form), *_others(plan, forms, form), *_stores(spec, plan, dtype, index)]
    )


def _asked(spec: StoreSpec, plan: "Plan", forms: list[Form], dtype: "str | None", index: "str | None") -> Form:
    """The first form with this dtype and index. What is not given is as in the default form, if that exists."""
    fitting = [form for form in forms if dtype in (None, form.dtype) and index in (None, form.index)]
    if fitting:
        wanted = (dtype or forms[0].dtype, index or forms[0].index)
        return min(fitting, key=lambda form: ((form.dtype, form.index) != wanted, forms.index(form)))
    choices = ", ".join([f"dtype={form.dtype!r} with index={form.index!r}" for form in forms])
    words = " and ".join([f"{n}={v!r}" for n, v in (("dtype", dtype), ("index", index)) if v is not None])
    raise ValueError(f"{spec.name} has no {words} for {_PLURALS[plan.kind]}; it has: {choices}")


def _cuts(plan: "Plan", form: Form) -> "Iterator[Alternative]":
    """The widest truncation that fits."""
    fitting = [width for width in plan.widths if width <= form.most]
    if fitting:
        yield "dimension", max(fitting), "the largest Matryoshka dimension that fits"


def _others(plan: "Plan", forms: list[Form], refused: Form) -> "Iterator[Alternative]":
    """Other forms of the same store, of which one choice differs."""
    for form in forms:
        if plan.dimension <= form.most:
            if form.index == refused.index:
                yield "dtype", form.dtype, form.reason
            elif form.dtype == refused.dtype:
                yield "index", form.index, form.reason


def _stores(spec: StoreSpec, plan: "Plan", dtype: "str | None", index: "str | None") -> "Iterator[Alternative]":
    """Other stores, if this one has no form that fits. If possible, those that have what was asked for as well."""
    if spec.fits(plan):
        return
    able = [other for other in SPECS if other.fits(plan)]
    for other in [one for one in able if one.fits(plan, dtype, index)] or able:
        yield "store", other.name, "it fits there"


def choose_metric(spec: StoreSpec, plan: "Plan", dtype: "str | None", index: "str | None") -> str:
    """The similarity by which the store compares the vectors. Raises StoreLimitError if it has none."""
    found = spec.metric(plan)
    if found is None:
        length = "" if plan.has_unit_length else " for vectors that are not normalized"
        problem = f"{spec.name} has no `{plan.similarity}` metric{length}, which `{plan.model}` needs"
        raise StoreLimitError(problem, _stores(spec, plan, dtype, index))
    return found
