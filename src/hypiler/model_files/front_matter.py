"""Reads the front matter of a model card.

Every value is kept as its text, so `no` is Norwegian and not false. YAML features that could turn a small text into a
large value, or that are ambiguous, are refused: aliases of lists and mappings, tags, and repeated keys with different
values. Only the card's key in which they occur is refused; the other keys are read.
"""

import re
from codecs import getincrementaldecoder
from importlib import import_module
from typing import NamedTuple

from hypiler._missing import missing_library
from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

MAX_BYTES = 64 << 10
"""The most bytes that front matter may have, without its `model-index`."""

MAX_INDEX_BYTES = 1 << 20
"""The most bytes that a `model-index` may have. Those of large benchmarks have a quarter of this."""

_TOO_LONG = f"it must have at most {MAX_BYTES >> 10} kB, and 1 MB of `model-index`"
_MAX_DEPTH = 40
_OPENING = re.compile(r"\s*---(?:\r\n|\r|\n)")
_CLOSING = re.compile(r"(?:\r\n|\r|\n)---[ \t]*(?:\r\n|\r|\n|\Z)")
# The key with its block: lines that are empty, indented, comments, or items of a list.
_INDEX = re.compile(r"^model-index:[^\n]*(?:\n(?:[ \t#-][^\n]*)?(?=\n|\Z))*", re.MULTILINE)
_NOTHING = ("", "null", "Null", "NULL", "~")


class FrontMatter(NamedTuple):
    """The front matter of a card.

    Attributes:
        card: The keys without `model-index`, with their values.
        results: The value of `model-index`.
        faulty: The keys that cannot be read, each with the reason.
    """

    card: "dict[str, Any]"
    results: "JSONValue"
    faulty: dict[str, str]


def read_front_matter(data: bytes) -> FrontMatter:
    """The front matter of a card; empty if there is none. Raises ModelFileError."""
    head = data[: MAX_BYTES + MAX_INDEX_BYTES]
    whole = len(head) == len(data)
    try:
        # If the file goes on after `head`, its last character may be cut in two.
        content = getincrementaldecoder("utf-8-sig")().decode(head, whole)
    except UnicodeDecodeError:
        raise ModelFileError("the file must be UTF-8") from None
    opening = _OPENING.match(content)
    if opening is None:
        return FrontMatter({}, None, {})
    closing = _CLOSING.search(content, opening.end() - 1)
    if closing is None:
        raise ModelFileError("it has no closing `---`" if whole else _TOO_LONG)
    front = content[opening.end() : closing.start()].replace("\r\n", "\n").replace("\r", "\n")
    index = _INDEX.search(front)
    # Empty lines replace the index, so that the line numbers of messages stay right.
    block, start, end = (index[0], *index.span()) if index else ("", 0, 0)
    if len(block.encode()) > MAX_INDEX_BYTES or len(front.encode()) - len(block.encode()) > MAX_BYTES:
        raise ModelFileError(_TOO_LONG)
    card, faulty = _read_mapping(front[:start] + "\n" * block.count("\n") + front[end:], opening[0].count("\n"))
    if "model-index" in card:
        raise ModelFileError("`model-index` must occur once, at the beginning of a line")
    results: dict[str, Any] = {}
    try:
        results, also = _read_mapping(block, opening[0].count("\n") + front.count("\n", 0, start))
        faulty |= also
    except ModelFileError as error:
        faulty["model-index"] = str(error)
    return FrontMatter(card, results.get("model-index"), faulty)


class _Builder:
    """Builds a value from YAML events. The document itself is a list with one item."""

    def __init__(self) -> None:
        self.root: list[Any] = []
        self.open: list[dict[str, Any] | list[Any]] = [self.root]
        # For each open container, the key whose value comes next.
        self.keys: list[str | None] = [None]
        # Texts by the name of their anchor.
        self.anchors: dict[str, str] = {}
        self.top = ""
        self.faulty: dict[str, str] = {}
        self.line = 0
        # Repeated keys of the card: key, earlier value, message.
        self.repeated: list[tuple[str, Any, str]] = []

    def add(self, value: "JSONValue", *, is_text: bool) -> None:
        """Add an item, a key, or the value of the preceding key. Raises ModelFileError."""
        container, key = self.open[-1], self.keys[-1]
        if isinstance(container, list):
            container.append(value)
        elif key is not None:
            container[key] = value
            self.keys[-1] = None
        elif not is_text:
            raise ModelFileError("a key must be a text")
        else:
            self.name(container, value if isinstance(value, str) else "")
        if isinstance(value, dict | list):
            self.open.append(value)
            self.keys.append(None)
            if len(self.open) > _MAX_DEPTH:
                raise ModelFileError(f"lists and mappings must be nested at most {_MAX_DEPTH} deep")

    def name(self, container: "dict[str, Any]", name: str) -> None:
        """Start a key of an open mapping."""
        is_top = len(self.open) == 2
        if is_top:
            self.top = name
        if name in container:
            message = f"the key {quote_name(name)} occurs twice"
            if is_top:
                self.repeated.append((name, container[name], f"line {self.line}: {message}"))
            else:
                self.refuse(message)
        self.keys[-1] = name

    def refuse(self, message: str) -> None:
        """Mark the card's current key as faulty. Raises ModelFileError outside of a key."""
        if len(self.open) < 2 or (len(self.open) == 2 and self.keys[-1] is None):
            raise ModelFileError(message)
        self.faulty.setdefault(self.top, f"line {self.line}: {message}")

    def close(self) -> None:
        """End a list or a mapping."""
        self.open.pop()
        self.keys.pop()

    def finished(self) -> "tuple[dict[str, Any], dict[str, str]]":
        """The card and its faulty keys. Raises ModelFileError if the document is not a mapping."""
        root: JSONValue = self.root[0] if self.root else None
        if root is not None and not isinstance(root, dict):
            raise ModelFileError("it must be a mapping")
        card = mapping(root)
        for name, value, message in self.repeated:
            if card[name] != value:
                self.faulty.setdefault(name, message)
        return {name: value for name, value in card.items() if name not in self.faulty}, self.faulty


def _read_mapping(text: str, lines_before: int) -> "tuple[dict[str, Any], dict[str, str]]":
    """The mapping in a YAML document, and its faulty keys.

    Values are mappings, lists and texts, and None for an empty value. Raises ModelFileError.
    """
    builder = _Builder()
    builder.line = lines_before
    try:
        for event in _events(text):
            builder.line = lines_before + 1 + event.start_mark.line
            _handle(builder, event)
            if len(builder.root) > 1:
                raise ModelFileError("there must be one document")
    except ModelFileError as error:
        raise ModelFileError(f"line {builder.line}: {error}") from None
    return builder.finished()


def _handle(builder: _Builder, event: "Any") -> None:
    match type(event).__name__:
        case "AliasEvent":
            if event.anchor in builder.anchors:
                builder.add(builder.anchors[event.anchor], is_text=True)
            else:
                builder.refuse("aliases of lists and mappings are refused")
                builder.add(None, is_text=False)
        case "MappingStartEvent" | "SequenceStartEvent":
            _check_tag(builder, event)
            builder.add({} if type(event).__name__ == "MappingStartEvent" else [], is_text=False)
        case "ScalarEvent":
            _check_tag(builder, event)
            nothing = event.implicit[0] and event.value in _NOTHING
            if event.anchor is not None:
                builder.anchors[event.anchor] = event.value
            builder.add(None if nothing else event.value, is_text=True)
        case "MappingEndEvent" | "SequenceEndEvent":
            builder.close()
        case _:
            pass


def _check_tag(builder: _Builder, event: "Any") -> None:
    if event.tag is not None:
        builder.refuse("tags are refused")


def _events(text: str) -> "Iterator[Any]":
    """The YAML events of a document. No value is built from them here. Raises ModelFileError."""
    try:
        yaml: Any = import_module("yaml")
    except ImportError as error:
        raise ModelFileError(missing_library(error, "hypiler[hub]")) from None
    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except yaml.YAMLError:
        raise ModelFileError("the rest is not YAML") from None
