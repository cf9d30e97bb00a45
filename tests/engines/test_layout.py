"""What a folder of model files holds, by its JSON files, whoever wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden

from hypiler.engines import EngineError
from hypiler.engines.layout import read_layout
from hypiler.model_files.late_interaction import LateInteraction
from hypiler.model_files.projection import Layer

ROOM = "sentence_transformers.models"
IDENTITY = "torch.nn.modules.linear.Identity"


def written(folder: Path, **files: Any) -> Path:
    """JSON files by name, with `__` for `/`; modules are lists of their types, whose folders are called by number."""
    folder.mkdir(exist_ok=True)
    if "modules" in files:
        modules = enumerate(files["modules"])
        files["modules"] = [
            {"type": f"{ROOM}.{name}", "path": str(number) if number else ""} for number, name in modules
        ]
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


KINDS = [
    ({"modules": ["Transformer", "Pooling"]}, "dense", golden("modules.json: Pooling")),
    ({"modules": ["Transformer", "Dense"]}, "multi_vector", golden("modules.json: Dense")),
    ({"modules": ["Transformer", "MultiVectorMask"]}, "multi_vector", golden("modules.json: MultiVectorMask")),
    ({"modules": ["MLMTransformer", "SpladePooling"]}, "sparse", golden("modules.json: SpladePooling")),
    ({"modules": ["Transformer", "Pooling", "SparseAutoEncoder"]}, "sparse", golden("modules.json: SparseAutoEncoder")),
    ({"modules": ["StaticEmbedding"]}, "static", golden("modules.json: StaticEmbedding")),
    *[
        (
            {"config_sentence_transformers": {"model_type": word}},
            kind,
            f"config_sentence_transformers.json: model_type {word}",
        )
        for word, kind in [
            ("SentenceTransformer", "dense"),
            ("SparseEncoder", "sparse"),
            ("MultiVectorEncoder", "multi_vector"),
            ("ColBERT", "multi_vector"),
            ("CrossEncoder", "reranker"),
        ]
    ],
    ({"config": {"architectures": ["HF_ColBERT"]}}, "multi_vector", golden("config.json: HF_ColBERT")),
    ({"config": {"architectures": ["BertForMaskedLM"]}}, "sparse", golden("config.json: BertForMaskedLM")),
    (
        {"config": {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}},
        "reranker",
        golden("config.json: BertForSequenceClassification"),
    ),
    ({"config": {"architectures": ["StaticModel"]}}, "static", golden("config.json: StaticModel")),
    ({"config": {"embedding_dtype": "float32"}}, "static", golden("config.json: embedding_dtype float32")),
    ({"config": {"architectures": ["BertModel"]}}, None, ""),
    ({"config_sentence_transformers": {"model_type": ["ColBERT"]}, "config": {"architectures": 5}}, None, ""),
    # What is shown of a file must not steer the terminal.
    ({"config": {"architectures": ["\x1b[2JForMaskedLM"]}}, "sparse", golden("config.json: architectures")),
    ({}, None, ""),
]


@pytest.mark.parametrize(("files", "kind", "evidence"), KINDS)
def test_kind_and_what_shows_it(files: Any, kind: str | None, evidence: str, tmp_path: Path) -> None:
    dense = {"1__config": {"in_features": 2, "out_features": 2, "activation_function": IDENTITY}}
    layout = read_layout(written(tmp_path, **files, **(dense if "Dense" in files.get("modules", ()) else {})))
    assert (layout.encoder_type, layout.evidence) == (kind, evidence)


def test_metadata_of_colbert_tell_the_type(tmp_path: Path) -> None:
    (tmp_path / "artifact.metadata").write_text('{"dim": 128}')
    assert read_layout(tmp_path).evidence == golden("artifact.metadata: dim")
    (tmp_path / "artifact.metadata").write_text("{}")
    assert read_layout(tmp_path).encoder_type is None


OLD = dict.fromkeys(
    ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"], False
)
WORDS = ["cls", "mean", "max", "mean_sqrt_len", "weighted_mean", "last_token"]


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        *[({f"pooling_mode_{key}": key == name for key in OLD}, word) for name, word in zip(OLD, WORDS, strict=True)],
        *[
            ({"pooling_mode": name}, word)
            for name, word in zip(
                ["cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"], WORDS, strict=True
            )
        ],
        ({"pooling_mode": ["mean"]}, "mean"),
        ({"pooling_mode": ["cls", "max"]}, "cls+max"),
        ({"pooling_mode_cls_token": True, "pooling_mode_max_tokens": True}, "cls+max"),
        # The library takes the new form where both stand.
        ({"pooling_mode": "cls", "pooling_mode_mean_tokens": True}, "cls"),
        ({"pooling_mode": "median"}, "median"),
        ({}, None),
    ],
)
def test_pooling_in_both_forms_in_the_words_of_the_registry(config: Any, pooling: str | None, tmp_path: Path) -> None:
    assert (
        read_layout(written(tmp_path, modules=["Transformer", "Pooling"], **{"1__config": config})).pooling == pooling
    )


@pytest.mark.parametrize(
    ("modules", "normalize"),
    [
        (["Transformer", "Pooling", "Normalize"], True),
        (["Transformer", "Pooling"], False),
        (["Transformer", "MultiVectorMask", "Normalize"], True),
        # PyLate normalizes and has no module for it.
        (["Transformer", "Dense"], None),
    ],
)
def test_normalization_is_a_module(modules: list[str], normalize: bool | None, tmp_path: Path) -> None:
    dense = {"1__config": {"in_features": 2, "out_features": 2, "activation_function": IDENTITY}}
    assert read_layout(written(tmp_path, modules=modules, **dense)).normalize is normalize


def test_normalization_of_a_static_model_is_in_its_configuration(tmp_path: Path) -> None:
    config = {"architectures": ["StaticModel"], "normalize": False}
    assert read_layout(written(tmp_path, config=config)).normalize is False


@pytest.mark.parametrize(
    ("config", "width"),
    [
        ({"hidden_size": 8}, 8),
        ({"n_embd": 8}, 8),
        ({"dim": 8}, 8),
        ({"d_model": 8}, 8),
        ({"hidden_size": "8"}, None),
        ({"hidden_size": True}, None),
    ],
)
def test_width_under_its_several_names(config: Any, width: int | None, tmp_path: Path) -> None:
    assert read_layout(written(tmp_path, config=config)).hidden_size == width


def test_settings_of_sentence_transformers(tmp_path: Path) -> None:
    settings = {"prompts": {"query": "q: ", "passage": "p: "}, "similarity_fn_name": "dot"}
    network = {"max_seq_length": 256, "do_lower_case": True}
    layout = read_layout(written(tmp_path, config_sentence_transformers=settings, sentence_bert_config=network))
    assert (layout.query_prefix, layout.document_prefix, layout.similarity) == ("q: ", "p: ", "dot")
    assert (layout.query_length, layout.document_length, layout.lower_case) == (256, 256, True)
    assert layout.late_interaction == LateInteraction()


@pytest.mark.parametrize(
    ("name", "word"),
    [("MaxSim", "max_sim"), ("maxsim", "max_sim"), ("MeanMaxSim", "meanmaxsim"), ("cosine", None), (None, None)],
)
def test_similarity_in_the_words_of_the_registry(name: str | None, word: str | None, tmp_path: Path) -> None:
    settings = {"similarity_fn_name": name, "model_type": "MultiVectorEncoder"}
    assert read_layout(written(tmp_path, config_sentence_transformers=settings)).similarity == word


def test_layers_in_their_order(tmp_path: Path) -> None:
    first = {"in_features": 8, "out_features": 4, "bias": False, "activation_function": IDENTITY}
    second = {"in_features": 4, "out_features": 2, "activation_function": "torch.nn.modules.activation.Tanh"}
    modules = ["Transformer", "Pooling", "Dense", "Dense"]
    layout = read_layout(written(tmp_path, modules=modules, **{"2__config": first, "3__config": second}))
    assert layout.dense == (
        Layer(8, 4, IDENTITY, "2/config.json", "out_features", bias=False, path="2"),
        Layer(4, 2, "torch.nn.modules.activation.Tanh", "3/config.json", "out_features", bias=True, path="3"),
    )
    assert layout.unusual == ()


@pytest.mark.parametrize("missing", ["in_features", "out_features"])
def test_layer_that_is_not_described_is_refused(missing: str, tmp_path: Path) -> None:
    config = {"in_features": 8, "out_features": 4, "activation_function": IDENTITY}
    del config[missing]
    with pytest.raises(EngineError) as caught:
        read_layout(written(tmp_path, modules=["Transformer", "Dense"], **{"1__config": config}))
    assert str(caught.value) == golden(
        f"{tmp_path / '1/config.json'} must give in_features, out_features and activation_function"
    )


@pytest.mark.parametrize(
    ("modules", "config", "unusual"),
    [
        (["Transformer", "Pooling", "Normalize"], {"include_prompt": True}, ()),
        (["Transformer"], {}, ()),
        (["Transformer", "MultiVectorMask", "Normalize"], {"keep_only_token_ids": None}, ()),
        (["MLMTransformer", "SpladePooling"], {"pooling_strategy": "max", "activation_function": "relu"}, ()),
        (["StaticEmbedding", "Normalize"], {}, ()),
        (["Transformer", "Pooling"], {"include_prompt": False}, (golden("include_prompt False of 1"),)),
        (["MLMTransformer", "SpladePooling"], {"pooling_strategy": "sum"}, (golden("pooling_strategy 'sum' of 1"),)),
        (
            ["Transformer", "SpladePooling"],
            {"activation_function": "gelu"},
            (golden("activation_function 'gelu' of 1"),),
        ),
        (["Transformer", "MultiVectorMask"], {"keep_only_token_ids": [5]}, (golden("keep_only_token_ids [5] of 1"),)),
        (["Router"], {}, (golden("the modules 'Router'"),)),
        (["Transformer", "Pooling", "Pooling"], {}, (golden("the modules 'Transformer', 'Pooling', 'Pooling'"),)),
        (["Transformer", "Pooling", "\x1b[2J"], {}, (golden("the modules 'Transformer', 'Pooling', '\\x1b[2J'"),)),
    ],
)
def test_what_only_the_library_knows_is_listed(
    modules: list[str], config: Any, unusual: tuple[str, ...], tmp_path: Path
) -> None:
    assert read_layout(written(tmp_path, modules=modules, **{"1__config": config})).unusual == unusual


PATHS = ["../other", "/etc", "1/../../other", "..\\other", "C:\\other", "C:other", "\\\\server\\share", "1\x1b[2J"]


@pytest.mark.parametrize("path", PATHS)
def test_module_outside_of_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    modules = [{"type": f"{ROOM}.Transformer", "path": ""}, {"type": f"{ROOM}.Pooling", "path": path}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(EngineError) as caught:
        read_layout(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'modules.json'} cannot be used: unsafe file name: ")


@pytest.mark.parametrize("modules", [5, {"type": "a"}, ["a"], [["a", "b"]], [None], [{"type": "a"}]])
def test_modules_of_another_form_are_refused(modules: Any, tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(EngineError) as caught:
        read_layout(tmp_path)
    form = (
        golden("hold a JSON array") if not isinstance(modules, list) else golden("list modules with `type` and `path`")
    )
    assert str(caught.value) == golden(f"{tmp_path / 'modules.json'} cannot be used: the file must {form}")


@pytest.mark.parametrize(
    "name", ["config", "config_sentence_transformers", "sentence_bert_config", "artifact.metadata"]
)
@pytest.mark.parametrize("content", ["[]", '"{}"', "1" * 10_000, "true"], ids=range(4))
def test_file_that_holds_no_object_is_refused(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / (name if "." in name else f"{name}.json")
    path.write_text(content)
    with pytest.raises(EngineError) as caught:
        read_layout(tmp_path)
    assert str(caught.value) == golden(f"{path} cannot be used: the file must hold a JSON object")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe{", b'{"a": "\xff"}', b"[" * 100_000, b"<html>"], ids=range(6)
)
def test_file_that_is_no_json_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(EngineError) as caught:
        read_layout(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'config.json'} cannot be used: ")


def test_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(EngineError) as caught:
        read_layout(tmp_path)
    assert str(caught.value) == golden(f"{tmp_path / 'config.json'} is larger than 16 MiB, the limit for such a file")


def test_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """The libraries would take one of the two, and who checked the file may have seen the other."""
    (tmp_path / "config.json").write_text('{"hidden_size": 8, "hidden_size": 16}')
    with pytest.raises(EngineError) as caught:
        read_layout(tmp_path)
    assert str(caught.value) == golden(
        f"{tmp_path / 'config.json'} cannot be used: line 1, column 20: the key `hidden_size` must stand only once in an"
        " object; found it on line 1 already"
    )


def test_values_of_other_types_say_nothing(tmp_path: Path) -> None:
    layout = read_layout(
        written(
            tmp_path,
            modules=["Transformer", "MultiVectorMask"],
            config={"hidden_size": [8], "vocab_size": 0, "architectures": "BertForMaskedLM"},
            config_sentence_transformers={"prompts": ["query"], "similarity_fn_name": 5},
            sentence_bert_config={"max_seq_length": "256", "query_expansion": "fixed", "do_lower_case": []},
            tokenizer_config={"mask_token": 5},
            **{"1__config": {"skiplist_words": ".,", "skiplist_tasks": 5}},
        )
    )
    assert {layout.hidden_size, layout.vocab_size, layout.query_prefix, layout.similarity, layout.query_length} == {
        None
    }
    assert not layout.lower_case
    assert layout.late_interaction == LateInteraction(source="modules.json", skiplist_sides=())


UNUSUAL: list[tuple[dict[str, Any], str]] = [
    (
        {"2_Dense/config.json": {"module_input_name": "token_embeddings"}},
        "module_input_name 'token_embeddings' of 2_Dense",
    ),
    ({"2_Dense/config.json": {"module_output_name": "other"}}, "module_output_name 'other' of 2_Dense"),
    (
        {"3_Normalize/config.json": {"module_input_name": "token_embeddings"}},
        "module_input_name 'token_embeddings' of 3_Normalize",
    ),
    (
        {"sentence_bert_config.json": {"module_output_name": "sentence_embedding"}},
        "module_output_name 'sentence_embedding' of sentence_bert_config.json",
    ),
    (
        {"sentence_bert_config.json": {"tokenizer_name_or_path": "org/other"}},
        "tokenizer_name_or_path 'org/other' of sentence_bert_config.json",
    ),
    (
        {"sentence_bert_config.json": {"config_args": {"num_hidden_layers": 1, "trust_remote_code": True}}},
        "config_args.num_hidden_layers 1 of sentence_bert_config.json",
    ),
    (
        {"sentence_bert_config.json": {"processor_kwargs": {"padding_side": "left", "model_max_length": 8}}},
        "processor_kwargs.padding_side 'left' of sentence_bert_config.json",
    ),
    (
        {"sentence_bert_config.json": {"modality_config": {"text": {"method": "get_text_features"}}}},
        "modality_config.text.method 'get_text_features' of sentence_bert_config.json",
    ),
    (
        {"sentence_bert_config.json": {"modality_config": {"message": {}}}},
        "modality_config.message True of sentence_bert_config.json",
    ),
    ({"sentence_bert_config.json": {"model_args": {"torch_dtype": "float16"}}}, ""),
    (
        {
            "sentence_bert_config.json": {
                "module_output_name": "token_embeddings",
                "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
            }
        },
        "",
    ),
]


@pytest.mark.parametrize(("files", "expected"), UNUSUAL)
def test_settings_that_no_other_engine_follows_are_named(files: dict[str, Any], expected: str, tmp_path: Path) -> None:
    types = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("3_Normalize", "Normalize")]
    usual: dict[str, Any] = {
        "config.json": {},
        "modules.json": [{"path": path, "type": f"sentence_transformers.models.{name}"} for path, name in types],
        "1_Pooling/config.json": {"pooling_mode": "mean"},
        "2_Dense/config.json": {"in_features": 8, "out_features": 4},
        "3_Normalize/config.json": {},
    }
    for name, content in usual.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content | files.get(name, {}) if isinstance(content, dict) else content))
    for name in files.keys() - usual.keys():
        (tmp_path / name).write_text(json.dumps(files[name]))
    assert read_layout(tmp_path).unusual == ((expected,) if expected else ())
