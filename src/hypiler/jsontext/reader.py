"""Reads JSON bytes into a value, and finds the position of any part of the value in the text.

There are two readers. The quick one is the C scanner of the standard library, with hooks that refuse what the scanner
is too lenient about. If the quick reader refuses a text, or is in doubt, `hypiler.jsontext.scanner` reads the text
again: slower, and with a finding for each error. Only this second reader decides that a file is faulty.

Values carry no positions, since a clean file needs none. `_PositionFinder` finds positions afterwards, when findings or
an edit need them:

- The requested paths form a tree (`_PathTree`): `models[3].name` and `models[3].id` share the nodes `models` and `3`.
- The finder goes through the text and through this tree together. It enters only objects and lists whose node has
  children. It skips every other value with one call of the C scanner, which returns the offset after the value.
- A key or an index that is met is taken out of its parent's children. The children that remain at the end of the parent
  do not exist in the text, so their findings mark the parent.
"""

import gc
from itertools import accumulate

from hypiler.diagnostics.finding import Finding, Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

MAX_BYTES = 256 * 1024 * 1024
"""A larger file is refused before it is decoded."""

MAX_DEPTH = 100
"""Deeper nesting is refused. The limit is fixed, since Python's recursion limit differs between versions."""

MAX_DIGITS = 18
"""An integer with more digits is refused: other readers of the file may hold it in 64 signed bits."""

_BLANK = " \t\n\r"
_BYTE_ORDER_MARKS = (
    # The longer ones come first: the mark of UTF-32 (little endian) begins with the mark of UTF-16.
    (b"\xff\xfe\x00\x00", "UTF-32 (little endian)"),
    (b"\x00\x00\xfe\xff", "UTF-32 (big endian)"),
    (b"\xff\xfe", "UTF-16 (little endian)"),
    (b"\xfe\xff", "UTF-16 (big endian)"),
)
_UTF8_MARK = b"\xef\xbb\xbf"
_SAVE_AS_UTF8 = "save the file as UTF-8 without BOM"


Span = tuple[int, int, int, int]
"""The offsets of a part of the value: start and end of its key, then start and end of the value itself."""

# After one of these errors, the rest of the file cannot be judged.
_FATAL = frozenset({"M001", "M003", "M008", "M009", "M010"})


class Source:
    """A file that was read.

    Attributes:
        name: The name that findings show.
        data: The bytes of the file without a byte order mark, strict UTF-8.
        value: The value of the text.
    """

    __slots__ = ("_lines", "_sha256", "data", "name", "value")

    def __init__(self, name: str, data: bytes, value: "JSONValue") -> None:
        self.name: str = name
        self.data: bytes = data
        self.value: JSONValue = value
        self._lines: Lines | None = None
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text, as 64 hex digits. Line ends do not count (see `text_sha256`)."""
        if not self._sha256:
            from hypiler._digest import text_sha256  # imported here: a check needs no digest

            self._sha256 = text_sha256(self.data)
        return self._sha256

    @property
    def text(self) -> str:
        """The decoded text. It is not kept: large registries would be in memory twice."""
        return self.data.decode()

    @property
    def lines(self) -> "Lines":
        """The positions of the lines, computed on first use: a clean file never needs them."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    def line(self, number: int) -> str:
        """The text of the line with this number, from 1, without its line end; empty past the last line."""
        return self.lines.line(number)

    def locate(self, findings: "Iterable[Finding]") -> None:
        """Set file, line, column and width of findings about this source from their `path` and `at`.

        `at="key"` marks the key with its quotes, and `"value"` marks the value. A list or an object is marked by its
        opening bracket alone. If a path does not exist, its nearest existing parent is marked.
        """
        lines = self.lines
        for finding, start, end in _PositionFinder(self.text).places(findings):
            finding.file = self.name
            finding.line, finding.column = lines.place(start)
            finding.width = end - start

    def spans(self, paths: "Iterable[Path]") -> "dict[Path, Span]":
        """The spans of the paths that exist. List items and the root have an empty key span."""
        return _PositionFinder(self.text).spans(paths)


class Lines:
    r"""The lines of a text, which may end in `\n`, `\r\n` or a lone `\r`."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        # Every line end becomes one `\n` without moving an offset, so that a single split, at C speed, finds them all.
        flat = text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text
        lengths = [len(line) + 1 for line in flat.split("\n")]
        # The last entry is where a further line would start.
        self._starts = list(accumulate(lengths, initial=0))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at `offset`; `offset` may be the end of the text."""
        from bisect import bisect_right  # imported here, since a clean file does not need it

        line = bisect_right(self._starts, offset, 0, len(self._starts) - 1)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of the line with this number, from 1, without its line end; empty if there is no such line."""
        if not 0 < number < len(self._starts):
            return ""
        return self._text[self._starts[number - 1] : self._starts[number]].rstrip("\r\n")


def read_source(data: bytes, name: str) -> tuple[Source | None, list[Finding]]:
    """Read the bytes of a file. Return the source, and a finding for each JSON error, sorted by position.

    The source is None if an error makes the rest of the text unreadable, such as a missing bracket. After any other
    error, the source's value has a harmless value in the place of the faulty one.
    """
    source = None
    findings = _check_size(data)
    if not findings:
        data, findings = _strip_mark(data)
        text = _decode(data, findings)
        if text is not None:
            value = _read(text, findings)
            if _FATAL.isdisjoint([finding.code for finding in findings]):
                source = Source(name, data, value)
    for finding in findings:
        finding.file = name
    return source, findings


def _check_size(data: bytes) -> list[Finding]:
    if len(data) <= MAX_BYTES:
        return []
    limit = f"{MAX_BYTES} bytes ({MAX_BYTES >> 20} MiB)"
    return [Finding("M009", f"the file must have at most {limit}; found more")]


def _strip_mark(data: bytes) -> tuple[bytes, list[Finding]]:
    """The bytes after the byte order mark. Editors do not count the mark as a column, so findings do not either."""
    if not data.startswith(_UTF8_MARK):
        return data, []
    message = "the file must not start with a byte order mark; found one"
    return data[len(_UTF8_MARK) :], [Finding("M002", message, line=1, column=1, help=_SAVE_AS_UTF8)]


def _decode(data: bytes, findings: list[Finding]) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        findings.append(_not_utf8(data, error.start))
        return None


def _not_utf8(data: bytes, start: int) -> Finding:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            message = f"the file must be UTF-8; found the byte order mark of {encoding}"
            return Finding("M001", message, line=1, column=1, help=_SAVE_AS_UTF8)
    before = data[:start].decode()
    line, column = Lines(before).place(len(before))
    message = f"the file must be UTF-8; found the byte `0x{data[start]:02x}`"
    return Finding("M001", message, line=line, column=column, help=_SAVE_AS_UTF8)


def _read(text: str, findings: list[Finding]) -> "JSONValue":
    """The value of the text. Errors are added to `findings`."""
    try:
        return _read_quickly(text)
    except (ValueError, StopIteration, RecursionError, SystemError):
        # The C scanner raises all of these. In Python 3.11 it raises SystemError for a syntax error if `json` is not
        # loaded. The text may still be fine: a RecursionError may only mean that the caller's stack is deep.
        return _read_slowly(text, findings)


def _read_slowly(text: str, findings: list[Finding]) -> "JSONValue":
    from hypiler.jsontext.scanner import scan  # imported here: the scanner needs `re`, which a clean file does not

    lines = Lines(text)
    value, faults = scan(text, lines.place, max_depth=MAX_DEPTH, max_digits=MAX_DIGITS)
    for offset, finding in faults:
        finding.line, finding.column = lines.place(offset)
        findings.append(finding)
    return value


class _DoubtError(ValueError):
    """The quick reader met something that only the slow reader may decide."""


class _Hooks:
    """The settings that the C scanner reads when it is created; strict about what the scanner alone would accept."""

    strict = True
    object_hook = None
    array_hook = None  # read since Python 3.15

    @staticmethod
    def object_pairs_hook(
        pairs: "list[tuple[str, JSONValue]]",
    ) -> "dict[str, JSONValue]":
        members = dict(pairs)
        if len(members) != len(pairs):
            raise _DoubtError
        return members

    @staticmethod
    def parse_int(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            raise _DoubtError
        return int(digits)

    @staticmethod
    def parse_float(digits: str) -> float:
        number = float(digits)
        if number - number:  # NaN instead of 0: the number is infinite
            raise _DoubtError
        return number

    @staticmethod
    def parse_constant(word: str) -> float:
        raise _DoubtError(word)


def _read_quickly(text: str) -> "JSONValue":
    """The value of a clean text, at C speed. Raises one of several errors if the text may be faulty."""
    try:
        from _json import make_scanner
    except ImportError:
        # The scanner in Python code of `json` is not strict enough to replace it: for example, it accepts `\u+123`.
        raise _DoubtError from None
    hooks: Any = _Hooks
    collecting = gc.isenabled()
    gc.disable()  # Reading creates containers and drops none: the garbage collector would find nothing and cost 10 %.
    try:
        read: tuple[JSONValue, int] = make_scanner(hooks)(text, len(text) - len(text.lstrip(_BLANK)))
    finally:
        if collecting:
            gc.enable()
    value, end = read
    if text[end:].strip(_BLANK) or _is_too_deep(value) or _has_lone_surrogates(text):
        raise _DoubtError
    return value


def _is_too_deep(value: "JSONValue") -> bool:
    """Whether lists and objects are nested deeper than allowed. Goes level by level, each at C speed."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = gc.get_referents(*level)
        if not level:
            return False
    return any(isinstance(part, (dict, list)) for part in level)


def _has_lone_surrogates(text: str) -> bool:
    if "\\" not in text or ("\\ud" not in text and "\\uD" not in text):
        return False
    from hypiler.jsontext.scanner import may_hold_lone_surrogates

    return may_hold_lone_surrogates(text)


class _PathTree:
    """A node of the tree of requested paths.

    Attributes:
        children: The nodes below, by key or index.
        findings: The findings to locate at this node.
        path: The path of this node if its span is requested, else None.
    """

    __slots__ = ("children", "findings", "path")

    def __init__(self) -> None:
        self.children: dict[str | int, _PathTree] = {}
        self.findings: list[Finding] = []
        self.path: Path | None = None

    def node(self, path: Path) -> "_PathTree":
        """The node at `path` below this one; created if missing."""
        node = self
        for part in path:
            node = node.children.setdefault(part, _PathTree())
        return node

    def all_findings(self) -> "Iterator[Finding]":
        """The findings of this node and of all nodes below it. Does not recurse, since paths may be deep."""
        todo: list[_PathTree] = [self]
        while todo:
            node = todo.pop()
            yield from node.findings
            todo += node.children.values()


class _PositionFinder:
    """Finds requested paths in one pass over a valid text: see the module's docstring.

    The methods take the offset at which something starts, and return the offset after it.

    Attributes:
        text: The text.
        scan: Reads the value at an offset; returns the value and the offset after it.
        string: Reads a string after its opening quote; returns the string and the offset after it.
        marks: The findings so far, each with the offsets of what it marks.
        spans_by_path: The requested spans so far.
    """

    __slots__ = ("marks", "scan", "spans_by_path", "string", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.scan, self.string = _c_readers()
        self.marks: list[tuple[Finding, int, int]] = []
        self.spans_by_path: dict[Path, Span] = {}

    def places(self, findings: "Iterable[Finding]") -> list[tuple[Finding, int, int]]:
        """Each finding with the start and end offsets of what it marks."""
        root = _PathTree()
        for finding in findings:
            root.node(finding.path).findings.append(finding)
        self.visit(self.skip_blanks(0), root, None)
        return self.marks

    def spans(self, paths: "Iterable[Path]") -> "dict[Path, Span]":
        """The span of each requested path that exists."""
        root = _PathTree()
        for path in paths:
            root.node(path).path = path
        self.visit(self.skip_blanks(0), root, None)
        return self.spans_by_path

    def skip_blanks(self, i: int) -> int:
        text = self.text
        while text[i] in _BLANK:
            i += 1
        return i

    def visit(self, i: int, node: _PathTree, key: tuple[int, int] | None) -> int:
        """Find the paths of `node` in the value that starts at `i`; `key` is the span of the value's key."""
        opener = self.text[i] if node.children else ""
        if opener == "{":
            end = self.visit_object(self.skip_blanks(i + 1), node)
        elif opener == "[":
            end = self.visit_array(self.skip_blanks(i + 1), node)
        else:
            end = self.scan(self.text, i)[1]
        if node.path is not None:
            self.spans_by_path[node.path] = (*(key or (i, i)), i, end)
        mark = (i, i + 1 if self.text[i] in "{[" else end)
        for finding in node.findings:
            self.marks.append((finding, *(key if key and finding.at == "key" else mark)))
        for missing in node.children.values():
            self.marks.extend((finding, *mark) for finding in missing.all_findings())
        return end

    def visit_object(self, i: int, node: _PathTree) -> int:
        text, children = self.text, node.children
        while text[i] != "}":
            key, end = self.string(text, i + 1, True)
            start = self.skip_blanks(self.skip_blanks(end) + 1)
            child = children.pop(key, None)
            i = self.skip_blanks(self.scan(text, start)[1] if child is None else self.visit(start, child, (i, end)))
            if text[i] == ",":
                i = self.skip_blanks(i + 1)
        return i + 1

    def visit_array(self, i: int, node: _PathTree) -> int:
        text, children, index = self.text, node.children, 0
        while text[i] != "]":
            child = children.pop(index, None)
            i = self.skip_blanks(self.scan(text, i)[1] if child is None else self.visit(i, child, None))
            if text[i] == ",":
                i = self.skip_blanks(i + 1)
            index += 1
        return i + 1


def _c_readers() -> "tuple[Callable[[str, int], tuple[Any, int]], Callable[[str, int, bool], tuple[str, int]]]":
    """Two functions that return what they read and the offset after it.

    The first reads a value. The second reads a string after its opening quote.
    """
    try:
        from _json import make_scanner, scanstring
    except ImportError:
        import json.decoder

        decoder: Any = json.decoder  # It is more lenient than `_json`, but this text is known to be valid.
        return decoder.JSONDecoder().scan_once, decoder.scanstring
    hooks: Any = _PermissiveHooks
    return make_scanner(hooks), scanstring


class _PermissiveHooks:
    """Settings of the C scanner for a text that is known to be valid: accept everything, convert nothing."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_int = parse_float = parse_constant = str
