"""`Server`: where a served model is, and how its server is asked. `hypiler.engines` exports it.

It stands here, so that checkers of a program that names it need not read the engines and the types of NumPy.
"""

from dataclasses import dataclass, field, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, NoReturn, TypeAlias

    Format: TypeAlias = Literal["base64", "float"]
    Place: TypeAlias = Literal["client", "server"]
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Mapping

    Any = NoReturn = object
    Format = Place = str

# The words that options may have.
_WORDS = {
    "encoding_format": ("base64", "float"),
    "truncation": (None, "client", "server"),
    "dimensions": (None, "client", "server"),
}
_COUNTS = ("concurrency", "inputs_per_request", "tokens_per_request")


@dataclass(frozen=True, slots=True)
class Server:
    """An OpenAI-compatible server and how to ask it: `config.load("server", url=Server("http://localhost:8080/v1"))`.

    Attributes:
        url: The address, to which `/embeddings` is added: `http://localhost:8080/v1`. Redirects are not followed.
        model: The name of the model at this server. By default the repository, or the only model that the server lists.
        api_key: The key. No key is taken from the environment, except for a model of an API at the API's own address.
        api_key_variable: The environment variable with the key. It is read when the model is loaded.
        headers: Further headers of each request.
        timeout: The seconds after which a request fails if there is no complete answer.
        max_retries: How often a request is sent again after a lost connection, a timeout, or status 408, 409, 429 or
            5xx. The client waits as long as the header `retry-after` says.
        concurrency: How many requests are sent at the same time.
        inputs_per_request: The largest number of texts per request; by default the limit that the registry states.
            `batch_size` of a call can only lower it. If a server refuses a batch but accepts its halves, later batches
            are smaller.
        tokens_per_request: The largest number of tokens per request; by default the limit that the registry states.
            Each byte of a text counts as one token, which is never too few for a byte-level tokenizer.
        encoding_format: How vectors are sent. If the server refuses base64, hypiler requests floats.
        truncation: Who truncates texts that are too long. "client": hypiler, with the tokenizer of `local=` or of the
            hub; the cut is exact, and cut texts are counted. "server": the server, by its own rules. None: hypiler if
            it has the tokenizer; otherwise the server, with a warning.
        dimensions: Who truncates vectors. "client": hypiler, in the order that the model needs. "server": the server;
            requests have `dimensions`. None: the server if it is an API, otherwise hypiler.
        answered_model: The name of the model in answers, if it differs from `model`.
        normalizes: Set this to load a model whose vectors must not be normalized from a server that always normalizes.
            The vectors then belong to a space of their own.
        extra_body: Further members of each request, such as `{"truncate_prompt_tokens": -1}`.
        expect: A stored stamp. Loading fails with `hypiler.space.SpaceError` if the server's vectors do not fit it.
    """

    url: str
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    api_key_variable: str | None = None
    headers: "Mapping[str, str]" = field(default_factory=dict[str, str], repr=False, hash=False)
    timeout: float = 120.0
    max_retries: int = 2
    concurrency: int = 4
    inputs_per_request: int | None = None
    tokens_per_request: int | None = None
    encoding_format: "Format" = "base64"
    truncation: "Place | None" = None
    dimensions: "Place | None" = None
    answered_model: str | None = None
    normalizes: bool = False
    extra_body: "Mapping[str, object]" = field(default_factory=dict[str, object], repr=False, hash=False)
    expect: "Mapping[str, Any] | None" = field(default=None, repr=False, hash=False)

    def __post_init__(self) -> None:
        """Raises ValueError for an address or an option that cannot be right. No message repeats a secret."""
        object.__setattr__(self, "url", checked_url(self.url))
        if self.api_key is not None and self.api_key_variable is not None:
            raise ValueError("api_key and api_key_variable cannot both be given")
        object.__setattr__(self, "headers", dict(self.headers))
        object.__setattr__(self, "extra_body", dict(self.extra_body))
        if not (self.api_key is None or is_header(self.api_key)):
            raise ValueError("api_key must be a text of printable ASCII characters without blanks around it")
        for name, value in self.headers.items():
            if not (is_header(name) and is_header(value)):
                raise ValueError(
                    f"headers[{name!r}] must be a text of printable ASCII characters without blanks around it"
                )
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                shown = " or ".join([repr(word) for word in words])
                raise ValueError(f"{name} must be {shown}; got {getattr(self, name)!r}")
        for name in _COUNTS:
            if (value := getattr(self, name)) is not None and (type(value) is not int or value < 1):
                raise ValueError(f"{name} must be a positive integer; got {value!r}")
        if type(self.max_retries) is not int or self.max_retries < 0:
            raise ValueError(f"max_retries must be an integer from 0 on; got {self.max_retries!r}")
        if not self.timeout > 0:
            raise ValueError(f"timeout must be a positive number of seconds; got {self.timeout!r}")

    def __copy__(self) -> "Server":
        return self

    def __deepcopy__(self, memo: object) -> "Server":
        return self

    def __getstate__(self) -> "list[Any]":
        """The values of the fields. Raises TypeError if one is a secret, which does not belong into a pickle."""
        if self.api_key is not None or self.headers:
            raise TypeError(
                "a Server with api_key or headers cannot be pickled, since the pickle would contain secrets; name the"
                " variable of the key by api_key_variable, or create the Server where it is used"
            )
        return [getattr(self, one.name) for one in fields(self)]

    def __setstate__(self, state: "list[Any]") -> None:
        for one, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, one.name, value)


def is_header(value: object) -> bool:
    """Whether a value can be sent in a header as it is. A line break at the end of a key is a usual mistake."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value == value.strip() != ""


def checked_url(url: object) -> str:
    """The address without a slash at its end. Raises ValueError if requests cannot be sent to it as it is."""
    from urllib.parse import urlsplit

    if not isinstance(url, str):
        raise TypeError(f"url must be a string or a Server; got {type(url).__name__}")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"url must be an address such as http://localhost:8080/v1: {error}") from None
    if parts.username is not None or parts.password is not None:
        _refuse("url must not contain a name or a password: pass api_key= or headers= of Server")
    if parts.scheme not in ("http", "https") or not host:
        _refuse(f"url must be an address such as http://localhost:8080/v1; got {url!r}")
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        _refuse("url must be an address without `?`, `#` and blanks")
    if parts.path.rstrip("/").endswith("/embeddings"):
        _refuse(f"url must end before `/embeddings`: {url[: url.rstrip('/').rindex('/embeddings')]}")
    return url.rstrip("/")


def _refuse(message: str) -> "NoReturn":
    raise ValueError(message)
