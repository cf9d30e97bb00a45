# pyright: basic, reportMissingImports=false
"""Adapters for LangChain: embeddings and reranking. Extra: `hypiler[langchain]`.

    embeddings = HypilerEmbeddings(config)
    store = InMemoryVectorStore(embeddings)

docs/frameworks/langchain.md has examples.
"""

from collections.abc import Mapping, Sequence

from hypiler._missing import missing_library
from hypiler.frameworks.results import rank
from hypiler.frameworks.source import Adapter, EncoderSource, Source

try:
    from langchain_core.callbacks import Callbacks
    from langchain_core.documents import BaseDocumentCompressor, Document
    from langchain_core.embeddings import Embeddings
    from pydantic import Field, PrivateAttr
except ImportError as _error:
    raise ImportError(missing_library(_error, "hypiler[langchain]")) from _error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

__all__ = ["HypilerEmbeddings", "HypilerReranker"]


class HypilerEmbeddings(Adapter, Embeddings):
    """Dense vectors for LangChain. Queries and documents have their own prefixes, lengths and tasks.

    Several threads and coroutines can use one adapter. A pickle contains no weights, so another process loads the
    encoder itself.

    Attributes:
        batch_size: The number of texts that run through the network at once.
    """

    def __init__(
        self,
        encoder: "EncoderSource",
        *,
        load: "Mapping[str, Any] | None" = None,
        batch_size: int = 32,
    ) -> None:
        """Create the embeddings.

        Args:
            encoder: An encoder from `config.load()`, a ModelConfig, or the id of a shipped model. A config or an id is
                loaded when the encoder is first needed.
            load: Arguments of `config.load` for a config or an id, such as `{"engine": "onnx"}`.
            batch_size: The number of texts that run through the network at once.

        Raises TypeError if the model is not a dense model, and ValueError for arguments of `load` that only a program
        may give.
        """
        self._source: Source = Source(encoder, load, "dense", "HypilerEmbeddings")
        self.batch_size: int = batch_size

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts as documents: one list of floats per text.

        Warns with TruncationWarning if texts are truncated. Raises TypeError for anything but strings, and ValueError
        for a text with a lone surrogate.
        """
        vectors: list[list[float]] = self.encoder.encode_documents(texts, batch_size=self.batch_size).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a text as a query. Warns and raises as `embed_documents` does."""
        vector: list[float] = self.encoder.encode_queries([text]).tolist()[0]
        return vector

    def __repr__(self) -> str:
        return f"HypilerEmbeddings({self._source.model!r})"


class HypilerReranker(Adapter, BaseDocumentCompressor):
    """Sorts documents by the scores of a reranker, for `ContextualCompressionRetriever` and the like.

    Attributes:
        top_n: How many documents are returned; None for all.
    """

    top_n: int | None = Field(default=None, gt=0)
    _source: Source = PrivateAttr()

    def __init__(
        self,
        encoder: "EncoderSource",
        *,
        load: "Mapping[str, Any] | None" = None,
        top_n: int | None = None,
    ) -> None:
        """Create the reranker. The first two arguments are those of `HypilerEmbeddings`, for a reranker.

        Raises TypeError if the model is not a reranker, and ValueError for arguments of `load` that only a program may
        give.
        """
        fields: dict[str, Any] = {"top_n": top_n}
        super().__init__(**fields)
        self._source = Source(encoder, load, "reranker", "HypilerReranker")

    def compress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks = None,
    ) -> Sequence[Document]:
        """Copies of the documents, the most relevant first. Their metadata have the score as `relevance_score`."""
        ranked = rank(self.encoder, query, [one.page_content for one in documents])[: self.top_n]
        return [
            documents[place].model_copy(update={"metadata": documents[place].metadata | {"relevance_score": score}})
            for place, score in ranked
        ]
