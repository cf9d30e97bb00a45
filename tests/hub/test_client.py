"""How small files are had from a hub, by the real client: what must come, what may, and what is refused."""

import hashlib
import json
import re
import socket
import ssl
import sys
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.utils import formatdate
from gzip import compress
from importlib import import_module
from itertools import repeat
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest
from golden import golden
from hub.conftest import FILES, HEADER, READ
from huggingface_hub import constants, get_session, hf_hub_download, set_client_factory
from huggingface_hub.utils._http import default_client_factory
from loopback_hub import (
    LoopbackHub,
    Reply,
    Request,
    Responder,
    altered,
    answer,
    answer_bomb,
    answer_json,
    delayed,
    halved,
    trickling,
)
from model_files.models import safetensors, weights

from hypiler.hub import client as client_module
from hypiler.hub.client import Hub
from hypiler.hub.snapshot import (
    AccessError,
    AnswerError,
    HubError,
    NotFoundError,
    RevisionGoneError,
    Snapshot,
    UnreachableError,
)
from hypiler.model_files.extract import extract_facts

GONE = "0" * 40
INFO, FILE, LARGE = "GET /api/*", "GET */resolve/*", "GET /cdn/*"


def content(value: Any) -> bytes:
    """A file's bytes as the hub has them."""
    return value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()


def read(revision: str | None = None, repository: str = "org/tiny", **options: Any) -> Snapshot:
    with Hub(**options) as client:
        return client.snapshot(repository, revision)


def kept() -> list[Path]:
    """What lies in the cache."""
    return sorted(Path(constants.HF_ASSETS_CACHE).rglob("*"))


def refused(error: type[HubError], revision: str | None = None, repository: str = "org/tiny", **options: Any) -> str:
    """Why nothing was read. Nothing else is shown with it, no token is, and nothing is kept."""
    before = kept()
    with pytest.raises(HubError) as caught, Hub(**{"sleep": lambda seconds: None} | options) as client:
        client.snapshot(repository, revision)
    assert type(caught.value) is error
    shown = "".join(traceback.format_exception(caught.value))
    assert "site-packages" not in shown
    assert LoopbackHub.token not in shown
    assert LoopbackHub.stranger not in shown
    assert kept() == before
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.fixture
def host(hub: LoopbackHub) -> str:
    return hub.url.removeprefix("http://")


def test_what_says_something_of_a_model_is_read(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    found = read(commit)
    whole = {name: content(FILES[name]) for name in FILES}
    assert found.files == {name: whole[name] for name in READ} | {"model.safetensors": HEADER}
    assert found.names == tuple(sorted(FILES))
    assert found.sizes == {name: len(data) for name, data in whole.items()}
    sums: dict[str, str | None] = {name: hashlib.sha256(data).hexdigest() for name, data in whole.items()}
    # The hub gives that of large files alone.
    assert found.sums == sums | {"tokenizer.json": None}
    assert (
        found.blobs["config.json"]
        == hashlib.sha1(b"blob %d\0" % len(whole["config.json"]) + whole["config.json"]).hexdigest()
    )
    assert found.blobs.keys() == FILES.keys()
    assert (found.repository, found.renamed_to, found.revision) == ("org/tiny", None, commit)
    assert found.created == "2026-01-01T00:00:00.000Z"
    assert extract_facts(found.names, found.files, found.sizes).problems == []


def test_names_alone_take_one_request(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    whole = read(commit)
    hub.requests.clear()
    with Hub() as client:
        found = client.info("org/tiny", commit)
    assert found.files == {}
    assert (found.names, found.sizes, found.blobs) == (whole.names, whole.sizes, whole.blobs)
    assert found.sums == {name: whole.sums[name] if name == "model.safetensors" else None for name in FILES}
    assert [request.path for request in hub.requests] == [f"/api/models/org/tiny/revision/{commit}?blobs=true"]


@pytest.mark.parametrize("revision", [None, "main", "v1"])
def test_all_files_are_those_of_one_commit(hub: LoopbackHub, revision: str | None) -> None:
    commit = hub.add("org/tiny", FILES, tag="v1")
    found = read(revision)
    assert found.revision == commit
    assert {request.revision for request in hub.requests if request.file} == {commit}
    hub.add("org/tiny", FILES | {"config.json": {}})
    assert (read(revision).revision == commit) is (revision == "v1")
    assert read(commit) == found


def test_nothing_else_is_asked_for(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", False)
    commit = hub.add("org/tiny", FILES)
    read(commit)
    # The large file lies elsewhere.
    asked = ["/api/models/org/tiny/revision/", *(f"/org/tiny/resolve/{commit}/" for _ in READ), "/cdn/"]
    assert len(hub.requests) == len(asked)
    assert all(any(request.path.startswith(begin) for begin in asked) for request in hub.requests)


def test_token_goes_to_the_hub_alone(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("org/tiny", FILES, private=True)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    read()
    asked = {(request.origin, request.token) for request in hub.requests}
    assert asked == {(hub.url, hub.token), (hub.cdn, None)}


def test_given_token_counts_more_than_that_of_the_environment(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("org/tiny", FILES)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    read(token=hub.stranger)
    assert {request.token for request in hub.requests if request.origin == hub.url} == {hub.stranger}
    hub.requests.clear()
    read(token="")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    read()
    assert {request.token for request in hub.requests} == {None}


def test_other_hub_than_that_of_the_environment_is_asked(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = hub.add("org/tiny", FILES)
    monkeypatch.setattr(constants, "ENDPOINT", "https://1.1.1.1")
    template = "https://1.1.1.1/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    assert read(commit, endpoint=f"{hub.url}/").files.keys() == READ


def test_token_that_cannot_be_had_is_told(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub.add("org/tiny", FILES)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path))
    assert refused(AccessError) == golden("org/tiny @ main cannot be read: no token is available (IsADirectoryError)")


def test_password_in_the_address_of_the_hub_is_not_shown(hub: LoopbackHub, host: str) -> None:
    hub.fault(INFO, answer(418))
    told = golden(f"org/tiny @ main cannot be read: {host} answered with status 418")
    assert refused(AnswerError, endpoint=f"http://user:secret@{host}") == told


GATED = golden(
    "org/tiny @ COMMIT: `config.json` cannot be read: the repository is gated; accept its terms at http://HOST/org/tiny,"
    " and give a token of that account (HF_TOKEN)"
)
REFUSALS: list[tuple[dict[str, Any], str | None, type[HubError], str]] = [
    ({"gated": "auto"}, None, AccessError, GATED),
    ({"gated": "manual"}, LoopbackHub.stranger, AccessError, GATED),
    (
        {"private": True},
        None,
        NotFoundError,
        golden("org/tiny was not found on HOST, or is private and needs a token (HF_TOKEN)"),
    ),
    (
        {"private": True},
        LoopbackHub.stranger,
        NotFoundError,
        golden("org/tiny was not found on HOST, or is hidden from the token"),
    ),
    (
        {"disabled": True},
        LoopbackHub.token,
        AccessError,
        golden(
            "org/tiny @ main cannot be read: HOST refused it with status 403; give a token that may read it (HF_TOKEN)"
        ),
    ),
    (
        {},
        "hf_forged",
        AccessError,
        golden("org/tiny @ main cannot be read: HOST rejected the token; give another one, or unset HF_TOKEN"),
    ),
]


@pytest.mark.parametrize(("options", "token", "error", "told"), REFUSALS)
def test_refusal_says_what_is_wanted(
    hub: LoopbackHub, host: str, options: dict[str, Any], token: str | None, error: type[HubError], told: str
) -> None:
    commit = hub.add("org/tiny", FILES, **options)
    assert refused(error, token=token).replace(commit, "COMMIT").replace(host, "HOST") == told
    # It is asked once.
    assert len(hub.requests) == (2 if "gated" in options else 1)


def test_hub_that_says_no_more_than_404_has_no_such_repository(hub: LoopbackHub, host: str) -> None:
    hub.fault(INFO, answer(404))
    told = golden(f"org/tiny was not found on {host}, or is private and needs a token (HF_TOKEN)")
    assert refused(NotFoundError) == told


def test_commit_that_is_gone_is_told(hub: LoopbackHub) -> None:
    hub.add("org/tiny", FILES)
    told = golden(f"org/tiny @ {GONE} does not exist: the repository has no such commit, branch or tag")
    assert refused(RevisionGoneError, GONE) == told


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "a--b/c", "org/name?x=1", "", "org/\x1b[2J", "https://host/a"])
def test_what_is_no_name_is_not_asked_for(hub: LoopbackHub, name: str) -> None:
    shown = name.replace("\x1b", "\\x1b")
    told = golden(f"`{shown}` cannot be a repository on the hub: its name must be as `org/name`")
    assert refused(NotFoundError, repository=name) == told
    assert hub.requests == []


@pytest.mark.parametrize("revision", ["../../../other/name", "main?x=1", "a#b", "\x1b[2J"])
def test_revision_leads_nowhere_else(hub: LoopbackHub, revision: str) -> None:
    hub.add("org/tiny", FILES)
    shown = revision.replace("\x1b", "\\x1b")
    told = golden(f"org/tiny @ {shown} does not exist: the repository has no such commit, branch or tag")
    assert refused(RevisionGoneError, revision) == told
    assert [request.parts for request in hub.requests] == [["api", "models", "org", "tiny", "revision", revision]]


def test_renamed_repository_is_followed_and_told(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    first = read(commit)
    hub.rename("org/tiny", "new-org/larger")
    assert read(commit) == replace(first, renamed_to="new-org/larger")
    assert read(commit, cache=Path(constants.HF_ASSETS_CACHE, "other")).files == first.files


# What waits: seconds that the hub asks for, and those that are waited.
WAITS: list[tuple[Mapping[str, str], list[float]]] = [
    ({"Retry-After": "2"}, [2, 2]),
    ({"Retry-After": "0"}, [0, 0]),
    ({"Retry-After": "100000"}, [30, 30]),
    ({"Retry-After": "9" * 5000}, [1, 2]),
    ({"Retry-After": "-1"}, [1, 2]),
    ({"Retry-After": "x"}, [1, 2]),
    ({"Retry-After": "²"}, [1, 2]),
    ({"Retry-After": "1 Jan 2026 00:00:00 +99999999999999"}, [1, 2]),
    ({"Retry-After": formatdate(0, usegmt=True)}, [0, 0]),
    ({"Retry-After": formatdate(4e9, usegmt=True)}, [30, 30]),
    ({"RateLimit": '"api";r=0;t=7'}, [7, 7]),
    ({"RateLimit": f'"api";r=0;t={"9" * 5000}'}, [1, 2]),
    ({}, [1, 2]),
]


@pytest.mark.parametrize(("headers", "expected"), WAITS)
def test_hub_that_wants_fewer_requests_is_waited_for(
    hub: LoopbackHub, host: str, headers: Mapping[str, str], expected: list[float]
) -> None:
    hub.add("org/tiny", FILES)
    hub.fault(INFO, answer(429, headers))
    told: list[float] = []
    slept: list[float] = []
    # What is really waited does not count here.
    message = refused(UnreachableError, on_wait=told.append, sleep=slept.append, deadline=61)
    assert message == golden(
        f"org/tiny @ main cannot be read: {host} answered with status 429 (tries: 3, seconds waited between them:"
        f" {sum(expected)}); try again later"
    )
    assert told == slept == expected
    assert len(hub.requests) == 3


def test_wait_that_the_deadline_does_not_allow_is_not_begun(hub: LoopbackHub, host: str) -> None:
    hub.add("org/tiny", FILES)
    hub.fault(INFO, answer(429, {"Retry-After": "20"}))
    assert refused(UnreachableError, deadline=19, sleep=pytest.fail) == golden(
        f"org/tiny @ main cannot be read: {host} answered with status 429 (tries: 1, seconds waited between them: 0);"
        " try again later"
    )


@pytest.mark.parametrize("responder", [answer(429), answer(500), answer(502), answer(503), halved])
@pytest.mark.parametrize("pattern", [INFO, "*/config.json", LARGE])
def test_fault_that_passes_is_overcome(hub: LoopbackHub, pattern: str, responder: Responder) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault(pattern, responder, times=2)
    assert read(commit, sleep=lambda seconds: None).files.keys() == READ


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_broken_hub_is_not_a_wrong_model(hub: LoopbackHub, host: str, status: int) -> None:
    hub.add("org/tiny", FILES)
    hub.fault(INFO, answer(status, {"Content-Type": "text/html"}, b"<html>"))
    slept: list[float] = []
    assert refused(UnreachableError, sleep=slept.append) == golden(
        f"org/tiny @ main cannot be read: {host} answered with status {status} (tries: 3, seconds waited between"
        " them: 3); try again later"
    )
    assert slept == [1, 2]


def test_other_status_is_told(hub: LoopbackHub, host: str) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault("*/config.json", answer(404))
    told = golden(f"org/tiny @ {commit}: `config.json` cannot be read: {host} answered with status 404")
    assert refused(AnswerError) == told
    assert len(hub.requests) == 2


def torn(request: Request, reply: Reply) -> Reply:
    """Half of the body, packed."""
    packed = compress(b"".join(reply.body))
    half = packed[: len(packed) // 2]
    return Reply(200, {"Content-Encoding": "gzip", "Content-Length": str(len(half))}, [half])


@pytest.mark.parametrize("responder", [halved, torn])
@pytest.mark.parametrize(("pattern", "file"), [(INFO, ""), ("*/config.json", ": `config.json`")])
def test_half_an_answer_is_none(hub: LoopbackHub, host: str, pattern: str, file: str, responder: Responder) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault(pattern, responder)
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}{file} cannot be read: the answer of {host} broke off (tries: 3, seconds waited between"
        " them: 3); try again later"
    )
    hub.mend()
    assert read(commit).files.keys() == READ


def test_part_of_a_header_is_none(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", {"model.safetensors": weights(a=("F32", [99_999])) + bytes(399_996)})
    hub.fault(LARGE, lambda request, reply: Reply(206, {**reply.headers, "Content-Length": "9"}, [b"1234 6789"]))
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `model.safetensors` cannot be read: the answer of {hub.cdn.removeprefix('http://')} broke"
        " off (tries: 3, seconds waited between them: 3); try again later"
    )


@contextmanager
def listening(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that does as it likes with each connection; gives its host and port."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connections.append(connection)
                with connection, suppress(OSError):
                    talk(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        # A client that waits no longer leaves its connection open, since the session is not its own.
        for stream in (server, *connections):
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def dripping(connection: socket.socket) -> None:
    """One letter of the first header after the other, for ever."""
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for letter in repeat(b"x"):
        connection.sendall(letter)
        Event().wait(0.01)


def test_headers_that_never_end_are_not_waited_for(hub: LoopbackHub) -> None:
    with listening(dripping) as host:
        start = time.monotonic()
        assert refused(UnreachableError, endpoint=f"http://{host}", deadline=0.2) == golden(
            f"org/tiny @ main cannot be read: {host} did not send all of it within 0.2 s; try again later"
        )
        assert time.monotonic() - start < 5


@pytest.mark.parametrize(("pattern", "file"), [(INFO, ""), ("*/config.json", ": `config.json`")])
def test_body_that_comes_too_slowly_is_not_waited_for(hub: LoopbackHub, host: str, pattern: str, file: str) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault(pattern, trickling(0.05))
    assert refused(UnreachableError, commit, deadline=0.7) == golden(
        f"org/tiny @ {commit}{file} cannot be read: {host} did not send all of it within 0.7 s; try again later"
    )


def test_what_came_too_late_is_not_read_on(hub: LoopbackHub) -> None:
    hub.add("org/tiny", FILES)
    sent: list[bytes] = []

    def drops(body: Iterable[bytes]) -> Iterator[bytes]:
        for byte in b"".join(body):
            Event().wait(0.01)
            sent.append(bytes([byte]))
            yield sent[-1]

    hub.fault(INFO, lambda request, reply: replace(reply, body=drops(reply.body)))
    with Hub(deadline=0.1) as client:
        with pytest.raises(UnreachableError, match="did not send all of it"):
            client.snapshot("org/tiny")
        before = -1
        while before != len(sent):
            before = len(sent)
            Event().wait(0.1)
    # There are over a thousand.
    assert before < 500


def test_hub_that_never_answers_is_told(hub: LoopbackHub, host: str) -> None:
    hub.add("org/tiny", FILES)
    hub.fault(INFO, delayed(60))
    assert refused(UnreachableError, timeout=0.1) == golden(
        f"org/tiny @ main cannot be read: {host} sent nothing for 0.1 s; check the network, HF_ENDPOINT and the proxy"
    )
    assert len(hub.requests) == 1


def test_connection_that_is_reset_is_told(hub: LoopbackHub) -> None:
    def reset(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with listening(reset) as host:
        assert refused(AnswerError, endpoint=f"http://{host}") == golden(
            f"org/tiny @ main cannot be read: the answer of {host} broke off (tries: 3, seconds waited between them: 3);"
            " try again later"
        )


def test_hub_that_nobody_hears_is_told(hub: LoopbackHub) -> None:
    with listening(dripping) as host:
        pass
    assert refused(UnreachableError, endpoint=f"http://{host}") == golden(
        f"org/tiny @ main cannot be read: no connection to {host}: Connection refused; check the network, HF_ENDPOINT and"
        " the proxy"
    )


def test_name_that_nobody_knows_is_told(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refused(UnreachableError, endpoint="https://hub.example") == golden(
        "org/tiny @ main cannot be read: no connection to hub.example: Name or service not known; check the network,"
        " HF_ENDPOINT and the proxy"
    )


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://host", "https://", "http://[", "http://host:99999", "x"])
def test_address_of_no_hub_is_told(hub: LoopbackHub, endpoint: str) -> None:
    assert refused(UnreachableError, endpoint=endpoint) == golden(
        "org/tiny @ main cannot be read: HF_ENDPOINT must be the address of a hub, as `https://huggingface.co`"
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ALL_PROXY", "nothing://user:secret@host:1", "ValueError"),
        ("SSL_CERT_FILE", "/nowhere/cert.pem", "No such file or directory"),
    ],
)
def test_environment_that_allows_no_connection_is_told(
    hub: LoopbackHub, host: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    assert refused(UnreachableError) == golden(
        f"org/tiny @ main cannot be read: no connection to {host}: {told}; check the network, HF_ENDPOINT and the proxy"
    )


# Signed by itself, of 127.0.0.1; it protects nothing.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVkl2tEvL3jlfNAbm
xjsXDtH8l6bIqtA7goWGuTUhSAChRANCAAS1dnfzHmYio2jMg8IKOfijCoM5TnLC
47l1+Kr+EBgQ6lGqCL5zqDczB2tb/YFwqgZOHHOXHI7LQ+F9I5ddrA4U
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUGM6so7OQINmgZ+0P9hKj8cuaQkEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTA5MjYwNloYDzIxMjYxMTAx
MDkyNjA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS1dnfzHmYio2jMg8IKOfijCoM5TnLC47l1+Kr+EBgQ6lGqCL5zqDcz
B2tb/YFwqgZOHHOXHI7LQ+F9I5ddrA4Uo28wbTAdBgNVHQ4EFgQUuUOdE4GpYTKe
B2XlKUQkYpz9snYwHwYDVR0jBBgwFoAUuUOdE4GpYTKeB2XlKUQkYpz9snYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIhAOcwQxD138CKkVhvhaJM/SEGe9ZuAh6nEYoQIl1x+9CKAiBM
JfF3aVdZwQ6U6UM/vv5ml6+5mqDljjd//qdRJPXV2g==
-----END CERTIFICATE-----
"""


def test_certificate_that_nobody_vouches_for_is_refused(hub: LoopbackHub, tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem")
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            asked.append(tls.recv(1000))

    with listening(talk) as host:
        told = refused(UnreachableError, endpoint=f"https://{host}", token=hub.token)
    # OpenSSL writes it in both ways.
    assert told.replace("self signed", "self-signed") == golden(
        f"org/tiny @ main cannot be read: no connection to {host}: its certificate is not accepted: self-signed"
        " certificate; check the network, HF_ENDPOINT and the proxy"
    )
    assert asked in ([], [b""])


PAGE = f"<html>\x1b[2J Log in, {LoopbackHub.token}! {'and so on ' * 20}".encode()
PORTAL = answer(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE)


@pytest.mark.parametrize(("pattern", "file"), [(INFO, ""), ("*/config.json", ": `config.json`")])
def test_page_instead_of_an_answer_is_told(hub: LoopbackHub, host: str, pattern: str, file: str) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault(pattern, PORTAL)
    assert refused(AnswerError, commit, token=hub.token) == golden(
        f'org/tiny @ {commit}{file} cannot be read: {host} answered with text/html: "<html>\\x1b[2J Log in, …! and so on'
        ' and so on and so on and so on and so on and s"; is there a login page or a proxy in between?'
    )


BLOB, SUM = "1" * 40, "2" * 64
GOOD: dict[str, Any] = {"rfilename": "config.json", "size": 2, "blobId": BLOB}


def listed(commit: str = GONE, **changes: Any) -> dict[str, Any]:
    """What the hub might say of a repository; None leaves a key out."""
    told = {"id": "org/tiny", "sha": commit, "createdAt": "2026-01-01T00:00:00.000Z", "siblings": [GOOD]} | changes
    return {key: value for key, value in told.items() if value is not None}


SHAPES: list[tuple[Any, str]] = [
    (b"", golden("line 1, column 1: the file must hold a JSON value; found an empty file")),
    (b"[1]", golden("the file must hold a JSON object")),
    (b"null", golden("the file must hold a JSON object")),
    (b'{"id": NaN}', golden("line 1, column 8: a number must be finite; found `NaN`")),
    (
        b'{"id": 1, "id": 2}',
        golden("line 1, column 11: the key `id` must stand only once in an object; found it on line 1 already"),
    ),
    (
        b"[" * 10_000,
        golden("line 1, column 101: lists and objects must be nested at most 100 deep; found a deeper one"),
    ),
    (b"\xff", golden("line 1, column 1: the file must be UTF-8; found the byte `0xff`")),
    (b'{"id": "\\ud800"}', golden("line 1, column 9: `\\ud800` must be half of a surrogate pair; found it alone")),
    ({}, golden("`id` must be the name of a repository")),
    (listed(id=5), golden("`id` must be the name of a repository")),
    (listed(id="../x"), golden("`id` must be the name of a repository")),
    (listed(sha=None), golden("`sha` must be a commit")),
    (listed("1234567"), golden("`sha` must be a commit")),
    (listed("A" * 40), golden("`sha` must be a commit")),
    (listed("b" * 40), golden(f"`sha` must be the commit that was asked for; found {'b' * 40}")),
    (listed(createdAt=5), golden("`createdAt` must be a time")),
    (listed(createdAt="\x1b[2J"), golden("`createdAt` must be a time")),
    (listed(siblings=None), golden("`siblings` must be a list")),
    (listed(siblings={}), golden("`siblings` must be a list")),
    (listed(siblings=["config.json"]), golden("each of `siblings` must have an `rfilename` of its own")),
    (listed(siblings=[GOOD | {"rfilename": 5}]), golden("each of `siblings` must have an `rfilename` of its own")),
    (listed(siblings=[GOOD, GOOD]), golden("each of `siblings` must have an `rfilename` of its own")),
    (listed(siblings=[{"rfilename": "config.json"}]), golden("`size` of `config.json` must be a number of bytes")),
    (listed(siblings=[GOOD | {"size": "2"}]), golden("`size` of `config.json` must be a number of bytes")),
    (listed(siblings=[GOOD | {"size": -1}]), golden("`size` of `config.json` must be a number of bytes")),
    (listed(siblings=[GOOD | {"size": True}]), golden("`size` of `config.json` must be a number of bytes")),
    (listed(siblings=[GOOD | {"size": 2.5}]), golden("`size` of `config.json` must be a number of bytes")),
    (listed(siblings=[GOOD | {"blobId": None}]), golden("`blobId` of `config.json` must be an id in git")),
    (listed(siblings=[GOOD | {"lfs": {}}]), golden("`lfs` of `config.json` must have a `sha256`")),
    (listed(siblings=[GOOD | {"lfs": {"sha256": SUM[1:]}}]), golden("`lfs` of `config.json` must have a `sha256`")),
    (listed(siblings=[GOOD | {"lfs": 5}]), golden("`lfs` of `config.json` must have a `sha256`")),
]


@pytest.mark.parametrize(("body", "told"), SHAPES)
def test_answer_of_another_shape_is_refused(hub: LoopbackHub, host: str, body: Any, told: str) -> None:
    hub.fault(INFO, answer(200, {"Content-Type": "application/json"}, content(body)))
    assert refused(AnswerError, GONE) == golden(
        f"org/tiny @ {GONE} cannot be read: unexpected response from {host}: {told}"
    )
    assert len(hub.requests) == 1


# What must not be the name of a file: on some system it would lead elsewhere, or be another's.
NAMES = [
    ["../x"],
    ["/etc/x"],
    ["C:\\x"],
    ["D:x"],
    ["\\\\h\\s"],
    ["a/..\\b"],
    ["%2e%2e/x"],
    ["a\0b"],
    ["NUL"],
    ["x."],
    ["x "],
    ["x" * 5000],
    ["\x1b[2J"],
    [""],
    ["A", "a"],
    ["a", "a/b"],
]


@pytest.mark.parametrize("names", NAMES)
def test_unsafe_name_refuses_the_repository(hub: LoopbackHub, names: list[str]) -> None:
    siblings = [GOOD | {"rfilename": name} for name in ("config.json", *names)]
    hub.fault(INFO, answer_json(listed(siblings=siblings)))
    message = refused(AnswerError, GONE, token=hub.token)
    assert message.partition("`")[0] == golden(f"org/tiny @ {GONE} cannot be read: unsafe file name ")
    assert len(message) < 400
    assert hub.files == set()


def test_unsafe_name_is_told(hub: LoopbackHub) -> None:
    hub.fault(INFO, answer_json(listed(siblings=[GOOD | {"rfilename": "../\u202e.json"}])))
    assert refused(AnswerError, GONE) == golden(
        f"org/tiny @ {GONE} cannot be read: unsafe file name `../\\u202e.json`: it contains an unprintable character"
    )


def test_answer_that_is_too_large_is_refused(hub: LoopbackHub, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = hub.add("org/tiny", FILES)
    monkeypatch.setattr(client_module, "MAX_BYTES", 1000)
    told = golden(f"org/tiny @ {commit} cannot be read: it must have at most 1000 bytes; {host} sent more")
    hub.fault(INFO, answer(200, {"Content-Length": "1000000000"}, bytes(2000)))
    assert refused(AnswerError, commit) == told
    hub.mend()
    hub.fault(INFO, answer_bomb(10_000_000))
    assert refused(AnswerError, commit) == told


def test_file_that_is_too_large_is_not_asked_for(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = hub.add("org/tiny", {"README.md": bytes(5000)})
    monkeypatch.setattr(client_module, "MAX_BYTES", 2000)
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `README.md` cannot be read: it must have at most 2000 bytes; the hub lists 5000"
    )
    assert hub.files == set()


def test_bomb_is_not_unpacked(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault("*/config.json", answer_bomb(30_000_000))
    tracemalloc.start()
    try:
        refused(AnswerError, commit)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "responder", [answer_bomb(10_000_000), answer(200, {"Content-Length": "1000000000"}, bytes(2000))]
)
def test_more_than_is_listed_is_refused(hub: LoopbackHub, host: str, responder: Responder) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault("*/config.json", responder)
    size = len(content(FILES["config.json"]))
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `config.json` cannot be read: it must have at most {size} bytes; {host} sent more"
    )


def packed(request: Request, reply: Reply) -> Reply:
    body = compress(b"".join(reply.body))
    return Reply(200, {**reply.headers, "Content-Encoding": "gzip", "Content-Length": str(len(body))}, [body])


def test_packed_answer_is_unpacked(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault(INFO, packed)
    hub.fault("*/config.json", packed)
    assert read(commit).files["config.json"] == content(FILES["config.json"])
    assert {request.headers["accept-encoding"] for request in hub.requests} == {"identity"}


@pytest.mark.parametrize("packing", ["zstd", "br", "gzip, gzip", "x" * 90])
def test_other_packing_is_refused(hub: LoopbackHub, packing: str) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Encoding: {packing}\r\n\r\n{{}}".encode())

    with listening(talk) as host:
        told = packing if len(packing) < 90 else "x" * 60 + "…"
        assert refused(AnswerError, endpoint=f"http://{host}") == golden(
            f"org/tiny @ main cannot be read: {host} encoded it as `{told}`, which was not requested"
        )


def test_what_cannot_be_unpacked_is_refused(hub: LoopbackHub, host: str) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault(INFO, answer(200, {"Content-Encoding": "gzip"}, b"{}"))
    told = golden(f"org/tiny @ {commit} cannot be read: the response of {host} cannot be decompressed")
    assert refused(AnswerError, commit) == told


def test_other_bytes_of_the_same_number_are_refused(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault("*/config.json", altered)
    data = content(FILES["config.json"])
    wrong = bytes(255 - byte for byte in data)
    expected, found = (hashlib.sha1(b"blob %d\0" % len(one) + one).hexdigest() for one in (data, wrong))
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `config.json` cannot be read: its id in git must be {expected}, as the hub lists it; found"
        f" {found}; nothing of it is kept"
    )
    hub.mend()
    hub.fault(LARGE, altered)
    data = content(FILES["model.safetensors"])
    wrong = bytes(255 - byte for byte in data)
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `model.safetensors` cannot be read: its sha256 must be {hashlib.sha256(data).hexdigest()},"
        f" as the hub lists it; found {hashlib.sha256(wrong).hexdigest()}; nothing of it is kept"
    )
    hub.mend()
    assert read(commit).files.keys() == READ


def test_fewer_bytes_than_are_listed_are_refused(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault("*/config.json", answer(200, {}, b"{}"))
    size = len(content(FILES["config.json"]))
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `config.json` cannot be read: it must have {size} bytes, as the hub lists it; received"
        " 2; nothing of it is kept"
    )


def leading(*places: str) -> Responder:
    """A redirect to the next of these with each request."""
    left = iter(places)
    return lambda request, reply: Reply(302, {"Location": next(left), "Content-Length": "0"})


def test_some_redirects_are_followed_and_no_more(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    place = f"/api/models/org/tiny/revision/{commit}?blobs=true"
    hub.fault(INFO, leading(*repeat(place, 5)), times=5)
    assert read(commit).revision == commit
    hub.requests.clear()
    hub.fault(INFO, answer(302, {"Location": place}))
    told = golden(f"org/tiny @ {commit} cannot be read: it is redirected more than 5 times")
    assert refused(AnswerError, commit) == told
    assert len(hub.requests) == 6


PLACES = [
    ("file:///etc/passwd", golden("`file://`, which is not https; no request was sent there")),
    ("ftp://127.0.0.1/x", golden("`ftp://127.0.0.1`, which is not https; no request was sent there")),
    ("http://10.0.0.1:80/x", golden("`http://10.0.0.1:80`, which is not https; no request was sent there")),
    ("http://8.8.8.8/x", golden("`http://8.8.8.8`, which is not https; no request was sent there")),
    ("https://10.0.0.1/x", golden("`https://10.0.0.1`, which is a private address; no request was sent there")),
    ("https://0.0.0.0/x", golden("`https://0.0.0.0`, which is a private address; no request was sent there")),
    (
        "https://169.254.169.254/x",
        golden("`https://169.254.169.254`, which is a link-local address; no request was sent there"),
    ),
    ("https://2852039166/x", golden("`https://2852039166`, which is a link-local address; no request was sent there")),
    ("https://[fe80::1]/x", golden("`https://[fe80::1]`, which is a link-local address; no request was sent there")),
    (
        "https://[::ffff:169.254.169.254]/x",
        golden("`https://[::ffff:169.254.169.254]`, which is a link-local address; no request was sent there"),
    ),
    (
        "https://user:word@8.8.8.8/x",
        golden("`https://8.8.8.8`, which has a user's name in it; no request was sent there"),
    ),
    ("https://8.8.8.8\\@127.0.0.1/x", golden("`https://8.8.8.8\\@127.0.0.1/x`, which is not an address")),
    ("https://h\u00f6st/x", golden("`https://höst/x`, which is not an address")),
    ("http://[", golden("`http://[`, which is not an address")),
    ("http://127.0.0.1:99999/x", golden("`http://127.0.0.1:99999/x`, which is not an address")),
    ("", golden("``, which is not an address")),
]


@pytest.mark.parametrize(("place", "told"), PLACES)
def test_redirect_to_where_no_hub_leads_is_refused(hub: LoopbackHub, place: str, told: str) -> None:
    commit = hub.add("org/tiny", FILES)
    hub.fault("*/config.json", answer(302, {"Location": place}))
    message = refused(AnswerError, commit, token=hub.token)
    assert message == golden(f"org/tiny @ {commit}: `config.json` cannot be read: it is redirected to {told}")
    assert len(hub.requests) == 2


def test_token_does_not_follow_a_redirect_to_another_origin(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    with LoopbackHub() as other:
        other.add("org/tiny", FILES)
        hub.fault("*", lambda request, reply: Reply(307, {"Location": other.url + request.path, "Content-Length": "0"}))
        read(commit, token=hub.token)
        assert {request.token for request in hub.requests} == {hub.token}
        assert {request.token for request in other.requests} == {None}
        # And back again.
        hub.mend()
        hub.fault(INFO, answer(307, {"Location": f"{other.url}/back"}), times=1)
        other.fault("*", answer(307, {"Location": f"{hub.url}/api/models/org/tiny?blobs=true"}))
        hub.requests.clear()
        read(commit, token=hub.token)
        assert {request.token for request in hub.requests if request.origin == hub.url} == {hub.token}


HTTP = import_module(type(get_session()).__module__.partition(".")[0])


@pytest.fixture
def secure(hub: LoopbackHub) -> Iterator[Callable[[Callable[[Any], Any]], None]]:
    """Answers requests without a network, so that there is TLS and addresses are public."""

    def install(respond: Callable[[Any], Any]) -> None:
        set_client_factory(lambda: HTTP.Client(transport=HTTP.MockTransport(respond)))

    yield install
    set_client_factory(default_client_factory)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("http://8.8.8.8/x", golden("`http://8.8.8.8`, which is not https")),
        ("http://1.1.1.1/x", golden("`http://1.1.1.1`, which is not https")),
        ("https://127.0.0.1:8080/x", golden("`https://127.0.0.1:8080`, which is a loopback address")),
        ("https://localhost/x", golden("`https://localhost`, which is a loopback address")),
        ("https://192.168.0.1/x", golden("`https://192.168.0.1`, which is a private address")),
    ],
)
def test_public_hub_leads_to_no_other_place(
    secure: Callable[[Callable[[Any], Any]], None], place: str, told: str
) -> None:
    asked: list[str] = []

    def respond(request: Any) -> Any:
        asked.append(str(request.url))
        return HTTP.Response(302, headers={"Location": place})

    secure(respond)
    assert refused(AnswerError, endpoint="https://1.1.1.1", token=LoopbackHub.token) == golden(
        f"org/tiny @ main cannot be read: it is redirected to {told}; no request was sent there"
    )
    assert asked == ["https://1.1.1.1/api/models/org/tiny/revision/main?blobs=true"]


def test_public_hub_leads_to_other_public_places(secure: Callable[[Callable[[Any], Any]], None]) -> None:
    asked: list[tuple[str, str | None]] = []

    def respond(request: Any) -> Any:
        asked.append((request.url.host, request.headers.get("authorization")))
        if request.url.host == "1.1.1.1":
            return HTTP.Response(302, headers={"Location": "https://8.8.8.8/x"})
        return HTTP.Response(200, stream=HTTP.ByteStream(content(listed())))

    secure(respond)
    with Hub("https://1.1.1.1", LoopbackHub.token) as client:
        assert client.info("org/tiny").names == ("config.json",)
    assert asked == [("1.1.1.1", f"Bearer {LoopbackHub.token}"), ("8.8.8.8", None)]


LENGTHS = [0, 1, 1 << 63, (1 << 64) - 1, 100_000_001, 25_000_001, 10_000]


@pytest.mark.parametrize("length", LENGTHS)
def test_header_that_cannot_be_is_not_read(hub: LoopbackHub, length: int) -> None:
    first = length.to_bytes(8, "little")
    commit = hub.add("org/tiny", {"config.json": {}, "model.safetensors": first + bytes(2000)})
    found = read(commit)
    assert found.files["model.safetensors"] == first
    (problem,) = extract_facts(found.names, found.files, found.sizes).problems
    assert problem.message.startswith("not a valid safetensors header")


@pytest.mark.parametrize("data", [b"", b"short"])
def test_file_without_a_length_is_read_whole(hub: LoopbackHub, data: bytes) -> None:
    commit = hub.add("org/tiny", {"config.json": {}, "model.safetensors": data})
    assert read(commit).files["model.safetensors"] == data


LONG = {f"layer.{number}.weight": ("F32", [1]) for number in range(2000)}


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
@pytest.mark.parametrize("tensors", [{}, LONG], ids=["short", "long"])
def test_weights_are_not_downloaded(hub: LoopbackHub, tensors: Any, ranges: bool) -> None:
    header = weights(**tensors, large=("F32", [50_000]))
    commit = hub.add("org/tiny", {"model.safetensors": header + bytes(4 * len(tensors) + 200_000)})
    sent: list[int] = []

    def counted(chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            sent.append(len(chunk))
            yield chunk

    def respond(request: Request, reply: Reply) -> Reply:
        if ranges:
            return replace(reply, body=counted(reply.body))
        # As of a server that knows no ranges, and with a file that is larger than it should be.
        return Reply(200, {"Content-Length": "100000000000"}, counted([header, *repeat(bytes(100_000), 500)]))

    hub.fault(LARGE, respond)
    assert read(commit).files == {"model.safetensors": header}
    asked = [request.headers["range"] for request in hub.requests if request.origin == hub.cdn]
    assert asked == ["bytes=0-99999", f"bytes=0-{len(header) - 1}"][: 1 + bool(tensors)]
    # The buffers between the two take some.
    assert sum(sent) <= (len(header) + 100_000 if ranges else 40_000_000)


def test_other_part_than_was_asked_for_is_refused(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", {"model.safetensors": weights(a=("F32", [50_000])) + bytes(200_000)})
    hub.fault(LARGE, lambda request, reply: replace(reply, headers={**reply.headers, "Content-Range": "bytes 5-9/10"}))
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit}: `model.safetensors` cannot be read: {hub.cdn.removeprefix('http://')} answered with status 206"
    )


def test_index_leads_to_no_other_file(hub: LoopbackHub) -> None:
    index = {"weight_map": {"a": "../other/model.safetensors", "b": "model.bin", "c": "gone.safetensors"}}
    commit = hub.add("org/tiny", {"config.json": {}, "model.safetensors.index.json": index, "model.bin": b""})
    found = read(commit, token=hub.token)
    assert found.files.keys() == {"config.json", "model.safetensors.index.json"}
    assert hub.files == found.files.keys()


def sharded(count: int) -> dict[str, Any]:
    names = [f"model-{number}.safetensors" for number in range(count)]
    index = {"weight_map": {f"{number}.weight": name for number, name in enumerate(names)}}
    return {"model.safetensors.index.json": index, **dict.fromkeys(names, HEADER + bytes(512))}


@pytest.mark.parametrize(("name", "value"), [("_MAX_FILES", 5), ("_MAX_TOTAL_BYTES", 500)])
def test_repository_without_end_is_refused(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setattr(client_module, name, value)
    commit = hub.add("org/tiny", sharded(9))
    most = golden("5 files and 134217728") if name == "_MAX_FILES" else golden("1000 files and 500")
    assert refused(AnswerError, commit) == golden(
        f"org/tiny @ {commit} cannot be read: at most {most} bytes are read per repository"
    )
    assert len(hub.files) < 9


def test_all_shards_are_read(hub: LoopbackHub) -> None:
    files = sharded(9)
    assert read(hub.add("org/tiny", files)).files.keys() == files.keys()


def test_second_time_one_request_is_enough(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    first = read(commit)
    (path,) = (path for path in kept() if path.is_file())
    written = path.stat().st_ino
    hub.requests.clear()
    assert read(commit) == first
    assert path.stat().st_ino == written
    assert [request.path for request in hub.requests] == [f"/api/models/org/tiny/revision/{commit}?blobs=true"]
    hub.requests.clear()
    # The same commit by another name.
    assert read("main") == first
    assert len(hub.requests) == 1


def test_each_commit_is_kept_by_itself(hub: LoopbackHub) -> None:
    commits = [hub.add("org/tiny", FILES | {"config.json": {"hidden_size": size}}) for size in (8, 16)]
    commits.append(hub.add("org/other", FILES))
    names = ["org/tiny", "org/tiny", "org/other"]
    first = [read(commit, name) for commit, name in zip(commits, names, strict=True)]
    assert [read(commit, name, offline=True) for commit, name in zip(commits, names, strict=True)] == first
    assert len({snapshot.files["config.json"] for snapshot in first}) == 3


@pytest.mark.parametrize("environment", [False, True])
def test_offline_the_cache_is_enough(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, environment: bool) -> None:
    commit = hub.add("org/tiny", FILES)
    first = read(commit)
    hub.requests.clear()
    if environment:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    offline = None if environment else True
    assert read(commit, offline=offline) == first
    with Hub(offline=offline) as client:
        assert client.info("org/tiny", commit) == replace(first, files={})
    assert hub.requests == []


@pytest.mark.parametrize("revision", [None, GONE, "../../x"])
def test_offline_without_the_files_ends_at_once(hub: LoopbackHub, revision: str | None) -> None:
    read(hub.add("org/tiny", FILES))
    (path,) = (path for path in kept() if path.is_file())
    # Not the work of this project: only a commit is known for what it holds.
    path.with_name("org--tiny--main").write_bytes(path.read_bytes())
    hub.requests.clear()
    told = golden(
        f"org/tiny @ {revision or 'main'} cannot be read: offline, and it is not in the cache; run it once while online"
    )
    assert refused(UnreachableError, revision, offline=True, sleep=pytest.fail) == told
    with pytest.raises(UnreachableError, match="offline"), Hub(offline=True) as client:
        client.info("org/tiny", revision)
    assert hub.requests == []


def test_file_that_was_not_read_then_is_asked_for(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = hub.add("org/tiny", FILES)
    with monkeypatch.context() as patched:
        # As of a version that reads less.
        patched.setattr(client_module, "next_files", lambda names, files: ["config.json"])
        read(commit)
    assert refused(UnreachableError, commit, offline=True) == golden(
        f"org/tiny @ {commit}: `modules.json` cannot be read: offline, and it is not in the cache; run it once while"
        " online"
    )
    hub.requests.clear()
    assert read(commit).files.keys() == READ
    assert hub.files == READ - {"config.json"}
    assert read(commit, offline=True).files.keys() == READ


def spoiled(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"size', b'"Size'))


def test_kept_file_that_is_not_as_listed_is_not_used(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    read(commit)
    siblings = [GOOD | {"size": len(content(FILES["config.json"]))}]
    hub.fault(INFO, answer_json(listed(commit, siblings=siblings)))
    assert f"its id in git must be {BLOB}, as the hub lists it" in refused(AnswerError, commit)


@pytest.mark.parametrize("spoil", [spoiled, emptied, changed])
def test_spoiled_cache_is_not_used(hub: LoopbackHub, spoil: Callable[[Path], None]) -> None:
    commit = hub.add("org/tiny", FILES)
    first = read(commit)
    (path,) = (path for path in kept() if path.is_file())
    spoil(path)
    with pytest.raises(UnreachableError):
        read(commit, offline=True)
    hub.requests.clear()
    assert read(commit) == first
    assert hub.files == READ
    assert read(commit, offline=True) == first


def test_link_in_the_cache_is_neither_followed_nor_written_through(hub: LoopbackHub, tmp_path: Path) -> None:
    commit = hub.add("org/tiny", FILES)
    first = read(commit)
    (path,) = (path for path in kept() if path.is_file())
    elsewhere = path.rename(tmp_path / "elsewhere")
    before = elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    with pytest.raises(UnreachableError):
        read(commit, offline=True)
    assert read(commit) == first
    assert not path.is_symlink()
    assert elsewhere.read_bytes() == before


def test_cache_that_cannot_be_written_is_done_without(hub: LoopbackHub, tmp_path: Path) -> None:
    commit = hub.add("org/tiny", FILES)
    (tmp_path / "assets").write_text("")
    assert read(commit).files.keys() == READ
    assert (tmp_path / "assets").read_text() == ""


def test_disk_that_is_full_leaves_nothing(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = hub.add("org/tiny", FILES)

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert read(commit).files.keys() == READ
    assert [path for path in kept() if path.is_file()] == []


def test_what_was_downloaded_is_not_asked_for_again(hub: LoopbackHub) -> None:
    commit = hub.add("org/tiny", FILES)
    paths = {name: Path(hf_hub_download("org/tiny", name, revision=commit)) for name in ("config.json", "README.md")}
    # A download checks no more than the size.
    blob = paths["README.md"].resolve()
    blob.write_bytes(blob.read_bytes().replace(b"mit", b"MIT"))
    hub.requests.clear()
    assert read(commit).files["README.md"] == content(FILES["README.md"])
    assert hub.files == READ - {"config.json"}


def test_threads_share_one_hub(hub: LoopbackHub) -> None:
    names = [f"org/model-{number}" for number in range(6)]
    commits = {name: hub.add(name, FILES | {"config.json": {"hidden_size": len(name)}}) for name in names}
    with Hub() as client, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: client.snapshot(name, commits[name]), names))
    assert found == [read(commits[name], name, offline=True) for name in names]
    assert {len(snapshot.files) for snapshot in found} == {len(READ)}


def test_closed_hub_asks_for_nothing_more(hub: LoopbackHub) -> None:
    hub.add("org/tiny", FILES)
    client = Hub()
    client.__exit__()
    with pytest.raises(UnreachableError) as caught:
        client.snapshot("org/tiny")
    assert str(caught.value) == golden("org/tiny @ main cannot be read: it was interrupted")
    assert hub.requests == []


def test_closing_leaves_the_session_of_the_program_open(hub: LoopbackHub) -> None:
    """It belongs to huggingface_hub, and others may be using it."""
    hub.add("org/tiny", FILES)
    session = get_session()
    with Hub() as client:
        client.snapshot("org/tiny")
    assert session is get_session()
    assert not session.is_closed
    assert hf_hub_download("org/tiny", "config.json")


def test_closing_ends_what_is_read(hub: LoopbackHub) -> None:
    hub.add("org/tiny", FILES)
    hub.fault(INFO, delayed(60))
    client = Hub()
    closing = Timer(0.1, client.__exit__)
    closing.start()
    start = time.monotonic()
    with pytest.raises(UnreachableError, match="it was interrupted"):
        client.snapshot("org/tiny")
    assert time.monotonic() - start < 5
    closing.join()


def test_closing_ends_a_wait(hub: LoopbackHub) -> None:
    hub.add("org/tiny", FILES)
    hub.fault(INFO, answer(429, {"Retry-After": "25"}))
    client = Hub(on_wait=lambda seconds: client.__exit__())
    with pytest.raises(UnreachableError, match="it was interrupted"):
        client.snapshot("org/tiny")
    assert len(hub.requests) == 1
