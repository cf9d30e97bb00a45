"""What a model is, what follows its network, and what it returns."""

from typing import Any

import model_files.models as models
import pytest
from golden import golden
from model_files.models import TRANSFORMER, content, evidence, place, values, weights

from hypiler.model_files.extract import FileFact, Problem, extract_facts

ST = "sentence_transformers"
SETTINGS = "config_sentence_transformers.json"
KINDS = {
    "BGE_M3": ("dense", "dense", SETTINGS, "model_type"),
    "BGE_RERANKER": ("reranker", "reranker", "config.json", "architectures"),
    "STELLA": ("dense", "dense", "modules.json", "Pooling"),
    "JASPER": None,
    "DISTILBERT": ("sparse", "sparse", "config.json", "architectures"),
    "NOMIC": None,
    "GTE": None,
    "MODERNBERT": None,
    "MT5": None,
    "CHRONOS": None,
    "COLPALI_MERGED": ("multi_vector", "colbert", "config.json", "architectures"),
    "COLPALI": ("multi_vector", "colbert", "config.json", "architectures"),
    "MODEL2VEC": ("static", "static", "config.json", "architectures"),
    "STANFORD": ("multi_vector", "colbert", "artifact.metadata", "dim"),
    "PYLATE": ("multi_vector", "colbert", SETTINGS, "query_prefix"),
    "SPLADE": ("sparse", "sparse", SETTINGS, "model_type"),
}


@pytest.mark.parametrize("name", models.ALL)
def test_kind_is_what_the_files_show(name: str) -> None:
    found, expected = evidence(models.ALL[name]), KINDS[name]
    if expected is None:
        shown = [path for path in ("type", "capabilities.multi_vector") if path in found.facts]
        assert (found.encoder_type, [path for path in shown if not found.facts[path].hint]) == (None, [])
    else:
        assert (found.encoder_type, *place(found, "type")) == expected
        assert values(found)["capabilities.multi_vector"] == (expected[0] == "multi_vector")


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"embeddings": ("F32", [16, 8])}, "static"),
        ({"embeddings": ("I8", [16, 8]), "mapping": ("I64", [20]), "weights": ("F32", [20])}, "static"),
        ({"embeddings": ("F32", [16, 8]), "linear__weight": ("F32", [8, 8])}, None),
        ({"embedding__weight": ("F32", [16, 8])}, None),
        ({}, None),
    ],
)
def test_table_of_vectors_alone_is_a_static_model(tensors: dict[str, Any], expected: str | None) -> None:
    files = {"config.json": {"normalize": True}, "model.safetensors": weights(**tensors)}
    assert evidence(files).encoder_type == expected
    # A network that is named computes with its table.
    assert evidence(files | {"config.json": {"model_type": "bert"}}).encoder_type is None


def modules(*names: str, **files: Any) -> dict[str, Any]:
    """A BERT followed by modules of these types, `2_Name` being the folder of the second after it."""
    listed = [
        {"idx": number, "name": str(number), "path": f"{number}_{name.rpartition('.')[2]}", "type": name}
        for number, name in enumerate(names, 1)
    ]
    held = {f"{name}/config.json": config for name, config in files.items()}
    return {"config.json": models.STANFORD["config.json"], "modules.json": [TRANSFORMER, *listed]} | held


MODULES = {
    "old pooling": ([f"{ST}.models.Pooling"], "dense"),
    "new pooling": ([f"{ST}.sentence_transformer.modules.pooling.Pooling"], "dense"),
    "pooling and a layer": ([f"{ST}.models.Pooling", f"{ST}.models.Dense"], "dense"),
    "a layer for tokens": ([f"{ST}.models.Dense"], "multi_vector"),
    "mask": ([f"{ST}.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"], "multi_vector"),
    "sparse pooling": ([f"{ST}.sparse_encoder.modules.splade_pooling.SpladePooling"], "sparse"),
    "sparse code": ([f"{ST}.models.Pooling", f"{ST}.sparse_encoder.modules.SparseAutoEncoder"], "sparse"),
    "static": ([f"{ST}.models.StaticEmbedding", f"{ST}.models.Normalize"], "static"),
    "code of the repository": (["custom_st.Pooling"], None),
    "nothing after the network": ([], None),
}


@pytest.mark.parametrize(("names", "kind"), MODULES.values(), ids=MODULES)
def test_modules_tell_the_kind(names: list[str], kind: str | None) -> None:
    assert evidence(modules(*names)).encoder_type == kind


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("SentenceTransformer", "dense"),
        ("SparseEncoder", "sparse"),
        ("MultiVectorEncoder", "multi_vector"),
        ("ColBERT", "multi_vector"),
        ("CrossEncoder", "reranker"),
        ("Other", "dense"),
        (["CrossEncoder"], "dense"),
    ],
)
def test_class_that_saved_a_model_tells_the_kind(word: Any, kind: str) -> None:
    assert evidence(modules(f"{ST}.models.Pooling") | {SETTINGS: {"model_type": word}}).encoder_type == kind


def test_network_without_modules_is_known_by_what_else_is_there() -> None:
    assert evidence({"config.json": {}, SETTINGS: {"model_type": "CrossEncoder"}}).encoder_type == "reranker"
    assert evidence({"config.json": {"model_type": "model2vec"}}).encoder_type == "static"
    assert evidence({"config.json": {"model_type": "bert"}, "artifact.metadata": {"dim": 0}}).encoder_type is None


def test_code_of_a_repository_is_a_hint_to_the_class_that_loads_it() -> None:
    """As jina-embeddings-v5-text-nano has it: the library takes SentenceTransformer where no class is named."""
    files = models.JASPER | {"tokenizer_config.json": {}, "config.json": {"model_type": "own", "vocab_size": 128256}}
    settings = {"prompts": {"query": "Query: ", "document": "Document: "}, "similarity_fn_name": "cosine"}
    facts = evidence(files | {SETTINGS: settings}).facts
    shown = {path: facts[path].value for path, fact in facts.items() if fact.hint}
    assert shown == {"type": "dense", "capabilities.modalities": ["text"], "capabilities.multi_vector": False}
    for other in ({"model_type": "ColBERT"}, {"model_type": "Other"}, {"query_prefix": "[Q] "}, {}):
        found = evidence(files | {SETTINGS: other}).facts
        assert not any(found[path].hint for path in ("type", "capabilities.multi_vector") if path in found)
    # Without a tokenizer, nothing says that the model reads text.
    assert "capabilities.modalities" not in evidence(models.CHRONOS).facts


def test_layer_without_pooling_is_told_to_be_for_tokens() -> None:
    assert evidence(modules(f"{ST}.models.Dense")).facts["type"].note == golden("without a pooling module")
    assert evidence(modules(f"{ST}.models.Pooling")).facts["type"].note == ""


def test_masked_language_model_alone_is_told_to_be_perhaps_none() -> None:
    assert evidence(models.DISTILBERT).facts["type"].note == golden(
        "a masked language model: SPLADE, or no encoder at all"
    )


@pytest.mark.parametrize("labels", [None, {}, {"0": "a", "1": "b"}, ["a"]])
def test_classifier_without_one_label_is_no_reranker(labels: Any) -> None:
    config = models.BGE_RERANKER["config.json"] | {"id2label": labels}
    assert evidence({"config.json": config}).encoder_type is None


def test_further_heads_beside_a_dense_model_are_seen() -> None:
    found = evidence(models.BGE_M3 | {"colbert_linear.pt": None, "sparse_linear.pt": None})
    assert (found.encoder_type, values(found)["type"]) == ("dense", "dense")
    assert place(found, "capabilities.multi_vector") == (True, "colbert_linear.pt", "")
    assert found.facts["architecture.has_projection"] == FileFact(
        True, "colbert_linear.pt", "", "an additional head that gives one vector per token; its width is in a pickle"
    )
    assert "architecture.projection_dims" not in found.facts


HAS, DIMS, WIDTH = "architecture.has_projection", "architecture.projection_dims", "specs.embedding_dim"
POOLING = f"{ST}.models.Pooling"
DENSE = f"{ST}.models.Dense"


@pytest.mark.parametrize(("width", "positions", "is_known"), [(384, 514, True), (1024, 514, True), (1024, 8194, False)])
def test_only_networks_of_one_shape_may_have_a_further_head_that_a_copy_leaves_out(
    width: int, positions: int, *, is_known: bool
) -> None:
    config = {"model_type": "xlm-roberta", "hidden_size": width, "max_position_embeddings": positions}
    files = modules(f"{ST}.models.Pooling", f"{ST}.models.Normalize", **{"1_Pooling": {"pooling_mode": "cls"}})
    files["config.json"] = config
    found = extract_facts(files.keys(), {name: content(value) for name, value in files.items()}, complete=False)
    assert {path in found.facts for path in ("capabilities.multi_vector", "architecture.has_projection")} == {is_known}


def projection(files: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in values(evidence(files)).items() if path in (HAS, DIMS, WIDTH)}


def test_layer_after_pooling_is_a_projection_and_gives_the_width() -> None:
    found = evidence(models.STELLA)
    file = "2_Dense/config.json"
    assert (found.facts[HAS], found.facts[DIMS]) == (
        FileFact(True, file, "out_features"),
        FileFact(8192, file, "out_features"),
    )
    assert found.facts[WIDTH] == FileFact(8192, file, "out_features")
    assert values(found)["encoding.dense_layers"] == [
        {"in_features": 1536, "out_features": 8192, "activation": "Identity"}
    ]


def test_layers_are_told_in_order_with_their_activations() -> None:
    # The layer of LaBSE, as github.com/mxLiew/multilingual_labse has it, and another.
    tanh = {
        "in_features": 768,
        "out_features": 768,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    files = modules(POOLING, DENSE, DENSE, **{"2_Dense": tanh, "3_Dense": {"in_features": 768, "out_features": 64}})
    assert values(evidence(files))["encoding.dense_layers"] == [
        {"in_features": 768, "out_features": 768, "activation": "Tanh"},
        # The library takes Tanh where none is named.
        {"in_features": 768, "out_features": 64, "activation": "Tanh"},
    ]
    assert projection(files) == {HAS: True, DIMS: 64, WIDTH: 64}


def test_modules_without_a_layer_show_that_there_is_no_projection() -> None:
    assert projection(models.BGE_M3) == {HAS: False, DIMS: None, WIDTH: 1024}
    assert place(evidence(models.BGE_M3), WIDTH) == (1024, "1_Pooling/config.json", "embedding_dimension")


@pytest.mark.parametrize("config", [None, {}, {"in_features": 768}, {"in_features": 768, "out_features": "64"}])
def test_layer_that_is_not_described_leaves_the_widths_unknown(config: Any) -> None:
    found = evidence(modules(POOLING, DENSE, **{"1_Pooling": {"word_embedding_dimension": 768}, "2_Dense": config}))
    assert {HAS, DIMS, WIDTH, "encoding.dense_layers"}.isdisjoint(found.facts)
    told = [Problem("2_Dense/config.json", "the file must give `in_features` and `out_features`")]
    assert found.problems == (told if config else [])


@pytest.mark.parametrize("strange", ["custom.Dense", f"{ST}.models.LSTM"])
def test_module_that_is_not_known_may_be_a_projection(strange: str) -> None:
    files = modules(POOLING, strange, **{"1_Pooling": {"word_embedding_dimension": 768}})
    assert {HAS, DIMS}.isdisjoint(projection(files))
    assert (WIDTH in projection(files)) == strange.startswith(ST)


def test_number_that_only_late_interaction_has_is_no_projection_of_another_model() -> None:
    config = models.BGE_RERANKER["config.json"] | {"embedding_dim": 128}
    assert projection({"config.json": config}) == projection(models.BGE_RERANKER)
    late = modules(DENSE, **{"1_Dense": None}) | {"artifact.metadata": {"dim": 96}}
    assert projection(late) == {}


def test_poolings_that_are_joined_give_a_wider_vector() -> None:
    files = modules(POOLING, **{"1_Pooling": {"embedding_dimension": 768, "pooling_mode": ["cls", "mean"]}})
    assert projection(files)[WIDTH] == 1536
    old = {"word_embedding_dimension": 768, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}
    assert projection(modules(POOLING, **{"1_Pooling": old}))[WIDTH] == 1536


def test_width_that_the_library_cuts_to_is_told() -> None:
    found = evidence(models.BGE_M3 | {SETTINGS: {"model_type": "SentenceTransformer", "truncate_dim": 256}})
    assert found.facts[WIDTH] == FileFact(
        1024, "1_Pooling/config.json", "embedding_dimension", f"truncate_dim in {SETTINGS} is 256"
    )


def test_late_interaction_by_stanford_has_its_layer_among_the_weights() -> None:
    found = evidence(models.STANFORD)
    assert projection(models.STANFORD) == {HAS: True, DIMS: 128, WIDTH: 128}
    assert place(found, "encoding.dense_layers") == (
        [{"in_features": 768, "out_features": 128}],
        "model.safetensors",
        "linear.weight",
    )
    unread = models.STANFORD | {"model.safetensors": None}
    assert place(evidence(unread), WIDTH) == (128, "artifact.metadata", "dim")
    assert projection(unread) == projection(models.STANFORD)
    assert "encoding.dense_layers" not in evidence(unread).facts


def test_late_interaction_of_images_has_its_layer_among_the_weights_or_its_width_in_the_configuration() -> None:
    assert place(evidence(models.COLPALI_MERGED), WIDTH) == (128, "model.safetensors", "custom_text_proj.weight")
    assert place(evidence(models.COLPALI), WIDTH) == (128, "config.json", "embedding_dim")
    assert projection(models.COLPALI) == projection(models.COLPALI_MERGED) == {HAS: True, DIMS: 128, WIDTH: 128}


def test_layer_may_lie_inside_another_module() -> None:
    held = weights(model__embedding_proj_layer__weight=("BF16", [128, 2048]), model__other__weight=("BF16", [8, 8]))
    found = evidence(models.COLPALI | {"model.safetensors": held})
    assert place(found, WIDTH) == (128, "model.safetensors", "embedding_proj_layer.weight")
    elsewhere = models.COLPALI | {"model.safetensors": weights(linear__weight__old=("BF16", [64, 2048]))}
    assert place(evidence(elsewhere), WIDTH) == (128, "config.json", "embedding_dim")


def test_late_interaction_without_a_layer_returns_the_states_of_the_network() -> None:
    mask = f"{ST}.multi_vector_encoder.modules.multi_vector_mask.MultiVectorMask"
    assert projection(modules(mask, f"{ST}.models.Normalize")) == {HAS: False, DIMS: None, WIDTH: 768}


@pytest.mark.parametrize("tensor", [("F32", [128]), ("F32", [0, 768]), ("F32", [2, 8, 8])])
def test_tensor_of_another_shape_is_no_layer(tensor: Any) -> None:
    files = models.STANFORD | {"model.safetensors": weights(linear__weight=tensor), "artifact.metadata": {}}
    assert {HAS, DIMS, WIDTH}.isdisjoint(projection(files))


def test_sparse_model_is_as_wide_as_its_vocabulary_or_its_code() -> None:
    assert projection(models.SPLADE) == {HAS: False, DIMS: None, WIDTH: 30522}
    coder = f"{ST}.sparse_encoder.modules.SparseAutoEncoder"
    files = modules(POOLING, coder, **{"2_SparseAutoEncoder": {"input_dim": 768, "hidden_dim": 4096, "k": 64}})
    assert projection(files) == {HAS: True, DIMS: 4096, WIDTH: 4096}
    assert projection(modules(POOLING, coder)) == {}


def test_reranker_may_list_its_head_as_modules() -> None:
    layer = {"in_features": 768, "out_features": 768}
    scoring = layer | {"out_features": 1, "module_output_name": "scores"}
    dense = f"{ST}.base.modules.dense.Dense"
    files = modules(POOLING, dense, f"{ST}.models.LayerNorm", dense, **{"2_Dense": layer, "4_Dense": scoring})
    assert evidence(files).facts["type"] == FileFact("reranker", "4_Dense/config.json", "module_output_name")
    assert projection(files) == {HAS: False, DIMS: None, WIDTH: 768}


def test_reranker_is_as_wide_as_what_its_head_reads() -> None:
    assert projection(models.BGE_RERANKER) == {HAS: False, DIMS: None, WIDTH: 768}


def scoring(labels: int) -> dict[str, Any]:
    """A CrossEncoder of modules, with the keys of cross-encoder/ettin-reranker-150m-v1, smaller."""
    dense, output = f"{ST}.base.modules.dense.Dense", {"module_input_name": "sentence_embedding"}
    return modules(
        f"{ST}.sentence_transformer.modules.pooling.Pooling",
        dense,
        f"{ST}.sentence_transformer.modules.layer_norm.LayerNorm",
        dense,
        **{
            "1_Pooling": {"embedding_dimension": 768, "pooling_mode": "cls", "include_prompt": True},
            "2_Dense": output | {"in_features": 768, "out_features": 768, "module_output_name": "sentence_embedding"},
            "3_LayerNorm": {"dimension": 768},
            "4_Dense": output | {"in_features": 768, "out_features": labels, "module_output_name": "scores"},
        },
    )


@pytest.mark.parametrize("settings", [{}, {SETTINGS: {"model_type": "CrossEncoder"}}])
def test_modules_that_end_in_scores_are_a_reranker(settings: dict[str, Any]) -> None:
    found = evidence(scoring(1) | settings)
    assert (found.encoder_type, values(found)["type"]) == ("reranker", "reranker")
    assert projection(scoring(1) | settings) == {HAS: False, DIMS: None, WIDTH: 768}
    assert place(found, "encoding.pooling") == ("cls", "1_Pooling/config.json", "pooling_mode")
    assert {"encoding.dense_layers", "encoding.normalize"}.isdisjoint(found.facts)


def test_modules_that_score_several_labels_or_are_not_read_are_of_no_known_kind() -> None:
    assert evidence(scoring(3)).encoder_type is None
    assert evidence(scoring(1) | {"4_Dense/config.json": None}).encoder_type is None
    # The class that saved them knows.
    assert evidence(scoring(3) | {SETTINGS: {"model_type": "CrossEncoder"}}).encoder_type == "reranker"
    wrong = evidence(scoring(1) | {SETTINGS: {"model_type": "SentenceTransformer"}})
    assert (wrong.encoder_type, wrong.facts["type"].doubtful) == ("reranker", True)


STATIC = {"idx": 0, "name": "0", "path": ".", "type": f"{ST}.models.StaticEmbedding"}
TABLES = {
    # As sentence-transformers 6.2 and model2vec 0.10 save them.
    "sentence-transformers": ({"embedding__weight": ("F32", [30522, 8])}, 30522, "embedding.weight"),
    "model2vec": ({"embeddings": ("F32", [30522, 8])}, 30522, "embeddings"),
    "rows that tokens share": (
        {"embeddings": ("I8", [10000, 8]), "mapping": ("I64", [276326]), "weights": ("F32", [276326])},
        276326,
        "mapping",
    ),
}


@pytest.mark.parametrize(("tensors", "rows", "key"), TABLES.values(), ids=TABLES)
def test_static_model_is_what_its_table_is(tensors: Any, rows: int, key: str) -> None:
    found = evidence({"modules.json": [STATIC], "model.safetensors": weights(**tensors)})
    assert place(found, "specs.vocab_size") == (rows, "model.safetensors", key)
    assert found.facts[WIDTH] == found.facts["specs.hidden_dim"]
    assert projection({"modules.json": [STATIC], "model.safetensors": weights(**tensors)}) == {
        HAS: False,
        DIMS: None,
        WIDTH: 8,
    }
    assert found.facts["specs.max_position_embeddings"] == FileFact(None, "modules.json", "type")


def test_static_model_without_its_table_is_known_by_its_configuration() -> None:
    assert projection(models.MODEL2VEC) == {HAS: False, DIMS: None, WIDTH: 1024}
    empty = models.MODEL2VEC | {"model.safetensors": weights(embeddings=("F32", [0, 8]))}
    assert projection(empty) == projection(models.MODEL2VEC)


CODE = "dependencies.remote_code"


def test_code_of_the_repository_is_listed_file_by_file() -> None:
    assert evidence(models.JASPER).remote_code == ("custom_st.py", "modeling_qwen3_jasper.py")
    assert evidence(models.GTE).remote_code == (
        "Alibaba-NLP/new-impl/configuration.py",
        "Alibaba-NLP/new-impl/modeling.py",
    )
    assert evidence(models.STELLA).remote_code == ("modeling_qwen.py",)
    assert evidence(models.STELLA).facts[CODE] == FileFact(True, "config.json", "auto_map")


def test_code_of_a_tokenizer_or_a_module_counts() -> None:
    tokenizer = {"auto_map": {"AutoTokenizer": ["tokenization_x.X", None]}}
    found = evidence(models.BGE_M3 | {"tokenizer_config.json": tokenizer})
    assert (found.remote_code, found.facts[CODE]) == (
        ("tokenization_x.py",),
        FileFact(True, "tokenizer_config.json", "auto_map"),
    )
    found = evidence(modules("org/other--custom.Pool"))
    assert (found.remote_code, found.facts[CODE]) == (("org/other/custom.py",), FileFact(True, "modules.json", "type"))


def test_absence_of_code_is_known_only_when_all_that_could_name_it_was_read() -> None:
    told = "not present, and all modules are of known libraries"
    assert evidence(models.BGE_M3).facts[CODE] == FileFact(False, "config.json", "auto_map", told)
    for name in ("config.json", "modules.json", "tokenizer_config.json"):
        assert CODE not in evidence(models.BGE_M3 | {name: None}).facts
        assert CODE not in evidence(models.BGE_M3 | {name: b"{"}).facts


@pytest.mark.parametrize("auto_map", [None, [], "modeling.X", {"AutoModel": 5}, {"AutoModel": [None, ["a.B"]]}])
def test_map_without_classes_names_no_code(auto_map: Any) -> None:
    config = models.BGE_M3["config.json"] | {"auto_map": auto_map}
    assert evidence(models.BGE_M3 | {"config.json": config}).remote_code == ()


def test_names_of_code_can_be_shown() -> None:
    config = {"auto_map": {"a": "x\n\u202e" + "y" * 500 + ".Z", "b": "", "c": "name"}}
    found = evidence({"config.json": config}).remote_code
    assert found == (".py", "name.py", "x\\n\\u202e" + "y" * 197 + ".py")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["pytorch_model.bin"], True),
        (["model.pt", "config.json"], True),
        (["pytorch_model.bin", "model.safetensors"], False),
        (["pytorch_model.bin", "onnx/model.onnx"], False),
        (["config.json"], False),
        ([], False),
    ],
)
def test_weights_that_are_all_pickles_are_told(names: list[str], expected: bool) -> None:
    assert evidence(dict.fromkeys(names)).pickle_only is expected
