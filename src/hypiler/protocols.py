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

    class _Facts(Protocol):
        """The facts that are needed to load a model and to describe its space. An unknown fact is None."""

        @property
        def id(self) -> str: ...
        @property
        def model_type(self) -> str: ...
        @property
        def huggingface_id(self) -> str: ...
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
        def context_length(self) -> int: ...
        @property
        def multi_vector(self) -> bool: ...
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
        def dimensions(self) -> tuple[int, ...]: ...

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

        Use `isinstance` with the classes of `hypiler.engines` to get the types of arrays.
        """

        contract: Any
        engine: str

        @property
        def space_id(self) -> str | None: ...
        @property
        def query_space_id(self) -> str | None: ...
        def stamp(self) -> dict[str, Any]:
            """The stamp with a probe: store it with an index."""
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

    Models = Iterable[Model]
    """A registry, or any other collection of models."""
