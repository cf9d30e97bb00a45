"""Chooses the engine for a model: the requested one, or the first one that can run the model."""

from hypiler.diagnostics.escaping import nearest
from hypiler.engines.contract import encoder_type_of, model_of, spoken_model
from hypiler.engines.encoder_types import spoken, type_obstacle
from hypiler.engines.errors import EngineError, MissingEngineError
from hypiler.engines.files.download import listed_names, model_folder
from hypiler.engines.files.weight_files import UNNAMED
from hypiler.engines.specs import SPECS, engine_names, engine_spec, engine_specs, has_containers, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator
    from typing import Any

    from hypiler.engines.specs import EngineSpec
    from hypiler.protocols import Config


def engine_for(engine: str, url: object) -> str:
    """The name of the engine: `server` if an address is given and no engine is named.

    Raises ValueError for an address and an engine that asks no server.
    """
    if url is None or is_by_url(engine):
        return engine
    if engine == "auto":
        return "server"
    raise ValueError(f"url is for the engine `server`, and this is the engine {engine!r}: leave one of them out")


def is_by_url(engine: str) -> bool:
    """Whether an engine asks a server at an address that `load` is given."""
    spec = None if engine == "auto" else engine_spec(engine)
    return spec is not None and spec.by_url


def choose_engine(
    config: "Config", engine: str, local: "str | os.PathLike[str] | None" = None
) -> "tuple[EngineSpec, Any]":
    """The engine and its module, for the name of an engine or for "auto".

    `local` is the folder with the model's files, if given. Otherwise "auto" lists the files of the repository. Raises
    ValueError for an unknown name, MissingEngineError if the engine or, for a sparse model, scipy is not installed, and
    EngineError if the engine, or with "auto" every engine, cannot run the model.
    """
    encoder_type = encoder_type_of(config)
    if engine == "auto":
        return _first_able(config, encoder_type, local)
    spec = engine_spec(engine)
    if spec is None:
        raise ValueError(_unknown_engine(engine))
    if type_obstacle(encoder_type, spec.encoder_types):
        able = [f"`{other.name}`" for other in SPECS if encoder_type in other.encoder_types and not other.by_url]
        raise EngineError(
            f"`{engine}` runs {', '.join(map(spoken, spec.encoder_types))} models, and `{model_of(config).id}` is a"
            f" {spoken(encoder_type)} one{f': use {_either(able)}' if able else ''}"
        )
    if obstacle := spec.output_obstacle(config):
        raise EngineError(f"`{engine}` cannot run {spoken_model(model_of(config))}: {obstacle}")
    if not has_containers(encoder_type):
        raise _missing_scipy(config, spec)
    return spec, spec.load()


def _missing_scipy(config: "Config", spec: "EngineSpec") -> MissingEngineError:
    """The error of a sparse model without scipy. The command also installs the engine if it is missing."""
    command = "python -m pip install 'hypiler[sparse]'" if spec.is_installed() else spec.install_command_for("sparse")
    return MissingEngineError(
        f"scipy is missing, and the vectors of `{model_of(config).id}`, a sparse model, need it: {command}"
    )


def _unknown_engine(engine: object) -> str:
    names = engine_names()
    near = nearest(engine, ["auto", *names]) if isinstance(engine, str) else None
    hint = f"; did you mean {near!r}?" if near else ""
    return f"engine must be auto or one of {', '.join(names)}; got {engine!r}{hint}"


def _either(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" or " if words[1:] else "") + words[-1]


def _first_able(
    config: "Config", encoder_type: str, local: "str | os.PathLike[str] | None"
) -> "tuple[EngineSpec, Any]":
    """The first engine that is installed and can run the model. Only this engine is imported."""
    if not has_containers(encoder_type):
        for spec in _specs_for(encoder_type):
            if spec.is_installed():
                raise _missing_scipy(config, spec)
    names, place = _names(config, encoder_type, local)
    missing: list[str] = []
    obstacles: dict[str, list[str]] = {}
    for spec in _specs_for(encoder_type):
        if obstacle := spec.why_not(config, names):
            obstacles.setdefault(obstacle, []).append(f"`{spec.name}`")
        elif not spec.is_installed():
            missing.append(f"`{spec.name}` ({spec.install_command_for(encoder_type)}{_read_by(spec, config, names)})")
        else:
            try:
                return spec, spec.load()
            except MissingEngineError as error:
                missing.append(f"`{spec.name}` ({error}{_read_by(spec, config, names)})")
    model = f"{spoken_model(model_of(config))}, a {spoken(encoder_type)} model"
    others = ", ".join([f"{', '.join(engines)} ({obstacle})" for obstacle, engines in obstacles.items()])
    if missing:
        raise MissingEngineError(
            f"no engine that is installed can run {model}; install one of these, the best first: {', '.join(missing)}"
            + (f"; by {place}, others cannot: {others}" if others else "")
        )
    raise EngineError(f"no engine can run {model}, by {place}: {others or 'none runs this type'}")


def _specs_for(encoder_type: str) -> "Iterator[EngineSpec]":
    return (spec for spec in engine_specs() if not spec.by_url and not type_obstacle(encoder_type, spec.encoder_types))


def _names(
    config: "Config", encoder_type: str, local: "str | os.PathLike[str] | None"
) -> "tuple[Collection[str] | None, str]":
    """The names of the model's files, and where they are listed. None if no engine could run any files."""
    if local is not None:
        return names_in(model_folder(config, local)), f"the files in {local}"
    # Engines of other packages may say no only because no files are listed.
    specs = _specs_for(encoder_type)
    if any(spec not in SPECS or spec.why_not(config) in (None, UNNAMED) for spec in specs):
        return listed_names(config)
    return None, "what the registry says of its files"


def _read_by(spec: "EngineSpec", config: "Config", names: "Collection[str] | None") -> str:
    """The file of weights that an engine would read, as the error about missing engines adds it."""
    if spec.weights is None or names is None:
        return ""
    weights = spec.weights(config, names)
    return f"; it reads {weights[0]}" if weights else ""
