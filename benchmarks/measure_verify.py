"""What `hypiler verify` costs, with a hub in a process of its own that answers late."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from lab import PROJECT, Lab
from table import Figure, Row, at_most, skipped

_MODELS, _JOBS, _LATENCY = 500, 8, 0.05
_TIME, _REQUESTS, _MEGABYTES = 1.5, 1.0, 150.0


class _Run(NamedTuple):
    """One run of the command: seconds, of them busy ones, those that the hub took to answer and how often, memory."""

    seconds: float
    busy: float
    answering: float
    requests: int
    megabytes: float


def verify_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Verify many small models with an empty cache, and again."""
    missing = [name for name in ("huggingface_hub", "pytest") if find_spec(name) is None]
    if missing:
        yield skipped("`hypiler verify`", missing[0], "pip install .[test]")
        return
    with _hub(lab) as (hub, environment):
        runs = {name: _run(lab, hub, environment) for name in ("empty cache", "again")}
    for name, run in runs.items():
        least = run.answering / _JOBS
        note = f"{run.seconds:.1f} s, {run.busy:.1f} busy; hub {run.answering:.0f} s / {_JOBS} jobs"
        figure = Figure(run.seconds / least, " x", note)
        # The second time, most of it is the start of the command.
        first = name == "empty cache"
        yield at_most(f"`hypiler verify`, {name}, of the hub's latency", _MODELS, figure, _TIME if first else None)
        requests = Figure(run.requests / _MODELS, "")
        yield at_most("  requests a model", _MODELS, requests, None if first else _REQUESTS)
        yield at_most("  peak memory", _MODELS, Figure(run.megabytes, " MB"), _MEGABYTES)


@contextmanager
def _hub(lab: Lab) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """The hub, and what makes a client ask it; the registry of its models lies in the lab's folder."""
    command = [sys.executable, __file__, str(lab.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hub:
        environment = _told(hub) | {"HF_HOME": str(lab.folder / "home")}
        yield hub, environment
        hub.communicate()


def _told(hub: "subprocess.Popen[str]") -> Any:
    assert hub.stdout
    return json.loads(hub.stdout.readline())


def _run(lab: Lab, hub: "subprocess.Popen[str]", environment: dict[str, str]) -> _Run:
    command = [sys.executable, "-m", "hypiler", "verify", "--file", "models.json", "--jobs", str(_JOBS)]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=lab.folder, env=os.environ | environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    assert hub.stdin
    print("told", file=hub.stdin, flush=True)
    answering, requests = _told(hub)
    return _Run(seconds, usage.ru_utime + usage.ru_stime, answering, requests, usage.ru_maxrss / 1024)


def _serve(folder: Path) -> None:
    """Be the hub: tell how to ask it, then for each line that comes, how long it answered and how often, since."""
    sys.path.insert(0, str(PROJECT / "tests"))
    from hub.conftest import FILES
    from loopback_hub import LoopbackHub, Reply, Request

    took: list[float] = []

    class Timed(LoopbackHub):
        def reply(self, request: Request) -> Reply:
            start = time.perf_counter()
            try:
                return super().reply(request)
            finally:
                took.append(time.perf_counter() - start)

    with Timed(latency=_LATENCY) as hub:
        names = [f"org/model-{number}" for number in range(_MODELS)]
        entries = [_entry(name, hub.add(name, FILES)) for name in names]
        (folder / "models.json").write_text(json.dumps({"version": "1.0", "models": entries}), encoding="utf-8")
        print(json.dumps(hub.environment(folder / "cache")), flush=True)
        for _ in sys.stdin:
            print(json.dumps([sum(took), len(took)]), flush=True)
            took.clear()


def _entry(name: str, commit: str) -> dict[str, Any]:
    return {
        "id": name.removeprefix("org/"),
        "type": "dense",
        "name": name,
        "huggingface_id": name,
        "organization": "Org",
        "release_date": "2026",
        "license": "MIT",
        "description": "A table of vectors.",
        "revision": commit,
        "architecture": {"type": "bert", "variant": "tiny", "has_projection": False},
        "specs": {
            "parameters": "0.128K",
            "embedding_dim": 8,
            "hidden_dim": 8,
            "context_length": 64,
            "max_position_embeddings": 64,
            "vocab_size": 16,
        },
        "capabilities": {"languages": ["en"], "modalities": ["text"], "multi_vector": False, "quantization": ["fp32"]},
        "performance": {"beir_avg": None, "ms_marco_mrr10": None},
        "encoding": {"pooling": "mean", "normalize": False},
    }


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
