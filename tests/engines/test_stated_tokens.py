"""An entry that states how tokens are prepared replaces a library's settings: vectors are equal with and without them.

PyLate needs an older Sentence Transformers than the engine of that name, so each environment compares the engines
that it has with the vectors of its own library.
"""

import json
import shutil
import string
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("sentence_transformers", reason="Sentence Transformers is not installed")

from agreement_matrix import (
    BOUND,
    LAYOUTS,
    SETTINGS,
    Layout,
    config_for,
    of_engine,
    of_library,
    of_pylate,
    write_layout,
)
from odd_texts import parts_of

from hypiler.engines.scoring import max_sim

PUNCTUATION = [*string.punctuation]
METADATA = {
    "query_token_id": "[unused0]",
    "doc_token_id": "[unused1]",
    "query_maxlen": 20,
    "doc_maxlen": 40,
    "mask_punctuation": True,
    "attend_to_mask_tokens": False,
    "dim": 8,
    "similarity": "cosine",
}
"""The settings of a model of Stanford's ColBERT."""
# PyLate skips unknown tokens as well if the vocabulary has no token for a punctuation mark.
WORDS = parts_of("word pieces")["model"]
WORDS["vocab"] |= {mark: len(WORDS["vocab"]) + n for n, mark in enumerate({*PUNCTUATION} - {*WORDS["vocab"]})}
HAS_PYLATE = find_spec("pylate") is not None
ENGINES = ("onnx", "pylate" if HAS_PYLATE else "sentence-transformers")


def layout(**settings: Any) -> Layout:
    """A model with settings of PyLate, and an entry that states all of them."""
    base = LAYOUTS["PyLate"]
    held: dict[str, Any] = base.files[SETTINGS] | settings
    facts = {
        "query_marker": held["query_prefix"],
        "document_marker": held["document_prefix"],
        "query_prefix": None,
        "document_prefix": None,
        "query_expansion": held["do_query_expansion"],
        "attend_to_expansion_tokens": held["attend_to_expansion_tokens"],
        "skip_punctuation": {*string.punctuation} <= {*held["skiplist_words"]},
        "skiplist": None if held["skiplist_words"] == PUNCTUATION else held["skiplist_words"],
        "query_length": held["query_length"],
        "document_length": held["document_length"],
    }
    return replace(base, files={SETTINGS: held}, facts=base.facts | facts, tokens={"model": WORDS})


def stanford() -> Layout:
    """A model of Stanford's ColBERT, and an entry that states all of its settings."""
    base = LAYOUTS["PyLate"]
    stated = {
        "query_marker": "[unused0]",
        "document_marker": "[unused1]",
        "query_prefix": None,
        "document_prefix": None,
        "query_expansion": True,
        "expansion_token": "[MASK]",
        "attend_to_expansion_tokens": False,
        "skip_punctuation": True,
        "query_length": 20,
        "document_length": 40,
    }
    return replace(base, modules=None, files={}, facts=base.facts | stated, tokens={"model": WORDS})


def write_stanford(folder: Path) -> Path:
    """A folder of Stanford's ColBERT: its layer is in the weights of the network, and in the graph."""
    import onnx
    from onnx import helper, numpy_helper
    from safetensors.numpy import load_file, save_file

    write_layout(folder, stanford())
    layer = np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)
    weights = {f"bert.{name}": array for name, array in load_file(folder / "model.safetensors").items()}
    save_file(weights | {"linear.weight": layer}, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_bytes()) | {"architectures": ["HF_ColBERT"]}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "artifact.metadata").write_text(json.dumps(METADATA))
    network = onnx.load(folder / "onnx/model.onnx")
    network.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(layer.T), "linear"))
    network.graph.node.append(helper.make_node("MatMul", ["last_hidden_state", "linear"], ["token_embeddings"]))
    del network.graph.output[:]
    shape: list[str | int | None] = ["batch", "tokens", 8]
    network.graph.output.append(helper.make_tensor_value_info("token_embeddings", onnx.TensorProto.FLOAT, shape))
    onnx.save(network, folder / "onnx/model.onnx")
    return folder


def compare(model: Layout, own: Path, settings: str, place: Path) -> None:
    """Compare the vectors of a folder without its settings with those of the library with them."""
    bare = Path(shutil.copytree(own, place / "bare"))
    (bare / settings).unlink()
    expected = of_pylate(own) if HAS_PYLATE else of_library(model, own)
    scores = max_sim(expected["queries"], expected["documents"])
    config = config_for(model, bare, place)
    for engine in ENGINES:
        found = of_engine(config.load(engine, local=bare), "multi_vector")
        for side in ("queries", "documents"):
            for one, other in zip(found[side], expected[side], strict=True):
                np.testing.assert_allclose(one, other, atol=BOUND, err_msg=f"{engine}: {side}")
        np.testing.assert_allclose(max_sim(found["queries"], found["documents"]), scores, atol=BOUND)


SETTINGS_OF_PYLATE: list[dict[str, Any]] = [
    {},
    {"attend_to_expansion_tokens": True},
    {"do_query_expansion": False},
    {"skiplist_words": PUNCTUATION},
]


@pytest.mark.parametrize("settings", SETTINGS_OF_PYLATE)
@pytest.mark.filterwarnings("ignore::hypiler.engines.TruncationWarning")
def test_folder_without_settings_has_the_vectors_of_one_with_settings(settings: dict[str, Any], tmp_path: Path) -> None:
    model = layout(**settings)
    compare(model, write_layout(tmp_path / "own", model), SETTINGS, tmp_path)


@pytest.mark.filterwarnings("ignore::hypiler.engines.TruncationWarning")
def test_folder_of_stanford_without_metadata_has_the_vectors_of_one_with_metadata(tmp_path: Path) -> None:
    compare(stanford(), write_stanford(tmp_path / "own"), "artifact.metadata", tmp_path)
