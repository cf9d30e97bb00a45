"""Shared by the engines on PyTorch. Their libraries load any checkpoint as any model class.

The libraries initialize missing weights randomly, so the loaded model is compared with the files and the contract.
Nothing in a library is patched, since another thread may be loading its own models.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module

from hypiler.engines.checks import check_own_weights, library_errors
from hypiler.engines.encoder_types import spoken
from hypiler.engines.errors import EngineError, MismatchError, UnsafeError
from hypiler.engines.layout import read_file
from hypiler.engines.texts.finite import check_finite
from hypiler.engines.texts.shortening import Limiter, NoLimiter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from hypiler.engines.contract import Contract
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

# A class of Sentence Transformers that has another name today.
_RENAMED = {"Asym": "Router"}


def check_choice(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> None:
    """Raise EngineError for a variant or an adapter, and ValueError for a device that this machine does not have."""
    torch = import_module("torch")
    check_fork()
    check_own_weights(config, contract, "the engines on PyTorch run", "weights")
    if (adapter := layout.folder / "adapter_config.json").is_file():
        raise EngineError(
            f"`{contract.id}` is an adapter ({adapter}): the library would apply it to another model, whose commit is"
            " not pinned"
        )
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device must be one that PyTorch finds here; got {device!r}: {reason}") from None


def weights(layout: "ModelFolder") -> "dict[str, Any]":
    """The arguments for transformers about weights. They override the settings in the folder.

    A pickle that is allowed is still read as data only, by PyTorch's own reader.
    """
    safe = {"use_safetensors": None if layout.allow_pickle else True, "weights_only": True}
    return safe if layout.trust_remote_code else safe | {"allow_all_kernels": False}


@contextmanager
def loading(contract: "Contract", layout: "ModelFolder") -> "Generator[None]":
    """A block that loads the files in a folder with a library that is based on transformers.

    Raises EngineError if the library fails, and UnsafeError if it fails since it may not run code.
    """
    with library_errors(f"the files of `{contract.id}` in {layout.folder} cannot be loaded"):
        try:
            yield
        except EngineError:
            raise
        except Exception as error:
            if not layout.trust_remote_code and "trust_remote_code=True" in str(error):
                raise UnsafeError(
                    f"`{contract.id}` runs code that is not part of the libraries: that in {layout.folder}; review it,"
                    " and pass trust_remote_code=True; or use an engine that runs none, such as `onnx`"
                ) from None
            raise


def loaded(make: "Callable[[], Any]", contract: "Contract", layout: "ModelFolder") -> "Any":
    """The model that `make` loads. Raises MismatchError if weights of a part of the model are in no file."""
    # For parts of a network, transformers asks at the terminal whether their code may run, with a timeout by an alarm.
    # Only the main thread can set an alarm, so in another thread transformers refuses instead of asking.
    model = make() if layout.trust_remote_code else _in_another_thread(make)
    for network in _networks(model):
        # A weight without the mark is in no file, or a library has moved it. transformers tells which is the case.
        missing = _missing_keys(network, layout) if _has_unmarked(network, contract) else []
        if used := sorted(name for name in missing if _is_used(name, contract)):
            raise uninitialized_weights_error(contract, str(layout.folder), used)
    return model


def _in_another_thread(make: "Callable[[], Any]") -> "Any":
    with ThreadPoolExecutor(1, "hypiler-load") as thread:
        return thread.submit(make).result()


def _networks(model: "Any") -> "Iterator[Any]":
    """The networks of transformers in a model, without networks inside another network."""
    base: Any = import_module("transformers").PreTrainedModel
    inner: set[int] = set()
    for module in model.modules():
        if isinstance(module, base) and id(module) not in inner:
            inner.update(map(id, module.modules()))
            yield module


def _has_unmarked(network: "Any", contract: "Contract") -> bool:
    """Whether a weight that is used has no mark. transformers marks each weight that it loads from a file."""
    held: dict[str, Any] = network.state_dict(keep_vars=True)
    return any(
        not getattr(value, "_is_hf_initialized", False) and _is_used(name, contract) for name, value in held.items()
    )


def _missing_keys(network: "Any", layout: "ModelFolder") -> list[str]:
    """The missing weights that transformers reports when it loads a network's files again."""
    modules: list[dict[str, str]] = read_file(layout.folder / "modules.json") or []
    places = [entry["path"] for entry in modules if entry["type"].endswith("Transformer")]
    found: dict[str, Any] = network.from_pretrained(
        network.name_or_path,
        config=network.config,
        subfolder=places[0] if places else "",
        output_loading_info=True,
        local_files_only=True,
        trust_remote_code=layout.trust_remote_code,
        **weights(layout),
    )[1]
    return [*found["missing_keys"]]


def _is_used(name: str, contract: "Contract") -> bool:
    """Whether the model uses a weight. BERT's pooler is missing in many files, and only classifiers use it."""
    return contract.encoder_type == "reranker" or "pooler" not in name.split(".")


def check_modules(model: "Any", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise MismatchError if a library has created a module that neither the folder nor the contract names."""
    # These modules have no weights; older formats of late interaction applied them without naming them.
    named = {"Transformer", *(("MultiVectorMask", "Normalize") if contract.encoder_type == "multi_vector" else ())}
    if layout.modules is not None:
        named |= {_RENAMED.get(name, name) for name in layout.modules}
    elif "HF_ColBERT" in layout.architectures:
        named.add("Dense")  # in the same file as the network
    else:
        named |= {"Pooling", "SpladePooling"}
    if contract.inference_free_queries:
        named.add("Router")
    if added := sorted({type(child).__name__ for child in model.children()} - named):
        raise uninitialized_weights_error(contract, str(layout.folder), added)


def uninitialized_weights_error(contract: "Contract", folder: str, names: list[str]) -> MismatchError:
    """The error for parts of a model that are in no file."""
    return MismatchError(
        f"`{contract.id}` is a {spoken(contract.encoder_type)} model in the registry, and the files in {folder} do"
        f" not hold all of one: {', '.join(names[:3])}{', …' if names[3:] else ''} would be random"
    )


def library_limiter(tokenizer: "Any", *, markers: int = 0) -> Limiter | NoLimiter:
    """Cuts and counts texts for a tokenizer of transformers, to which the library adds markers.

    A tokenizer in Python reads whole texts, and its truncated texts are not counted.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or not hasattr(backend, "encode_batch_fast"):
        return NoLimiter()
    return Limiter(backend, tokenizer.truncation_side, markers=markers)


def running(contract: "Contract") -> "AbstractContextManager[None]":
    """A block that encodes texts by a library that is based on transformers. Its errors have many types."""
    return library_errors(f"a text cannot be encoded with `{contract.id}`", with_type=True)


def check_first_run(run: "Callable[[], Any]", contract: "Contract", layout: "ModelFolder") -> None:
    """Encode a first text by `run`, to find errors while loading. Raises EngineError that names the folder."""
    try:
        check_finite(run(), contract.id)
    except EngineError as error:
        if type(error) is not EngineError:
            raise
        raise EngineError(f"the files of `{contract.id}` in {layout.folder} cannot be loaded: {error}") from error


class _Fork:
    """What a fork does to PyTorch.

    Attributes:
        used: Whether this process has loaded a model on PyTorch.
        broken: Whether this process was forked from one that had. Then PyTorch waits for ever for its other threads.
    """

    used = False
    broken = False

    @classmethod
    def after_in_child(cls) -> None:
        cls.broken = cls.broken or cls.used


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Fork.after_in_child)


def check_fork() -> None:
    """Raise EngineError where PyTorch would hang: in a forked child, with more than one thread."""
    _Fork.used = True
    if _Fork.broken and import_module("torch").get_num_threads() > 1:
        raise EngineError(
            "this process was forked after a model was loaded on PyTorch, whose threads do not exist here, so it would"
            " wait for them for ever: start processes by `spawn`, call torch.set_num_threads(1) in this process, or use"
            " another engine, such as `onnx`"
        )
