"""Which files of a repository decide vectors, by their names."""

import pytest

from hypiler.model_files.vector_files import decides_vectors, is_weights

DECIDES = [
    "model.safetensors",
    "model-00001-of-00002.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "2_Dense/model.safetensors",
    "onnx/model.onnx",
    "onnx/model.onnx_data",
    "onnx/model.onnx.data",
    "onnx/model.onnx_data_1",
    "openvino/openvino_model.xml",
    "model-q8_0.gguf",
    "tokenizer.json",
    "tokenizer_config.json",
    "0_Transformer/vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "added_tokens.json",
    "special_tokens_map.json",
    "config.json",
    "1_Pooling/config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "artifact.metadata",
    "adapter_config.json",
    "adapter_model.safetensors",
    "preprocessor_config.json",
    "router_config.json",
    "query_0_SparseStaticEmbedding/idf.json",
    "modeling_new.py",
    "org/other:onnx/model.onnx",
    "org/other:model.safetensors",
]
DOES_NOT = [
    "README.md",
    ".gitattributes",
    "LICENSE",
    "generation_config.json",
    "data_config.json",
    "images/plot.png",
    "training_args.bin",
    "checkpoint-5/optimizer.pt",
    "optimizer.bin",
    "scheduler.pt",
    "rng_state_0.pth",
    "trainer_state.json",
    "results.json",
    "org/other:README.md",
    "org/other:",
]


@pytest.mark.parametrize("name", DECIDES)
def test_weights_tokenizers_settings_and_code_decide_vectors(name: str) -> None:
    assert decides_vectors(name)


@pytest.mark.parametrize("name", DOES_NOT)
def test_documents_and_what_trainers_leave_behind_decide_nothing(name: str) -> None:
    assert not decides_vectors(name)


def test_weights_are_told_from_other_files_that_decide_vectors() -> None:
    endings = (".safetensors", ".bin", ".onnx", ".xml", ".gguf", "data", "_1")
    assert [name for name in (*DECIDES, *DOES_NOT) if is_weights(name)] == [
        name for name in DECIDES if name.endswith(endings) and name != "artifact.metadata"
    ]
