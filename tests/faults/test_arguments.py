"""Arguments that nobody means: too long, not text, with control characters. Each ends in one line and a code."""

import os
from pathlib import Path

import pytest
from clean import assert_clean
from golden import golden

from hypiler.cli.main import main

HOSTILE = {
    "letters": "p" * 5000,
    "folders": "a/" * 3000,
    "bytes": os.fsdecode(b"x\xff"),
    "lines": "n\n::error::forged\x1b[31m\u202e\x85",
    "empty": "",
}
COMMANDS = [
    "init HERE",
    "build HERE --out o",
    "build models.json --out HERE",
    "build --project HERE",
    "build --target HERE",
    "check HERE",
    "check --select HERE",
    "check --format HERE",
    "check --limit HERE",
    "check --registry HERE",
    "explain HERE",
    "list HERE",
    "list --file HERE",
    "list --sort HERE",
    "list --registry HERE",
    "list --evidence HERE",
    "coverage HERE",
    "show HERE",
    "compare bge-small-en-v1.5 HERE",
    "verify HERE --offline",
    "verify small-encoder --local HERE",
    "verify --file HERE --offline",
    "verify --jobs HERE",
    "add HERE --local model",
    "add a/b --local HERE",
    "add a/b --local model --id HERE",
    "add a/b --local model --revision HERE",
    "outdated --file HERE",
    "docs HERE",
    "docs --out HERE",
    "schema HERE",
    "completion HERE",
    "HERE",
    "--HERE",
]


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("words", COMMANDS)
def test_argument_that_nobody_means_is_a_line_and_a_code(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, kind: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (project / "model").mkdir()
    (project / "model/config.json").write_text('{"model_type": "bert"}')
    monkeypatch.setattr("sys.stdin", None)
    try:
        code: object = main([word.replace("HERE", HOSTILE[kind]) for word in words.split()])
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    assert code in (0, 1, 2, 3, 4)
    assert_clean(*out.encode("utf-8", "backslashreplace").decode().split("\n"), *err.split("\n"))
    assert "Traceback" not in err
    assert not any(line.startswith("::error::") for line in (out + err).split("\n"))
    assert all(len(line) < 5000 for line in err.split("\n"))


def test_path_of_thousands_of_folders_is_no_traceback(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "a/" * 3000]) == 3
    assert capsys.readouterr().err == golden("hypiler: a path or a value is nested too deep\n")
