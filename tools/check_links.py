"""Asks for every address that the pages of this repository link to. It uses the network.

    python tools/check_links.py

Exit code 0 if every page answers, 1 otherwise. Links between files of the repository are checked by the tests.
"""

import re
import sys
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\]\((https?://[^()\s]+)\)")
_SECONDS = 30
# These answer, and refuse programs or want a browser: a person would get the page.
_THERE = {401, 403, 405, 429}


def links(root: Path) -> dict[str, list[str]]:
    """The pages that link to each address, by address."""
    found: dict[str, list[str]] = {}
    for page in _pages(root):
        for address in _LINK.findall(page.read_text("utf-8")):
            found.setdefault(address, []).append(page.relative_to(root).as_posix())
    return found


def _pages(root: Path) -> Iterator[Path]:
    """All pages but those whose links are the sources of models.json, which say where a fact was read."""
    pages = [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]
    yield from (path for path in pages if path.name not in ("MODELS.md", "disagreements.md"))


def fault(address: str) -> str | None:
    """Why nobody can read the page; None if it answers."""
    request = Request(address, headers={"User-Agent": "hypiler-check-links"})
    try:
        with urlopen(request, timeout=_SECONDS):
            return None
    except HTTPError as error:
        error.close()
        return None if error.code in _THERE else f"status {error.code}"
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__


def main(root: Path = ROOT) -> int:
    """Print each address that does not answer, with the pages that link to it."""
    found = links(root)
    wrong = 0
    for address, pages in found.items():
        if why := fault(address):
            wrong += 1
            print(f"{address}: {why} ({', '.join(pages)})")
    print(f"{len(found)} addresses, {wrong} without an answer")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
