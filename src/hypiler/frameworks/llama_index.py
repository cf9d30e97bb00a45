# pyright: basic, reportMissingImports=false
"""Adapters for LlamaIndex: embeddings, sparse embeddings and reranking. Extra: `hypiler[llama-index]`.

    index = VectorStoreIndex(nodes, embed_model=HypilerEmbedding(config))

LlamaIndex puts the metadata of a node before its text, and the embedding cannot tell the two apart: name the keys that
must not be embedded in `excluded_embed_metadata_keys` of the node. docs/frameworks/llama-index.md has examples.
"""

from asyncio import to_thread
from collections.abc import Mapping

from hypiler._missing import missing_library
from hypiler.frameworks.results import rank, sparse_rows
from hypiler.frameworks.source import Adapter, EncoderSource, Source

try:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.base.embeddings.base_sparse import BaseSparseEmbedding
    from llama_index.core.bridge.pydantic import Field, PrivateAttr
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
except ImportError as _error:
    raise ImportError(missing_library(_error, "hypiler[llama-index]")) from _error

from typing import Any

__all__ = ["HypilerEmbedding", "HypilerReranker", "HypilerSparseEmbedding"]

# LlamaIndex passes so many texts at once. The encoder sorts them by length and makes batches of them.
_TEXTS = 256


class _Pickled(Adapter):
    """An adapter that is pickled whole or not at all."""

    def __getstate__(self) -> Any:
        # LlamaIndex drops what cannot be pickled, and what is left would fail when it is used.
        self._source.__reduce__()
        return super().__getstate__()


class HypilerEmbedding(_Pickled, BaseEmbedding):
    """Dense vectors for LlamaIndex. Queries and documents have their own prefixes, lengths and tasks.

    `to_dict` describes the encoder without weights and keys of APIs, and `from_dict` finds the encoder again.

    Attributes:
        source: The description of the encoder.
        batch_size: The number of texts that run through the network at once.
        embed_batch_size: The number of texts that LlamaIndex passes at once.
    """

    source: dict[str, Any] = Field(description="The model, its pinned commit, the choices, and how to load it.")
    batch_size: int = Field(default=32, description="The texts that run through the network at once.", gt=0)
    _source: Source = PrivateAttr()

    def __init__(
        self,
        encoder: "EncoderSource | None" = None,
        *,
        load: "Mapping[str, Any] | None" = None,
        **options: Any,
    ) -> None:
        """Create the embedding.

        Args:
            encoder: An encoder from `config.load()`, a ModelConfig, or the id of a shipped model. A config or an id is
                loaded when the encoder is first needed.
            load: Arguments of `config.load` for a config or an id, such as `{"engine": "onnx"}`.
            options: Other fields, such as `batch_size`, and those of `BaseEmbedding`.

        Raises TypeError if the model is not a dense model, and ValueError for arguments of `load` that only a program
        may give, and for an `embeddings_cache` if the model encodes queries unlike documents.
        """
        source = _source_of(encoder, load, options, "dense", "HypilerEmbedding")
        fields: dict[str, Any] = {
            "model_name": source.model,
            "embed_batch_size": _TEXTS,
            **options,
            "source": _identified(source),
        }
        super().__init__(**fields)
        self._source = source
        if self.embeddings_cache is not None:
            _check_cache(source)

    @classmethod
    def class_name(cls) -> str:
        """The name of the class in what LlamaIndex writes."""
        return "HypilerEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self.encoder.encode_queries([query], progress=False).tolist()[0]
        return vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await to_thread(self._get_text_embedding, text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        encoder = self.encoder
        vectors: list[list[float]] = encoder.encode_documents(
            texts, batch_size=self.batch_size, progress=False
        ).tolist()
        return vectors

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await to_thread(self._get_text_embeddings, texts)


class HypilerSparseEmbedding(_Pickled, BaseSparseEmbedding):
    """Sparse vectors for LlamaIndex: the tokens of the vocabulary that have a weight, and their weights.

    Compare the vectors by dot product, as vector stores do: the method `similarity` of LlamaIndex computes cosines.

    Attributes:
        source: The description of the encoder.
        batch_size: The number of texts that run through the network at once.
    """

    source: dict[str, Any] = Field(description="The model, its pinned commit, the choices, and how to load it.")
    batch_size: int = Field(default=32, description="The texts that run through the network at once.", gt=0)
    _source: Source = PrivateAttr()

    def __init__(
        self,
        encoder: "EncoderSource | None" = None,
        *,
        load: "Mapping[str, Any] | None" = None,
        **options: Any,
    ) -> None:
        """Create the embedding. The arguments are those of `HypilerEmbedding`, for a sparse model.

        Raises TypeError if the model is not a sparse model, and ValueError for arguments of `load` that only a program
        may give.
        """
        source = _source_of(encoder, load, options, "sparse", "HypilerSparseEmbedding")
        fields: dict[str, Any] = {
            "model_name": source.model,
            "embed_batch_size": _TEXTS,
            **options,
            "source": _identified(source),
        }
        super().__init__(**fields)
        self._source = source

    @classmethod
    def class_name(cls) -> str:
        """The name of the class in what LlamaIndex writes."""
        return "HypilerSparseEmbedding"

    def sparse_documents(self, texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
        """The tokens and the weights of each text as a document: `sparse_doc_fn` of `QdrantVectorStore`."""
        encoder = self.encoder
        rows = sparse_rows(encoder.encode_documents(texts, batch_size=self.batch_size, progress=False))
        return [tokens for tokens, _ in rows], [weights for _, weights in rows]

    def sparse_queries(self, texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
        """The tokens and the weights of each text as a query: `sparse_query_fn` of `QdrantVectorStore`."""
        rows = sparse_rows(self.encoder.encode_queries(texts, batch_size=self.batch_size, progress=False))
        return [tokens for tokens, _ in rows], [weights for _, weights in rows]

    def _get_query_embedding(self, query: str) -> dict[int, float]:
        return _as_dictionaries(*self.sparse_queries([query]))[0]

    async def _aget_query_embedding(self, query: str) -> dict[int, float]:
        return await to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> dict[int, float]:
        return self._get_text_embeddings([text])[0]

    async def _aget_text_embedding(self, text: str) -> dict[int, float]:
        return await to_thread(self._get_text_embedding, text)

    def _get_text_embeddings(self, texts: list[str]) -> list[dict[int, float]]:
        return _as_dictionaries(*self.sparse_documents(texts))

    async def _aget_text_embeddings(self, texts: list[str]) -> list[dict[int, float]]:
        return await to_thread(self._get_text_embeddings, texts)


class HypilerReranker(_Pickled, BaseNodePostprocessor):
    """Sorts nodes by the scores of a reranker, as a `node_postprocessor`.

    Attributes:
        source: The description of the reranker.
        top_n: How many nodes are returned; None for all.
    """

    source: dict[str, Any] = Field(description="The model, its pinned commit, the choices, and how to load it.")
    top_n: int | None = Field(default=None, description="How many nodes are returned; None for all.", gt=0)
    _source: Source = PrivateAttr()

    def __init__(
        self,
        encoder: "EncoderSource | None" = None,
        *,
        load: "Mapping[str, Any] | None" = None,
        **options: Any,
    ) -> None:
        """Create the reranker. The arguments are those of `HypilerEmbedding`, for a reranker.

        Raises TypeError if the model is not a reranker, and ValueError for arguments of `load` that only a program may
        give.
        """
        source = _source_of(encoder, load, options, "reranker", "HypilerReranker")
        fields: dict[str, Any] = {**options, "source": _identified(source)}
        super().__init__(**fields)
        self._source = source

    @classmethod
    def class_name(cls) -> str:
        """The name of the class in what LlamaIndex writes."""
        return "HypilerReranker"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            raise ValueError("HypilerReranker needs the query: pass query_str or query_bundle")
        texts = [one.node.get_content(metadata_mode=MetadataMode.EMBED) for one in nodes]
        ranked = rank(self.encoder, query_bundle.query_str, texts)[: self.top_n]
        return [NodeWithScore(node=nodes[place].node, score=score) for place, score in ranked]


def _source_of(
    encoder: "EncoderSource | None",
    load: "Mapping[str, Any] | None",
    options: dict[str, Any],
    takes: str,
    adapter: str,
) -> Source:
    """The source of an adapter, whose encoder may be given as the field `source`: `from_dict` and pickles do that."""
    described = options.pop("source", None)
    if encoder is None and described is None:
        raise TypeError(f"{adapter} needs an encoder, a ModelConfig or the id of a model")
    if encoder is None:
        problem = described.get("problem")
        if problem:
            raise ValueError(problem)
        encoder = {name: value for name, value in described.items() if name != "space_id"}
    return Source(encoder, load, takes, adapter)


def _identified(source: Source) -> dict[str, Any]:
    """The description with the id of the space: caches of LlamaIndex tell models apart by it."""
    try:
        described = source.describe()
    except ValueError as error:
        described = {"model": source.model, "problem": str(error)}
    return described | {"space_id": source.space()["space_id"]}


def _check_cache(source: Source) -> None:
    """Raise ValueError for a cache that would give queries the vectors of documents."""
    facts = source.space()
    if None in (facts["document"].get("document_prefix"), facts["query"].get("query_prefix")):
        # Only the files say what stands before the texts.
        facts = source.encoder.space()
    sides = [
        [facts[side].get(f"{side}_{name}") or "" for name in ("prefix", "length", "task")]
        for side in ("document", "query")
    ]
    if sides[0] != sides[1]:
        raise ValueError(
            f"`embeddings_cache` must not be given for `{source.model}`: LlamaIndex finds cached vectors by the text"
            " alone, and this model encodes queries unlike documents"
        )


def _as_dictionaries(tokens: list[list[int]], weights: list[list[float]]) -> list[dict[int, float]]:
    return [dict(zip(row, values, strict=True)) for row, values in zip(tokens, weights, strict=True)]
