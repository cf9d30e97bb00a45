"""`python -m pytest --update-golden` rewrites what tests pin, and nothing else does."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

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


@dataclass
class Refresh:
    """What a plain run, one with the option, and a plain run again print; and what lies there after each."""

    outputs: list[str]
    files: list[dict[str, str]]
    folder: Path


def write_test(folder: Path, name: str, body: str) -> None:
    (folder / f"test_{name.replace(' ', '_')}.py").write_text(HEAD + dedent(body).lstrip(), "utf-8")


def run(folder: Path, *arguments: str) -> str:
    """What a run of the tests in a folder prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *arguments],
        cwd=folder.parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def refresh(tmp_path_factory: pytest.TempPathFactory) -> Refresh:
    """The tests of this module in a folder with the settings of this one."""
    folder = tmp_path_factory.mktemp("project") / "tests"
    folder.mkdir()
    shutil.copy(TESTS.parent / "pyproject.toml", folder.parent)
    for name in ("conftest.py", "console.py", "golden.py"):
        shutil.copy(TESTS / name, folder)
    for name, (before, _) in CASES.items():
        write_test(folder, name, before)
    for name, body in {"conflict": CONFLICT, "unwritten": UNWRITTEN, "files": FILES}.items():
        write_test(folder, name, body)
    (folder / "page.md").write_text(PAGE.format("none"), "utf-8")
    result = Refresh([], [], folder)
    for arguments in ([], ["--update-golden"], ["-n", "0"]):
        result.outputs.append(run(folder, *arguments))
        result.files.append({path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()})
    return result


def test_nothing_is_rewritten_without_the_option_and_all_fail(refresh: Refresh) -> None:
    plain, files = refresh.outputs[0], refresh.files[0]
    failed = set(re.findall(r"^FAILED tests/(\w+\.py)", plain, re.MULTILINE))
    assert failed == {name for name in files if name.startswith("test_")}
    assert {name: files[f"test_{name.replace(' ', '_')}.py"] for name in CASES} == {
        name: HEAD + dedent(before).lstrip() for name, (before, _) in CASES.items()
    }
    assert (files["page.md"], "pinned.text" in files) == (PAGE.format("none"), False)


@pytest.mark.parametrize("case", CASES)
def test_pinned_text_is_what_was_found(refresh: Refresh, case: str) -> None:
    file = f"test_{case.replace(' ', '_')}.py"
    assert refresh.files[1][file] == HEAD + dedent(CASES[case][1]).lstrip()
    assert f"rewritten: {refresh.folder / file}\n" in refresh.outputs[1]
    assert f"PASSED tests/{file}::test_it" in refresh.outputs[2]
    assert f"FAILED tests/{file}::test_it" not in refresh.outputs[2]


def test_pinned_files_and_pages_are_what_was_found(refresh: Refresh) -> None:
    assert refresh.files[1]["pinned.text"] == "what is found\n"
    assert refresh.files[1]["page.md"] == PAGE.format("one\ntwo")
    assert "PASSED tests/test_files.py::test_it" in refresh.outputs[2]


def test_cases_that_need_different_sentences_are_left_and_named(refresh: Refresh) -> None:
    place = f"{refresh.folder / 'test_conflict.py'}:7"
    assert f"{place}: not rewritten: its test cases need different sentences\n" in refresh.outputs[1]
    assert refresh.files[1]["test_conflict.py"] == refresh.files[0]["test_conflict.py"]


def test_text_that_is_not_written_yet_fails(refresh: Refresh) -> None:
    assert "AssertionError: this text is not written yet; run pytest with --update-golden" in refresh.outputs[0]
    assert 'assert "" == golden("")' in refresh.files[1]["test_unwritten.py"]
