"""Asynchronous clients are refused by name, and what the pages of their stores say instead works."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from search_server import search_server
from store_drivers import cases, opened, server

from hypiler import ModelConfig, stores

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
MINILM = ModelConfig.from_registry("all-minilm-l6-v2")


async def pgvector(record: Any, folder: Path) -> Any:
    import psycopg

    with opened("pgvector", folder):
        connection = await psycopg.AsyncConnection.connect(server(), autocommit=True)
        refused(record, connection)
        for statement in record["create"]:
            await connection.execute(statement)
        cursor = await connection.execute(record["stamp"]["read"])
        row: Any = await cursor.fetchone()
        await connection.close()
        return row[0]


async def qdrant(record: Any, folder: Path) -> Any:
    from qdrant_client import AsyncQdrantClient, models

    client = AsyncQdrantClient(":memory:")
    refused(record, client)
    body = models.CreateCollection(**record["create"])
    vectors: Any = body.vectors
    await client.create_collection("documents", vectors_config=vectors, metadata=body.metadata)
    return (await client.get_collection("documents")).config.metadata


async def lancedb(record: Any, folder: Path) -> Any:
    import lancedb

    db = await lancedb.connect_async(str(folder))
    refused(record, db)
    names: dict[str, Any] = {}
    lines = "".join([f"    {line}\n" for line in record["ddl"].replace("db.create", "await db.create").splitlines()])
    exec(f"async def create(db):\n{lines}    return table\n", names)
    table = await names["create"](db)
    return (await table.schema()).metadata


async def opensearch(record: Any, folder: Path) -> Any:
    from opensearchpy import AsyncOpenSearch

    with search_server("opensearch") as (address, _):
        client = AsyncOpenSearch(address)
        refused(record, client)
        await client.indices.create(index="documents", body=record["create"])
        mapping = await client.indices.get_mapping(index="documents")
        await client.close()
        return mapping["documents"]["mappings"]["_meta"]


async def elasticsearch(record: Any, folder: Path) -> Any:
    from elasticsearch import AsyncElasticsearch

    with search_server("elasticsearch") as (address, _):
        client = AsyncElasticsearch(address)
        refused(record, client)
        await client.indices.create(index="documents", **record["create"])
        mapping = await client.indices.get_mapping(index="documents")
        await client.close()
        return mapping["documents"]["mappings"]["_meta"]


def refused(record: Any, client: Any) -> None:
    """Nothing is created by a call that nobody awaits."""
    uses: list[Any] = [stores.create, stores.write_stamp, lambda record, client: stores.check(record, client, MINILM)]
    for use in uses:
        with pytest.raises(TypeError, match=f"`{type(client).__name__}` is asynchronous: await its own methods"):
            use(record, client)


WAYS: dict[str, Callable[[Any, Path], Awaitable[Any]]] = {
    one.__name__: one for one in (pgvector, qdrant, lancedb, opensearch, elasticsearch)
}


@pytest.mark.parametrize("store", cases(*WAYS))
def test_asynchronous_client_is_refused_and_creates_by_the_record(store: str, tmp_path: Path) -> None:
    async def run() -> Any:
        return await WAYS[store](stores.record(store, MINILM), tmp_path)

    assert stores.read_stamp(asyncio.run(run())) == MINILM.space()
