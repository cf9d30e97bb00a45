"""Compares the files on disk with what would be generated: stale, edited, of another format, not ours, or missing."""

import os

from hypiler._digest import with_plain_ends
from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.diagnostics.finding import Finding
from hypiler.emit.header import FORMAT, Header, read_header
from hypiler.project.files import read_file
from hypiler.project.leftovers import leftovers
from hypiler.project.output import linked_folders, refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def check_outputs(
    files: dict[str, str],
    *,
    sources: list[str],
    fix_command: str,
    tracked: "Mapping[str, str] | None" = None,
    folders: "Sequence[str]" = (),
    layers: "Mapping[str, Sequence[str]] | None" = None,
) -> list[Finding]:
    """What is wrong with the files that should hold these texts; `fix_command` is the command that writes them.

    Files that can't hold a comment are judged by their manifest; `tracked` has the sha256 of their sources by path.
    `folders` belong to targets, and files of earlier runs may be left over there. `layers` has the names of the layers
    below the registry of a file, by path. Raises OSError for a file that cannot be read.
    """
    tracked = tracked or {}
    found = linked_folders(folders)
    for path, text in files.items():
        found += _check(path, text, (sources, (layers or {}).get(path, ())), fix_command, tracked.get(path))
    for path in leftovers(folders, files):
        found += _finding(path, ("M507", "is stale: it is not made from the registry any more", _REMOVES), fix_command)
    return found


_REMOVES = "run {}, which removes it"


def _check(
    path: str, text: str, made_of: "tuple[list[str], Sequence[str]]", fix_command: str, source: str | None
) -> list[Finding]:
    """What is wrong with one file. `made_of` are the sources and the names of the layers below them."""
    sources, layers = made_of
    refused = refusals(path, sources, text if source is not None else None)
    for finding in refused:
        finding.help = f"{finding.help}; then run `{fix_command}`"
    if refused:
        return refused
    found, text = _read(path), text.replace("\r\n", "\n")
    if source is not None:
        return _check_tracked(path, found, text, source, fix_command)
    wanted, header = read_header(text), read_header(found or "")
    if wanted and header and header.format == wanted.format and header.comment != wanted.comment:
        # A byte order mark before the header, for example: an editor has saved the file.
        header.edited = True
    judged = _judge(found, text, header, wanted.source if wanted else "", _changed_layers(header, wanted, layers))
    return _finding(path, judged, fix_command) or _check_bytecode(path, text, fix_command)


def _check_bytecode(path: str, text: str, fix_command: str) -> list[Finding]:
    """The bytecode files of an earlier module that Python would run instead of the one at `path`."""
    if not path.endswith(".py"):
        return []
    from hypiler.project.bytecode import outdated_bytecode

    message = f"is stale: Python would run it instead of `{printable(path)}`, which is up to date"
    return [
        finding
        for file in outdated_bytecode(path, text)
        for finding in _finding(file, ("M507", message, _REMOVES), fix_command)
    ]


def _check_tracked(path: str, found: str | None, text: str, source: str, fix_command: str) -> list[Finding]:
    """The same for a file that only a manifest tracks."""
    from hypiler.project.manifest import header_of, manifest_path, read_entries, same_data

    place = manifest_path(path)
    entry = read_entries(place).get(os.path.basename(path))
    header = header_of(entry, found or "") if entry else None
    found = text if same_data(found or "", text) else found
    if found == text and (header is None or header.edited):
        state = "is missing" if not os.path.exists(place) else f"does not hold the sha256 of `{printable(path)}`"
        return _finding(place, ("M506" if state == "is missing" else "M507", state, "run {}"), fix_command)
    return _finding(path, _judge(found, text, header, source), fix_command)


def _finding(path: str, judged: tuple[str, str, str] | None, fix_command: str) -> list[Finding]:
    if judged is None:
        return []
    code, message, help = judged
    return [Finding(code, f"`{printable(path)}` {message}", file=path, help=help.format(f"`{fix_command}`"))]


def _read(path: str) -> str | None:
    """The text of a file, whatever a checkout made of its line ends; None if there is no file."""
    if not os.path.lexists(path):
        return None
    return with_plain_ends(read_file(path)).decode("utf-8", "backslashreplace")


def _changed_layers(old: Header | None, new: Header | None, names: "Sequence[str]") -> str:
    """A part of a sentence that names the layers that have changed; empty if that is not known."""
    if old is None or new is None or not len(old.layers) == len(new.layers) == len(names):
        return ""
    changed = [
        f"`{printable(name)}`" for one, other, name in zip(old.layers, new.layers, names, strict=True) if one != other
    ]
    return f", in layer{'s' * (len(changed) > 1)} {', '.join(changed)}" if changed else ""


def _judge(
    found: str | None, text: str, header: Header | None, source: str, where: str = ""
) -> tuple[str, str, str] | None:
    """Code, message and help for a file that does not hold `text`; the help has a place for the command.

    `header` is what the file, or its manifest, says of it; `source` is the sha256 of the sources as they are now.
    `where` says in which layers they have changed.
    """
    if found == text:
        return None
    if not found:
        return "M506", "is missing" if found is None else "is empty", "run {}"
    if header is None or header.edited:
        # Judged first: nothing else that an edited file says of itself can be trusted.
        if "\n<<<<<<< " in f"\n{found}":
            return "M508", "has the markers of a merge conflict", "resolve the conflicts of the registry; then run {}"
        return "M508", "was edited after it was generated", "make the change in the registry; {} overwrites the edit"
    if header.format > FORMAT:
        message = f"is of format {header.format}, and this hypiler writes format {FORMAT}"
        return "M509", message, "update hypiler, which is older than the one that wrote the file; or run {}"
    if header.format < FORMAT:
        return "M509", f"is of format {header.format}, and this hypiler writes format {FORMAT}", "run {}"
    if header.source != source:
        return (
            "M507",
            f"is stale: the registry has changed since it was generated{where}{_first(found, text)}",
            "run {}",
        )
    return "M509", "was written by another version of hypiler", "run {}"


def _first(found: str, wanted: str) -> str:
    """A part of a sentence that names the first model that differs between two modules; empty for other texts."""
    old, new = _rows(found), _rows(wanted)
    for number in range(max(len(old), len(new))):
        one, other = old[number : number + 1], new[number : number + 1]
        if one != other:
            # A model that is only in the old file was removed; one that is only in the new file was added.
            id = (other or one)[0].partition("|")[0]
            return f"; the first model that differs is {quote_name(id)}"
    return ""


def _rows(text: str) -> list[str]:
    return text.partition('\n_ROWS = r"""\n')[2].partition('"""')[0].splitlines()


def diff_outputs(files: dict[str, str], folders: "Sequence[str]" = ()) -> "Iterator[str]":
    """The lines of a unified diff from the files on disk to what would be generated, each without a line end.

    `folders` belong to targets: files of earlier runs that are left over there would be removed.
    """
    from difflib import unified_diff

    for path, text in {**files, **dict.fromkeys(leftovers(folders, files))}.items():
        found = _read(path)
        old = f"a/{path}" if found is not None else os.devnull
        new = f"b/{path}" if text is not None else os.devnull
        lines = unified_diff((found or "").splitlines(), (text or "").splitlines(), old, new, lineterm="")
        yield from map(printable, lines)
