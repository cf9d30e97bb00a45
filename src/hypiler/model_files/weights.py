"""Facts from headers of weights and from file names: the number of parameters, and the published formats."""

import re

from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, text
from hypiler.model_files.repository import MODULES, Repository
from hypiler.model_files.safetensors_header import Tensor
from hypiler.schema.vocabulary import QUANTIZATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

_FORMATS = {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8", "F8_E5M2": "fp8", "I8": "int8"}
# Keys of config.json with the type of the weights, as it was when they were saved. Only model2vec takes it from the
# weights; the others may be older than the weights.
_TYPES = ("embedding_dtype", "torch_dtype", "dtype")
_TYPE_WORDS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "int8": "int8"}
# Words in the names of ONNX files, as exporters write them.
_ONNX_WORDS = {
    "fp32": "fp32",
    "fp16": "fp16",
    "int8": "int8",
    "qint8": "int8",
    "uint8": "uint8",
    "quint8": "uint8",
    "int4": "int4",
    "q4": "q4",
    "q4f16": "q4",
}
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_DATA = (".safetensors", ".onnx", ".gguf")
# What scales quantized weights back. These numbers are no parameters of the model.
_SCALES = re.compile(r".*[._](?:scales?|scale_inv|scale_2|zero_points?)")
# Files in other formats whose names end like those of pickles: of OpenVINO, CTranslate2 and ggml.
_GRAPH, _VOCABULARIES = ".xml", ("vocabulary.json", "vocabulary.txt", "shared_vocabulary.json", "shared_vocabulary.txt")
# What training leaves behind: earlier states of the model, of the optimizer and of random numbers, and logs.
_LEFTOVER = re.compile(
    r"(?:.*/)?(?:checkpoint-\d+|global_step\d+|runs|wandb)/.*"
    r"|(?:.*/)?(?:training_args\.bin|optimizer(?:_\d+)?\.(?:pt|bin)|scheduler\.(?:pt|bin)|scaler\.pt"
    r"|rng_state(?:_\d+)?\.pth|random_states_\d+\.pkl|.*_optim_states\.pt)"
)
# Formats by the method in `quantization_config`, with the number of bits where the method has several.
_METHODS: "dict[tuple[str, int | None], str]" = {
    ("gptq", 4): "int4",
    ("gptq", 8): "int8",
    ("awq", 4): "int4",
    ("bitsandbytes", 8): "int8",
    ("fp8", None): "fp8",
    ("fbgemm_fp8", None): "fp8",
}
_ONNX = ("onnx/model.onnx", "model.onnx")


def tensors_of(repository: Repository, folder: str) -> dict[str, tuple[str, Tensor]]:
    """The tensors in a folder's weights, each with its file; empty if a header is missing or invalid."""
    found: dict[str, tuple[str, Tensor]] = {}
    for name in repository.shards(folder) or ():
        header = repository.header(name)
        if header is None:
            return {}
        found |= {key: (name, tensor) for key, tensor in header.items()}
    return found


def weight_facts(repository: Repository) -> "dict[str, FileFact | None]":
    """The facts about the number of parameters, the formats, and the file names."""
    folders = [tensors_of(repository, folder) for folder in repository.weight_folders]
    facts: dict[str, FileFact | None] = {"capabilities.quantization": _formats(repository, folders[0])}
    # A router keeps further modules in folders that modules.json does not name.
    if all(folders) and repository.is_settled(MODULES) and not repository.is_routed:
        tensors = [one for found in folders for one in found.items()]
        facts["specs.parameters"] = counted = _parameters(tensors)
        facts["specs.parameter_count"] = counted and _with_buffers(counted, tensors)
    return facts | _files(repository)


def _with_buffers(counted: FileFact, tensors: "list[tuple[str, tuple[str, Tensor]]]") -> FileFact:
    """The exact number of parameters. If there are buffers of integers, published counts may contain them."""
    whole = sum(tensor.elements for _, (_, tensor) in tensors)
    value = counted.value if whole == counted.value else [counted.value, whole]
    return FileFact(value, counted.file, counted.key, counted.note)


def _parameters(tensors: "list[tuple[str, tuple[str, Tensor]]]") -> FileFact | None:
    """The number of floats. None if weights are packed into integers, which hide how many there are."""
    count = 0
    whole: list[str] = []
    quantized = any(tensor.dtype.startswith("F8") for _, (_, tensor) in tensors)
    for name, (_, tensor) in tensors:
        if quantized and _SCALES.fullmatch(name):
            whole.append(f"{quote_name(name)} ({tensor.dtype})")
        elif tensor.dtype.startswith(("F", "BF")):
            count += tensor.elements
        elif tensor.dtype in ("I64", "U64", "BOOL") or len(tensor.shape) < 2:
            whole.append(f"{quote_name(name)} ({tensor.dtype})")
        else:
            return None
    files = list(dict.fromkeys([file for _, (file, _) in tensors]))
    notes = [f"with {_first_three(files[1:])}"] if len(files) > 1 else []
    notes += [f"without {_first_three(whole)}"] if whole else []
    return FileFact(count, files[0], "tensors of floats", "; ".join(notes)) if count else None


def _first_three(words: list[str]) -> str:
    return ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")


def _formats(repository: Repository, tensors: "dict[str, tuple[str, Tensor]]") -> FileFact | None:
    """The formats that tensors and file names show. There may be more, in other files or repositories."""
    sizes: dict[str, int] = {}
    for _, tensor in tensors.values():
        sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.elements
    # The type with the most elements counts: a few tensors, such as norms, may have another type.
    main = max(sizes, key=lambda dtype: sizes[dtype], default="")
    found = {_FORMATS[main]: (next(iter(tensors.values()))[0], "dtype")} if main in _FORMATS else {}
    for key in ("quantization_config", "quantization"):
        # Weights are packed into tensors of other types, beside tables that are not quantized.
        if settings := mapping(repository.config.get(key)):
            method = _method(settings)
            found = {method: (repository.config_name, key)} if method else {}
    stated = None if found or tensors else _stated_type(repository)
    if stated is not None:
        found = {stated[0]: (repository.config_name, stated[1])}
    # A folder of an unknown commit may have exports that were published later.
    names = filter(is_published, repository.names) if repository.complete else ()
    for name in sorted(names):
        if name.endswith(".onnx"):
            for word in re.split(r"[_.-]", name.rpartition("/")[2].lower()):
                if word in _ONNX_WORDS:
                    found.setdefault(_ONNX_WORDS[word], (name, ""))
    if not found:
        return None
    file, key = next(iter(found.values()))
    hint = stated is not None and stated[1] != "embedding_dtype"
    return FileFact([one for one in QUANTIZATIONS if one in found], file, key, "at least these", hint=hint)


def _stated_type(repository: Repository) -> tuple[str, str] | None:
    """The type of the weights by the configuration alone, and its key; None if it is not stated."""
    config = repository.config
    if any(mapping(config.get(key)) for key in ("quantization_config", "quantization")):
        return None
    words = {key: _TYPE_WORDS.get(text(config.get(key)) or "") for key in _TYPES}
    return next(((word, key) for key, word in words.items() if word), None)


def _method(settings: "dict[str, Any]") -> str | None:
    """The format of quantized weights; None if the settings do not name one that models.json has a word for."""
    method, bits = settings.get("quant_method"), settings.get("bits")
    if settings.get("load_in_8bit") is True:
        bits = 8
    return _METHODS.get((str(method), bits if type(bits) is int else None))


def is_published(name: str) -> bool:
    """Whether a file belongs to the model, and was not left behind by its training."""
    return _LEFTOVER.fullmatch(name) is None


def _files(repository: Repository) -> "dict[str, FileFact | None]":
    exports = [name for name in repository.names if name.endswith(".onnx") and is_published(name)]
    usual = [name for name in _ONNX if name in exports] or exports
    tokenizer = repository.backbone + "tokenizer.json"
    files = {
        "files.tokenizer": tokenizer if tokenizer in repository.names else "tokenizer.json",
        # The folder of the network is known once modules.json was read.
        "files.config": repository.config_name if repository.is_settled(MODULES) else "",
        "files.weights.safetensors": repository.backbone + "model.safetensors",
        "files.weights.pytorch": repository.backbone + "pytorch_model.bin",
        # If there are several exports with other names, it is unknown which one is the model's.
        "files.weights.onnx": usual[0] if len(usual) == 1 or usual[:1] == [_ONNX[0]] else "",
    }
    return {path: FileFact(name, name, "") for path, name in files.items() if name in repository.names}


def pickle_only(names: "Iterable[str]") -> bool:
    """Whether there are weights, and all of them are pickles."""
    names = {*filter(is_published, names)}
    return any(_is_pickle(name, names) for name in names) and not any(name.endswith(_DATA) for name in names)


def _is_pickle(name: str, names: "Collection[str]") -> bool:
    folder, _, last = name.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    if f".{ending}" != ".bin":
        return name.endswith(PICKLES)
    beside = [f"{folder}/{one}".removeprefix("/") for one in (stem + _GRAPH, *_VOCABULARIES * (stem == "model"))]
    return bool(dot) and not last.startswith("ggml") and not any(one in names for one in beside)
