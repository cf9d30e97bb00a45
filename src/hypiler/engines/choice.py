"""Chooses the engine for a model: the requested one, or the first one that can run the model."""

from hypiler.engines.contract import encoder_type_of, model_of
from hypiler.engines.download import model_folder
from hypiler.engines.encoder_types import spoken, type_obstacle
from hypiler.engines.errors import EngineError, MissingEngineError
from hypiler.engines.specs import engine_names, engine_spec, engine_specs, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from hypiler.engines.specs import EngineSpec
    from hypiler.protocols import Config


def choose_engine(
    config: "Config", engine: str, local: "str | os.PathLike[str] | None" = None
) -> "tuple[EngineSpec, Any]":
    """The engine and its module, for the name of an engine or for "auto".

    `local` is the folder with the model's files, if given. Raises ValueError for an unknown name, MissingEngineError if
    the engine is not installed, and EngineError if the engine, or with "auto" every engine, cannot run the model.
    """
    encoder_type = encoder_type_of(config)
    if engine == "auto":
        return _first_able(config, encoder_type, local)
    spec = engine_spec(engine)
    if spec is None:
        raise ValueError(f"engine must be auto or one of {', '.join(engine_names())}; got {engine!r}")
    if type_obstacle(encoder_type, spec.encoder_types):
        raise EngineError(
            f"`{engine}` runs {', '.join(map(spoken, spec.encoder_types))} models, and `{model_of(config).id}` is a"
            f" {spoken(encoder_type)} one"
        )
    return spec, spec.load()


def _first_able(
    config: "Config", encoder_type: str, local: "str | os.PathLike[str] | None"
) -> "tuple[EngineSpec, Any]":
    """The first engine that is installed and can run the model. Only this engine is imported."""
    names = None if local is None else names_in(model_folder(config, local))
    missing: list[str] = []
    obstacles: list[str] = []
    for spec in engine_specs():
        if type_obstacle(encoder_type, spec.encoder_types):
            continue
        if obstacle := spec.obstacle(config, names):
            obstacles.append(f"`{spec.name}` ({obstacle})")
        elif not spec.is_installed():
            missing.append(f"`{spec.name}` ({spec.install_command})")
        else:
            try:
                return spec, spec.load()
            except MissingEngineError as error:
                missing.append(f"`{spec.name}` ({error})")
    model = f"`{model_of(config).id}`, a {spoken(encoder_type)} model"
    if missing:
        raise MissingEngineError(
            f"no engine that is installed can run {model}; install one of these, the best first: {', '.join(missing)}"
        )
    place = f"the files in {local}" if local else "what the registry says of its files"
    raise EngineError(f"no engine can run {model}, by {place}: {', '.join(obstacles) or 'none runs this type'}")
