"""Where the files of a model come from, if it is not in a repository of the hub."""

import os

from hypiler.engines.errors import EngineError
from hypiler.engines.served.apis import APIS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.protocols import Config


def folder_of(config: "Config") -> str | None:
    """The folder that `source.path` names, from the current folder on; None for a model in a repository.

    Raises EngineError for weights that no engine can open from where they are: behind an API, in the library of Ollama,
    or at an address.
    """
    model: Any = config.model
    variants: Any = getattr(model, "variants", ())
    variant = next((one for one in variants if config.variant is not None and one.id == config.variant), None)
    if variant is not None:
        what = f"the variant `{variant.id}` of `{model.id}`"
        _refuse(what, ollama=getattr(variant, "ollama", None), url=getattr(variant, "url", None))
        if variant.huggingface_id is not None:
            return None
    if model is None or model.huggingface_id is not None:
        return None
    found = {name: getattr(model, f"source_{name}", None) for name in ("api", "ollama", "url", "path")}
    path = found.pop("path")
    _refuse(f"`{model.id}`", **found)
    return os.path.expanduser(path) if path else None


def _refuse(what: str, *, api: str | None = None, ollama: str | None = None, url: str | None = None) -> None:
    if api:
        own = "load it by the engine `server`"
        other = "it has requests of its own, which no engine sends; the engine `server` asks a gateway at url="
        raise EngineError(f"{what} is behind the API of {api}: {own if api in APIS else other}")
    if ollama:
        raise EngineError(
            f"{what} is in the library of Ollama as {ollama}: load it by the engine `server`, with url= of its Ollama"
        )
    if url:
        raise EngineError(f"{what} is at {url}: download it, unpack it, and pass its folder as local=")
