"""What the package index shows of this package, and what its extras install."""

import json
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from email import message_from_string
from email.message import Message
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def _index_readme() -> Callable[[str, str | None, str], str]:
    spec = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str, str | None, str], str] = module.index_readme
    return found


index_readme = _index_readme()


def targets(text: str) -> list[str]:
    """Where the links and images of a page lead."""
    tokens = [child for token in MarkdownIt().enable("table").parse(text) for child in token.children or ()]
    return [str(token.attrs[name]) for token in tokens for name in ("href", "src") if name in token.attrs]


def words(text: str) -> list[str]:
    """The visible words of a page, in order, without code."""
    tokens = [child for token in MarkdownIt().enable("table").parse(text) for child in token.children or ()]
    return re.findall(r"\w+", " ".join([token.content for token in tokens if token.type == "text"]))


@pytest.fixture(scope="module")
def metadata(distributions: Path) -> Message:
    """The metadata of the wheel, which was built from the sdist."""
    (path,) = distributions.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_string(archive.read(name).decode())


def description(metadata: Message) -> str:
    return str(metadata.get_payload())


def test_no_link_on_the_index_leads_nowhere(metadata: Message) -> None:
    """No repository has been published, so no link to its files can work."""
    assert "Source" not in PROJECT.get("urls", {})
    assert [target for target in targets(description(metadata)) if not target.startswith("https://")] == []
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_every_linked_file_is_named_and_is_in_the_sdist(metadata: Message, distributions: Path) -> None:
    linked = {target.partition("#")[0] for target in targets(README) if not target.startswith("https://")}
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert linked
    assert linked <= names
    # A picture is left out where it cannot be shown.
    named = [name for name in linked if not name.endswith(".png")]
    assert [name for name in named if f"`{name}`" not in description(metadata)] == []


def test_sdist_shows_the_same_as_the_wheel(metadata: Message, distributions: Path) -> None:
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        (member,) = [
            member for member in archive.getmembers() if member.name.count("/") == 1 and "PKG-INFO" in member.name
        ]
        file = archive.extractfile(member)
        assert file is not None
        assert message_from_string(file.read().decode()).as_string() == metadata.as_string()


def test_text_of_the_readme_stays(metadata: Message) -> None:
    without = index_readme(README, None, "1.0")
    assert description(metadata).rstrip("\n") == without.rstrip("\n")
    shown = words(without)
    assert [word for word in words(README) if word not in shown and word not in ("HOSTED", "MODELS", "md")] == []
    fences = re.findall(r"^```.*?^```", README, re.DOTALL | re.MULTILINE)
    assert re.findall(r"^```.*?^```", without, re.DOTALL | re.MULTILINE) == fences


def test_links_lead_to_the_tag_of_the_version_if_the_repository_has_an_address() -> None:
    text = index_readme(README, "https://code.example/org/hypiler/", "1.2.0")
    base = r"https://code\.example/org/hypiler/(?:blob|raw)/v1\.2\.0/"
    found = [target for target in targets(text) if re.match(base, target)]
    assert [re.sub(base, "", target) for target in found] == [
        target for target in targets(README) if not target.startswith("https://")
    ]
    # A page of the repository cannot be shown as an image: the index needs the bytes of the file.
    assert [target for target in found if ("/raw/" in target) != target.endswith(".png")] == []
    assert words(text) == words(README)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](b.md) and [c](d.md#e)", "a (`b.md`) and c (`d.md`)"),
        ("[b.md](b.md)", "`b.md`"),
        ("[a](https://example.org/b.md)", "[a](https://example.org/b.md)"),
        ("```text\n[a](b.md)\n```\n[a](b.md)", "```text\n[a](b.md)\n```\na (`b.md`)"),
        ("[two\nlines](b.md)", "two\nlines (`b.md`)"),
        ("a\n\n![b](c.png)\n\nd", "a\n\n\n\nd"),
    ],
)
def test_links_without_an_address_become_paths(text: str, shown: str) -> None:
    assert index_readme(text, None, "1.0").startswith(shown)


def test_only_sparse_vectors_install_scipy(metadata: Message) -> None:
    """Extras name each other, so what each one installs is in the metadata in full."""
    needs = [str(need) for need in metadata.get_all("Requires-Dist") or ()]
    extras = {need.partition("extra == ")[2].strip("'\"") for need in needs if need.startswith("scipy")}
    assert {extra for extra in extras if not extra.startswith("test-")} == {"sparse", "test"}


def test_classifiers_name_the_pythons_that_the_package_accepts(metadata: Message) -> None:
    pythons = [str(one).rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or () if ":: 3." in str(one)]
    assert pythons == ["3.11", "3.12", "3.13", "3.14"]
    assert metadata["Requires-Python"] == f">={pythons[0]}"


def test_the_licences_of_the_package_and_of_what_it_carries_are_named_and_packed(
    metadata: Message, distributions: Path
) -> None:
    vendor = "src/hypiler/catalogue/assets/vendor"
    carried = json.loads((ROOT / vendor / "vendored.json").read_text("utf-8"))
    licences = ["Apache-2.0", *sorted({one["licence"] for one in carried})]
    assert metadata["License-Expression"] == " AND ".join(licences)
    packed = [str(name) for name in metadata.get_all("License-File") or ()]
    assert packed == ["LICENSE", *sorted(f"{vendor}/{path.name}" for path in (ROOT / vendor).glob("LICENSE-*"))]
    assert len(packed) == 1 + len(carried)
    (path,) = distributions.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert {one.partition("/licenses/")[2] for one in names if "/licenses/" in one} == {*packed}
    assets = ROOT / "src/hypiler/catalogue/assets"
    files = {f"hypiler/catalogue/assets/{one.relative_to(assets).as_posix()}" for one in assets.rglob("*.*")}
    assert files <= {*names}
