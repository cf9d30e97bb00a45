"""Finds settings in a model's JSON files that make a library run code or read files from somewhere else.

Sentence Transformers, PyLate and transformers resolve names out of these files: to classes and functions that they
import and call, to methods that they call, and to other repositories or folders. The tables below were made by reading
the sources of Sentence Transformers 5.3 and 6.2, PyLate 1.6, and transformers 5.3 and 5.24.

The files of Sentence Transformers have few keys. A key that is not in the tables is refused, since a newer library may
resolve its value. The files of transformers may have any key. There, a value that looks like a dotted name, a
repository, a path or a URL is refused, unless its key is known to be only text.
"""

import os
import re
from importlib.util import find_spec
from pathlib import Path

from hypiler.engines.layout import read_file
from hypiler.model_files.filename_safety import safe_name
from hypiler.model_files.json_files import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NamedTuple

    from hypiler.jsontext.json_types import JSONValue

    class Setting(NamedTuple):
        """A setting that must not be loaded: what it would do, its file, its key and its value."""

        effect: str
        path: Path
        key: str
        value: Any
else:
    from collections import namedtuple

    Setting = namedtuple("Setting", "effect path key value")

CODE = "runs code that is not part of the libraries"
ELSEWHERE = "loads what is not one of its own files"
UNKNOWN = "has a setting that hypiler does not know, and that could name code or other files"

_MODULES = (
    "Asym BoW CLIPModel CNN Dense Dropout HierarchicalTokenPooling LSTM LayerNorm LogitScore MLMTransformer"
    " MultiVectorMask Normalize Pooling Router SparseAutoEncoder SparseStaticEmbedding SpladePooling StaticEmbedding"
    " Transformer WeightedLayerPooling WordEmbeddings WordWeights"
).split()
# Modules that read their settings with transformers.
_NETWORKS = ("CLIPModel", "MLMTransformer", "Transformer")
_MODULE = re.compile(
    rf"sentence_transformers(\.[a-z_]+)?\.(models|modules)(\.\w+)?\.({'|'.join(_MODULES)})|pylate\.models(\.Dense)?\.Dense"
)
_WORDS_TOKENIZER = re.compile(
    r"sentence_transformers(\.sentence_transformer)?\.(models|modules)\.tokenizer(\.\w+)?"
    r"\.(PhraseTokenizer|WhitespaceTokenizer|WordTokenizer)"
)
_ACTIVATION = re.compile(
    r"torch\.nn\.(modules\.(activation|linear)\.)?"
    r"(CELU|ELU|GELU|Hardsigmoid|Hardswish|Hardtanh|Identity|LeakyReLU|LogSigmoid|Mish|ReLU6?|SELU|SiLU|Sigmoid"
    r"|Softplus|Softsign|Tanh|Tanhshrink)"
)
_METHOD = re.compile(r"forward|get_(audio|image|multimodal|text|video|vision)_features")

# The keys of each file of Sentence Transformers and PyLate.
_MODULE_ENTRY = frozenset("idx kwargs name path type".split())
_MODEL_KEYS = frozenset(
    "__version__ activation_fn attend_to_expansion_tokens attend_to_mask_tokens default_prompt_name do_query_expansion"
    " document_length document_prefix keep_in_fp32_modules max_active_dims model_type prompts query_expansion"
    " query_length query_prefix requirements similarity_fn_name skiplist_words truncate_dim".split()
)
_NETWORK_KEYS = frozenset(
    "config_args config_kwargs do_lower_case document_length max_seq_length modality_config model_args model_kwargs"
    " module_output_name processing_kwargs processor_kwargs query_expansion query_length tokenizer_args"
    " tokenizer_name_or_path transformer_task unpad_inputs".split()
)
_ARGUMENTS = frozenset(
    "add_bos_token add_eos_token add_pooling_layer add_prefix_space attn_implementation clean_up_tokenization_spaces"
    " do_lower_case dtype fix_mistral_regex low_cpu_mem_usage max_length model_max_length output_attentions"
    " output_hidden_states padding padding_side torch_dtype truncation truncation_side trust_remote_code use_fast"
    " use_safetensors weights_only".split()
)
_MODULE_KEYS = frozenset(
    "activation_function allow_empty_key bias bidirectional cumulative_term_frequency dead_threshold default_route"
    " dimension dropout embedding_dimension false_token_id frozen hidden_dim in_embedding_dimension in_features"
    " in_word_embedding_dimension include_prompt input_dim k k_aux keep_only_token_ids kernel_sizes layer_start"
    " max_seq_length module_input_name module_output_name normalize normalize_embeddings num_hidden_layers num_layers"
    " num_protected_tokens out_channels out_features output_key parameters pool_factor pooling_mode"
    " pooling_mode_cls_token pooling_mode_lasttoken pooling_mode_max_tokens pooling_mode_mean_sqrt_len_tokens"
    " pooling_mode_mean_tokens pooling_mode_weightedmean_tokens pooling_strategy skiplist_tasks skiplist_words"
    " route_mappings stride_sizes structure tasks tokenizer_class true_token_id types unknown_word_weight"
    " update_embeddings use_residual vocab word_embedding_dimension word_weights".split()
)
_ROUTER_PARAMETERS = frozenset("allow_empty_key default_route route_mappings".split())
_MODULE_FILES = ("cnn_config.json", "lstm_config.json", "router_config.json", "wordembedding_config.json")
_CROSS_ENCODER_KEYS = frozenset("activation_fn version".split())

# The files in which the libraries look for settings.
_READ = re.compile(
    r"modules\.json|config(_sentence_transformers)?\.json|config\..+\.json|.+\.index\.json|sentence_.+_config\.json"
    r"|(adapter|audio_tokenizer|cnn|generation|lstm|preprocessor|processor|router|tokenizer|video_preprocessor"
    r"|wordembedding)_config\.json"
)
# Keys that transformers treats as arguments of the caller, some of them only before version 5.5, or that make it fetch
# code from the hub.
_TRUSTS = (
    "_attn_implementation_internal",
    "_experts_implementation_internal",
    "allow_all_kernels",
    "kernel_config",
    "trust_remote_code",
    "use_kernels",
)
# Keys for which a value with a slash is a repository of kernels. transformers would download and run its code.
_KERNELS = ("_attn_implementation", "_experts_implementation", "attn_implementation", "experts_implementation")
# Keys that name a checkpoint of their own, even if the value has no slash.
_FOREIGN = (
    "audio_tokenizer_name_or_path",
    "backbone",
    "base_model_name_or_path",
    "gguf_file",
    "pretrained_backbone",
    "pretrained_cfg",
    "timm_model_name",
    "tokenizer_name_or_path",
    "use_pretrained_backbone",
    "use_timm_backbone",
)
# Keys that name a class of transformers, with the forms that its own classes have.
_CLASSES = {
    "feature_extractor_type": re.compile(r"\w*FeatureExtractor"),
    "image_processor_type": re.compile(r"\w*(ImageProcessor|FeatureExtractor)\w*"),
    "model_type": re.compile(r"(?!timm_)[\w.-]*"),
    "processor_class": re.compile(r"\w*Processor"),
    "tokenizer_class": re.compile(r"\w*(Tokenizer|TokenizerFast|TokenizersBackend|PythonBackend|CommonBackend)"),
    "video_processor_type": re.compile(r"\w*VideoProcessor"),
}
_DTYPE = re.compile(r"(torch\.)?\w+")
# Keys whose value is only text for the libraries, or is resolved only with trust_remote_code.
_TEXT = frozenset(
    "_commit_hash _name_or_path added_tokens_decoder auto_map base_model_tp_plan chat_template custom_pipelines"
    " finetuning_task id2label ignore keep_in_fp32_modules label2id license llm_int8_skip_modules lora_adaptations"
    " modules_to_not_convert name_or_path prompts task_specific_params tokenizer_name tp_plan"
    " transformers_version".split()
)
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_PLACE = re.compile(
    r"\w+://.*|(data|file|hf[-_]hub|hub|local-dir|timm):.+|[~/\\].+|\.\.?[/\\].*|[\w.-]+([/\\][\w.@:-]+)+",
    re.IGNORECASE,
)


def unsafe_settings(folder: Path, files: list[Path]) -> "Iterator[Setting]":
    """The settings that must not be loaded, in the order of the files.

    Args:
        folder: The folder of the model.
        files: The files that the library may read.

    Raises EngineError for a file that is not valid JSON.
    """
    modules = _module_names(folder)
    # A class from elsewhere is told first: what it reads is known to nobody.
    for path in sorted(files, key=lambda path: path.name != "modules.json"):
        if _READ.fullmatch(path.name):
            yield from _unsafe(path, read_file(path), modules.get(path.parent))


def _unsafe(path: Path, content: "Any", module: str | None) -> "Iterator[Setting]":
    """The unsafe settings of one file.

    `module` is the class that reads the file's folder, if modules.json names one. It is None for the model's own
    folder, whose settings are those of the network.
    """
    if path.name == "modules.json":
        for entry in _objects(content):
            yield from _unknown(path, entry, _MODULE_ENTRY)
            yield from _unmatched(path, "type", entry.get("type"), _MODULE)
    elif path.name.endswith(".index.json"):
        yield from _foreign_shards(path, content)
    elif path.name == "config_sentence_transformers.json":
        yield from _model_settings(path, content)
    elif path.name.startswith("sentence_"):
        yield from _network_settings(path, content)
    elif path.name in _MODULE_FILES or (path.name == "config.json" and module not in (None, *_NETWORKS)):
        yield from _module_settings(path, content)
    elif path.name == "adapter_config.json":
        # An adapter in the model's own folder is refused with a message of its own.
        if module in _NETWORKS:
            yield from _open_settings(path, content)
    else:
        yield from _open_settings(path, content)


def _objects(content: "Any") -> "list[dict[str, Any]]":
    """The objects in a list, or the one object."""
    return [item for item in _items(content) or [content] if isinstance(item, dict)]


def _items(value: "JSONValue") -> "list[Any]":
    """The value if it is a list; else an empty one."""
    return value if isinstance(value, list) else []


def _module_names(folder: Path) -> dict[Path, str]:
    """The name of the class that reads each folder of a module, except the model's own folder."""
    entries = [(entry.get("path"), entry.get("type")) for entry in _objects(read_file(folder / "modules.json"))]
    names = _named(folder, entries)
    names.pop(folder, None)
    for place, name in list(names.items()):
        for router in ("router_config.json", "config.json") if name in ("Asym", "Router") else ():
            for settings in _objects(read_file(place / router)):
                names |= _named(place, list(mapping(settings.get("types")).items()))
    return names


def _named(folder: Path, entries: "list[tuple[Any, Any]]") -> dict[Path, str]:
    return {
        folder / path: type.rpartition(".")[2]
        for path, type in entries
        if isinstance(path, str) and isinstance(type, str) and _MODULE.fullmatch(type) and not safe_name(path or "x")
    }


def _unknown(path: Path, held: "dict[str, Any]", known: frozenset[str]) -> "Iterator[Setting]":
    for key, value in held.items():
        if key in _TRUSTS and value:
            yield Setting(CODE, path, key, value)
        elif key not in known:
            yield Setting(UNKNOWN, path, key, value)


def _unmatched(path: Path, key: str, value: "Any", known: "re.Pattern[str]") -> "Iterator[Setting]":
    """The value of a key that names code, unless it is one of the known names."""
    if value is not None and not (isinstance(value, str) and known.fullmatch(value)):
        yield Setting(CODE, path, key, value)


def _model_settings(path: Path, content: "Any") -> "Iterator[Setting]":
    for held in _objects(content):
        yield from _unknown(path, held, _MODEL_KEYS)
        yield from _unmatched(path, "activation_fn", held.get("activation_fn"), _ACTIVATION)


def _network_settings(path: Path, content: "Any") -> "Iterator[Setting]":
    for held in _objects(content):
        yield from _unknown(path, held, _NETWORK_KEYS)
        for key, value in held.items():
            if key.endswith(("_args", "_kwargs")) and key != "processing_kwargs":
                yield from _arguments(path, key, mapping(value))
            elif key == "modality_config":
                yield from _methods(path, value)
            else:
                yield from _walk(path, key, value)


def _arguments(path: Path, part: str, held: "dict[str, Any]") -> "Iterator[Setting]":
    # Arguments for the configuration become its attributes, and only texts are ever resolved.
    plain = {key for key, value in held.items() if part.startswith("config_") and isinstance(value, bool | int | float)}
    yield from _unknown(path, held, _ARGUMENTS | (plain - {*_TRUSTS}))
    yield from _open_settings(path, {key: value for key, value in held.items() if key not in _TRUSTS})


def _methods(path: Path, value: "Any") -> "Iterator[Setting]":
    """The methods of the network that Sentence Transformers would call, unless they compute vectors."""
    for held in map(mapping, mapping(value).values()):
        yield from _unmatched(path, "method", held.get("method"), _METHOD)
        output = held.get("method_output_name")
        for name in _items(output) or [output]:
            if isinstance(name, str) and (name.startswith("_") or not name.isidentifier()):
                yield Setting(CODE, path, "method_output_name", name)


def _module_settings(path: Path, content: "Any") -> "Iterator[Setting]":
    for held in _objects(content):
        yield from _unknown(path, held, _MODULE_KEYS)
        for key, known in (("tokenizer_class", _WORDS_TOKENIZER), ("activation_function", _ACTIVATION)):
            value = held.get(key)
            # A word such as `relu` is looked up in a table of the library.
            if not isinstance(value, str) or "." in value or key == "tokenizer_class":
                yield from _unmatched(path, key, value, known)
        for place, name in mapping(held.get("types")).items():
            yield from _unmatched(path, "types", name, _MODULE)
            # Each key is a folder beside the file.
            if safe_name(place):
                yield Setting(ELSEWHERE, path, "types", place)
        yield from _unknown(path, mapping(held.get("parameters")), _ROUTER_PARAMETERS)


def _foreign_shards(path: Path, content: "Any") -> "Iterator[Setting]":
    """Files with weights that an index names outside of its folder, or that are pickles in an index of safetensors."""
    for held in _objects(content):
        for name in dict.fromkeys(map(str, mapping(held.get("weight_map")).values())):
            pickled = ".safetensors" in path.name and not name.endswith(".safetensors")
            if pickled or safe_name(name):
                yield Setting(ELSEWHERE, path, "weight_map", name)


def _open_settings(path: Path, content: "Any") -> "Iterator[Setting]":
    """The unsafe settings of a file of transformers, which may have any key."""
    for held in _objects(content):
        for key, value in held.items():
            yield from _walk(path, key, value)


def _walk(path: Path, key: str, value: "Any") -> "Iterator[Setting]":
    """The unsafe settings in the value of a key, and in the values inside it."""
    members: dict[str, Any] = mapping(value)
    if members and key == "sentence_transformers":
        yield from _unknown(path, members, _CROSS_ENCODER_KEYS)
        yield from _unmatched(path, "activation_fn", members.get("activation_fn"), _ACTIVATION)
    elif key in _TRUSTS or key in _FOREIGN:
        if value:
            yield Setting(CODE if key in _TRUSTS else ELSEWHERE, path, key, value)
    elif key not in _TEXT and not isinstance(value, str):
        for name, inner in members.items():
            yield from _walk(path, key if key in _KERNELS else name, inner)
        for inner in _items(value):
            yield from _walk(path, key, inner)
    elif isinstance(value, str) and (effect := _effect(path, key, value)):
        yield Setting(effect, path, key, value)


def _effect(path: Path, key: str, value: str) -> str | None:
    """What a text would make transformers do; None if it is only data."""
    if key in ("activation_fn", "sbert_ce_default_activation_function"):
        return None if _ACTIVATION.fullmatch(value) else CODE
    if key in _KERNELS:
        return CODE if "/" in value or _is_fetched(value) else None
    if key in _CLASSES:
        return None if _CLASSES[key].fullmatch(value) else CODE
    if key.endswith("dtype"):
        return None if _DTYPE.fullmatch(value) else CODE
    if key.endswith(("_file", "_files")) or key == "transformers_weights":
        return ELSEWHERE if _leads_out(path, value) else None
    # Neither a name nor a path of these forms contains white space.
    if key in _TEXT or key.endswith(("_token", "_tokens")) or re.search(r"\s", value):
        return None
    if _DOTTED.fullmatch(value):
        return None if _ACTIVATION.fullmatch(value) else CODE
    return ELSEWHERE if _PLACE.fullmatch(value) else None


def _is_fetched(implementation: str) -> bool:
    """Whether transformers would take this attention from the hub, since its package is not installed."""
    return "flash" in implementation and find_spec("kernels") is not None and find_spec("flash_attn") is None


def _leads_out(path: Path, value: str) -> bool:
    """Whether a path leads out of the file's folder to something that exists.

    Old files have paths of the machine that wrote them. The libraries ignore these paths, or fail.
    """
    if os.name == "nt" and value.replace("/", "\\").startswith("\\\\"):
        return True  # to ask another computer whether the file exists would already log in there
    folder = os.path.realpath(path.parent)
    for place in (value, os.path.join(folder, value)):
        inside = os.path.abspath(place).startswith(os.path.join(folder, ""))
        if not inside and ("\0" in value or os.path.exists(place)):
            return True
    return False
