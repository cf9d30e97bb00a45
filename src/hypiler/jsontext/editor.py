"""Changes values in a JSON text and keeps every other byte as it is.

An edit takes four steps:

1. The changes become a plan: a tree of dicts by key or index, with a `Change` at each leaf.
2. `_Rewriter.apply` computes the new value from the old one. A contradiction raises EditError here.
3. `_Rewriter.write_part` goes through the old value, the new value and the plan together. Text that the plan does not
   touch is copied. A value that changes is written anew, and so is a member that is added.
4. `edit` reads the result again and compares it with the new value. A difference raises EditError.

New text follows the formatting around it: indentation, line ends, spaces, escapes, and which lists and objects take one
line. A `_Region` is a part of the old text and tells the formatting that it contains. A `_Style` is a `Writer` that
asks the regions around a position, innermost first, until one has an example. If none has, the `Writer`'s defaults are
used.
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
    # A change, or the plans for the parts of an object or a list, by key or index.
    Plan: TypeAlias = "Change | dict[Any, Any]"

# These patterns are always searched from a position outside a string, so a quote starts a complete string.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_COLON = re.compile(rf"{_STRING}([ \t]*:[ \t]*)?")
_INNERMOST = re.compile(rf"{_STRING}|([\[{{])([ \t]*+)((?:{_STRING}|[^\"\[\]{{}}]++)*+)[\]}}]")
# JSON strings contain no line ends, so a bracket before a line end is not part of a string.
_MULTILINE = re.compile(r"[\[{](?:[ \t]*+(\r\n?+|\n))++([ \t]*+)[^\s\]}]")
_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?!00[0-7])")


class Removed:
    """The type of `REMOVED`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED = Removed()
"""The value of a change that removes a key from its object."""


@dataclass(frozen=True, slots=True)
class Change:
    """Set the part at `path` to `value`.

    A missing key is added to its object; a missing index is appended to its list. Missing parents are created.
    """

    path: Path
    value: "JSONValue | Removed"


class EditError(Exception):
    """The changes contradict each other or the file, or cannot be written as JSON. This is a fault of the caller."""


def edit(source: Source, changes: "list[Change]", order: "Order") -> str:
    """The text of a file after all changes, which may be given in any order. The file must have no JSON errors.

    `order` returns the rank of a key by its path. A new key is added after the key that precedes it in this order.
    Raises EditError if the result does not read as the old value with the changes.
    """
    if not changes:
        return source.text
    editor = _Rewriter(source, _plan_tree(changes), order)
    # A lone surrogate is encoded too, so that the reader refuses it.
    again, faults = read_source(editor.text.encode("utf-8", "surrogatepass"), source.name)
    if again is None or faults:
        raise EditError(f"the result cannot be read: {faults[0].message}")
    if again.value != editor.new_value:
        raise EditError("the result does not have the values of the changes")
    return editor.text


def _plan_tree(changes: "list[Change]") -> "Plan":
    """The changes as a tree of dicts, by the parts of their paths."""
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


def _same_json(one: "Any", other: "Any") -> bool:
    """Whether two values are the same JSON: `1`, `1.0` and `true` are equal in Python but not in JSON."""
    return dumps(one, sort_keys=True) == dumps(other, sort_keys=True)


def _keys_or_indexes(value: "JSONValue") -> "Iterable[Any]":
    """The keys of an object or the indexes of a list; empty for any other value."""
    return value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)


class _Rewriter:
    """Applies a plan to a source.

    Attributes:
        old: The old text.
        order: Returns the rank of a key by its path.
        new_value: The value after the changes.
        spans: The spans of everything that the rewriter copies or replaces, by path.
        text: The new text.
    """

    def __init__(self, source: Source, plan: "Plan", order: "Order") -> None:
        self.old = source.text
        self.order = order
        self.new_value = self.apply(source.value, plan, ())
        self.spans = source.spans([(), *self.needed_paths(source.value, plan, ())])
        start, end = self.spans[()][2:]
        self.text = self.old[:start] + self.write_part(source.value, self.new_value, plan, (), ()) + self.old[end:]

    def apply(self, old: "JSONValue | EllipsisType", plan: "Plan", path: Path) -> "Any":
        """The value at `path` after the changes; `old` is `...` if there is none yet."""
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
                raise EditError(f"{where} has a key for a list, or an index for an object")
            if part in new and isinstance(part, str) and _is_removal(plan[part]):
                del new[part]
            else:
                new[part] = self.apply(new.get(part, ...), plan[part], (*path, part))
        if isinstance(old, dict):
            return new
        if list(new) != [*range(len(new))]:
            raise EditError(f"{json_path(path)} must grow at its end, without gaps")
        return list(new.values())

    def in_order(self, parts: "Iterable[Any]", path: Path) -> "list[Any]":
        return sorted(parts, key=lambda part: self.rank(path, part))

    def rank(self, path: Path, part: str | int) -> int:
        return part if isinstance(part, int) else self.order((*path, part))

    def needed_paths(self, old: "Any", plan: "Plan", path: Path) -> "Iterator[Path]":
        """The paths below `path` whose spans are needed: the changed parts and all their siblings."""
        if isinstance(plan, dict):
            for part in _keys_or_indexes(old):
                yield (*path, part)
                if part in plan:
                    yield from self.needed_paths(old[part], plan[part], (*path, part))

    def write_part(self, old: "Any", new: "Any", plan: "Plan", path: Path, around: "tuple[_Region, ...]") -> str:
        """The new text of an existing value; `around` are the enclosing objects and lists, innermost first."""
        region = _Region(self.old, *self.spans[path][2:])
        if isinstance(plan, dict) and old:
            return self.write_members(old, new, plan, path, (region, *around))
        if _same_json(old, new):
            return region.part
        indent = _indentation(self.old, region.start)
        before = region.start - _line_start(self.old, region.start) - len(indent)
        style = _Style((region, *around), inline=not (*around, region)[0].is_multiline)
        return style.write(new, indent, before)

    def write_members(
        self, old: "Any", new: "Any", plan: "dict[Any, Any]", path: Path, around: "tuple[_Region, ...]"
    ) -> str:
        """The new text of an object or a list that was not empty.

        A gap is the text between two members, such as a comma with a line end and an indentation. `around` starts with
        the region of the object or list itself.
        """
        spans = {part: self.spans[(*path, part)] for part in _keys_or_indexes(old)}
        last, *others = spans
        starts = [*[span[0] for span in spans.values()], around[0].end - 1]
        ends = [around[0].start + 1, *[span[3] for span in spans.values()]]
        opening, *between, closing = [self.old[end:start] for end, start in zip(ends, starts, strict=True)]
        gaps = dict(zip(others, between, strict=True))
        gap = (
            between[0] if between else "," + (opening if _is_multiline(opening) else _Style(around, inline=True).space)
        )
        texts: list[str] = []
        for part in self.arrange(old, new, path):
            # A member without a gap of its own is new, or was the first member: it repeats the previous gap.
            gap = gaps.get(part, gap)
            lead = gap if texts else opening
            if part not in spans:
                text = self.write_new_member(part, new[part], lead, spans[last], around)
            else:
                last = part
                key, _, start, end = spans[part]
                text = self.old[key:end]
                if part in plan:
                    text = self.old[key:start] + self.write_part(
                        old[part], new[part], plan[part], (*path, part), around
                    )
            texts += [lead, text]
        texts.append(closing if texts else "")
        return self.old[around[0].start] + "".join(texts) + self.old[around[0].end - 1]

    def arrange(self, old: "Any", new: "dict[str, Any] | list[Any]", path: Path) -> "list[Any]":
        """The keys or indexes of the new value, in the order in which they are written."""
        if isinstance(new, list) or new.keys() <= old.keys():
            return [*_keys_or_indexes(new)]
        ranks = {key: self.rank(path, key) for key in new}
        keys = [key for key in old if key in new]
        for key in sorted([key for key in new if key not in old], key=ranks.__getitem__):
            before = [(ranks[other], place) for place, other in enumerate(keys) if ranks[other] <= ranks[key]]
            keys.insert(max(before)[1] + 1 if before else 0, key)
        return keys

    def write_new_member(
        self, part: str | int, value: "Any", lead: str, beside: Span, around: "tuple[_Region, ...]"
    ) -> str:
        """The text of a new member.

        Args:
            part: Its key or index.
            value: Its value.
            lead: The gap before it.
            beside: The span of the member before it, or else of the first member.
            around: The regions of the enclosing objects and lists, innermost first.
        """
        region = _Region(self.old, *beside[2:])
        indent = _indentation(lead, len(lead)) if _is_multiline(lead) else _indentation(self.old, region.end)
        style = _Style((region, *around), inline=not around[0].is_multiline)
        if isinstance(part, str):
            name = style.scalar(part) + style.colon
            return name + style.write(value, indent, len(name))
        # The items of a list are formatted alike, whatever their length.
        alike = region.part[0] in "[{" and region.part[1:-1].strip() != ""
        style.inline = style.inline or (alike and not region.is_multiline)
        return style.write(value, indent, 0, broken=alike and region.is_multiline)


class _Region:
    """A part of the old text and the formatting in it. A property is None if the region has no example of it."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.start = start
        self.end = end

    @property
    def part(self) -> str:
        return self.text[self.start : self.end]

    @cached_property
    def is_multiline(self) -> bool:
        """Whether the region takes more than one line."""
        return _is_multiline(self.text, self.start, self.end)

    @cached_property
    def colon(self) -> str | None:
        """The text between a key and its value: a colon with its blanks."""
        return next((m[1] for m in _COLON.finditer(self.text, self.start, self.end) if m[1]), None)

    @cached_property
    def indentation(self) -> tuple[str, str] | None:
        """The line end, and the additional indentation inside an object or a list."""
        found = _MULTILINE.search(self.text, self.start, self.end)
        return found and (found[1], found[2].removeprefix(_indentation(self.text, found.start())))

    @cached_property
    def escapes(self) -> bool | None:
        """Whether characters outside ASCII are escaped."""
        part = self.part
        return (True if _ESCAPE.search(part) else None) if part.isascii() else False

    @cached_property
    def pads(self) -> dict[tuple[str, bool], str]:
        """The text after the opening bracket of objects and lists without others inside.

        The keys are the bracket, and whether the object or list is too long for one line. The text is a line end if
        all such objects or lists take several lines, else the blanks after the bracket.
        """
        pads: dict[tuple[str, bool], str] = {}
        line, at = _line_start(self.text, self.start), self.start
        for found in _INNERMOST.finditer(self.text, self.start, self.end):
            if found[1] and found[3].strip():
                line, at = _line_start(self.text, found.start(), at) or line, found.start()
                multiline = _is_multiline(found[0])
                width = len(dumps(loads(found[0]), ensure_ascii=False) if multiline else found[0])
                kind = found[1], at - line + width >= WIDTH
                pads[kind] = pads.get(kind, "\n") if multiline else found[2]
        return pads


class _Style(Writer):
    """The formatting to use at a position, inferred from the enclosing `regions`, innermost first.

    `inline` forces everything onto one line.
    """

    def __init__(self, regions: "tuple[_Region, ...]", *, inline: bool) -> None:
        self.regions = regions
        self.inline = inline

    def first_shown(self, what: "Callable[[_Region], Any]", default: "Any") -> "Any":
        """What `what` gives for the innermost region that has an example; `default` if no region has one."""
        return next((found for region in self.regions if (found := what(region)) is not None), default)

    @property
    def colon(self) -> str:
        return str(self.first_shown(lambda region: region.colon, super().colon))

    @property
    def indentation(self) -> tuple[str, str]:
        found: tuple[str, str] = self.first_shown(lambda region: region.indentation, super().indentation)
        return found

    def pad(self, value: "dict[str, Any] | list[Any]", *, long: bool) -> str:
        kind = "{" if isinstance(value, dict) else "["
        return str(self.first_shown(lambda region: region.pads.get((kind, long)), super().pad(value, long=long)))

    def scalar(self, value: "Any") -> str:
        text = super().scalar(value)
        return text if text.isascii() or not self.first_shown(lambda region: region.escapes, False) else dumps(value)


def _line_start(text: str, at: int, after: int = 0) -> int:
    """The start of the line of the offset `at`; 0 if no line starts between `after` and `at`."""
    start = text.rfind("\n", after, at) + 1
    return text.rfind("\r", start or after, at) + 1 or start


def _indentation(text: str, at: int) -> str:
    """The blanks at the start of the line of the offset `at`."""
    start = end = _line_start(text, at)
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return text[start:end]


def _is_multiline(text: str, start: int = 0, end: int | None = None) -> bool:
    return text.find("\n", start, end) >= 0 or text.find("\r", start, end) >= 0
