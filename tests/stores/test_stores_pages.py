"""docs/stores is true: each page runs from top to bottom where its client is installed, and finds what NumPy finds."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from search_server import search_server
from store_drivers import DRIVERS, cases, server

from hypiler import ModelConfig, space, stores
from hypiler.stores.specs import SPECS

FOLDER = Path(__file__).parents[2] / "docs/stores"
STEP = re.compile(r"^```py(?: glue)?\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)


def steps(page: str) -> list[tuple[str, str]]:
    """The blocks of a page that are run, each with what it prints."""
    return STEP.findall((FOLDER / f"{page}.md").read_text("utf-8"))


def run(page: str, names: dict[str, Any], change: Any = lambda code: code) -> None:
    """Run the blocks of a page in one namespace, and compare what they print with what the page says."""
    found = steps(page)
    assert len(found) > 5
    for code, printed in found:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(change(code), page, "exec"), names)
        assert out.getvalue() == printed


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("store", cases(*DRIVERS))
def test_page_of_a_store_runs_from_top_to_bottom(
    store: str, real: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ModelConfig, "load", lambda config, engine: real.encoder)
    address = ""
    if store == "pgvector":
        address = server()
        import psycopg

        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    names: dict[str, Any] = {}
    run(store, names, lambda code: code.replace("postgresql://localhost/articles", address))
    if store == "pgvector":
        # The page leaves it open; the warning would come in whichever test runs next.
        names["connection"].close()
    order = np.argsort(-(names["vectors"] @ names["query"]))
    assert names["found"] == order.tolist()


@pytest.mark.parametrize("store", cases("opensearch", "elasticsearch"))
def test_page_of_a_search_server_runs_against_one_that_answers_as_documented(
    store: str, real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelConfig, "load", lambda config, engine: real.encoder)
    names: dict[str, Any] = {}
    with search_server(store) as (address, _):
        run(store, names, lambda code: code.replace("http://localhost:9200", address))
        names["client"].close()
    order = np.argsort(-(names["vectors"] @ names["query"]))
    assert names["found"] == order.tolist()


def test_first_screen_of_the_readme_ends_with_the_refusal_that_it_shows(
    real: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("qdrant_client", reason="install hypiler[test-stores]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ModelConfig, "load", lambda config, engine: real.encoder)
    text = (FOLDER.parents[1] / "README.md").read_text("utf-8")
    found = re.search(r"^```py store\n(.*?)^```\n\n```text\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    names: dict[str, Any] = {}
    with pytest.raises(space.SpaceError) as raised:
        exec(compile(found[1], "README.md", "exec"), names)
    names["client"].close()
    assert f"{raised.type.__module__}.{raised.type.__qualname__}: {raised.value}" == found[2]


PAGES = sorted(path for name in ("stores", "frameworks", "runtimes") for path in (FOLDER.parent / name).glob("*.md"))


@pytest.mark.parametrize("page", [path for path in PAGES if path.stem != "README"], ids=lambda path: path.stem)
def test_page_of_an_integration_needs_at_most_three_lines_of_glue(page: Path) -> None:
    blocks = re.findall(r"^```py glue\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    code = [[line for line in block.splitlines() if line.strip() and line.strip()[0] != "#"] for block in blocks]
    assert len(blocks) == 1
    assert 1 <= len(code[0]) <= 3


def test_every_store_has_a_page_and_a_link() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*stores.STORES, "README"}
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [name for name in stores.STORES if f"[{name}]({name}.md)" not in text] == []


def test_table_shows_what_each_store_holds() -> None:
    rows = [f"| {' | '.join(row)} |" for row in (_row(spec) for spec in SPECS)]
    header = "| store | dense | multi-vector | sparse | float16 | IDF | indexes |\n|---|---|---|---|---|---|---|"
    text = (FOLDER / "README.md").read_text("utf-8")
    assert "\n".join([header, *rows]) == text.partition("<!-- stores -->\n")[2].partition("\n<!-- /stores -->")[0]


def _row(spec: Any) -> list[str]:
    def width(kind: str) -> str:
        most = max([form.most for form in spec.forms if form.kind == kind], default=0)
        return "no" if not most else "yes" if most >= 1 << 30 or kind == "sparse" else f"{most:,}"

    halves = any(form.dtype == "float16" for form in spec.forms)
    words = dict.fromkeys([f"`{form.index}`" for form in spec.forms])
    kinds = [width(kind) for kind in ("dense", "multi_vector", "sparse")]
    link = f"[{spec.name}]({spec.name}.md)"
    return [link, *kinds, "yes" if halves else "no", "yes" if spec.has_idf else "no", ", ".join(words)]
