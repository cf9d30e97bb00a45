"""How fast the catalogue page is in a browser: `python benchmarks/run.py --rows page`.

Headless Chromium opens the page from a file, without a graphics card. "Ready" is the time from the start of the
navigation until the table, the filters and the chart stand. "A letter" is the time from an input event of the search
until the frame after it has been painted: the list is searched, filtered, counted and drawn again, the chart too.
Quoted are medians.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from lab import PROJECT, Lab
from table import Figure, Row, at_most, skipped
from timing import Command

_SYNTHETIC = 10_000
_ROUNDS = 5
_REMEDY = "python -m pip install -e '.[test-page]'"
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Types a word letter by letter and takes it away again; gives the milliseconds of each change. A message that is sent
# in a frame arrives when the frame has been painted.
_TYPE = """
async () => {
  const input = document.getElementById("q");
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  }));
  const times = [];
  for (const words of ["b", "be", "ber", "bert", "ber", "be", "b", ""]) {
    await painted();
    const start = performance.now();
    input.value = words;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await painted();
    times.push(performance.now() - start);
  }
  return times;
}
"""


def page_rows(lab: Lab, sizes: list[int], rounds: int) -> Iterator[Row]:
    """Measure the page of the shipped registry, and that of many made-up models."""
    del sizes
    chromium = shutil.which("chromium")
    if chromium is None:
        yield skipped("page", "chromium", "install the system's package")
        return
    if find_spec("playwright") is None:
        yield skipped("page", "playwright", _REMEDY)
        return
    pages = [
        _page(lab, "shipped.html", lab.registry_without_lock()),
        _page(lab, "synthetic.html", lab.registry(_SYNTHETIC)),
    ]
    counts = (len(json.loads((PROJECT / "models.json").read_bytes())["models"]), _SYNTHETIC)
    bars = ((1.5, 1_000, 100), (40, 5_000, 250))
    for page, count, (size, ready, letter) in zip(pages, counts, bars, strict=True):
        yield at_most("page: size of the file", count, Figure(page.stat().st_size / 1e6, " MB"), size)
        times = [_times(page, chromium) for _ in range(min(rounds, _ROUNDS))]
        yield at_most("page: ready after the navigation", count, Figure(median(one[0] for one in times), " ms"), ready)
        letters = [each for _, typed in times for each in typed]
        note = f"slowest {max(letters):.0f} ms"
        yield at_most("page: a letter of the search, painted", count, Figure(median(letters), " ms", note), letter)


def _page(lab: Lab, name: str, registry: Path) -> Path:
    """Give the page of a registry, written by the command."""

    def write(path: Path) -> None:
        Command([lab.hypiler, "docs", "--html", str(registry), "--out", str(path)], lab.folder).run()

    return lab.file(name, write)


def _times(page: Path, chromium: str) -> tuple[float, list[float]]:
    """Open the page in a fresh browser; the milliseconds until it is ready, and those of each letter."""

    def measure(tab: Any) -> tuple[float, list[float]]:
        ready = tab.evaluate("performance.getEntriesByName('ready')[0].startTime")
        return ready, tab.evaluate(_TYPE)

    found: tuple[float, list[float]] = _in_browser(page, chromium, measure)
    return found


def _in_browser(page: Path, chromium: str, measure: Callable[[Any], Any]) -> Any:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_SWITCHES)
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
        found = measure(tab)
        browser.close()
        return found
