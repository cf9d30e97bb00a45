"""Finds the page of a code: inside this package in a wheel, in `docs` of a checkout."""


def read_page(code: str) -> str:
    """The Markdown page of a code. Raises FileNotFoundError if this installation has none."""
    from importlib.resources import files
    from pathlib import Path

    checkout = Path(__file__).parents[3] / "docs" / "diagnostics"
    for folder in (files("hypiler.diagnostics") / "pages", checkout):
        page = folder / f"{code}.md"
        if page.is_file():
            return page.read_text("utf-8")
    raise FileNotFoundError(f"the page of {code} is not part of this installation")
