"""Protocols: what hypiler's functions require of a model and of a config, whatever their class.

`ModelInfo` of every generated module and `hypiler.registry.Model` both implement `Model`. Nothing is defined here at
run time. The module exists so that `config`, `space` and `engines` can use these types without importing each other.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, ParamSpec, Protocol

    _Choice = ParamSpec("_Choice")

    class Variant(Protocol):
        """Other weights of a model: quantized or exported."""

        @property
        def id(self) -> str: ...
        @property
        def quantization(self) -> str | None: ...
        @property
        def huggingface_id(self) -> str | None: ...
        @property
        def file(self) -> str | None: ...
        @property
        def sha256(self) -> str | None: ...

    class Layer(Protocol):
        """A linear layer after the network."""

        @property
        def in_features(self) -> int: ...
        @property
        def out_features(self) -> int: ...
        @property
        def activation(self) -> str | None: ...

    class PinnedFile(Protocol):
        """A file that decides vectors, as it is at the commit of its model."""

        @property
        def sha256(self) -> str: ...
        @property
        def size(self) -> int | None: ...
        @property
        def precision(self) -> str | None: ...

    class _Facts(Protocol):
        """The facts that are needed to load a model and to describe its space. An unknown fact is None."""

        @property
        def id(self) -> str: ...
        @property
        def model_type(self) -> str: ...
        @property
        def huggingface_id(self) -> str | None: ...
        @property
        def revision(self) -> str | None: ...
        @property
        def deprecated(self) -> str | None: ...
        @property
        def embedding_dim(self) -> int: ...
        @property
        def hidden_dim(self) -> int | None: ...
        @property
        def vocab_size(self) -> int | None: ...
        @property
        def context_length(self) -> int | None: ...
        @property
        def multi_vector(self) -> bool | None: ...
        @property
        def remote_code(self) -> bool | None: ...
        @property
        def pooling(self) -> str | None: ...
        @property
        def normalize(self) -> bool | None: ...
        @property
        def similarity(self) -> str | None: ...
        @property
        def precisions(self) -> tuple[str, ...]: ...
        @property
        def query_prefix(self) -> str | None: ...
        @property
        def document_prefix(self) -> str | None: ...
        @property
        def query_length(self) -> int | None: ...
        @property
        def document_length(self) -> int | None: ...
        @property
        def matryoshka_order(self) -> str | None: ...
        @property
        def dense_layers(self) -> Sequence[Layer]: ...
        @property
        def variants(self) -> Sequence[Variant]: ...
        @property
        def onnx_file(self) -> str | None: ...
        @property
        def file_sha256(self) -> Mapping[str, str]: ...
        @property
        def pinned_files(self) -> Mapping[str, PinnedFile]: ...
        @property
        def pins_all_files(self) -> bool: ...
        @property
        def dimensions(self) -> Sequence[int]: ...

    class Model(_Facts, Protocol):
        """One model of a registry."""

        def resolve_dimension(self, dimension: Any = None) -> int:
            """The width of the vectors for a choice. Raises ValueError for a width that the model does not have."""
            ...

    class ModelOf(_Facts, Protocol[_Choice]):
        """A model whose `resolve_dimension` has its own parameters, such as a `Literal` of the model's widths."""

        def resolve_dimension(self, *args: _Choice.args, **kwargs: _Choice.kwargs) -> int:
            """The width of the vectors for a choice. Raises ValueError for a width that the model does not have."""
            ...

    class HasSpace(Protocol):
        """A config or an encoder, whose vectors belong to one space."""

        def space(self) -> dict[str, Any]:
            """The stamp without a probe: everything that the vectors depend on, and the ids of the two sides."""
            ...

    class Encoder(HasSpace, Protocol):
        """A loaded model: `hypiler.engines.Encoder` without types of NumPy, so that whoever checks a config needs none.

        `load(kind=…)` with a class of `hypiler.engines` gives the types of arrays, too.
        """

        contract: Any
        engine: str

        @property
        def truncated(self) -> int:
            """How many texts or pairs have been truncated since the model was loaded."""
            ...

        @property
        def space_id(self) -> str | None: ...
        @property
        def query_space_id(self) -> str | None: ...
        def stamp(self) -> dict[str, Any]:
            """The stamp with a probe: store it with an index."""
            ...

        def provenance(self) -> dict[str, Any]:
            """What this process has loaded: files with their sums, versions, contract and policy, as JSON types."""
            ...

        @property
        def config(self) -> "Config | None":
            """The model and the user's choices, as given to `load`."""
            ...

        def load_arguments(self) -> dict[str, Any]:
            """The arguments that load this encoder again from its `config`."""
            ...

        def close(self) -> None:
            """Close the connections of a served model. The next call opens others."""
            ...

        def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> Any:
            """Encode texts as queries."""
            ...

        def encode_documents(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> Any:
            """Encode texts as documents."""
            ...

        def similarity(self, queries: Any, documents: Any) -> Any:
            """The scores, float32 [queries, documents]. Larger is nearer."""
            ...

    # What loading a model of a known type gives. These are classes, not protocols: an encoder of unknown type, whose
    # results are Any, would pass for each of them.
    class DenseEncoder(Encoder):
        """One vector per text: `hypiler.engines.DenseEncoder` without types of NumPy."""

        def quantizer(self, precision: str, sample: Any) -> Any:
            """A quantizer, which makes float32 vectors smaller and compares the results."""
            ...

    class MultiVectorEncoder(Encoder):
        """One vector per token: `hypiler.engines.MultiVectorEncoder` without types of NumPy."""

        def encode_queries(
            self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
        ) -> list[Any]:
            """Encode texts: one float32 [tokens, dimension] per text."""
            ...

        def encode_documents(
            self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
        ) -> list[Any]:
            """Encode texts: one float32 [tokens, dimension] per text."""
            ...

    class SparseEncoder(Encoder):
        """One weight per entry of the vocabulary: `hypiler.engines.SparseEncoder` without types of scipy."""

    class Reranker(Encoder):
        """Reads a query and a document together: `hypiler.engines.Reranker` without types of NumPy."""

        def encode_queries(
            self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
        ) -> list[str]:
            """The texts with the prefix of queries."""
            ...

        def encode_documents(
            self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
        ) -> list[str]:
            """The texts with the prefix of documents."""
            ...

    class Config(HasSpace, Protocol):
        """A model together with the user's choices: what engines require of a `ModelConfig`."""

        @property
        def repo(self) -> str: ...
        @property
        def embedding_dim(self) -> int: ...
        @property
        def revision(self) -> str | None: ...
        @property
        def model(self) -> Model | None: ...
        @property
        def variant(self) -> str | None: ...
        @property
        def output(self) -> str | None: ...

    Models = Iterable[Model]
    """A registry, or any other collection of models."""
