"""FAISS: the arguments of its factory, and a stamp at the end of the file.

An index has no room for a stamp. FAISS reads a file up to the end of the index, so the stamp is one more line after it:
the two cannot part, and whoever writes the file without hypiler leaves no stamp in it.
"""

import os
from importlib import import_module
from pathlib import Path

from hypiler.stores.names import file_path
from hypiler.stores.queries import PLACE
from hypiler.stores.records.common import HIGHER, LIMIT, LOWER, parts, score
from hypiler.stores.specs import FLOAT32, spec_of
from hypiler.stores.stamps import KEY, stamp_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.stores.plan import Plan
    from hypiler.stores.specs import Form

CLIENT: tuple[str, tuple[str, ...]] = ("None or an index", ())
_END = 1 << 20
_TRAIN = "train the index before adding vectors: index.train(vectors)"
_SCORES = {"cosine": "cosine", "dot": "dot", "euclidean": "squared distance"}


def build(plan: "Plan", form: "Form", metric: str, name: str, field: str) -> "dict[str, Any]":
    """The factory, which divides vectors by their length where cosine needs it, and the place of the stamp."""
    word = spec_of("faiss").metrics[metric]
    normalize = "L2norm," if metric == "cosine" and not plan.has_unit_length else ""
    factory = f"IDMap2,{normalize}{form.type}"
    must_train = form.dtype != FLOAT32
    path, stamp = file_path(name), stamp_json({KEY: plan.stamp})
    return parts(
        type=form.type,
        metric=word,
        create={"dimension": plan.dimension, "factory": factory, "metric": word},
        query={"x": [PLACE], "k": LIMIT},
        score=score(_SCORES[metric], LOWER if metric == "euclidean" else HIGHER),
        stamp={
            "place": f"the last line of the file {path}",
            "write": f"\n{stamp}\n",
            "read": f"Path({path!r}).read_bytes().splitlines()[-1]",
        },
        notes=["write the stamp whenever the index is written", *([_TRAIN] if must_train else [])],
        ddl=(
            "import faiss\n\n"
            f"index = faiss.index_factory({plan.dimension}, {factory!r}, faiss.{word})\n"
            f"stamp = {stamp!r}\n\n"
            "# after adding vectors:\n"
            f"faiss.write_index(index, {path!r})\n"
            f'with open({path!r}, "a") as file:\n'
            '    file.write(f"\\n{stamp}\\n")\n'
        ),
    )


def exists(record: "Mapping[str, Any]", client: "Any") -> bool:
    """Whether there is a file of this name."""
    return Path(record["name"]).exists()


def create(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """An empty index, or the caller's, in a new file."""
    faiss, parts = import_module("faiss"), record["create"]
    index = client
    if index is None:
        index = faiss.index_factory(parts["dimension"], parts["factory"], getattr(faiss, parts["metric"]))
    write_stamp(record, index)
    return index


def held(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The last line of the file."""
    with Path(record["name"]).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
        return file.read().rstrip(b"\n").rpartition(b"\n")[2]


def write_stamp(record: "Mapping[str, Any]", client: "Any") -> None:
    """The index and its stamp, in a new file that takes the place of an older one."""
    if not hasattr(client, "ntotal"):
        raise TypeError(
            f"faiss needs the index, which is written together with its stamp, got `{type(client).__name__}`"
        )
    if client.d != record["dimension"]:
        raise ValueError(f"faiss: the index has {client.d:,} dimensions, and the record {record['dimension']:,}")
    path = Path(record["name"])
    new = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        import_module("faiss").write_index(client, str(new))
        with new.open("a", encoding="ascii", newline="") as file:
            file.write(record["stamp"]["write"])
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
