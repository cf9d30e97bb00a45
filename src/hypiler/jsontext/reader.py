"""Reads bytes into a tree and finds the place of any part of it. Knows JSON, knows nothing of models.

There are two readers and one verdict. A clean file goes through the C scanner of the standard library, with hooks that
refuse what it would let pass; whenever anything is in doubt, `hypiler.jsontext.scanner` reads the text again, slower,
and says what is wrong and where. Only that one decides that a file is faulty.
"""

import gc
from itertools import accumulate

from hypiler._digest import sha256_hex
from hypiler.diagnostics.finding import Finding, Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

MAX_BYTES = 256 * 1024 * 1024
"""A file of more bytes is refused before it is decoded."""

MAX_DEPTH = 100
"""Lists and objects nested deeper are refused: a fixed number, since the recursion limit differs between Pythons."""

MAX_DIGITS = 18
"""An integer of more digits is refused: up to here each fits the signed 64 bits of whoever else reads the file."""

_BLANK = " \t\n\r"
_MARKS = (
    # the longer first: the mark of UTF-32 (little endian) begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "UTF-32 (little endian)"),
    (b"\x00\x00\xfe\xff", "UTF-32 (big endian)"),
    (b"\xff\xfe", "UTF-16 (little endian)"),
    (b"\xfe\xff", "UTF-16 (big endian)"),
)
_UTF8_MARK = b"\xef\xbb\xbf"
_SAVE_AS_UTF8 = "save the file as UTF-8 without BOM"


Span = tuple[int, int, int, int]
"""Where a part of the value stands: the offsets of the start and the end of its key, then those of the value itself."""

# After these, nothing can be said of the rest of the file.
_HIDING = frozenset({"M001", "M003", "M008", "M009", "M010"})


class Source:
    """A file that was read: its text, its value, and the place in the text of any part of the value."""

    __slots__ = ("_lines", "_sha256", "name", "text", "value")

    def __init__(self, name: str, text: str, value: "JSONValue") -> None:
        self.name = name
        self.text = text
        self.value = value
        self._lines: Lines | None = None
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file's bytes, as 64 hex digits."""
        if not self._sha256:
            # Strict UTF-8 without a mark: these are the bytes that were read.
            self._sha256 = sha256_hex(self.text.encode())
        return self._sha256

    @property
    def lines(self) -> "Lines":
        """The places of the lines, made when first asked for: a clean file never needs them."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    def line(self, number: int) -> str:
        """The text of the line of that number, without its end; empty past the last line."""
        return self.lines.line(number)

    def locate(self, findings: "Iterable[Finding]") -> None:
        """Fills file, line, column and width of findings about this source from their `path` and `at`.

        `at="key"` marks the key with its quotes and `"value"` the value, of which a list or an object shows only its
        opening bracket. Where a path leads to nothing, the nearest part above it that exists is marked.
        """
        lines = self.lines
        for finding, start, end in _Walk(self.text).places(findings):
            finding.file = self.name
            finding.line, finding.column = lines.place(start)
            finding.width = end - start

    def spans(self, paths: "Iterable[Path]") -> "dict[Path, Span]":
        """The spans of those paths that exist; an item of a list, and the whole, have an empty key before the value."""
        return _Walk(self.text).spans(paths)


class Lines:
    r"""The lines of a text, which may end in `\n`, `\r\n` or a lone `\r`."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        # every end becomes one \n without moving anything, so that one split at C speed finds them all
        flat = text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text
        lengths = [len(line) + 1 for line in flat.split("\n")]
        # One more than there are lines: the last is where a further line would start.
        self._starts = list(accumulate(lengths, initial=0))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at `offset`, or of the end of the text."""
        from bisect import bisect_right  # imported here: a clean file does not need it

        line = bisect_right(self._starts, offset, 0, len(self._starts) - 1)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of the line of that number, without its end; empty if there is none."""
        if not 0 < number < len(self._starts):
            return ""
        return self._text[self._starts[number - 1] : self._starts[number]].rstrip("\r\n")


def read_source(data: bytes, name: str) -> tuple[Source | None, list[Finding]]:
    """The file's text and value, and every fault of it as JSON, sorted by place.

    There is no source if a fault hides what follows it, such as a missing bracket. After
    any other, the value is that of the text with a harmless value at the fault.
    """
    source = None
    findings = _check_size(data)
    if not findings:
        data, findings = _strip_mark(data)
        text = _decode(data, findings)
        if text is not None:
            value = _read(text, findings)
            if _HIDING.isdisjoint([finding.code for finding in findings]):
                source = Source(name, text, value)
    for finding in findings:
        finding.file = name
    return source, findings


def _check_size(data: bytes) -> list[Finding]:
    if len(data) <= MAX_BYTES:
        return []
    limit = f"{MAX_BYTES} bytes ({MAX_BYTES >> 20} MiB)"
    return [Finding("M009", f"the file must have at most {limit}; found more")]


def _strip_mark(data: bytes) -> tuple[bytes, list[Finding]]:
    """The bytes after a byte order mark. No editor counts the mark as a column, so neither do the findings."""
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
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            message = f"the file must be UTF-8; found the byte order mark of {encoding}"
            return Finding("M001", message, line=1, column=1, help=_SAVE_AS_UTF8)
    before = data[:start].decode()
    line, column = Lines(before).place(len(before))
    message = f"the file must be UTF-8; found the byte `0x{data[start]:02x}`"
    return Finding("M001", message, line=line, column=column, help=_SAVE_AS_UTF8)


def _read(text: str, findings: list[Finding]) -> "JSONValue":
    """The value of the text; what is wrong with it is added to `findings`."""
    try:
        return _read_quickly(text)
    except (ValueError, StopIteration, RecursionError, SystemError):
        # The C scanner raises all of these: the last one, in Python 3.11, for a syntax error while `json` is not
        # loaded. What went wrong is not asked here; a RecursionError may only mean that the caller's stack is deep.
        return _read_slowly(text, findings)


def _read_slowly(text: str, findings: list[Finding]) -> "JSONValue":
    from hypiler.jsontext.scanner import (
        scan,
    )  # it needs `re`, and a clean file does not need it

    lines = Lines(text)
    value, faults = scan(text, lines.place, max_depth=MAX_DEPTH, max_digits=MAX_DIGITS)
    for offset, finding in faults:
        finding.line, finding.column = lines.place(offset)
        findings.append(finding)
    return value


class _DoubtError(ValueError):
    """The quick reader met something that it must not decide."""


class _Hooks:
    """What the C scanner asks for when it is made."""

    strict = True
    object_hook = None
    array_hook = None  # asked for from Python 3.15 on

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
        if number - number:  # not 0 but NaN: the number is infinite
            raise _DoubtError
        return number

    @staticmethod
    def parse_constant(word: str) -> float:
        raise _DoubtError(word)


def _read_quickly(text: str) -> "JSONValue":
    """The value of a clean text, at C speed; an exception if it is faulty or in doubt."""
    try:
        from _json import make_scanner
    except ImportError:
        # Python's own scanner in `json` is not strict (it takes `\u+123`, for one), so it can't stand in
        raise _DoubtError from None
    hooks: Any = _Hooks
    collecting = gc.isenabled()
    gc.disable()  # only containers are made and none are dropped: looking for garbage costs a tenth and finds nothing
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
    """Whether lists and objects are nested deeper than allowed: one level at a time, each at C speed."""
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


class _Wanted:
    """What is to be found at one path and below it; `path` is set where its span is asked for."""

    __slots__ = ("children", "findings", "path")

    def __init__(self) -> None:
        self.children: dict[str | int, _Wanted] = {}
        self.findings: list[Finding] = []
        self.path: Path | None = None

    def at(self, path: Path) -> "_Wanted":
        """The part at a path below this one, made if it lacks."""
        wanted = self
        for part in path:
            wanted = wanted.children.setdefault(part, _Wanted())
        return wanted

    def all(self) -> "Iterator[Finding]":
        """Every finding here and below, however deep the paths are."""
        todo: list[_Wanted] = [self]
        while todo:
            wanted = todo.pop()
            yield from wanted.findings
            todo += wanted.children.values()


class _Walk:
    """One walk over a valid text that enters only the wanted paths and leaves the rest to the C scanner.

    A child is taken out of its parent's `children` when it is met; those that remain at the end do not exist.
    """

    __slots__ = ("found", "measured", "scan", "string", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.scan, self.string = _skippers()
        self.found: list[tuple[Finding, int, int]] = []
        self.measured: dict[Path, Span] = {}

    def places(self, findings: "Iterable[Finding]") -> list[tuple[Finding, int, int]]:
        """Each finding with the start and the end of what it marks."""
        root = _Wanted()
        for finding in findings:
            root.at(finding.path).findings.append(finding)
        self.value(self.gap(0), root, None)
        return self.found

    def spans(self, paths: "Iterable[Path]") -> "dict[Path, Span]":
        """The span of each path that exists."""
        root = _Wanted()
        for path in paths:
            root.at(path).path = path
        self.value(self.gap(0), root, None)
        return self.measured

    def gap(self, i: int) -> int:
        text = self.text
        while text[i] in _BLANK:
            i += 1
        return i

    def value(self, i: int, wanted: _Wanted, key: tuple[int, int] | None) -> int:
        """Finds what is wanted in the value that starts at `i`; gives the offset after it."""
        opener = self.text[i] if wanted.children else ""
        if opener == "{":
            end = self.members(self.gap(i + 1), wanted)
        elif opener == "[":
            end = self.items(self.gap(i + 1), wanted)
        else:
            end = self.scan(self.text, i)[1]
        if wanted.path is not None:
            self.measured[wanted.path] = (*(key or (i, i)), i, end)
        mark = (i, i + 1 if self.text[i] in "{[" else end)
        for finding in wanted.findings:
            self.found.append((finding, *(key if key and finding.at == "key" else mark)))
        for missing in wanted.children.values():
            self.found.extend((finding, *mark) for finding in missing.all())
        return end

    def members(self, i: int, wanted: _Wanted) -> int:
        text, children = self.text, wanted.children
        while text[i] != "}":
            key, end = self.string(text, i + 1, True)
            start = self.gap(self.gap(end) + 1)
            child = children.pop(key, None)
            i = self.gap(self.scan(text, start)[1] if child is None else self.value(start, child, (i, end)))
            if text[i] == ",":
                i = self.gap(i + 1)
        return i + 1

    def items(self, i: int, wanted: _Wanted) -> int:
        text, children, index = self.text, wanted.children, 0
        while text[i] != "]":
            child = children.pop(index, None)
            i = self.gap(self.scan(text, i)[1] if child is None else self.value(i, child, None))
            if text[i] == ",":
                i = self.gap(i + 1)
            index += 1
        return i + 1


def _skippers() -> "tuple[Callable[[str, int], tuple[Any, int]], Callable[[str, int, bool], tuple[str, int]]]":
    """Functions that read a value and (after its opening quote) a string, each giving the offset after it."""
    try:
        from _json import make_scanner, scanstring
    except ImportError:
        import json.decoder

        decoder: Any = json.decoder  # lax where `_json` is strict, but this text is known to be valid
        return decoder.JSONDecoder().scan_once, decoder.scanstring
    hooks: Any = _NoHooks
    return make_scanner(hooks), scanstring


class _NoHooks:
    """The same where only the end of each value is asked for; a long integer is no fault here."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_int = parse_float = parse_constant = str
