"""Reads the front matter of a model card.

Every value is kept as the text that stands there: `no` is Norwegian. Aliases, anchors, tags and repeated keys are
refused, so that no small text can mean a large one, or two things.
"""

import re
from codecs import getincrementaldecoder
from importlib import import_module

from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

MAX_BYTES = 64 << 10
"""Front matter of more bytes is refused, its `model-index` apart."""

MAX_INDEX_BYTES = 1 << 20
"""The same for the `model-index`: those of large benchmarks have a quarter of it."""

_TOO_LONG = f"it must have at most {MAX_BYTES >> 10} kB, and 1 MB of `model-index`"
_MAX_DEPTH = 40
_OPENING = re.compile(r"\s*---(?:\r\n|\r|\n)")
_CLOSING = re.compile(r"(?:\r\n|\r|\n)---[ \t]*(?:\r\n|\r|\n|\Z)")
# A key with its block: lines that are empty, indented, comments, or items of a list.
_INDEX = re.compile(r"^model-index:[^\n]*(?:\n(?:[ \t#-][^\n]*)?(?=\n|\Z))*", re.MULTILINE)
_NOTHING = ("", "null", "Null", "NULL", "~")


def read_front_matter(data: bytes) -> "tuple[dict[str, Any], JSONValue]":
    """The front matter without its `model-index`, and that; both empty if there is none. Raises ModelFileError."""
    head = data[: MAX_BYTES + MAX_INDEX_BYTES]
    whole = len(head) == len(data)
    try:
        # Where the file goes on, a letter may be cut in two.
        content = getincrementaldecoder("utf-8-sig")().decode(head, whole)
    except UnicodeDecodeError:
        raise ModelFileError("the file must be UTF-8") from None
    opening = _OPENING.match(content)
    if opening is None:
        return {}, None
    closing = _CLOSING.search(content, opening.end() - 1)
    if closing is None:
        raise ModelFileError("it has no closing `---`" if whole else _TOO_LONG)
    front = content[opening.end() : closing.start()].replace("\r\n", "\n").replace("\r", "\n")
    index = _INDEX.search(front)
    # Empty lines in its place keep the numbers of the lines right.
    block, start, end = (index[0], *index.span()) if index else ("", 0, 0)
    if len(block.encode()) > MAX_INDEX_BYTES or len(front.encode()) - len(block.encode()) > MAX_BYTES:
        raise ModelFileError(_TOO_LONG)
    card = _tree(front[:start] + "\n" * block.count("\n") + front[end:], opening[0].count("\n"))
    if not isinstance(card, dict):
        raise ModelFileError("it must be a mapping")
    if "model-index" in card:
        raise ModelFileError("`model-index` must stand once, at the beginning of a line")
    results = mapping(_tree(block, opening[0].count("\n") + front.count("\n", 0, start)))
    return card, results.get("model-index")


class _Builder:
    """Puts the parts of a document together; containers are objects, lists and, for the document itself, a list."""

    def __init__(self) -> None:
        self.root: list[Any] = []
        self.open: list[dict[str, Any] | list[Any]] = [self.root]
        # The keys of the open mappings whose values come next.
        self.keys: list[str | None] = [None]

    def add(self, value: "JSONValue", *, is_text: bool) -> None:
        """The next value: an item, a key, or the value of the key before it. Raises ModelFileError."""
        container, key = self.open[-1], self.keys[-1]
        if isinstance(container, list):
            container.append(value)
        elif key is not None:
            container[key] = value
            self.keys[-1] = None
        elif not is_text:
            raise ModelFileError("a key must be a text")
        else:
            name = value if isinstance(value, str) else ""
            if name in container:
                raise ModelFileError(f"the key {quote_name(name)} stands twice")
            self.keys[-1] = name
        if isinstance(value, dict | list):
            self.open.append(value)
            self.keys.append(None)
            if len(self.open) > _MAX_DEPTH:
                raise ModelFileError(f"lists and mappings must be nested at most {_MAX_DEPTH} deep")

    def close(self) -> None:
        """The end of a list or a mapping."""
        self.open.pop()
        self.keys.pop()


def _tree(text: str, lines_before: int) -> "JSONValue":
    """The mappings, lists and texts of a document; None where nothing stands. Raises ModelFileError."""
    builder = _Builder()
    line = lines_before
    try:
        for event in _events(text):
            line = lines_before + 1 + event.start_mark.line
            _take(builder, event)
            if len(builder.root) > 1:
                raise ModelFileError("there must be one document")
    except ModelFileError as error:
        raise ModelFileError(f"line {line}: {error}") from None
    return builder.root[0] if builder.root else {}


def _take(builder: _Builder, event: "Any") -> None:
    match type(event).__name__:
        case "AliasEvent":
            raise ModelFileError("anchors and aliases are refused")
        case "MappingStartEvent" | "SequenceStartEvent" | "ScalarEvent" as name:
            if event.anchor is not None:
                raise ModelFileError("anchors and aliases are refused")
            if event.tag is not None:
                raise ModelFileError("tags are refused")
            if name != "ScalarEvent":
                builder.add({} if name == "MappingStartEvent" else [], is_text=False)
            else:
                nothing = event.implicit[0] and event.value in _NOTHING
                builder.add(None if nothing else event.value, is_text=True)
        case "MappingEndEvent" | "SequenceEndEvent":
            builder.close()
        case _:
            pass


def _events(text: str) -> "Iterator[Any]":
    """The parts of a document in order, of which nothing is built. Raises ModelFileError."""
    try:
        yaml: Any = import_module("yaml")
    except ImportError:
        raise ModelFileError("PyYAML is missing: python -m pip install 'hypiler[hub]'") from None
    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except yaml.YAMLError:
        raise ModelFileError("what follows is not YAML") from None
