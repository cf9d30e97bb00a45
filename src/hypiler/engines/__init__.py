"""Runs models: one small protocol over several engines. Each engine is an extra, and is imported when it is used.

`ModelConfig.load` calls `load`. `hypiler.engines.specs` contains the table of engines. Other packages can add their own
engines to it: see docs/engines.md.
"""

from typing import overload

from hypiler._server import Server
from hypiler.engines.errors import (
    ChecksumError,
    EngineError,
    MismatchError,
    MissingEngineError,
    PolicyError,
    ServerError,
    TruncationWarning,
    UnknownFactError,
    UnsafeError,
    file_errors,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any, TypeVar

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import (
        DenseEncoder,
        Encoder,
        MultiVectorEncoder,
        Reranker,
        SparseEncoder,
    )
    from hypiler.engines.files.checked_files import CheckedFiles
    from hypiler.engines.specs import ENGINES, EngineSpec, engine_specs
    from hypiler.engines.stamps.loaded_files import LoadedFiles
    from hypiler.protocols import Config

    _Kind = TypeVar("_Kind")
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    import os
    from collections.abc import Mapping

    Any = Config = _Kind = object

__all__ = [
    "ENGINES",
    "ChecksumError",
    "DenseEncoder",
    "Encoder",
    "EngineError",
    "EngineSpec",
    "MismatchError",
    "MissingEngineError",
    "MultiVectorEncoder",
    "PolicyError",
    "Reranker",
    "Server",
    "ServerError",
    "SparseEncoder",
    "TruncationWarning",
    "UnknownFactError",
    "UnsafeError",
    "engine_specs",
    "load",
]


@overload
def load(
    config: "Config",
    engine: str = "auto",
    *,
    kind: None = None,
    local: "str | os.PathLike[str] | None" = None,
    url: "str | Server | None" = None,
    device: str = "cpu",
    assume: "Mapping[str, object] | None" = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> "Encoder[Any]": ...
@overload
def load(
    config: "Config",
    engine: str = "auto",
    *,
    kind: "type[_Kind]",
    local: "str | os.PathLike[str] | None" = None,
    url: "str | Server | None" = None,
    device: str = "cpu",
    assume: "Mapping[str, object] | None" = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> "_Kind": ...
@file_errors
def load(
    config: "Config",
    engine: str = "auto",
    *,
    kind: "type[Any] | None" = None,
    local: "str | os.PathLike[str] | None" = None,
    url: "str | Server | None" = None,
    device: str = "cpu",
    assume: "Mapping[str, object] | None" = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> "Any":
    """Load a model, ready to encode.

    The registry decides whether this is a DenseEncoder, MultiVectorEncoder, SparseEncoder or Reranker.

    Args:
        config: A ModelConfig of a model from any registry.
        engine: The name of an engine; "auto" takes the first engine that is installed and can run the model.
        kind: The class of the encoder that the program needs. It is checked before anything is downloaded, and tells
            type checkers what is returned. None for any class.
        local: The folder with the model's files. By default, the files come from the hub at the pinned revision, or
            from the folder that `source.path` names.
        url: The address of the server for the engine "server", or a Server, which has all options. With `url`, "auto"
            takes the engine "server". A model of `hypiler.hosted_registry` needs no `url` if its API takes OpenAI's
            requests.
        device: Where the network runs, by the engine's name of the device.
        assume: Facts that neither the registry nor the files state, by their names in ModelInfo.
        trust_remote_code: Whether code from the repository may run.
        allow_pickle: Whether pickled weights may be read.

    Raises EngineError or one of its subclasses: MissingEngineError if the engine is not installed, MismatchError if the
    registry and the files disagree, UnknownFactError for a fact that is stated nowhere, ChecksumError for a file with
    another sha256, UnsafeError for code or pickles that are not allowed, and ServerError if a server gives no usable
    answer. PolicyError, raised before anything is downloaded or sent, means that the policy of the project or of the
    process does not allow the model. Raises SpaceError if a server's vectors do not fit the stamp in `Server.expect`,
    ValueError for an engine or device that does not exist, and TypeError if the model is not of the `kind`.
    """
    from hypiler.engines.choice import choose_engine, engine_for, is_by_url
    from hypiler.engines.contract import make_contract, model_of, of_output
    from hypiler.engines.files.download import open_files
    from hypiler.engines.layout import read_layout
    from hypiler.engines.places import folder_of
    from hypiler.engines.policy import LoadingPolicy
    from hypiler.engines.provenance import Provenance
    from hypiler.engines.specs import names_in

    if kind is not None:
        _check_kind(config, kind)
    policy = LoadingPolicy.of(config)
    policy.check_request(trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    engine = engine_for(engine, url)
    if local is None and not is_by_url(engine):
        local = folder_of(config)
    spec, module = choose_engine(config, engine, local)
    options = {
        "device": device,
        "assume": {**(assume or {})},
        "trust_remote_code": trust_remote_code,
        "allow_pickle": allow_pickle,
    }
    if spec.by_url:
        from hypiler.engines.served.loading import load_encoder

        return load_encoder(policy, spec, module, url, local=local, options=options)
    policy.check_engine(spec, local=local is not None)
    files = open_files(
        config,
        spec.files(config),
        local=local,
        runs_remote_code=spec.runs_remote_code,
        reads_bytes=spec.reads_bytes,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )
    policy.check_files(spec, names_in(files.folder), files.sums, local=local is not None)
    layout = read_layout(files.folder, files=files, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    layout = of_output(layout, model_of(config))
    contract = make_contract(config, layout, assume or {})
    _check_features(spec, contract)
    # Before the engine reads them, so that a file that changes in between is noticed.
    loaded = _loaded_files(config, spec, files)
    provenance = Provenance(config, spec, files, policy, local=local is not None, options=options)
    with files.loading():
        backend = module.open_model(config, contract, layout, device)
    loaded.check_variant()
    return _encoder(contract.encoder_type)(contract, backend, spec.name, loaded, provenance)


def _check_kind(config: "Config", kind: "type[Any]") -> None:
    """Raise TypeError unless the config's model is loaded as an encoder of this class."""
    from hypiler.engines.contract import encoder_type_of, model_of
    from hypiler.engines.encoder_types import spoken

    known = {_encoder(one).__name__: _encoder(one) for one in ("dense", "multi_vector", "sparse", "reranker")}
    if not any(kind is one for one in known.values()):
        raise TypeError(f"kind must be one of the classes {', '.join(known)}; got {kind!r}")
    encoder_type = encoder_type_of(config)
    found = _encoder(encoder_type)
    if found is not kind:
        raise TypeError(
            f"`{model_of(config).id}` is a {spoken(encoder_type)} model, which is loaded as {found.__name__};"
            f" the program needs {kind.__name__}"
        )


def _check_features(spec: "EngineSpec", contract: "Contract") -> None:
    """Raise EngineError if the contract needs a feature that the engine does not have."""
    from hypiler.engines.specs import missing_feature

    if reason := missing_feature(spec, contract.needs):
        raise EngineError(f"`{spec.name}` cannot run `{contract.id}`: {reason}; use another engine")


def _loaded_files(config: "Config", spec: "EngineSpec", files: "CheckedFiles") -> "LoadedFiles":
    """The files that decide the vectors, by their state now."""
    from hypiler.engines.specs import names_in
    from hypiler.engines.stamps.loaded_files import LoadedFiles

    names: set[str] = set() if spec.weights is None or spec.served else names_in(files.folder)
    weights = None if spec.weights is None or spec.served else spec.weights(config, names)
    return LoadedFiles(config, files.folder, names, weights, files.sums)


def _encoder(encoder_type: str) -> "Any":
    from hypiler.engines import encoders

    return {
        "multi_vector": encoders.MultiVectorEncoder,
        "sparse": encoders.SparseEncoder,
        "reranker": encoders.Reranker,
    }.get(encoder_type, encoders.DenseEncoder)


def __getattr__(name: str) -> "Any":
    if name in ("DenseEncoder", "Encoder", "MultiVectorEncoder", "Reranker", "SparseEncoder"):
        from hypiler.engines import encoders

        return getattr(encoders, name)
    if name in ("ENGINES", "EngineSpec", "engine_specs"):
        from hypiler.engines import specs

        return getattr(specs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
