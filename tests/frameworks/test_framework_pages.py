"""docs/frameworks is true: each page runs from top to bottom where its framework is installed."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from hypiler import ModelConfig

FOLDER = Path(__file__).parents[2] / "docs/frameworks"
STEP = re.compile(r"^```py(?: glue)?\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
LIBRARIES: dict[str, tuple[str, ...]] = {
    "langchain": ("langchain_core", "langchain_qdrant"),
    "llama-index": ("llama_index.core", "llama_index.vector_stores.qdrant"),
    "haystack": ("haystack", "haystack_integrations.document_stores.qdrant"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("page", LIBRARIES)
def test_page_of_a_framework_runs_from_top_to_bottom(
    page: str, minilm: Any, reranker: Any, sparse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in LIBRARIES[page]:
        pytest.importorskip(library, reason="install hypiler[test-frameworks]")
    monkeypatch.chdir(tmp_path)
    encoders = {"dense": minilm.encoder, "reranker": reranker, "sparse": sparse}
    monkeypatch.setattr(ModelConfig, "load", lambda config, engine="auto": encoders[str(config.model.model_type)])
    names: dict[str, Any] = {}
    found = STEP.findall((FOLDER / f"{page}.md").read_text("utf-8"))
    assert len(found) > 5
    printed = []
    for code, _ in found:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, page, "exec"), names)
        printed.append(out.getvalue())
    assert printed == [text for _, text in found]
    texts = names["texts"]
    scores = minilm.encoder.similarity(
        minilm.encoder.encode_queries(["a sleeping pet"]), minilm.encoder.encode_documents(texts)
    )[0]
    assert names["found"] == [texts[place] for place in (-scores).argsort()[:2]]


def test_served_models_of_the_overview_are_described_without_a_key() -> None:
    pytest.importorskip("langchain_core", reason="install hypiler[test-frameworks]")
    names: dict[str, Any] = {}
    ((code, _),) = STEP.findall((FOLDER / "README.md").read_text("utf-8"))
    exec(compile(code, "README", "exec"), names)
    address = "http://localhost:8080/v1"
    loads = [names[name]._source.describe()["load"] for name in ("embeddings", "guarded")]
    assert loads == [{"url": address}, {"url": {"url": address, "api_key_variable": "MODELS_KEY"}}]


def test_every_framework_has_a_page_and_a_link() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*LIBRARIES, "README"}
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [page for page in LIBRARIES if f"({page}.md)" not in text] == []
