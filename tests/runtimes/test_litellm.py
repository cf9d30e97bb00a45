"""Code for litellm runs: against servers on this machine, and up to the request for providers. litellm is a wheel of 44 MB:

python -m pip install litellm==1.110.2 && python -m pytest tests/runtimes
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# By itself, the library asks the network for a list of prices when it is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
pytest.importorskip("litellm", reason="pip install litellm==1.110.2")

import httpx
from served_models import INFINITY, TEI, VLLM, Kind, Served
from tiny import config_of, write_tiny

from hypiler import ModelConfig
from hypiler.hosted_registry import MODELS_BY_ID
from hypiler.runtimes import snippet

TEXTS = ["a", "b c", "d e f", "a a b", ". ,"]
PREFIXES = {"query_prefix": "q: ", "document_prefix": "d: "}
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "COHERE", "VOYAGE", "GEMINI", "MISTRAL", "JINA_AI"):
        monkeypatch.setenv(f"{name}_API_KEY", "none")


@pytest.mark.parametrize("order", ["truncate_normalize", "normalize_truncate", "layer_norm_truncate_normalize"])
@pytest.mark.parametrize("dimension", [None, 4])
@pytest.mark.parametrize("kind", [TEI, INFINITY, VLLM], ids=lambda kind: kind.name)
def test_served_model_gives_the_vectors_of_the_engine(
    kind: Kind, dimension: int | None, order: str, tmp_path: Path
) -> None:
    config = config_of(tmp_path, dimension, encoding=PREFIXES | {"matryoshka_order": order})
    local: Any = config.load("onnx", local=write_tiny(tmp_path / "model"))
    with Served(kind) as served:
        # The servers of the tests have the name of the repository.
        text = snippet(config, "litellm").text.replace("http://127.0.0.1:8000/v1", served.url)
        names: dict[str, Any] = {}
        exec(text.replace("openai/tiny", "openai/org/tiny"), names)
        for side in ("queries", "documents"):
            found = names[f"encode_{side}"](TEXTS)
            np.testing.assert_allclose(found, getattr(local, f"encode_{side}")(TEXTS), atol=1e-5)
    assert not any("dimensions" in body for body in served.asked)


class _SentError(Exception):
    pass


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The bodies of the requests, which go nowhere."""
    bodies: list[Any] = []

    def send(self: Any, request: httpx.Request, **_: Any) -> Any:
        bodies.append(json.loads(request.content))
        raise _SentError

    monkeypatch.setattr(httpx.Client, "send", send)
    yield bodies


@pytest.mark.parametrize(
    ("id", "dimension", "expected"),
    [
        ("text-embedding-3-large", 256, [{"dimensions": 256}] * 2),
        (
            "cohere-embed-v4.0",
            256,
            [{"output_dimension": 256, "input_type": task} for task in ("search_query", "search_document")],
        ),
        ("voyage-4", 256, [{"output_dimension": 256, "input_type": task} for task in ("query", "document")]),
        ("mistral-embed", None, [{}] * 2),
        ("codestral-embed", 256, [{"output_dimension": 256}] * 2),
        (
            "jina-embeddings-v3-api",
            64,
            [{"dimensions": 64, "task": task} for task in ("retrieval.query", "retrieval.passage")],
        ),
    ],
)
def test_provider_is_asked_for_the_width_and_told_the_task(
    id: str, dimension: int | None, expected: list[Any], sent: list[Any]
) -> None:
    model: Any = MODELS_BY_ID[id]
    names: dict[str, Any] = {}
    exec(snippet(ModelConfig.from_model(model, dimension), "litellm").text, names)
    for side, wanted in zip(("queries", "documents"), expected, strict=True):
        with pytest.raises(Exception):  # noqa: B017  # the library has an error of its own for each provider
            names[f"encode_{side}"](["a b"])
        body = sent[-1]
        assert {**body, **wanted} == body, side
        assert body["model"] == model.source_model


def test_gemini_is_told_the_task_of_each_text(sent: list[Any]) -> None:
    model: Any = MODELS_BY_ID["gemini-embedding-001"]
    names: dict[str, Any] = {}
    exec(snippet(ModelConfig.from_model(model, 768), "litellm").text, names)
    with pytest.raises(Exception):  # noqa: B017
        names["encode_queries"](["a b"])
    (request,) = sent[-1]["requests"]
    assert (request["outputDimensionality"], request["taskType"]) == (768, "RETRIEVAL_QUERY")
