"""`hypiler explain`."""

from pathlib import Path

import pytest
from golden import golden

from hypiler.cli.main import main
from hypiler.verification.rule_sets import all_codes

PAGES = Path(__file__).parents[2] / "docs/diagnostics"


@pytest.mark.parametrize("word", ["M207", "m207", "matryoshka-without-embedding-dim"])
def test_page_is_printed_by_code_and_by_name(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 0
    assert capsys.readouterr().out == (PAGES / "M207.md").read_text("utf-8")


@pytest.mark.parametrize("word", ["capabilities.matryoshka", "matryoshka"])
def test_definition_of_a_field_is_printed_by_path_and_by_attribute(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == 0
    assert (
        capsys.readouterr().out
        == """\
#### `capabilities.matryoshka`

Whether vectors can be truncated; if absent, true if matryoshka_dims or matryoshka_range is stated. If an entry states\
 none of the three, vectors cannot be truncated; if the authors say that they can, but name no widths, state `true` with\
 a source.

- true or false; derived if absent
- attribute `matryoshka`: `bool`; proved by the model's files

```json example
"matryoshka": false
```
"""
    )


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert listed == [[code, severity, name] for code, (name, severity) in all_codes().items()]


@pytest.mark.parametrize(
    ("word", "rest"),
    [
        ("M2077", golden("did you mean `M207`?")),
        ("duplicate-keys", golden("did you mean `duplicate-key`?")),
        ("specs.context_lenght", golden("did you mean `specs.context_length`?")),
        ("\x1b[31m", golden("`hypiler explain` lists all codes")),
    ],
)
def test_unknown_code_is_wrong_use(word: str, rest: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", word]) == 2
    shown = word.replace("\x1b", "\\x1b")
    assert capsys.readouterr() == ("", golden(f"hypiler: no code or field `{shown}`; {rest}\n"))


def test_installation_without_pages_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Path, "is_file", lambda path: False)
    assert main(["explain", "M207"]) == 3
    assert capsys.readouterr() == ("", golden("hypiler: the page of M207 is not part of this installation\n"))
