"""Folders of real models, read as a client of the hub would read them."""

import json
from pathlib import Path
from typing import Any

from model_files.models import read

from hypiler.engines.layout import read_layout
from hypiler.model_files.extract import Evidence, extract_facts
from hypiler.schema.parameter_counts import parameters_agree

SHIPPED = json.loads((Path(__file__).parents[2] / "models.json").read_bytes())["models"]


def evidence_of(folder: Path) -> tuple[Evidence, list[list[str]]]:
    files, sizes, asked = read(folder)
    return extract_facts(sizes.keys(), files, sizes), asked


def stated(entry: dict[str, Any], path: str) -> Any:
    for key in path.split("."):
        entry = entry.get(key, {})
    return entry or None


NETWORK = ("architecture.layers", "architecture.intermediate_dim", "architecture.attention_heads")


def test_all_minilm_is_what_the_shipped_registry_says(minilm: Path) -> None:
    found, asked = evidence_of(minilm)
    assert asked == [
        [
            "config.json",
            "modules.json",
            "config_sentence_transformers.json",
            "sentence_bert_config.json",
            "tokenizer_config.json",
        ],
        ["1_Pooling/config.json", "model.safetensors"],
    ]
    assert (found.encoder_type, found.problems, found.remote_code, found.pickle_only) == ("dense", [], (), False)
    entry = next(model for model in SHIPPED if model["id"] == "all-minilm-l6-v2")
    facts = {path: fact.value for path, fact in found.facts.items() if not path.startswith("files.")}
    assert facts.pop("specs.parameters") == 22_713_216
    # Without and with the position ids, which are no parameters.
    assert facts.pop("specs.parameter_count") == [22_713_216, 22_713_728]
    assert {path: facts.pop(path) for path in NETWORK} == dict(zip(NETWORK, (6, 1536, 12), strict=True))
    assert parameters_agree(stated(entry, "specs.parameters"), 22_713_216)
    # Further formats were published later.
    assert set(facts.pop("capabilities.quantization")) <= set(stated(entry, "capabilities.quantization"))
    assert facts == {
        "type": "dense",
        "architecture.type": "bert",
        "architecture.has_projection": False,
        "architecture.projection_dims": None,
        "specs.embedding_dim": 384,
        "specs.hidden_dim": 384,
        "specs.context_length": 512,
        "specs.max_position_embeddings": 512,
        "specs.vocab_size": 30522,
        "capabilities.modalities": ["text"],
        "capabilities.multi_vector": False,
        "encoding.pooling": "mean",
        "encoding.normalize": True,
        "encoding.query_length": 256,
        "encoding.document_length": 256,
        "dependencies.remote_code": False,
    }
    # What the entry leaves out is what it would say of nothing.
    assert {path: stated(entry, path) for path in facts} == {path: value or None for path, value in facts.items()}


def test_splade_is_sparse_by_its_network_alone(splade: Path) -> None:
    found, asked = evidence_of(splade)
    assert asked == [["config.json", "tokenizer_config.json", "model.safetensors"]]
    assert (found.encoder_type, found.problems, found.remote_code, found.pickle_only) == ("sparse", [], (), False)
    facts = {path: fact.value for path, fact in found.facts.items() if not path.startswith("files.")}
    assert facts == {
        "type": "sparse",
        "architecture.type": "bert",
        "architecture.layers": 2,
        "architecture.intermediate_dim": 512,
        "architecture.attention_heads": 2,
        "architecture.has_projection": False,
        "architecture.projection_dims": None,
        "specs.parameters": 4_416_698,
        "specs.parameter_count": 4_416_698,
        "specs.embedding_dim": 30522,
        "specs.hidden_dim": 128,
        "specs.context_length": 512,
        "specs.max_position_embeddings": 512,
        "specs.vocab_size": 30522,
        "capabilities.modalities": ["text"],
        "capabilities.multi_vector": False,
        "capabilities.quantization": ["fp32"],
        "dependencies.remote_code": False,
    }


def test_late_interaction_keeps_one_vector_a_token(multi_vector: Path) -> None:
    found, _ = evidence_of(multi_vector)
    assert (found.encoder_type, found.problems) == ("multi_vector", [])
    facts = {path: found.facts[path].value for path in found.facts if path.startswith("encoding.")}
    assert facts == {
        "encoding.pooling": "none",
        "encoding.normalize": True,
        "encoding.query_prefix": "",
        "encoding.document_prefix": "",
        "encoding.query_expansion": False,
        "encoding.skip_punctuation": False,
    }
    assert found.facts["specs.embedding_dim"].value == 384


def test_engines_see_the_same_kinds(minilm: Path, splade: Path, multi_vector: Path) -> None:
    for folder in (minilm, splade, multi_vector):
        assert evidence_of(folder)[0].encoder_type == read_layout(folder).encoder_type
