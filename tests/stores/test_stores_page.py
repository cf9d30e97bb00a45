"""docs/stores.md is true: each store's lines run where its client is installed, and find what NumPy finds."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from store_drivers import DRIVERS, cases, server

from hypiler import ModelConfig, space, stores
from hypiler.stores.specs import SPECS

PAGE = Path(__file__).parents[2] / "docs/stores.md"
TEXT = PAGE.read_text("utf-8")
HEADINGS = {
    "qdrant": "Qdrant",
    "lancedb": "LanceDB",
    "milvus": "Milvus",
    "chroma": "Chroma",
    "faiss": "FAISS",
    "duckdb": "DuckDB",
}


def block(heading: str) -> str:
    """The lines of a section that are run."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (found,) = re.findall(r"^```py(?: \w+)?\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(found)


def names_of_every_example(encoder: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the lines that every example begins with define."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(ModelConfig, "load", lambda config, engine: encoder)
    defined: dict[str, Any] = {}
    exec(block("The stamp"), defined)
    return defined


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_lines_of_a_store_run_and_find_what_numpy_finds(
    store: str, real: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = names_of_every_example(real.encoder, tmp_path, monkeypatch)
    if store == "pgvector":
        names["address"] = server()
        import psycopg

        with psycopg.connect(server(), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    exec(block(HEADINGS.get(store, store)), names)
    order = np.argsort(-(names["vectors"] @ names["query"]))
    assert names["found"] == order.tolist()
    if "held" in names:
        assert stores.read_stamp(names["held"]) == names["encoder"].stamp()


@pytest.mark.parametrize("store", ["opensearch", "elasticsearch"])
def test_lines_of_a_server_send_the_record_and_read_the_stamp(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server of these runs here: a stand-in takes what is sent."""
    encoder = MagicMock()
    encoder.stamp = encoder.space = ModelConfig.from_registry("all-minilm-l6-v2").space
    encoder.encode_queries.return_value = np.zeros((1, 384), np.float32)
    names = names_of_every_example(encoder, tmp_path, monkeypatch)
    monkeypatch.setattr(space, "check", lambda stored, current: checked.append(stored))
    checked: list[Any] = []
    client = MagicMock()
    names["client"] = client

    def mapping(index: str) -> Any:
        sent = client.indices.create.call_args.kwargs
        return {index: {"mappings": sent.get("body", sent)["mappings"]}}

    client.indices.get_mapping.side_effect = mapping
    exec(block({"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}[store]), names)
    assert checked == [stores.read_stamp(names["held"])] == [encoder.stamp()]
    assert "$1" not in str(client.search.call_args)


def test_table_shows_what_each_store_holds() -> None:
    rows = [f"| {' | '.join(row)} |" for row in (_row(spec) for spec in SPECS)]
    header = "| store | dense | multi-vector | sparse | float16 | IDF | indexes |\n|---|---|---|---|---|---|---|"
    assert "\n".join([header, *rows]) == TEXT.partition("<!-- stores -->\n")[2].partition("\n<!-- /stores -->")[0]


def _row(spec: Any) -> list[str]:
    def width(kind: str) -> str:
        most = max([form.most for form in spec.forms if form.kind == kind], default=0)
        return "no" if not most else "yes" if most >= 1 << 30 or kind == "sparse" else f"{most:,}"

    halves = any(form.dtype == "float16" for form in spec.forms)
    words = dict.fromkeys([f"`{form.index}`" for form in spec.forms])
    kinds = [width(kind) for kind in ("dense", "multi_vector", "sparse")]
    return [spec.name, *kinds, "yes" if halves else "no", "yes" if spec.has_idf else "no", ", ".join(words)]
