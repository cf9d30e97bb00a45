"""The engine server: models behind an OpenAI-compatible address. Extra: `hypiler[server]`."""

from importlib import import_module

import numpy as np

from hypiler.engines.errors import EngineError, MismatchError, RowError, TruncationWarning
from hypiler.engines.served.answers import check_answered_width, check_model, read_vectors, tokens_read
from hypiler.engines.served.apis import APIS, api_of, is_own_api
from hypiler.engines.served.requests import RefusedError, Requests
from hypiler.engines.texts.parallel import in_parallel
from hypiler.model_files.json_files import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler._server import Server
    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Floats
    from hypiler.engines.texts.cutting import Cutter
    from hypiler.protocols import Config

# Two usual texts, which any server takes. They are sent when the model is loaded, and to see whether the server works.
_CHECKED = ("The weather is fine today.", "How do I reset my password?")
# Vectors are of length 1 if all their norms are as near to it as half precision allows.
_UNIT = 2e-3
# The most bytes of a request's texts. TEI takes 2 MB, and JSON escapes some characters.
_BYTES = 1_000_000
# How many requests per thread are given to a call, so that one slow answer does not make the others wait.
_ROUNDS = 4


def open_server(config: "Config", contract: "Contract", server: "Server", cutter: "Cutter | None") -> "ServedModel":
    """The model at a server, which is asked for two vectors now, to find errors while loading.

    `cutter` cuts long texts; None leaves them to the server. Raises ServerError if the server cannot be asked, and
    MismatchError if its vectors are not those of the registry's model.
    """
    requests = Requests(server, own_api=is_own_api(config, server))
    requests.model = _name_at(config, server, requests)
    model = ServedModel(config, contract, requests, cutter)
    try:
        model.check()
    except BaseException:
        requests.close()
        raise
    return model


def _name_at(config: "Config", server: "Server", requests: Requests) -> str:
    """The name of the model at a server. Raises EngineError if the server lists several, and none by a known name."""
    if server.model is not None:
        return server.model
    model: Any = config.model
    if api_of(config) is not None:
        return str(model.source_model)
    known = [config.repo, model.id, *getattr(model, "aliases", ())]
    listed = requests.models()
    if listed is None:
        return config.repo
    for name in known:
        # Ollama lists a name with its tag.
        if found := next((one for one in listed if one in (name, f"{name}:latest")), None):
            return found
    if len(listed) == 1 and not _is_of_another_model(listed[0], known):
        return listed[0]
    shown = ", ".join(map(repr, listed[:10])) + (", …" if listed[10:] else "")
    raise EngineError(
        f"{requests.place} lists the models {shown}, and none is called {config.repo!r}: name the one that is"
        f" `{model.id}` by Server({server.url!r}, model=…)"
    )


def _is_of_another_model(name: str, known: "list[str]") -> bool:
    """Whether a name is the id, an alias or the repository of another model of the shipped registry."""
    # By name: a generated module imports hypiler.
    found: Any = import_module("hypiler.model_registry").get_model(name.removesuffix(":latest"))
    return found is not None and found.id not in known and found.huggingface_id not in known


class ServedModel:
    """A model at a server.

    Attributes:
        contract: How texts become vectors.
        requests: Sends requests.
        cutter: Cuts long texts; None if the server does.
        width: The width of the vectors that the server sends.
        answered: The name by which the server calls the model in answers; None if it does not say.
    """

    def __init__(self, config: "Config", contract: "Contract", requests: Requests, cutter: "Cutter | None") -> None:
        model: Any = config.model
        server = requests.server
        self.contract: Contract = contract
        self.requests: Requests = requests
        self.cutter: Cutter | None = cutter
        self.answered: str | None = None
        self.truncates_vectors: bool = _server_truncates(config, contract, requests)
        self.width: int = contract.dimension if self.truncates_vectors else contract.embedding_dim
        self._most: int = server.inputs_per_request or getattr(model, "inputs_per_request", None) or 1 << 30
        tokens = server.tokens_per_request or getattr(model, "tokens_per_request", None)
        self._bytes: int = min(_BYTES, tokens or _BYTES)
        api = api_of(config)
        if self.truncates_vectors:
            member = APIS[api].width if api in APIS else "dimensions"
            requests.further.setdefault(member, contract.dimension)
        self._api_name = requests.model if api is not None else None

    def calls_at_once(self, batch_size: int) -> int:
        """How many texts a call of `run` should have, so that all threads have work.

        With a batch size of 1, the server gets one text after the other, since servers join requests to batches.
        """
        return 1 if batch_size == 1 else min(batch_size, self._most) * self.requests.server.concurrency * _ROUNDS

    def run(self, texts: list[str], *, query: bool, batch_size: int = 32) -> "Floats":
        """The vectors of texts, float32 [texts, width], in requests of at most `batch_size` texts."""
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        texts = [prefix + text for text in texts] if prefix else texts
        limit = contract.query_length if query else contract.document_length
        texts, tokens = (texts, [0] * len(texts)) if self.cutter is None else self.cutter.cut(texts, limit)
        parts = [*self._requests(texts, batch_size)]
        usage: list[tuple[int, int]] = []

        def asked(part: tuple[int, int]) -> "Floats":
            vectors, read = self._asked(texts, *part)
            usage.append((read, sum(tokens[slice(*part)])))
            return vectors

        found = in_parallel(asked, parts, self.requests.server.concurrency)
        self._check_usage(usage, limit)
        return np.concatenate(found) if found else np.empty((0, self.width), np.float32)

    def _requests(self, texts: list[str], batch_size: int) -> "Iterator[tuple[int, int]]":
        """The first and the last place, exclusive, of the texts of each request."""
        start = size = 0
        for place, text in enumerate(texts):
            size += (length := len(text.encode()))
            if place > start and (place - start >= min(batch_size, self._most) or size > self._bytes):
                yield start, place
                start, size = place, length
        if texts:
            yield start, len(texts)

    def _check_usage(self, usage: "list[tuple[int, int]]", limit: int) -> None:
        """Warn if the server read fewer tokens of some texts than they have."""
        short = [(read, had) for read, had in usage if read < had]
        if not short:
            return
        from warnings import warn

        from hypiler._callers import stacklevel

        read, had = min(short)
        warn(
            f"{self.requests.place} read {read} tokens of texts that have {had}: it truncates before {limit} tokens,"
            f" the limit of `{self.contract.id}`; start it with this limit",
            TruncationWarning,
            stacklevel=stacklevel(),
        )

    def _asked(self, texts: list[str], start: int, end: int) -> "tuple[Floats, int]":
        """The vectors of the texts between two places, and the tokens that the server read.

        If the server refuses the texts, it gets them in halves. Raises RowError with the place of a text that the
        server refuses alone.
        """
        try:
            return self._answered(texts[start:end])
        except RowError as error:
            raise RowError(start + error.row, error.reason) from error.__cause__
        except RefusedError as error:
            self._check_alive()
            if end - start == 1:
                raise RowError(start, str(error)) from None
        middle = (start + end + 1) // 2
        (first, read), (second, more) = self._asked(texts, start, middle), self._asked(texts, middle, end)
        # Both halves were taken, so the whole was too much at once.
        self._most = min(self._most, middle - start)
        return np.concatenate([first, second]), read + more

    def _check_alive(self) -> None:
        """Raise ServerError if the server refuses a usual text, too: then the texts are not the reason."""
        self._answered(list(_CHECKED[:1]))

    def _answered(self, texts: list[str]) -> "tuple[Floats, int]":
        """The vectors of one answer, after all checks, and the tokens that the server read."""
        requests, place = self.requests, self.requests.place
        answer = requests.embeddings(texts)
        name = check_model(answer, requests.model, self._expected_names(answer), place, requests.without_secrets)
        self.answered = name or self.answered
        vectors = read_vectors(answer, len(texts), place)
        check_answered_width(vectors, self.width, self._wanted(), place)
        return vectors, tokens_read(answer, texts)

    def _expected_names(self, answer: "Any") -> list[str]:
        names = [self.requests.server.answered_model or self.requests.model]
        found = mapping(answer).get("model")
        # OpenAI answers with the version of a model: text-embedding-ada-002-v2.
        if self._api_name and isinstance(found, str) and found.startswith(self._api_name):
            names.append(found)
        return names

    def _wanted(self) -> str:
        if self.width != self.contract.embedding_dim:
            return f"`{self.contract.id}` was asked for {self.width} dimensions"
        return f"`specs.embedding_dim` of `{self.contract.id}` is {self.width} in the registry"

    def check(self) -> None:
        """Ask for two vectors, and check them against the contract. Raises ServerError or MismatchError."""
        vectors = self._first_vectors()
        norms = np.linalg.norm(vectors, axis=1)
        if not norms.all():
            raise MismatchError(f"{self.requests.place} gives vectors of zeros: it runs no embedding model")
        contract, server = self.contract, self.requests.server
        if not contract.normalize and bool((np.abs(norms - 1) < _UNIT).all()):
            raise MismatchError(
                f"`encoding.normalize` of `{contract.id}` is False, and {self.requests.place} gives vectors of length"
                f" 1: start the server so that it does not normalize, or accept it by Server({server.url!r},"
                " normalizes=True), as a space of its own"
            )

    def _first_vectors(self) -> "Floats":
        try:
            return self._vectors_of_usual_texts()
        except RefusedError:
            if self.requests.encoding_format != "base64":
                raise
            self.requests.encoding_format = "float"
        return self._vectors_of_usual_texts()

    def _vectors_of_usual_texts(self) -> "Floats":
        # One by one, since a server may take no more.
        return np.concatenate([self._answered([text])[0] for text in _CHECKED])

    def close(self) -> None:
        """Close the connections to the server. The next call opens others."""
        self.requests.close()

    def to_json(self) -> "dict[str, Any]":
        """The server, for the record of what ran. It contains no secret."""
        server = self.requests.server
        return {
            "url": server.url,
            "asked": self.requests.model,
            "answered": self.answered,
            "encoding_format": self.requests.encoding_format,
            "truncates_texts": "server" if self.cutter is None else "client",
            "truncates_vectors": "server" if self.truncates_vectors else "client",
            "further": sorted(self.requests.further),
        }


def _server_truncates(config: "Config", contract: "Contract", requests: Requests) -> bool:
    """Whether the server is asked for shorter vectors. Raises EngineError if it would make them in the wrong order."""
    model: Any = config.model
    chosen, usual = requests.server.dimensions, contract.matryoshka_order == "truncate_normalize"
    if chosen == "server" and contract.dimension < contract.embedding_dim:
        if not usual:
            raise EngineError(
                f"servers truncate and then normalize, and `encoding.matryoshka_order` of `{contract.id}` is"
                f" {contract.matryoshka_order!r}: leave dimensions= of Server out, so that hypiler truncates"
            )
        return True
    if chosen is not None or api_of(config) is None or not usual:
        return False
    # The default width of an API need not be the largest one, so a width is always asked for.
    return len(model.dimensions) > 1
