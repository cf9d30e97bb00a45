"""`python -m pytest --update-golden` rewrites what tests pin, and nothing else does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from slow import slow

TESTS = Path(__file__).parent
HEAD = "import pytest\nfrom golden import golden\n\n\n"
# A test before and after a refresh.
CASES = {
    "messages": (
        """
        def test_it():
            assert "one and \\x1b[1m 'two'" == golden("one and two")
            assert ("M101", 'say "it"') == ("M101", golden("say it"))
            assert ["a\\nb\\n"] == [golden()]
        """,
        """
        def test_it():
            assert "one and \\x1b[1m 'two'" == golden("one and \\x1b[1m 'two'")
            assert ("M101", 'say "it"') == ("M101", golden('say "it"'))
            assert ["a\\nb\\n"] == [golden("a\\nb\\n")]
        """,
    ),
    "rows of a table": (
        """
        @pytest.mark.parametrize(("count", "told"), [(1, golden("1 of two")), (2, golden("2 of 2"))])
        def test_it(count, told):
            assert f"{count} of 2" == told
        """,
        """
        @pytest.mark.parametrize(("count", "told"), [(1, golden("1 of 2")), (2, golden("2 of 2"))])
        def test_it(count, told):
            assert f"{count} of 2" == told
        """,
    ),
    "placeholders": (
        """
        @pytest.mark.parametrize("word", ["a", "path"])
        def test_it(tmp_path, word):
            options = {"n": 12}
            found = f"{{{tmp_path / 'x'}}} holds a word of 12 letters: '{word}', not {word!r:>9}"
            told = golden(f"path {tmp_path / 'x'} with {word} and {word!r:>9}, of {options['n']}")
            assert found == told
        """,
        """
        @pytest.mark.parametrize("word", ["a", "path"])
        def test_it(tmp_path, word):
            options = {"n": 12}
            found = f"{{{tmp_path / 'x'}}} holds a word of 12 letters: '{word}', not {word!r:>9}"
            told = golden(f"{{{tmp_path / 'x'}}} holds a word of {options['n']} letters: '{word}', not {word!r:>9}")
            assert found == told
        """,
    ),
    "a sentence within a sentence": (
        """
        @pytest.mark.parametrize("told", [golden("no key"), golden("a gap")])
        def test_it(told):
            assert f"cannot be read: {told.replace('no', 'one')}" == golden(f"cannot be read: {told}")
        """,
        """
        @pytest.mark.parametrize("told", [golden("one key"), golden("a gap")])
        def test_it(told):
            assert f"cannot be read: {told.replace('no', 'one')}" == golden(f"cannot be read: {told}")
        """,
    ),
    "a sentence around a sentence": (
        """
        @pytest.mark.parametrize("told", [golden("no key"), golden("a gap")])
        def test_it(told):
            assert f"is not read: {told}" == golden("cannot be read: " + told)
        """,
        """
        @pytest.mark.parametrize("told", [golden("no key"), golden("a gap")])
        def test_it(told):
            assert f"is not read: {told}" == golden(f"is not read: {told}")
        """,
    ),
    "both": (
        """
        @pytest.mark.parametrize(("found", "told"), [("a key", golden("no key")), ("a gap", golden("a gap"))])
        def test_it(found, told):
            assert f"is not read: {found}" == golden(f"cannot be read: {told}")
        """,
        """
        @pytest.mark.parametrize(("found", "told"), [("a key", golden("a key")), ("a gap", golden("a gap"))])
        def test_it(found, told):
            assert f"is not read: {found}" == golden(f"is not read: {told}")
        """,
    ),
    "long texts": (
        """
        def test_it():
            assert "word " * 40 + "\\nend\\n" == golden("word")
            assert "one\\n  two {2}\\n" * 2 == golden(\"\"\"\\
        one\"\"\")
        """,
        f"""
        def test_it():
            assert "word " * 40 + "\\nend\\n" == golden(
                "word{" word" * 21}"
                "{" word" * 18} \\n"
                "end\\n"
            )
            assert "one\\n  two {{2}}\\n" * 2 == golden(\"\"\"\\
        one
          two {{2}}
        one
          two {{2}}
        \"\"\")
        """,
    ),
}
CONFLICT = """
        def test_it():
            for word in ["one", "two"]:
                assert word == golden("none")
        """
UNWRITTEN = """
        def test_it():
            assert "" == golden()
        """
FILES = """
        def test_it(tmp_path):
            from golden import golden_file
            from console import run_page
            from pathlib import Path

            folder = Path(__file__).parent
            assert "what is found\\n" == golden_file(folder / "pinned.text")
            assert run_page(folder / "page.md", tmp_path) == 2
        """
PAGE = "# Page\n\n```console\n$ echo one; echo two\n{}\n$ echo three\n...\n```\n"


def write_test(folder: Path, name: str, body: str) -> None:
    (folder / file_of(name)).write_text(HEAD + dedent(body).lstrip(), "utf-8")


def file_of(name: str) -> str:
    return f"test_{name.replace(' ', '_')}.py"


def run(folder: Path, *arguments: str) -> tuple[str, dict[str, str]]:
    """What a run of the tests in a folder prints, and what lies there afterwards. One test fails in each of them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *arguments],
        cwd=folder.parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout, {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}


def outcomes(output: str, outcome: str) -> set[str]:
    return set(re.findall(rf"^{outcome} tests/(\w+\.py)", output, re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tests of this module, in a folder with the settings of the one that this module lies in."""
    folder = tmp_path / "tests"
    folder.mkdir()
    shutil.copy(TESTS.parent / "pyproject.toml", tmp_path)
    for name in ("conftest.py", "console.py", "golden.py", "slow.py", "systems.py"):
        shutil.copy(TESTS / name, folder)
    for name, (before, _) in CASES.items():
        write_test(folder, name, before)
    for name, body in {"conflict": CONFLICT, "unwritten": UNWRITTEN, "files": FILES}.items():
        write_test(folder, name, body)
    (folder / "page.md").write_text(PAGE.format("none"), "utf-8")
    return folder


@slow
def test_option_rewrites_what_is_pinned_and_nothing_else_does(folder: Path) -> None:
    """One test, since each run starts several interpreters."""
    before = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    tests = {name for name in before if name.startswith("test_")}

    output, plain = run(folder, "-n", "1")
    assert plain == before
    assert outcomes(output, "FAILED") == tests
    assert "AssertionError: this text is not written yet; run pytest with --update-golden" in output

    output, updated = run(folder, "--update-golden")
    assert {name: updated[file_of(name)] for name in CASES} == {
        name: HEAD + dedent(after).lstrip() for name, (_, after) in CASES.items()
    }
    assert 'assert "" == golden("")' in updated["test_unwritten.py"]
    assert (updated["pinned.text"], updated["page.md"]) == ("what is found\n", PAGE.format("one\ntwo"))
    assert updated["test_conflict.py"] == before["test_conflict.py"]
    conflict = f"{folder / 'test_conflict.py'}:7: not rewritten: its test cases need different sentences\n"
    assert conflict in output
    changed = {name for name in updated if updated[name] != before.get(name)}
    assert set(re.findall(r"^rewritten: (.*)", output, re.MULTILINE)) == {str(folder / name) for name in changed}

    output, again = run(folder, "-n", "0")
    assert again == updated
    assert outcomes(output, "FAILED") == {"test_conflict.py"}
    assert outcomes(output, "PASSED") == tests - {"test_conflict.py"}
