# pyright: basic, reportMissingImports=false
"""Components for Haystack: embedders, sparse embedders and a ranker. Extra: `hypiler[haystack]`.

    pipeline.add_component("embedder", HypilerTextEmbedder(config))

Haystack loads classes of other packages from a file only if the program allows them:
`Pipeline.loads(text, allowed_modules=["hypiler.frameworks.haystack"])`. docs/frameworks/haystack.md has examples.
"""

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import replace

from hypiler._missing import missing_library
from hypiler.frameworks.results import rank, sparse_rows
from hypiler.frameworks.source import Adapter, EncoderSource, Source

try:
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.dataclasses import SparseEmbedding
except ImportError as _error:
    raise ImportError(missing_library(_error, "hypiler[haystack]")) from _error

from typing import Any

__all__ = [
    "HypilerDocumentEmbedder",
    "HypilerRanker",
    "HypilerSparseDocumentEmbedder",
    "HypilerSparseTextEmbedder",
    "HypilerTextEmbedder",
]

_DOCUMENTS = "a list of Documents"


class _Component(Adapter):
    """What every component does. `component` makes classes anew, so `super()` works in none of them."""

    def warm_up(self) -> None:
        """Load the encoder. A pipeline calls this method before it runs. Equal components share one encoder."""
        _ = self.encoder

    async def warm_up_async(self) -> None:
        """Load the encoder in another thread."""
        await to_thread(self.warm_up)

    def _texts(self, documents: object, separator: str, fields: "list[str]") -> list[str]:
        """The text of each document, after the metadata that belongs to it."""
        name = type(self).__name__
        if not isinstance(documents, list) or not all(isinstance(one, Document) for one in documents):
            other = name.replace("Document", "Text")
            hint = f"; {other} takes a text" if other != name else ""
            raise TypeError(f"{name} takes {_DOCUMENTS}, got {_kind(documents)}{hint}")
        return [_text(one, separator, fields) for one in documents]

    def _query(self, text: object) -> str:
        if isinstance(text, str):
            return text
        name = type(self).__name__
        raise TypeError(f"{name} takes a text, got {_kind(text)}; {name.replace('Text', 'Document')} takes documents")


@component
class HypilerTextEmbedder(_Component):
    """Encodes a text as a query: the dense vector for a retriever.

    Input `text`; output `embedding`, a list of floats.
    """

    def __init__(self, encoder: "EncoderSource", *, load: "Mapping[str, Any] | None" = None) -> None:
        """Create the component.

        Args:
            encoder: What `config.load()` returns, a ModelConfig, the id of a shipped model, or a mapping that
                describes the encoder, as `to_dict` writes it. All but a loaded encoder are loaded by `warm_up`.
            load: Arguments of `config.load`, such as `{"engine": "onnx"}`, unless the encoder is already loaded.

        Raises TypeError if the model is not a dense model, and ValueError for arguments of `load` that only a program
        may give.
        """
        self._source: Source = Source(encoder, load, "dense", "HypilerTextEmbedder")

    def to_dict(self) -> dict[str, Any]:
        """The component as data, without weights and without keys of APIs."""
        return dict(default_to_dict(self, encoder=self._source.describe()))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "HypilerTextEmbedder":
        """The component from what `to_dict` returned."""
        return default_from_dict(cls, data)

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, Any]:
        """Encode a text as a query. Warns with TruncationWarning if the text is truncated."""
        vectors = self.encoder.encode_queries([self._query(text)], progress=False)
        return {"embedding": vectors.tolist()[0]}

    @component.output_types(embedding=list[float])
    async def run_async(self, text: str) -> dict[str, Any]:
        """Encode a text as a query in another thread."""
        return await to_thread(self.run, text)


@component
class HypilerDocumentEmbedder(_Component):
    """Encodes documents, and returns copies with dense vectors.

    Input and output `documents`.

    Attributes:
        batch_size: The number of texts that run through the network at once.
        progress_bar: Whether a terminal shows a progress bar.
        meta_fields_to_embed: The metadata that is put before the text of a document.
        embedding_separator: The text between these metadata and the text of the document.
    """

    def __init__(
        self,
        encoder: "EncoderSource",
        *,
        load: "Mapping[str, Any] | None" = None,
        batch_size: int = 32,
        progress_bar: bool = True,
        meta_fields_to_embed: list[str] | None = None,
        embedding_separator: str = "\n",
    ) -> None:
        """Create the component. The first two arguments and the errors are those of `HypilerTextEmbedder`."""
        self._source: Source = Source(encoder, load, "dense", "HypilerDocumentEmbedder")
        self.batch_size: int = batch_size
        self.progress_bar: bool = progress_bar
        self.meta_fields_to_embed: list[str] = list(meta_fields_to_embed or [])
        self.embedding_separator: str = embedding_separator

    def to_dict(self) -> dict[str, Any]:
        """The component as data, without weights and without keys of APIs."""
        return dict(default_to_dict(self, encoder=self._source.describe(), **_settings(self)))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "HypilerDocumentEmbedder":
        """The component from what `to_dict` returned."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """Encode documents. The documents themselves are not changed. Warns with TruncationWarning."""
        texts = self._texts(documents, self.embedding_separator, self.meta_fields_to_embed)
        vectors = self.encoder.encode_documents(texts, batch_size=self.batch_size, progress=_progress(self)).tolist()
        made = [replace(one, embedding=vector) for one, vector in zip(documents, vectors, strict=True)]
        return {"documents": made}

    @component.output_types(documents=list[Document])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """Encode documents in another thread."""
        return await to_thread(self.run, documents)


@component
class HypilerSparseTextEmbedder(_Component):
    """Encodes a text as a query of a sparse model.

    Input `text`; output `sparse_embedding`.
    """

    def __init__(self, encoder: "EncoderSource", *, load: "Mapping[str, Any] | None" = None) -> None:
        """Create the component. The arguments are those of `HypilerTextEmbedder`, for a sparse model.

        Raises TypeError if the model is not a sparse model.
        """
        self._source: Source = Source(encoder, load, "sparse", "HypilerSparseTextEmbedder")

    def to_dict(self) -> dict[str, Any]:
        """The component as data, without weights and without keys of APIs."""
        return dict(default_to_dict(self, encoder=self._source.describe()))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "HypilerSparseTextEmbedder":
        """The component from what `to_dict` returned."""
        return default_from_dict(cls, data)

    @component.output_types(sparse_embedding=SparseEmbedding)
    def run(self, text: str) -> dict[str, Any]:
        """Encode a text as a query. Warns with TruncationWarning if the text is truncated."""
        rows = sparse_rows(self.encoder.encode_queries([self._query(text)], progress=False))
        return {"sparse_embedding": SparseEmbedding(*rows[0])}

    @component.output_types(sparse_embedding=SparseEmbedding)
    async def run_async(self, text: str) -> dict[str, Any]:
        """Encode a text as a query in another thread."""
        return await to_thread(self.run, text)


@component
class HypilerSparseDocumentEmbedder(_Component):
    """Encodes documents by a sparse model, and returns copies with sparse vectors.

    Input and output `documents`. The attributes are those of `HypilerDocumentEmbedder`.
    """

    def __init__(
        self,
        encoder: "EncoderSource",
        *,
        load: "Mapping[str, Any] | None" = None,
        batch_size: int = 32,
        progress_bar: bool = True,
        meta_fields_to_embed: list[str] | None = None,
        embedding_separator: str = "\n",
    ) -> None:
        """Create the component. The arguments are those of `HypilerDocumentEmbedder`, for a sparse model.

        Raises TypeError if the model is not a sparse model.
        """
        self._source: Source = Source(encoder, load, "sparse", "HypilerSparseDocumentEmbedder")
        self.batch_size: int = batch_size
        self.progress_bar: bool = progress_bar
        self.meta_fields_to_embed: list[str] = list(meta_fields_to_embed or [])
        self.embedding_separator: str = embedding_separator

    def to_dict(self) -> dict[str, Any]:
        """The component as data, without weights and without keys of APIs."""
        return dict(default_to_dict(self, encoder=self._source.describe(), **_settings(self)))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "HypilerSparseDocumentEmbedder":
        """The component from what `to_dict` returned."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """Encode documents. The documents themselves are not changed. Warns with TruncationWarning."""
        texts = self._texts(documents, self.embedding_separator, self.meta_fields_to_embed)
        vectors = self.encoder.encode_documents(texts, batch_size=self.batch_size, progress=_progress(self))
        rows = [SparseEmbedding(*row) for row in sparse_rows(vectors)]
        return {"documents": [replace(one, sparse_embedding=row) for one, row in zip(documents, rows, strict=True)]}

    @component.output_types(documents=list[Document])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """Encode documents in another thread."""
        return await to_thread(self.run, documents)


@component
class HypilerRanker(_Component):
    """Sorts documents by the scores of a reranker, and returns copies with these scores.

    Inputs `query`, `documents` and `top_k`; output `documents`.

    Attributes:
        top_k: How many documents are returned; None for all.
        meta_fields_to_embed: The metadata that is put before the text of a document.
        embedding_separator: The text between these metadata and the text of the document.
    """

    def __init__(
        self,
        encoder: "EncoderSource",
        *,
        load: "Mapping[str, Any] | None" = None,
        top_k: int | None = None,
        meta_fields_to_embed: list[str] | None = None,
        embedding_separator: str = "\n",
    ) -> None:
        """Create the component. The first two arguments are those of `HypilerTextEmbedder`, for a reranker.

        Raises TypeError if the model is not a reranker, and ValueError for a `top_k` below 1.
        """
        self._source: Source = Source(encoder, load, "reranker", "HypilerRanker")
        self.top_k: int | None = _checked_count(top_k)
        self.meta_fields_to_embed: list[str] = list(meta_fields_to_embed or [])
        self.embedding_separator: str = embedding_separator

    def to_dict(self) -> dict[str, Any]:
        """The component as data, without weights and without keys of APIs."""
        return dict(
            default_to_dict(
                self,
                encoder=self._source.describe(),
                top_k=self.top_k,
                meta_fields_to_embed=self.meta_fields_to_embed,
                embedding_separator=self.embedding_separator,
            )
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "HypilerRanker":
        """The component from what `to_dict` returned."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, query: str, documents: list[Document], top_k: int | None = None) -> dict[str, Any]:
        """Sort documents, the most relevant first. The documents themselves are not changed."""
        texts = self._texts(documents, self.embedding_separator, self.meta_fields_to_embed)
        count = self.top_k if top_k is None else _checked_count(top_k)
        ranked = rank(self.encoder, self._query(query), texts)[:count]
        return {"documents": [replace(documents[place], score=score) for place, score in ranked]}

    @component.output_types(documents=list[Document])
    async def run_async(self, query: str, documents: list[Document], top_k: int | None = None) -> dict[str, Any]:
        """Sort documents in another thread."""
        return await to_thread(self.run, query, documents, top_k)


def _settings(embedder: Any) -> dict[str, Any]:
    """The settings of an embedder of documents, as data."""
    names = ("batch_size", "progress_bar", "meta_fields_to_embed", "embedding_separator")
    return {name: getattr(embedder, name) for name in names} | {
        "meta_fields_to_embed": [*embedder.meta_fields_to_embed]
    }


def _progress(embedder: Any) -> bool | None:
    """None: a progress bar on a terminal."""
    return None if embedder.progress_bar else False


def _text(document: Document, separator: str, fields: list[str]) -> str:
    values = [str(document.meta[name]) for name in fields if document.meta.get(name) is not None]
    return separator.join([*values, document.content or ""])


def _kind(value: object) -> str:
    if isinstance(value, list):
        others = [type(one).__name__ for one in value if not isinstance(one, Document)]
        return f"a list with {others[0]}" if others else "a list"
    return type(value).__name__


def _checked_count(count: int | None) -> int | None:
    if count is not None and count < 1:
        raise ValueError(f"top_k must be at least 1, got {count}")
    return count
