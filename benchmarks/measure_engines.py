"""Texts a second through the engines: `python benchmarks/measure_engines.py [FOLDER]`.

One model, one file, the same texts, batches of 32 and every library's own choice of threads,
which is all cores: `ModelConfig.load` against its libraries used directly, and against onnxruntime
and tokenizers by hand. The folder holds all-MiniLM-L6-v2 in the layout of its repository; without
one it is what the tests of the engines have downloaded. Needs onnx, and measures what is installed.
"""

import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from lab import PROJECT, Lab
from table import Figure, Row, at_least, heading, skipped
from timing import Command

sys.path.append(str(PROJECT / "tests"))
from model_weights import store_of_weights

_WEIGHTS = store_of_weights() / "minilm"
_TEXTS, _BATCH, _LENGTH, _ROUNDS = 200, 32, 256, 7
_WORDS = (
    "a about after all also and any are as at back be because been before between book but by can city come could day"
    " did do down each even find first food for found from get give go good great had has have he help her here high"
    " him his home house how I if in into is it its just keep know large last left life like line little long look"
    " made make man many may me more most much must my name never new night no not now number of off old on one only"
    " or other our out over own part people place read right river said same say school see she should small so some"
    " still story such take tell than that the their them then there these they thing think this those through time"
    " to tree two under until up us use very was water way we well went were what when where which while who why will"
    " with word work world would write year you young your"
).split()

Encode = Callable[[list[str]], Any]


def config_without_lock(folder: str) -> Any:
    """The config of all-MiniLM-L6-v2 by the module that `export` generated beside this folder."""
    sys.path.insert(0, str(_module_of(Path(folder))))
    from model_registry import from_registry

    return from_registry("all-minilm-l6-v2")


def _module_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-module")


def _hypiler(engine: str) -> "Callable[[str], Encode]":
    def load(folder: str) -> Encode:
        encoder = config_without_lock(folder).load(engine, local=folder)
        return lambda texts: encoder.encode_documents(texts, batch_size=_BATCH, progress=False)

    return load


def _by_hand(folder: str) -> Encode:
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    session = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx", providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.enable_truncation(_LENGTH)
    tokenizer.enable_padding()

    def encode(texts: list[str]) -> Any:
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        vectors = np.empty((len(texts), 384), np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            found = tokenizer.encode_batch_fast([texts[place] for place in places])
            ids, mask = np.array([one.ids for one in found]), np.array([one.attention_mask for one in found])
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            (tokens,) = session.run(["last_hidden_state"], feed)
            sums = (tokens * mask[..., None].astype(np.float32)).sum(axis=1)
            vectors[places] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return vectors

    return encode


def _fastembed(folder: str) -> Encode:
    import numpy as np
    from fastembed import TextEmbedding

    model = TextEmbedding("sentence-transformers/all-MiniLM-L6-v2", specific_model_path=folder, cache_dir=folder)
    # By the files it would cut texts to half of what the others take.
    model.model.tokenizer.enable_truncation(_LENGTH)
    return lambda texts: np.array(list(model.embed(texts, batch_size=_BATCH)))


def _sentence_transformers(folder: str) -> Encode:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    return lambda texts: model.encode(texts, batch_size=_BATCH, show_progress_bar=False)


# What is measured: the package that it needs, and what gives a function from texts to vectors.
_ENGINES: dict[str, tuple[str, Callable[[str], Encode]]] = {
    'load("onnx")': ("onnxruntime", _hypiler("onnx")),
    "onnxruntime by hand": ("onnxruntime", _by_hand),
    "fastembed": ("fastembed", _fastembed),
    'load("fastembed")': ("fastembed", _hypiler("fastembed")),
    "sentence-transformers": ("sentence_transformers", _sentence_transformers),
    'load("sentence-transformers")': ("sentence_transformers", _hypiler("sentence-transformers")),
}
_OURS = 'load("onnx")'


def engine_rows(lab: Lab, sizes: list[int], rounds: int, weights: Path = _WEIGHTS) -> Iterator[Row]:
    """Compare the throughput of the engines, and what it takes to import and load them."""
    missing = [name for name in ("onnx", "onnxruntime", "hypiler") if find_spec(name) is None]
    if missing:
        yield skipped("engines", " and ".join(missing), "pip install -e .[test]")
        return
    if not weights.is_dir():
        yield skipped("engines", "weights", "python -m pytest tests/engines")
        return
    folder = lab.folder / "engines"
    export(lab, weights, folder)
    measured = [name for name, (package, _) in _ENGINES.items() if find_spec(package)]
    figures = _in_turns({name: _command(name, folder) for name in measured})
    for what in _texts():
        speeds = {name: _TEXTS / found[what] for name, found in figures.items()}
        best = max(speeds.values())
        for name, speed in speeds.items():
            figure = Figure(speed / best, " of the best", f"{speed:.0f} texts/s")
            yield at_least(f"{_TEXTS} {what} texts by {name}", _TEXTS, figure, 0.95 if name == _OURS else None)
    least = min(found["start"] for found in figures.values())
    for name, found in figures.items():
        yield Row(f"import and load {name}", "", Figure(found["start"] / least, " x", f"{found['start']:.2f} s"))
    for name, (package, _) in _ENGINES.items():
        if name not in figures:
            yield skipped(name, package, "pip install -e .[test-pytorch]")


def export(lab: Lab, weights: Path, folder: Path) -> None:
    """Put the model and its ONNX file, where either library looks for it, in a new folder.

    A module of the shipped registry without its lock is generated beside the folder: the lock holds the sums of the
    repository's own files, and the ONNX file is another one.
    """
    from bert_onnx import export_bert

    shutil.copytree(weights, folder)
    (folder / "onnx").mkdir(exist_ok=True)
    export_bert(weights, folder / "onnx" / "model.onnx")
    shutil.copy(folder / "onnx" / "model.onnx", folder)
    lab.compiled(_module_of(folder).name, lambda place: lab.build(lab.registry_without_lock(), place))


def _command(name: str, folder: Path) -> Command:
    arguments = [sys.executable, str(Path(__file__).resolve()), "--measure", name, str(folder)]
    return Command(arguments, folder, environment={"HF_HUB_OFFLINE": "1"})


def _in_turns(commands: dict[str, Command]) -> dict[str, dict[str, float]]:
    """Run every command so often, in another order each round; the median of each figure that they print."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    names = list(commands)
    for number in range(_ROUNDS):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(json.loads(commands[name].run().splitlines()[-1]))
    # Whoever does less, or something else, is no rival.
    sums = {name: figures[0].pop("sum") for name, figures in found.items()}
    if max(sums.values()) - min(sums.values()) > 0.1:
        raise RuntimeError(f"the vectors are not the same: {sums}")
    return {
        name: {what: median(one[what] for one in figures) for what in figures[0]} for name, figures in found.items()
    }


def _texts() -> dict[str, list[str]]:
    """Make the texts, the same every time: of one sentence, and from a few words to what the model takes."""
    numbers = random.Random(0)

    def text(words: float) -> str:
        return " ".join(numbers.choice(_WORDS) for _ in range(int(words))) + "."

    return {
        "short": [text(numbers.uniform(6, 14)) for _ in range(_TEXTS)],
        "mixed": [text(4 * 60 ** numbers.random()) for _ in range(_TEXTS)],
    }


def _measure(name: str, folder: str) -> dict[str, float]:
    """In a process of its own: the seconds to import and load, and for each of the texts."""
    start = time.perf_counter()
    encode = _ENGINES[name][1](folder)
    figures = {"start": time.perf_counter() - start}
    vectors = []
    for what, texts in _texts().items():
        vectors.append(encode(texts[:_BATCH]))
        start = time.perf_counter()
        vectors.append(encode(texts))
        figures[what] = time.perf_counter() - start
    return figures | {"sum": float(sum(abs(one).sum() for one in vectors))}


def main(arguments: Sequence[str]) -> None:
    """Print the rows by themselves, or what one engine takes."""
    if arguments[:1] == ["--measure"]:
        print(json.dumps(_measure(*arguments[1:])))
        return
    print(heading(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for row in engine_rows(Lab(Path(folder)), [], 0, Path(arguments[0]) if arguments else _WEIGHTS):
            print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
