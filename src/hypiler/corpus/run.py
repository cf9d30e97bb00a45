# pyright: basic, reportMissingImports=false
"""Encodes a corpus of Parquet files into a Parquet file, with a restart after any interruption."""

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any

from hypiler import space
from hypiler.corpus.errors import CorpusError, UnwritableError
from hypiler.corpus.parts import JOB, Parts, clean, parts_folder, read_facts
from hypiler.corpus.plan import Plan
from hypiler.corpus.source import consecutive_rows, open_source
from hypiler.corpus.tables import TableEncoder, engines, no_vectors, plain_texts, texts_of
from hypiler.diagnostics.escaping import printable
from hypiler.stores.stamps import KEY, read_stamp, stamp_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hypiler.corpus.source import Source, Span
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from collections.abc import Mapping, Sequence

_ROWS = {"multi_vector": 256}
_DEFAULT_ROWS = 2_048
_DIGEST = b"hypiler.job"
_CHANGED = b"hypiler.corpus_changed"
_VERSION = 1
# Vectors whose bytes nobody sees, such as those of a server, move by so much from run to run.
_CLOSE = 1 - space.CLOSE_SERVED


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes:
        output: The path of the output.
        rows: The rows of the output.
        encoded: The rows that this run encoded.
        resumed: The rows that earlier runs had encoded.
        nulls: The rows without a text, whose vector is null.
        truncated: The texts that were longer than the limit of the model.
        seconds: How long this run encoded, without the time to load the model.
        model: The id of the model.
        dimension: The width of the vectors.
        space_id: The id of their space; None if it is unknown.
    """

    output: str
    rows: int
    encoded: int
    resumed: int
    nulls: int
    truncated: int
    seconds: float
    model: str
    dimension: int
    space_id: str | None

    def to_dict(self) -> "dict[str, Any]":
        """The report as JSON types."""
        return asdict(self)


def encode_parquet(
    source: "str | os.PathLike[str]",
    target: "str | os.PathLike[str]",
    model: "Any",
    *,
    text_column: str = "text",
    vector_column: str = "embedding",
    columns: "Sequence[str] | None" = None,
    side: str = "document",
    dtype: str = "float32",
    nulls: str = "error",
    batch_size: int = 32,
    rows_per_part: int | None = None,
    parts: bool = False,
    force: bool = False,
    start_over: bool = False,
    progress: bool | None = None,
    load: "Mapping[str, Any] | None" = None,
) -> Report:
    """Encode the texts of a Parquet file, or of a folder of them, into a Parquet file with a column of vectors.

    The memory that this needs does not grow with the corpus. If the process ends early, the same call goes on where it
    stopped: the finished rows are in the folder `TARGET.parts` until the output is complete. The stamp of the vector
    space is in the metadata of the output and of its column of vectors, where `hypiler.stores.read_stamp` finds it.

    Args:
        source: A Parquet file, or a folder whose Parquet files are read in the order of their names.
        target: The output, which appears when it is complete.
        model: A ModelConfig, which is loaded when the files have been checked, or an encoder.
        text_column: The column with the texts.
        vector_column: The name of the new column. It is the last one.
        columns: The columns that the output keeps, in the order of the source; None for all.
        side: Whether texts are encoded as "document" or as "query".
        dtype: The type of the numbers: "float32" or "float16".
        nulls: What to do with a row without a text: "error", or "keep" it with a null vector.
        batch_size: How many texts the network gets at once.
        rows_per_part: The rows of one part, which is the most that an interruption can lose. By default the number of
            the interrupted run; for a new run 2,048, or 256 for multi-vectors.
        parts: Whether the output is a folder of part files instead of one file.
        force: Whether an existing output file is replaced.
        start_over: Whether parts of an interrupted run are removed first.
        progress: Whether a progress bar is shown, with an estimate; None: only on a terminal.
        load: The arguments of `ModelConfig.load`, such as `{"engine": "onnx"}`.

    If the same call has already made the output, nothing is done. Warns once with TruncationWarning if texts were
    longer than the limit of the model.

    Raises:
        CorpusError: For a corpus that cannot be encoded, and for an interrupted run that encoded something else:
            another corpus, by another model, or with other arguments.
        UnwritableError: For a full disk and the like, and if a library is missing. It is a CorpusError.
        EngineError: If the model cannot be loaded.
    """
    require_libraries()
    plan = Plan(text_column, vector_column, side, dtype, nulls, batch_size)
    if rows_per_part is not None and (type(rows_per_part) is not int or rows_per_part < 1):
        raise CorpusError(f"rows_per_part must be a positive integer, got {rows_per_part!r}")
    corpus = open_source(source, plan, columns)
    place = _place_of(target, parts=parts)
    _check_places(corpus, place, parts=parts)
    encoder = _loaded(model, load or {}) if hasattr(model, "load") else model
    run = _Run(corpus, TableEncoder(encoder, plan), place, rows_per_part)
    if run.is_complete(parts=parts) and (not force or parts or os.path.isdir(parts_folder(place))):
        return run.tidy(parts=parts)
    _check_free(place, parts=parts, force=force)
    return run.go(parts=parts, start_over=start_over, progress=progress)


def _loaded(config: "Any", load: "Mapping[str, Any]") -> "Any":
    """The encoder of a config. A reranker is refused before its weights are downloaded."""
    if config.model is not None and config.space()["document"]["encoder"] == "reranker":
        raise CorpusError(no_vectors(config.model.id))
    return config.load(**load)


def require_libraries() -> None:
    """Raise UnwritableError unless the libraries of the extra `encode` are there."""
    try:
        import pyarrow.parquet  # noqa: F401
        from tqdm import tqdm  # noqa: F401
    except ImportError as error:
        from hypiler._missing import missing_library

        raise UnwritableError(missing_library(error, "hypiler[encode]")) from error


def _place_of(target: "str | os.PathLike[str]", *, parts: bool) -> str:
    """The path of the output; that of a folder may end with a slash. Raises CorpusError for a path without a name."""
    place = os.fspath(target)
    place = place.rstrip(os.sep) if parts else place
    if not os.path.basename(place):
        raise CorpusError(
            f"the output must be the path of a {'folder' if parts else 'file'}, got {os.fspath(target)!r}"
        )
    return place


def _check_places(corpus: "Source", target: str, *, parts: bool) -> None:
    """Raise CorpusError if the output would change the corpus, or cannot be written where it shall be."""
    shown = printable(target)
    if os.path.exists(target) and os.path.samefile(corpus.path, target):
        raise CorpusError(f"the output {shown} is the corpus itself: choose another output")
    inside = os.path.join(os.path.realpath(corpus.path), "")
    if os.path.isdir(corpus.path) and os.path.realpath(target).startswith(inside):
        raise CorpusError(f"the output {shown} lies in the folder of the corpus, which is read whole: choose another")
    if os.path.isdir(target) and not (parts and _digest_in(target)):
        raise CorpusError(f"the output {shown} is a folder: remove it, or choose another output")
    folder = os.path.dirname(target) or "."
    if not os.path.isdir(folder):
        raise CorpusError(f"the folder {printable(folder)} of the output does not exist")


def _check_free(target: str, *, parts: bool, force: bool) -> None:
    """Raise CorpusError if the output is there already. Only a file can be replaced in one step."""
    if not os.path.lexists(target) or (force and not parts):
        return
    remedy = "remove it" if parts else "replace it with force"
    raise CorpusError(f"{printable(target)} exists: {remedy}, or choose another output")


class _Run:
    """One corpus, one model and one output."""

    def __init__(self, corpus: "Source", tables: TableEncoder, target: str, rows_per_part: int | None) -> None:
        self.corpus, self.tables, self.target = corpus, tables, target
        self.rows_per_part = rows_per_part
        self.stamp: dict[str, Any] = tables.encoder.stamp()

    def job(self, rows_per_part: int) -> "dict[str, Any]":
        """What must be the same in a run that continues this one, and the state of the files."""
        plan = asdict(self.tables.plan)
        # It moves vectors by less than their precision, and may be what a restart must change.
        del plan["batch_size"]
        return {
            "version": _VERSION,
            "corpus": [file.identity() for file in self.corpus.files],
            "options": {**plan, "columns": self.corpus.kept},
            "rows_per_part": rows_per_part,
            "changed": [file.changed for file in self.corpus.files],
            "stamp": self.stamp,
        }

    def digest(self) -> str:
        """Identifies what is encoded and how, without the model, whose space is compared."""
        job = self.job(0)
        return sha256(json.dumps([job[name] for name in ("version", "corpus", "options")]).encode()).hexdigest()

    def schema(self) -> "Any":
        """The schema of the output, with the stamp in its metadata and in that of the column of vectors."""
        import pyarrow as pa

        stamp = {self.tables.plan.stamp_key.encode(): stamp_json(self.stamp).encode()}
        field = pa.field(self.tables.plan.vector_column, self.tables.type.arrow(), metadata=stamp)
        kept = [field for field in self.corpus.schema if field.name in self.corpus.kept]
        metadata = {
            **(self.corpus.schema.metadata or {}),
            **stamp,
            _DIGEST: self.digest().encode(),
            _CHANGED: self.changed(),
        }
        return pa.schema([*kept, field], metadata)

    # ---- an output that is complete ----

    def is_complete(self, *, parts: bool) -> bool:
        """Whether the output is there, and was made of this corpus by this model in this way."""
        if not os.path.exists(self.target) or os.path.isdir(self.target) != parts:
            return False
        found = _metadata_in(self.target)
        stamp = read_stamp({KEY: found.get(self.tables.plan.stamp_key.encode())})
        if found.get(_DIGEST) != self.digest().encode() or not _is_same(stamp, self.tables.encoder):
            return False
        return found.get(_CHANGED) == self.changed() or self._has_rows_of_corpus()

    def changed(self) -> bytes:
        """Identifies when the files of the corpus were last written."""
        return sha256(json.dumps([file.changed for file in self.corpus.files]).encode()).hexdigest().encode()

    def _has_rows_of_corpus(self) -> bool:
        """Whether the output has the rows of a corpus that has been written since. Without the texts, nobody knows."""
        kept = self.corpus.kept
        if self.tables.plan.text_column not in kept:
            return False
        rows = consecutive_rows(_files_of(self.target), kept)
        spans = self.corpus.spans(_DEFAULT_ROWS)
        return all(_are_equal(rows(span.rows), table.select(kept)) for span, table in self.corpus.read(spans))

    def tidy(self, *, parts: bool) -> Report:
        """Remove what a run that was killed at its very end has left, and report."""
        if os.path.isdir(parts_folder(self.target)):
            with Parts(self.target) as folder:
                if folder.job is None or self._is_own(folder.job):
                    folder.remove()
        if parts:
            clean(self.target)
        return self._report(0, self.corpus.rows, _sums([read_facts(path) for path in _files_of(self.target)]), 0.0)

    def _is_own(self, job: "Mapping[str, Any]") -> bool:
        """Whether an interrupted run was about the same. What another one has encoded is not for this one to remove."""
        try:
            self._check_same(job)
        except CorpusError:
            return False
        return True

    # ---- an output that is not ----

    def go(self, *, parts: bool, start_over: bool, progress: bool | None) -> Report:
        """Encode what is missing, and write the output."""
        with Parts(self.target) as folder:
            if start_over:
                folder.clear()
            fresh = folder.job is None
            rows = self._choose_rows(folder.job)
            if fresh:
                folder.start(self.job(rows))
            spans = self.corpus.spans(rows)
            changed = not fresh and self._continue(folder)
            missing = [span for span in spans if not folder.has(span)]
            there = self.corpus.rows - sum(span.rows for span in missing)
            start = monotonic()
            with _bar(self.corpus.rows, there, progress) as bar:
                if changed:
                    self._compare(folder, [span for span in spans if folder.has(span)])
                for span, table in self.corpus.read(missing):
                    self._encode(folder, span, table, bar.update)
            seconds = monotonic() - start
            facts = _sums([folder.facts(span) for span in spans])
            if parts:
                folder.rename()
            else:
                folder.join(spans, self.schema(), facts)
        return self._report(self.corpus.rows - there, there, facts, seconds)

    def _choose_rows(self, job: "dict[str, Any] | None") -> int:
        """The rows per part: what an interrupted run had, what the caller says, or the default of the kind."""
        before = (job or {}).get("rows_per_part")
        if before is None:
            return self.rows_per_part or _ROWS.get(self.tables.type.kind, _DEFAULT_ROWS)
        if self.rows_per_part not in (None, before):
            raise CorpusError(
                f"{self._interrupted()} has {before} rows per part, not {self.rows_per_part}: leave rows_per_part out,"
                f" or {_START_OVER}"
            )
        return int(before)

    def _interrupted(self) -> str:
        return f"the interrupted run in {printable(parts_folder(self.target))}"

    def _continue(self, folder: Parts) -> bool:
        """Check that an interrupted run was about the same; whether files of the corpus have been written since."""
        found = folder.job or {}
        self._check_same(found)
        # One stamp for all vectors, whichever run made them.
        self.stamp = found["stamp"]
        return bool(found.get("changed") != [file.changed for file in self.corpus.files])

    def _check_same(self, found: "Mapping[str, Any]") -> None:
        """Raise CorpusError unless an interrupted run was about the same."""
        wanted = self.job(0)
        version = f"was made by another version of hypiler, or its {JOB} is missing or damaged"
        for name, what in (("version", version), ("corpus", "encodes another corpus")):
            if found.get(name) != wanted[name]:
                raise CorpusError(f"{self._interrupted()} {what}: {_START_OVER}")
        held = found.get("options")
        options: dict[str, Any] = held if isinstance(held, dict) else {}
        for name, value in wanted["options"].items():
            if options.get(name) != value:
                raise CorpusError(
                    f"{self._interrupted()} has {name} = {options.get(name)!r}, not {value!r}: use the same, or"
                    f" {_START_OVER}"
                )
        if not _is_same(found.get("stamp"), self.tables.encoder):
            advice = space.compare(found.get("stamp"), self.tables.encoder).advice
            raise CorpusError(f"{self._interrupted()} was made by another model ({advice}): {_START_OVER}")

    def _compare(self, folder: Parts, spans: "Sequence[Span]") -> None:
        """Raise CorpusError if parts hold other rows than the corpus, whose files have been written meanwhile."""
        import pyarrow.parquet as pq

        for span, table in self.corpus.read(spans):
            kept = table.select(self.corpus.kept)
            part = pq.read_table(folder.path(span), columns=self.corpus.kept, partitioning=None)
            if not _are_equal(part, kept) or folder.facts(span)["texts"] != self._texts(table, span)[1]:
                raise CorpusError(
                    f"{printable(self.corpus.files[span.file].path)} has changed since {self._interrupted()}:"
                    f" {_START_OVER}"
                )

    def _encode(self, folder: Parts, span: "Span", table: "Any", done: "Callable[[int], object]") -> None:
        """Encode the rows of a span, and write them as a part."""
        texts, digest = self._texts(table, span)
        before = self.tables.encoder.truncated
        vectors = self.tables.column(texts, lambda row: self.corpus.name_row(span, row), done)
        facts = {
            "nulls": texts.null_count,
            "truncated": self.tables.encoder.truncated - before,
            "texts": digest,
        }
        schema = self.schema()
        made = table.select(self.corpus.kept).append_column(schema.field(len(schema) - 1), vectors)
        folder.write(span, made.replace_schema_metadata(schema.metadata), facts)

    def _texts(self, table: "Any", span: "Span") -> "tuple[Any, str]":
        """The texts of a span as one array, and their sha256."""
        column = table.column(self.tables.plan.text_column)
        texts = plain_texts(column)
        found = sha256()
        for text in texts_of(texts, lambda row: self.corpus.name_row(span, row)):
            data = None if text is None else text.encode()
            found.update(b"-" if data is None else b"%d:%b" % (len(data), data))
        return texts, found.hexdigest()

    def _report(self, encoded: int, resumed: int, facts: "Mapping[str, int]", seconds: float) -> Report:
        contract = self.tables.encoder.contract
        if facts["truncated"]:
            self._warn(facts["truncated"])
        return Report(
            output=self.target,
            rows=self.corpus.rows,
            encoded=encoded,
            resumed=resumed,
            nulls=facts["nulls"],
            truncated=facts["truncated"],
            seconds=round(seconds, 3),
            model=contract.id,
            dimension=contract.dimension,
            space_id=self.stamp["space_id"],
        )

    def _warn(self, truncated: int) -> None:
        from warnings import warn

        from hypiler._callers import stacklevel

        are = "was" if truncated == 1 else "were"
        warn(
            f"{truncated:,} of {self.corpus.rows:,} text{'s' * (self.corpus.rows != 1)} {are} truncated to"
            f" {self.tables.limit:,} tokens, the limit of `{self.tables.encoder.contract.id}`",
            engines().TruncationWarning,
            stacklevel=stacklevel(),
        )


_START_OVER = "start over, which removes what it has done, or choose another output"


def _sums(facts: "Sequence[Mapping[str, int]]") -> "dict[str, int]":
    return {name: sum(one[name] for one in facts) for name in ("nulls", "truncated")}


def _is_same(stamp: object, encoder: "Any") -> bool:
    """Whether vectors of an encoder may stand beside those of a stamp: the same, or as a server repeats them."""
    found = space.compare(stamp, encoder)
    return found.outcome == "same" or (found.outcome == "close" and (found.cosine or 0) >= _CLOSE)


def _are_equal(one: "Any", other: "Any") -> bool:
    """Whether two tables have the same values. NaN equals NaN here, and dictionaries may have other orders."""
    return one.num_rows == other.num_rows and all(
        a.equals(b) or repr(a.to_pylist()) == repr(b.to_pylist())
        for a, b in zip(one.columns, other.columns, strict=True)
    )


def _files_of(target: str) -> "list[str]":
    """The Parquet files of an output, in the order of their rows."""
    if not os.path.isdir(target):
        return [target]
    return [os.path.join(target, name) for name in sorted(os.listdir(target)) if name.endswith(".parquet")]


def _metadata_in(target: str) -> "dict[bytes, bytes]":
    """The metadata of an output; empty if it has none, or is no Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return dict(pq.read_schema(_files_of(target)[0]).metadata or {})
    except (OSError, IndexError, pa.ArrowException):
        return {}


def _digest_in(target: str) -> bytes | None:
    return _metadata_in(target).get(_DIGEST)


def _bar(rows: int, done: int, progress: bool | None) -> "AbstractContextManager[Any]":
    """A progress bar, whose estimate counts the rows of this run alone."""
    import sys

    from tqdm import tqdm

    shown = sys.stderr.isatty() if progress is None else progress
    bar: AbstractContextManager[Any] = tqdm(
        total=rows, initial=done, desc="encoding", unit="row", unit_scale=True, disable=not shown
    )
    return bar
