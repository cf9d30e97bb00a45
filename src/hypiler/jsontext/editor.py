"""Changes values in the text of a registry and leaves every other byte as it stands.

What is written takes its form from what stands around it: indentation, line ends, spaces, escapes, and which lists and
objects take one line. Where nothing shows it, a list or an object takes one line if that is short.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from json import dumps, loads

from hypiler.diagnostics.finding import Path, json_path
from hypiler.jsontext.reader import Source, Span, read_source
from hypiler.jsontext.writer import WIDTH, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import EllipsisType
    from typing import Any, TypeAlias

    from hypiler.jsontext.json_types import JSONValue

    Order = Callable[[Path], int]
    # A change, or the plans for parts by their key or index.
    Plan: TypeAlias = "Change | dict[Any, Any]"

# Each of these is sought from outside of a string: what follows a quote is a whole string then.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_COLON = re.compile(rf"{_STRING}([ \t]*:[ \t]*)?")
_INNERMOST = re.compile(rf"{_STRING}|([\[{{])([ \t]*+)((?:{_STRING}|[^\"\[\]{{}}]++)*+)[\]}}]")
# No string holds a line end, so these brackets are none of a string's.
_BROKEN = re.compile(r"[\[{](?:[ \t]*+(\r\n?+|\n))++([ \t]*+)[^\s\]}]")
_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?!00[0-7])")


class Removed:
    """The type of `REMOVED`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED = Removed()
"""What a change gives instead of a value to take a key out of its object."""


@dataclass(frozen=True, slots=True)
class Change:
    """The value that the part at `path` is to have.

    It replaces the one that is there. A key that lacks is added to its object, an index that lacks to the end of its
    list; objects and lists that lack on the way there are made.
    """

    path: Path
    value: "JSONValue | Removed"


class EditError(Exception):
    """The changes contradict each other or the file, or cannot be written as JSON: whoever made them is at fault."""


def edit(source: Source, changes: "list[Change]", order: "Order") -> str:
    """The text of a file without faults after all the changes, which may come in any order.

    A key is added after the one that precedes it in the order: `order` gives the rank of a key by its path. Raises
    EditError unless the result reads as the old value with the changes.
    """
    if not changes:
        return source.text
    editor = _Editor(source, _planned(changes), order)
    # A lone surrogate passes here, for the reader to refuse.
    again, faults = read_source(editor.text.encode("utf-8", "surrogatepass"), source.name)
    if again is None or faults:
        raise EditError(f"the result cannot be read: {faults[0].message}")
    if again.value != editor.wanted:
        raise EditError("the result has other values than it must")
    return editor.text


def _planned(changes: "list[Change]") -> "Plan":
    """The changes as a tree of their paths."""
    root: dict[str | int, Any] = {}
    for change in changes:
        *sections, last = ("", *change.path)
        here = root
        for part in sections:
            here = here.setdefault(part, {})
            if isinstance(here, Change):
                raise EditError(f"two changes concern {json_path(change.path)}")
        if last in here:
            raise EditError(f"two changes concern {json_path(change.path)}")
        here[last] = change
    plan: Plan = root[""]
    return plan


def _is_removal(plan: "Plan") -> bool:
    return isinstance(plan, Change) and plan.value is REMOVED


def _same(one: "Any", other: "Any") -> bool:
    """Whether two values are written alike: `1`, `1.0` and `true` are equal, and yet not the same."""
    return dumps(one, sort_keys=True) == dumps(other, sort_keys=True)


def _parts(value: "JSONValue") -> "Iterable[Any]":
    """The keys or indexes of an object or a list; none of anything else."""
    return value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)


class _Editor:
    """A source, a plan of changes to it, and what it then holds; all that is written comes from here."""

    def __init__(self, source: Source, plan: "Plan", order: "Order") -> None:
        self.old = source.text
        self.order = order
        self.wanted = self.applied(source.value, plan, ())
        self.spans = source.spans([(), *self.concerned(source.value, plan, ())])
        start, end = self.spans[()][2:]
        self.text = self.old[:start] + self.part(source.value, self.wanted, plan, (), ()) + self.old[end:]

    def applied(self, old: "JSONValue | EllipsisType", plan: "Plan", path: Path) -> "Any":
        """The value after the changes; `old` is `...` where there is none."""
        if _is_removal(plan):
            raise EditError(f"there is no key to remove at {json_path(path)}")
        if isinstance(plan, Change):
            return plan.value
        if old is ...:
            old = [] if 0 in plan else {}
        if not isinstance(old, dict | list):
            raise EditError(f"{json_path(path)} must be an object or a list")
        new: dict[Any, Any] = {**old} if isinstance(old, dict) else dict(enumerate(old))
        for part in self.in_order(plan, path):
            where = json_path((*path, part))
            if type(part) is not (str if isinstance(old, dict) else int):
                raise EditError(f"{json_path(path)} has no part of the kind of {where}")
            if part in new and isinstance(part, str) and _is_removal(plan[part]):
                del new[part]
            else:
                new[part] = self.applied(new.get(part, ...), plan[part], (*path, part))
        if isinstance(old, dict):
            return new
        if list(new) != [*range(len(new))]:
            raise EditError(f"{json_path(path)} must grow at its end, without gaps")
        return list(new.values())

    def in_order(self, parts: "Iterable[Any]", path: Path) -> "list[Any]":
        return sorted(parts, key=lambda part: self.rank(path, part))

    def rank(self, path: Path, part: str | int) -> int:
        return part if isinstance(part, int) else self.order((*path, part))

    def concerned(self, old: "Any", plan: "Plan", path: Path) -> "Iterator[Path]":
        """The paths of what is changed below `path`, and of all that lies beside it."""
        if isinstance(plan, dict):
            for part in _parts(old):
                yield (*path, part)
                if part in plan:
                    yield from self.concerned(old[part], plan[part], (*path, part))

    def part(self, old: "Any", new: "Any", plan: "Plan", path: Path, around: "tuple[_Scope, ...]") -> str:
        """The new text of a value that exists; `around` are the objects and lists around it, the nearest first."""
        scope = _Scope(self.old, *self.spans[path][2:])
        if isinstance(plan, dict) and old:
            return self.members(old, new, plan, path, (scope, *around))
        if _same(old, new):
            return scope.part
        indent = _indentation(self.old, scope.start)
        before = scope.start - _line_start(self.old, scope.start) - len(indent)
        manner = _Manner((scope, *around), inline=not (*around, scope)[0].is_broken)
        return manner.write(new, indent, before)

    def members(self, old: "Any", new: "Any", plan: "dict[Any, Any]", path: Path, around: "tuple[_Scope, ...]") -> str:
        """The new text of an object or a list that is not empty: its members, each after the gap before it."""
        spans = {part: self.spans[(*path, part)] for part in _parts(old)}
        last, *others = spans
        starts = [*[span[0] for span in spans.values()], around[0].end - 1]
        ends = [around[0].start + 1, *[span[3] for span in spans.values()]]
        opening, *between, closing = [self.old[end:start] for end, start in zip(ends, starts, strict=True)]
        gaps = dict(zip(others, between, strict=True))
        gap = between[0] if between else "," + (opening if _is_broken(opening) else _Manner(around, inline=True).space)
        texts: list[str] = []
        for part in self.arranged(old, new, path):
            # What is new, and what was first and no longer is, stands as far off as what is before it.
            gap = gaps.get(part, gap)
            lead = gap if texts else opening
            if part not in spans:
                text = self.added(part, new[part], lead, spans[last], around)
            else:
                last = part
                key, _, start, end = spans[part]
                text = self.old[key:end]
                if part in plan:
                    text = self.old[key:start] + self.part(old[part], new[part], plan[part], (*path, part), around)
            texts += [lead, text]
        texts.append(closing if texts else "")
        return self.old[around[0].start] + "".join(texts) + self.old[around[0].end - 1]

    def arranged(self, old: "Any", new: "dict[str, Any] | list[Any]", path: Path) -> "list[Any]":
        """The keys or the indexes of the new value as the text will have them."""
        if isinstance(new, list) or new.keys() <= old.keys():
            return [*_parts(new)]
        ranks = {key: self.rank(path, key) for key in new}
        keys = [key for key in old if key in new]
        for key in sorted([key for key in new if key not in old], key=ranks.__getitem__):
            before = [(ranks[other], place) for place, other in enumerate(keys) if ranks[other] <= ranks[key]]
            keys.insert(max(before)[1] + 1 if before else 0, key)
        return keys

    def added(self, part: str | int, value: "Any", lead: str, beside: Span, around: "tuple[_Scope, ...]") -> str:
        """The text of a new member that follows the gap `lead`; `beside` is the member before it, or the first one."""
        scope = _Scope(self.old, *beside[2:])
        indent = _indentation(lead, len(lead)) if _is_broken(lead) else _indentation(self.old, scope.end)
        manner = _Manner((scope, *around), inline=not around[0].is_broken)
        if isinstance(part, str):
            name = manner.scalar(part) + manner.colon
            return name + manner.write(value, indent, len(name))
        # Items of a list look alike, however long or short they are.
        alike = scope.part[0] in "[{" and scope.part[1:-1].strip() != ""
        manner.inline = manner.inline or (alike and not scope.is_broken)
        return manner.write(value, indent, 0, broken=alike and scope.is_broken)


class _Scope:
    """A part of a text, and what it shows of how values are written: None where it shows nothing."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.start = start
        self.end = end

    @property
    def part(self) -> str:
        return self.text[self.start : self.end]

    @cached_property
    def is_broken(self) -> bool:
        """Whether it takes more than one line."""
        return _is_broken(self.text, self.start, self.end)

    @cached_property
    def colon(self) -> str | None:
        """What stands between a key and its value."""
        return next((m[1] for m in _COLON.finditer(self.text, self.start, self.end) if m[1]), None)

    @cached_property
    def indentation(self) -> tuple[str, str] | None:
        """What ends a line, and by what the lines inside an object or a list are further in."""
        found = _BROKEN.search(self.text, self.start, self.end)
        return found and (found[1], found[2].removeprefix(_indentation(self.text, found.start())))

    @cached_property
    def escapes(self) -> bool | None:
        """Whether characters beyond ASCII are escaped."""
        part = self.part
        return (True if _ESCAPE.search(part) else None) if part.isascii() else False

    @cached_property
    def pads(self) -> dict[tuple[str, bool], str]:
        """What follows the bracket of innermost objects and lists, by the bracket and whether they are long.

        That is a line end where all of them are broken into lines; what is long would take more than a line.
        """
        pads: dict[tuple[str, bool], str] = {}
        line, at = _line_start(self.text, self.start), self.start
        for found in _INNERMOST.finditer(self.text, self.start, self.end):
            if found[1] and found[3].strip():
                line, at = _line_start(self.text, found.start(), at) or line, found.start()
                broken = _is_broken(found[0])
                width = len(dumps(loads(found[0]), ensure_ascii=False) if broken else found[0])
                kind = found[1], at - line + width >= WIDTH
                pads[kind] = pads.get(kind, "\n") if broken else found[2]
        return pads


class _Manner(Writer):
    """The form of the values around a place, innermost first in `scopes`. With `inline` all is written on one line."""

    def __init__(self, scopes: "tuple[_Scope, ...]", *, inline: bool) -> None:
        self.scopes = scopes
        self.inline = inline

    def shown(self, what: "Callable[[_Scope], Any]", default: "Any") -> "Any":
        """What the innermost scope shows that shows anything."""
        return next((found for scope in self.scopes if (found := what(scope)) is not None), default)

    @property
    def colon(self) -> str:
        return str(self.shown(lambda scope: scope.colon, super().colon))

    @property
    def indentation(self) -> tuple[str, str]:
        found: tuple[str, str] = self.shown(lambda scope: scope.indentation, super().indentation)
        return found

    def pad(self, value: "dict[str, Any] | list[Any]", *, long: bool) -> str:
        kind = "{" if isinstance(value, dict) else "["
        return str(self.shown(lambda scope: scope.pads.get((kind, long)), super().pad(value, long=long)))

    def scalar(self, value: "Any") -> str:
        text = super().scalar(value)
        return text if text.isascii() or not self.shown(lambda scope: scope.escapes, False) else dumps(value)


def _line_start(text: str, at: int, after: int = 0) -> int:
    """Where the line of the offset `at` starts; 0 if no line starts between `after` and there."""
    start = text.rfind("\n", after, at) + 1
    return text.rfind("\r", start or after, at) + 1 or start


def _indentation(text: str, at: int) -> str:
    """The blanks that the line of the offset `at` starts with."""
    start = end = _line_start(text, at)
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return text[start:end]


def _is_broken(text: str, start: int = 0, end: int | None = None) -> bool:
    return text.find("\n", start, end) >= 0 or text.find("\r", start, end) >= 0
