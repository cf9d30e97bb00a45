"""Models as PyLate saves them, by PyLate itself and by the engines that read its files.

PyLate wants an older Sentence Transformers than the engine of that name, so it gets an environment of its own. Its own
requirements name a PyTorch that is not for every machine; what its models need is

    python -m pip install torch==2.13.0
    python -m pip install sentence-transformers==5.3.0 'transformers<=5.3.0' fastkmeans==0.5.0 ujson ninja pandas
    python -m pip install --no-deps pylate==1.6.0
    python -m pip install -e '.[test]' && python -m pytest tests/engines/test_pylate.py

What needs it is skipped elsewhere.
"""

import json
import re
import shutil
import string
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bert_onnx import export_bert
from safetensors.numpy import load_file, save_file
from tiny import config_of

from hypiler import ModelConfig
from hypiler.engines import EngineError, MismatchError, MissingEngineError, UnsafeError
from hypiler.engines.contract import make_contract
from hypiler.engines.layout import read_layout

QUERIES = ["A man is eating food.", "How do I reset my password?"]
DOCUMENTS = [
    "Someone is having a meal.",
    "The stock market fell sharply today.",
    "Steps to recover a forgotten account password",
]
# As PyLate itself scores the pairs of the two.
SCORES = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
PACKAGES = {"pylate": "pylate", "sentence-transformers": "sentence_transformers.multi_vector_encoder", "onnx": "onnx"}
SETTINGS = {
    "model_type": "ColBERT",
    "prompts": {"query": "", "document": ""},
    "default_prompt_name": None,
    "similarity_fn_name": "MaxSim",
    "query_prefix": "[Q] ",
    "document_prefix": "[D] ",
    "query_length": 32,
    "document_length": 180,
    "attend_to_expansion_tokens": False,
    "skiplist_words": list(string.punctuation),
    "do_query_expansion": True,
}


def is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


needs_pylate = pytest.mark.skipif(not is_installed("pylate"), reason="PyLate is not installed")


@pytest.fixture(params=PACKAGES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that is installed and reads such files."""
    if not is_installed(PACKAGES[request.param]):
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


def saved(minilm: Path, folder: Path, markers: bool = True, **settings: Any) -> Path:
    """MiniLM with a linear layer after each token and two markers, in the files that PyLate writes, and in ONNX.

    Layer and markers are by chance, the same every time: it is no ColBERT that anybody has trained.
    """
    shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("modules.json", "?_*", "*sentence*", "*.safetensors"))
    numbers = np.random.default_rng(0)
    weights = load_file(minilm / "model.safetensors")
    words = weights["embeddings.word_embeddings.weight"]
    tokens = SETTINGS | settings
    added = [tokens["query_prefix"], tokens["document_prefix"]] if markers else []
    rows = numbers.normal(words.mean(axis=0), words.std(axis=0), (len(added), words.shape[1])).astype(np.float32)
    weights["embeddings.word_embeddings.weight"] = np.concatenate([words, rows])
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "1_Dense").mkdir()
    linear = numbers.normal(0, 384**-0.5, (128, 384)).astype(np.float32)
    save_file({"linear.weight": linear}, folder / "1_Dense/model.safetensors")

    config = json.loads((folder / "config.json").read_bytes()) | {"vocab_size": len(words) + len(added)}
    tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
    tokenizer["added_tokens"] += [{"id": len(words) + i, "content": one} | flags for i, one in enumerate(added)]
    files: dict[str, Any] = {
        "config": config,
        "tokenizer": tokenizer,
        "modules": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
        ],
        "sentence_bert_config": {"max_seq_length": 256, "do_lower_case": False},
        "config_sentence_transformers": tokens,
        "1_Dense/config": {
            "in_features": 384,
            "out_features": 128,
            "bias": False,
            "activation_function": "torch.nn.modules.linear.Identity",
            "use_residual": False,
        },
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "onnx").mkdir()
    export_bert(folder, folder / "onnx/model.onnx")
    return folder


@pytest.fixture(scope="module")
def colbert(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(minilm, tmp_path_factory.mktemp("colbert") / "model")


def entry(place: Path, vocabulary: int = 30524, width: int = 128, **encoding: Any) -> ModelConfig:
    """A config that fits the folder."""
    specs = {"parameters": "22.8M", "embedding_dim": width, "hidden_dim": 384, "vocab_size": vocabulary}
    specs |= {"context_length": 256, "max_position_embeddings": 512}
    stated = {"query_prefix": "[Q] ", "document_prefix": "[D] ", "similarity": "max_sim", "normalize": True}
    return config_of(
        place,
        type="colbert",
        specs=specs,
        architecture={"matryoshka_dims": [width]},
        capabilities={"multi_vector": True},
        encoding=stated | {"pooling": None, "query_length": 32, "document_length": 180} | encoding,
    )


def test_scores_are_those_of_pylate_by_every_engine(colbert: Path, tmp_path: Path, engine: str) -> None:
    encoder: Any = entry(tmp_path).load(engine, local=colbert)
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    np.testing.assert_allclose(found, SCORES, atol=1e-3)


def test_queries_are_filled_up_and_punctuation_is_left_out(colbert: Path, tmp_path: Path, engine: str) -> None:
    encoder: Any = entry(tmp_path).load(engine, local=colbert)
    long = " ".join(["one"] * 300)
    assert [len(query) for query in encoder.encode_queries(["a", "", long])] == [32, 32, 32]
    # The first and the last token, the marker, and the words: one fewer than are written, the full stop.
    lengths = [len(document) for document in encoder.encode_documents(["a meal.", "", long])]
    assert lengths == [5, 3, 180]
    np.testing.assert_allclose([np.linalg.norm(token) for token in encoder.encode_queries(["a"])[0]], 1, atol=1e-5)


@pytest.mark.parametrize("settings", [{"do_query_expansion": False}, {"attend_to_expansion_tokens": True}])
def test_every_engine_does_as_the_folder_says(minilm: Path, tmp_path: Path, engine: str, settings: Any) -> None:
    folder = saved(minilm, tmp_path / "model", **settings)
    encoder: Any = entry(tmp_path).load(engine, local=folder)
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    np.testing.assert_allclose(found, OTHER[next(iter(settings))], atol=1e-3)


# Again by PyLate.
OTHER = {
    "do_query_expansion": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
    "attend_to_expansion_tokens": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
}


def test_registry_may_leave_out_the_space_after_a_marker(colbert: Path, tmp_path: Path, engine: str) -> None:
    encoder: Any = entry(tmp_path, query_prefix="[Q]", document_prefix="[D]").load(engine, local=colbert)
    found = encoder.similarity(encoder.encode_queries(QUERIES), encoder.encode_documents(DOCUMENTS))
    np.testing.assert_allclose(found, SCORES, atol=1e-3)


DISAGREEMENTS = [("query_prefix", "[S]", "[Q] "), ("query_length", 64, 32), ("document_length", 200, 180)]


@pytest.mark.parametrize(("fact", "stated", "held"), DISAGREEMENTS)
@pytest.mark.parametrize(
    "name", [pytest.param("pylate", marks=needs_pylate), pytest.param("sentence_transformers", marks=[])]
)
def test_library_that_would_do_otherwise_than_agreed_is_refused(
    colbert: Path, tmp_path: Path, name: str, fact: str, stated: object, held: object
) -> None:
    if not is_installed(PACKAGES[name.replace("_", "-")]):
        pytest.skip(f"{name} is not installed")
    config, layout = entry(tmp_path), read_layout(colbert)
    contract = replace(make_contract(config, layout, {}), **{fact: stated})
    with pytest.raises(MismatchError) as caught:
        import_module(f"hypiler.engines.{name}").open_model(config, contract, layout, "cpu")
    assert str(caught.value) == (
        f"`encoding.{fact}` of `tiny` is {stated!r}, and {held!r} by the files in {colbert}: one of them is wrong"
    )


@needs_pylate
class TestPyLate:
    def test_scores_are_those_of_the_library(self, colbert: Path, tmp_path: Path) -> None:
        from pylate import models, scores

        encoder: Any = entry(tmp_path).load("pylate", local=colbert)
        model = models.ColBERT(str(colbert), device="cpu", local_files_only=True)
        texts = [*DOCUMENTS, "", "a.", " ".join(["one"] * 300)]
        queries = model.encode([*QUERIES, ""], is_query=True, show_progress_bar=False)
        documents = model.encode(texts, is_query=False, show_progress_bar=False)
        expected = [[float(scores.colbert_scores(one[None], other[None])) for other in documents] for one in queries]
        found = encoder.similarity(encoder.encode_queries([*QUERIES, ""]), encoder.encode_documents(texts))
        np.testing.assert_allclose(found, expected, atol=1e-3)
        np.testing.assert_allclose(expected[:2], [row for row in expected[:2]], atol=0)
        np.testing.assert_allclose(np.array(expected)[:2, :3], SCORES, atol=1e-3)
