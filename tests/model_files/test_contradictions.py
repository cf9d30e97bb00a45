"""Files of one model that contradict each other: the facts follow the network, are doubtful, and a warning says why."""

from typing import Any

import pytest
from golden import golden
from hub.families import listed
from model_files.models import evidence, values, weights

ST = "sentence_transformers.models"
SETTINGS, NETWORK = "config_sentence_transformers.json", "sentence_bert_config.json"
WIDTH, HIDDEN, VOCABULARY = "specs.embedding_dim", "specs.hidden_dim", "specs.vocab_size"
BERT = {"model_type": "bert", "hidden_size": 8, "max_position_embeddings": 32, "vocab_size": 16}
DENSE: dict[str, Any] = {
    "config.json": BERT,
    "modules.json": listed(f"{ST}.Pooling"),
    "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True},
}
POOLING = "1_Pooling/config.json"
LAYERED = DENSE | {
    "modules.json": listed(f"{ST}.Pooling", f"{ST}.Dense"),
    "2_Dense/config.json": {"in_features": 8, "out_features": 4},
}
LAYER = "2_Dense/config.json"
TABLE = "embeddings__word_embeddings__weight"
SPARSE = DENSE | {"modules.json": listed(f"{ST}.SpladePooling")}
LATE = DENSE | {
    "modules.json": listed(f"{ST}.Dense", "sentence_transformers.multi_vector_encoder.modules.MultiVectorMask"),
    "1_Dense/config.json": {"in_features": 8, "out_features": 4},
}


def doubtful(files: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The facts that are doubtful, and the warnings."""
    found = evidence(files)
    facts = {path: fact.value for path, fact in found.facts.items() if fact.doubtful}
    assert all(fact.note for fact in found.facts.values() if fact.doubtful)
    return facts, [(one.file, one.message) for one in found.warnings]


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "pooling states another width": (
        DENSE | {POOLING: {"word_embedding_dimension": 6, "pooling_mode_mean_tokens": True}},
        {WIDTH: 8, HIDDEN: 8},
        [
            (
                POOLING,
                golden(
                    "word_embedding_dimension is 6, but vectors of width 8 reach the module: "
                    "hidden_size in config.json is 8"
                ),
            )
        ],
    ),
    "pooling by its newer name": (
        DENSE | {POOLING: {"embedding_dimension": 6, "pooling_mode": ["cls", "mean"]}},
        {WIDTH: 16, HIDDEN: 8},
        [
            (
                POOLING,
                golden(
                    "embedding_dimension is 6, but vectors of width 8 reach the module: hidden_size in config.json is 8"
                ),
            )
        ],
    ),
    "pooling before a layer": (
        LAYERED | {POOLING: {"word_embedding_dimension": 6, "pooling_mode_mean_tokens": True}},
        {WIDTH: 4, HIDDEN: 8},
        [
            (
                POOLING,
                golden(
                    "word_embedding_dimension is 6, but vectors of width 8 reach the module: "
                    "hidden_size in config.json is 8"
                ),
            )
        ],
    ),
    "a layer takes another width": (
        LAYERED | {LAYER: {"in_features": 6, "out_features": 4}},
        {WIDTH: 4, HIDDEN: 8},
        [
            (
                LAYER,
                golden("in_features is 6, but vectors of width 8 reach the module: hidden_size in config.json is 8"),
            )
        ],
    ),
    "a layer after a layer": (
        LAYERED
        | {
            "modules.json": listed(f"{ST}.Pooling", f"{ST}.Dense", f"{ST}.Dense"),
            "3_Dense/config.json": {"in_features": 5, "out_features": 2},
        },
        {WIDTH: 2, HIDDEN: 8},
        [
            (
                "3_Dense/config.json",
                golden(
                    "in_features is 5, but vectors of width 4 reach the module: "
                    "out_features in 2_Dense/config.json is 4"
                ),
            )
        ],
    ),
    "a layer of late interaction": (
        LATE | {"1_Dense/config.json": {"in_features": 6, "out_features": 4}},
        {WIDTH: 4, HIDDEN: 8},
        [
            (
                "1_Dense/config.json",
                golden("in_features is 6, but vectors of width 8 reach the module: hidden_size in config.json is 8"),
            )
        ],
    ),
    "normalization of layers": (
        DENSE
        | {"modules.json": listed(f"{ST}.Pooling", f"{ST}.LayerNorm"), "2_LayerNorm/config.json": {"dimension": 6}},
        {WIDTH: 8, HIDDEN: 8},
        [
            (
                "2_LayerNorm/config.json",
                golden("dimension is 6, but vectors of width 8 reach the module: hidden_size in config.json is 8"),
            )
        ],
    ),
    "weights of another width": (
        DENSE
        | {
            POOLING: {"word_embedding_dimension": 12, "pooling_mode_mean_tokens": True},
            "model.safetensors": weights(**{TABLE: ("F32", [16, 12])}),
        },
        {WIDTH: 12, HIDDEN: 12},
        [
            (
                "model.safetensors",
                golden("`embeddings.word_embeddings.weight` is 12 wide, but hidden_size in config.json is 8"),
            )
        ],
    ),
    "weights of another vocabulary": (
        DENSE | {"model.safetensors": weights(**{TABLE: ("BF16", [20, 8])})},
        {VOCABULARY: 20},
        [
            (
                "model.safetensors",
                golden("`embeddings.word_embeddings.weight` has 20 rows, but vocab_size in config.json is 16"),
            )
        ],
    ),
    "weights of other positions": (
        DENSE | {"model.safetensors": weights(embeddings__position_embeddings__weight=("F32", [24, 8]))},
        {"specs.max_position_embeddings": 24, "specs.context_length": 32},
        [
            (
                "model.safetensors",
                golden(
                    "`embeddings.position_embeddings.weight` has 24 rows, but max_position_embeddings in config.json is 32"
                ),
            )
        ],
    ),
    "weights of a layer": (
        LAYERED | {"2_Dense/model.safetensors": weights(linear__weight=("F32", [3, 8]))},
        {
            WIDTH: 4,
            "architecture.projection_dims": 4,
            "encoding.dense_layers": [{"in_features": 8, "out_features": 4, "activation": "Tanh"}],
        },
        [
            (
                "2_Dense/model.safetensors",
                golden("the weights have the shape [3, 8], but 2_Dense/config.json states [4, 8]"),
            )
        ],
    ),
    "more tokens than vectors": (
        DENSE | {"tokenizer_config.json": {"added_tokens_decoder": {"3": {}, "16": {"content": "[Q]"}}}},
        {VOCABULARY: 16},
        [("tokenizer_config.json", golden("the token `[Q]` has the id 16, but vocab_size in config.json is 16"))],
    ),
    "longer texts than positions": (
        DENSE | {NETWORK: {"max_seq_length": 64}},
        {"encoding.query_length": 32, "encoding.document_length": 32},
        [("config.json", golden("max_seq_length in sentence_bert_config.json is 64, and longer texts fail"))],
    ),
    "a class that did not save these modules": (
        SPARSE | {SETTINGS: {"model_type": "SentenceTransformer"}},
        {"type": "sparse", "capabilities.multi_vector": False},
        [(SETTINGS, golden("model_type is that of a dense model, but modules.json lists SpladePooling"))],
    ),
    "a task of another type": (
        DENSE | {"README.md": b"---\npipeline_tag: text-ranking\n---\n"},
        {"type": "dense"},
        [("README.md", golden("pipeline_tag is text-ranking, but the files are those of a dense model"))],
    ),
    "a classifier that its card calls an encoder": (
        {
            "config.json": BERT | {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}},
            "README.md": b"---\npipeline_tag: sentence-similarity\n---\n",
        },
        {"type": "reranker"},
        [("README.md", golden("pipeline_tag is sentence-similarity, but the files are those of a reranker model"))],
    ),
    "two licences": (
        DENSE | {"README.md": b"---\nlicense: mit\nlicense_name: gemma\n---\n"},
        {"license": "MIT"},
        [("README.md", golden("license is `mit`, but license_name is `gemma`"))],
    ),
}


@pytest.mark.parametrize(("files", "facts", "warnings"), CASES.values(), ids=CASES)
def test_fact_that_files_contradict_follows_the_network_and_is_doubtful(
    files: dict[str, Any], facts: dict[str, Any], warnings: list[tuple[str, str]]
) -> None:
    assert doubtful(files) == (facts, warnings)


CONSISTENT: dict[str, dict[str, Any]] = {
    "dense": DENSE,
    "dense with a layer": LAYERED,
    "late interaction": LATE,
    "sparse": SPARSE | {SETTINGS: {"model_type": "SparseEncoder"}},
    "weights": LAYERED
    | {
        "model.safetensors": weights(**{TABLE: ("F16", [16, 8])}),
        "2_Dense/model.safetensors": weights(linear__weight=("F32", [4, 8])),
    },
    # ALBERT maps its table to the hidden width, ELECTRA as well.
    "a table of its own width": DENSE
    | {
        "config.json": BERT | {"embedding_size": 4},
        "model.safetensors": weights(**{TABLE: ("F32", [16, 4])}),
    },
    "a table of its own width in RemBERT": DENSE
    | {
        "config.json": BERT | {"model_type": "rembert", "input_embedding_size": 4},
        "model.safetensors": weights(**{TABLE: ("F32", [16, 4])}),
    },
    # OPT maps the hidden states back to the width of its table.
    "an output of its own width": DENSE
    | {
        "config.json": BERT | {"word_embed_proj_dim": 4},
        POOLING: {"word_embedding_dimension": 4, "pooling_mode_mean_tokens": True},
    },
    "a table that is padded": DENSE
    | {
        "config.json": BERT | {"pad_vocab_size_multiple": 64},
        "model.safetensors": weights(**{TABLE: ("F32", [64, 8])}),
    },
    "packed weights": DENSE | {"model.safetensors": weights(**{TABLE: ("I32", [16, 1])})},
    "tables of two networks": DENSE
    | {"model.safetensors": weights(a__shared__weight=("F32", [9, 9]), b__shared__weight=("F32", [7, 7]))},
    "words instead of a network": DENSE
    | {
        "modules.json": [{"path": "0", "type": f"{ST}.WordEmbeddings"}, *listed(f"{ST}.Pooling")[1:]],
        POOLING: {"word_embedding_dimension": 300, "pooling_mode_mean_tokens": True},
    },
    "another module before pooling": DENSE
    | {
        "modules.json": listed(f"{ST}.LSTM", f"{ST}.Pooling"),
        "2_Pooling/config.json": {"word_embedding_dimension": 30, "pooling_mode_mean_tokens": True},
    },
    "an image tower": DENSE
    | {
        NETWORK: {"modality_config": {"image": {"method": "get_image_features"}}},
        POOLING: {"word_embedding_dimension": 5, "pooling_mode_mean_tokens": True},
    },
    "scores of words": DENSE
    | {
        NETWORK: {"transformer_task": "fill-mask"},
        POOLING: {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True},
    },
    "an output that is pooled already": DENSE
    | {
        NETWORK: {"modality_config": {"text": {"method": "forward", "method_output_name": "pooler_output"}}},
        POOLING: {"word_embedding_dimension": 5, "pooling_mode_mean_tokens": True},
    },
    "the same licence twice": DENSE | {"README.md": b"---\nlicense: cc-by-4.0\nlicense_name: CC BY 4.0\n---\n"},
    "a named licence": DENSE | {"README.md": b"---\nlicense: other\nlicense_name: nvidia-open\n---\n"},
}


@pytest.mark.parametrize("files", CONSISTENT.values(), ids=CONSISTENT)
def test_files_that_agree_have_no_doubtful_fact(files: dict[str, Any]) -> None:
    assert doubtful(files) == ({}, [])


def test_settings_of_a_class_count_where_modules_do_not_decide() -> None:
    files = DENSE | {SETTINGS: {"model_type": "SparseEncoder"}}
    assert values(evidence(files))["type"] == "sparse"
    assert doubtful(files) == ({}, [])
