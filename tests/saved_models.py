"""Folders of models as libraries save them, made of the weights of real models."""

import json
import shutil
import string
from pathlib import Path
from typing import Any

import numpy as np
from bert_onnx import export_bert
from safetensors.numpy import load_file, save_file
from tiny import config_of

from hypiler import ModelConfig

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
SENTENCE_TRANSFORMERS = "sentence_transformers.models.StaticEmbedding"


def saved_by_pylate(minilm: Path, folder: Path, markers: bool = True, **settings: Any) -> Path:
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


def saved_by_stanford(minilm: Path, folder: Path) -> Path:
    """The same in the files of the first ColBERT, which has its markers in the vocabulary already."""
    shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("modules.json", "?_*", "*sentence*", "*.safetensors"))
    weights = {f"bert.{name}": held for name, held in load_file(minilm / "model.safetensors").items()}
    weights["linear.weight"] = np.random.default_rng(0).normal(0, 384**-0.5, (128, 384)).astype(np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_bytes()) | {"architectures": ["HF_ColBERT"]}
    (folder / "config.json").write_text(json.dumps(config))
    metadata = {"query_token_id": "[unused0]", "doc_token_id": "[unused1]", "query_maxlen": 32, "doc_maxlen": 180}
    metadata |= {"attend_to_mask_tokens": False, "mask_punctuation": True}
    (folder / "artifact.metadata").write_text(json.dumps(metadata))
    return folder


def late_facts(vocabulary: int = 30524, width: int = 128, **encoding: Any) -> dict[str, Any]:
    """What an entry that fits the folder states."""
    specs = {"parameters": "22.8M", "embedding_dim": width, "hidden_dim": 384, "vocab_size": vocabulary}
    specs |= {"context_length": 256, "max_position_embeddings": 512}
    stated = {"query_prefix": "[Q] ", "document_prefix": "[D] ", "similarity": "max_sim", "normalize": True}
    return {
        "type": "colbert",
        "specs": specs,
        "architecture": {"matryoshka_dims": [width]},
        "capabilities": {"multi_vector": True},
        "encoding": stated | {"pooling": None, "query_length": 32, "document_length": 180} | encoding,
    }


def late_config(place: Path, vocabulary: int = 30524, width: int = 128, **encoding: Any) -> ModelConfig:
    """A config that fits the folder."""
    return config_of(place, **late_facts(vocabulary, width, **encoding))


def saved_static(folder: Path, layout: str, table: Any, tokenizer: Path, **config: Any) -> Path:
    """A static model as one of the libraries saves it."""
    own, nested = layout == "model2vec", layout.endswith("nested")
    inside = folder / "0_StaticEmbedding" if nested else folder
    inside.mkdir(parents=True)
    save_file({"embeddings" if own else "embedding.weight": table}, inside / "model.safetensors")
    shutil.copy(tokenizer, inside / "tokenizer.json")
    files: dict[str, Any] = {"config.json": {"model_type": "model2vec", "architectures": ["StaticModel"]} | config}
    if not own:
        modules = [
            {"idx": 0, "name": "0", "path": "0_StaticEmbedding" if nested else "", "type": SENTENCE_TRANSFORMERS}
        ]
        files = {"modules.json": modules, "config_sentence_transformers.json": {"prompts": {}} | config}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder
