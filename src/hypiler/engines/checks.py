"""Checks that several engines share, and helpers for ONNX files. No engine's library is imported here."""

from contextlib import contextmanager

from hypiler.engines.encoder_types import spoken
from hypiler.engines.errors import EngineError, MismatchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from typing import Any

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Floats
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
"""The execution provider of onnxruntime for each device."""


@contextmanager
def library_errors(failure: str, *, with_type: bool = False) -> "Generator[None]":
    """A block that calls another library. Each error becomes an EngineError whose message begins with `failure`.

    `with_type` adds the type of the error to the message. An EngineError or MemoryError is passed on unchanged. A panic
    of a library in Rust, such as tokenizers, is not an Exception for Python, but it becomes an EngineError as well.
    """
    try:
        yield
    except (EngineError, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = str(error).partition("\n")[0]
        if with_type or not reason:
            reason = f"{type(error).__name__}: {reason}".removesuffix(": ")
        raise EngineError(f"{failure}: {reason}") from error


def check_agreement(contract: "Contract", folder: str, **found: object) -> None:
    """Raise MismatchError if a library read a value from the folder that differs from the contract.

    `found` has the values by name; None means that the library read no value. Blanks around a text are ignored, since
    not every library writes them around markers.
    """
    for name, value in found.items():
        expected = getattr(contract, name)
        if value is not None and _bare(value) != _bare(expected):
            raise MismatchError(
                f"`encoding.{name}` of `{contract.id}` is {expected!r}, and {value!r} by the files in {folder}: one of"
                " them is wrong"
            )


def _bare(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def check_width(vectors: "Any", contract: "Contract") -> "Floats":
    """The vectors, unchanged. Raises MismatchError if they are not as wide as the registry says."""
    width = vectors.shape[-1]
    if width != contract.embedding_dim:
        raise MismatchError(
            f"`specs.embedding_dim` of `{contract.id}` is {contract.embedding_dim} in the registry, and its files give"
            f" vectors of {width}: the files are those of another model, or the registry is wrong"
        )
    result: Floats = vectors
    return result


def check_usual(contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError for a folder that only the library which wrote it can run."""
    if layout.unusual:
        raise EngineError(
            f"`{contract.id}` uses features that this engine does not support: {', '.join(layout.unusual)} in"
            f" {layout.folder}; use another engine, such as `sentence-transformers`"
        )


def check_own_weights(config: "Config", contract: "Contract", runner: str, weights: str) -> None:
    """Raise EngineError if a variant is chosen, since the engine runs only the model's own weights.

    `runner` and `weights` are parts of the message: who runs, and what.
    """
    if config.variant is not None:
        raise EngineError(
            f"`{config.variant}` of `{contract.id}` is a variant, and {runner} a model's own {weights}: use another"
            " engine"
        )


def check_onnx_device(device: str, providers: "Iterable[str]") -> str:
    """The execution provider for a device. Raises ValueError if onnxruntime does not have it on this machine."""
    provider = PROVIDERS.get(device)
    if provider is None or provider not in providers:
        raise ValueError(f"device must be cpu, or cuda where onnxruntime has it; got {device!r}")
    return provider


def missing_onnx_error(contract: "Contract", layout: "ModelFolder", places: "Sequence[str]") -> EngineError:
    """The error for a folder without the ONNX file of the chosen weights."""
    return EngineError(
        f"no ONNX file of `{contract.id}` in {layout.folder}: looked for {' and '.join(places) or 'none'}; name it in"
        " `files.weights.onnx`, choose a variant, or use another engine"
    )


def output_name(
    outputs: "Sequence[Any]", dimensions: int, names: "Sequence[str]", file: object, encoder_type: str
) -> str:
    """The name of the output of an ONNX graph to read.

    Args:
        outputs: The outputs of the graph.
        dimensions: How many dimensions the output must have.
        names: If several outputs have that many, the names that may be read.
        file: The graph's file, for the message.
        encoder_type: The encoder type, for the message.

    Raises MismatchError if there is not exactly one such output.
    """
    fitting = [one.name for one in outputs if len(one.shape) == dimensions]
    found: list[str] = [name for name in names if name in fitting] or fitting
    if len(found) != 1:
        shapes = ", ".join(f"{one.name} {one.shape}" for one in outputs)
        raise MismatchError(
            f"{file} must have one output of {dimensions} dimensions for a {spoken(encoder_type)} model, or call it"
            f" {' or '.join(names)}; it has {shapes}"
        )
    return found[0]


def marker_id(contract: "Contract", layout: "ModelFolder", marker: str, tokenizer: "Any") -> int:
    """The id of a marker, which is one token. Raises MismatchError if the tokenizer has no such token."""
    found: int = tokenizer.token_to_id(marker_token(contract, layout, marker, tokenizer))
    return found


def marker_token(contract: "Contract", layout: "ModelFolder", marker: str, tokenizer: "Any") -> str:
    """A marker as the vocabulary spells it. Raises MismatchError if the tokenizer has no such token."""
    # PyLate's markers end in a space, also in the vocabulary. People leave the space out.
    for word in (marker, marker.strip(), f"{marker.strip()} "):
        if tokenizer.token_to_id(word) is not None:
            return word
    raise MismatchError(
        f"`{contract.id}` marks texts with {marker!r}, and the tokenizer in {layout.folder} has no such token"
    )
