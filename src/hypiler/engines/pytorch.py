"""What the engines on PyTorch have in common: their libraries load any files as any kind of model.

What is not in the files they fill with random numbers, so what was loaded is held against the files and the contract.
"""

from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Lock

from hypiler.engines.errors import EngineError, MismatchError, UnsafeError
from hypiler.engines.layout import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from hypiler.config import ModelConfig
    from hypiler.engines.contract import Contract
    from hypiler.engines.layout import ModelFolder

FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.bin", "*.py", "artifact.metadata"]
"""The files that the libraries read, as patterns."""
_LOADING = Lock()
# A class of Sentence Transformers that has another name today.
_RENAMED = {"Asym": "Router"}


def holds_weights(config: "ModelConfig", folder: Path | None) -> bool:
    """Whether the model's own weights are wanted, and lie in the folder if there is one; variants are no PyTorch."""
    if config.variant is not None:
        return False
    return folder is None or any(next(folder.glob(pattern), None) for pattern in ("**/*.safetensors", "**/*.bin"))


def check_choice(config: "ModelConfig", contract: "Contract", layout: "ModelFolder", device: str) -> None:
    """Raise EngineError for a variant and for an adapter, and ValueError for a device that is not there."""
    torch = import_module("torch")
    if config.variant is not None:
        raise EngineError(
            f"`{config.variant}` of `{contract.id}` is a variant, and the engines on PyTorch run a model's own weights:"
            " use another engine"
        )
    if (adapter := layout.folder / "adapter_config.json").is_file():
        raise EngineError(
            f"`{contract.id}` is an adapter ({adapter}): the library would put it on another model, of no pinned commit"
        )
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device must be one that PyTorch finds here; got {device!r}: {reason}") from None


def weights(layout: "ModelFolder") -> "dict[str, Any]":
    """What transformers is told about weights: what the folder's own settings say of it is overruled.

    An allowed pickle is still read as data alone, by PyTorch's own reader.
    """
    safe = {"use_safetensors": None if layout.allow_pickle else True, "weights_only": True}
    return safe if layout.trust_remote_code else safe | {"allow_all_kernels": False}


@contextmanager
def loading(contract: "Contract", layout: "ModelFolder") -> "Generator[None]":
    """A block that loads the files in a folder with a library above transformers.

    Raises EngineError if the library fails, UnsafeError if it does so for code that it may not run, and MismatchError
    if transformers found no weights for a part of the network. It says so to those who ask, and the libraries neither
    ask nor let one ask: in the block it is asked for them. One model at a time, since the method that is replaced is
    everybody's.
    """
    network = import_module("transformers").PreTrainedModel
    dynamic: Any = import_module("transformers.dynamic_module_utils")
    seconds = dynamic.TIME_OUT_REMOTE_CODE
    original = network.__dict__["from_pretrained"]
    missing: list[str] = []

    def asking(cls: "Any", /, *args: "Any", output_loading_info: bool = False, **options: "Any") -> "Any":
        model, found = original.__func__(cls, *args, output_loading_info=True, **options)
        missing.extend(found["missing_keys"])
        return (model, found) if output_loading_info else model

    with _LOADING:
        network.from_pretrained = classmethod(asking)
        if not layout.trust_remote_code:
            # For parts of a network it would ask at the terminal whether their code may run.
            dynamic.TIME_OUT_REMOTE_CODE = 0
        try:
            yield
        except Exception as error:
            _check_missing(missing, contract, layout)
            if isinstance(error, EngineError):
                raise
            if not layout.trust_remote_code and "trust_remote_code=True" in str(error):
                raise UnsafeError(
                    f"`{contract.id}` runs code that is not of the libraries: that in {layout.folder}; review it, and"
                    " pass trust_remote_code=True; or use an engine that runs none, such as `onnx`"
                ) from None
            raise EngineError(f"the files of `{contract.id}` in {layout.folder} cannot be loaded: {error}") from error
        finally:
            network.from_pretrained = original
            dynamic.TIME_OUT_REMOTE_CODE = seconds
    _check_missing(missing, contract, layout)


def _check_missing(names: list[str], contract: "Contract", layout: "ModelFolder") -> None:
    if used := sorted(name for name in names if contract.kind == "reranker" or not _is_pooler(name)):
        raise uninitialized_weights_error(contract, str(layout.folder), used)


def check_modules(model: "Any", contract: "Contract", folder: str) -> None:
    """Raise MismatchError if a library has made a module that neither the folder nor the contract names."""
    # What older formats of late interaction did without a module has no numbers of its own.
    named = {"Transformer", *(("MultiVectorMask", "Normalize") if contract.kind == "multi_vector" else ())}
    modules, config = Path(folder) / "modules.json", Path(folder) / "config.json"
    if modules.is_file():
        types = [entry["type"].rpartition(".")[2] for entry in read_file(modules)]
        named |= {_RENAMED.get(type, type) for type in types}
    elif "HF_ColBERT" in read_file(config).get("architectures", ()):
        named.add("Dense")  # in the same file as the network
    else:
        named |= {"Pooling", "SpladePooling"}
    if added := sorted({type(child).__name__ for child in model.children()} - named):
        raise uninitialized_weights_error(contract, folder, added)


def uninitialized_weights_error(contract: "Contract", folder: str, names: list[str]) -> MismatchError:
    """The error for parts of a model that no file holds."""
    return MismatchError(
        f"`{contract.id}` is a {contract.kind.replace('_', '-')} model in the registry, and the files in {folder} do"
        f" not hold all of one: {', '.join(names[:3])}{', …' if names[3:] else ''} would be made up"
    )


def _is_pooler(name: str) -> bool:
    """BERT's layer over the first token: many files leave it out, and only classifiers use it."""
    return "pooler" in name.split(".")
