"""`hypiler check -` and other commands: a registry on standard input."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from strategies import plain_model

from hypiler.verification.lockfile import LockEntry, write_lock


def text(*ids: str, **changes: Any) -> str:
    models = [plain_model(**{"id": id, "aliases": [], "extra": {}, **changes}) for id in ids]
    for model in models:
        model.pop("deprecated", None)
    return json.dumps({"version": "1.0", "models": models}, indent=2)


def check(folder: Path, *words: str, given: str | bytes = "", shell: str = "") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "hypiler", "check", *words]
    if shell:
        command = ["sh", "-c", f'exec "{sys.executable}" -m hypiler check {" ".join(words)} {shell}']
    data = given if isinstance(given, bytes) else given.encode()
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_registry_on_standard_input_is_checked_without_a_project(tmp_path: Path) -> None:
    assert check(tmp_path, "-", given=text("a", "b")) == (0, golden("2 models, no findings\n"), "")


def test_findings_name_standard_input(tmp_path: Path) -> None:
    code, out, err = check(tmp_path, "-", "--format", "concise", given='{"version": "1.0"}')
    assert (code, err) == (1, "")
    assert out.startswith("<stdin>:1:1: error[M101]: ")


def test_findings_on_standard_input_show_their_line(tmp_path: Path) -> None:
    _, out, _ = check(tmp_path, "-", given="[1,\n x]")
    assert out.startswith("error[M003]: expected a value after `,`, found `x`\n --> <stdin>:2:2\n  |\n2 |  x]\n")


def test_it_is_one_file_among_others_in_the_order_given(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text("same"))
    for words, first, second in [(["a.json", "-"], "a.json", "<stdin>"), (["-", "a.json"], "<stdin>", "a.json")]:
        _, out, _ = check(tmp_path, *words, "--format", "concise", given=text("same"))
        assert f"error[M201]: id `same` is already used at `{first} $.models[0]`" in out
        assert out.startswith(f"{second}:")


def test_it_can_be_given_once(tmp_path: Path) -> None:
    message = golden("hypiler: `-` is standard input, which can be read once: give it once\n")
    assert check(tmp_path, "-", "-", given=text("a")) == (2, "", message)


def test_file_of_the_same_name_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "-").write_text(text("a"))
    (tmp_path / "<stdin>").write_text(text("a", "b"))
    assert check(tmp_path, "./-", given="x") == (0, golden("1 model, no findings\n"), "")
    assert check(tmp_path, "./<stdin>", given="x") == (0, golden("2 models, no findings\n"), "")


@pytest.mark.parametrize(
    ("words", "held"), [(["-"], False), (["-", "models.json"], True), (["models.json", "-"], True)]
)
def test_lock_lies_beside_a_file_and_never_beside_standard_input(tmp_path: Path, words: list[str], held: bool) -> None:
    (tmp_path / "models.lock.json").write_text("{")
    (tmp_path / "models.json").write_text(text("b"))
    code, out, _ = check(tmp_path, *words, "--format", "concise", given=text("a"))
    assert ("models.lock.json" in out, code) == (held, 1 if held else 0)


def test_input_that_is_closed_is_one_line(tmp_path: Path) -> None:
    assert check(tmp_path, "-", shell="<&-") == (3, "", golden("hypiler: cannot read `<stdin>`: it is closed\n"))


def test_no_byte_on_it_is_a_traceback(tmp_path: Path) -> None:
    for data in (b"", b"\xff\xfe", b"\0" * 100, os.urandom(100), b"[" * 100_000):
        code, out, err = check(tmp_path, "-", given=data)
        assert (code, err) == (1, "")
        assert out.startswith("error[M0")


def test_reading_stops_at_the_limit_of_files(tmp_path: Path) -> None:
    """A stream without an end is a file that is too large."""
    code, out, err = check(tmp_path, "-", "--format", "concise", shell="< /dev/zero")
    assert (code, err) == (1, "")
    assert out.startswith("<stdin>: error[M")


def run(folder: Path, *words: str, given: str = "") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "hypiler", *words]
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--json"],
        ["show", "a", "--json"],
        ["compare", "a", "b"],
        ["coverage"],
        ["licenses"],
        ["sbom", "--format", "spdx"],
        ["explain", "specs.embedding_dim"],
    ],
    ids=" ".join,
)
def test_commands_with_an_option_for_files_read_it(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "models.json").write_text(text("a", "b"))
    named = run(tmp_path, *words, "--file", "models.json")
    (tmp_path / "models.json").unlink()
    given = run(tmp_path, *words, "--file", "-", given=text("a", "b"))
    assert given[0] == 0
    assert [part.replace("<stdin>", "models.json") for part in map(str, given)] == [*map(str, named)]


@pytest.mark.parametrize(
    "words", [["build", "--out", "out"], ["docs", "--out", "out/M.md"], ["schema", "--out", "s.json"]]
)
def test_commands_that_write_read_it_and_no_lock(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "models.json").write_text(text("a", "b"))
    command, *rest = words
    assert run(tmp_path, command, "models.json", *rest)[0] == 0
    made = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "models.json").unlink()
    (tmp_path / "models.lock.json").write_text("{")
    assert run(tmp_path, command, "-", *rest, "--check", given=text("a", "b"))[::2] == (0, "")
    code, _, err = run(tmp_path, command, "-", *rest, given=text("a", "b", "c"))
    assert (code, err) == (0, "")
    del made[tmp_path / "models.json"]
    changed = [path.name for path, content in made.items() if path.read_bytes() != content]
    assert (
        sorted(changed)
        == {"build": ["model_registry.py", "model_registry.pyi"], "docs": ["M.md"], "schema": []}[command]
    )


def test_it_is_not_watched(tmp_path: Path) -> None:
    message = golden("hypiler: `--watch` looks for changes of files: leave out `-`, which is standard input\n")
    assert run(tmp_path, "build", "-", "--out", "out", "--watch") == (2, "", message)
