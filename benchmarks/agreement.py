"""Print how far the vectors of each engine are from those of the reference library: layouts x engines x odd texts.

    python benchmarks/agreement.py             all layouts, as a table in Markdown
    python benchmarks/agreement.py BERT T5     the layouts whose names contain one of these words

Needs torch, sentence-transformers 6 and onnx; engines that are not installed are left out. The layouts are small random
networks (`tests/agreement_matrix.py`), and the genuine MiniLM if the tests of the engines have downloaded it.
"""

import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lab import PROJECT

sys.path.append(str(PROJECT / "tests"))
import agreement_matrix as matrix
from model_weights import store_of_weights
from odd_texts import TEXTS

_MODULES = {
    "onnx": "onnxruntime",
    "sentence-transformers": "sentence_transformers",
    "fastembed": "fastembed",
    "model2vec": "model2vec",
}


def main() -> None:
    """Print the table, one line per layout."""
    engines = [name for name, module in _MODULES.items() if find_spec(module) is not None]
    print(f"{len(TEXTS)} texts as queries and as documents; bound {matrix.BOUND:g}\n")
    print(f"| layout | {' | '.join(engines)} | library fails on |")
    print(f"|---|{'---|' * (len(engines) + 1)}")
    worst = 0.0
    for name, compared in _layouts(sys.argv[1:]):
        outcomes = compared(engines)
        cells = [_cell(outcomes[engine]) if engine in outcomes else "" for engine in engines]
        failed = max(outcome.failed for outcome in outcomes.values())
        worst = max(worst, *[outcome.difference for outcome in outcomes.values()])
        print(f"| {name} | {' | '.join(cells)} | {failed or ''} |", flush=True)
    print(f"\nThe largest difference is {worst:.1e}.")


def _cell(outcome: matrix.Outcome) -> str:
    if outcome.refusal:
        return "refused"
    return f"{outcome.difference:.0e}" if outcome.difference <= matrix.BOUND else f"**{outcome.difference:.0e}**"


Compared = Callable[[list[str]], dict[str, matrix.Outcome]]


def _layouts(words: list[str]) -> Iterator[tuple[str, Compared]]:
    """The names of the layouts, and how each is compared."""
    found: dict[str, Compared] = {name: _usual(layout) for name, layout in matrix.LAYOUTS.items()}
    if (minilm := store_of_weights() / "minilm").is_dir():
        found["the genuine MiniLM"] = _genuine(minilm)
    found |= {"static, model2vec": _static(own=True), "static, sentence-transformers": _static(own=False)}
    for name, compared in found.items():
        if not words or any(word in name for word in words):
            yield name, compared


def _usual(layout: matrix.Layout) -> Compared:
    def compared(engines: list[str]) -> dict[str, matrix.Outcome]:
        with tempfile.TemporaryDirectory() as place:
            folder = matrix.write_layout(Path(place, "model"), layout)
            return _outcomes(layout, folder, engines)

    return compared


def _genuine(minilm: Path) -> Compared:
    def compared(engines: list[str]) -> dict[str, matrix.Outcome]:
        with tempfile.TemporaryDirectory() as place:
            return _outcomes(matrix.GENUINE, matrix.write_genuine(minilm, Path(place, "model")), engines)

    return compared


def _outcomes(layout: matrix.Layout, folder: Path, engines: list[str]) -> dict[str, matrix.Outcome]:
    expected: Any = matrix.of_library(layout, folder)
    config = matrix.config_for(layout, folder, folder.parent)
    return {
        engine: matrix.compare(config, folder, engine, expected, layout.encoder_type)
        for engine in matrix.engines_of(layout)
        if engine in engines
    }


def _static(*, own: bool) -> Compared:
    def compared(engines: list[str]) -> dict[str, matrix.Outcome]:
        with tempfile.TemporaryDirectory() as place:
            folder = matrix.write_static(Path(place, "model"), own)
            expected, config = matrix.of_static_library(folder, own), matrix.static_config(folder, Path(place), own)
            return {"model2vec": matrix.compare(config, folder, "model2vec", expected)}

    return compared


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    main()
