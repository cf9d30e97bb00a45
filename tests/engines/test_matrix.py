"""Vectors are those of the libraries: layouts of models x odd texts x engines. `benchmarks/agreement.py` prints them."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime")

from agreement_matrix import (
    BOUND,
    GENUINE,
    LAYOUTS,
    compare,
    config_for,
    engines_of,
    of_library,
    of_pylate,
    of_static_library,
    static_config,
    write_genuine,
    write_layout,
    write_static,
)

MODULES = {"onnx": "onnxruntime", "sentence-transformers": "sentence_transformers", "fastembed": "fastembed"}


def is_new() -> bool:
    """Whether Sentence Transformers has the classes of version 6; PyLate needs an older one."""
    return find_spec("sentence_transformers") is not None and find_spec("pylate") is None


def hold(outcome: Any, refused: bool) -> None:
    assert bool(outcome.refusal) == refused, outcome
    if not refused:
        assert outcome.compared > 20, outcome
        assert outcome.difference <= BOUND, outcome


@pytest.mark.parametrize("name", LAYOUTS)
def test_vectors_are_those_of_the_library(name: str, tmp_path: Path) -> None:
    if not is_new():
        pytest.skip("Sentence Transformers 6 is not installed")
    layout = LAYOUTS[name]
    folder = write_layout(tmp_path / "model", layout)
    expected = of_library(layout, folder)
    config = config_for(layout, folder, tmp_path)
    for engine in engines_of(layout):
        if find_spec(MODULES[engine]) is not None:
            hold(compare(config, folder, engine, expected, layout.encoder_type), engine in layout.refused)


def test_vectors_of_the_genuine_model_are_those_of_the_library(minilm: Path, tmp_path: Path) -> None:
    if not is_new():
        pytest.skip("Sentence Transformers 6 is not installed")
    folder = write_genuine(minilm, tmp_path / "model")
    expected, config = of_library(GENUINE, folder), config_for(GENUINE, folder, tmp_path)
    for engine in engines_of(GENUINE):
        if find_spec(MODULES[engine]) is not None:
            hold(compare(config, folder, engine, expected), refused=False)


@pytest.mark.parametrize("own", [True, False])
def test_vectors_of_static_models_are_those_of_the_library(own: bool, tmp_path: Path) -> None:
    pytest.importorskip("model2vec")
    if not own and not is_new():
        pytest.skip("Sentence Transformers 6 is not installed")
    folder = write_static(tmp_path / "model", own)
    expected = of_static_library(folder, own)
    hold(compare(static_config(folder, tmp_path, own), folder, "model2vec", expected), refused=False)


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name.startswith("PyLate")])
def test_vectors_are_those_of_pylate(name: str, tmp_path: Path) -> None:
    pytest.importorskip("pylate")
    layout = LAYOUTS[name]
    folder = write_layout(tmp_path / "model", layout)
    expected, config = of_pylate(folder), config_for(layout, folder, tmp_path)
    for engine in ("pylate", "onnx"):
        hold(compare(config, folder, engine, expected, layout.encoder_type), refused=False)
