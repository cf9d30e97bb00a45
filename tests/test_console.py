"""What a line `...` of a page stands for: pages are only as true as the comparison with what was printed."""

from pathlib import Path

import pytest
from console import run_page


@pytest.mark.parametrize(
    ("printed", "on_the_page"),
    [
        ("one two", "one\ntwo\n"),
        ("one two", "...\n"),
        ("one two", "...\none\n...\ntwo\n...\n"),
        ("one two three", "...\ntwo\n...\n"),
        ("one two three", "one\n...\nthree\n"),
        ("'' ", "...\n"),
    ],
)
def test_dots_stand_for_any_lines_or_none(printed: str, on_the_page: str, tmp_path: Path) -> None:
    assert _run(printed, on_the_page, tmp_path) == 1


@pytest.mark.parametrize(
    ("printed", "on_the_page"),
    [
        ("one two", "one\n"),
        ("one two", "two\n...\n"),
        ("one two", "...\none\n"),
        ("one two", "on\n...\n"),
        ("one two", "...\nwo\n"),
        ("one two", "one.two\n"),
        ("one two", ""),
    ],
)
def test_another_output_is_a_failure(printed: str, on_the_page: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="expected:"):
        _run(printed, on_the_page, tmp_path)


def _run(printed: str, on_the_page: str, folder: Path) -> int:
    page = folder / "page.md"
    page.write_text(f"```console\n$ printf '%s\\n' {printed}\n{on_the_page}```\n", "utf-8")
    return run_page(page, folder)
