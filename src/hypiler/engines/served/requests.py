# pyright: basic, reportMissingImports=false
"""Sends requests to one server by the openai client, and turns what fails into errors that say what to do."""

import json
import os
import re
from contextlib import suppress
from functools import partial
from time import monotonic
from zlib import MAX_WBITS, decompressobj
from zlib import error as zlib_error

from hypiler._server import is_header
from hypiler.engines.errors import EngineError, ServerError
from hypiler.engines.served.answers import error_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from hypiler._server import Server

    ByteStream = object
    httpx: Any
    openai: Any
else:
    from importlib import import_module

    import openai

    # httpx, or another library with its names: whatever this version of the client stands on.
    httpx = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
    ByteStream = httpx.SyncByteStream

# The headers of HTTP itself. The client adds others from its own environment variables: organization, project, and
# whatever OPENAI_CUSTOM_HEADERS holds. They are for OpenAI and for nobody else.
_PLAIN = {
    *("host", "content-length", "content-type", "transfer-encoding", "accept", "accept-encoding"),
    *("connection", "user-agent"),
    # By this one, the client knows that its caller wants the whole response.
    "x-stainless-raw-response",
}
# llama.cpp answers so, with status 500, if a text is longer than its physical batch. To ask again does not help.
_FINAL = re.compile(rb"too large to process|physical batch size")
# The statuses of a server that fails on these texts, and may work on others. TEI has 413, 422 and 424.
_REFUSALS = (400, 413, 422, 424, 500)
_LISTING_TIMEOUT = 10.0
# The most bytes of a response, and how many more for each text. The widest vectors of a registry have some 100 kB as
# JSON, so this leaves room for servers that add more.
_MOST_BYTES, _MORE_BYTES = 16 << 20, 256 << 10
# So zlib calls gzip.
_GZIP = 16 + MAX_WBITS


class RefusedError(ServerError):
    """The server does not take a request with these texts. Fewer or other texts may be accepted."""


class Requests:
    """Requests to one server. Threads may share it, and a process may fork.

    Attributes:
        server: The server, and how to ask it.
        model: The name of the model in requests.
        own_api: Whether the server is the model's own API, which may see the client's usual headers.
        encoding_format: How vectors are asked for.
        further: Further members of each request.
    """

    def __init__(self, server: "Server", *, own_api: bool = False) -> None:
        self.server: Server = server
        self.own_api: bool = own_api
        self.model: str = server.model or ""
        self.encoding_format: str = server.encoding_format
        self.further: dict[str, Any] = dict(server.extra_body)
        self._key = _key_of(server)
        self._held: tuple[int, Any] | None = None

    @property
    def place(self) -> str:
        """The server, for messages."""
        return f"the server at {self.server.url}"

    def close(self) -> None:
        """Close the connections. The next request opens others."""
        held, self._held = self._held, None
        if held is not None and held[0] == os.getpid():
            held[1].close()

    def __del__(self) -> None:
        """Close the connections of an encoder that nobody uses any more."""
        with suppress(Exception):
            self.close()

    def embeddings(self, texts: "Sequence[str]") -> "Any":
        """The answer for some texts, as JSON types.

        Raises RefusedError if the server does not take the texts, and ServerError if it cannot be asked.
        """
        create = self._client().embeddings.with_raw_response.create
        with _Failures(self):
            answer = create(
                input=list(texts),
                model=self.model,
                encoding_format=self.encoding_format,
                extra_body=self.further or None,
            )
        return self._json(answer.http_response.content)

    def models(self) -> list[str] | None:
        """The names of the models that the server lists; None if it lists none. Raises ServerError."""
        client = self._client()
        try:
            with _Failures(self):
                answer = client.models.with_raw_response.list(timeout=min(_LISTING_TIMEOUT, self.server.timeout))
        except RefusedError:
            return None
        try:
            found = json.loads(answer.http_response.content)["data"]
            return [one["id"] for one in found if isinstance(one["id"], str)] or None
        except (ValueError, KeyError, TypeError):
            return None

    def _json(self, data: bytes) -> "Any":
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise ServerError(f"unexpected response from {self.place}: it is not JSON") from None

    def _client(self) -> "Any":
        """The client of this process. Connections of a parent process must not be used by its child."""
        held, pid = self._held, os.getpid()
        if held is None or held[0] != pid:
            held = self._held = (pid, self._opened())
        return held[1]

    def _opened(self) -> "Any":
        http = openai.DefaultHttpxClient(
            timeout=self.server.timeout,
            follow_redirects=False,
            # Reading the certificates takes longer than the rest, and plain HTTP has none.
            verify=self.server.url.startswith("https:"),
            event_hooks={
                "request": [self._headers_hook()],
                "response": [partial(_limit, self.server.timeout), _mark_final],
            },
        )
        return openai.OpenAI(
            # Not None, or the client would take one from the environment, which is not for this server.
            api_key=self._key or "-",
            base_url=self.server.url,
            timeout=self.server.timeout,
            max_retries=self.server.max_retries,
            http_client=http,
        )

    def _headers_hook(self) -> "Callable[[Any], None]":
        """Sets the headers of a request. It does not refer to this object, which would then be freed too late."""
        own_api, key, further = self.own_api, self._key, self.server.headers

        def set_headers(request: "Any") -> None:
            if not own_api:
                for name in [*request.headers]:
                    if name.lower() not in _PLAIN:
                        del request.headers[name]
                if key:
                    request.headers["Authorization"] = f"Bearer {key}"
            # Nothing else is unpacked by `_Limited`.
            request.headers["Accept-Encoding"] = "gzip"
            request.headers.update(further)

        return set_headers

    def without_secrets(self, text: str) -> str:
        """A text of the server without the key, which some servers repeat."""
        for secret in (self._key, *self.server.headers.values()):
            text = text.replace(secret, "…") if secret else text
        return text


def _key_of(server: "Server") -> str | None:
    """The key of a server. Raises EngineError if the variable that should have it is not set."""
    name = server.api_key_variable
    if name is None:
        return server.api_key
    found = os.environ.get(name, "").strip()
    if not found:
        raise EngineError(f"the environment variable {name} must contain the key of {server.url}; it is not set")
    if not is_header(found):
        raise EngineError(f"the environment variable {name} must contain printable ASCII characters alone")
    return found


class _EndlessError(Exception):
    """A response is longer than any vectors."""


class _Limited(ByteStream):
    """The bytes of a response, unpacked. It ends with an error if they are too many, or take too long."""

    def __init__(self, stream: "Any", most: int, seconds: float, *, is_packed: bool) -> None:
        self._stream, self._left, self._seconds = stream, most, seconds
        self._unpack = decompressobj(_GZIP).decompress if is_packed else None

    def __iter__(self) -> "Iterator[bytes]":
        end = monotonic() + self._seconds
        for chunk in self._stream:
            # One byte more than is allowed is enough to know.
            data = self._unpack(chunk, self._left + 1) if self._unpack else chunk
            self._left -= len(data)
            if self._left < 0:
                raise _EndlessError
            if monotonic() > end:
                raise httpx.ReadTimeout("the answer takes too long")
            yield data

    def close(self) -> None:
        self._stream.close()


def _limit(seconds: float, response: "Any") -> None:
    """Bound the size and the time of a response by the number of texts in its request."""
    request: bytes = response.request.read()
    # Inside of a text, a quote has a backslash before it.
    texts = 1 + request.count(b'","') + request.count(b'", "')
    is_packed = response.headers.pop("content-encoding", "").lower() in ("gzip", "x-gzip")
    most = _MOST_BYTES + _MORE_BYTES * texts
    response.stream = _Limited(response.stream, most, seconds, is_packed=is_packed)


def _mark_final(response: "Any") -> None:
    """Tell the client not to send a request again that the server will never take."""
    if response.status_code == 500 and _FINAL.search(response.read()):
        response.headers["x-should-retry"] = "false"


class _Failures:
    """A block that asks a server. Errors of the client become ServerErrors without the request and its headers."""

    def __init__(self, requests: Requests) -> None:
        self.requests = requests

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, Exception):
            return
        if isinstance(error, openai.APIStatusError):
            raise self._of_status(error) from None
        if isinstance(error, openai.APITimeoutError):
            seconds = f"{self.requests.server.timeout:g}"
            raise ServerError(
                f"{self.requests.place} did not answer within {seconds} seconds; pass a longer timeout= of Server"
            ) from None
        if unusable := _unusable(error):
            raise ServerError(f"unexpected response from {self.requests.place}: {unusable}") from None
        if isinstance(error, openai.APIConnectionError):
            reason = self.requests.without_secrets(str(error.__cause__ or error))
            raise ServerError(f"{self.requests.place} cannot be reached: {reason}") from None
        reason = self.requests.without_secrets(f"{type(error).__name__}: {error}")
        raise ServerError(f"{self.requests.place} cannot be asked: {reason}") from None

    def _of_status(self, error: "Any") -> ServerError:
        status, place = error.status_code, self.requests.place
        said = self.requests.without_secrets(error_text(error.response.content))
        answered = f"{place} answered with status {status}{f': {said}' if said else ''}"
        if 300 <= status < 400:
            target = self.requests.without_secrets(error.response.headers.get("location", "another address"))
            return ServerError(f"{place} redirects to {target}, and redirects are not followed: pass that address")
        if status in _REFUSALS:
            return RefusedError(answered)
        if status in (401, 403):
            return ServerError(f"{answered}; pass its key as api_key= or api_key_variable= of Server")
        if status in (404, 405):
            return NotThereError(f"{answered}; is the model there called {self.requests.model!r}, and is `/v1` in url?")
        return ServerError(answered)


def _unusable(error: Exception) -> str:
    """Why the bytes of a response cannot be used, which some versions of the client wrap; empty for other errors."""
    for one in (error, error.__cause__):
        if isinstance(one, _EndlessError):
            return "it is larger than any vectors of the texts"
        if isinstance(one, zlib_error):
            return "it is no valid gzip"
    return ""


class NotThereError(RefusedError):
    """The server has no such address or no such model."""
