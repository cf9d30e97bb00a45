"""Line ends do not count: git for Windows changes them in every checkout (core.autocrlf)."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hypiler.emit.header import MARKUP, read_header, with_header
from hypiler.project.output import same_text, with_ends_of, write_outputs
from hypiler.verification.lockfile import write_lock

Hypiler = Callable[..., tuple[int, str, str]]
OPTIONS = """\
[tool.hypiler]
sources = ["models.json", "more.json"]
output = "app/registry.py"
targets = ["docs", "schema"]
"""


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.email=a@b", "-c", "user.name=t", "-c", "core.safecrlf=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def crlf_checkout(project: Path, hypiler: Hypiler, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with `core.autocrlf` of a repository with two sources, a lock and every target; the current folder."""
    text = (project / "models.json").read_text()
    (project / "more.json").write_text(text.replace("small-encoder", "other-encoder"))
    (project / "models.lock.json").write_text(write_lock({}))
    (project / "pyproject.toml").write_text(OPTIONS)
    assert hypiler("build", "-q") == (0, "", "")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "all")
    clone = project / "clone"
    git(project, "clone", "-q", "-c", "core.autocrlf=true", ".", "clone")
    monkeypatch.chdir(clone)
    return clone


def test_checkout_with_crlf_is_up_to_date_and_no_command_rewrites_it(crlf_checkout: Path, hypiler: Hypiler) -> None:
    files = [path for path in crlf_checkout.rglob("*") if path.is_file() and ".git" not in path.parts]
    before = {path: path.read_bytes() for path in files}
    assert {path.name for path in files} >= {"models.json", "registry.py", "MODELS.md", "hypiler.manifest.json"}
    assert all(b"\r\n" in data for data in before.values())
    for command in ("build", "docs", "schema"):
        code, out, err = hypiler(command, "--check")
        assert (code, err) == (0, "")
        assert ": 2 models, up to date\n" in out
        code, out, err = hypiler(command)
        assert (code, err) == (0, "")
        assert "written" not in out
        assert hypiler(command, "--diff")[:1] == (0,)
    assert {path: path.read_bytes() for path in files} == before
    assert git(crlf_checkout, "status", "--short") == ""


def test_change_in_a_checkout_with_crlf_shows_as_this_change_alone(crlf_checkout: Path, hypiler: Hypiler) -> None:
    source = crlf_checkout / "more.json"
    source.write_bytes(source.read_bytes().replace(b'_dim": 384', b'_dim": 512'))
    code, _, err = hypiler("build", "--check")
    assert code == 1
    assert "`app/registry.py` is stale" in err
    assert "; the first model that differs is `other-encoder`" in err
    assert hypiler("build", "-q") == (0, "", "")
    assert hypiler("build", "--check")[0] == 0
    changed = {line[3:] for line in git(crlf_checkout, "status", "--short").splitlines()}
    assert changed == {"more.json", "app/registry.py", "app/registry.pyi", "MODELS.md"}
    removed = [line for line in git(crlf_checkout, "diff", "app/registry.py").splitlines() if line[:1] == "-"]
    assert 1 < len(removed) < 10


def test_edited_output_of_a_checkout_with_crlf_is_still_told(crlf_checkout: Path, hypiler: Hypiler) -> None:
    module = crlf_checkout / "app/registry.py"
    module.write_bytes(module.read_bytes().replace(b"|384|", b"|385|", 1))
    code, _, err = hypiler("build", "--check")
    assert code == 1
    assert err.startswith("error[M508]: `app/registry.py` was edited after it was generated\n")


def test_output_that_differs_in_line_ends_alone_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    text = with_header("a\nb\n", "0" * 64, MARKUP)
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert write_outputs({str(path): text}, sources=[]) == []
    path.write_bytes(text.replace("\n", "\r").encode())
    assert write_outputs({str(path): text}, sources=[]) == [str(path)]


def test_digest_of_a_content_that_holds_crlf_is_that_of_its_checkout() -> None:
    text = with_header("a\r\nb\n", "0" * 64)
    for checkout in (text, text.replace("\r\n", "\n")):
        header = read_header(checkout)
        assert header is not None
        assert not header.edited


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (b"a\r\nb\n", b"a\nb\n", True),
        (b"a\nb\n", b"a\r\nb\n", True),
        (b"a\rb\n", b"a\nb\n", False),
        (b"a\r\r\n", b"a\n", False),
        (b"", b"\n", False),
        (None, b"", False),
    ],
)
def test_only_the_line_ends_of_a_checkout_are_equal(found: bytes | None, wanted: bytes, same: bool) -> None:
    assert same_text(found, wanted) is same


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        (b"1\r\n2\r\n", b"a\r\nb\r\n"),
        (b"1\r\n2\r\n3\n", b"a\r\nb\r\n"),
        (b"1\n2\n", b"a\nb\n"),
        (b"1\r\n2\n", b"a\nb\n"),
        (b"1\r2\r", b"a\nb\n"),
        (b"", b"a\nb\n"),
    ],
)
def test_new_text_of_a_file_gets_the_line_ends_of_most_lines(old: bytes, expected: bytes) -> None:
    assert with_ends_of(old, "a\nb\n") == expected
