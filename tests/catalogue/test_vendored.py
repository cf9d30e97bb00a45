"""The library in the page: what is listed is there and unchanged, and a change would be found."""

import importlib.util
import io
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("check_vendored", ROOT / "tools" / "check_vendored.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_vendored_file_is_listed_with_its_sum(tool: Any) -> None:
    listed = tool.libraries()
    assert tool.unlisted(listed) == []
    assert {library["licence"] for library in listed} == {"MIT"}
    for library in listed:
        assert any(file["npm_file"].startswith("LICENSE") for file in library["files"])


def test_a_changed_an_added_and_a_missing_file_are_found(tool: Any, tmp_path: Path) -> None:
    folder = tmp_path / "vendor"
    shutil.copytree(tool.VENDOR, folder)
    (folder / "uFuzzy.iife.min.js").write_bytes(b"var uFuzzy;")
    (folder / "other.js").write_bytes(b"")
    (folder / "LICENSE-uFuzzy").unlink()
    assert tool.unlisted(tool.libraries(), folder) == [
        "other.js: not in vendored.json",
        "LICENSE-uFuzzy: missing",
        "uFuzzy.iife.min.js: its SHA-256 is not the one in vendored.json",
    ]


def test_files_are_compared_with_the_published_archive(tool: Any, tmp_path: Path) -> None:
    [library] = tool.libraries()
    archive = tmp_path / "library.tgz"
    with tarfile.open(archive, "w:gz") as made:
        for file in library["files"]:
            content = (tool.VENDOR / file["file"]).read_bytes() + b"\n" * (file["npm_file"] == "LICENSE")
            member = tarfile.TarInfo(f"package/{file['npm_file']}")
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    assert tool.differing(library, archive) == ["LICENSE-uFuzzy: not LICENSE of @leeoniya/ufuzzy 1.0.19"]
    assert tool.published(archive, "package.json") is None
