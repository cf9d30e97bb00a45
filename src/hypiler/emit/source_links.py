"""Where a fact was read, as text and as the address of a link."""

import re

from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# What an address keeps as it is. Everything else is percent-encoded, so that it ends no link, cell or attribute.
_ADDRESS = "/:?#@!$&*+,;=~%"
_LINES = re.compile(r"#L[0-9]+(?:-L[0-9]+)?$").search
_OWN = ("huggingface_id", "base_model", "tokenizer_model")


class ShownSource:
    """A source as people read it. All of it is printable; an empty one is false.

    Attributes:
        place: What to read: a text, or the repository with path and commit, or the address.
        rest: What follows the place: the quote, and whether the place is a copy.
        address: The address of the place, which begins with `https://` or `http://`; empty if there is none.
    """

    __slots__ = ("address", "place", "rest")

    def __init__(self, place: str = "", rest: str = "", address: str = "") -> None:
        self.place: str = place
        self.rest: str = rest
        self.address: str = address

    def __bool__(self) -> bool:
        return bool(self.place)

    @property
    def text(self) -> str:
        """The source in one line: `org/name, path, commit 0123456789ab: “quote” (copy)`."""
        return self.place + self.rest

    @property
    def whole(self) -> str:
        """The same, and the address if the place does not name it."""
        return self.text if self.address in self.place else f"{self.text} {self.address}"


def shown_source(source: "str | Mapping[str, Any]", model: "Any" = None) -> ShownSource:
    """A source of a fact of `model`, whose own repository and those that it names are on Hugging Face."""
    if isinstance(source, str):
        return ShownSource(printable(source))
    commit = f"commit {source['commit'][:12]}" if "commit" in source else ""
    place = [source.get("repository"), source.get("path"), commit, source.get("url")]
    quote = f": “{source['quote']}”" if "quote" in source else ""
    copy = " (copy)" if source.get("copy") else ""
    return ShownSource(printable(", ".join(filter(None, place))), printable(quote + copy), address_of(source, model))


def address_of(source: "Mapping[str, Any]", model: "Any" = None) -> str:
    """The address of a source: its `url`, or the page of its file at Hugging Face or GitHub."""
    if "url" in source:
        return _encoded(source["url"])
    repository, path = source["repository"], source.get("path", "").lstrip("/")
    host = "huggingface.co" if repository in _repositories(model) else "github.com"
    if not path and "commit" not in source:
        return f"https://{host}/{repository}"
    commit = source.get("commit") or ("main" if host == "huggingface.co" else "HEAD")
    return f"https://{host}/{repository}/{'blob' if path else 'tree'}/{commit}{_file(path)}"


def page_of(model: "Any") -> str:
    """The address of a model's page: its repository on Hugging Face, or the address that its `source` states.

    Empty for a model that states neither.
    """
    if model.huggingface_id:
        return f"https://huggingface.co/{model.huggingface_id}"
    return _encoded(model.source_url) if getattr(model, "source_url", None) else ""


def _repositories(model: "Any") -> "list[Any]":
    """The repositories on Hugging Face that a model names."""
    return [getattr(model, name, None) for name in _OWN] + [
        variant.huggingface_id for variant in getattr(model, "variants", ())
    ]


def _file(path: str) -> str:
    """The path of a file in an address, with the lines `#L7` or `#L7-L9` that it may name."""
    from urllib.parse import quote

    lines = _LINES(path)
    file = path[: lines.start()] if lines else path
    return ("/" + quote(file, errors="replace") if file else "") + (lines[0] if lines else "")


def _encoded(url: str) -> str:
    from urllib.parse import quote

    return quote(url, safe=_ADDRESS, errors="replace")
