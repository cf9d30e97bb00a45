"""Checks that several engines share, and what they share about ONNX files. No engine's library is imported here."""

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
    """A block that runs another library: each of its errors becomes an EngineError that begins with `failure`.

    `with_type` names the type of the error as well. An EngineError and a MemoryError pass as they are.
    """
    try:
        yield
    except (EngineError, MemoryError):
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0]
        if with_type or not reason:
            reason = f"{type(error).__name__}: {reason}".removesuffix(": ")
        raise EngineError(f"{failure}: {reason}") from error


def check_agreement(contract: "Contract", folder: str, **found: object) -> None:
    """Raise MismatchError where a library took something else from the folder than the contract says.

    A value of None says nothing. Spaces around a marker do not count: not every library writes them.
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
    """The vectors as they are. Raises MismatchError if they are not as wide as the registry says."""
    width = vectors.shape[-1]
    if width != contract.embedding_dim:
        raise MismatchError(
            f"`specs.embedding_dim` of `{contract.id}` is {contract.embedding_dim} in the registry, and its files give"
            f" vectors of {width}: the files are those of another model, or the registry is wrong"
        )
    result: Floats = vectors
    return result


def check_usual(contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError for a folder that only the library that wrote it can run."""
    if layout.unusual:
        raise EngineError(
            f"`{contract.id}` uses features that this engine does not support: {', '.join(layout.unusual)} in"
            f" {layout.folder}; use another engine, such as `sentence-transformers`"
        )


def check_own_weights(config: "Config", contract: "Contract", runner: str, weights: str) -> None:
    """Raise EngineError for a variant: `runner` runs the model's own `weights` alone."""
    if config.variant is not None:
        raise EngineError(
            f"`{config.variant}` of `{contract.id}` is a variant, and {runner} a model's own {weights}: use another"
            " engine"
        )


def check_onnx_device(device: str, providers: "Iterable[str]") -> str:
    """The execution provider for a device. Raises ValueError if onnxruntime does not have it here."""
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
    """The output of an ONNX graph to read: the one of so many dimensions, or the one of `names` if there are several.

    Raises MismatchError if there is not exactly one.
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


def marker_id(contract: "Contract", layout: "ModelFolder", prefix: str, tokenizer: "Any") -> int:
    """The id of a prefix that is one token. Raises MismatchError if the tokenizer has no such token."""
    # Markers of PyLate end in a space, in the vocabulary too; people leave it out.
    for word in (prefix, prefix.strip(), f"{prefix.strip()} "):
        found: int | None = tokenizer.token_to_id(word)
        if found is not None:
            return found
    raise MismatchError(
        f"`{contract.id}` marks texts with {prefix!r}, and the tokenizer in {layout.folder} has no such token"
    )


def lower_case(tokenizer: "Any", normalizers: "Any") -> None:
    """Make a tokenizer put texts into lower case first; `normalizers` is the module of its library."""
    own = [tokenizer.normalizer] if tokenizer.normalizer else []
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
