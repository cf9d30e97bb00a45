"""What the libraries do with a folder, where a first reading of it would say something else."""

from typing import Any

import pytest
from golden import golden
from model_files.models import BGE_M3, BGE_RERANKER, PYLATE, SPLADE, evidence, safetensors, values, weights

from hypiler.model_files.extract import FileFact, Problem

ST = "sentence_transformers.models"
BERT = {"model_type": "bert", "hidden_size": 8, "max_position_embeddings": 512, "vocab_size": 16}
NETWORK = "sentence_bert_config.json"
TOKENIZER = "tokenizer_config.json"


def modules(*types: str, first: str = "") -> list[dict[str, Any]]:
    return [{"type": f"{ST}.{name}", "path": f"{n}_{name}" if n else first} for n, name in enumerate(types)]


def dense(**files: Any) -> dict[str, Any]:
    """A dense model; files by name, with `__` for `/`."""
    own = {
        "config.json": BERT,
        "modules.json": modules("Transformer", "Pooling"),
        "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode": "mean"},
    }
    return own | {f"{name.replace('__', '/')}.json": content for name, content in files.items()}


def context(**files: Any) -> FileFact | None:
    return evidence(dense(**files)).facts.get("specs.context_length")


def test_older_key_of_the_tokenizer_counts_where_the_newer_is_missing() -> None:
    assert context(tokenizer_config={"max_len": 128}) == FileFact(
        128, TOKENIZER, "max_len", "max_position_embeddings in config.json allows 512"
    )
    found = context(tokenizer_config={"max_len": 128, "model_max_length": 256})
    assert found is not None
    assert found.value == 256


@pytest.mark.parametrize("key", ["processor_kwargs", "tokenizer_args"])
def test_length_of_the_processor_comes_first(key: str) -> None:
    settings = {"max_seq_length": 256, key: {"model_max_length": 64}}
    assert context(sentence_bert_config=settings) == FileFact(
        64, NETWORK, f"{key}.model_max_length", "max_position_embeddings in config.json allows 512"
    )


def test_length_beyond_the_positions_is_cut_to_them() -> None:
    roberta = BERT | {"model_type": "camembert", "max_position_embeddings": 514}
    files = dense(config=roberta, sentence_bert_config={"max_seq_length": 514})
    assert evidence(files).facts["encoding.document_length"] == FileFact(
        512,
        "config.json",
        "max_position_embeddings",
        "max_seq_length in sentence_bert_config.json is 514, and longer texts fail",
        doubtful=True,
    )


@pytest.mark.parametrize(
    "computed", [{"global_rope_theta": 1e4}, {"alibi": True}, {"position_embedding_type": "rotary"}]
)
def test_positions_that_are_computed_are_no_limit(computed: Any) -> None:
    found = values(evidence(dense(config=BERT | computed, sentence_bert_config={"max_seq_length": 2048})))
    assert found["encoding.document_length"] == 2048


@pytest.mark.parametrize("own", [{"model_type": "deberta-v2", "position_biased_input": False}, {"model_type": "llama"}])
def test_length_is_cut_only_where_a_table_of_positions_is_known(own: dict[str, Any]) -> None:
    """Older files of Llama have no key of their angles, and DeBERTa has relative positions."""
    found = evidence(dense(config=BERT | own, sentence_bert_config={"max_seq_length": 1024}))
    assert (values(found)["encoding.document_length"], found.warnings) == (1024, [])


@pytest.mark.parametrize(
    ("own", "tokens"),
    [
        ({}, 512),
        # As in rinna/japanese-roberta-base: github.com/rinnakk/japanese-pretrained-models/issues/3.
        ({"pad_token_id": 3}, 510),
        ({"pad_token_id": 0}, 513),
        ({"pad_token_id": None}, 512),
        ({"model_type": "mpnet", "pad_token_id": 3}, 512),
        ({"model_type": "bert", "pad_token_id": 3}, 514),
    ],
)
def test_positions_of_a_roberta_begin_after_that_of_its_padding(own: dict[str, Any], tokens: int) -> None:
    found = context(config=BERT | {"model_type": "roberta", "max_position_embeddings": 514} | own)
    assert found is not None
    assert found.value == tokens


def test_family_is_that_of_the_class_where_the_configuration_names_none() -> None:
    config = {"architectures": ["XLMRobertaModel"], "hidden_size": 8, "max_position_embeddings": 514, "vocab_size": 16}
    found = context(config=config)
    assert found is not None
    assert found.value == 512


@pytest.mark.parametrize("family", ["bart", "m2m_100", "xlnet", "a family of the future"])
def test_width_is_found_in_every_family(family: str) -> None:
    files = {"config.json": {"model_type": family, "d_model": 768}}
    assert values(evidence(files))["specs.hidden_dim"] == 768


@pytest.mark.parametrize("path", ["./1_Pooling", "1_Pooling/", "./1_Pooling/.", ".//1_Pooling"])
def test_folder_of_a_module_is_named_in_several_ways(path: str) -> None:
    files = dense(modules=[{"type": f"{ST}.Transformer", "path": "./"}, {"type": f"{ST}.Pooling", "path": path}])
    assert values(evidence(files))["encoding.pooling"] == "mean"


def test_missing_configuration_of_a_module_is_told() -> None:
    files = dense()
    del files["1_Pooling/config.json"]
    found = evidence(files)
    told = "it is missing, and modules.json names its folder: download it too"
    assert found.problems == [Problem("1_Pooling/config.json", told)]
    assert "encoding.pooling" not in found.facts


def test_several_poolings_are_no_single_one() -> None:
    files = dense(
        modules=modules("Transformer", "Pooling", "Pooling"), **{"2_Pooling__config": {"pooling_mode": "cls"}}
    )
    assert "encoding.pooling" not in evidence(files).facts


@pytest.mark.parametrize("name", ["LayerNorm", "WeightedLayerPooling"])
def test_module_that_keeps_the_width_is_no_projection(name: str) -> None:
    found = values(evidence(dense(modules=modules("Transformer", "Pooling", name))))
    assert (found["architecture.has_projection"], found["specs.embedding_dim"]) == (False, 8)


def test_pooling_without_the_prompt_is_told() -> None:
    pooling = {"word_embedding_dimension": 8, "pooling_mode": "mean", "include_prompt": False}
    found = evidence(dense(**{"1_Pooling__config": pooling}))
    told = "include_prompt is false: pooling leaves out the tokens of the prompt"
    assert found.warnings == [Problem("1_Pooling/config.json", told)]
    assert evidence(dense()).warnings == []


CLIP = {
    "model_type": "clip",
    "architectures": ["CLIPModel"],
    "projection_dim": 4,
    "text_config": {"hidden_size": 8, "vocab_size": 16, "max_position_embeddings": 77},
    "vision_config": {"hidden_size": 12},
}


def test_model_of_text_and_images_is_as_wide_as_its_projection() -> None:
    files = {"modules.json": modules("CLIPModel", first="0_CLIPModel"), "0_CLIPModel/config.json": CLIP}
    found = values(evidence(files))
    assert (found["type"], found["specs.embedding_dim"]) == ("dense", 4)
    assert found["capabilities.modalities"] == ["text", "image"]


def test_modalities_are_shown_where_the_type_is_not() -> None:
    found = evidence({"config.json": CLIP})
    assert (found.encoder_type, values(found)["capabilities.modalities"]) == (None, ["text", "image"])


def card(**keys: Any) -> dict[str, bytes]:
    lines = "\n".join([f"{key}: {value}" for key, value in keys.items()])
    return {"README.md": f"---\n{lines}\n---\n".encode()}


@pytest.mark.parametrize(
    ("keys", "type"),
    [
        ({"pipeline_tag": "feature-extraction"}, None),
        ({"pipeline_tag": "fill-mask"}, None),
        ({"license": "mit"}, None),
        ({"pipeline_tag": "fill-mask", "tags": "[splade++]"}, "sparse"),
        ({"tags": "[sparse-encoder]"}, "sparse"),
        ({}, "sparse"),
    ],
)
def test_masked_language_model_is_sparse_if_its_card_says_so_or_says_nothing(keys: Any, type: str | None) -> None:
    files = {"config.json": BERT | {"architectures": ["JinaBertForMaskedLM"]}} | (card(**keys) if keys else {})
    assert evidence(files).encoder_type == type


@pytest.mark.parametrize(
    ("keys", "type"),
    [
        ({"pipeline_tag": "text-classification"}, None),
        ({"pipeline_tag": "text-classification", "tags": "[reranker]"}, "reranker"),
        ({"pipeline_tag": "text-ranking"}, "reranker"),
        ({"tags": "[reward-model, RLHF]"}, None),
        ({"license": "mit"}, "reranker"),
    ],
)
def test_classifier_of_single_texts_is_no_reranker(keys: Any, type: str | None) -> None:
    assert evidence(BGE_RERANKER | card(**keys)).encoder_type == type


def test_classifier_whose_card_says_neither_is_doubtful() -> None:
    """As the filters of web texts by their quality, which have one label and a card without a task."""
    silent = BGE_RERANKER | card(license="mit", language="en")
    assert evidence(silent).facts["type"].doubtful
    own = silent["config.json"] | {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}
    assert not evidence(silent | {"config.json": own}).facts["type"].doubtful
    assert not evidence(silent | card(tags="[reranker]")).facts["type"].doubtful


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("ColQwen2_5", "multi_vector"),
        ("ColModernVBertForRetrieval", "multi_vector"),
        ("BiQwen2ForRetrieval", None),
        ("CollieModel", None),
    ],
)
def test_only_classes_of_late_interaction_have_vectors_per_token(name: str, type: str | None) -> None:
    assert evidence({"config.json": BERT | {"architectures": [name]}} | card(license="mit")).encoder_type == type


def test_bag_of_words_before_layers_gives_one_vector() -> None:
    listed = modules("BoW", "Dense", "Dense", first="0_BoW")
    layer = {"in_features": 25000, "out_features": 16, "activation_function": "torch.nn.modules.linear.Identity"}
    files = {"modules.json": listed, "0_BoW/config.json": {"vocab": ["a"]}, "1_Dense/config.json": layer}
    found = evidence(files | {"2_Dense/config.json": layer | {"in_features": 16, "out_features": 4}})
    assert (found.encoder_type, values(found)["specs.embedding_dim"]) == ("dense", 4)


def test_layers_after_a_table_give_the_width() -> None:
    listed = modules("StaticEmbedding", "Dense", "Normalize", first="0_StaticEmbedding")
    files = {
        "modules.json": listed,
        "0_StaticEmbedding/model.safetensors": weights(embedding__weight=("F32", [5, 4])),
        "1_Dense/config.json": {"in_features": 4, "out_features": 12},
    }
    found = values(evidence(files))
    paths = ("specs.embedding_dim", "specs.hidden_dim", "architecture.has_projection", "encoding.normalize")
    assert [found[path] for path in paths] == [12, 4, True, True]
    strange = evidence(files | {"modules.json": [listed[0], {"path": "own", "type": "custom.Own"}]})
    assert "specs.embedding_dim" not in strange.facts
    assert "architecture.has_projection" not in strange.facts


ROUTED = "queries and documents go through different modules, which are not read"


@pytest.mark.parametrize("name", ["Router", "Asym"])
def test_width_and_length_of_what_leaves_a_router_are_unknown(name: str) -> None:
    found = evidence(dense(modules=modules("Transformer", "Pooling", name)))
    assert found.encoder_type == "dense"
    assert not {"specs.embedding_dim", "encoding.normalize", "architecture.has_projection"} & found.facts.keys()
    assert found.warnings == [Problem("modules.json", ROUTED)]
    last = evidence(dense(modules=modules("Transformer", "Pooling", name, "Normalize")))
    assert values(last)["encoding.normalize"] is True


def test_key_of_another_library_beside_a_pooling_is_told_and_not_believed() -> None:
    settings = {"prompts": {"query": "q: "}, "query_prefix": "query: "}
    found = evidence(dense() | {"config_sentence_transformers.json": settings})
    assert (found.encoder_type, values(found)["encoding.query_prefix"]) == ("dense", "q: ")
    told = golden("query_prefix is not read by sentence-transformers, which reads `prompts`")
    assert found.warnings == [Problem("config_sentence_transformers.json", told)]


def test_default_prompt_that_is_missing_is_told() -> None:
    told = golden("default_prompt_name is `nope`, which is not among the prompts: the model does not load")
    for name, warnings in {"nope": [Problem("config_sentence_transformers.json", told)], "query": [], "s": []}.items():
        settings = {"prompts": {"s": "x: "}, "default_prompt_name": name}
        assert evidence(dense() | {"config_sentence_transformers.json": settings}).warnings == warnings


def test_texts_in_lower_case_are_told_unless_the_tokenizer_does_it_too() -> None:
    lower = {NETWORK: {"max_seq_length": 128, "do_lower_case": True}}
    told = golden("do_lower_case is true: texts are put into lower case first")
    assert evidence(dense() | lower).warnings == [Problem(NETWORK, told)]
    assert evidence(dense() | lower | {TOKENIZER: {"do_lower_case": True}}).warnings == []


LAYER = {"in_features": 8, "out_features": 4}


def test_pooling_after_a_layer_gives_the_width() -> None:
    files = dense(modules=modules("Transformer", "Dense", "Pooling")) | {"1_Dense/config.json": LAYER}
    files["2_Pooling/config.json"] = {"word_embedding_dimension": 4, "pooling_mode": ["cls", "mean"]}
    found = values(evidence(files))
    assert (found["specs.embedding_dim"], found["architecture.has_projection"]) == (8, True)
    assert "architecture.projection_dims" not in found
    files["2_Pooling/config.json"] = {"word_embedding_dimension": 4, "pooling_mode": "cls"}
    found = values(evidence(files))
    assert (found["specs.embedding_dim"], found["architecture.projection_dims"]) == (4, 4)


@pytest.mark.parametrize("key", ["module_input_name", "module_output_name"])
def test_modules_that_change_token_vectors_alone_are_not_the_end(key: str) -> None:
    files = dense(modules=modules("Transformer", "Pooling", "Dense")) | {"2_Dense/config.json": LAYER}
    assert values(evidence(files))["specs.embedding_dim"] == 4
    found = evidence(files | {"2_Dense/config.json": LAYER | {key: "token_embeddings"}})
    assert not {"specs.embedding_dim", "encoding.dense_layers", "architecture.has_projection"} & found.facts.keys()
    normal = dense(modules=modules("Transformer", "Pooling", "Normalize"))
    assert values(evidence(normal))["encoding.normalize"] is True
    normal["2_Normalize/config.json"] = {key: "token_embeddings"}
    assert "encoding.normalize" not in evidence(normal).facts


def test_settings_of_a_colbert_beside_a_pooling_make_the_type_doubtful() -> None:
    found = evidence(dense() | {"artifact.metadata": {"dim": 4}})
    told = golden("dim is 4, as in a ColBERT, but modules.json lists Pooling, which gives one vector per text")
    assert (found.facts["type"].value, found.facts["type"].doubtful) == ("dense", True)
    assert found.warnings == [Problem("artifact.metadata", told)]


def test_missing_settings_of_a_sparse_pooling_are_not_guessed() -> None:
    files = {name: held for name, held in SPLADE.items() if not name.startswith("1_")}
    found = evidence(files)
    assert not {"encoding.pooling", "encoding.activation"} & found.facts.keys()
    assert [problem.file for problem in found.problems] == ["1_SpladePooling/config.json"]


def test_layer_that_adds_its_input_is_told() -> None:
    layer = {"in_features": 384, "out_features": 128, "use_residual": True}
    told = golden("use_residual is true: the layer adds its input to its output")
    assert evidence(PYLATE | {"1_Dense/config.json": layer}).warnings == [Problem("1_Dense/config.json", told)]


def test_older_files_of_model2vec_are_static() -> None:
    files = {
        "config.json": {"embedding_dtype": "int8", "normalize": True},
        "model.safetensors": weights(embeddings=("F32", [5, 4])),
    }
    found = values(evidence(files))
    assert (found["type"], found["specs.embedding_dim"], found["encoding.normalize"]) == ("static", 4, True)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90868376\n"
TOLD_OF_A_POINTER = "the file is a Git LFS pointer, not the file itself: run `git lfs pull`, or download it"


def test_pointer_in_the_place_of_weights_is_told() -> None:
    found = evidence(dense() | {"model.safetensors": POINTER[:8]}, {"model.safetensors": len(POINTER)})
    assert found.problems == [Problem("model.safetensors", TOLD_OF_A_POINTER)]
    assert values(found)["specs.hidden_dim"] == 8


def test_metadata_of_weights_may_be_null() -> None:
    header = {"__metadata__": None, "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    assert values(evidence({"model.safetensors": safetensors(header)}))["specs.parameters"] == 6


def test_folder_of_something_else_is_told() -> None:
    told = "it is missing, and so is modules.json: this is not a model's folder"
    assert evidence({"app.py": None, "requirements.txt": None}).problems == [Problem("config.json", told)]
    assert evidence({}).problems == [Problem("config.json", told)]


def test_network_in_a_folder_whose_name_no_entry_can_hold_is_read() -> None:
    files = dense(modules=modules("Transformer", "Pooling", first="the network")) | {"the network/config.json": BERT}
    del files["config.json"]
    found = evidence(files)
    assert (found.problems, values(found)["specs.hidden_dim"]) == ([], 8)
    assert "files.config" not in found.facts


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"language": "English"}, ["en"]),
        ({"language": "[english, German]"}, ["en", "de"]),
        ({"language": "[multilingual, ar, en]", "language_bcp47": "[fr-ca, pt-br]"}, ["ar", "en", "fr-CA", "pt-BR"]),
        ({"language_bcp47": "zh-tw"}, ["zh-TW"]),
        ({"language": "en fr"}, ["en", "fr"]),
        ({"language": "en; fr / de"}, ["en", "fr", "de"]),
        ({"language": "multi-lingual"}, ["mul"]),
        ({"language": "[all, und]"}, ["mul"]),
        ({"language": "[en_XX, zh_Hant_TW]"}, ["en", "zh-Hant-TW"]),
    ],
)
def test_languages_are_read_however_they_are_written(keys: Any, expected: list[str]) -> None:
    assert values(evidence(card(**keys)))["capabilities.languages"] == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("apache2.0", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("The MIT License", "MIT"),
        ("CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("GPLv3", "GPL-3.0"),
        ("apache 2.0 with terms", "LicenseRef-apache-2.0-with-terms"),
        ("apache-2.0 or mit", "Apache-2.0 OR MIT"),
        ("MIT License AND CC BY 4.0", "MIT AND CC-BY-4.0"),
        ("GPL-2.0 or later", "GPL-2.0-or-later"),
        ("NVIDIA Open Model License", "LicenseRef-NVIDIA-Open-Model-License"),
        ("tii-falcon-llm", "LicenseRef-tii-falcon-llm"),
    ],
)
def test_licences_are_read_however_they_are_written(word: str, expected: str) -> None:
    assert values(evidence(card(license=f'"{word}"')))["license"] == expected


@pytest.mark.parametrize(
    ("key", "word", "told"),
    [
        *[
            ("license", word, "does not tell which licence it is")
            for word in (
                "research only",
                "cc-by-nc-4.0, mit",
                "https://www.apache.org/licenses/LICENSE-2.0",
                "see the license file",
                "same as base model",
                "LICENSE.md",
                "cc-by-nc",
            )
        ],
        ("language", "python", "names no language"),
        ("language", "zxx", "names no language"),
        *[
            ("base_model", word, "names no repository")
            for word in ("scratch", "None", "N/A", "checkpoint-500", "output/checkpoint-500", "./out", "a/b, c/d")
        ],
    ],
)
def test_words_of_a_card_that_show_no_fact_are_told(key: str, word: str, told: str) -> None:
    found = evidence(card(**{key: word}))
    assert not {"license", "capabilities.languages", "dependencies.base_model"} & found.facts.keys()
    assert found.warnings == [Problem("README.md", f"{key} `{word}` {told}")]


@pytest.mark.parametrize(
    "word", ["https://huggingface.co/BAAI/bge-m3", "hf.co/BAAI/bge-m3", "BAAI/bge-m3/", "'BAAI/bge-m3 '"]
)
def test_base_model_may_be_an_address(word: str) -> None:
    assert values(evidence(card(base_model=word)))["dependencies.base_model"] == "BAAI/bge-m3"


def test_base_model_that_may_be_a_folder_is_doubtful() -> None:
    found = evidence(card(base_model="models/bge-m3")).facts["dependencies.base_model"]
    assert (found.value, found.doubtful) == ("models/bge-m3", True)


def test_lower_case_and_lengths_of_an_empty_file_are_those_of_the_next() -> None:
    files = dense() | {NETWORK: {}, "sentence_roberta_config.json": {"max_seq_length": 33}}
    assert values(evidence(files))["encoding.document_length"] == 33
    # A file that cannot be read is not passed over: what it would have said is unknown.
    assert "specs.context_length" not in evidence(files | {NETWORK: b"{"}).facts


def test_real_model_is_untouched_by_all_this() -> None:
    found = evidence(BGE_M3)
    assert (found.encoder_type, found.warnings) == ("dense", [])


def test_folder_around_a_model_names_the_one_within() -> None:
    told = golden(
        "it is missing, and so is modules.json: this is not a model's folder, but `checkpoint-1000` may be one"
    )
    inner = {f"checkpoint-{step}/{name}": data for step in (1000, 500) for name, data in dense().items()}
    leftovers = {"training_args.bin": b"", "runs/events": b"", "eval/results.csv": b""}
    assert evidence(inner | leftovers).problems == [Problem("config.json", told)]
    assert evidence(inner | leftovers | {"model.gguf": None}).problems == []
