"""Compares what stands on disk with what would be generated: stale, edited, of another format, not ours, or missing."""

import os

from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.emit.header import FORMAT, read_header
from hypiler.project.files import read_file
from hypiler.project.output import refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check_outputs(files: dict[str, str], *, sources: list[str], repair: str) -> list[Finding]:
    """What is wrong with the files that should hold these texts; `repair` is the command that writes them.

    Raises OSError for a file that cannot be read.
    """
    return [finding for path, text in files.items() for finding in _check(path, text, sources, repair)]


def _check(path: str, text: str, sources: list[str], repair: str) -> list[Finding]:
    refused = refusals(path, sources)
    for finding in refused:
        finding.help = f"{finding.help}; then run `{repair}`"
    if refused:
        return refused
    found = _read(path)
    code, message, help = _judge(found, text) if found != text else ("", "", "")
    name = f"`{printable(path)}`"
    return [Finding(code, f"{name} {message}", file=path, help=help.format(f"`{repair}`"))] if code else []


def _read(path: str) -> str | None:
    """The text of a file, with the line ends of Python whatever a checkout made of them; None if there is none."""
    if not os.path.lexists(path):
        return None
    return read_file(path).decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def _judge(found: str | None, wanted: str) -> tuple[str, str, str]:
    """Code, message and help for a text that is not the wanted one; the help has a place for the command."""
    if not found:
        return "M506", "is missing" if found is None else "is empty", "run {}"
    header = read_header(found)
    if header is None or header.edited:
        # Judged first: what else an edited file says of itself cannot be trusted.
        return "M508", "was edited after it was generated", "make the change in the registry; {} overwrites the edit"
    if header.format > FORMAT:
        message = f"is of format {header.format}, and this hypiler writes format {FORMAT}"
        return "M509", message, "update hypiler, which is older than the one that wrote the file; or run {}"
    if header.format < FORMAT:
        return "M509", f"is of format {header.format}, and this hypiler writes format {FORMAT}", "run {}"
    if header.source != getattr(read_header(wanted), "source", None):
        return "M507", f"is stale: the registry has changed since it was generated{_first(found, wanted)}", "run {}"
    return "M509", "was written by another version of hypiler", "run {}"


def _first(found: str, wanted: str) -> str:
    """Names the first model that differs between two modules; nothing for other texts."""
    old, new = _rows(found), _rows(wanted)
    for number in range(max(len(old), len(new))):
        one, other = old[number : number + 1], new[number : number + 1]
        if one != other:
            # A model that is only in the old file is missed, one that is only in the new file was added.
            id = (other or one)[0].partition("|")[0]
            return f"; the first model that differs is {quote_name(id)}"
    return ""


def _rows(text: str) -> list[str]:
    return text.partition('\n_ROWS: str = r"""\n')[2].partition('"""')[0].splitlines()


def diff_outputs(files: dict[str, str]) -> "Iterator[str]":
    """The lines of a unified diff from what stands on disk to what would be generated, each without a line end."""
    from difflib import unified_diff

    for path, text in files.items():
        found = _read(path)
        old = f"a/{path}" if found is not None else os.devnull
        lines = unified_diff((found or "").splitlines(), text.splitlines(), old, f"b/{path}", lineterm="")
        yield from map(printable, lines)
