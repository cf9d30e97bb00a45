"""Configs whose lock has recorded the files of a folder, and changes of one byte in such a file."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strategies import registry_of

from hypiler import ModelConfig
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.finding import Finding
from hypiler.model_files.vector_files import decides_vectors
from hypiler.schema.evidence import Evidence, PinnedFile


class RecordedLock:
    """What a compilation needs of a lock: it has recorded these files of every model."""

    name = "models.lock.json"
    data = b""

    def __init__(self, ids: Collection[str], evidence: Evidence) -> None:
        self.findings: list[Finding] = []
        self.evidence = dict.fromkeys(ids, evidence)

    def check(self, *_: object) -> None:
        pass


def recorded(entry: Mapping[str, Any], sums: Mapping[str, str], *, complete: bool = True) -> ModelConfig:
    """A config of the registry with this one entry, whose lock gives these sums by file name."""
    files = {name: PinnedFile.of(sha256) for name, sha256 in sums.items()}
    lock = RecordedLock([entry["id"]], Evidence(entry.get("revision"), files=files, complete=complete))
    registry = compile_registry([("models.json", json.dumps(registry_of(dict(entry))).encode())], lock=lock)
    assert not registry.has_errors, registry.findings
    return ModelConfig.from_model(next(iter(registry)))


def names_of(folder: Path) -> list[str]:
    """The files of a folder that decide vectors."""
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    return [name for name in names if decides_vectors(name)]


def sums_of(folder: Path) -> dict[str, str]:
    """The sha256 of these files, by name."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names_of(folder)}


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """A block in which the lowest bit of the middle byte of a file is another one."""
    path = path.resolve()
    place = path.stat().st_size // 2

    def flip() -> None:
        with path.open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 1]))

    flip()
    try:
        yield
    finally:
        flip()
