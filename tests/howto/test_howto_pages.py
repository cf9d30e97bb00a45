"""docs/how-to is true: each page runs from top to bottom, with the hub's own client and a hub on this machine.

Pages that need a vector store or Parquet are skipped where the library is missing.
"""

import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import acme_hub
import pytest
from console import run_page
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars
from loopback_hub import LoopbackHub
from served_models import OPENAI, Served

from hypiler.engines.served import apis

FOLDER = Path(__file__).parents[2] / "docs/how-to"
PAGES = sorted(FOLDER.glob("*.md"))
# The libraries of a page that not everybody has who runs the tests, and the extra that installs them.
NEEDS: dict[str, tuple[list[str], str]] = {
    "change-a-model": (["qdrant_client"], "test-stores"),
    "encode-a-corpus": (["pyarrow"], "test-cluster"),
    "move-an-index": (["qdrant_client", "duckdb"], "test-stores"),
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
    """The hub with the models of the pages, for this process and for those that it starts."""
    with LoopbackHub() as hub:
        acme_hub.publish(hub)
        acme_hub.use(hub, tmp_path / "cache", monkeypatch)
        # On a busy machine, a download takes long enough for a progress bar, which a page does not show.
        disable_progress_bars()
        try:
            yield hub
        finally:
            enable_progress_bars()


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server that answers as the API of OpenAI does, in its place."""
    with Served(OPENAI, width=1024) as served:
        monkeypatch.setitem(apis.APIS, "openai", apis.Api(served.url, "OPENAI_API_KEY", "dimensions"))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-right")
        yield served


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.usefixtures("hub", "openai")
def test_page_is_true(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries, extra = NEEDS.get(page.stem, ([], ""))
    if missing := [name for name in libraries if find_spec(name) is None]:
        pytest.skip(f"{', '.join(missing)} is missing: install hypiler[{extra}]")
    folder = tmp_path / "project"
    folder.mkdir()
    for place in (folder, folder / "src"):
        monkeypatch.syspath_prepend(place)
    before = {*sys.modules}
    try:
        steps = run_page(page, folder, in_process=True, names={})
    finally:
        for name in [name for name in sys.modules if name not in before and _is_within(name, folder)]:
            del sys.modules[name]
    assert steps > 2 or page.stem == "README"


def _is_within(name: str, folder: Path) -> bool:
    return str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_short_and_has_the_parts_of_a_how_to(page: Path) -> None:
    """What is printed does not count, and neither do empty lines."""
    text = page.read_text("utf-8")
    read = re.sub(r"^(```console\n.*?^```|```text\n.*?^```)$", _without_output, text, flags=re.DOTALL | re.MULTILINE)
    assert len([line for line in read.splitlines() if line]) <= 80
    if page.stem != "README":
        assert re.findall(r"^## (.*)$", text, re.MULTILINE)[-2:] == ["What can go wrong", "See also"]


def _without_output(block: re.Match[str]) -> str:
    return "\n".join([line for line in block[0].splitlines() if line.startswith("$ ")])


def test_every_page_is_listed() -> None:
    listed = re.findall(r"\]\((\S+?\.md)\)", (FOLDER / "README.md").read_text("utf-8"))
    assert {*listed} == {page.name for page in PAGES if page.stem != "README"} | {
        "../deploying.md",
        "../releasing-a-registry.md",
        "../tutorial.md",
    }
