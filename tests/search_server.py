"""A loopback server that answers like OpenSearch or Elasticsearch, as far as their documentation describes it.

Neither runs here. Bodies and answers follow:

- OpenSearch: `_api-reference/index-apis/create-index.md`, `put-mapping.md`, `_vector-search/api`, and
  `_mappings/supported-field-types/knn-spaces.md` for scores, of opensearch-project/documentation-website;
- Elasticsearch: `docs/reference/elasticsearch/mapping-reference/dense-vector.md`, `mapping-meta-field.md`, and
  `query-languages/query-dsl` of elastic/elasticsearch.

Fields of unknown types and queries of unknown forms are refused, so a test sees what a record sends.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import numpy as np

TYPES = {
    "opensearch": {"text", "knn_vector", "rank_features", "object"},
    "elasticsearch": {"text", "dense_vector", "sparse_vector", "rank_vectors"},
}


class Refused(Exception):
    """An answer with an error."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.kind = status, kind


class Store:
    """The indices of one server."""

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.mappings: dict[str, Any] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, list[str]] = {}
        self.lock = threading.Lock()

    def of(self, name: str) -> list[str]:
        """The indices that a name stands for."""
        found = self.aliases.get(name, [name] if name in self.mappings else [])
        if not found:
            raise Refused(404, "index_not_found_exception", f"no such index [{name}]")
        return found

    def create(self, name: str, body: Any) -> Any:
        with self.lock:
            if name in self.mappings:
                raise Refused(400, "resource_already_exists_exception", f"index [{name}/uuid] already exists")
            for field, mapping in body["mappings"]["properties"].items():
                if mapping["type"] not in TYPES[self.flavour]:
                    raise Refused(400, "mapper_parsing_exception", f"No handler for type on field [{field}]")
            self.mappings[name], self.rows[name] = body["mappings"], {}
        return {"acknowledged": True, "shards_acknowledged": True, "index": name}

    def put_mapping(self, name: str, body: Any) -> Any:
        for index in self.of(name):
            self.mappings[index] |= body
        return {"acknowledged": True}

    def bulk(self, lines: list[Any]) -> Any:
        items = []
        for action, source in zip(lines[::2], lines[1::2], strict=True):
            ((word, where),) = action.items()
            self.rows[where["_index"]][where["_id"]] = source
            items.append({word: {"_index": where["_index"], "_id": where["_id"], "status": 201}})
        return {"took": 1, "errors": False, "items": items}

    def get(self, name: str, id: str) -> Any:
        return {"_index": name, "_id": id, "found": True, "_source": self.rows[name][id]}

    def search(self, name: str, body: Any) -> Any:
        (index,) = self.of(name)
        scores = {id: self.score(index, body, row) for id, row in self.rows[index].items()}
        best = sorted(scores, key=lambda id: -scores[id])[: body["size"]]
        hits = [{"_index": index, "_id": id, "_score": scores[id], "_source": self.rows[index][id]} for id in best]
        return {"took": 1, "timed_out": False, "hits": {"hits": hits}}

    def score(self, index: str, body: Any, row: Any) -> float:
        """What the documentation says that a hit's score is: of cosine (1 + cosine) / 2, of sparse vectors the dot."""
        properties = self.mappings[index]["properties"]
        if self.flavour == "elasticsearch" and "knn" in body:
            near = body["knn"]
            assert properties[near["field"]]["similarity"] == "cosine"
            return half_cosine(near["query_vector"], row[near["field"]])
        ((word, asked),) = body["query"].items()
        if word == "knn":
            ((field, near),) = asked.items()
            assert properties[field]["method"]["space_type"] == "cosinesimil"
            return half_cosine(near["vector"], row[field])
        if word == "neural_sparse":
            ((field, near),) = asked.items()
            return dot(near["query_tokens"], row[field])
        if word == "sparse_vector":
            return dot(asked["query_vector"], row[asked["field"]])
        raise Refused(400, "parsing_exception", f"unknown query [{word}]")


def half_cosine(one: Any, other: Any) -> float:
    return float((1 + np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other))) / 2)


def dot(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(token, 0.0) for token, weight in one.items())


@contextmanager
def search_server(flavour: str) -> Iterator[tuple[str, Store]]:
    """The address of a running server, and what it holds."""
    store = Store(flavour)

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            try:
                status, found = 200, route(store, self.command, urlsplit(self.path).path.strip("/").split("/"), text)
            except Refused as error:
                status = error.status
                cause = {"type": error.kind, "reason": str(error)}
                found = {"error": {"root_cause": [cause], **cause}, "status": status}
            data = b"" if self.command == "HEAD" else json.dumps(found).encode()
            kind = "application/json"
            if flavour == "elasticsearch":
                kind = "application/vnd.elasticsearch+json;compatible-with=9"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_HEAD = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def route(store: Store, method: str, parts: list[str], text: str) -> Any:
    """The answer to a request."""
    if parts[-1] == "_bulk":
        return store.bulk([json.loads(line) for line in text.splitlines() if line])
    body = json.loads(text) if text else {}
    match method, *parts:
        case "HEAD", name:
            return store.of(name)
        case "PUT", name:
            return store.create(name, body)
        case "GET", name, "_mapping":
            return {index: {"mappings": store.mappings[index]} for index in store.of(name)}
        case "PUT", name, "_mapping":
            return store.put_mapping(name, body)
        case "POST", name, "_search":
            return store.search(name, body)
        case "GET", name, "_doc", id:
            return store.get(name, id)
    raise Refused(405, "method_not_allowed", f"{method} {'/'.join(parts)}")
