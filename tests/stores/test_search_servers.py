"""OpenSearch and Elasticsearch: created, checked and stamped, by a stand-in everywhere and by their own clients over HTTP."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from search_server import Refused, Store, search_server

from hypiler import ModelConfig, space, stores

MINILM = ModelConfig.from_registry("all-minilm-l6-v2")
OTHER = ModelConfig.from_registry("bge-small-en-v1.5")
LIBRARIES = {"opensearch": "opensearchpy", "elasticsearch": "elasticsearch"}


class Indices:
    """What `client.indices` is, without HTTP."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def exists(self, index: str) -> bool:
        try:
            return bool(self.store.of(index))
        except Refused:
            return False

    def create(self, index: str, body: Any = None, **parts: Any) -> Any:
        return self.store.create(index, body or parts)

    def get_mapping(self, index: str) -> Any:
        return {name: {"mappings": self.store.mappings[name]} for name in self.store.of(index)}

    def put_mapping(self, index: str, body: Any = None, meta: Any = None) -> Any:
        return self.store.put_mapping(index, body or {"_meta": meta})


class Client:
    """A client without HTTP."""

    def __init__(self, store: Store) -> None:
        self.indices = Indices(store)

    def search(self) -> None:
        """A client has it."""


@pytest.fixture(params=[(store, over) for store in LIBRARIES for over in ("stand-in", "http")], ids="-".join)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any, Store]]:
    """The name of a store, a client, and what the server holds."""
    name, over = request.param
    if over == "stand-in":
        store = Store(name)
        yield name, Client(store), store
        return
    library = pytest.importorskip(LIBRARIES[name], reason="install hypiler[test-stores]")
    kind = library.OpenSearch if name == "opensearch" else library.Elasticsearch
    with search_server(name) as (address, store), contextlib.closing(kind(address)) as client:
        yield name, client, store


def test_index_is_created_once_checked_and_refused_to_others(server: Any) -> None:
    name, client, _ = server
    record = stores.record(name, MINILM)
    with pytest.raises(stores.NotFoundError) as missing:
        stores.check(record, client, MINILM)
    assert str(missing.value) == f"{name}: the index `documents` does not exist; `stores.create` makes it"
    assert stores.create(record, client)["acknowledged"] is True
    assert stores.check(record, client, MINILM).outcome == "same"
    with pytest.raises(space.SpaceError, match="`document_length` is 256 there and 512 here; re-index"):
        stores.check(record, client, OTHER)
    with pytest.raises(stores.AlreadyExistsError, match="the index `documents` exists already and was not changed"):
        stores.create(stores.record(name, OTHER), client)
    assert stores.check(record, client, MINILM).outcome == "same"


def test_creator_that_comes_second_learns_that_the_index_exists(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name, client, store = server
    record = stores.record(name, MINILM)
    stores.create(record, client)
    real, asked = store.of, []

    def late(index: str) -> list[str]:
        asked.append(index)
        if len(asked) == 1:
            raise Refused(404, "index_not_found_exception", f"no such index [{index}]")
        return list(real(index))

    monkeypatch.setattr(store, "of", late)
    with pytest.raises(stores.AlreadyExistsError) as taken:
        stores.create(record, client)
    assert "already exists" in str(taken.value.__cause__)


def test_error_of_a_server_is_passed_on(server: Any) -> None:
    name, client, _ = server
    record = stores.record(name, MINILM)
    record["create"]["mappings"]["properties"]["embedding"]["type"] = "nothing"
    with pytest.raises(Exception, match="No handler for type on field") as refused:
        stores.create(record, client)
    assert not isinstance(refused.value, stores.AlreadyExistsError)


def test_stamp_is_written_beside_what_is_there(server: Any) -> None:
    name, client, store = server
    record = stores.record(name, MINILM)
    store.create("documents", {"mappings": {**record["create"]["mappings"], "_meta": {"owner": "search"}}})
    with pytest.raises(space.UndecidedError, match="the index has no stamp"):
        stores.check(record, client, MINILM)
    stores.write_stamp(record, client)
    assert stores.check(record, client, MINILM).outcome == "same"
    assert store.mappings["documents"]["_meta"]["owner"] == "search"
    with pytest.raises(space.SpaceError, match="the index `documents` has a stamp already"):
        stores.write_stamp(stores.record(name, OTHER), client)


def test_alias_is_checked_as_the_indices_that_it_stands_for(server: Any) -> None:
    name, client, store = server
    for index, config in (("a1", MINILM), ("a2", MINILM), ("b1", OTHER)):
        stores.create(stores.record(name, config, name=index), client)
    store.aliases = {"same": ["a1", "a2"], "mixed": ["a1", "b1"]}
    assert stores.check(stores.record(name, MINILM, name="same"), client, MINILM).outcome == "same"
    with pytest.raises(ValueError, match="`mixed` stands for indices with different `_meta`: check each of a1, b1"):
        stores.check(stores.record(name, MINILM, name="mixed"), client, MINILM)
    with pytest.raises(stores.AlreadyExistsError):
        stores.create(stores.record(name, MINILM, name="same"), client)
