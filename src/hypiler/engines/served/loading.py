"""Loads a served model: the facts that its vectors depend on, its tokenizer where it can be had, and the checks."""

import os
from dataclasses import replace
from pathlib import Path
from warnings import warn

from hypiler.engines.contract import make_contract, model_of, of_output
from hypiler.engines.encoders import DenseEncoder
from hypiler.engines.errors import EngineError, MissingEngineError, TruncationWarning
from hypiler.engines.files.checked_files import CheckedFiles
from hypiler.engines.files.download import check_hub, open_files
from hypiler.engines.layout import read_layout
from hypiler.engines.places import folder_of
from hypiler.engines.provenance import Provenance
from hypiler.engines.served.apis import api_of, is_own_api, obstacle_of, server_of
from hypiler.engines.specs import missing_feature, names_in, stated_needs
from hypiler.engines.stamps.loaded_files import LoadedFiles
from hypiler.space import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler._server import Server
    from hypiler.engines.contract import Contract
    from hypiler.engines.layout import ModelFolder
    from hypiler.engines.policy import LoadingPolicy
    from hypiler.engines.specs import EngineSpec
    from hypiler.engines.texts.cutting import Cutter
    from hypiler.protocols import Config

# A folder that contains nothing, on every system: what is not stated by files is unknown.
_NO_FILES = Path(os.devnull)


def load_encoder(
    policy: "LoadingPolicy",
    spec: "EngineSpec",
    module: "Any",
    url: "str | Server | None",
    *,
    local: "str | os.PathLike[str] | None",
    options: "dict[str, Any]",
) -> DenseEncoder:
    """The encoder of a served model. Raises what `hypiler.engines.load` raises.

    Args:
        policy: The policy of the config's model.
        spec: The engine.
        module: The engine's module.
        url: The address or the server; None for an API at its own address.
        local: The folder with the model's files.
        options: What the caller of `load` allowed and assumed, by the names of the arguments.
    """
    config = policy.config
    server = _server(config, spec, url)
    if options["device"] != "cpu":
        raise ValueError(f"device is chosen by the server, not by hypiler; got {options['device']!r}")
    policy.check_engine(spec, local=local is not None, own_api=is_own_api(config, server))
    files, doubt = _files(config, spec, server, local)
    policy.check_files(spec, names_in(files.folder), files.sums, local=local is not None)
    with files.loading():
        contract, cutter = _prepared(config, server, files, doubt, options["assume"])
    backend = module.open_server(config, contract, server, cutter)
    options |= {"device": None, "server": backend.to_json()}
    provenance = Provenance(config, spec, files, policy, local=local is not None, options=options)
    encoder = DenseEncoder(contract, backend, spec.name, LoadedFiles(config, files.folder, (), None), provenance)
    if server.expect is not None:
        check(server.expect, encoder)
    return encoder


def _server(config: "Config", spec: "EngineSpec", url: "str | Server | None") -> "Server":
    """The server to ask. Raises EngineError if the engine cannot ask for vectors of this model."""
    reason = missing_feature(spec, stated_needs(config)) or (obstacle_of(config) if url is None else None)
    if reason:
        raise EngineError(f"`{spec.name}` cannot run `{model_of(config).id}`: {reason}")
    return server_of(config, url)


def _prepared(
    config: "Config", server: "Server", files: CheckedFiles, doubt: str, assume: "Mapping[str, object]"
) -> "tuple[Contract, Cutter | None]":
    """The contract, and what cuts long texts. `doubt` is why the files are not here; empty if they are not wanted."""
    layout = of_output(read_layout(files.folder, files=files), model_of(config))
    contract = _accepted(make_contract(config, layout, assume, served=True), server)
    cutter = None
    if not (contract.query_length and contract.document_length):
        doubt = "`specs.context_length` is unknown"
    elif files.names:
        cutter, doubt = _cutter(server, layout)
    if cutter is None:
        if server.truncation == "client":
            raise EngineError(f"hypiler cannot truncate the texts of `{contract.id}`: {doubt}")
        contract = _told_by_nobody(contract)
        if doubt and server.truncation is None:
            _warn(config, doubt)
    return contract, cutter


def _files(
    config: "Config", spec: "EngineSpec", server: "Server", local: "str | os.PathLike[str] | None"
) -> "tuple[CheckedFiles, str]":
    """The small files of a model, and why there are none. With `local`, they must be there."""
    nothing = CheckedFiles(_NO_FILES)
    if local is None and api_of(config) is not None:
        # A text that is too long is refused there, so nobody need be warned.
        return nothing, "" if server.truncation is None else "the tokenizer of an API is not on the hub; pass local="
    if local is None and server.truncation == "server":
        return nothing, ""
    try:
        # The tokenizer of a variant is that of the model.
        own: Any = config
        if config.variant is not None and local is None:
            own = own.with_variant(None)
        place = folder_of(own) if local is None else local
        if place is None:
            return _from_hub(own, spec), ""
        return open_files(own, spec.files(own), local=place, reads_bytes=True), ""
    except EngineError as error:
        if local is not None or server.truncation == "client" or type(error) not in (EngineError, MissingEngineError):
            raise
        return nothing, str(error)


def _from_hub(config: "Config", spec: "EngineSpec") -> CheckedFiles:
    """The files from the hub, or from its cache if the hub does not answer soon: the server can work without them."""
    names = list(spec.files(config))
    try:
        check_hub(config)
    except EngineError as error:
        try:
            return open_files(config, names, reads_bytes=True, cached_only=True)
        except EngineError as missing:
            raise (error if type(missing) is EngineError else missing) from None
    return open_files(config, names, reads_bytes=True)


def _cutter(server: "Server", layout: "ModelFolder") -> "tuple[Cutter | None, str]":
    """What cuts texts with the tokenizer of a folder, and why there is none."""
    if server.truncation == "server":
        return None, ""
    try:
        from hypiler.engines.texts.cutting import Cutter
        from hypiler.engines.texts.tokenizers_setup import build_tokenizer

        return Cutter(build_tokenizer(layout), layout.truncation_side), ""
    except ImportError:
        error: EngineError = MissingEngineError("tokenizers is missing: python -m pip install 'hypiler[server]'")
    except EngineError as found:
        error = found
    if server.truncation == "client":
        raise error
    return None, str(error)


def _accepted(contract: "Contract", server: "Server") -> "Contract":
    """The contract with what the user accepts of the server: vectors of length 1, which are of a space of their own."""
    if not server.normalizes or contract.normalize:
        return contract
    return replace(contract, normalize=True, space_facts=_with(contract, document={"normalize": True}))


def _told_by_nobody(contract: "Contract") -> "Contract":
    """The contract whose lengths are unknown, since the server truncates by its own rules."""
    facts = _with(contract, document={"document_length": None}, query={"query_length": None})
    return replace(contract, space_facts=facts)


def _with(contract: "Contract", **changes: "dict[str, Any]") -> "dict[str, Any]":
    """The facts of a space, with other values on its sides."""
    facts = dict(contract.space_facts)
    return facts | {side: facts[side] | values for side, values in changes.items()}


def _warn(config: "Config", doubt: str) -> None:
    from hypiler._callers import stacklevel

    warn(
        f"the server truncates long texts of `{model_of(config).id}` by its own rules, and they are not counted, since"
        f' hypiler cannot truncate them: {doubt}; pass Server(truncation="server") to accept this',
        TruncationWarning,
        stacklevel=stacklevel(),
    )
