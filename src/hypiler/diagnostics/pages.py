"""Finds the page of a code: inside this package in a wheel, in `docs` of a checkout."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def page_folders() -> "tuple[Traversable, Traversable]":
    """Where the pages may be."""
    from importlib.resources import files
    from pathlib import Path

    return files("hypiler.diagnostics") / "pages", Path(__file__).parents[3] / "docs" / "diagnostics"


def read_page(code: str) -> str:
    """The Markdown page of a code. Raises FileNotFoundError if this installation has none."""
    for folder in page_folders():
        page = folder / f"{code}.md"
        if page.is_file():
            return page.read_text("utf-8")
    raise FileNotFoundError(f"the page of {code} is not part of this installation")
