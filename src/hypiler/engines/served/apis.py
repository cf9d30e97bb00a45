"""The APIs of `hypiler.hosted_registry` that answer the requests of the openai client."""

from dataclasses import dataclass

from hypiler._server import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from hypiler.protocols import Config


@dataclass(frozen=True, slots=True)
class Api:
    """An API.

    Attributes:
        url: Its address.
        key: The environment variable in which its users keep their key.
        width: The member of a request that asks for shorter vectors.
    """

    url: str
    key: str
    width: str


APIS = {
    # github.com/openai/openai-openapi, openapi.yaml: servers, /embeddings, dimensions.
    "openai": Api("https://api.openai.com/v1", "OPENAI_API_KEY", "dimensions"),
    # github.com/mistralai/platform-docs-public, openapi.yaml: /v1/embeddings, output_dimension.
    "mistral": Api("https://api.mistral.ai/v1", "MISTRAL_API_KEY", "output_dimension"),
}
"""The APIs by their names in `source.api`. Others have requests of their own."""


def api_of(config: "Config") -> str | None:
    """The name of the API of a config's model; None for a model with open weights."""
    model: Any = config.model
    name: str | None = getattr(model, "source_api", None)
    return name


def obstacle_of(config: "Config") -> str | None:
    """Why the engine cannot ask the API of a model without an address; None if it can."""
    name = api_of(config)
    if name is None or name in APIS:
        return None
    return (
        f"the API of {name} has requests of its own, which the openai client does not send; pass url= with the address"
        " of a gateway that answers OpenAI's requests"
    )


def server_obstacle(config: "Config", names: "Collection[str] | None") -> str | None:
    """The same for a spec, which also takes the names of the model's files."""
    return obstacle_of(config)


def server_of(config: "Config", url: "str | Server | None") -> Server:
    """The server to ask: the given one, or the API of the model.

    Raises ValueError for a model with open weights without an address.
    """
    if isinstance(url, Server):
        return url
    if url is not None:
        return Server(url)
    api = APIS.get(api_of(config) or "")
    if api is None:
        model: Any = config.model
        where = "http://localhost:11434/v1" if getattr(model, "source_ollama", None) else "http://localhost:8080/v1"
        raise ValueError(f'the engine `server` needs the address of the server: load("server", url="{where}")')
    return Server(api.url, api_key_variable=api.key)


def is_own_api(config: "Config", server: Server) -> bool:
    """Whether a server is the API of the model itself, and not another one that answers for it."""
    api = APIS.get(api_of(config) or "")
    return api is not None and server.url == api.url
