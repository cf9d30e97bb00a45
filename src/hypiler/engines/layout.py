"""Reads what the small JSON files of a model's folder state. Nothing is executed, and weights are not opened.

`hypiler.model_files` reads the files, both for the engines and for `hypiler verify`. For the engines, an invalid file
is an error, since the library would fail on it or guess.
"""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from hypiler.engines.errors import EngineError
from hypiler.engines.files.checked_files import CheckedFiles
from hypiler.model_files.architectures import Network
from hypiler.model_files.encoder_type import Shown, find_encoder_type
from hypiler.model_files.encoding import (
    read_activation,
    read_adapters,
    read_inference_free,
    read_normalization,
    read_pooling,
    read_prefix,
    read_prompts,
    read_query_weights,
    read_similarity,
)
from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import MAX_BYTES, mapping, read_json, text, words
from hypiler.model_files.late_interaction import LateInteraction, read_late_interaction
from hypiler.model_files.lengths import truncation_length
from hypiler.model_files.projection import Layer, dense_layers
from hypiler.model_files.repository import CARD, MODULES, STANFORD, Repository
from hypiler.model_files.tokenizer_settings import TokenizerSettings, further_names, read_tokenizer_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.model_files.facts import FileFact
    from hypiler.schema.encoder_types import EncoderType

# Folders of git and huggingface_hub beside the files.
_NOT_OF_THE_MODEL = (".git", ".cache")
# The sequences of modules that a ModelFolder describes completely: network, pooling, linear layers, normalization.
_USUAL = re.compile(
    "Transformer( Pooling( Dense)*( Normalize)?)?|Transformer( Dense)*( MultiVectorMask)?( Normalize)?"
    "|(MLM)?Transformer SpladePooling|StaticEmbedding( Normalize)?"
)
# The keys of modules that say what they read and write, and what that must be. Late interaction has token vectors.
_PLACES = ("module_input_name", "module_output_name")
_VECTORS = {"multi_vector": "token_embeddings"}
# Arguments in the settings of the network that do not change vectors beyond the precision of the weights.
_HARMLESS_ARGUMENTS = frozenset(
    (
        "attn_implementation cache_dir device_map dtype local_files_only low_cpu_mem_usage revision token torch_dtype"
        " trust_remote_code use_safetensors"
    ).split()
)
_HARMLESS_PROCESSOR = _HARMLESS_ARGUMENTS | {"model_max_length", "use_fast"}
# The usual way from a text to token vectors. The older form of the output is a list.
_METHODS = ("forward", "last_hidden_state", "logits", ["last_hidden_state"], ["logits"])
# Settings of modules, with the only value that a ModelFolder describes.
_SETTINGS = (
    ("Pooling", "include_prompt", True),
    ("Dense", "use_residual", False),
    ("SpladePooling", "pooling_strategy", "max"),
    ("MultiVectorMask", "keep_only_token_ids", None),
)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What the files state. A value is None if they do not state it.

    Attributes:
        folder: The folder.
        encoder_type: The encoder type.
        evidence: The file and key that show the encoder type.
        modules: The names of the modules in modules.json, in order.
        architectures: The names of the classes that the network was saved from.
        hidden_size: The width of the hidden states.
        vocab_size: The number of entries of the vocabulary.
        pooling: A word of models.json. Modes that are concatenated are joined by `+`.
        normalize: Whether vectors get length 1.
        similarity: How vectors are compared, as a word of models.json.
        query_prefix: The text before each query.
        document_prefix: The text before each document.
        query_length: The longest query in tokens.
        document_length: The longest document in tokens.
        dense: The linear layers after the network.
        late_interaction: How tokens are prepared for late interaction.
        activation: How logits of a sparse model become weights, as a word of models.json.
        inference_free_queries: Whether the tokens of queries have fixed weights.
        query_weights: The file with these weights.
        prompts: The prompts of the files by name.
        adapters: The names of the network's adapters, in the order of their numbers.
        lower_case: Whether texts are lower-cased before they reach the tokenizer.
        truncation_side: The side at which long texts are cut: `right` or `left`.
        tokenizer: The settings of the tokenizer.
        unusual: Features that only the library which wrote the files supports.
        trust_remote_code: Whether code from the repository may run.
        allow_pickle: Whether pickled weights may be read.
        files: Reads the files, and checks their recorded sums.
    """

    folder: Path
    encoder_type: "EncoderType | None"
    evidence: str
    modules: tuple[str, ...] | None
    architectures: tuple[str, ...]
    hidden_size: int | None
    vocab_size: int | None
    pooling: str | None
    normalize: bool | None
    similarity: str | None
    query_prefix: str | None
    document_prefix: str | None
    query_length: int | None
    document_length: int | None
    dense: tuple[Layer, ...]
    late_interaction: LateInteraction
    activation: str | None
    inference_free_queries: bool | None
    query_weights: str | None
    prompts: "Mapping[str, str]"
    adapters: tuple[str, ...]
    lower_case: bool
    truncation_side: str
    tokenizer: TokenizerSettings
    unusual: tuple[str, ...]
    trust_remote_code: bool = False
    allow_pickle: bool = False
    files: CheckedFiles = field(kw_only=True, compare=False, repr=False)


def read_layout(
    folder: Path,
    *,
    files: CheckedFiles | None = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> ModelFolder:
    """Read a folder, by `files` if they were checked. Raises EngineError for an invalid file."""
    files = files or CheckedFiles(folder)
    repository = _repository(files)
    network = Network(repository)
    shown = find_encoder_type(repository)
    encoder_type = shown.encoder_type if shown else None
    tokenizer = read_tokenizer_settings(repository)
    found = ModelFolder(
        folder=folder,
        encoder_type=encoder_type,
        evidence=_evidence(repository, shown),
        modules=None if repository.modules is None else tuple([one.name for one in repository.modules]),
        architectures=tuple(repository.architectures),
        hidden_size=_value(network.hidden),
        vocab_size=_value(network.vocabulary),
        pooling=_value(read_pooling(repository, encoder_type)),
        normalize=_value(read_normalization(repository, encoder_type)),
        similarity=_value(read_similarity(repository, encoder_type)),
        query_prefix=_value(read_prefix(repository, "query")),
        document_prefix=_value(read_prefix(repository, "document")),
        query_length=_value(truncation_length(repository, network, encoder_type, "query")),
        document_length=_value(truncation_length(repository, network, encoder_type, "document")),
        dense=_layers(repository, folder),
        late_interaction=read_late_interaction(repository),
        activation=_value(read_activation(repository)),
        inference_free_queries=_value(read_inference_free(repository, encoder_type)),
        query_weights=read_query_weights(repository),
        prompts=read_prompts(repository),
        adapters=read_adapters(repository),
        lower_case=repository.lower_case,
        truncation_side=_truncation_side(tokenizer, folder),
        tokenizer=tokenizer,
        unusual=_unusual(repository),
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
        files=files,
    )
    for problem in repository.problems:
        if problem.file in repository.names and problem.file != CARD:
            raise EngineError(f"{folder / problem.file} cannot be used: {problem.message}")
    return found


def read_file(path: Path) -> "Any":
    """The value in a small JSON file of a model; None if the file does not exist. Raises EngineError."""
    if not path.is_file():
        return None
    try:
        return read_json(_content(CheckedFiles(path.parent), path.name))
    except ModelFileError as error:
        raise EngineError(f"{path} cannot be used: {error}") from None


def _content(files: CheckedFiles, name: str) -> bytes:
    path = files.folder / name
    if path.stat().st_size > MAX_BYTES:
        raise EngineError(f"{path} is larger than {MAX_BYTES >> 20} MiB, the limit for such a file")
    return files.read(name)


def _repository(files: CheckedFiles) -> Repository:
    """The files of a folder that the reader needs, without the weights."""
    folder = files.folder
    names: list[str] = []
    for place, folders, inside in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_OF_THE_MODEL]
        # Opening a pipe would wait for ever.
        paths = [path for name in inside if (path := Path(place, name)).is_file()]
        names += [path.relative_to(folder).as_posix() for path in paths]
    contents: dict[str, bytes] = {}
    if CARD in names and (folder / CARD).stat().st_size > MAX_BYTES:
        names.remove(CARD)
    while asked := [name for name in Repository(names, contents, {}).needed() if not name.endswith(".safetensors")]:
        contents |= {name: _content(files, name) for name in asked}
    further = [name for name in further_names(Repository(names, contents, {})) if name not in contents]
    contents |= {name: _content(files, name) for name in further}
    repository = Repository(names, contents, {})
    for problem in repository.problems:
        # The reader ignores files with unsafe names, but a library may read them.
        if problem.file.endswith((".json", STANFORD)):
            raise EngineError(f"{folder / problem.file} cannot be used: {problem.message}")
    return repository


def _value(fact: "FileFact | None") -> "Any":
    return None if fact is None else fact.value


def _evidence(repository: Repository, shown: Shown | None) -> str:
    """The file and entry that show the encoder type, such as `config.json: HF_ColBERT`."""
    if shown is None:
        return ""
    held = None if shown.file == MODULES else repository.object(shown.file).get(shown.key)
    # Text from a file must not contain control characters for the terminal.
    names = [name for name in [text(held) or "", *words(held)] if name.isidentifier()]
    if shown.key == "architectures" and names:
        return f"{shown.file}: {', '.join(names)}"
    return f"{shown.file}: {' '.join([shown.key, *names])}"


def _truncation_side(settings: TokenizerSettings, folder: Path) -> str:
    path = folder / settings.folder / "tokenizer.json"
    if settings.truncation_side is None and path.is_file():
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
            rest = b"" if truncation_in(beginning) is not None else file.read()
        return truncation_side(settings, beginning + rest, path.parent)
    return truncation_side(settings, b"", path.parent)


def truncation_side(settings: TokenizerSettings, data: bytes, folder: Path) -> str:
    """The side in tokenizer_config.json, or else the one in the bytes of tokenizer.json, or else the right one.

    Raises EngineError for another word than left or right. `folder` is the tokenizer's, for the message.
    """
    side = settings.truncation_side
    if side is None:
        side = text((truncation_in(data) or {}).get("direction")) or "right"
    if side.lower() not in ("left", "right"):
        raise EngineError(f"the side of truncation of {folder} must be left or right; got {side!r}")
    return side.lower()


# The vocabulary follows the truncation, so this many bytes of a tokenizer.json are usually enough.
_BEGINNING = 1 << 16


def truncation_in(data: bytes) -> "dict[str, Any] | None":
    """The truncation in the bytes of a tokenizer.json; empty if there is none, and None if the bytes end before it."""
    found = _member(data[:_BEGINNING].decode("utf-8", "ignore"), "truncation")
    if found is _CUT:
        found = _member(data.decode("utf-8", "ignore"), "truncation")
    return None if found is _CUT else mapping(found)


_CUT = object()
_BETWEEN = re.compile(r"[\s,:]*")


def _member(held: str, wanted: str) -> "Any":
    """A member of the object that a text contains; `_CUT` if the text ends before it."""
    decoder, place = json.JSONDecoder(), _skip(held, held.find("{") + 1)
    try:
        while place < len(held) and held[place] != "}":
            key, place = decoder.raw_decode(held, place)
            value, place = decoder.raw_decode(held, _skip(held, place))
            if key == wanted:
                return value
            place = _skip(held, place)
    except (ValueError, RecursionError):
        return _CUT
    return None if place < len(held) else _CUT


def _skip(held: str, place: int) -> int:
    found = _BETWEEN.match(held, place)
    return found.end() if found else place


def _layers(repository: Repository, folder: Path) -> tuple[Layer, ...]:
    layers = {layer.file: layer for layer in dense_layers(repository)}
    for module in repository.modules_of_type("Dense"):
        if module.config not in layers or layers[module.config].activation is None:
            raise EngineError(f"{folder / module.config} must give in_features, out_features and activation_function")
    return tuple(layers.values())


def _unusual(repository: Repository) -> tuple[str, ...]:
    """The modules and settings that a ModelFolder does not describe completely."""
    found: list[str] = []
    names = [one.name if one.known else one.type for one in repository.modules or ()]
    if repository.modules is not None and not _USUAL.fullmatch(" ".join(names)):
        found.append(f"the modules {', '.join(map(ascii, names))}")
    for module, key, usual in _SETTINGS:
        for one in repository.modules_of_type(module):
            value = repository.object(one.config).get(key, usual)
            if value != usual:
                found.append(f"{key} {value!r} of {one.folder.removesuffix('/')}")
    found += _unusual_places(repository)
    for one in repository.modules_of_type("SpladePooling"):
        if read_activation(repository) is None:
            word = repository.object(one.config).get("activation_function")
            found.append(f"activation_function {word!r} of {one.folder.removesuffix('/')}")
    return tuple(found + _unusual_network(repository))


def _unusual_places(repository: Repository) -> list[str]:
    """Layers and normalizations that read or write anything but the model's vectors."""
    shown = find_encoder_type(repository)
    usual = _VECTORS.get(shown.encoder_type if shown else "", "sentence_embedding")
    found: list[str] = []
    for one in repository.modules_of_type("Dense", "Normalize"):
        # PyLate's own layers read token vectors without saying so.
        if one.type.startswith("sentence_transformers."):
            held = {key: repository.object(one.config).get(key) for key in _PLACES}
            found += [f"{key} {value!r} of {one.folder}" for key, value in held.items() if value not in (None, usual)]
    return [one.removesuffix("/") for one in found]


def _unusual_network(repository: Repository) -> list[str]:
    """Settings of sentence-transformers for the network that a ModelFolder does not describe."""
    settings = repository.network_settings
    name, processor = repository.processor_settings
    further: dict[str, Any] = {key: settings.get(key) for key in ("processing_kwargs", "tokenizer_name_or_path")}
    further |= {f"{name}.{key}": value for key, value in processor.items() if key not in _HARMLESS_PROCESSOR}
    for key in ("model_args", "model_kwargs", "config_args", "config_kwargs"):
        held = mapping(settings.get(key))
        further |= {f"{key}.{one}": value for one, value in held.items() if one not in _HARMLESS_ARGUMENTS}
    if settings.get("module_output_name") not in (None, "token_embeddings"):
        further["module_output_name"] = settings["module_output_name"]
    method = mapping(mapping(settings.get("modality_config")).get("text"))
    further |= {f"modality_config.text.{key}": value for key, value in method.items() if value not in _METHODS}
    if "message" in mapping(settings.get("modality_config")):
        further["modality_config.message"] = True
    return [f"{key} {value!r} of {repository.network_name}" for key, value in further.items() if value is not None]
