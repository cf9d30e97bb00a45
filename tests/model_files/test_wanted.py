"""Which files are asked for, and in which order."""

from typing import Any

import pytest
from model_files.models import BGE_M3, JASPER, PYLATE, STELLA, content, evidence, weights

from hypiler.model_files.extract import Problem, next_files

OTHERS = dict.fromkeys(
    ["README.md", "tokenizer.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx", "vocab.txt", "a.py"]
)


def asked(files: dict[str, Any]) -> list[list[str]]:
    """What is asked for until there is no more; files of None hold nothing."""
    read: dict[str, bytes] = {}
    rounds = []
    while names := next_files(files.keys(), read):
        rounds.append(names)
        read |= {name: content(files[name] or {}) for name in names}
    return rounds


def test_modules_lead_to_further_files() -> None:
    assert asked(BGE_M3 | OTHERS) == [
        [
            "config.json",
            "modules.json",
            "config_sentence_transformers.json",
            "tokenizer_config.json",
            "README.md",
        ],
        ["1_Pooling/config.json", "model.safetensors"],
    ]


def test_layers_are_asked_for_with_their_weights() -> None:
    assert asked(PYLATE | OTHERS | {"1_Dense/model.safetensors": None})[1] == [
        "1_Dense/config.json",
        "model.safetensors",
        "1_Dense/model.safetensors",
    ]
    assert "2_Dense/pytorch_model.bin" not in asked(STELLA | {"2_Dense/pytorch_model.bin": None})[1]


def test_repository_without_modules_is_read_at_once() -> None:
    files = dict.fromkeys(
        ["config.json", "model.safetensors", "artifact.metadata", "adapter_config.json", "x/config.json"]
    )
    assert asked(files) == [["config.json", "artifact.metadata", "adapter_config.json", "model.safetensors"]]


def test_files_of_code_of_the_repository_are_not_asked_for() -> None:
    names = [name for names in asked(JASPER | OTHERS) for name in names]
    assert not [name for name in names if name.endswith((".py", ".bin", ".onnx"))]


def test_network_may_lie_in_the_folder_of_its_module() -> None:
    modules = [
        {"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    names = ["config.json", "sentence_xlm-roberta_config.json", "tokenizer_config.json", "model.safetensors"]
    files = {"modules.json": modules, "1_Pooling/config.json": None} | {f"0_Transformer/{name}": None for name in names}
    assert asked(files)[1] == [
        "0_Transformer/config.json",
        "0_Transformer/sentence_xlm-roberta_config.json",
        "0_Transformer/tokenizer_config.json",
        "1_Pooling/config.json",
        "0_Transformer/model.safetensors",
    ]


def test_index_leads_to_the_headers_of_its_files() -> None:
    index = {"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"}}
    files = {
        "config.json": None,
        "model.safetensors.index.json": index,
        "model-1.safetensors": None,
        "model-2.safetensors": None,
    }
    assert asked(files) == [
        ["config.json", "model.safetensors.index.json"],
        ["model-2.safetensors", "model-1.safetensors"],
    ]


def test_whole_file_of_weights_comes_before_an_index() -> None:
    files = dict.fromkeys(["model.safetensors", "model.safetensors.index.json"])
    assert asked(files) == [["model.safetensors"]]


SHARDS = {
    "missing": ("model-1.safetensors", "it names `model-1.safetensors` as weights: there is no such file"),
    "outside": (
        "../model.safetensors",
        "it names `../model.safetensors` as weights: unsafe file name: it has the part `..`",
    ),
    "another repository": (
        "a/../../b/resolve/main/model.safetensors",
        "it names `a/../../b/resolve/main/model.safetensors` as weights: unsafe file name: it has the part `..`",
    ),
    "pickle": ("pytorch_model.bin", "it names `pytorch_model.bin` as weights: it is not a safetensors file"),
    "number": (5, "it names `5` as weights: it is not a safetensors file"),
    "forged line": (
        "a\nb.safetensors",
        "it names `a\\nb.safetensors` as weights: unsafe file name: it contains an unprintable character",
    ),
}


@pytest.mark.parametrize(("name", "message"), SHARDS.values(), ids=SHARDS)
def test_index_that_names_other_files_is_refused(name: Any, message: str) -> None:
    files = {
        "model.safetensors.index.json": {"weight_map": {"a": "good.safetensors", "b": name}},
        "good.safetensors": weights(a=("F32", [1])),
        "pytorch_model.bin": None,
    }
    assert asked(files) == [["model.safetensors.index.json"]]
    found = evidence(files)
    assert found.problems == [Problem("model.safetensors.index.json", message)]
    assert "specs.parameters" not in found.facts


@pytest.mark.parametrize("index", [{}, {"weight_map": {}}, {"weight_map": []}, {"weight_map": "a"}])
def test_index_without_files_says_nothing(index: Any) -> None:
    assert asked({"model.safetensors.index.json": index}) == [["model.safetensors.index.json"]]
    assert evidence({"model.safetensors.index.json": index}).facts == {}


MODULES: dict[str, tuple[Any, str]] = {
    "object": ({}, "the file must hold a JSON array"),
    "texts": (["a"], "the file must list modules with `type` and `path`"),
    "no path": ([{"type": "a.Pooling"}], "the file must list modules with `type` and `path`"),
    "type of a list": ([{"type": [], "path": ""}], "the file must list modules with `type` and `path`"),
    "path outside": ([{"type": "a.Pooling", "path": "../x"}], "unsafe file name: `../x`: it has the part `..`"),
    "path of the root": ([{"type": "a.Pooling", "path": "/"}], "unsafe file name: `/`: it is absolute"),
    "not JSON": (
        b"[",
        "line 1, column 2: `[` opened on line 1, column 1 must be closed with `]`; found the end of the file: "
        "the file is cut off, download it again",
    ),
}


@pytest.mark.parametrize(("modules", "message"), MODULES.values(), ids=MODULES)
def test_faulty_modules_leave_the_kind_unknown(modules: Any, message: str) -> None:
    files = BGE_M3 | {"modules.json": modules}
    assert asked(files)[1:] == []
    found = evidence(files)
    assert found.problems == [Problem("modules.json", message)]
    assert (found.encoder_type, found.facts["specs.hidden_dim"].value) == (None, 1024)
    assert {"type", "encoding.pooling", "specs.embedding_dim", "dependencies.remote_code"}.isdisjoint(found.facts)


def test_name_that_the_repository_does_not_have_is_not_asked_for() -> None:
    assert next_files([], {}) == []
    assert next_files(["a.txt"], {"modules.json": content(BGE_M3["modules.json"])}) == []
