"""Bounded requests through the HTTP client of huggingface_hub.

Every response has a limit in size, before and after decompression, and in time, however slowly it arrives. Redirects
are checked before they are followed, and the token is sent to the hub only. The HTTP client is the one that
huggingface_hub shares with the whole program, with its proxies and certificates, so it is never closed here.
"""

import re
import ssl
import time
import zlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Event, Thread
from urllib.parse import urlsplit

from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.hub.redirects import host_of, origin, redirected
from hypiler.hub.snapshot import (
    AccessError,
    AnswerError,
    HubError,
    NotFoundError,
    RevisionGoneError,
    UnreachableError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_client: "Any" = import_module("huggingface_hub")
_constants: "Any" = import_module("huggingface_hub.constants")
_utils: "Any" = import_module("huggingface_hub.utils")
# Version 2 of huggingface_hub uses another HTTP library with the same names.
_http: "Any" = import_module("httpx" if _client.__version__.startswith("1.") else "httpx2")

_MAX_REDIRECTS = 5
_MAX_WAIT = 30.0
_REDIRECTS = (301, 302, 303, 307, 308)
_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Resource:
    """What is requested, as messages name it; `file` is empty for the repository itself."""

    repository: str
    revision: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.repository} @ {printable(self.revision)}"
        return f"{place}: {quote_name(self.file)}" if self.file else place


class _ClosedError(Exception):
    """The session was closed while a request was running."""


class _RetryableError(Exception):
    """A request failed but may succeed later.

    Attributes:
        error_class: The error to raise if the request never succeeds.
        why: The reason, for the message of this error.
        wait: The seconds that the hub asks to wait; None if it names no time.
    """

    def __init__(self, error_class: type[HubError], why: str, wait: float | None = None) -> None:
        self.error_class = error_class
        self.why = why
        self.wait = wait


class Session:
    """Requests to one hub, from any number of threads.

    Args:
        endpoint: The address of the hub; None for the address that huggingface_hub is configured with.
        token: The token, which is sent to the hub only; None for the user's own, an empty text for none.
        deadline: Seconds per `read`, including all attempts and the waits between them.
        max_attempts: Requests per `read`.
        timeout: Seconds for the connection, and for each part of a response.
        on_wait: Called before each wait with its seconds.
        sleep: Waits for a number of seconds. By default, `close` ends a wait.
    """

    def __init__(
        self,
        endpoint: str | None,
        token: str | None,
        *,
        deadline: float,
        max_attempts: int,
        timeout: float | None,
        on_wait: "Callable[[float], object]",
        sleep: "Callable[[float], object] | None",
    ) -> None:
        self.endpoint: str = (endpoint or _constants.ENDPOINT).rstrip("/")
        try:
            self._place = urlsplit(self.endpoint)
            origin(self._place)
        except ValueError:
            self._place = urlsplit("")
        self._token = token
        self._deadline = deadline
        self._max_attempts = max_attempts
        self._timeout: float = timeout or _constants.HF_HUB_DOWNLOAD_TIMEOUT
        self._on_wait = on_wait
        self._closed = Event()
        # The queues on which calls of `read` are waiting.
        self._outcomes: set[SimpleQueue[bytes | BaseException]] = set()
        self._sleep = sleep or self._closed.wait

    @property
    def host(self) -> str:
        """The host of the hub, with its port if it is not the default port."""
        return host_of(self._place)

    def close(self) -> None:
        """End every running `read` at once, with UnreachableError."""
        self._closed.set()
        for outcome in list(self._outcomes):
            outcome.put(_ClosedError())

    def read(self, url: str, resource: Resource, limit: int, size: int | None = None) -> bytes:
        """The body at `url`, at most `limit` bytes. Raises HubError.

        `size` is the size of the body, if known. If it is larger than `limit`, only the first `limit` bytes are
        requested; otherwise a body of more than `limit` bytes is an error.
        """
        if self._place.scheme not in _SCHEMES or not self._place.hostname:
            why = "HF_ENDPOINT must be the address of a hub, as `https://huggingface.co`"
            raise UnreachableError(f"{resource} cannot be read: {why}")
        end = time.monotonic() + self._deadline
        part = size is not None and limit < size
        attempts, waited = 0, 0.0
        while True:
            attempts += 1
            try:
                return self._in_time(end, resource, lambda: self._get(url, resource, limit, part=part, end=end))
            except _ClosedError:
                raise UnreachableError(f"{resource} cannot be read: it was interrupted") from None
            except _RetryableError as error:
                wait = min(2.0 ** (attempts - 1) if error.wait is None else error.wait, _MAX_WAIT)
                if attempts == self._max_attempts or time.monotonic() + wait > end:
                    spent = f"tries: {attempts}, seconds waited between them: {waited:.0f}"
                    message = f"{resource} cannot be read: {error.why} ({spent}); try again later"
                    raise error.error_class(message) from None
            self._on_wait(wait)
            self._sleep(wait)
            waited += wait

    def _in_time(self, end: float, resource: Resource, get: "Callable[[], bytes]") -> bytes:
        """Run `get` with an overall deadline.

        The HTTP client's timeouts are per read, and never stop a slow but steady response.
        """
        outcome: SimpleQueue[bytes | BaseException] = SimpleQueue()

        def run() -> None:
            try:
                outcome.put(get())
            except BaseException as error:
                outcome.put(error)

        # The thread is a daemon: nothing waits for its end, not even the end of the program.
        self._outcomes.add(outcome)
        try:
            # Checked after the outcome is registered: either close() finds the outcome, or we see the flag.
            if self._closed.is_set():
                raise _ClosedError
            Thread(target=run, daemon=True).start()
            found = outcome.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            raise self._late(resource) from None
        finally:
            self._outcomes.discard(outcome)
        if isinstance(found, BaseException):
            raise found
        return found

    def _late(self, resource: Resource) -> UnreachableError:
        why = f"{self.host} did not send all of it within {self._deadline:g} s"
        return UnreachableError(f"{resource} cannot be read: {why}; try again later")

    def _get(self, url: str, resource: Resource, limit: int, *, part: bool, end: float) -> bytes:
        """One request, including its redirects."""
        token = self._find_token(resource)
        host = self.host
        try:
            session = _utils.get_session()
            for _ in range(_MAX_REDIRECTS + 1):
                place = urlsplit(url)
                host = host_of(place)
                headers = {"User-Agent": f"hypiler; hf_hub/{_client.__version__}", "Accept-Encoding": "identity"}
                if part:
                    headers["Range"] = f"bytes=0-{limit - 1}"
                if token and origin(place) == origin(self._place):
                    headers["Authorization"] = f"Bearer {token}"
                timeouts = (self._timeout,) * 4
                with session.stream("GET", url, headers=headers, follow_redirects=False, timeout=timeouts) as response:
                    if response.status_code not in _REDIRECTS:
                        self._check_status(response, resource, host, token)
                        self._check_content_type(response, resource, host, token)
                        return self._body(response, resource, host, limit, part=part, end=end)
                    url = redirected(url, response.headers.get("location", ""), self._place, resource)
        except HubError:
            raise
        except _http.TimeoutException:
            why = f"{host} sent nothing for {self._timeout:g} s"
        except (_http.RemoteProtocolError, _http.ReadError):
            raise _RetryableError(AnswerError, f"the answer of {host} broke off") from None
        except (_http.HTTPError, _http.InvalidURL, OSError, ValueError, ImportError) as error:
            # This includes errors in the certificates and proxies that the environment names.
            why = f"no connection to {host}: {_reason(error)}"
        else:
            raise AnswerError(f"{resource} cannot be read: it is redirected more than {_MAX_REDIRECTS} times")
        raise UnreachableError(
            f"{resource} cannot be read: {why}; check the network, HF_ENDPOINT and the proxy"
        ) from None

    def _find_token(self, resource: Resource) -> str | None:
        # The client's own function for headers is not used: it may send requests that have nothing to do with a model.
        if self._token is not None or _constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return self._token
        try:
            token: str | None = _client.get_token()
        except Exception as error:  # It may ask another program, and its message may contain a secret.
            raise AccessError(f"{resource} cannot be read: no token is available ({type(error).__name__})") from None
        return token

    def _check_status(self, response: "Any", resource: Resource, host: str, token: str | None) -> None:
        status: int = response.status_code
        headers = response.headers
        code, message = headers.get("x-error-code", ""), headers.get("x-error-message", "")
        if status == 200 or (status == 206 and headers.get("content-range", "").startswith("bytes 0-")):
            return
        if status == 429 or status >= 500:
            raise _RetryableError(UnreachableError, f"{host} answered with status {status}", _requested_wait(headers))
        if code == "GatedRepo":
            page = f"{self._place.scheme}://{self.host}/{resource.repository}"
            remedy = f"accept its terms at {page}, and give a token of that account (HF_TOKEN)"
            raise AccessError(f"{resource} cannot be read: the repository is gated; {remedy}")
        if code == "RevisionNotFound":
            raise RevisionGoneError(f"{resource} does not exist: the repository has no such commit, branch or tag")
        if code == "RepoNotFound" or (status == 404 and not resource.file):
            hidden = "is hidden from the token" if token else "is private and needs a token (HF_TOKEN)"
            raise NotFoundError(f"{resource.repository} was not found on {host}, or {hidden}")
        if status == 401 and "Invalid credentials" in message:
            why = f"{host} rejected the token; give another one, or unset HF_TOKEN"
            raise AccessError(f"{resource} cannot be read: {why}")
        if status in (401, 403):
            why = f"{host} refused it with status {status}; give a token that may read it (HF_TOKEN)"
            raise AccessError(f"{resource} cannot be read: {why}")
        raise AnswerError(f"{resource} cannot be read: {host} answered with status {status}")

    def _check_content_type(self, response: "Any", resource: Resource, host: str, token: str | None) -> None:
        """Refuse HTML pages, and content encodings that were not requested."""
        media, packing = response.headers.get("content-type", ""), response.headers.get("content-encoding", "identity")
        if "text/html" in media:
            begin = next(response.iter_raw(), b"")[:1000].decode("utf-8", "replace")
            begin = printable(begin.replace(token, "…") if token else begin)[:80]
            why = f'{host} answered with text/html: "{begin}"; is there a login page or a proxy in between?'
            raise AnswerError(f"{resource} cannot be read: {why}")
        if packing not in ("identity", "gzip"):
            raise AnswerError(
                f"{resource} cannot be read: {host} encoded it as {quote_name(packing)}, which was not requested"
            )

    def _body(self, response: "Any", resource: Resource, host: str, limit: int, *, part: bool, end: float) -> bytes:
        # The HTTP client's own decompression has no limit per chunk.
        unpack = zlib.decompressobj(31) if response.headers.get("content-encoding") == "gzip" else None
        data = bytearray()
        for chunk in response.iter_raw():
            try:
                data += unpack.decompress(chunk, limit + 1 - len(data)) if unpack else chunk
            except zlib.error:
                raise AnswerError(f"{resource} cannot be read: the response of {host} cannot be decompressed") from None
            if part and len(data) >= limit:
                return bytes(data[:limit])
            if len(data) > limit:
                raise AnswerError(f"{resource} cannot be read: it must have at most {limit} bytes; {host} sent more")
            if time.monotonic() > end:
                raise self._late(resource)
        if part or (unpack and not unpack.eof):
            raise _RetryableError(AnswerError, f"the answer of {host} broke off")
        return bytes(data)


def _requested_wait(headers: "Any") -> float | None:
    """How many seconds the hub asks to wait; None if it names no valid time."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        # The hub's own header, such as `"api";r=0;t=55`.
        found = re.search(r";\s*t\s*=\s*([0-9]{1,9})\b", headers.get("ratelimit", ""))
        return float(found[1]) if found else None


def _reason(error: BaseException) -> str:
    """Why there is no connection. Messages of libraries are left out: they may contain addresses with passwords."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {printable(cause.verify_message)}"
        if isinstance(cause, OSError) and cause.strerror:
            return printable(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
