"""A hub on this machine for the real client: repositories with commits, large files on another origin, and faults.

    with LoopbackHub() as hub:
        first = hub.add("org/name", folder)  # or {"config.json": {…}, "model.onnx": b"…"}
        second = hub.add("org/name", {"config.json": {}})  # `main` is this one now
        hub.fault("*/tree/*", answer(503), times=2)
        hub.redirect(monkeypatch, cache)  # or environment(cache), for another process
        …
        assert hub.files == {"config.json"}

It follows what huggingface_hub 1.33 and 2.4 ask for and read. Ids of commits depend on what is added, and nothing else.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from gzip import compress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pytest

_CHUNK = 1 << 16
# What repositories keep outside git, as far as these tests need it: by the ending, or by the size.
_LARGE = (".bin", ".model", ".onnx", ".onnx_data", ".pt", ".safetensors")
_LARGE_SIZE = 10_000_000


@dataclass(frozen=True)
class Request:
    """What was asked; the path has its query, the names of headers are in lower case."""

    method: str
    origin: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def parts(self) -> list[str]:
        return [unquote(part) for part in urlsplit(self.path).path.split("/")[1:]]

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    @property
    def file(self) -> str | None:
        """The file of a repository that was asked for."""
        return "/".join(self.parts[4:]) if self.parts[2:3] == ["resolve"] else None

    @property
    def revision(self) -> str | None:
        """The commit, branch or tag that was asked for."""
        match self.parts:
            case [_, _, "resolve", revision, *_] | ["api", "models", _, _, _, revision, *_]:
                return revision
        return None

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()


Responder = Callable[[Request, Reply], Reply]


@dataclass(frozen=True)
class File:
    """A file of a commit; `sha256` only if it lies outside git, and `oid` is then that of the pointer to it."""

    content: bytes | Path
    size: int
    oid: str
    sha256: str | None
    pointer_size: int | None

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to `stop`, a few at a time."""
        stop = self.size if stop is None else stop
        if isinstance(self.content, bytes):
            yield self.content[start:stop]
            return
        with self.content.open("rb") as file:
            file.seek(start)
            while start < stop and (chunk := file.read(min(_CHUNK, stop - start))):
                start += len(chunk)
                yield chunk


@dataclass
class Repository:
    id: str
    info: dict[str, Any]
    gated: str | bool = False
    private: bool = False
    disabled: bool = False
    commits: dict[str, dict[str, File]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, revision: str) -> str | None:
        """The commit that an id, a branch, a tag or a full ref names."""
        if revision in self.commits:
            return revision
        names = (revision, f"refs/heads/{revision}", f"refs/tags/{revision}")
        return next((self.refs[name] for name in names if name in self.refs), None)


class LoopbackHub:
    """The server. `token` may see everything, `stranger` is valid and may see what anybody may."""

    token = "hf_loopback"
    stranger = "hf_stranger"

    def __init__(self, *, latency: float = 0, page: int = 1000) -> None:
        self.latency = latency
        self.page = page
        self.requests: list[Request] = []
        self._repositories: dict[str, Repository] = {}
        self._renamed: dict[str, str] = {}
        self._faults: list[list[Any]] = []
        self._lock = Lock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.cdn = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> "LoopbackHub":
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        # The client keeps connections open, and a thread of the server behind each.
        if client := sys.modules.get("huggingface_hub.utils"):
            client.close_session()
        self._server.shutdown()
        self._server.server_close()

    def add(
        self,
        id: str,
        files: Path | Mapping[str, Any],
        *,
        branch: str = "main",
        tag: str | None = None,
        commit: str | None = None,
        gated: str | bool = False,
        private: bool = False,
        disabled: bool = False,
        **info: Any,
    ) -> str:
        """A commit with exactly these files, on a branch; gives its id.

        `files` is a folder, or names with bytes, text, paths, or what is written as JSON. `commit` is the id that it
        gets. `info` are keys of the answer about a repository, such as `cardData` or `tags`.
        """
        if isinstance(files, Path):
            folder = files
            files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        tree = {name: _file(name, files[name]) for name in sorted(files)}
        repository = self._repositories.setdefault(id, Repository(id, {}))
        repository.gated, repository.private, repository.disabled = gated, private, disabled
        repository.info |= info
        told = [id, len(repository.commits), [(name, file.oid) for name, file in tree.items()]]
        commit = commit or hashlib.sha1(json.dumps(told).encode()).hexdigest()
        repository.commits[commit] = tree
        repository.refs[f"refs/heads/{branch}"] = commit
        if tag is not None:
            repository.refs[f"refs/tags/{tag}"] = commit
        return commit

    def rename(self, old: str, new: str) -> None:
        """The old name leads to the new one from now on."""
        self._repositories[new] = replace(self._repositories.pop(old), id=new)
        self._renamed[old] = new

    def fault(self, pattern: str, responder: Responder, times: int | None = None) -> None:
        """What a responder makes of the regular reply is sent instead of it, at the first `times` of such requests.

        `pattern` is matched with `METHOD /path`, as `fnmatch` does it.
        """
        self._faults.append([pattern, responder, times])

    def mend(self) -> None:
        """No faults from now on."""
        self._faults.clear()

    @property
    def files(self) -> set[str]:
        """The files that were asked for, of all repositories."""
        return {request.file for request in self.requests if request.file is not None}

    def environment(self, cache: Path) -> dict[str, str]:
        """What makes the client of another process ask this hub."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_CACHE": str(cache),
            "HF_ASSETS_CACHE": str(cache / "assets"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_TOKEN_PATH": str(cache / "no-token"),
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def redirect(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        """Makes the client of this process ask this hub: it has read the environment when it was imported."""
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "ENDPOINT", self.url)
        template = f"{self.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(cache / "assets"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        # Once a process it would ask for what has to do with no repository.
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "no-token"))
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")

    def reply(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
        _wait(self.latency)
        reply = self._regular(request)
        for fault in self._faults:
            pattern, responder, times = fault
            with self._lock:
                hit = times != 0 and fnmatchcase(f"{request.method} /{'/'.join(request.parts)}", pattern)
                if hit and times is not None:
                    fault[2] -= 1
            if hit:
                changed: Reply = responder(request, reply)
                return changed
        return reply

    def _regular(self, request: Request) -> Reply:
        if request.token not in (None, self.token, self.stranger):
            return _error(401, message="Invalid credentials in Authorization header")
        match request.parts:
            case ["cdn", *_, sha256]:
                return self._blob(request, sha256)
            case ["api", "models"]:
                return self._listed(request)
            case ["api", "models", organization, name, *rest]:
                id, answer = f"{organization}/{name}", self._about
            case [organization, name, "resolve", *rest]:
                id, answer = f"{organization}/{name}", self._resolved
            case _:
                return _error(404, message="Not found")
        if new := self._renamed.get(id):
            return Reply(307, {"Location": request.path.replace(f"/{id}", f"/{new}", 1), "Content-Length": "0"})
        repository = self._repositories.get(id)
        if repository is None or (repository.private and request.token != self.token):
            return _error(404 if request.token else 401, "RepoNotFound", "Repository not found")
        if repository.disabled:
            return _error(403, message="Access to this resource is disabled.")
        return answer(request, repository, rest)

    def _about(self, request: Request, repository: Repository, rest: list[str]) -> Reply:
        match rest:
            case [] | ["revision"]:
                kind, revision, inside = "info", "main", []
            case ["revision", revision]:
                kind, inside = "info", []
            case ["refs"]:
                return _json(_refs(repository, with_pulls="include_prs" in request.query))
            case ["tree" | "paths-info" as kind, revision, *inside]:
                pass
            case _:
                return _error(404, message="Not found")
        commit = repository.commit(revision)
        if commit is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if kind == "info":
            return _json(self._info(repository, commit, "blobs" in request.query))
        entries = _entries(repository.commits[commit])
        if kind == "paths-info":
            paths = parse_qs(request.body.decode())["paths"]
            return _json([entries[path] for path in paths if path in entries])
        folder = "/".join(inside)
        if folder and entries.get(folder, {}).get("type") != "directory":
            return _error(404, "EntryNotFound", f"{folder} does not exist on {revision}", {"X-Repo-Commit": commit})
        found = [entry for path, entry in entries.items() if not folder or path.startswith(f"{folder}/")]
        if request.query.get("recursive") != ["true"]:
            found = [entry for entry in found if "/" not in entry["path"].removeprefix(f"{folder}/")]
        return self._paged(request, found)

    def _resolved(self, request: Request, repository: Repository, rest: list[str]) -> Reply:
        if repository.gated and request.token != self.token:
            message = f"Access to model {repository.id} is restricted"
            return _error(403 if request.token else 401, "GatedRepo", message)
        commit = repository.commit(rest[0])
        if commit is None:
            return _error(404, "RevisionNotFound", f"Invalid rev id: {rest[0]}")
        name = "/".join(rest[1:])
        file, headers = repository.commits[commit].get(name), {"X-Repo-Commit": commit}
        if file is None:
            return _error(404, "EntryNotFound", "Entry not found", headers)
        if file.sha256 is None:
            return _served(request, file, headers | {"ETag": f'"{file.oid}"'})
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size), "ETag": f'"{file.oid}"'}
        place = f"{self.cdn}/cdn/{quote(name)}/{file.sha256}"
        return Reply(302, headers | {"Location": place, "Content-Length": "0"})

    def _blob(self, request: Request, sha256: str) -> Reply:
        commits = [commit for repository in self._repositories.values() for commit in repository.commits.values()]
        found = next((file for commit in commits for file in commit.values() if file.sha256 == sha256), None)
        if found is None or request.origin != self.cdn:
            return Reply(403, {"Content-Length": "0"})
        return _served(request, found, {"ETag": f'"{sha256}"'})

    def _info(self, repository: Repository, commit: str, blobs: bool) -> dict[str, Any]:
        tree = repository.commits[commit]
        days = list(repository.commits).index(commit)
        config = tree.get("config.json")
        return {
            "id": repository.id,
            "modelId": repository.id,
            "author": repository.id.partition("/")[0],
            "sha": commit,
            "createdAt": _date(0),
            "lastModified": _date(days),
            "private": repository.private,
            "gated": repository.gated,
            "disabled": repository.disabled,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "config": json.loads(b"".join(config.chunks())) if config else {},
            "usedStorage": sum(file.size for file in tree.values()),
            "siblings": [{"rfilename": name} | (_blob_keys(file) if blobs else {}) for name, file in tree.items()],
        } | repository.info

    def _listed(self, request: Request) -> Reply:
        wanted = {key: request.query[key][0] for key in ("author", "pipeline_tag") if key in request.query}
        text, tags = request.query.get("search", [""])[0].lower(), set(request.query.get("filter", []))
        found = []
        for repository in self._repositories.values():
            commit = repository.commit("main")
            if commit is not None and (not repository.private or request.token == self.token):
                info = self._info(repository, commit, False)
                fits = all(info.get(key) == value for key, value in wanted.items())
                if fits and text in repository.id.lower() and tags <= set(info["tags"]):
                    if "full" not in request.query:
                        info = {key: value for key, value in info.items() if key not in ("siblings", "config", "sha")}
                    found.append(info)
        if key := request.query.get("sort", [""])[0]:
            found.sort(key=lambda info: info.get(key) or 0, reverse=True)
        return self._paged(request, found)

    def _paged(self, request: Request, entries: list[Any]) -> Reply:
        size = min(self.page, int(request.query.get("limit", [self.page])[0]))
        start = int(request.query.get("cursor", ["0"])[0])
        reply = _json(entries[start : start + size])
        if start + size >= len(entries):
            return reply
        query = urlencode(request.query | {"cursor": start + size}, doseq=True)
        link = f'<{self.url}{urlsplit(request.path).path}?{query}>; rel="next"'
        return replace(reply, headers={**reply.headers, "Link": link})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or each answer waits 40 ms for the client to acknowledge its head.
    disable_nagle_algorithm = True
    hub: LoopbackHub

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, f"http://{self.headers['Host']}", self.path, headers, body)
        reply = self.hub.reply(request)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        left = int(reply.headers.get("Content-Length", -1))
        try:
            self.end_headers()
            if self.command == "HEAD":
                return
            for chunk in reply.body:
                self.wfile.write(chunk)
                left -= len(chunk)
        except ConnectionError:
            left = -1  # who asked has gone
        # Without the whole of what was announced, the end of the connection is the end of the body.
        self.close_connection = self.close_connection or left != 0

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


def _file(name: str, content: Any) -> File:
    if not isinstance(content, bytes | Path):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    whole = File(content, content.stat().st_size if isinstance(content, Path) else len(content), "", None, None)
    if not name.endswith(_LARGE) and whole.size <= _LARGE_SIZE:
        return replace(whole, oid=_oid(whole.size, whole.chunks()))
    digest = hashlib.sha256()
    for chunk in whole.chunks():
        digest.update(chunk)
    sha256 = digest.hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {whole.size}\n".encode()
    return replace(whole, oid=_oid(len(pointer), [pointer]), sha256=sha256, pointer_size=len(pointer))


def _oid(size: int, chunks: Iterable[bytes]) -> str:
    """The id of a blob in git."""
    digest = hashlib.sha1(b"blob %d\0" % size)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _blob_keys(file: File) -> dict[str, Any]:
    lfs = {"size": file.size, "sha256": file.sha256, "pointerSize": file.pointer_size}
    return {"size": file.size, "blobId": file.oid} | ({"lfs": lfs} if file.sha256 else {})


def _entries(tree: Mapping[str, File]) -> dict[str, dict[str, Any]]:
    """The folders and files of a commit by path, as a listing has them."""
    entries: dict[str, dict[str, Any]] = {}
    for name, file in tree.items():
        for parent in list(Path(name).parents)[-2::-1]:
            path = parent.as_posix()
            oid = hashlib.sha1(path.encode()).hexdigest()
            entries.setdefault(path, {"type": "directory", "oid": oid, "size": 0, "path": path})
        lfs = {"oid": file.sha256, "size": file.size, "pointerSize": file.pointer_size}
        entries[name] = {"type": "file", "oid": file.oid, "size": file.size, "path": name}
        entries[name] |= {"lfs": lfs} if file.sha256 else {}
    return entries


def _refs(repository: Repository, *, with_pulls: bool) -> dict[str, Any]:
    kinds = {"branches": "refs/heads/", "tags": "refs/tags/", "converts": "refs/convert/"}
    kinds |= {"pullRequests": "refs/pr/"} if with_pulls else {}
    return {
        kind: [
            {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": commit}
            for ref, commit in repository.refs.items()
            if ref.startswith(prefix)
        ]
        for kind, prefix in kinds.items()
    }


def _served(request: Request, file: File, headers: Mapping[str, str]) -> Reply:
    """The file, or the part of it that was asked for."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"} | dict(headers)
    wanted = request.headers.get("range")
    if wanted is None:
        return Reply(200, headers | {"Content-Length": str(file.size)}, file.chunks())
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, file.size - int(last))
    stop = min(int(last) + 1, file.size) if first and last else file.size
    if start >= stop:
        return Reply(416, {"Content-Range": f"bytes */{file.size}", "Content-Length": "0"})
    headers |= {"Content-Range": f"bytes {start}-{stop - 1}/{file.size}", "Content-Length": str(stop - start)}
    return Reply(206, headers, file.chunks(start, stop))


def _error(status: int, code: str = "", message: str = "", headers: Mapping[str, str] = {}) -> Reply:
    reply = _json({"error": message}, status)
    told = {"X-Error-Code": code} if code else {}
    return replace(reply, headers={**reply.headers, **told, "X-Error-Message": message, **headers})


def _json(value: Any, status: int = 200) -> Reply:
    body = json.dumps(value).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
    return Reply(status, headers, [body])


def _date(days: int) -> str:
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _wait(seconds: float) -> None:
    # Not by `sleep`: tests replace it, so that the client does not wait between its tries.
    Event().wait(seconds)


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Responder:
    """Always this."""
    return lambda request, reply: Reply(status, {"Content-Length": str(len(body)), **(headers or {})}, [body])


def answer_json(value: Any) -> Responder:
    """Status 200 with this as JSON."""
    return lambda request, reply: _json(value)


def answer_bomb(size: int) -> Responder:
    """Few bytes that become `size` of them."""
    body = compress(bytes(size))
    return answer(200, {"Content-Encoding": "gzip", "Content-Type": "application/json"}, body)


def delayed(seconds: float) -> Responder:
    """The regular reply, but not at once."""

    def respond(request: Request, reply: Reply) -> Reply:
        _wait(seconds)
        return reply

    return respond


def trickling(seconds: float = 1) -> Responder:
    """The regular reply, one byte at a time."""

    def drops(body: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in body:
            for place in range(len(chunk)):
                _wait(seconds)
                yield chunk[place : place + 1]

    return lambda request, reply: replace(reply, body=drops(reply.body))


def halved(request: Request, reply: Reply) -> Reply:
    """The regular reply, whose body ends in the middle."""
    body = b"".join(reply.body)
    return replace(reply, body=[body[: len(body) // 2]])


def altered(request: Request, reply: Reply) -> Reply:
    """The regular reply, with other bytes of the same number."""
    table = bytes(255 - byte for byte in range(256))
    return replace(reply, body=[chunk.translate(table) for chunk in reply.body])
