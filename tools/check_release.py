"""Compares the tag of a release with the version in pyproject.toml, in the package and in the changelog.

    python tools/check_release.py v1.2.0

Exit code 0 if all are the same version, 1 otherwise.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def versions(root: Path) -> dict[str, str | None]:
    """The version in each place; the newest one in the changelog, None if it only has unreleased changes."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    package = (root / "src/hypiler/__init__.py").read_text("utf-8")
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    return {
        "pyproject.toml": project["version"],
        "src/hypiler/__init__.py": _first(r'^__version__ = "(.*)"$', package),
        "CHANGELOG.md": _first(r"^## \[?(\d[^\] ]*)", changelog),
    }


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else None


def main(tag: str, root: Path = ROOT) -> int:
    """Print each place whose version is another one than the tag's."""
    found = versions(root)
    wrong = {place: version for place, version in found.items() if tag != f"v{version}"}
    for place, version in wrong.items():
        print(f"{place}: the version must be that of the tag {tag}; found {version}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/check_release.py TAG")
    sys.exit(main(sys.argv[1]))
