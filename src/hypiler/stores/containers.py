"""The tables, collections, indexes and files of records in real stores: created, checked, stamped.

What differs between stores is in the module of each one, below `records`:

- `CLIENT`: what the client must be, in words, and the attributes by which it is recognized;
- `exists(record, client)`: whether the container exists;
- `create(record, client)`: creates it whole or not at all, and returns what the store's own client returns;
- `held(record, client)`: what an existing container holds where its stamp belongs, for `read_stamp`;
- `write_stamp(record, client)`: puts the stamp there, and keeps what is beside it.
"""

from hypiler._text import one_line
from hypiler.space import SpaceError, UndecidedError, compare
from hypiler.space import check as check_space
from hypiler.stamps.stored import UnusableError
from hypiler.stamps.stored import read_stamp as usable_stamp
from hypiler.stores.errors import AlreadyExistsError, NotFoundError
from hypiler.stores.specs import spec_of
from hypiler.stores.stamps import read_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.protocols import HasSpace
    from hypiler.space import Comparison
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Mapping

    Any = HasSpace = Comparison = object


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """Create the table, collection or index of a record, with the stamp in it.

    If it already exists, nothing is changed. If two processes create it at once, one of them gets the error.

    Args:
        record: A record from a function of this module, or the same record read from JSON.
        client: The connection or client of the store's own library, not an asynchronous one. For pgvector, a connection
            of psycopg or of another DB-API library; for sqlite-vec, one of `apsw` or `sqlite3` with the extension
            loaded; for FAISS, None for an empty index in a new file, or an index to write to the file.

    Returns:
        What the store's own client returns: the table of LanceDB, the collection of Chroma, the index of FAISS, the
        answer of Qdrant, OpenSearch and Elasticsearch; None for SQL and Milvus.

    Raises:
        AlreadyExistsError: If the container exists.
        RuntimeError: If the store did not keep the stamp.
        TypeError: If the client is not one of this store, or is asynchronous.
    """
    own = _own(record, client)
    if own.exists(record, client):
        raise AlreadyExistsError(_exists(record))
    try:
        made = own.create(record, client)
    except Exception as error:
        # Each store creates a container whole or not at all, so this one is somebody else's.
        if own.exists(record, client):
            raise AlreadyExistsError(_exists(record)) from error
        raise
    _confirm(record, read_stamp(own.held(record, client)))
    return made


def _confirm(record: "Mapping[str, Any]", held: "Any") -> None:
    """Check that a new container has this record's stamp: some stores let two creators at once both succeed."""
    if held is None:
        raise RuntimeError(f"{_named(record)} was created, but the store did not keep its stamp")
    mine = {**record["stamp"]["value"], "probe": None}
    if not isinstance(held, dict) or {**held, "probe": None} != mine:
        raise AlreadyExistsError(_exists(record))


def check(record: "Mapping[str, Any]", client: "Any", current: "HasSpace") -> "Comparison":
    """Check that the vectors in a store fit a model: read the stamp that the store holds, and compare it.

    Args:
        record: The record of the container; its store, name and field are used.
        client: As for `create`. For FAISS, None or the index.
        current: The encoder, the ModelConfig or the adapter of a framework to use with the vectors.

    Returns:
        The comparison, as `hypiler.space.check` does. Its outcome is `same` or `close`.

    Raises:
        SpaceError: If the vectors are of another space.
        UndecidedError: If too little is known, for example because there is no stamp.
        NotFoundError: If the table, collection, index or file is missing.
        TypeError: If the client is not one of this store, or is asynchronous, or if `current` is no encoder or config.
    """
    stored = _held(record, client)
    if not hasattr(current, "space"):
        raise TypeError(f"`stores.check` compares with an encoder or a ModelConfig; got {type(current).__name__}")
    # An adapter of a framework compares facts before it loads its encoder.
    own: Any = getattr(current, "check", None)
    try:
        found: Comparison = check_space(stored, current) if own is None else own(stored)
        return found
    except SpaceError as error:
        remedy = "; if you know which model made them, `stores.write_stamp` writes its stamp" if stored is None else ""
        raise type(error)(f"{_named(record)}: {error}{remedy}", error.comparison) from None


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """Write the stamp of a record into an existing table, collection or index.

    Use this for vectors that were stored without a stamp. Nothing shows which model made them, so first encode some of
    the stored texts again and compare the vectors. For FAISS, use this function instead of `faiss.write_index`: it
    writes the index as well, and `faiss.write_index` would write no stamp.

    Args:
        record: A record of the model that made the vectors.
        client: As for `create`. For FAISS, the index.

    Raises:
        SpaceError: If there is a stamp already, and it is of another space, or of another precision of the model.
        UndecidedError: If there is a stamp with a probe already, and the new stamp has none.
        NotFoundError: If the table, collection or index is missing.
        TypeError: If the client is not one of this store, or is asynchronous.
    """
    stored, new = _held(record, client), _Stamped(record)
    found = compare(stored, new)
    if found.outcome in ("different", "close"):
        raise SpaceError(f"{_named(record)} has a stamp already: {found.advice}", found)
    if _has_probe(stored) and not _has_probe(new.stamp()):
        raise UndecidedError(
            f"{_named(record)} has a stamp with a probe already, which says more than a stamp without one; make the"
            " record with `stamp=encoder.stamp()`",
            found,
        )
    _own(record, client).write_stamp(record, client)


class _Stamped:
    """What a record says that its vectors are, for a comparison."""

    def __init__(self, record: "Mapping[str, Any]") -> None:
        self._stamp: dict[str, Any] = record["stamp"]["value"]

    def space(self) -> "dict[str, Any]":
        """The stamp, as an encoder gives it."""
        return self._stamp

    def stamp(self) -> "dict[str, Any]":
        """The same, with its probe."""
        return self._stamp


def _has_probe(stored: object) -> bool:
    """Whether there is a stamp that can be read and has a probe."""
    try:
        return usable_stamp(stored).probe is not None
    except UnusableError:
        return False


def _own(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The module of the record's store, which knows the client."""
    given: Any = record
    if not isinstance(given, Mapping):
        raise TypeError(
            f"the first argument must be a record, such as `stores.qdrant(config)`; got {type(record).__name__}"
        )
    spec = spec_of(record["store"])
    own = spec.load()
    wanted, attributes = own.CLIENT
    kind = type(client).__name__
    if kind.startswith("Async"):
        raise TypeError(
            f"{spec.name} needs {wanted}, and `{kind}` is asynchronous: await its own methods with `record['create']`,"
            " and check what `record['stamp']['read']` gives with `hypiler.space.check`"
        )
    if not all(hasattr(client, name) for name in attributes):
        raise TypeError(f"{spec.name} needs {wanted}, got `{kind}`")
    return own


def _held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The stamp in the store; None if there is none."""
    own = _own(record, client)
    if not own.exists(record, client):
        raise NotFoundError(_missing(record))
    return read_stamp(own.held(record, client))


def _named(record: "Mapping[str, Any]") -> str:
    """`pgvector: the table `documents``."""
    return f"{record['store']}: the {spec_of(record['store']).container} `{one_line(record['name'], 200)}`"


def _exists(record: "Mapping[str, Any]") -> str:
    return f"{_named(record)} exists already and was not changed; use it after `stores.check`, or choose another name"


def _missing(record: "Mapping[str, Any]") -> str:
    return f"{_named(record)} does not exist; `stores.create` makes it"
