"""Servers on this machine for the real client: they answer as the servers that people run do, each with its quirks.

    with Served(TEI) as served:
        encoder = config.load("server", url=served.url)
        assert served.asked[-1]["input"] == ["a b"]

The quirks are those that the sources and documents of each server describe. The vectors are those of the model in
`tiny`: a server that truncates reads only the first tokens, so what a client must do itself is seen in the vectors.
"""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tiny import TABLE, WORDS

Reply = tuple[int, Any, Mapping[str, str]]


@dataclass(frozen=True)
class Kind:
    """What a server does.

    Attributes:
        name: The name of the program.
        models: What GET /models lists; None if the server has no such address.
        answers: The name in answers; None for the name that was asked for.
        checks_name: Whether another name than the listed ones is refused.
        most: The most texts of a request.
        limit: The most tokens of a text, with special tokens.
        long: What happens to longer texts: `cut`, or the status of the error.
        too_long: The message about a text that is too long.
        normalizes: Whether all vectors get length 1.
        dimensions: What happens if fewer dimensions are asked for: `normalized`, `cut`, `refused` or `ignored`.
        formats: The formats that it knows.
        prompt: What it puts before each text.
        body: The error of a message and a status, as JSON.
        empty: Whether an empty text is refused.
        key: The key that it wants.
        counts: What `usage` counts: `tokens` after truncation, or `characters`.
    """

    name: str
    models: tuple[str, ...] | None = ("org/tiny",)
    answers: str | None = "org/tiny"
    checks_name: bool = False
    most: int = 2048
    limit: int = 64
    long: str | int = "cut"
    too_long: str = "too long"
    normalizes: bool = True
    dimensions: str = "normalized"
    formats: tuple[str, ...] = ("float", "base64")
    prompt: str = ""
    body: Callable[[str, int], Any] = lambda message, status: {"error": {"message": message, "code": status}}
    empty: bool = False
    key: str | None = None
    counts: str = "tokens"


# text-embeddings-inference 1.9.3, router/src/http/server.rs: openai_embed, the routes and the statuses of errors. It has
# no list of models, warns of another name in its log alone, and answers 422 for more than 32 texts.
TEI = Kind(
    "TEI",
    models=None,
    most=32,
    body=lambda message, status: {"message": message, "code": status, "type": "validation"},
)
# infinity 0.0.78: a wrong name is answered by the model that is there; vectors are cut without being normalized again
# (inference/batch_handler.py); errors of validation are FastAPI's, and repeat the input.
INFINITY = Kind(
    "infinity",
    dimensions="cut",
    counts="characters",
    body=lambda message, status: {"detail": [{"type": "too_long", "msg": message, "input": ["secret text"]}]},
)
# vLLM 0.33.0: entrypoints/serve/engine/serving.py checks the name; entrypoints/serve/utils/api_utils.py refuses long texts;
# pooling_params.py refuses dimensions unless they are configured.
VLLM = Kind(
    "vLLM",
    answers=None,
    checks_name=True,
    long=400,
    too_long="Input length (99) exceeds model's maximum context length (64).",
    dimensions="refused",
    body=lambda message, status: {
        "error": {"message": message, "type": "BadRequestError", "param": None, "code": status}
    },
)
# Ollama 0.33.0, middleware/openai.go and openai/openai.go: the name is repeated, the tag is listed, long texts are cut.
OLLAMA = Kind(
    "Ollama",
    models=("tiny:latest", "llama3:8b"),
    answers=None,
    body=lambda message, status: {"error": {"message": message, "type": "api_error", "param": None, "code": None}},
)
# llama.cpp's server: a text that is longer than the physical batch is an error with status 500, and the file is the name.
LLAMA_CPP = Kind(
    "llama.cpp",
    models=("/models/tiny-f32.gguf",),
    answers=None,
    long=500,
    too_long="input is too large to process. increase the physical batch size",
    dimensions="ignored",
    body=lambda message, status: {"error": {"code": status, "message": message, "type": "server_error"}},
)
# OpenAI's openapi.yaml, /embeddings: a key, at most 2048 texts, none of them empty, at most 8192 tokens each.
OPENAI = Kind(
    "OpenAI",
    answers=None,
    limit=8192,
    long=400,
    too_long="This model's maximum context length is 8192 tokens",
    empty=True,
    key="sk-right",
    body=lambda message, status: {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    },
)
KINDS = (TEI, INFINITY, VLLM, OLLAMA, LLAMA_CPP, OPENAI)


class Served:
    """A server of one kind on a free port of this machine.

    Attributes:
        kind: What it does.
        asked: The bodies of the requests for vectors.
        headers: Their headers, with names in lower case.
        before: Called with the body of each request, before anything else: what it returns is the answer.
        drops: The seconds before each byte of an answer.
    """

    def __init__(
        self, kind: Kind, *, table: NDArray[np.float32] = TABLE, width: int | None = None, **changes: Any
    ) -> None:
        self.kind = replace(kind, **changes)
        self.table, self.width = table, width
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.before: Callable[[dict[str, Any]], Reply | None] = lambda body: None
        self.change: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.drops = 0.0
        self._lock = Lock()
        self._server: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def texts(self) -> list[str]:
        """All texts that were sent, in the order of the requests."""
        return [text for body in self.asked for text in body["input"]]

    def __enter__(self) -> "Served":
        self._server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": self}))
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def get(self, path: str) -> Reply:
        if path != "/v1/models" or self.kind.models is None:
            return 404, {}, {}
        return 200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.kind.models]}, {}

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        if path != "/v1/embeddings":
            return 404, {}, {}
        with self._lock:
            self.asked.append(body)
            self.headers.append(headers)
        return self.before(body) or self._refused(body, headers) or self._answered(body)

    def _refused(self, body: dict[str, Any], headers: dict[str, str]) -> Reply | None:
        kind, texts = self.kind, body["input"]
        if kind.key and headers.get("authorization") != f"Bearer {kind.key}":
            return self._error(f"Incorrect API key provided: {headers.get('authorization')}", 401)
        if kind.checks_name and body["model"] not in (kind.models or ()):
            return self._error(f"The model `{body['model']}` does not exist.", 404)
        if body.get("encoding_format", "float") not in kind.formats:
            return self._error(f"encoding_format must be {kind.formats}", 400)
        if len(texts) > kind.most:
            return self._error(f"batch size {len(texts)} > maximum allowed batch size {kind.most}", 422)
        if kind.empty and "" in texts:
            return self._error("input cannot be an empty string", 400)
        if isinstance(kind.long, int) and any(len(self._ids(text)) > kind.limit for text in texts):
            return self._error(kind.too_long, kind.long)
        if kind.dimensions == "refused" and "dimensions" in body:
            return self._error("Model does not support matryoshka representation", 400)
        return None

    def _error(self, message: str, status: int) -> Reply:
        return status, self.kind.body(message, status), {}

    def _ids(self, text: str) -> list[int]:
        words = (self.kind.prompt + text).split()
        return [1, *[WORDS.index(word) if word in WORDS else 0 for word in words], 2]

    def vector(self, text: str, dimensions: int | None) -> NDArray[np.float32]:
        kind = self.kind
        ids = self._ids(text)
        # A tokenizer keeps its last special token.
        kept = ids if len(ids) <= kind.limit else [*ids[: kind.limit - 1], ids[-1]]
        whole = self.table[kept].mean(axis=0)
        if self.width is not None:
            whole = np.resize(whole, self.width)
        cut = whole[:dimensions] if dimensions and kind.dimensions != "ignored" else whole
        if not kind.normalizes:
            return np.asarray(cut, np.float32)
        norm = np.linalg.norm(cut if kind.dimensions == "normalized" else whole)
        return np.asarray(cut / norm, np.float32)

    def _answered(self, body: dict[str, Any]) -> Reply:
        wide = body.get("dimensions") or body.get("output_dimension")
        data = []
        for place, text in enumerate(body["input"]):
            vector = self.vector(text, wide)
            base64 = body.get("encoding_format", "float") == "base64"
            sent = b64encode(vector.astype("<f4").tobytes()).decode() if base64 else vector.tolist()
            data.append({"object": "embedding", "index": place, "embedding": sent})
        counted = len if self.kind.counts == "characters" else lambda text: min(len(self._ids(text)), self.kind.limit)
        tokens = sum(map(counted, body["input"]))
        model = body["model"] if self.kind.answers is None else self.kind.answers
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return 200, self.change({"object": "list", "data": data, "model": model, "usage": usage}), {}


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may close its connection while it is answered."""


class _Handler(BaseHTTPRequestHandler):
    served: Served
    protocol_version = "HTTP/1.1"
    # Or each answer waits 40 ms for the client to acknowledge its head.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        self._reply(*self.served.get(self.path))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._reply(*self.served.post(self.path, body, headers))

    def _reply(self, status: int, content: Any, headers: Mapping[str, str]) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for part in [data[place : place + 1] for place in range(len(data))] if self.served.drops else [data]:
            time.sleep(self.served.drops)
            self.wfile.write(part)
