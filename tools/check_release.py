"""Compares the tag of a release with the version in pyproject.toml, the package, the changelog and CITATION.cff.

    python tools/check_release.py v1.2.0
    python tools/check_release.py v1.2.0rc1

The version must be written as build tools normalize it, and no change may be listed as unreleased. Exit code 0 if all
this holds, 1 otherwise.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Releases and release candidates in the normal form of https://packaging.python.org/en/latest/specifications/version-specifiers/.
_NORMAL = re.compile(r"v(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(rc[1-9]\d*)?")
_UNRELEASED = re.compile(r"^## \[?Unreleased\]?\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)


def versions(root: Path) -> dict[str, str | None]:
    """The version in each place; the newest one in the changelog, None if it only has unreleased changes."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    package = (root / "src/hypiler/__init__.py").read_text("utf-8")
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    citation = (root / "CITATION.cff").read_text("utf-8")
    return {
        "pyproject.toml": project["version"],
        "src/hypiler/__init__.py": _first(r'^__version__ = "(.*)"$', package),
        "CHANGELOG.md": _first(r"^## \[?(\d[^\] ]*)", changelog),
        "CITATION.cff": _first(r"^version: (.*)$", citation),
    }


def unreleased(root: Path) -> str:
    """What CHANGELOG.md lists as unreleased; empty before a release."""
    found = _UNRELEASED.search((root / "CHANGELOG.md").read_text("utf-8"))
    return found[1].strip() if found else ""


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else None


def faults(tag: str, root: Path) -> list[str]:
    """One line for each reason why the tag cannot be released."""
    found = [] if _NORMAL.fullmatch(tag) else [f"{tag}: the tag must have a form such as v1.2.0 or v1.2.0rc1"]
    for place, version in versions(root).items():
        if tag != f"v{version}":
            found.append(f"{place}: the version must be that of the tag {tag}; found {version}")
    if unreleased(root):
        found.append('CHANGELOG.md: the changes under "Unreleased" must stand under the version that releases them')
    return found


def main(tag: str, root: Path = ROOT) -> int:
    """Print each reason why the tag cannot be released."""
    found = faults(tag, root)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/check_release.py TAG")
    sys.exit(main(sys.argv[1]))
