"""Settings of a model's files that would run code or read other files, and those that are only data."""

import importlib
import inspect
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from tiny import config_of

from hypiler.engines import EngineError, UnsafeError
from hypiler.engines.files.download import find_files
from hypiler.engines.files.unsafe_settings import CODE, ELSEWHERE, UNKNOWN, unsafe_settings
from hypiler.engines.files.weight_files import PYTORCH_FILES

ST = "sentence_transformers.models."
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": ST + "Transformer"},
    {"idx": 1, "name": "1", "path": "1_Module", "type": ST + "Dense"},
]
DENSE = {"in_features": 8, "out_features": 8, "bias": True}


def written(folder: Path, files: dict[str, Any]) -> Path:
    """A folder with these JSON files. modules.json names a network and a layer unless it is one of them."""
    for name, content in ({"modules.json": MODULES} | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    return folder


def found(folder: Path, **files: Any) -> list[tuple[str, str, str, Any]]:
    """Effect, file, key and value of each unsafe setting; `__` and `_json` in a name stand for `/` and `.json`."""
    contents = {name.replace("__", "/").removesuffix("_json") + ".json": held for name, held in files.items()}
    written(folder, contents)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        (effect, path.relative_to(folder).as_posix(), key, held)
        for effect, path, key, held in unsafe_settings(folder, paths)
    ]


def modality(**settings: Any) -> dict[str, Any]:
    return {"modality_config": {"text": {"method": "forward", "method_output_name": "logits"} | settings}}


# Each of these names a class, a function or a method that a library would import or call.
CODES: list[tuple[str, Any, str]] = [
    # A reranker's activation is called without arguments, whatever it is.
    ("config", {"sentence_transformers": {"activation_fn": "torch.distributed.run.main"}}, "activation_fn"),
    ("config", {"sentence_transformers": {"activation_fn": "torch.nn.init.os.abort"}}, "activation_fn"),
    ("config", {"sbert_ce_default_activation_function": "torch.hub.main"}, "sbert_ce_default_activation_function"),
    ("config_sentence_transformers", {"activation_fn": "torch.distributed.run.main"}, "activation_fn"),
    ("config_sentence_transformers", {"activation_fn": ["torch.nn.Tanh"]}, "activation_fn"),
    # Classes of the layers. A prefix of the library is not enough: the name may be anything that its modules import.
    ("1_Module__config", DENSE | {"activation_function": "torch.distributed.run.main"}, "activation_function"),
    ("1_Module__config", DENSE | {"activation_function": "torch.nn.modules.module.os"}, "activation_function"),
    ("1_Module__config", DENSE | {"tokenizer_class": ST + "tokenizer.os.system"}, "tokenizer_class"),
    ("1_Module__config", {"types": {"a": ST + "Router.os"}, "structure": {}, "parameters": {}}, "types"),
    ("router_config", {"types": {"a": "hostile.X"}}, "types"),
    ("modules", [{"path": "", "type": "hostile.X"}], "type"),
    ("modules", [{"path": "", "type": "sentence_transformers.base.model.torch"}], "type"),
    ("modules", [{"path": "", "type": "sentence_transformers.util.misc.importlib"}], "type"),
    ("modules", [{"path": "", "type": "pylate.models.colbert.os"}], "type"),
    ("modules", [{"path": "", "type": {"a": 1}}], "type"),
    # A method of the network that is called with the tokens of each text.
    ("sentence_bert_config", modality(method="push_to_hub"), "method"),
    ("sentence_bert_config", modality(method="__init__"), "method"),
    ("sentence_bert_config", modality(method_output_name=["__class__", "mro"]), "method_output_name"),
    # Code of kernels, and permissions that a file gives itself.
    ("sentence_bert_config", {"model_kwargs": {"use_kernels": True}}, "use_kernels"),
    ("sentence_bert_config", {"config_args": {"trust_remote_code": 1}}, "trust_remote_code"),
    ("sentence_bert_config", {"config_kwargs": {"attn_implementation": "org/kernel"}}, "attn_implementation"),
    ("config", {"text_config": {"kernel_config": {"RMSNorm": "org/kernel:X"}}}, "kernel_config"),
    # Classes of transformers are looked up in its main module, where other things are, too.
    ("tokenizer_config", {"tokenizer_class": "pipeline"}, "tokenizer_class"),
    ("tokenizer_config", {"processor_class": "Trainer"}, "processor_class"),
    ("processor_config", {"processor_class": "AutoModel"}, "processor_class"),
    ("preprocessor_config", {"image_processor_type": "AutoModel"}, "image_processor_type"),
    ("preprocessor_config", {"feature_extractor_type": "Trainer"}, "feature_extractor_type"),
    ("config", {"model_type": "timm_wrapper"}, "model_type"),
    ("config", {"torch_dtype": "torch.hub.load"}, "torch_dtype"),
    # Keys that nobody knows, with what a dotted name looks like.
    ("config", {"pooler_class": "torch.distributed.run.main"}, "pooler_class"),
    ("config", {"text_config": {"heads": [{"head_fn": "os.abort"}]}}, "head_fn"),
    ("tokenizer_config", {"new_hook": "os.abort"}, "new_hook"),
]


@pytest.mark.parametrize(("name", "content", "key"), CODES)
def test_setting_that_a_library_would_call_is_refused(tmp_path: Path, name: str, content: Any, key: str) -> None:
    settings = found(tmp_path, **{name: content})
    assert [(effect, at) for effect, _, at, _ in settings if effect != UNKNOWN] == [(CODE, key)]


FOREIGN: list[tuple[str, Any, str, Any]] = [
    ("sentence_bert_config", {"tokenizer_name_or_path": "org/other"}, "tokenizer_name_or_path", "org/other"),
    ("sentence_bert_config", {"tokenizer_name_or_path": "other"}, "tokenizer_name_or_path", "other"),
    ("audio_tokenizer_config", {"audio_tokenizer_name_or_path": "x"}, "audio_tokenizer_name_or_path", "x"),
    ("config", {"backbone": "resnet50"}, "backbone", "resnet50"),
    ("config", {"vision_config": {"use_timm_backbone": True}}, "use_timm_backbone", True),
    ("config", {"architecture": "hf-hub:org/other"}, "architecture", "hf-hub:org/other"),
    ("config", {"question_encoder": "org/other"}, "question_encoder", "org/other"),
    ("config", {"teacher": "https://example.org/x"}, "teacher", "https://example.org/x"),
    ("config", {"vocabulary": "/etc/passwd"}, "vocabulary", "/etc/passwd"),
    ("config", {"vocabulary": "~/.netrc"}, "vocabulary", "~/.netrc"),
    ("config", {"vocabulary": "../other"}, "vocabulary", "../other"),
    ("config", {"vocabulary": "..\\other"}, "vocabulary", "..\\other"),
    ("config", {"transformers_weights": "../modules.json"}, "transformers_weights", "../modules.json"),
    ("router_config", {"types": {"../a": ST + "Dense"}, "structure": {}}, "types", "../a"),
    ("router_config", {"types": {"/etc": ST + "Dense"}, "structure": {}}, "types", "/etc"),
    ("tokenizer_config", {"vocab_file": "/etc/passwd"}, "vocab_file", "/etc/passwd"),
    ("tokenizer_config", {"mecab_kwargs": {"mecab_dic": "/etc"}}, "mecab_dic", "/etc"),
    ("tokenizer_config", {"fast_tokenizer_files": ["/etc/passwd"]}, "fast_tokenizer_files", "/etc/passwd"),
    ("model.safetensors.index", {"weight_map": {"a": "../a.safetensors"}}, "weight_map", "../a.safetensors"),
    ("model.safetensors.index", {"weight_map": {"a": "a.bin"}}, "weight_map", "a.bin"),
    ("1_Module__model.safetensors.index", {"weight_map": {"a": "/a.safetensors"}}, "weight_map", "/a.safetensors"),
]


@pytest.mark.parametrize(("name", "content", "key", "value"), FOREIGN)
def test_setting_that_names_other_files_is_refused(
    tmp_path: Path, name: str, content: Any, key: str, value: Any
) -> None:
    (tmp_path / "modules.json").touch()
    model = tmp_path / "model"
    settings = found(model, **{name: content})
    assert [found[:1] + found[2:] for found in settings] == [(ELSEWHERE, key, value)]


def test_adapter_of_a_network_in_a_folder_is_refused(tmp_path: Path) -> None:
    modules = [MODULES[0] | {"path": "0_Net"}, MODULES[1]]
    adapter = {"base_model_name_or_path": "org/base", "peft_type": "LORA"}
    assert found(
        tmp_path, modules=modules, **{"0_Net__adapter_config": adapter, "adapters__x__adapter_config": adapter}
    ) == [(ELSEWHERE, "0_Net/adapter_config.json", "base_model_name_or_path", "org/base")]


NEW: list[tuple[str, Any]] = [
    ("modules", [MODULES[0] | {"new_key": 1}]),
    ("config_sentence_transformers", {"new_key": 1}),
    ("sentence_bert_config", {"new_key": 1}),
    ("sentence_xlnet_config", {"new_key": None}),
    ("sentence_bert_config", {"model_args": {"new_key": 1}}),
    ("sentence_bert_config", {"processor_kwargs": {"new_key": False}}),
    ("sentence_bert_config", {"config_args": {"new_key": "word"}}),
    ("1_Module__config", DENSE | {"new_key": {}}),
    ("router_config", {"types": {}, "structure": {}, "new_key": 1}),
    ("router_config", {"types": {}, "structure": {}, "parameters": {"new_key": 1}}),
    ("1_Module__lstm_config", {"new_key": []}),
    ("config", {"sentence_transformers": {"new_key": 1}}),
]


@pytest.mark.parametrize(("name", "content"), NEW)
def test_new_key_of_a_file_with_few_keys_is_refused_rather_than_ignored(
    tmp_path: Path, name: str, content: Any
) -> None:
    assert [(effect, key) for effect, _, key, _ in found(tmp_path, **{name: content})] == [(UNKNOWN, "new_key")]


def test_message_names_the_file_the_key_and_what_to_do(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", {"config_sentence_transformers.json": {"hook": "x" * 1000}})
    (folder / "model.safetensors").write_bytes(b"x")
    with pytest.raises(UnsafeError) as caught:
        find_files(config_of(tmp_path), PYTORCH_FILES, local=folder, runs_remote_code=True)
    assert str(caught.value) == golden(
        "`tiny` has a setting that hypiler does not know, and that could name code or other files:"
        f" {folder}/config_sentence_transformers.json has hook '{'x' * 100}'; review it at org/tiny @ {'a' * 40}, and"
        " pass trust_remote_code=True; or use an engine that runs none, such as `onnx`"
    )
    # An engine that resolves no names does not mind, and neither does a caller who allows everything.
    find_files(config_of(tmp_path), PYTORCH_FILES, local=folder)
    find_files(config_of(tmp_path), PYTORCH_FILES, local=folder, runs_remote_code=True, trust_remote_code=True)


# Taken from files of models that people use.
HARMLESS: list[tuple[str, Any]] = [
    (
        "config",
        {
            "_name_or_path": "/root/.cache/torch/sentence_transformers/BAAI_bge-small-en/",
            "architectures": ["HF_ColBERT"],
            "auto_map": {"AutoModel": "org/code--modeling.X", "AutoConfig": "configuration.X"},
            "attn_implementation": "torch",
            "_attn_implementation": {"text_config": "eager"},
            "hidden_act": "gelu_10",
            "id2label": {"0": "N/A", "1": "entity.person", "2": "https://example.org"},
            "lora_adaptations": ["retrieval.query", "text-matching"],
            "model_type": "bert",
            "quantization_config": {"modules_to_not_convert": ["model.layers.0"], "quant_method": "awq"},
            "rope_scaling": {"rope_type": "yarn", "factor": 4.0},
            "sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity",
            "sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid", "version": "5.2.0"},
            "task_specific_params": {"translation": {"prefix": "a/b"}},
            "text_config": {"_name_or_path": "nvidia/NV-Embed-v2", "torch_dtype": "torch.bfloat16"},
            "tokenizer_class": "XLMRobertaTokenizerFast",
            "tokenizer_name": "baai/bge-base-en-v1.5",
            "torch_dtype": "float16",
            "transformers_version": "4.57.0.dev0",
            "a_new_key": ["word", "some text with a/b and c.d", 1.5, None, {"deeper": "v1.5"}],
        },
    ),
    (
        "tokenizer_config",
        {
            "added_tokens_decoder": {"2": {"content": "</s>"}, "3": {"content": "a/b"}},
            "additional_special_tokens": ["<|im_start|>", "a/b"],
            "chat_template": "{{x.y}}",
            "eos_token": "</s>",
            "name_or_path": "old_models/LaBSE/0_Transformer",
            "special_tokens_map_file": "/Users/nobody/.cache/special_tokens_map.json",
            "tokenizer_class": "PreTrainedTokenizerFast",
            "tokenizer_file": "tokenizer.json",
        },
    ),
    (
        "sentence_bert_config",
        {
            "max_seq_length": 512,
            "do_lower_case": False,
            "transformer_task": "feature-extraction",
            "module_output_name": "token_embeddings",
            "query_expansion": {"strategy": "fixed", "attend": False, "length": 32, "token": "[MASK]"},
            "model_args": {"attn_implementation": "sdpa", "torch_dtype": "bfloat16", "add_pooling_layer": False},
            "tokenizer_args": {"model_max_length": 64, "padding_side": "left"},
            "config_args": {"hidden_dropout_prob": 0.0, "use_cache": False},
            **modality(method_output_name=["last_hidden_state", "x"]),
        },
    ),
    ("sentence_bert_config", modality(method="get_text_features", method_output_name=None)),
    ("config_sentence_transformers", {"__version__": {"transformers": "4.51.3"}, "prompts": {"query": "a/b.c"}}),
    ("config_sentence_transformers", {"query_prefix": "[Q] ", "skiplist_words": ["!", "."], "model_type": "ColBERT"}),
    ("1_Module__config", DENSE | {"activation_function": "torch.nn.modules.activation.Tanh"}),
    ("1_Module__config", {"pooling_strategy": "max", "activation_function": "log1p_relu"}),
    ("2_Layer_of_nobody__config", DENSE | {"activation_function": "torch.nn.modules.linear.Identity"}),
    # Libraries do not read these.
    ("data_config", [{"name": "stackexchange_title_body/skeptics.stackexchange.com.jsonl.gz", "type": "os.abort"}]),
    ("tokenizer", {"model": {"type": "os.abort"}}),
]


@pytest.mark.parametrize(("name", "content"), HARMLESS)
def test_setting_that_is_only_data_is_taken(tmp_path: Path, name: str, content: Any) -> None:
    assert found(tmp_path, **{name: content}) == []


@pytest.mark.parametrize("content", [1, None, "text", [1, [2]], {"types": 1, "structure": []}, {"weight_map": [1]}])
@pytest.mark.parametrize(
    "name", ["modules", "config", "sentence_bert_config", "router_config", "model.safetensors.index"]
)
def test_value_of_another_type_is_no_reason_to_fail(tmp_path: Path, name: str, content: Any) -> None:
    assert [setting for setting in found(tmp_path, **{name: content}) if setting[0] != UNKNOWN] == []


def module_classes() -> "dict[str, Any]":
    """The modules of the installed Sentence Transformers by their dotted name, also by that of older versions."""
    library = pytest.importorskip("sentence_transformers")
    places = (
        "models base.modules sentence_transformer.modules sparse_encoder.modules sparse_encoder.models"
        " multi_vector_encoder.modules cross_encoder.modules"
    ).split()
    classes: dict[str, Any] = {}
    for place in places:
        try:
            package = importlib.import_module(f"{library.__name__}.{place}")
        except ImportError:
            continue
        for _, name, _ in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}."):
            held = vars(importlib.import_module(name)).values()
            classes |= {f"{one.__module__}.{one.__qualname__}": one for one in held if _is_module(one)}
    return classes


def _is_module(one: Any) -> bool:
    base = importlib.import_module("sentence_transformers.models").Module
    # Modules with a function of the caller cannot be saved.
    return (
        inspect.isclass(one) and issubclass(one, base) and not inspect.isabstract(one) and "Lambda" not in one.__name__
    )


@pytest.mark.filterwarnings("ignore")
def test_modules_and_keys_of_the_installed_library_are_known(tmp_path: Path) -> None:
    classes = module_classes()
    assert len(classes) > 15
    for name, one in classes.items():
        folder = tmp_path / one.__name__
        modules = [MODULES[0], {"path": "1_Module", "type": name}]
        file = one.config_file_name.removesuffix(".json")
        place = file if file == "sentence_bert_config" else f"1_Module__{file}"
        assert found(folder, modules=modules, **{place: dict.fromkeys(one.config_keys)}) == [], name


def test_activations_exist_in_pytorch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    activations = [one for one in vars(torch.nn.modules.activation).values() if inspect.isclass(one)]
    paths = [f"{one.__module__}.{one.__name__}" for one in activations if issubclass(one, torch.nn.Module)]
    known = [path for path in paths if not found(tmp_path, **{"1_Module__config": {"activation_function": path}})]
    # What takes arguments or several inputs is not an activation of a layer.
    left_out = {path.rpartition(".")[2] for path in paths} - {path.rpartition(".")[2] for path in known}
    assert left_out <= {
        "GLU", "Hardshrink", "LogSoftmax", "Module", "MultiheadAttention", "PReLU", "RReLU", "Softmax", "Softmax2d",
        "Softmin", "Softshrink", "Threshold", "NonDynamicallyQuantizableLinear", "Linear",
    }  # fmt: skip
    assert len(known) > 15
