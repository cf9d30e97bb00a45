"""Containers in real stores: created once, checked, stamped; what is wrong is a clear error and changes nothing."""

import base64
import contextlib
import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden import golden
from store_drivers import DRIVERS, cases, opened, server

from hypiler import ModelConfig, space, stores
from hypiler.stores.specs import spec_of

# A store may warn of its own affairs.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
MINILM = ModelConfig.from_registry("all-minilm-l6-v2")
OTHER = ModelConfig.from_registry("bge-small-en-v1.5")
VECTORS = np.eye(384, dtype=np.float32)[:3]


class Filled:
    """A store with a container, which holds three rows.

    Attributes:
        record: The record of the container.
        client: The client of the store.
        driver: What the tests do with a store.
    """

    def __init__(self, driver: Any, record: dict[str, Any]) -> None:
        # A record that was printed and read again is as good as one that was just made.
        record = json.loads(json.dumps(record))
        self.driver, self.record, self.client = driver, record, driver.client
        driver.create(record)
        driver.insert(record, VECTORS, ["a", "b", "c"])

    def of(self, config: ModelConfig) -> dict[str, Any]:
        """The record of another config for the same container."""
        return stores.record(self.record["store"], config, name=self.record["name"])

    @property
    def stampable(self) -> Any:
        """What `write_stamp` takes: FAISS writes an index."""
        return self.driver.index if self.record["store"] == "faiss" else self.client

    def unstamped(self) -> None:
        """Make it a container of somebody who does not know hypiler."""
        name, store = self.record["name"], self.record["store"]
        if store in ("pgvector", "duckdb"):
            self.client.execute(f'COMMENT ON COLUMN "{name}"."embedding" IS NULL')
        elif store == "sqlite-vec":
            self.client.execute("DROP TABLE hypiler_spaces")
        elif store == "qdrant":
            self.client.update_collection(name, metadata={"hypiler": None})
        elif store == "chroma":
            self.client.get_collection(name, embedding_function=None).modify(metadata={"owner": "search"})
        elif store == "milvus":
            self.client.drop_collection_properties(name, property_keys=["hypiler"])
        elif store == "faiss":
            import faiss

            faiss.write_index(self.driver.index, name)
        else:
            table = self.client.open_table(name)
            rows = table.to_arrow()
            self.client.create_table(name, rows.replace_schema_metadata(None), mode="overwrite")


@contextlib.contextmanager
def filled(store: str, folder: Path) -> Iterator[Filled]:
    with opened(store, folder) as driver:
        yield Filled(driver, stores.record(store, MINILM))


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_container_is_missing_then_created_then_refused_to_another_creator(store: str, tmp_path: Path) -> None:
    record = stores.record(store, MINILM, name=None if store != "faiss" else str(tmp_path / "a.faiss"))
    word = spec_of(store).container
    with opened(store, tmp_path) as driver:
        with pytest.raises(stores.NotFoundError) as missing:
            stores.check(record, driver.client, MINILM)
        named = f"{store}: the {word} `{record['name']}`"
        assert str(missing.value) == f"{named} does not exist; `stores.create` makes it"
        driver.create(record)
        driver.insert(record, VECTORS, ["a", "b", "c"])
        with pytest.raises(stores.AlreadyExistsError) as taken:
            stores.create(record, driver.client)
        assert str(taken.value) == (
            f"{named} exists already and was not changed; use it after `stores.check`, or choose another name"
        )
        # The rows are still there.
        assert driver.search(record, VECTORS[1])[0][0] == 1
        assert stores.check(record, driver.client, MINILM).outcome == "same"


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_foreign_vectors_are_refused(store: str, tmp_path: Path, changed: Any) -> None:
    with filled(store, tmp_path) as here:
        with pytest.raises(space.SpaceError) as other:
            stores.check(here.record, here.client, OTHER)
        named = f"{store}: the {spec_of(store).container} `{here.record['name']}`"
        assert str(other.value) == (
            f"{named}: the stored vectors are of another space: `document_length` is 256 there and 512 here; re-index"
        )
        assert not isinstance(other.value, space.UndecidedError)
        prefixed = changed("all-minilm-l6-v2", document_prefix="passage: ")
        with pytest.raises(space.SpaceError, match="`document_prefix` is '' there and 'passage: ' here; re-index"):
            stores.check(here.record, here.client, prefixed)


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_container_without_a_stamp_is_undecided_until_one_is_written(store: str, tmp_path: Path) -> None:
    with filled(store, tmp_path) as here:
        here.unstamped()
        with pytest.raises(space.UndecidedError, match="the index has no stamp"):
            stores.check(here.record, here.client, MINILM)
        stores.write_stamp(here.record, here.stampable)
        assert stores.check(here.record, here.client, MINILM).outcome == "same"
        assert here.driver.search(here.record, VECTORS[2])[0][0] == 2
        # Again is no change, another space is refused, and so is a container that does not exist.
        stores.write_stamp(here.record, here.stampable)
        with pytest.raises(space.SpaceError, match="has a stamp already: the stored vectors are of another space"):
            stores.write_stamp(here.of(OTHER), here.stampable)
        assert stores.check(here.record, here.client, MINILM).outcome == "same"
        with pytest.raises(stores.NotFoundError):
            stores.write_stamp(stores.record(store, MINILM, name="nothing"), here.stampable)


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_damaged_stamp_is_undecided_and_can_be_written_again(store: str, tmp_path: Path) -> None:
    with filled(store, tmp_path) as here:
        text = json.dumps(here.record)
        broken = json.loads(text.replace('version\\":2', 'version\\":99').replace('"version": 2', '"version": 99'))
        stores.write_stamp(broken, here.stampable)
        with pytest.raises(space.UndecidedError):
            stores.check(here.record, here.client, MINILM)
        stores.write_stamp(here.record, here.stampable)
        assert stores.check(here.record, here.client, MINILM).outcome == "same"


@pytest.mark.parametrize("store", cases("qdrant"))
def test_stamp_with_a_probe_is_only_replaced_by_an_equal_one(store: str, tmp_path: Path, real: Any) -> None:
    def stamped(stamp: Any) -> dict[str, Any]:
        return stores.record(store, real.config, stamp=stamp)

    moved = copy.deepcopy(real.stamp)
    moved["bytes"]["weights"] = {"sha256": "0" * 64, "listed": False, "model": None, "precision": "fp32"}
    numbers = np.frombuffer(base64.b64decode(moved["probe"]["numbers"]), np.float16)
    moved["probe"]["numbers"] = base64.b64encode(numbers[::-1].tobytes()).decode("ascii")
    with opened(store, tmp_path) as driver:
        # `hypiler ddl` stores a stamp without a probe; the stamp of the encoder takes its place.
        stores.create(stamped(None), driver.client)
        stores.write_stamp(stamped(real.stamp), driver.client)
        stores.write_stamp(stamped(real.stamp), driver.client)
        with pytest.raises(space.UndecidedError) as weaker:
            stores.write_stamp(stamped(None), driver.client)
        assert str(weaker.value) == (
            f"{store}: the collection `documents` has a stamp with a probe already, which says more than a stamp"
            " without one; make the record with `stamp=encoder.stamp()`"
        )
        with pytest.raises(space.SpaceError, match="has a stamp already: the stored vectors are of another space: the"):
            stores.write_stamp(stamped(moved), driver.client)
        assert stores.check(stamped(None), driver.client, real.encoder).outcome == "same"
        id: Any = "all-minilm-l6-v2"
        with pytest.raises(TypeError, match="compares with an encoder or a ModelConfig; got str"):
            stores.check(stamped(None), driver.client, id)


def test_wrong_arguments_are_named() -> None:
    wanted = "the first argument must be a record, such as `stores.qdrant(config)`; got ModelConfig"
    record: Any = MINILM
    for use in (stores.create, stores.write_stamp, lambda given, client: stores.check(given, client, MINILM)):
        with pytest.raises(TypeError) as refused:
            use(record, None)
        assert str(refused.value) == wanted
    config: Any = "all-minilm-l6-v2"
    with pytest.raises(TypeError) as given:
        stores.qdrant(config)
    assert str(given.value) == "a record is made from a ModelConfig, such as `ModelConfig.from_registry(id)`; got str"


@pytest.mark.parametrize("store", cases("lancedb", "milvus", "chroma", "faiss"))
def test_printed_lines_of_python_create_what_create_creates(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(store, tmp_path) as driver:
        record = stores.record(store, MINILM)
        exec(record["ddl"], {"client": driver.client, "db": driver.client})
        assert stores.check(record, driver.client, MINILM).outcome == "same"


@pytest.mark.parametrize("store", cases("faiss"))
def test_faiss_reads_each_kind_of_file_with_a_stamp_also_mapped(store: str, tmp_path: Path) -> None:
    """As an index of FAISS has no room for a stamp, what follows the index must not disturb it."""
    import faiss

    random = np.random.default_rng(0).normal(size=(40, 384)).astype(np.float32)
    for form in spec_of(store).forms:
        path = str(tmp_path / f"{form.type}.faiss")
        record = stores.record(store, MINILM, name=path, dtype=form.dtype, index=form.index)
        index = stores.create(record, None)
        if not index.is_trained:
            index.train(random)
        index.add_with_ids(random, np.arange(40))
        stores.write_stamp(record, index)
        for flags in (0, faiss.IO_FLAG_MMAP, faiss.IO_FLAG_READ_ONLY):
            again = faiss.read_index(path, flags)
            assert again.search(random[:5], 10)[1].tolist() == index.search(random[:5], 10)[1].tolist()
        assert stores.check(record, again, MINILM).outcome == "same"


@pytest.mark.parametrize("store", cases("faiss"))
def test_faiss_writes_an_index_of_the_caller_if_it_fits(store: str, tmp_path: Path) -> None:
    import faiss

    record = stores.record(store, MINILM, name=str(tmp_path / "a.faiss"))
    with pytest.raises(ValueError, match="faiss: the index has 64 dimensions, and the record 384"):
        stores.create(record, faiss.IndexFlatIP(64))
    with pytest.raises(TypeError, match="faiss needs the index, which is written together with its stamp, got `str`"):
        stores.create(record, "a.faiss")
    assert [*tmp_path.iterdir()] == []
    index = faiss.IndexFlatIP(384)
    index.add(VECTORS)
    assert stores.create(record, index) is index
    assert [path.name for path in tmp_path.iterdir()] == ["a.faiss"]
    assert faiss.read_index(record["name"]).ntotal == 3
    # Whoever writes the file alone leaves no stamp of the vectors that were there before.
    faiss.write_index(index, record["name"])
    with pytest.raises(space.UndecidedError, match="the index has no stamp"):
        stores.check(record, None, MINILM)


@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_creator_whose_container_became_somebody_elses_learns_it(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if another process had created the same container in the same moment, and the store had let both."""
    module = spec_of(store).load()
    make = module.create

    def twice(record: Any, client: Any) -> Any:
        other = stores.record(store, OTHER, name=record["name"])
        return make(other, client)

    monkeypatch.setattr(module, "create", twice)
    with opened(store, tmp_path) as driver, pytest.raises(stores.AlreadyExistsError, match="exists already"):
        driver.create(stores.record(store, MINILM))


@pytest.mark.parametrize("store", cases("qdrant", "milvus", "chroma"))
def test_store_that_loses_the_stamp_is_an_error(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = spec_of(store).load()
    monkeypatch.setattr(module, "held", lambda record, client: None)
    with opened(store, tmp_path) as driver, pytest.raises(RuntimeError) as lost:
        driver.create(stores.record(store, MINILM))
    assert str(lost.value) == (f"{store}: the collection `documents` was created, but the store did not keep its stamp")


def test_client_of_another_library_or_an_asynchronous_one_is_refused() -> None:
    class AsyncQdrantClient:
        pass

    with pytest.raises(TypeError) as wrong:
        stores.create(stores.qdrant(MINILM), "http://localhost:6333")
    assert str(wrong.value) == golden("qdrant needs a `QdrantClient`, got `str`")
    with pytest.raises(TypeError) as waiting:
        stores.check(stores.qdrant(MINILM), AsyncQdrantClient(), MINILM)
    assert str(waiting.value) == golden(
        "qdrant needs a `QdrantClient`, and `AsyncQdrantClient` is asynchronous: await its own methods with `record['create']`, and check what `record['stamp']['read']` gives with `hypiler.space.check`"
    )


@pytest.mark.parametrize("store", cases("pgvector", "lancedb", "chroma", "faiss", "sqlite-vec"))
def test_processes_that_create_at_once_end_with_one_container(store: str, tmp_path: Path) -> None:
    """Qdrant's local mode, Milvus Lite and DuckDB let one process open a store."""
    address = ""
    if store == "chroma":
        # Two processes that make its database at once fail before they can create anything.
        with opened(store, tmp_path):
            pass
    if store == "pgvector":
        import psycopg

        address = server()
        with psycopg.connect(address, autocommit=True) as connection:
            # Without the extension: creating it is what fails first where nobody waits.
            connection.execute("DROP EXTENSION IF EXISTS vector CASCADE")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    script = str(Path(__file__).parent / "race_to_create.py")
    words = [sys.executable, "-W", "ignore", script, store, str(tmp_path), "go", address]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    racers = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=paths) for _ in range(3)]
    while len([*tmp_path.glob("ready*")]) < len(racers) and all(racer.poll() is None for racer in racers):
        time.sleep(0.01)
    (tmp_path / "go").touch()
    ends = sorted([racer.communicate(timeout=120)[0] for racer in racers])
    wins = [end for end in ends if end == "created\nsame\n"]
    assert ends == [*wins, *["exists\nsame\n"] * (3 - len(wins))]
    # Files of FAISS take each other's place, and LanceDB may let equal tables be created at once.
    assert len(wins) == 1 or (wins and store in ("faiss", "lancedb"))


@pytest.mark.parametrize("store", cases("pgvector", "duckdb", "sqlite-vec"))
def test_transaction_of_the_caller_decides_about_a_container(store: str, tmp_path: Path) -> None:
    record, other = (stores.record(store, MINILM, name=name) for name in ("undone", "kept"))
    with opened(store, tmp_path) as driver:
        driver.client.execute("BEGIN")
        stores.create(record, driver.client)
        assert stores.check(record, driver.client, MINILM).outcome == "same"
        driver.client.execute("ROLLBACK")
        with pytest.raises(stores.NotFoundError):
            stores.check(record, driver.client, MINILM)
        stores.create(other, driver.client)
        driver.client.execute("BEGIN")
        driver.client.execute("ROLLBACK")
        assert stores.check(other, driver.client, MINILM).outcome == "same"


@pytest.mark.parametrize("store", cases("pgvector", "duckdb", "sqlite-vec", "milvus"))
def test_container_whose_last_step_fails_is_not_there(store: str, tmp_path: Path) -> None:
    record = stores.record(store, MINILM)
    if store == "milvus":
        record["create"]["index"]["metric_type"] = "NOTHING"
    else:
        record["create"].append("SELECT no_such_function()")
    with opened(store, tmp_path) as driver:
        with pytest.raises(Exception, match=r"(?i)no_such_function|metric"):
            stores.create(record, driver.client)
        with pytest.raises(stores.NotFoundError):
            stores.check(record, driver.client, MINILM)
        stores.create(stores.record(store, MINILM), driver.client)


@pytest.mark.parametrize("store", cases("pgvector", "duckdb", "sqlite-vec"))
def test_table_that_is_made_by_hand_after_a_drop_has_no_stamp(store: str, tmp_path: Path) -> None:
    record, other = stores.record(store, MINILM, name="again"), stores.record(store, OTHER, name="again")
    by_hand = {"sqlite-vec": "CREATE VIRTUAL TABLE Again USING vec0(id INTEGER PRIMARY KEY, embedding FLOAT[3])"}
    plain = "CREATE TABLE again (id BIGINT, embedding FLOAT[3])"
    with opened(store, tmp_path) as driver:
        stores.create(record, driver.client)
        driver.client.execute("DROP TABLE again")
        driver.client.execute(
            by_hand.get(store, plain if store == "duckdb" else plain.replace("FLOAT[3]", "vector(3)"))
        )
        for config in (MINILM, OTHER):
            with pytest.raises(space.UndecidedError, match="has no stamp"):
                stores.check(record, driver.client, config)
        stores.write_stamp(other, driver.client)
        assert stores.check(record, driver.client, OTHER).outcome == "same"
        with pytest.raises(space.SpaceError):
            stores.check(record, driver.client, MINILM)


@pytest.mark.parametrize("store", cases("pgvector"))
def test_other_connections_to_postgresql_work(store: str, tmp_path: Path, changed: Any) -> None:
    """Whatever their rows are, and whatever their marks of parameters are in the text of a stamp."""
    import psycopg
    from psycopg.rows import dict_row, scalar_row

    config = changed("all-minilm-l6-v2", document_prefix="%s %(a)s :b $1 ? \\' ")
    kinds: list[Any] = [{}, {"row_factory": dict_row}, {"row_factory": scalar_row, "autocommit": True}]
    with opened(store, tmp_path):
        for number, options in enumerate(kinds):
            record = stores.record(store, config, name=f"t{number}")
            with psycopg.connect(server(), **options) as connection:
                stores.create(record, connection)
                assert stores.check(record, connection, config).outcome == "same"
                # No transaction stays open, and another connection sees the table.
                assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            with psycopg.connect(server()) as connection:
                with pytest.raises(stores.NotFoundError) as missing:
                    stores.check({**stores.record(store, config, name=f"t{number}", field="b")}, connection, config)
                assert str(missing.value) == f"pgvector: the table `t{number}` has no column `b`"


@pytest.mark.parametrize("driver", ["psycopg2", "pg8000", "sqlalchemy"])
@pytest.mark.parametrize("store", cases("pgvector"))
def test_other_libraries_for_postgresql_work(store: str, driver: str, tmp_path: Path, changed: Any) -> None:
    library = pytest.importorskip(driver)

    def psycopg() -> Any:
        return pytest.importorskip("psycopg").connect(server())

    config = changed("all-minilm-l6-v2", document_prefix="%s %(a)s :b $1 ? \\' ")
    record = stores.record(store, config)
    with opened(store, tmp_path):
        folder = server().partition("host=")[2]
        socket = str(next(Path(folder).glob(".s.PGSQL.*[0-9]")))
        connect: Any = {
            "psycopg2": lambda: library.connect(server()),
            # Without a pool, so that closing closes.
            "sqlalchemy": lambda: library.create_engine(
                "postgresql+psycopg://", creator=psycopg, poolclass=library.pool.NullPool
            ).raw_connection(),
            "pg8000": lambda: library.dbapi.connect("postgres", unix_sock=socket, database="postgres"),
        }[driver]
        with contextlib.closing(connect()) as connection:
            stores.create(record, connection)
            connection.commit()
        with contextlib.closing(connect()) as connection:
            assert stores.check(record, connection, config).outcome == "same"
            broken = stores.record(store, config, name="broken")
            broken["create"].append("SELECT no_such_function()")
            with pytest.raises(Exception, match="no_such_function"):
                stores.create(broken, connection)
            with pytest.raises(stores.NotFoundError):
                stores.check(broken, connection, config)


@pytest.mark.parametrize("store", cases("pgvector"))
def test_two_tables_that_are_created_at_once_are_both_created(store: str, tmp_path: Path) -> None:
    """Both begin with the extension. Without a lock, the second one fails when the first one commits."""
    import psycopg

    first, second = (stores.record(store, MINILM, name=name) for name in ("first", "second"))
    with opened(store, tmp_path) as driver, psycopg.connect(server()) as slow:
        driver.client.execute("DROP EXTENSION vector CASCADE")
        slow.execute("SELECT 1")  # opens a transaction, which `create` leaves to its caller
        stores.create(first, slow)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(stores.create, second, driver.client)
            while not slow.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                assert not waiting.done()
                time.sleep(0.01)
            slow.commit()
            waiting.result(timeout=60)
        for record in (first, second):
            assert stores.check(record, driver.client, MINILM).outcome == "same"
