"""Texts that tests pin, and how `python -m pytest --update-golden` rewrites them.

A test marks a pinned sentence with `golden`, and a pinned file with `golden_file`:

    assert finding.message == golden(f"the file must be UTF-8; found the byte `{byte}`")
    assert report == golden_file(HERE / "hundred_faults.text")

Without the option both are plain strings, so nothing but the comparison happens. With the option each comparison with
`==` passes and is remembered; when the run ends, the sentences that were found replace the pinned ones in the source
of the tests. The placeholders of an f-string stay where their values stand in the new sentence. A sentence is left
alone, and the run fails, if its test cases need different sentences.

inline-snapshot does the same for literals, but it leaves f-strings alone, and a third of the pinned messages name a
folder, a host or a value of the test case.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import pytest

WIDTH = 120
# A template: the literal parts of a string, and its placeholders.
Parts: TypeAlias = "list[str | ast.FormattedValue]"
# The literal parts of a template, and the numbers of the placeholders that it keeps.
Draft: TypeAlias = "list[str | int]"


def golden(text: str | None = None) -> str:
    """A pinned text, for comparison with `==`. Without an argument, the text is written by `--update-golden`."""
    if _updates is None:
        assert text is not None, "this text is not written yet; run pytest with --update-golden"
        return text
    return _Golden.at(sys._getframe(1), text)


def golden_file(path: Path) -> str:
    """The content of a pinned text file, for comparison with `==`."""
    if _updates is None:
        assert path.exists(), f"{path} is not written yet; run pytest with --update-golden"
        return path.read_text("utf-8")
    return _GoldenFile.of(path)


def is_updating() -> bool:
    """Whether pinned texts are rewritten in this run."""
    return _updates is not None


def write_golden(path: Path, text: str) -> None:
    """Rewrite a pinned file now, if its text is another one."""
    assert _updates is not None
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
        _updates.written.append(str(path))


class Updates:
    """Pytest plugin of a run with `--update-golden`.

    Attributes:
        sites: every pinned sentence that was compared, by its file and its position there.
        written: the files that were rewritten.
        problems: sentences that could not be rewritten, and why.
    """

    def __init__(self) -> None:
        self.sites: dict[tuple[object, ...], _Site] = {}
        self.written: list[str] = []
        self.problems: list[str] = []

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Rewrite the sources of the tests."""
        files: dict[str, list[_Site]] = {}
        for site in sorted(self.sites.values(), key=lambda site: -site.depth):
            site.settle()
            files.setdefault(site.file, []).append(site)
        for file, sites in sorted(files.items()):
            self._rewrite(file, sites)
        if self.problems:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was rewritten."""
        for file in self.written:
            terminalreporter.write_line(f"rewritten: {file}")
        for problem in self.problems:
            terminalreporter.write_line(problem, red=True)

    def _rewrite(self, file: str, sites: "list[_Site]") -> None:
        source = Path(file).read_bytes()
        lines = source.splitlines(keepends=True)
        changed = source
        for site in sorted(sites, key=lambda site: site.span, reverse=True):
            try:
                new = site.refreshed()
            except _ConflictError as error:
                self.problems.append(f"{file}:{site.span[0]}: not rewritten: {error}")
                continue
            if new is not None:
                line, column, end_line, end_column = site.span
                begin = sum(map(len, lines[: line - 1])) + column
                end = sum(map(len, lines[: end_line - 1])) + end_column
                changed = changed[:begin] + new.encode() + changed[end:]
        if changed != source:
            Path(file).write_bytes(changed)
            subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", file], check=True)
            self.written.append(file)


_updates: Updates | None = None


def start_updating(config: pytest.Config) -> None:
    """From now on, comparisons with pinned texts are remembered."""
    global _updates  # noqa: PLW0603
    _updates = Updates()
    config.pluginmanager.register(_updates)


class _ConflictError(Exception):
    """Why a pinned sentence cannot be rewritten."""


class _GoldenFile(str):
    """The content of a file, replaced by what it is compared with."""

    path: Path

    @classmethod
    def of(cls, path: Path) -> "_GoldenFile":
        text = cls(path.read_text("utf-8") if path.exists() else "")
        text.path = path
        return text

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            write_golden(self.path, other)
        return isinstance(other, str)

    __hash__ = str.__hash__


class _Golden(str):
    """A pinned sentence that remembers what it is compared with."""

    site: "_Site"
    values: "list[str | _Golden]"

    @classmethod
    def at(cls, frame: FrameType, text: str | None) -> "_Golden":
        """The text of the call of `golden` that runs now in a frame."""
        self = cls("" if text is None else text)
        self.site = _site(frame)
        self.values = [_evaluate(part, frame) for part in self.site.placeholders]
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return False
        self.site.sightings.append(([*self.values], str(other)))
        return True

    __hash__ = str.__hash__

    @property
    def depth(self) -> int:
        """How many pinned sentences lie in each other."""
        return 1 + max((value.depth for value in self.values if isinstance(value, _Golden)), default=0)


@dataclass
class _Site:
    """A call of `golden` in the source of a test.

    Attributes:
        span: line, column, end line and end column of what is replaced; columns count bytes.
        old: what is replaced, or an empty text.
        parts: the template that stands there now.
        sightings: values of the placeholders, and the text that the pinned one was compared with. A value that is
            pinned itself is still marked as such.
        draft: the new template, as far as it is known.
    """

    file: str
    span: tuple[int, int, int, int]
    indent: int
    old: str
    parts: Parts
    sightings: "list[tuple[list[str | _Golden], str]]" = field(default_factory=list)
    draft: "Draft | None" = None

    @property
    def placeholders(self) -> list[ast.FormattedValue]:
        return [part for part in self.parts if not isinstance(part, str)]

    @property
    def depth(self) -> int:
        values = [value for values, _ in self.sightings for value in values if isinstance(value, _Golden)]
        return max((value.depth for value in values), default=0)

    def settle(self) -> None:
        """Find the new template. Pinned sentences within it take what stands in their places."""
        drafts = [self._present(), *(_draft(self._present(), values, text) for values, text in self.sightings)]
        for draft in drafts:
            found = [self._inner(draft, values, text) for values, text in self.sightings]
            if None not in found:
                for inner in filter(None, found):
                    for value, text in inner:
                        value.site.sightings.append((value.values, text))
                self.draft = draft
                return

    def refreshed(self) -> str | None:
        """The source of the new template; None if it is the present one."""
        if self.draft is None:
            raise _ConflictError("its test cases need different sentences")
        if not self.old and not self.sightings:
            raise _ConflictError("it is never compared")
        return None if self.old and self.draft == self._present() else self._render(self.draft)

    def _inner(self, draft: Draft, values: "list[str | _Golden]", text: str) -> "list[tuple[_Golden, str]] | None":
        """The texts of the pinned sentences within one; None if a template does not give the text."""
        parts = [part if isinstance(part, str) else values[part] for part in draft]
        inner = [part for part in parts if isinstance(part, _Golden)]
        pattern = "".join("(.*)" if isinstance(part, _Golden) else re.escape(part) for part in parts)
        found = re.fullmatch(pattern, text, re.DOTALL)
        return None if found is None else list(zip(inner, found.groups(), strict=True))

    def _present(self) -> Draft:
        numbers = iter(range(len(self.parts)))
        return [part if isinstance(part, str) else next(numbers) for part in self.parts]

    def _render(self, draft: Draft) -> str:
        """The source of a string, in pieces that fit the line; the formatter does the rest."""
        marks = [part if isinstance(part, str) else self.placeholders[part] for part in draft]
        if self.old.lstrip("rf").startswith('"""'):
            return _long_string(marks, continued=self.old.lstrip("rf").startswith('"""\\\n'))
        pieces: list[Parts] = [[]]
        width = WIDTH - self.indent - len('    f""')
        for word in _words(marks):
            if pieces[-1] and (len(_body([*pieces[-1], *word])) > width or _ends_line(pieces[-1])):
                pieces.append([])
            pieces[-1] += word
        is_raw = bool(re.match("f?r", self.old)) and all(map(_can_be_raw, marks))
        return "\n".join(_string(piece, is_raw=is_raw) for piece in pieces)


def _site(frame: FrameType) -> _Site:
    """The place of the call that runs now in a frame."""
    assert _updates is not None
    code = frame.f_code
    line, end_line, column, end_column = list(code.co_positions())[frame.f_lasti // 2]
    key = (code.co_filename, line, column, end_line, end_column)
    if key not in _updates.sites:
        source, calls = _calls(code.co_filename)
        call = calls[key[1:]]
        _updates.sites[key] = _make_site(code.co_filename, source, call)
    return _updates.sites[key]


@cache
def _calls(file: str) -> tuple[str, dict[tuple[object, ...], ast.Call]]:
    """The source of a file, and the calls in it by their position."""
    source = Path(file).read_text("utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return source, {(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset): node for node in nodes}


def _make_site(file: str, source: str, call: ast.Call) -> _Site:
    line = source.split("\n")[call.lineno - 1]
    indent = len(line) - len(line.lstrip())
    if call.args:
        node = call.args[0]
        assert node.end_lineno is not None and node.end_col_offset is not None
        span = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        return _Site(file, span, indent, ast.get_source_segment(source, node) or "", list(_parts(node)))
    assert call.end_lineno is not None and call.end_col_offset is not None
    place = (call.end_lineno, call.end_col_offset - 1)
    return _Site(file, place + place, indent, "", [""])


def _parts(node: ast.expr) -> Iterator[str | ast.FormattedValue]:
    """The literal parts and the placeholders of an expression that gives a string."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _parts(value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _parts(left)
            yield from _parts(right)
        case ast.FormattedValue():
            yield node
        case _:
            yield ast.FormattedValue(node, -1)


def _evaluate(part: ast.FormattedValue, frame: FrameType) -> "str | _Golden":
    """What stands for a placeholder in the text; a pinned sentence stays one."""
    plain = part.conversion == -1 and part.format_spec is None
    code = ast.Expression(part.value if plain else ast.JoinedStr([part]))
    value: object = eval(compile(ast.fix_missing_locations(code), "<golden>", "eval"), frame.f_globals, frame.f_locals)
    return value if isinstance(value, _Golden) else format(value)


def _draft(present: Draft, values: Sequence[str], text: str) -> Draft:
    """A template that gives `text`, with the placeholders of the present one where their values stand in it.

    A value that stands in the text several times is taken where what surrounds it is most like what surrounds it now.
    """
    taken: list[tuple[int, int, int]] = []
    for index in sorted(
        (index for index, part in enumerate(present) if isinstance(part, int)),
        key=lambda index: -len(values[int(present[index])]),
    ):
        number = int(present[index])
        before, after = (
            "".join(part if isinstance(part, str) else values[part] for part in side)
            for side in (present[:index], present[index + 1 :])
        )
        free = [
            (_likeness(before, text[:begin], after, text[end:]), begin, end)
            for begin, end in _occurrences(values[number], text)
            if all(end <= other or begin >= other_end for other, other_end, _ in taken)
            and _stands_alone(values[number], before, text[:begin], after, text[end:])
        ]
        if free:
            _, begin, end = max(free, key=lambda place: (place[0], -place[1]))
            taken.append((begin, end, number))
    draft: Draft = []
    position = 0
    for begin, end, number in sorted(taken):
        draft += [text[position:begin], number]
        position = end
    return [part for part in [*draft, text[position:]] if part != ""]


def _occurrences(value: str, text: str) -> Iterator[tuple[int, int]]:
    for found in re.finditer(f"(?={re.escape(value)})", text):
        yield found.start(), found.start() + len(value)


def _likeness(before: str, text_before: str, after: str, text_after: str) -> int:
    """How many characters on both sides of a value are the same as now."""
    left = _common(reversed(before), reversed(text_before))
    return left + _common(after, text_after)


def _common(first: Iterable[str], second: Iterable[str]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _stands_alone(value: str, before: str, text_before: str, after: str, text_after: str) -> bool:
    """Whether a value is no part of a longer word or number, unless it is one now."""
    for edge, now, found in ((value[:1], before[-1:], text_before[-1:]), (value[-1:], after[:1], text_after[:1])):
        if now != found and edge.isalnum() and found.isalnum():
            return False
    return True


def _words(marks: Parts) -> list[Parts]:
    """The parts in pieces between which a line may end: before a blank, and after the end of a line."""
    words: list[Parts] = [[]]
    for mark in marks:
        atoms = re.split(r"(?<=\n)|(?<=[^ ])(?= )", mark) if isinstance(mark, str) else [mark]
        for atom in filter(None, atoms):
            if _ends_line(words[-1]) or (isinstance(atom, str) and atom.startswith(" ")):
                words.append([])
            words[-1].append(atom)
    return words


def _ends_line(parts: Parts) -> bool:
    return bool(parts) and isinstance(parts[-1], str) and parts[-1].endswith("\n")


def _string(piece: Parts, *, is_raw: bool) -> str:
    """The source of a string."""
    body = _body(piece)
    return f'r{_prefix(piece)}"{body}"'.replace(r"\\", "\\") if is_raw else f'{_prefix(piece)}"{body}"'


def _can_be_raw(part: str | ast.FormattedValue) -> bool:
    return not isinstance(part, str) or (part.isprintable() and '"' not in part and not part.endswith("\\"))


def _long_string(parts: Parts, *, continued: bool) -> str:
    """The source of a string in triple quotes."""
    text = "".join(part for part in parts if isinstance(part, str))
    plain = {"n": "\n"} | ({} if '""' in text or text.endswith('"') else {'"': '"'})
    body = re.sub(r"\\(.)", lambda found: plain.get(found[1], found[0]), _body(parts))
    return f'{_prefix(parts)}"""' + "\\\n" * continued + body + '"""'


def _prefix(parts: Parts) -> str:
    return "f" if any(not isinstance(part, str) for part in parts) else ""


def _body(parts: Parts) -> str:
    """Parts as they stand between double quotes."""
    braces = {"{": "{{", "}": "}}"} if _prefix(parts) else {}
    escapes = {"'": "'", '"': '\\"', **braces}
    return "".join(
        "".join(escapes.get(character) or repr(character)[1:-1] for character in part)
        if isinstance(part, str)
        else ast.unparse(ast.JoinedStr([part]))[2:-1]
        for part in parts
    )
