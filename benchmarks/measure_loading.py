"""What the enforcement of checksums costs: `python benchmarks/measure_loading.py [FOLDER]`.

The same model is loaded in turns with the sums of all its files recorded in the lock, and without any. The files are in
the page cache, so this is the worst case for the ratio. The folder holds all-MiniLM-L6-v2 in the layout of its
repository; without one it is what the tests of the engines have downloaded. Needs onnx, and measures what is installed.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from lab import PROJECT, Lab
from table import Figure, Row, heading, skipped

sys.path.append(str(PROJECT / "tests"))
from model_weights import store_of_weights

_WEIGHTS = store_of_weights() / "minilm"
_ROUNDS = 15
_ENGINES = {"onnx": "onnxruntime", "fastembed": "fastembed", "sentence-transformers": "sentence_transformers"}


def loading_rows(lab: Lab, sizes: list[int], rounds: int, weights: Path = _WEIGHTS) -> Iterator[Row]:
    """Compare loading with recorded sums with loading without."""
    missing = [name for name in ("onnx", "onnxruntime", "hypiler") if find_spec(name) is None]
    if missing:
        yield skipped("loading", " and ".join(missing), "pip install -e .[test]")
        return
    if not weights.is_dir():
        yield skipped("loading", "weights", "python -m pytest tests/engines")
        return
    folder = lab.folder / "loading"
    _export(weights, folder)
    for name, package in _ENGINES.items():
        if find_spec(package) is None:
            yield skipped(f"load({name!r})", package, "pip install -e .[test-pytorch]")
            continue
        command = [sys.executable, str(Path(__file__).resolve()), "--measure", name, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        note = (
            f"{found['with'] * 1000:.0f} ms and {found['without'] * 1000:.0f} ms, {found['size'] / 1e6:.0f} MB hashed"
        )
        yield Row(f"load({name!r}) with recorded sums / without", "", Figure(found["ratio"], " x", note))


def _export(weights: Path, folder: Path) -> None:
    from bert_onnx import export_bert

    shutil.copytree(weights, folder)
    (folder / "onnx").mkdir(exist_ok=True)
    export_bert(weights, folder / "onnx" / "model.onnx")


def _measure(engine: str, place: str) -> dict[str, float]:
    """In a process of its own: the seconds of a warm load with sums and without, medians of loads in turns."""
    from recorded import recorded, sums_of

    folder = Path(place)
    models = json.loads((PROJECT / "models.json").read_bytes())["models"]
    entry = next(model for model in models if model["id"] == "all-minilm-l6-v2")
    known = sums_of(folder)
    configs = {"with": recorded(entry, known), "without": recorded(entry, {}, complete=False)}
    seconds: dict[str, list[float]] = {name: [] for name in configs}
    for _ in range(_ROUNDS + 1):
        for name, config in configs.items():
            start = time.perf_counter()
            encoder: Any = config.load(engine, local=folder)
            seconds[name].append(time.perf_counter() - start)
            del encoder
    # The first load of each imports the libraries.
    figures = {name: median(one[1:]) for name, one in seconds.items()}
    unread = "onnx/model.onnx" if engine == "sentence-transformers" else "model.safetensors"
    size = sum((folder / name).stat().st_size for name in known if name != unread)
    return figures | {"ratio": figures["with"] / figures["without"], "size": size}


def main(arguments: Sequence[str]) -> None:
    """Print the rows by themselves, or what one engine takes."""
    if arguments[:1] == ["--measure"]:
        print(json.dumps(_measure(*arguments[1:])))
        return
    print(heading(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for row in loading_rows(Lab(Path(folder)), [], 0, Path(arguments[0]) if arguments else _WEIGHTS):
            print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
