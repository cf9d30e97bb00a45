"""Running models: one small protocol over several engines, each an extra that is imported when it is used.

`load` is what `ModelConfig.load` calls. An engine is a module with

- `KINDS`: the kinds of models that it runs;
- `RUNS_REMOTE_CODE`: whether it runs code of the repository, where a model needs that;
- `wanted(config)`: patterns of the files to download;
- `available(config, folder)`: whether it can run this model from the files in `folder`, or from the hub if None;
- `open_model(config, contract, layout, device)`: the backend that `encoders` calls.
"""

from importlib import import_module

from hypiler.engines.errors import (
    ChecksumError,
    EngineError,
    MismatchError,
    MissingEngineError,
    UnknownFactError,
    UnsafeError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    from hypiler.config import ModelConfig
    from hypiler.engines.encoders import (
        DenseEncoder,
        Encoder,
        MultiVectorEncoder,
        Reranker,
        SparseEncoder,
    )

__all__ = [
    "ENGINES",
    "ChecksumError",
    "DenseEncoder",
    "Encoder",
    "EngineError",
    "MismatchError",
    "MissingEngineError",
    "MultiVectorEncoder",
    "Reranker",
    "SparseEncoder",
    "UnknownFactError",
    "UnsafeError",
    "load",
]

ENGINES = ("onnx", "model2vec", "sentence-transformers", "fastembed", "pylate")
"""The engines by name, in the order in which "auto" tries them: the lighter first."""


def load(
    config: "ModelConfig",
    engine: str = "auto",
    *,
    local: "str | os.PathLike[str] | None" = None,
    device: str = "cpu",
    assume: "Mapping[str, object] | None" = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> "Encoder[Any]":
    """A model ready to encode: a DenseEncoder, MultiVectorEncoder, SparseEncoder or Reranker, as the registry says.

    `engine` is one of ENGINES; "auto" takes the first that is installed and can run the model. The files come from
    the hub at the pinned revision, or from the folder `local`. `assume` gives facts that neither the registry nor the
    files say. Code of the repository and pickled weights are refused unless they are allowed.

    Raises EngineError: MissingEngineError if the engine is not installed, MismatchError if the registry and the files
    disagree, UnknownFactError for a fact that nobody gives, ChecksumError, UnsafeError; and ValueError for an engine
    or device that there is not.
    """
    from hypiler.engines.contract import kind_of, make_contract
    from hypiler.engines.files import find_files
    from hypiler.engines.layout import read_layout

    kind = kind_of(config)
    name, module = _choose(config, engine, kind, local)
    files = find_files(
        config,
        module.wanted(config),
        local=local,
        runs_remote_code=module.RUNS_REMOTE_CODE,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )
    layout = read_layout(files, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    contract = make_contract(config, layout, assume or {})
    backend = module.open_model(config, contract, layout, device)
    encoder: Encoder[Any] = _encoder(kind)(contract, backend, name)
    return encoder


def _choose(config: "ModelConfig", engine: str, kind: str, local: "str | os.PathLike[str] | None") -> "tuple[str, Any]":
    """The engine and its module."""
    from hypiler.engines.files import model_folder

    if engine != "auto":
        if engine not in ENGINES:
            raise ValueError(f"engine must be auto or one of {', '.join(ENGINES)}; got {engine!r}")
        module = _module(engine)
        if kind not in module.KINDS:
            raise EngineError(
                f"`{engine}` runs {', '.join(module.KINDS).replace('_', '-')} models, and `{_id(config)}` is a"
                f" {kind.replace('_', '-')} one"
            )
        return engine, module
    folder = None if local is None else model_folder(config, local)
    missing: list[str] = []
    able: list[str] = []
    for name in ENGINES:
        try:
            module = _module(name)
        except MissingEngineError as error:
            missing.append(str(error))
            continue
        if kind in module.KINDS:
            if module.available(config, folder):
                return name, module
            able.append(f"{name} finds no weights that it runs")
    raise MissingEngineError(
        f"no engine that is installed can run `{_id(config)}`, a {kind.replace('_', '-')} model;"
        f" {'; '.join([*able, *missing])}"
    )


def _module(name: str) -> "Any":
    return import_module(f"hypiler.engines.{name.replace('-', '_')}")


def _id(config: "ModelConfig") -> str:
    model: Any = config.model
    return str(model.id if model is not None else config.repo)


def _encoder(kind: str) -> "Any":
    from hypiler.engines import encoders

    return {
        "multi_vector": encoders.MultiVectorEncoder,
        "sparse": encoders.SparseEncoder,
        "reranker": encoders.Reranker,
    }.get(kind, encoders.DenseEncoder)


def __getattr__(name: str) -> "Any":
    if name in ("DenseEncoder", "Encoder", "MultiVectorEncoder", "Reranker", "SparseEncoder"):
        from hypiler.engines import encoders

        return getattr(encoders, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
