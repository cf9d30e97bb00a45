"""Pages of registries in a real browser. Where the browser or its driver is missing, their tests are skipped."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hypiler.catalogue.data import catalogue_data
from hypiler.catalogue.html import page_of
from hypiler.compiler.pipeline import compile_registry
from hypiler.schema.requirements import CORE, Requirements
from hypiler.verification.lock_rules import Lock

ROOT = Path(__file__).parents[2]
# No sandbox, since CI runs as root; none of its own connections, which no test may make.
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1440, "height": 900}


class Opened:
    """A page in a tab of its own, with what it logged and what it asked the network for."""

    def __init__(self, browser: Any, path: Path, address: str, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": DESK, **options})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.set_default_timeout(10_000)
        self.url = path.as_uri()
        self.page.goto(self.url + address)
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def close(self) -> None:
        """Close the tab. The page must have complained of nothing, and asked for nothing but itself."""
        self.context.close()
        assert self.complaints == []
        assert {url.partition("#")[0] for url in self.requests} == {self.url}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="the extra test-page is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield browser
        browser.close()


# Models that tests name; of the rest of the shipped ones every eighth is enough.
NAMED = (
    "bge-m3",
    "e5-small-v2",
    "nomic-embed-v1.5",
    "multilingual-e5-small",
    "all-minilm-l6-v2",
    "bge-small-en",
    "bge-small-en-v1.5",
    "text-embedding-3-small",
)


@pytest.fixture(scope="session")
def shipped() -> dict[str, Any]:
    """The data of some models of both shipped registries, with what the lock proves."""
    trees = {name: json.loads((ROOT / name).read_bytes()) for name in ("models.json", "hosted.json")}
    for tree in trees.values():
        tree["models"] = [model for place, model in enumerate(tree["models"]) if place % 8 == 0 or model["id"] in NAMED]
    lock = Lock((ROOT / "models.lock.json").read_bytes(), "models.lock.json")
    files = [(name, json.dumps(tree).encode()) for name, tree in trees.items()]
    registry = compile_registry(files, lock=lock, required=Requirements(CORE))
    assert not registry.has_errors, registry.findings
    return catalogue_data(registry)


@pytest.fixture(scope="session")
def shipped_page(shipped: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shipped") / "models.html"
    path.write_text(page_of(shipped), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, shipped_page: Path) -> Iterator[Callable[..., Any]]:
    """Opens the shipped page, or another one, at an address; what went wrong there fails the test at its end."""
    opened: list[Opened] = []

    def go(address: str = "", path: Path = shipped_page, **options: Any) -> Any:
        opened.append(Opened(browser, path, address, **options))
        return opened[-1].page

    yield go
    for one in opened:
        one.close()
