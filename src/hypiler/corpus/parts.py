# pyright: basic, reportMissingImports=false
"""The part files of a run, which make it restartable.

While a corpus is encoded, the folder `OUT.parts` lies beside the output OUT:

    _job.json               what is encoded, and how: a run about something else never continues it
    _lock                   locked by the process that works here
    000000000000.parquet    the part whose first row is row 0 of the corpus
    000000002048.parquet    …

A part is written under a temporary name, flushed to the disk and renamed: it is there whole, or not at all. So the
parts that are there are all that a restarted run must know. At the end, they are joined in a temporary file, which is
renamed to OUT; or the folder itself is renamed, if the output is to be a folder of parts, whose readers pass over names
that begin with `_`. Parquet has its footer at the end of the file, so a file that is not complete could not be read,
and nothing could be appended to it.
"""

import json
import os
import re
from typing import TYPE_CHECKING, Any

from hypiler.corpus.errors import CorpusError, UnwritableError
from hypiler.diagnostics.escaping import printable, quote_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from hypiler.corpus.source import Span

FACTS = b"hypiler.part"
"""The key in a part's footer of what later runs must know of it."""
JOB, _LOCK = "_job.json", "_lock"
_OWN = re.compile(r"(\d{12}\.parquet|_job\.json|joined)(\.tmp)?|_lock")
# A row group of the joined file has about so many bytes in memory, or rows.
_GROUP_BYTES, _GROUP_ROWS = 16 << 20, 1 << 17


def parts_folder(target: str) -> str:
    """The folder with the parts of an output."""
    return f"{target.rstrip(os.sep)}.parts"


class Parts:
    """The folder of parts, locked for this process. Use it as a context.

    Attributes:
        target: The output.
        folder: The folder.
        job: What an interrupted run has written to `job.json`; None for a new folder.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.folder: str = parts_folder(target)
        self._lock: int | None = None
        self.job: dict[str, Any] | None = None

    def __enter__(self) -> "Self":
        self._check_place()
        with _told(self.folder):
            os.makedirs(self.folder, exist_ok=True)
            self._check_own()
            self._lock = _locked(os.path.join(self.folder, _LOCK), self.target)
            self._sweep()
        self.job = self._read_job()
        return self

    def __exit__(self, kind: "type[BaseException] | None", error: object, trace: "TracebackType | None") -> None:
        self._close()

    def _close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check_place(self) -> None:
        """Raise CorpusError if something else has the name of the folder, or if a link leads to one elsewhere."""
        if os.path.lexists(self.folder) and (os.path.islink(self.folder) or not os.path.isdir(self.folder)):
            raise CorpusError(
                f"{printable(self.folder)} must be a folder, for the parts of {printable(self.target)}: move it away,"
                " or choose another output"
            )

    def _check_own(self) -> None:
        """Raise CorpusError if the folder has files that no run writes."""
        other = next((name for name in sorted(os.listdir(self.folder)) if not _OWN.fullmatch(name)), None)
        if other is not None:
            raise CorpusError(
                f"{printable(self.folder)} must hold parts of {printable(self.target)} alone, and has"
                f" {quote_name(other)}: move it away"
            )

    def _sweep(self) -> None:
        """Remove temporary files of a run that was killed."""
        for name in os.listdir(self.folder):
            if name.endswith(".tmp"):
                os.unlink(os.path.join(self.folder, name))

    def _read_job(self) -> "dict[str, Any] | None":
        """The job; None for a folder without parts, and empty for a damaged one, which no run continues."""
        try:
            with open(os.path.join(self.folder, JOB), "rb") as file:
                found: Any = json.load(file)
        except FileNotFoundError:
            # Of parts without their job, nobody knows what made them.
            return {} if any(name.endswith(".parquet") for name in os.listdir(self.folder)) else None
        except (ValueError, RecursionError):
            return {}
        rows = found.get("rows_per_part") if isinstance(found, dict) else None
        return found if type(rows) is int and rows > 0 else {}

    def clear(self) -> None:
        """Remove all parts, and then the job, so that no part is ever without its job."""
        with _told(self.folder):
            for name in sorted(os.listdir(self.folder)):
                if name != _LOCK:
                    os.unlink(os.path.join(self.folder, name))
        self.job = None

    def start(self, job: "Mapping[str, Any]") -> None:
        """Write the job of a new folder, before its first part."""
        self.job = dict(job)
        with _told(self.folder), _Temporary(os.path.join(self.folder, JOB)) as temporary:
            with open(temporary.path, "xb") as file:
                file.write(json.dumps(self.job, indent=1).encode())
            temporary.publish()

    def path(self, span: "Span") -> str:
        """The path of a part."""
        return os.path.join(self.folder, f"{span.first:012}.parquet")

    def has(self, span: "Span") -> bool:
        """Whether a part is there, and so complete."""
        return os.path.exists(self.path(span))

    def write(self, span: "Span", table: Any, facts: "Mapping[str, Any]") -> None:
        """Write a part, with facts about it in its footer. Raises UnwritableError if the disk is full, or the like."""
        with _told(self.target), _Temporary(self.path(span)) as temporary:
            with _writer(temporary.path, table.schema) as writer:
                writer.write_table(table)
                writer.add_key_value_metadata({FACTS: json.dumps(dict(facts)).encode()})
            temporary.publish()

    def facts(self, span: "Span") -> "dict[str, Any]":
        """What was written about a part."""
        return read_facts(self.path(span))

    def join(self, spans: "Iterable[Span]", schema: Any, facts: "Mapping[str, Any]") -> None:
        """Join the parts into the output, which appears when it is complete; then remove the folder.

        `facts` are written to the footer, as those of a part.
        """
        temporary = _Temporary(os.path.join(self.folder, "joined"), self.target)
        with _told(self.target), temporary:
            with _writer(temporary.path, schema) as writer:
                for group in _groups(self._tables(spans, schema)):
                    writer.write_table(group)
                writer.add_key_value_metadata({FACTS: json.dumps(dict(facts)).encode()})
            temporary.publish()
        self.remove()

    def _tables(self, spans: "Iterable[Span]", schema: Any) -> "Iterator[Any]":
        import pyarrow as pa
        import pyarrow.parquet as pq

        for span in spans:
            try:
                with pq.ParquetFile(self.path(span)) as file:
                    table = file.read(use_threads=False)
            except (OSError, pa.ArrowException) as error:
                raise _damaged(self.path(span), error) from error
            if table.num_rows != span.rows:
                raise _damaged(self.path(span), f"it has {table.num_rows} rows instead of {span.rows}")
            yield table.cast(schema)

    def rename(self) -> None:
        """Make the folder itself the output: it appears when it is complete."""
        with _told(self.target):
            os.rename(self.folder, self.target)
            _flush_folder(self.target)
            clean(self.target)
            self._close()

    def remove(self) -> None:
        """Remove the folder. The lock goes last, so that nobody starts a run here meanwhile."""
        with _told(self.folder):
            self.clear()
            os.unlink(os.path.join(self.folder, _LOCK))
            self._close()
            os.rmdir(self.folder)


def read_facts(path: str) -> "dict[str, Any]":
    """What was written about a part, or about the parts that were joined to a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found: dict[str, Any] = json.loads(pq.read_metadata(path).metadata[FACTS])
        return found
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise _damaged(path, error) from error


def clean(folder: str) -> None:
    """Remove what only a run needs from a folder that has become the output."""
    for name in (JOB, _LOCK):
        if os.path.exists(place := os.path.join(folder, name)):
            os.unlink(place)


class _Temporary:
    """A file that is written under a temporary name beside its own. What is not published is removed.

    Attributes:
        path: The temporary name.
    """

    def __init__(self, beside: str, target: str = "") -> None:
        self.path = f"{beside}.tmp"
        self._target = target or beside

    def __enter__(self) -> "Self":
        return self

    def publish(self) -> None:
        """Flush the file to the disk and give it its name."""
        file = os.open(self.path, os.O_RDWR)
        try:
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(self.path, self._target)
        _flush_folder(self._target)

    def __exit__(self, kind: "type[BaseException] | None", error: object, trace: "TracebackType | None") -> None:
        if os.path.lexists(self.path):
            os.unlink(self.path)


class _told:
    """A block in which an error of the system becomes an UnwritableError that says how to go on."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: "type[BaseException] | None", error: object, trace: "TracebackType | None") -> None:
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            raise UnwritableError(
                f"{printable(self._path)} cannot be written ({why}); what is encoded so far is kept in"
                f" {printable(self._path.removesuffix('.parts'))}.parts: run the same again to go on"
            ) from error


def _damaged(path: str, error: object) -> CorpusError:
    return CorpusError(f"the part {printable(path)} is damaged ({error}): delete it and run the same again")


def _writer(path: str, schema: Any) -> Any:
    """A writer of a Parquet file. Texts repeat, and vectors do not, so a dictionary of them only costs time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = [field.name for field in schema if not pa.types.is_nested(field.type)]
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=plain)


def _groups(tables: "Iterable[Any]") -> "Iterator[Any]":
    """Tables joined to larger ones, each of which becomes a row group."""
    import pyarrow as pa

    held: list[Any] = []
    for table in tables:
        held.append(table)
        full = sum(one.nbytes for one in held) >= _GROUP_BYTES or sum(one.num_rows for one in held) >= _GROUP_ROWS
        if full:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _locked(path: str, target: str) -> int:
    """Lock a file until the descriptor is closed or the process dies. Raises CorpusError if another process has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _try_lock(file):
            raise CorpusError(f"another process is writing {printable(target)}: wait for it, or choose another output")
        if not (os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path))):
            raise CorpusError(f"another process has just written {printable(target)}")
    except BaseException:
        os.close(file)
        raise
    return file


def _try_lock(file: int) -> bool:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return _try_lock_on_windows(file)
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_on_windows(file: int) -> bool:
    import msvcrt

    locking: Any = getattr(msvcrt, "locking")  # noqa: B009 - checkers of other systems do not know it
    try:
        locking(file, getattr(msvcrt, "LK_NBLCK"), 1)  # noqa: B009
    except OSError:
        return False
    return True


def _flush_folder(path: str) -> None:
    """Flush the folder of a file, so that the file keeps its new name if the machine loses power."""
    if os.name == "nt":
        return
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
