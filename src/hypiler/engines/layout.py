"""Reads what the small JSON files of a model's folder state. Nothing is executed, and weights are not opened.

`hypiler.model_files` reads the files, both for the engines and for `hypiler verify`. For the engines, an invalid file
is an error, since the library would fail on it or guess.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from hypiler.engines.checked_files import CheckedFiles
from hypiler.engines.errors import EngineError
from hypiler.model_files.architectures import Network
from hypiler.model_files.encoder_type import Shown, find_encoder_type
from hypiler.model_files.encoding import (
    read_normalization,
    read_pooling,
    read_prefix,
    read_similarity,
    stated_length,
)
from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import MAX_BYTES, read_json, text, words
from hypiler.model_files.late_interaction import LateInteraction, read_late_interaction, side_length
from hypiler.model_files.projection import Layer, dense_layers
from hypiler.model_files.repository import CARD, MODULES, STANFORD, Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
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
# Settings of modules, with the only value that a ModelFolder describes.
_SETTINGS = (
    ("Pooling", "include_prompt", True),
    ("Dense", "use_residual", False),
    ("SpladePooling", "pooling_strategy", "max"),
    ("SpladePooling", "activation_function", "relu"),
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
        lower_case: Whether texts are lower-cased before they reach the tokenizer.
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
    lower_case: bool
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
    limit = stated_length(repository, network, encoder_type)
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
        query_length=_value(side_length(repository, "query") or limit),
        document_length=_value(side_length(repository, "document") or limit),
        dense=_layers(repository, folder),
        late_interaction=read_late_interaction(repository),
        lower_case=repository.lower_case,
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
    name, processor = repository.processor_settings
    further = {"processing_kwargs": repository.network_settings.get("processing_kwargs")}
    further |= {f"{name}.{key}": value for key, value in processor.items() if key != "model_max_length"}
    found += [f"{key} {value!r} of {repository.network_name}" for key, value in further.items() if value is not None]
    return tuple(found)
