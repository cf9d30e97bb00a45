"""What a stamp costs beyond its probe, against loading the model: `python benchmarks/run.py --rows stamps`.

The model is all-MiniLM-L6-v2 through `load("onnx")`, with its files in the page cache. The files have no recorded sum,
so they are hashed once, and later known by their state.
"""

import json
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from lab import Lab
from measure_engines import _WEIGHTS, config_without_lock, export
from table import Figure, Row, at_most, skipped

_ROUNDS = 7


def stamp_rows(lab: Lab, sizes: list[int], rounds: int, weights: Path = _WEIGHTS) -> Iterator[Row]:
    """Compare the cost of stamping and checking with that of a warm load."""
    missing = [name for name in ("onnx", "onnxruntime", "hypiler") if find_spec(name) is None]
    if missing or not weights.is_dir():
        yield skipped("stamps", " and ".join(missing) or "weights", "python -m pytest tests/engines")
        return
    folder = lab.folder / "stamps"
    export(lab, weights, folder)
    # The file must be older than what the cache takes for settled.
    time.sleep(2.5)
    yield from _rows(folder)


def _rows(folder: Path) -> Iterator[Row]:
    config = config_without_lock(str(folder))

    def load() -> Any:
        return config.load("onnx", local=folder)

    first = load()
    hashing = _seconds(first.space)
    stored = json.loads(json.dumps(first.stamp()))
    whole = median([_seconds(load) for _ in range(_ROUNDS)])
    found = [_costs(load(), load(), stored) for _ in range(_ROUNDS)]
    probe, stamp, check = [median(column) for column in zip(*found, strict=True)]
    for what, seconds in (("stamp", stamp), ("check a stamp", check)):
        figure = Figure(seconds / whole, " x a warm load", f"{seconds * 1e3:.1f} ms")
        yield at_most(f"{what}, beyond the probe", "", figure, 0.05)
    for what, seconds in (("the probe", probe), ("hash the files for the first time", hashing)):
        yield Row(what, "", Figure(seconds / whole, " x a warm load", f"{seconds * 1e3:.0f} ms"))


def _costs(one: Any, other: Any, stored: dict[str, Any]) -> tuple[float, float, float]:
    """The seconds of a probe, and of a stamp and of a check by an encoder that already has its probe."""
    from hypiler import space

    probe = _seconds(one._made_probe)
    stamp = _seconds(one.stamp)
    other._probe = stored["probe"]
    return probe, stamp, _seconds(lambda: space.check(stored, other))


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
