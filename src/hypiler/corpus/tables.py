# pyright: basic, reportMissingImports=false
"""The encoder of tables, which files, Ray and Spark share: so all of them give the same rows."""

import re
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from hypiler.corpus.errors import CorpusError
from hypiler.corpus.vectors import VectorType
from hypiler.diagnostics.escaping import quote_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypiler.corpus.plan import Plan

CHUNK = 512
"""The texts of one call of the encoder, which sorts them by length. Larger batches are called whole."""


class TableEncoder:
    """Encodes the column of texts of Arrow tables.

    Attributes:
        encoder: The loaded model.
        plan: What is done to each table.
        type: The type of the vectors.
    """

    def __init__(self, encoder: Any, plan: "Plan", *, fixed: bool = True) -> None:
        contract = encoder.contract
        if contract.encoder_type == "reranker":
            raise CorpusError(no_vectors(contract.id))
        kind = "dense" if contract.encoder_type == "static" else contract.encoder_type
        self.encoder: Any = encoder
        self.plan: Plan = plan
        # Before version 26, pyarrow cannot read a Parquet file with a null in a column of lists of a fixed size.
        fixed = fixed and not (kind == "dense" and plan.nulls == "keep")
        self.type: VectorType = VectorType(kind, contract.dimension, plan.dtype, fixed=fixed)

    @property
    def limit(self) -> int:
        """The longest text in tokens."""
        contract = self.encoder.contract
        return int(contract.query_length if self.plan.side == "query" else contract.document_length)

    def column(
        self, texts: Any, name_row: "Callable[[int], str]", done: "Callable[[int], object] | None" = None
    ) -> Any:
        """The vectors of a column of texts: an Arrow array.

        Args:
            texts: An Arrow array of texts.
            name_row: What messages call a row of the column.
            done: Called with a number of rows whenever so many more are encoded.

        Raises CorpusError for a text that is null, unless the plan keeps these rows, and for one that is no valid
        UTF-8 or that the model cannot encode.
        """
        import pyarrow as pa

        size = max(CHUNK, self.plan.batch_size)
        parts = []
        for start in range(0, len(texts), size):
            name = partial(_name_later, name_row, start)
            listed = texts_of(texts[start : start + size], name)
            parts.append(self._chunk(listed, name))
            if done is not None:
                done(len(listed))
        return pa.concat_arrays(parts) if parts else pa.array([], self.type.arrow())

    def _chunk(self, listed: "list[str | None]", name_row: "Callable[[int], str]") -> Any:
        rows = [row for row, text in enumerate(listed) if text is not None]
        if len(rows) < len(listed) and self.plan.nulls == "error":
            row = next(row for row, text in enumerate(listed) if text is None)
            keep = 'with nulls="keep" its vector is null'
            raise CorpusError(f"{name_row(row)}: {quote_name(self.plan.text_column)} has no text (null); {keep}")
        encode = self.encoder.encode_queries if self.plan.side == "query" else self.encoder.encode_documents
        try:
            with catch_warnings():
                # They are counted, and summed up once.
                simplefilter("ignore", engines().TruncationWarning)
                found = encode([listed[row] for row in rows], batch_size=self.plan.batch_size, progress=False)
        except engines().EngineError as error:
            raise _of_row(error, rows, name_row) from error
        return self.type.array(found, rows, len(listed))


def no_vectors(id: object) -> str:
    """The message about a reranker."""
    return f"`{id}` is a reranker: it has no vectors, so it cannot encode a corpus"


def _name_later(name_row: "Callable[[int], str]", start: int, row: int) -> str:
    return name_row(start + row)


def texts_of(column: Any, name_row: "Callable[[int], str]") -> "list[str | None]":
    """The texts of a column. Raises CorpusError for one that is no valid UTF-8."""
    try:
        found: list[str | None] = column.to_pylist()
        return found
    except UnicodeDecodeError:
        for row, one in enumerate(column):
            try:
                one.as_py()
            except UnicodeDecodeError as error:
                raise CorpusError(f"{name_row(row)}: the text is no valid UTF-8 ({error.reason})") from error
        raise


def plain_texts(column: Any) -> Any:
    """A column of texts as one array, without a dictionary."""
    import pyarrow as pa

    chunks = [chunk.cast(pa.large_string()) for chunk in column.chunks]
    return pa.concat_arrays(chunks or [pa.array([], pa.large_string())])


def check_type(type: Any, name: str, where: str) -> None:
    """Raise CorpusError unless a column of this type holds texts."""
    import pyarrow as pa

    held = type.value_type if pa.types.is_dictionary(type) else type
    is_text = pa.types.is_string(held) or pa.types.is_large_string(held) or pa.types.is_null(held)
    if not is_text and str(held) != "string_view":
        raise CorpusError(f"the column {quote_name(name)} of {where} must hold texts; it holds values of type {type}")


def _of_row(error: Exception, rows: "list[int]", name_row: "Callable[[int], str]") -> Exception:
    """The error about a text, with its row. Any other error of an engine stays as it is."""
    found = re.match(r"texts\[(\d+)\] ", str(error))
    if found is None:
        return error
    return CorpusError(f"{name_row(rows[int(found[1])])} {str(error)[found.end() :]}")


def engines() -> Any:
    """The engines, by name: rooms do not know them, and a config loads them in the same way."""
    return import_module("hypiler.engines")
