"""Builds the documentation as a website, and checks the pages that come out.

    python -m pip install -e '.[docs]' && python tools/build_site.py FOLDER [URL]

URL is the address at which the site will be published. Pages link to each other by relative paths, so only two files
need the address: the page for addresses that do not exist, and the list of pages for search engines.

The site has the pages of the repository at the paths that they have there, so every link that works in the repository
works on the site. It has one page more: `catalogue.html`, which `hypiler docs --html --shipped` writes.

Zensical reads Markdown a little differently than GitHub does. So the tool builds from a copy of the pages, in which
file names after the language of a code block become titles, words there that only the tests read are left out, and what
belongs to an item of a list is indented by four blanks.

Zensical refuses a link to a page or a heading that does not exist. The finished pages are checked again, as HTML: each
link must lead to a file of the site and to an element in it, no page may load anything from another host, and a page
must have as many headings, items of lists, code blocks and rows of tables as GitHub would show.

Exit code 0 if the site is in FOLDER, 1 otherwise. No network is used.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

from site_text import FENCED, site_text

ROOT = Path(__file__).parents[1]
CATALOGUE = "catalogue.html"
"""The page of the site that is no Markdown."""
_ASSETS = ROOT / "tools/site"
_PAGES = ("*.md", "docs/**/*.md", "MODELS-pages/*.md")
# Links and pictures in Markdown, and pictures in HTML.
_LINK = re.compile(r"(?:(?<!\\)\]\(<?|\bsrc(?:set)?=\")(?!https?://)([^)#>\s\"]+)")


def pages(root: Path) -> list[str]:
    """The paths of all pages of the site."""
    found = {path for pattern in _PAGES for path in root.glob(pattern)}
    return sorted([path.relative_to(root).as_posix() for path in found])


def navigation(root: Path) -> list[Any]:
    """The navigation of the site: `nav` of zensical.toml with the pages of each folder instead of its name."""
    nav: list[Any] = tomllib.loads((root / "zensical.toml").read_text("utf-8"))["project"]["nav"]
    return _expanded(root, nav, set(_paths(nav)))


def _paths(part: Any) -> Iterator[str]:
    """The paths of a part of the navigation, which is a path, a list, or a table from titles to parts."""
    if isinstance(part, str):
        yield part
    else:
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _paths(inner)


def _expanded(root: Path, part: Any, named: set[str]) -> Any:
    """The part with the pages of its folders, except those that have a place of their own."""
    if isinstance(part, dict):
        return {title: _expanded(root, inner, named) for title, inner in part.items()}
    if isinstance(part, list):
        return [_expanded(root, inner, named) for inner in part]
    if not part.endswith("/"):
        return part
    found = {path.relative_to(root).as_posix() for path in (root / part).glob("*.md")} - named
    return sorted(found, key=partial(_place, root / part))


def _place(folder: Path, page: str) -> tuple[int, str]:
    """Where a page stands in the list of its folder: as its README links to the pages, the others by name."""
    name = page.rpartition("/")[2]
    readme = folder / "README.md"
    text = readme.read_text("utf-8") if readme.exists() else ""
    found = -1 if name == "README.md" else text.find(f"]({name})")
    return (found if found >= 0 or name == "README.md" else len(text), page.removesuffix(".md"))


def page_paths(root: Path) -> list[str]:
    """The paths in the navigation, in its order."""
    return list(_paths(navigation(root)))


def stage(root: Path, folder: Path, url: str = "") -> None:
    """Write what Zensical builds from: the pages, the files that they link to, and the configuration."""
    for name in pages(root):
        text = (root / name).read_text("utf-8")
        target = folder / "pages" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # The first page has no neighbours to list at its side.
        head = "---\nhide: [navigation]\n---\n" if name == "README.md" else ""
        target.write_text(head + site_text(text), "utf-8", newline="")
        for path in _linked_files(root, name, text):
            copy = folder / "pages" / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    shutil.copytree(_ASSETS, folder / "pages/assets")
    project = tomllib.loads((root / "zensical.toml").read_text("utf-8"))["project"]
    # JSON is YAML, and the library writes no TOML.
    (folder / "mkdocs.yml").write_text(json.dumps(project | {"nav": navigation(root), "site_url": url}), "utf-8")


def write_catalogue(path: Path) -> None:
    """Write the page on which the models of both shipped registries are searched, plotted and compared."""
    command = [sys.executable, "-m", "hypiler", "docs", "--html", "--shipped", "--quiet", "--out", str(path)]
    subprocess.run(command, check=True)


def _linked_files(root: Path, name: str, text: str) -> Iterator[Path]:
    """The files of the repository that a page links to and that are no pages, such as programs and pictures."""
    for target in _LINK.findall(FENCED.sub("", text)):
        path = (root / name).parent.joinpath(unquote(target)).resolve()
        if path.is_file() and path.suffix != ".md" and path.is_relative_to(root):
            yield path


class _Page(HTMLParser):
    """What a page defines and asks for.

    Attributes:
        anchors: The names that a link can end with, after `#`.
        links: The addresses that readers can follow.
        resources: The addresses that a browser loads with the page.
        parts: How many headings, items of lists, code blocks, rows and pictures the text has.
    """

    _PARTS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "li", "pre", "tr", "img"})

    _LOADED = frozenset({"script", "img", "iframe", "source", "video", "audio", "embed", "track", "input"})
    _NO_RESOURCE = frozenset({"canonical", "alternate", "next", "prev", "license", "author"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.resources: set[str] = set()
        self.parts: Counter[str] = Counter()
        self._in_text = "<article" not in text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses and names of one element."""
        values = {name: value for name, value in attrs if value}
        self.anchors.update([values[name] for name in ("id", "name") if name in values])
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        elif tag == "link" and "href" in values and values.get("rel") not in self._NO_RESOURCE:
            self.resources.add(values["href"])
        elif tag in self._LOADED and "src" in values:
            self.resources.add(values["src"])
        elif tag == "object" and "data" in values:
            self.resources.add(values["data"])
        self._in_text = self._in_text or tag == "article"
        if self._in_text and tag in self._PARTS:
            self.parts[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        """Note the end of the text: navigation stands beside it."""
        if tag == "article":
            self._in_text = False


_STYLE_RESOURCE = re.compile(r"(?:url\(|@import\s)\s*[\"']?([^\"')\s]+)")


def faults(site: Path, url: str = "") -> Iterator[str]:
    """What is wrong with the finished pages: links that lead nowhere, and requests to other hosts.

    `url` is the address of the site: a link that begins with its path is a link within the site.
    """
    base = urlsplit(url).path.rstrip("/") + "/"
    read = {path: _Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in read.items():
        name = path.relative_to(site).as_posix()
        for address in sorted(page.links | page.resources):
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            if why := _dead_end(site, path, address, base, read):
                yield f"{name}: {address}: {why}"
        yield from [f"{name}: loads {address}" for address in sorted(page.resources) if _leaves(address)]
    for path in sorted(site.rglob("*.css")):
        found = sorted(set(_STYLE_RESOURCE.findall(path.read_text("utf-8"))))
        yield from [f"{path.relative_to(site).as_posix()}: loads {address}" for address in found if _leaves(address)]


def differences(root: Path, site: Path) -> Iterator[str]:
    """The pages that do not have the parts that GitHub would show."""
    from markdown_it import MarkdownIt

    github = MarkdownIt("gfm-like")
    for name in pages(root):
        path = site / site_path(name)
        shown, wanted = (
            _Page(path.read_text("utf-8")).parts,
            _Page(github.render((root / name).read_text("utf-8"))).parts,
        )
        for part in sorted({*shown, *wanted}):
            if shown[part] != wanted[part]:
                yield f"{name}: {shown[part]} of <{part}>, and {wanted[part]} on GitHub"


def site_path(page: str) -> str:
    """The path of a page of the repository in the site."""
    return page.removesuffix("README.md") + "index.html" if page.endswith("README.md") else page[:-3] + ".html"


def _leaves(address: str) -> bool:
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https")


def _dead_end(site: Path, page: Path, address: str, base: str, read: dict[Path, _Page]) -> str | None:
    """Why a link within the site leads nowhere; None if it leads somewhere."""
    parts = urlsplit(address)
    place = unquote(parts.path)
    # Only the page for missing pages has links from the root: it is shown at any address.
    target = site / place.removeprefix(base) if place.startswith(base) else (page.parent / place).resolve()
    target = page if not place else target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return "no such file"
    anchor = unquote(parts.fragment)
    if anchor and target in read and anchor not in read[target].anchors:
        return "no such heading"
    return None


def build(root: Path, folder: Path, url: str = "") -> list[str]:
    """Build the site into an empty or missing folder; what is wrong with it.

    Raises:
        subprocess.CalledProcessError: Zensical refused a page, or a command failed. It has said why.
    """
    with TemporaryDirectory() as name:
        place = Path(name).resolve()
        stage(root, place, url)
        write_catalogue(place / "pages" / CATALOGUE)
        subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=place, check=True)
        shutil.copytree(place / "site", folder, dirs_exist_ok=True)
    return [*faults(folder.resolve(), url), *differences(root, folder)]


def main(arguments: list[str]) -> int:
    """Build the site and print its faults; the exit code."""
    if len(arguments) not in (1, 2) or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    folder = Path(arguments[0])
    if folder.is_dir() and any(folder.iterdir()):
        print(f"{folder} is not empty", file=sys.stderr)
        return 1
    try:
        wrong = build(ROOT, folder, *arguments[1:])
    except subprocess.CalledProcessError as error:
        return 1 if error.returncode else 0
    for line in wrong:
        print(line)
    print(f"{len(list(folder.rglob('*.html')))} pages, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
