"""The site: its navigation is complete, pages become what Zensical understands, and faults of built pages are found.

`tools/build_site.py` itself needs the extra `docs`. CI runs it.
"""

import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


site = tool("build_site")
site_text = tool("site_text").site_text


def test_every_page_is_in_the_navigation_once() -> None:
    """A new page needs a line in `nav` of zensical.toml. The pages of models are reached from MODELS.md and HOSTED.md."""
    wanted = [page for page in site.pages(ROOT) if not page.startswith("MODELS-pages/")]
    assert sorted(site.page_paths(ROOT)) == sorted([*wanted, site.CATALOGUE])


def test_first_page_is_the_readme_and_a_folder_begins_with_its_own() -> None:
    paths = site.page_paths(ROOT)
    assert paths[0] == "README.md"
    codes = [path for path in paths if path.startswith("docs/diagnostics/")]
    assert codes[:2] == ["docs/diagnostics/README.md", "docs/diagnostics/M001.md"]


def test_pictures_are_copied_however_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "zensical.toml").write_text('[project]\nnav = ["README.md"]\n', "utf-8")
    for name in ("a.png", "b.png", "c.png", "d.png"):
        (tmp_path / name).touch()
    text = '![A](a.png)\n<img src="b.png" alt="B">\n<source srcset="c.png">\n```text\n![D](d.png)\n```\n'
    (tmp_path / "README.md").write_text(text, "utf-8")
    site.stage(tmp_path, tmp_path / "out")
    assert [path.name for path in sorted((tmp_path / "out/pages").glob("*.png"))] == ["a.png", "b.png", "c.png"]


def test_pages_of_a_folder_stand_as_its_readme_lists_them(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "zensical.toml").write_text('[project]\nnav = [{ "Docs" = "docs/" }, "docs/named.md"]\n', "utf-8")
    for name in ("a", "b", "c", "named", "z"):
        (tmp_path / f"docs/{name}.md").touch()
    (tmp_path / "docs/README.md").write_text("[Z](z.md), [B](b.md)\n", "utf-8")
    names = [Path(path).stem for path in site.page_paths(tmp_path)]
    assert names == ["README", "z", "b", "a", "c", "named"]


def test_theme_loads_nothing_from_other_hosts() -> None:
    assert CONFIG["theme"]["font"] is False
    assert [one["path"] for one in CONFIG["extra"]["polyfills"]] == ["assets/vendor/iframe-worker.js"]
    assert (ROOT / "tools/site/vendor/iframe-worker.js").is_file()


def test_vendored_script_is_the_one_in_its_list() -> None:
    vendored = tool("check_vendored")
    assert vendored.unlisted(vendored.libraries(vendored.SITE_VENDOR), vendored.SITE_VENDOR) == []


def test_everything_that_pages_link_to_is_copied(tmp_path: Path) -> None:
    site.stage(ROOT, tmp_path, "https://example.org/docs/")
    config = json.loads((tmp_path / "mkdocs.yml").read_text("utf-8"))
    assert config["nav"] == site.navigation(ROOT)
    assert config["site_url"] == "https://example.org/docs/"
    assert (tmp_path / "pages/examples/registry_as_a_library.py").is_file()
    assert (tmp_path / "pages/assets/style.css").is_file()
    for page in site.pages(ROOT):
        assert (tmp_path / "pages" / page).is_file()


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("```json models.json\n{}\n```\n", '```json title="models.json"\n{}\n```\n'),
        ("```py store\nx = 1\n```\n", "```py\nx = 1\n```\n"),
        ("```text\n```json inner.json\n```\n", "```text\n```json inner.json\n```\n"),
        ("```console\n$ hypiler list\n# a line\n```\n", "```text\n$ hypiler list\n# a line\n```\n"),
        ("```console\n$ hypiler list\n```\n", "```console\n$ hypiler list\n```\n"),
        ("1. Run:\n\n   ```sh\n   ls\n   ```\n2. See.\n", "1. Run:\n\n    ```sh\n    ls\n    ```\n\n2. See.\n"),
        ("1. Run.\n\n   It ends.\n2. See.\n", "1. Run.\n\n    It ends.\n\n2. See.\n"),
        ("- a\n  goes on\n  - b\n\ntext\n", "- a\n    goes on\n    - b\n\ntext\n"),
        ("- a\n\n  - b\n\n    of b\n\n  of a\n", "- a\n\n    - b\n\n        of b\n\n    of a\n"),
        ("    indented code\n", "    indented code\n"),
    ],
)
def test_page_becomes_what_zensical_understands(page: str, shown: str) -> None:
    assert site_text(page) == shown


def built(folder: Path, **pages: str) -> list[str]:
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return list(site.faults(folder))


def test_dead_links_and_dead_anchors_are_faults(tmp_path: Path) -> None:
    text = '<a href="b.html#there">1</a> <a href="b.html#gone">2</a> <a href="c.html">3</a> <a href="#top">4</a>'
    assert built(tmp_path, a=text, b='<h2 id="there">There</h2>') == [
        "a.html: #top: no such heading",
        "a.html: b.html#gone: no such heading",
        "a.html: c.html: no such file",
    ]


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://cdn.example/x.js">',
        '<link rel="preconnect" href="https://cdn.example/x.js">',
        '<img src="https://cdn.example/x.js">',
        '<object data="https://cdn.example/x.js"></object>',
    ],
)
def test_what_comes_from_another_host_is_a_fault(tmp_path: Path, element: str) -> None:
    assert built(tmp_path, a=element) == ["a.html: loads https://cdn.example/x.js"]


def test_links_to_other_hosts_are_none(tmp_path: Path) -> None:
    text = '<a href="https://example.org/#x">1</a><a href="mailto:a@b.example">2</a><link rel="canonical" href="https://x.example">'
    assert built(tmp_path, a=text) == []


def test_links_from_the_root_are_within_the_published_site(tmp_path: Path) -> None:
    (tmp_path / "404.html").write_text(
        '<a href="/docs/">1</a><a href="/docs/b.html">2</a><a href="/b.html">3</a>', "utf-8"
    )
    (tmp_path / "index.html").touch()
    assert list(site.faults(tmp_path, "https://example.org/docs/")) == [
        "404.html: /b.html: no such file",
        "404.html: /docs/b.html: no such file",
    ]


def test_what_a_style_loads_from_another_host_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@import '//fonts.example/f.css'; p { background: url(data:image/png;base64,AA) }")
    assert list(site.faults(tmp_path)) == ["a.css: loads //fonts.example/f.css"]


def test_page_with_other_parts_than_on_github_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# A\n\n- b\n- c\n", "utf-8")
    (tmp_path / "other.md").write_text("# D\n", "utf-8")
    article = "<ul><li>menu</li></ul><article><h1>A</h1><ul><li>b</li></ul></article><ul><li>menu</li></ul>"
    (tmp_path / "index.html").write_text(article, "utf-8")
    (tmp_path / "other.html").write_text("<article><h1>D</h1></article>", "utf-8")
    assert list(site.differences(tmp_path, tmp_path)) == ["README.md: 1 of <li>, and 2 on GitHub"]


def test_folder_with_files_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").touch()
    assert site.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} is not empty\n"
