"""Descriptions: how an adapter is written down as data, without weights and without keys of APIs, and read again."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields

from hypiler._server import Server
from hypiler._text import one_line
from hypiler.errors import UnknownModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, TypeAlias

    from hypiler.config import ModelConfig
    from hypiler.protocols import Config, Model

    Description: TypeAlias = dict[str, Any]

_CHOICES = ("dimension", "output", "variant", "query_prompt", "document_prompt")
_KEYS = ("model", "registry", "revision", *_CHOICES, "load")
# What loading may not do because some data says so: a program must ask for it by name.
_PERMISSIONS = ("trust_remote_code", "allow_pickle")
_SHIPPED = ("hypiler.model_registry", "hypiler.hosted_registry")


def check_load(load: "Mapping[str, Any]") -> None:
    """Raise ValueError for permissions: what a file of a framework says must not let code run."""
    for name in _PERMISSIONS:
        if name in load:
            raise ValueError(
                f"`load` must not have `{name}`: call `config.load({name}=True)` in your program, and pass the encoder"
            )


def describe(config: "Config | None", load: "dict[str, Any]", model: str) -> "Description":
    """A config and the arguments of `load` as JSON types. Raises ValueError if they cannot be described."""
    if config is None or config.model is None:
        raise ValueError(f"the encoder of `{model}` was not created by `load`, so it cannot be described as data")
    choices = {name: getattr(config, name, None) for name in _CHOICES}
    parts = {
        "model": config.model.id,
        "registry": _registry_name(config.model),
        "revision": config.revision,
        **choices,
        "dimension": config.embedding_dim,
        "load": load,
    }
    return {name: value for name, value in parts.items() if value not in (None, {})}


def _registry_name(model: "Model") -> str | None:
    """The generated module of a model; None for the shipped ones."""
    name = type(model).__module__
    if name in _SHIPPED:
        return None
    if name.startswith("hypiler."):
        if _is_shipped(model):
            return None
        raise ValueError(
            f"`{model.id}` was read from a file by `Registry`, so a description cannot say where it is; use the config"
            f' of a generated module, or pass {{"model": "{model.id}", "registry": "models.json"}}'
        )
    return name


def _is_shipped(model: "Model") -> bool:
    """Whether a model that `Registry` has read is that of `Registry.shipped`."""
    from hypiler.registry import Registry

    return Registry.shipped(hosted=True).get(model.id) == model


def opened(description: "Mapping[str, Any]") -> "tuple[ModelConfig, dict[str, Any]]":
    """The config of a description, and the arguments of `load`."""
    unknown = [name for name in description if name not in _KEYS]
    if unknown or not isinstance(description.get("model"), str):
        problem = f"it has {one_line(repr(unknown[0]))}" if unknown else "its `model` is no id"
        raise ValueError(f"a description of an encoder has the keys {', '.join(_KEYS)}; {problem}")
    load: Any = description.get("load") or {}
    if not _is_mapping(load):
        raise ValueError("`load` of a description must be a mapping with arguments of `config.load`")
    config = config_of_id(description["model"], description.get("registry"), description)
    stated = description.get("revision")
    if stated is not None and config.revision != stated:
        raise ValueError(
            f"`{description['model']}` is described at revision {one_line(repr(stated))}, and its registry has"
            f" {config.revision!r} now; check the index with `check`, and change `revision` in the description"
        )
    return config, opened_load(load)


def opened_load(load: "Mapping[str, Any]") -> "dict[str, Any]":
    """The arguments of `load` from what `plain_load` made of them."""
    arguments = dict(load)
    if "url" in arguments:
        arguments["url"] = _opened_server(arguments["url"])
    return arguments


def config_of_id(id: str, registry: "Any" = None, choices: "Mapping[str, Any] | None" = None) -> "ModelConfig":
    """The config of a model of a registry, with the choices of a description."""
    from hypiler.config import ModelConfig

    choices = choices or {}
    width, output = choices.get("dimension"), choices.get("output")
    if registry is None:
        made = _shipped_config(id, width, output)
    else:
        made = ModelConfig.from_model(_registered(id, registry), width, output=output)
    if choices.get("variant") is not None:
        made = made.with_variant(choices["variant"])
    return made.with_prompts(query=choices.get("query_prompt"), document=choices.get("document_prompt"))


def _shipped_config(id: str, dimension: int | None, output: str | None) -> "ModelConfig":
    """The config of a model of either shipped registry. Raises UnknownModelError with a suggestion."""
    from hypiler import hosted_registry, model_registry

    of_weights: Any = model_registry.from_registry
    of_apis: Any = hosted_registry.from_registry
    try:
        found: ModelConfig = of_weights(id, dimension=dimension, output=output)
    except UnknownModelError:
        with suppress(UnknownModelError):
            hosted: ModelConfig = of_apis(id, dimension=dimension, output=output)
            return hosted
        raise
    return found


def _registered(id: str, registry: "Any") -> "Any":
    """The model of a file or of a generated module. A module that a description names is not imported."""
    if isinstance(registry, str) and registry.endswith(".json"):
        return _model_of_file(id, registry)
    module: ModuleType | None = sys.modules.get(registry) if isinstance(registry, str) else None
    models = getattr(module, "MODEL_REGISTRY", None)
    if models is None:
        raise ValueError(
            f"`registry` of a description must be a models.json or a generated module that the program has imported;"
            f" got {one_line(repr(registry))}"
        )
    return _named(id, models, str(registry))


def _model_of_file(id: str, path: str) -> "Any":
    from hypiler.registry import Registry

    registry = Registry.load(path)
    if not registry.ok:
        raise ValueError(f"{one_line(path)} has errors: run `hypiler check` on it")
    return registry[id]


def _named(id: str, models: "Any", where: str) -> "Any":
    found = next((model for model in models if model.id == id), None)
    if found is None:
        raise ValueError(f"{where} has no model {one_line(repr(id))}")
    return found


def arguments_of(encoder: "Any", model: str) -> "dict[str, Any]":
    """The arguments that load an encoder again as it was loaded.

    Raises ValueError if a description must not hold them.
    """
    options: dict[str, Any] = encoder.load_arguments()
    granted = [name for name in _PERMISSIONS if options.pop(name, False)]
    if granted:
        raise ValueError(
            f"`{model}` was loaded with `{granted[0]}=True`, which a description must not say; load it in your program"
        )
    return plain_load(options)


def plain_load(load: "Mapping[str, Any]") -> "dict[str, Any]":
    """Arguments of `load` as JSON types, without defaults. Raises ValueError for a server with the key of an API."""
    plain = {name: _plain(value) for name, value in load.items()}
    if plain.get("device") == "cpu":
        del plain["device"]
    return {name: value for name, value in plain.items() if value not in (None, {}, "")}


def _plain(value: "Any") -> "Any":
    if isinstance(value, Server):
        return _plain_server(value)
    as_path: Any = getattr(value, "__fspath__", None)
    return value if as_path is None else as_path()


def _plain_server(server: Server) -> "str | dict[str, Any]":
    """The address, and what is unusual of a server."""
    if server.api_key is not None or server.headers:
        raise ValueError(
            f"the server at {server.url} has a key or headers, which a description must not hold; name the variable of"
            " the key by `api_key_variable` of `Server`"
        )
    stated = {one.name: getattr(server, one.name) for one in fields(server) if one.name != "headers"}
    usual = Server(server.url)
    changed = {name: value for name, value in stated.items() if value != getattr(usual, name)}
    return {"url": server.url, **changed} if changed else server.url


def _opened_server(stated: "Any") -> "Any":
    """The `url` of a description as an argument of `load`."""
    if not _is_mapping(stated):
        return stated
    known = [one.name for one in fields(Server) if one.name not in ("api_key", "headers")]
    unknown = [name for name in stated if name not in known]
    if unknown or "url" not in stated:
        problem = f"it has {one_line(repr(unknown[0]))}" if unknown else "it has no `url`"
        raise ValueError(f"a server in a description has the keys {', '.join(known)}; {problem}")
    return Server(**stated)


def _is_mapping(value: object) -> bool:
    """Whether a value is a mapping. Type checkers would make it one of unknown types."""
    return isinstance(value, Mapping)
