"""Encodes a corpus in child processes that are killed at each of their steps in turn; prints what became of each.

Arguments: the corpus, a folder to work in, and "parts" or "file". Each child is forked, since pyarrow is slow to import.
A step is an operation on a file that Python reports: opening, renaming or removing one, or making a folder.
"""

import os
import shutil
import signal
import sys
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from hypiler.corpus import encode_parquet
from hypiler.engines import DenseEncoder

STEPS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir")


def encoder() -> Any:
    """An encoder whose vectors are hashes of the texts."""

    def run(texts: list[str], *, query: bool) -> Any:
        rows = [np.frombuffer(sha256(text.encode()).digest(), np.uint8) for text in texts]
        return np.stack(rows).astype(np.float32)

    facts = {"identity": {"model": "hashes"}, "document": {"encoder": "dense", "dimension": 32}, "query": {}}
    contract: Any = SimpleNamespace(
        id="hashes",
        encoder_type="dense",
        dimension=32,
        embedding_dim=32,
        normalize=False,
        matryoshka_order="",
        similarity="dot",
        query_length=9,
        document_length=9,
        space_facts=facts,
    )
    return DenseEncoder(contract, SimpleNamespace(run=run), "hashes")


def run(source: str, target: str, parts: bool, kill_at: int) -> tuple[int, int]:
    """Encode in a child that is killed at a step; its status, and the number of its steps if it was not."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        steps = 0

        def count(event: str, arguments: Any) -> None:
            nonlocal steps
            if event in STEPS and os.path.dirname(target) in str(arguments[0]):
                steps += 1
                if steps == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        encode_parquet(source, target, encoder(), rows_per_part=100, parts=parts)
        os.write(writer, str(steps).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as found:
        told = found.read()
    return os.waitpid(child, 0)[1], int(told or 0)


def main() -> None:
    source, folder, form = sys.argv[1:]
    parts = form == "parts"
    reference = os.path.join(folder, "reference/out")
    os.mkdir(os.path.dirname(reference))
    status, steps = run(source, reference, parts, 0)
    assert (status, steps > 10) == (0, True)
    wanted = pq.read_table(reference)
    for kill_at in range(1, steps + 1):
        target = os.path.join(folder, f"killed/{kill_at}/out")
        os.makedirs(os.path.dirname(target))
        status, _ = run(source, target, parts, kill_at)
        assert status == signal.SIGKILL, (kill_at, status)
        if os.path.exists(target):
            assert pq.read_table(target).equals(wanted), kill_at
        # Killed once more in the middle of the restart, and then left alone.
        run(source, target, parts, 1 + kill_at * 7 % 11)
        status, _ = run(source, target, parts, 0)
        left = sorted(os.listdir(os.path.dirname(target)))
        assert (status, left, pq.read_table(target).equals(wanted)) == (0, ["out"], True), (kill_at, status, left)
        shutil.rmtree(os.path.dirname(target))
    print(f"killed at each of {steps} steps")


main()
