# pyright: basic, reportMissingImports=false
"""Sparse vectors for LangChain's store of Qdrant, the only store of LangChain with an interface for sparse vectors.

    QdrantVectorStore(…, retrieval_mode=RetrievalMode.HYBRID, sparse_embedding=HypilerSparseEmbeddings(config))

It needs the package langchain-qdrant. docs/frameworks/langchain.md has an example.
"""

from collections.abc import Mapping

from hypiler._missing import missing_library
from hypiler.frameworks.results import sparse_rows
from hypiler.frameworks.source import Adapter, EncoderSource, Source

try:
    from langchain_qdrant.sparse_embeddings import SparseEmbeddings, SparseVector
except ImportError as _error:
    raise ImportError(missing_library(_error, "langchain-qdrant")) from _error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

__all__ = ["HypilerSparseEmbeddings"]


class HypilerSparseEmbeddings(Adapter, SparseEmbeddings):
    """Sparse vectors for Qdrant in LangChain. Queries are encoded as queries, and documents as documents.

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
        """Create the embeddings. The arguments are those of `HypilerEmbeddings`, for a sparse model.

        Raises TypeError if the model is not a sparse model, and ValueError for arguments of `load` that only a program
        may give.
        """
        self._source: Source = Source(encoder, load, "sparse", "HypilerSparseEmbeddings")
        self.batch_size: int = batch_size

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        """The tokens and weights of texts as documents. Warns and raises as `HypilerEmbeddings` does."""
        rows = sparse_rows(self.encoder.encode_documents(texts, batch_size=self.batch_size))
        return [SparseVector(indices=tokens, values=weights) for tokens, weights in rows]

    def embed_query(self, text: str) -> SparseVector:
        """The tokens and weights of a text as a query."""
        ((tokens, weights),) = sparse_rows(self.encoder.encode_queries([text]))
        return SparseVector(indices=tokens, values=weights)

    def __repr__(self) -> str:
        return f"HypilerSparseEmbeddings({self._source.model!r})"
