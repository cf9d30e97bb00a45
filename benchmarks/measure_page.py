"""How fast the catalogue page is in a browser: `python benchmarks/run.py --rows page`.

Headless Chromium opens the page from a file, without a graphics card. "Ready" is the time from the start of the
navigation until the table, the filters and the chart stand. "A letter" is the time from an input event of the search
until the frame after it has been painted: the list is searched, filtered, counted and drawn again, the chart too.
Quoted is the least disturbed of five visits. Bars are set for the work: the processor time of the page's main thread.
"""

import json
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from lab import PROJECT, Lab
from table import Figure, Row, at_most, skipped
from timing import Command

_SYNTHETIC = 10_000
_ROUNDS = 5
# Megabytes, and milliseconds of work: until the page is ready, and per letter.
_SHIPPED_BARS = (1.5, 600, 100)
_SYNTHETIC_BARS = (25, 2_500, 150)
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


class Times(NamedTuple):
    """What one visit took, in milliseconds: until the page was ready, and per letter of the search.

    The work is the processor time of the page's main thread, which other processes do not stretch.
    """

    ready: float
    ready_work: float
    letters: list[float]
    letter_work: float


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
    shipped = len(json.loads((PROJECT / "models.json").read_bytes())["models"])
    yield from _rows(_page(lab, "shipped.html", lab.registry_without_lock()), shipped, chromium, rounds, _SHIPPED_BARS)
    yield from _rows(
        _page(lab, "synthetic.html", lab.registry(_SYNTHETIC)), _SYNTHETIC, chromium, rounds, _SYNTHETIC_BARS
    )


def _rows(page: Path, count: int, chromium: str, rounds: int, bars: tuple[float, float, float]) -> Iterator[Row]:
    size, ready, letter = bars
    yield at_most("page: size of the file", count, Figure(page.stat().st_size / 1e6, " MB"), size)
    visits = [_visit(page, chromium) for _ in range(min(rounds, _ROUNDS))]
    work = Figure(min(one.ready_work for one in visits), " ms")
    yield at_most("page: work until it is ready", count, work, ready)
    yield Row("page: time until it is ready", count, Figure(min(one.ready for one in visits), " ms"))
    work = Figure(min(one.letter_work for one in visits), " ms")
    yield at_most("page: work per letter of the search", count, work, letter)
    painted = Figure(min(median(one.letters) for one in visits), " ms")
    yield Row("page: time from a letter until it is painted", count, painted)


def _page(lab: Lab, name: str, registry: Path) -> Path:
    """Give the page of a registry, written by the command."""

    def write(path: Path) -> None:
        Command([lab.hypiler, "docs", "--html", str(registry), "--out", str(path)], lab.folder).run()

    return lab.file(name, write)


def _visit(page: Path, chromium: str) -> Times:
    """Open the page in a fresh browser, and type."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_SWITCHES)
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        session = tab.context.new_cdp_session(tab)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
        ready = tab.evaluate("performance.getEntriesByName('ready')[0].startTime")
        before = _work(session)
        letters: list[float] = tab.evaluate(_TYPE)
        work = _work(session) - before
        browser.close()
        return Times(ready, before, letters, work / len(letters))


def _work(session: Any) -> float:
    """The processor time of the page's main thread until now, in milliseconds."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) * 1_000 for one in metrics if one["name"] == "TaskDuration")
