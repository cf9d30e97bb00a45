"""Builds this package: with its own build hook, which is not installed yet, and with a README for the package index."""

import os
import re
import sys
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))

from hypiler.project.hooks.hatch import RegistryBuildHook

__all__ = ["ReadmeHook", "RegistryBuildHook", "index_readme"]

# A fenced block, which is kept as it is, or a link to a file of this repository, or an image in it: the sign of an
# image, the text, the path, the heading.
_FENCE_OR_LINK = re.compile(
    r"^```.*?^```|(!?)\[([^\[\]]+)\]\((?!https?://)([^()\s#]+)(#[^()\s]*)?\)", re.DOTALL | re.MULTILINE
)
_WITHOUT_LINKS = "\nThe files whose paths are in parentheses are in the source distribution of this package.\n"


class ReadmeHook(MetadataHookInterface):
    """The metadata hook: gives the package the text of README.md with links that work outside the repository."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme` of the table `project`."""
        with open(os.path.join(self.root, "README.md"), encoding="utf-8") as file:
            text = file.read()
        text = index_readme(text, metadata.get("urls", {}).get("Source"), metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def index_readme(text: str, repository: str | None, version: str) -> str:
    """The README as the package index shows it.

    Links to files of the repository become links to the files at the tag of this version. If the repository has no
    public address, a link becomes the path of its file, because it would lead nowhere, and an image is left out.
    """

    def shown(match: re.Match[str]) -> str:
        image, label, path, heading = match.groups()
        if path is None:
            return match[0]
        if repository is not None:
            kind = "raw" if image else "blob"
            return f"{image}[{label}]({repository.rstrip('/')}/{kind}/v{version}/{path}{heading or ''})"
        if image:
            return ""
        return f"`{path}`" if label == path else f"{label} (`{path}`)"

    return _FENCE_OR_LINK.sub(shown, text) + ("" if repository else _WITHOUT_LINKS)
