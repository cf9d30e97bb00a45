"""The slow, exact JSON reader: it says what is wrong with a text and where, and reads on as long as that makes sense.

The scanner keeps its own stack instead of recursing, so no nesting can exhaust Python's stack.
`hypiler.jsontext.reader` runs it only if the quick reader refused a text or was in doubt.
"""

import re

from hypiler.diagnostics.escaping import quote_name
from hypiler.diagnostics.finding import MAX_FINDINGS, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.json_types import JSONValue

_INFINITY = float("inf")
_LITERALS: "dict[str, JSONValue]" = {"true": True, "false": False, "null": None}
_ESCAPED = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_NEEDS_ESCAPE = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

_BLANK = " \t\n\r"
_GAP = r"[ \t\n\r]*"
_UNESCAPED = r'[^"\\\x00-\x1f]*'
# The end of a number or a word. Without it, the start of `01`, `1.` or `nulls` would pass for a token.
_WORD_END = r"(?![0-9A-Za-z_.+-])"

_gap = re.compile(_GAP).match
_unescaped = re.compile(_UNESCAPED).match
_separator = re.compile(rf"{_GAP}([,\]}}]?){_GAP}").match
_key = re.compile(rf'"({_UNESCAPED})"{_GAP}:{_GAP}').match
_value = re.compile(
    rf'"({_UNESCAPED})"'
    r"|([\[{])"
    rf"|(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][+-]?[0-9]+)?{_WORD_END}"
    rf"|(true|false|null){_WORD_END}"
    rf"|(NaN|-?Infinity){_WORD_END}"
).match
# The groups of `_value`. Groups 4 and 5 are the fraction and the exponent of a float.
_STRING, _OPENER, _INTEGER, _LITERAL, _CONSTANT = 1, 2, 3, 6, 7

_HIGH, _LOW = "[dD][89abAB][0-9a-fA-F]{2}", "[dD][c-fC-F][0-9a-fA-F]{2}"
_escape = re.compile(rf'\\(?:(["\\/bfnrt])|u({_HIGH})\\u({_LOW})|u([0-9a-fA-F]{{4}}))').match
_surrogate_pair = re.compile(rf"(?<!\\)\\u{_HIGH}\\u{_LOW}").sub  # after another backslash, `\u` may not be an escape
_lone_surrogate = re.compile(r"\\u[dD][89a-fA-F]").search

_marker = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?=[ \r\n]|\Z)", re.MULTILINE).match
_comment = re.compile(r"//|/\*|#").match
_word = re.compile(r"[^\W\d][\w$.-]*").match
_number = re.compile(r"[-+.0-9][0-9A-Za-z_.+-]*").match
_up_to_four = re.compile(r'[^"\\\x00-\x1f]{0,4}').match
_string_start = re.compile(rf'"{_UNESCAPED}"?').match


def may_hold_lone_surrogates(text: str) -> bool:
    r"""False only if all surrogate escapes in the valid JSON `text` form pairs.

    May be True without need, as for `\\ud800`, whose backslash is escaped.
    """
    return _lone_surrogate(_surrogate_pair(" ", text)) is not None


def scan(
    text: str,
    place: "Callable[[int], tuple[int, int]]",
    *,
    max_depth: int,
    max_digits: int,
) -> "tuple[JSONValue, list[tuple[int, Finding]]]":
    """Read a text. Return its value, and its errors as findings with their offsets, in order.

    If a key is repeated, the last value counts. A number that Python or JSON cannot hold becomes null, 0 or infinity.

    Args:
        text: The JSON text.
        place: Returns line and column of an offset.
        max_depth: How deep lists and objects may be nested.
        max_digits: How many digits an integer may have.
    """
    scanner = _Scanner(text, place, max_depth, max_digits)
    try:
        value = scanner.document()
    except _StopError:
        value = None  # The error that stopped the scanner was added last.
    scanner.faults.sort(key=lambda fault: fault[0])
    return value, scanner.faults


class _StopError(Exception):
    """The rest of the text cannot be read."""


class _List:
    """A list that is still open.

    Attributes:
        start: The offset of its opening bracket.
        value: The items so far.
        key: The index of the item that is being read; None before the first item.
    """

    __slots__ = ("key", "start", "value")

    opener, closer = "[", "]"

    def __init__(self, start: int) -> None:
        self.start = start
        self.value: list[JSONValue] = []
        self.key: int | None = None


class _Object:
    """An object that is still open.

    Attributes:
        start: The offset of its opening bracket.
        value: The members so far.
        places: The offset of each key.
        key: The key of the member that is being read; None before the first member.
    """

    __slots__ = ("key", "places", "start", "value")

    opener, closer = "{", "}"

    def __init__(self, start: int) -> None:
        self.start = start
        self.value: dict[str, JSONValue] = {}
        self.places: dict[str, int] = {}
        self.key: str | None = None


class _Scanner:
    """One pass over a text. Reading methods take the offset at which something starts, and return the offset after it.

    Attributes:
        text: The JSON text.
        place: Returns line and column of an offset.
        max_depth: How deep lists and objects may be nested.
        max_digits: How many digits an integer may have.
        open: The stack of lists and objects that are not closed yet, outermost first.
        faults: The errors so far, as findings with their offsets.
    """

    __slots__ = ("faults", "max_depth", "max_digits", "open", "place", "text")

    def __init__(
        self,
        text: str,
        place: "Callable[[int], tuple[int, int]]",
        max_depth: int,
        max_digits: int,
    ) -> None:
        self.text = text
        self.place = place
        self.max_depth = max_depth
        self.max_digits = max_digits
        self.open: list[_List | _Object] = []
        self.faults: list[tuple[int, Finding]] = []

    # reading

    def document(self) -> "JSONValue":
        value, i = self.value(self.gap(0), "a value")
        while self.open:
            i = self.step(i)
        i = self.gap(i)
        if i < len(self.text):
            self.fail(i, "the end of the file")
        return value

    def gap(self, i: int) -> int:
        found = _gap(self.text, i)
        return found.end() if found else i

    def step(self, i: int) -> int:
        """Read the next item or member of the innermost open list or object, or its closing bracket."""
        found = _separator(self.text, i)
        if found is None:
            raise AssertionError(i)  # never happens: every part of the pattern may be empty
        top, mark, at = self.open[-1], found[1], found.start(1)
        if mark == top.closer:
            self.open.pop()
            return at + 1
        if top.key is None:
            if mark:
                self.fail(at, self.first(top))
        elif mark != ",":
            self.fail(at, f"`,` or `{top.closer}`")
        return self.item(top, found.end()) if isinstance(top, _List) else self.member(top, found.end())

    def item(self, top: _List, i: int) -> int:
        top.key = len(top.value)
        value, end = self.value(i, "a value after `,`" if top.key else self.first(top))
        top.value.append(value)
        return end

    def member(self, top: _Object, i: int) -> int:
        found = _key(self.text, i)
        key, start = (found[1], found.end()) if found else self.odd_key(top, i)
        top.key = key
        if key in top.places:
            self.repeated(top, key, i, start)
        else:
            top.places[key] = i
        top.value[key], end = self.value(start, "a value after `:`")
        return end

    def odd_key(self, top: _Object, i: int) -> tuple[str, int]:
        """Read a key that contains escapes, or report an error in the key or after it."""
        if not self.text.startswith('"', i):
            self.fail(
                i,
                self.first(top) if top.key is None else "a key in double quotes after `,`",
            )
        top.key = None  # The path of an error in the key starts as the path of the object; the key is appended below.
        known = len(self.faults)
        key, end = self.string(i)
        for _, finding in self.faults[known:]:
            finding.path, finding.at = (*finding.path, key), "key"
        colon = self.gap(end)
        if not self.text.startswith(":", colon):
            self.fail(colon, "`:` after the key")
        return key, self.gap(colon + 1)

    def value(self, i: int, expected: str) -> "tuple[JSONValue, int]":
        """Read a value. A list or an object is only opened: `step` reads its content."""
        found = _value(self.text, i)
        if found is None:
            if self.text.startswith('"', i):
                return self.string(i)
            self.fail(i, expected)
        kind, end = found.lastindex, found.end()
        if kind == _STRING:
            return found[_STRING], end
        if kind == _OPENER:
            return self.enter(_List(i) if found[0] == "[" else _Object(i)), end
        if kind == _LITERAL:
            return _LITERALS[found[0]], end
        if kind == _CONSTANT:
            help = "write `null` if the value is not known"
            self.report("M005", f"a number must be finite; found `{found[0]}`", i, end - i, help)
            return None, end
        return self.integer(found[0], i) if kind == _INTEGER else self.real(found[0], i), end

    def enter(self, opened: "_List | _Object") -> "JSONValue":
        if len(self.open) == self.max_depth:
            message = f"lists and objects must be nested at most {self.max_depth} deep; found a deeper one"
            self.stop("M008", message, opened.start)
        self.open.append(opened)
        return opened.value

    def integer(self, token: str, i: int) -> int:
        digits = len(token) - token.startswith("-")
        if digits <= self.max_digits:
            return int(token)
        message = f"an integer must have at most {self.max_digits} digits; found {quote_name(token)} of {digits}"
        self.report(
            "M006",
            message,
            i,
            len(token),
            "put it in double quotes if it is a name, not a quantity",
        )
        return 0

    def real(self, token: str, i: int) -> float:
        value = float(token)
        if abs(value) == _INFINITY:
            message = f"a number must fit 64 bits (at most about 1.8e308); found {quote_name(token)}"
            self.report("M006", message, i, len(token))
        return value

    def string(self, start: int) -> tuple[str, int]:
        """Read a string with escapes or errors. The pattern `_value` has matched all other strings."""
        parts: list[str] = []
        i = start + 1
        while True:
            plain = _unescaped(self.text, i)
            if plain is None:
                raise AssertionError(i)  # never happens: the pattern may be empty
            parts.append(plain[0])
            i = plain.end()
            if self.text.startswith('"', i):
                return "".join(parts), i + 1
            found = _escape(self.text, i)
            if found is None:
                self.bad_string(start, i)
            simple, high, low, other = found.groups()
            if simple:
                parts.append(_ESCAPED[simple])
            elif high:
                parts.append(chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)))
            else:
                parts.append(self.character(other, i))
            i = found.end()

    def character(self, digits: str, i: int) -> str:
        character = chr(int(digits, 16))
        if "\ud800" <= character <= "\udfff":
            message = f"`\\u{digits}` must be half of a surrogate pair; found it alone"
            self.report("M007", message, i, 6, "write the character itself, or both halves")
        return character

    # reporting

    def path(self) -> "Path":
        return tuple(opened.key for opened in self.open if opened.key is not None)

    def report(self, code: str, message: str, i: int, width: int, help: str | None = None) -> None:
        """Add an error in the value that is being read. Reading goes on."""
        if len(self.faults) >= MAX_FINDINGS:
            self.stop("M010", f"the rest of the file was not read: {MAX_FINDINGS} errors were found before it", i)
        self.faults.append((i, Finding(code, message, self.path(), help=help, width=width)))

    def stop(self, code: str, message: str, i: int, width: int = 1, help: str | None = None) -> "NoReturn":
        """Add an error after which nothing can be read. It concerns the text and not a value, so it has no path."""
        self.faults.append((i, Finding(code, message, help=help, width=width)))
        raise _StopError

    def repeated(self, top: _Object, key: str, i: int, after: int) -> None:
        line, _ = self.place(top.places[key])
        width = self.text.rindex('"', i, after) + 1 - i
        message = f"the key {quote_name(key)} must stand only once in an object; found it on line {line} already"
        self.report("M004", message, i, width, "remove or rename one of the two")
        self.faults[-1][1].at = "key"

    def bad_string(self, start: int, i: int) -> "NoReturn":
        """Stop at `i`, where the string that starts at `start` cannot continue."""
        wrong = self.text[i : i + 1]
        if wrong == "\\" and self.text[i + 1 : i + 2] in ("", "\r", "\n"):
            # The backslash escapes nothing: the text or the line ends after it.
            i, wrong = i + 1, self.text[i + 1 : i + 2]
        line, column = self.place(start)
        unclosed = f'the string opened on line {line}, column {column} must be closed with `"`'
        if not wrong:
            self.stop("M003", f"{unclosed}; found the end of the file", self.last(i))
        if wrong in "\r\n":
            help = "close the string, or write the line end in it as `\\n`"
            self.stop("M003", f"{unclosed}; found the end of the line", i, help=help)
        if wrong == "\\":
            self.stop("M003", *_bad_escape(self.text, i))
        escape = _NEEDS_ESCAPE.get(wrong, f"\\u{ord(wrong):04x}")
        message = f"a string must not hold a raw control character; found {quote_name(wrong)}"
        self.stop("M003", message, i, help=f"write it as `{escape}`")

    def fail(self, i: int, expected: str) -> "NoReturn":
        """Stop at `i`, where something else was expected."""
        text, top = self.text, self.open[-1] if self.open else None
        if i >= len(text):
            self.ended(top)
        if top and text[i] in "]}" and text[i] != top.closer:
            self.stop("M003", self.unclosed(top, quote_name(text[i])), i)
        before = self.last(i)
        if top and text[i] == top.closer and text.startswith(",", before - 1):
            message = f"expected {expected}, found `{top.closer}`"
            self.stop("M003", message, before - 1, help="remove the trailing comma")
        rule = _number_rule(text, i) if expected.startswith("a value") else None
        found, width, help = _describe(text, i, expected)
        message = f"{rule}; found {found}" if rule else f"expected {expected}, found {found}"
        if help is None and expected.startswith("`,`"):
            help = self.missing_comma(i, before)
        self.stop("M003", message, i, width, help)

    def ended(self, top: "_List | _Object | None") -> "NoReturn":
        end = self.last(len(self.text))
        if top:
            self.stop("M003", self.unclosed(top, "the end of the file"), end)
        found = "an empty file" if not self.text else "only blanks"
        self.stop("M003", f"the file must hold a JSON value; found {found}", end)

    def unclosed(self, top: "_List | _Object", found: str) -> str:
        line, column = self.place(top.start)
        opened = f"`{top.opener}` opened on line {line}, column {column}"
        return f"{opened} must be closed with `{top.closer}`; found {found}"

    def missing_comma(self, i: int, before: int) -> str | None:
        if before == i and self.text.startswith('"', i - 1):
            return 'write a double quote inside a string as `\\"`'
        if _value(self.text, i) is None and _word(self.text, i) is None:
            return None
        line, _ = self.place(before - 1)
        return f"add a comma after the value that ends on line {line}"

    def last(self, i: int) -> int:
        """The offset after the last character before `i` that is not blank."""
        while i and self.text[i - 1] in _BLANK:
            i -= 1
        return i

    @staticmethod
    def first(top: "_List | _Object") -> str:
        return f"a value or `{top.closer}`" if isinstance(top, _List) else f"a key in double quotes or `{top.closer}`"


# Wording. A help is given only if it is obvious what the user meant.

_MEANT = {
    **dict.fromkeys(("true", "yes", "on"), "`true`"),
    **dict.fromkeys(("false", "no", "off"), "`false`"),
    **dict.fromkeys(("null", "none", "nil", "undefined", "nan", "inf", "infinity"), "`null`"),
}
_NUMBER_RULES = (
    (r"\+", "a number must not start with `+`"),
    (r"-?0[xXoObB]", "a number must be decimal"),
    (r"[-.0-9]*_", "a number must not hold `_`"),
    (
        r"-?0[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
        "a number must not start with `0` before other digits",
    ),
    (r"-?\.[0-9]", "a number must have a digit before the point"),
    (r"-?[0-9]+\.([eE]|$)", "a number must have a digit after the point"),
    (r"-?[0-9]+(\.[0-9]+)?[eE][+-]?$", "a number must have a digit in its exponent"),
    (r"-$", "a number must have a digit after `-`"),
    (r"-[A-Za-z]", "a number must be finite and written in digits"),
)
_CHARACTERS = (
    # (the start of what was expected, the characters found instead, the help)
    ("", "\0", "the file looks like UTF-16; save it as UTF-8"),
    ("`,`", ";", "write `,`"),
    ("`:`", "=", "write `:`"),
    ("`,` or `]`", ":", "a list takes no keys; an object is written with `{` and `}`"),
    ("the end", "]}", "it closes nothing: remove it"),
    ("a value", "<", "the file looks like HTML or XML"),
)
_QUOTES = "'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"


def _number_rule(text: str, i: int) -> str | None:
    """The rule that the malformed number at `i` breaks; None if there is nothing like a number."""
    found = _number(text, i)
    if found is None:
        return None
    for pattern, rule in _NUMBER_RULES:
        if re.match(pattern, found[0]):
            return rule
    return None


def _describe(text: str, i: int, expected: str) -> tuple[str, int, str | None]:
    """What was found at `i`: its name in a message, its width, and the help for a common mistake."""
    if marker := _marker(text, i):
        return (
            f"the merge-conflict marker `{marker[1]}`",
            7,
            "resolve the merge conflict first",
        )
    if comment := _comment(text, i):
        return (
            f"a comment (`{comment[0]}`)",
            len(comment[0]),
            "remove it: JSON has no comments",
        )
    if string := _string_start(text, i):
        return quote_name(string[0]), len(string[0]), None
    if word := _word(text, i) or _number(text, i):
        return quote_name(word[0]), len(word[0]), _word_help(text, word[0], expected)
    return quote_name(text[i]), 1, _character_help(text[i], expected)


def _word_help(text: str, word: str, expected: str) -> str | None:
    if expected.startswith("a key"):
        return "put the key in double quotes"
    if not expected.startswith("a value") or _number_rule(word, 0):
        return None
    if text.startswith("version https://git-lfs"):
        return "the file is a Git LFS pointer; fetch its content with `git lfs pull`"
    meant = _MEANT.get(word.lower())
    return f"write {meant}" if meant else "put text in double quotes"


def _character_help(character: str, expected: str) -> str | None:
    if character in _QUOTES:
        return 'write straight double quotes: `"`'
    for where, characters, help in _CHARACTERS:
        if expected.startswith(where) and character in characters:
            return help
    if character == "," and expected.startswith(("a value", "a key")) and not expected.endswith("`:`"):
        return "remove the extra comma"
    if not character.isprintable():
        return "remove it: only spaces, tabs and line ends may stand between values"
    return None


def _bad_escape(text: str, i: int) -> tuple[str, int, int, str | None]:
    """The message, offset, width and help for an escape that JSON does not have."""
    found = text[i : i + 2]
    if found == "\\u":
        digits = _up_to_four(text, i + 2)
        found += digits[0] if digits else ""
        return (
            f"`\\u` must be followed by four hexadecimal digits; found {quote_name(found)}",
            i,
            len(found),
            None,
        )
    known = '`\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` or `\\u` with four digits'
    return (
        f"an escape must be one of {known}; found {quote_name(found)}",
        i,
        len(found),
        "write a backslash as `\\\\`",
    )
