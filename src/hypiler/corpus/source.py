# pyright: basic, reportMissingImports=false
"""The corpus: one Parquet file, or a folder of them. It is read in spans of rows, with memory for one span.

A span is a number of rows of one file, and becomes one part file. Where spans begin depends on the files and on the
number of rows per part alone, so a restarted run finds the same spans.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypiler.corpus.errors import CorpusError
from hypiler.corpus.plan import check_columns, check_room
from hypiler.corpus.tables import check_type
from hypiler.diagnostics.escaping import printable, quote_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hypiler.corpus.plan import Plan

# With the defaults, pyarrow reads a whole file, or a whole row group, ahead.
_OPTIONS = {"pre_buffer": False, "buffer_size": 1 << 16}
_BATCH = 1024


@dataclass(frozen=True)
class Span:
    """Rows of one file.

    Attributes:
        file: The place of the file in the corpus.
        start: The first row, counted in the file.
        stop: The row after the last one.
        first: The first row, counted in the corpus.
    """

    file: int
    start: int
    stop: int
    first: int

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.stop - self.start


@dataclass(frozen=True)
class SourceFile:
    """A file of the corpus, as it is when the run starts.

    Attributes:
        path: The path.
        name: The path below the folder of the corpus.
        rows: The number of rows.
        size: The size in bytes.
        footer: The sha256 of the footer, which has the place, size and statistics of each column of each row group.
        changed: When the file was last modified, in nanoseconds.
    """

    path: str
    name: str
    rows: int
    size: int
    footer: str
    changed: int

    def identity(self) -> "dict[str, Any]":
        """What must not change between two runs."""
        return {"name": self.name, "rows": self.rows, "size": self.size, "footer": self.footer}


class Source:
    """The files of a corpus, in the order of their names.

    Attributes:
        path: The file or folder.
        files: The files.
        schema: The schema of the columns that are read.
        kept: The columns of the output, without the vectors.
        rows: The number of rows.
    """

    def __init__(self, path: str, files: "list[SourceFile]", schema: Any, kept: "list[str]") -> None:
        self.path: str = path
        self.files: list[SourceFile] = files
        self.schema: Any = schema
        self.kept: list[str] = kept
        self.rows: int = sum(file.rows for file in files)

    def spans(self, rows: int) -> "list[Span]":
        """All rows, in spans of at most so many. A corpus without rows has one empty span."""
        found: list[Span] = []
        first = 0
        for place, file in enumerate(self.files):
            starts = range(0, file.rows, rows)
            found += [Span(place, start, min(start + rows, file.rows), first + start) for start in starts]
            first += file.rows
        return found or [Span(0, 0, 0, 0)]

    def read(self, spans: "Sequence[Span]") -> "Iterator[tuple[Span, Any]]":
        """Each of the spans with its table. Spans are given, and read, in order."""
        for place, file in enumerate(self.files):
            own = [span for span in spans if span.file == place]
            if own:
                yield from self._read_file(file, own)

    def _read_file(self, file: SourceFile, spans: "list[Span]") -> "Iterator[tuple[Span, Any]]":
        import pyarrow as pa

        with _opened(file.path) as parquet:
            group, row = _group_of(parquet.metadata, spans[0].start)
            groups = range(group, parquet.metadata.num_row_groups)
            names = self.schema.names
            batches = parquet.iter_batches(_BATCH, row_groups=groups, columns=names, use_threads=False)
            rows = _Rows(_readable(batches, file.path), row)
            for span in spans:
                batches_of_span = [batch.select(names) for batch in rows.take(span.start, span.stop)]
                yield span, pa.Table.from_batches(batches_of_span, self.schema)

    def name_row(self, span: Span, row: int) -> str:
        """What messages call a row of a span."""
        return f"row {span.start + row:,} of {printable(self.files[span.file].path)}"


class _Rows:
    """Consecutive batches of rows, out of which ranges are taken from front to back.

    Attributes:
        row: The row at which the rest begins.
    """

    def __init__(self, batches: "Iterator[Any]", row: int) -> None:
        self._batches = batches
        self._rest: Any = None
        self.row = row

    def take(self, start: int, stop: int) -> "list[Any]":
        """The batches of a range, with fewer rows at the end. Rows before the range are skipped."""
        found: list[Any] = []
        while self.row < stop:
            batch = next(self._batches, None) if self._rest is None else self._rest
            if batch is None:
                break
            used = min(batch.num_rows, stop - self.row)
            skipped = min(max(start - self.row, 0), used)
            if used > skipped:
                found.append(batch.slice(skipped, used - skipped))
            self._rest = batch.slice(used) if used < batch.num_rows else None
            self.row += used
        return found


def consecutive_rows(paths: "Sequence[str]", names: "list[str]") -> "Callable[[int], Any]":
    """A function that gives the next so many rows of some files as a table of these columns."""
    import pyarrow as pa

    def batches() -> "Iterator[Any]":
        for path in paths:
            with _opened(path) as parquet:
                yield from _readable(parquet.iter_batches(_BATCH, columns=names, use_threads=False), path)

    with _opened(paths[0]) as parquet:
        schema = _schema([parquet.schema_arrow.field(name) for name in names], {})
    rows = _Rows(batches(), 0)

    def take(count: int) -> Any:
        return pa.Table.from_batches([batch.select(names) for batch in rows.take(rows.row, rows.row + count)], schema)

    return take


def open_source(path: "str | os.PathLike[str]", plan: "Plan", columns: "Sequence[str] | None") -> Source:
    """The corpus at a path, without reading rows.

    `columns` are the columns that are kept; None for all. Raises CorpusError for a corpus that cannot be encoded.
    """
    place = os.fspath(path)
    where = printable(place)
    files = [_examined(*one) for one in _paths(place)]
    schema = files[0][1]
    for file, other in files[1:]:
        _check_equal(schema, other, where, file.path)
    check_columns(schema.names, plan, where)
    check_type(schema.field(plan.text_column).type, plan.text_column, where)
    kept = list(schema.names) if columns is None else [*columns]
    for name in kept:
        if name not in schema.names:
            raise CorpusError(f"{where} has no column {quote_name(name)} to keep")
    check_room(kept, plan, where, "choose another vector_column, or keep other columns only")
    # In the order of the file, whatever is kept.
    read = [field for field in schema if field.name in kept or field.name == plan.text_column]
    metadata = dict(schema.metadata or {})
    if columns is not None:
        metadata.pop(b"pandas", None)  # it describes columns that may be left out
    return Source(place, [file for file, _ in files], _schema(read, metadata), kept)


def _schema(fields: "list[Any]", metadata: "dict[bytes, bytes]") -> Any:
    import pyarrow as pa

    return pa.schema(fields, metadata)


def _paths(place: str) -> "list[tuple[str, str]]":
    """The path and the name of each file of a corpus, in the order of the names."""
    if not os.path.isdir(place):
        return [(place, os.path.basename(place))]
    found: list[tuple[str, str]] = []
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        partition = next((name for name in folders if "=" in name), None)
        if partition is not None:
            raise CorpusError(
                f"{printable(place)} has a folder {quote_name(partition)}, whose name holds a value of a column: write"
                " the corpus without partitions"
            )
        for name in names:
            if name.endswith((".parquet", ".parq", ".pq")) and not name.startswith((".", "_")):
                path = os.path.join(folder, name)
                found.append((path, os.path.relpath(path, place).replace(os.sep, "/")))
    if not found:
        raise CorpusError(f"the folder {printable(place)} has no Parquet files")
    return sorted(found, key=lambda one: one[1])


def _examined(path: str, name: str) -> "tuple[SourceFile, Any]":
    """A file, and its schema."""
    with _opened(path) as parquet:
        status = os.stat(path)
        rows, footer = parquet.metadata.num_rows, _footer(path, status.st_size)
        return SourceFile(path, name, rows, status.st_size, footer, status.st_mtime_ns), parquet.schema_arrow


def _opened(path: str) -> Any:
    """An open Parquet file. Raises CorpusError for one that is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, **_OPTIONS)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise CorpusError(f"{printable(path)} does not exist") from error
        raise CorpusError(f"{printable(path)} cannot be read as Parquet: {error}") from error
    except pa.ArrowException as error:
        raise CorpusError(f"{printable(path)} cannot be read as Parquet: {error}") from error


def _readable(batches: "Iterator[Any]", path: str) -> "Iterator[Any]":
    """The batches. Raises CorpusError for a file that is damaged."""
    import pyarrow as pa

    try:
        yield from batches
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(f"{printable(path)} cannot be read: {error}") from error


def _footer(path: str, size: int) -> str:
    """The sha256 of the footer, which ends with its own length and four letters."""
    from hashlib import sha256

    with open(path, "rb") as file:
        file.seek(size - 8)
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - 8 - length))
        return sha256(file.read()).hexdigest()


def _group_of(metadata: Any, row: int) -> "tuple[int, int]":
    """The row group that holds a row, and its own first row."""
    first = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if row < first + rows:
            return group, first
        first += rows
    return metadata.num_row_groups, first


def _check_equal(schema: Any, other: Any, where: str, path: str) -> None:
    """Raise CorpusError if a file of a folder has other columns than the first one."""
    if schema.equals(other):
        return
    one, two = ({field.name: str(field.type) for field in fields} for fields in (schema, other))
    name = next((name for name in {**one, **two} if one.get(name) != two.get(name)), None)
    what = "the order of its columns" if name is None else f"its column {quote_name(name)}"
    raise CorpusError(
        f"the files of {where} must have the same columns; {printable(path)} differs from the first file in {what}"
    )
