"""Bounded requests through the session of huggingface_hub.

An answer is bounded in size, unpacked or not, and in time, however slowly it comes. Redirects are judged before they
are followed, and the token goes to the hub alone.
"""

import re
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib import import_module
from ipaddress import IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import Event, Thread
from urllib.parse import SplitResult, urljoin, urlsplit

from hypiler.diagnostics.escaping import printable, quote_name
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
# Version 2 of the client has changed its HTTP library for another with the same names.
_http: "Any" = import_module("httpx" if _client.__version__.startswith("1.") else "httpx2")

_MAX_REDIRECTS = 5
_MAX_WAIT = 30.0
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for, as messages name it."""

    repository: str
    revision: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.repository} @ {printable(self.revision)}"
        return f"{place}: {quote_name(self.file)}" if self.file else place


class _ClosedError(Exception):
    """The session was closed meanwhile."""


class _AgainError(Exception):
    """The same request may do better after `wait` seconds, if the hub says so; `kind` is the error if it does not."""

    def __init__(self, kind: type[HubError], why: str, wait: float | None = None) -> None:
        self.kind = kind
        self.why = why
        self.wait = wait


class Session:
    """Requests to one hub, from any number of threads.

    `deadline` is for all that is done for one `read`, in seconds: up to `tries` requests and the waits between them,
    of which `on_wait` is told. `timeout` is for the connection and for each part of an answer.
    """

    def __init__(
        self,
        endpoint: str | None,
        token: str | None,
        *,
        deadline: float,
        tries: int,
        timeout: float | None,
        on_wait: "Callable[[float], object]",
        sleep: "Callable[[float], object] | None",
    ) -> None:
        self.endpoint: str = (endpoint or _constants.ENDPOINT).rstrip("/")
        try:
            self._place = urlsplit(self.endpoint)
            _origin(self._place)
        except ValueError:
            self._place = urlsplit("")
        self._token = token
        self._deadline = deadline
        self._tries = tries
        self._timeout: float = timeout or _constants.HF_HUB_DOWNLOAD_TIMEOUT
        self._on_wait = on_wait
        self._closed = Event()
        # What the threads that read wait for at this moment.
        self._outcomes: set[SimpleQueue[bytes | BaseException]] = set()
        self._sleep = sleep or self._closed.wait

    @property
    def host(self) -> str:
        """The host of the hub, with its port if that is not the usual one."""
        return _host(self._place)

    def close(self) -> None:
        """Close all connections; what still reads ends at once."""
        self._closed.set()
        for outcome in list(self._outcomes):
            outcome.put(_ClosedError())
        _utils.close_session()

    def read(self, url: str, target: Target, limit: int, size: int | None = None) -> bytes:
        """What an address holds, at most `limit` bytes; only so many of the first ones if it has more by its `size`.

        Raises HubError.
        """
        if self._place.scheme not in _PORTS or not self._place.hostname:
            told = "HF_ENDPOINT must be the address of a hub, as `https://huggingface.co`"
            raise UnreachableError(f"{target} cannot be read: {told}")
        end = time.monotonic() + self._deadline
        part = size is not None and limit < size
        tries, waited = 0, 0.0
        while True:
            tries += 1
            try:
                return self._in_time(end, target, lambda: self._get(url, target, limit, part=part, end=end))
            except _ClosedError:
                raise UnreachableError(f"{target} cannot be read: it was interrupted") from None
            except _AgainError as error:
                wait = min(2.0 ** (tries - 1) if error.wait is None else error.wait, _MAX_WAIT)
                if tries == self._tries or time.monotonic() + wait > end:
                    spent = f"tries: {tries}, seconds waited between them: {waited:.0f}"
                    message = f"{target} cannot be read: {error.why} ({spent}); try again later"
                    raise error.kind(message) from None
            self._on_wait(wait)
            self._sleep(wait)
            waited += wait

    def _in_time(self, end: float, target: Target, get: "Callable[[], bytes]") -> bytes:
        """What a request gives. No timeout of the client ends one whose every part comes, but slowly."""
        outcome: SimpleQueue[bytes | BaseException] = SimpleQueue()

        def run() -> None:
            try:
                outcome.put(get())
            except BaseException as error:
                outcome.put(error)

        # Nothing waits for the end of the thread, not even the end of the program.
        self._outcomes.add(outcome)
        try:
            # Looked at after the outcome can be found by who closes, so that one of the two tells the other.
            if self._closed.is_set():
                raise _ClosedError
            Thread(target=run, daemon=True).start()
            found = outcome.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            raise self._late(target) from None
        finally:
            self._outcomes.discard(outcome)
        if isinstance(found, BaseException):
            raise found
        return found

    def _late(self, target: Target) -> UnreachableError:
        why = f"not all of it had come from {self.host} after {self._deadline:g} s"
        return UnreachableError(f"{target} cannot be read: {why}; try again later")

    def _get(self, url: str, target: Target, limit: int, *, part: bool, end: float) -> bytes:
        """One request, with the redirects that it meets."""
        token = self._given_token(target)
        host = self.host
        try:
            session = _utils.get_session()
            for _ in range(_MAX_REDIRECTS + 1):
                place = urlsplit(url)
                host = _host(place)
                headers = {"User-Agent": f"hypiler; hf_hub/{_client.__version__}", "Accept-Encoding": "identity"}
                if part:
                    headers["Range"] = f"bytes=0-{limit - 1}"
                if token and _origin(place) == _origin(self._place):
                    headers["Authorization"] = f"Bearer {token}"
                timeouts = (self._timeout,) * 4
                with session.stream("GET", url, headers=headers, follow_redirects=False, timeout=timeouts) as response:
                    if response.status_code not in _REDIRECTS:
                        self._check_status(response, target, host, token)
                        self._check_kind(response, target, host, token)
                        return self._body(response, target, host, limit, part=part, end=end)
                    url = self._redirected(url, response.headers.get("location", ""), target)
        except HubError:
            raise
        except _http.TimeoutException:
            why = f"nothing came from {host} for {self._timeout:g} s"
        except (_http.RemoteProtocolError, _http.ReadError):
            raise _AgainError(AnswerError, f"the answer of {host} broke off") from None
        except (_http.HTTPError, _http.InvalidURL, OSError, ValueError, ImportError) as error:
            # Also what is wrong with the certificates or the proxies that the environment names.
            why = f"no connection to {host}: {_reason(error)}"
        else:
            raise AnswerError(f"{target} cannot be read: it is redirected more than {_MAX_REDIRECTS} times")
        raise UnreachableError(
            f"{target} cannot be read: {why}; check the network, HF_ENDPOINT and the proxy"
        ) from None

    def _given_token(self, target: Target) -> str | None:
        # Its own function for all headers may ask the hub for what has nothing to do with a model.
        if self._token is not None or _constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return self._token
        try:
            token: str | None = _client.get_token()
        except Exception as error:  # it may ask elsewhere, and what it says may hold a secret
            raise AccessError(f"{target} cannot be read: no token can be had ({type(error).__name__})") from None
        return token

    def _redirected(self, url: str, location: str, target: Target) -> str:
        """Where a redirect leads, if it may be followed there."""
        senseless = AnswerError(
            f"{target} cannot be read: it is redirected to {quote_name(location)}, which is no address"
        )
        try:
            new = urljoin(url, location)
            place = urlsplit(new)
            origin = _origin(place)
        except ValueError:
            raise senseless from None
        if not location or not new.isascii() or not new.isprintable() or "\\" in new:
            raise senseless
        if origin == _origin(self._place):
            return new
        own, kinds = _kinds(self._place), _kinds(place)
        strange = kinds - own - {"public"}
        # Without TLS only from a hub on this machine, and to this machine.
        plain = place.scheme == self._place.scheme == "http" and own == kinds == {"loopback"}
        if place.scheme != "https" and not plain:
            refused = "which is not https"
        elif "@" in place.netloc:
            refused = "which has a user's name in it"
        elif strange:
            refused = f"which is a {min(strange)} address"
        else:
            return new
        where = quote_name(f"{place.scheme}://{_host(place)}")
        raise AnswerError(f"{target} cannot be read: it is redirected to {where}, {refused}; nothing was asked there")

    def _check_status(self, response: "Any", target: Target, host: str, token: str | None) -> None:
        status: int = response.status_code
        headers = response.headers
        code, told = headers.get("x-error-code", ""), headers.get("x-error-message", "")
        if status == 200 or (status == 206 and headers.get("content-range", "").startswith("bytes 0-")):
            return
        if status == 429 or status >= 500:
            raise _AgainError(UnreachableError, f"{host} answered with status {status}", _asked_wait(headers))
        if code == "GatedRepo":
            page = f"{self._place.scheme}://{self.host}/{target.repository}"
            remedy = f"accept its terms at {page}, and give a token of that account (HF_TOKEN)"
            raise AccessError(f"{target} cannot be read: the repository is gated; {remedy}")
        if code == "RevisionNotFound":
            raise RevisionGoneError(f"{target} does not exist: the repository has no such commit, branch or tag")
        if code == "RepoNotFound" or (status == 404 and not target.file):
            hidden = "is hidden from the token" if token else "is private and needs a token (HF_TOKEN)"
            raise NotFoundError(f"{target.repository} was not found on {host}, or {hidden}")
        if status == 401 and "Invalid credentials" in told:
            why = f"{host} does not know the token; give another one, or unset HF_TOKEN"
            raise AccessError(f"{target} cannot be read: {why}")
        if status in (401, 403):
            why = f"{host} refused it with status {status}; give a token that may read it (HF_TOKEN)"
            raise AccessError(f"{target} cannot be read: {why}")
        raise AnswerError(f"{target} cannot be read: {host} answered with status {status}")

    def _check_kind(self, response: "Any", target: Target, host: str, token: str | None) -> None:
        """Refuse pages, and what is packed in a way that was not asked for."""
        kind, packing = response.headers.get("content-type", ""), response.headers.get("content-encoding", "identity")
        if "text/html" in kind:
            begin = next(response.iter_raw(), b"")[:1000].decode("utf-8", "replace")
            begin = printable(begin.replace(token, "…") if token else begin)[:80]
            why = f'{host} answered with text/html: "{begin}"; is a login page or a proxy between?'
            raise AnswerError(f"{target} cannot be read: {why}")
        if packing not in ("identity", "gzip"):
            raise AnswerError(
                f"{target} cannot be read: {host} packed it as {quote_name(packing)}, which was not asked for"
            )

    def _body(self, response: "Any", target: Target, host: str, limit: int, *, part: bool, end: float) -> bytes:
        # The client's own unpacking makes as much of one packet as is in it.
        unpack = zlib.decompressobj(31) if response.headers.get("content-encoding") == "gzip" else None
        data = bytearray()
        for chunk in response.iter_raw():
            try:
                data += unpack.decompress(chunk, limit + 1 - len(data)) if unpack else chunk
            except zlib.error:
                raise AnswerError(f"{target} cannot be read: what {host} sent cannot be unpacked") from None
            if part and len(data) >= limit:
                return bytes(data[:limit])
            if len(data) > limit:
                raise AnswerError(f"{target} cannot be read: it must have at most {limit} bytes; {host} sent more")
            if time.monotonic() > end:
                raise self._late(target)
        if part or (unpack and not unpack.eof):
            raise _AgainError(AnswerError, f"the answer of {host} broke off")
        return bytes(data)


def _origin(place: SplitResult) -> tuple[str, str | None, int | None]:
    return place.scheme, place.hostname, place.port or _PORTS.get(place.scheme)


def _host(place: SplitResult) -> str:
    """The host and the port of an address, without a password that may stand before them."""
    return place.netloc.rpartition("@")[2]


def _kinds(place: SplitResult) -> set[str]:
    """What kinds of addresses a host has; empty if only others can tell, such as a proxy."""
    try:
        found = socket.getaddrinfo(place.hostname, None)
    except (OSError, UnicodeError):
        return set()
    return {_kind(str(address[0])) for *_, address in found}


def _kind(address: str) -> str:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    return "public" if ip.is_global else "private"


def _asked_wait(headers: "Any") -> float | None:
    """How many seconds the hub asks to wait; None if it does not say so in a way that makes sense."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        # What the hub says beside it, as `"api";r=0;t=55`.
        found = re.search(r";\s*t\s*=\s*([0-9]{1,9})\b", headers.get("ratelimit", ""))
        return float(found[1]) if found else None


def _reason(error: BaseException) -> str:
    """Why there is no connection, without the words of libraries: those may hold addresses with passwords."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {printable(cause.verify_message)}"
        if isinstance(cause, OSError) and cause.strerror:
            return printable(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
