"""The one place that writes files. It compares first, writes all files or none, and never replaces a foreign file."""

import os
import time
from stat import S_IMODE

from hypiler._digest import with_plain_ends
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding
from hypiler.emit.header import MARKER, is_generated
from hypiler.project.files import failure, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Between creating a temporary file and renaming it lies far less than this, in seconds.
_ABANDONED = 60
# Seconds between tries to replace a file that another program has open: Windows refuses until it is closed.
_WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4) if os.name == "nt" else ()
# Build backends neither pack files with this suffix nor fail if they disappear; most .gitignore files cover it.
_SUFFIX = ".tmp.pyc"


class OutputRefused(Exception):
    """Nothing was written, because hypiler did not generate an existing file. `findings` says which file and why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join([finding.message for finding in findings]))
        self.findings = findings


def write_outputs(
    files: dict[str, str],
    *,
    sources: list[str],
    tracked: "Mapping[str, str] | None" = None,
    folders: "Sequence[str]" = (),
) -> list[str]:
    """Write each text to its path unless it is there already; the paths that were written.

    A file that differs only in its line ends is left alone: a checkout may have changed them. So is a JSON file that
    differs only in its layout. After the return, Python runs the new modules, even where it has bytecode of earlier
    ones.

    All outputs are judged before the first is touched. The manifest of files that can't hold a comment is written with
    them: `tracked` has the sha256 of their sources by path. `folders` belong to targets: files of earlier runs that
    are left over there are removed last. Raises OutputRefused, or OSError; either way every file is as it was, but for
    a leftover that could not be removed.
    """
    tracked = tracked or {}
    judged = [refusals(path, sources, text if path in tracked else None) for path, text in files.items()]
    refused = [finding for findings in judged for finding in findings] + linked_folders(folders)
    if refused:
        raise OutputRefused(refused)
    every = {**files, **manifests(files, tracked)}
    found = {path: _read(path) for path in every}
    wanted = {path: text.encode() for path, text in every.items()}
    data = every.keys() - (files.keys() - tracked.keys())
    stale = [path for path in every if not is_current(found[path], every[path], is_data=path in data)]
    for path, text in every.items():
        _sweep(path)
        if path.endswith(".py"):
            _discard_bytecode(path, text, replaced=path in stale)
    _replace({path: wanted[path] for path in stale}, found)
    if any(map(os.path.isdir, folders)):
        from hypiler.project.leftovers import leftovers, remove

        remove(leftovers(folders, files))
    return [path for path in stale if path in files]


def same_text(found: bytes | None, wanted: bytes) -> bool:
    """Whether a file holds a text, whatever a checkout made of its line ends."""
    return found is not None and (found == wanted or with_plain_ends(found) == with_plain_ends(wanted))


def is_current(found: bytes | None, text: str, *, is_data: bool) -> bool:
    """Whether a file holds a text. Data that a manifest tracks, and the manifest, may have another layout."""
    if found is None or same_text(found, text.encode()) or not is_data:
        return same_text(found, text.encode())
    from hypiler.project.manifest import same_data

    return same_data(_decoded(found), text)


def is_outdated(path: str, text: str, *, is_data: bool) -> bool:
    """Whether a file exists and does not hold this text. Raises OSError if it cannot be read."""
    found = _read(path)
    return found is not None and not is_current(found, text, is_data=is_data)


def with_ends_of(old: bytes, new: str) -> bytes:
    r"""A new text for a file, with the line ends that most lines of the old text have: `\r\n` or `\n`."""
    data = new.encode()
    if 2 * old.count(b"\r\n") > old.count(b"\n"):
        return with_plain_ends(data).replace(b"\n", b"\r\n")
    return data


def manifests(files: dict[str, str], tracked: "Mapping[str, str]") -> dict[str, str]:
    """The text of each manifest, by path, once the files are written. Raises OSError, and ManifestError."""
    texts: dict[str, str] = {}
    for folder in dict.fromkeys(map(os.path.dirname, tracked)):
        from hypiler.project.manifest import manifest_path, read_entries, updated

        own = {os.path.basename(path): path for path in tracked if os.path.dirname(path) == folder}
        place = manifest_path(next(iter(own.values())))
        new = {name: files[path] for name, path in own.items()}
        texts[place] = updated(read_entries(place), folder, new, {name: tracked[path] for name, path in own.items()})
    return texts


def add_files(new: dict[str, str], modified: dict[str, tuple[str, str]]) -> None:
    """Create files that do not exist yet, and modify others, given as (before, after): all of it or nothing.

    Raises OSError, also for a file that has appeared or changed meanwhile.
    """
    for path in new:
        if os.path.lexists(path):
            raise failure("write", path, FileExistsError(None, "it exists"))
    found: dict[str, bytes | None] = {path: read_file(path) for path in modified}
    for path, (before, _) in modified.items():
        if found[path] != _encoded(before):
            raise failure("write", path, OSError(None, "it has changed meanwhile"))
    _replace(
        {path: _encoded(text) for path, text in new.items()}
        | {path: _encoded(after) for path, (_, after) in modified.items()},
        found | dict.fromkeys(new),
    )


def replace_source(path: str, expected: bytes, new: bytes, *, root: str) -> None:
    """Replace the content of a file that people write, if it still has the expected content; its mode stays.

    A link is followed inside the folder `root`. Raises OSError, also for a link that leads out of that folder, for a
    file that has changed meanwhile, and for one that another process is replacing; then the file is as it was.
    """
    target = os.path.realpath(path) if os.path.islink(path) else path
    if not os.path.realpath(path).startswith(os.path.join(os.path.realpath(root), "")):
        raise failure("write", path, OSError(None, "it leads out of the project"))
    lock = _lock(path)
    try:
        if read_file(path) != expected:
            raise failure("write", path, OSError(None, "it has changed meanwhile"))
        _sweep(target)
        _replace({target: new}, {target: expected})
    finally:
        if lock is not None:
            os.close(lock)


def _lock(path: str) -> int | None:
    """Lock the file against other writers, until the descriptor is closed or the process dies.

    The file itself is locked. A writer that comes late has locked a file that was replaced meanwhile, and notices it.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return _lock_beside(path)
    file = None
    try:
        file = os.open(path, os.O_RDWR)
        flock(file, LOCK_EX | LOCK_NB)
        if not os.path.samestat(os.fstat(file), os.stat(path)):
            raise OSError(None, "it has changed meanwhile")
    except OSError as error:
        if file is not None:
            os.close(file)
        if isinstance(error, BlockingIOError):
            error = OSError(None, "another process is writing it")
        raise failure("write", path, error) from None
    return file


def _lock_beside(path: str) -> int | None:
    """Do the same on Windows, which does not replace open files: the lock is a file beside it, removed when closed."""
    removed_when_closed: int | None = getattr(os, "O_TEMPORARY", None)
    try:
        os.close(os.open(path, os.O_RDWR))
        if removed_when_closed is None:
            return None  # there, only an earlier change is noticed
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | removed_when_closed
        return os.open(os.path.join(os.path.dirname(path), f"{_prefix(path)}lock{_SUFFIX}"), flags)
    except OSError as error:
        if isinstance(error, FileExistsError):
            error = OSError(None, "another process is writing it")
        raise failure("write", path, error) from None


def _encoded(text: str) -> bytes:
    """The bytes of a text that was read from a file, also where the file is not valid UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def refusals(path: str, sources: list[str], tracked: str | None = None) -> list[Finding]:
    """Why `path` is not ours to write, if it is not.

    Of a file that can't hold a comment, `tracked` is the text that should be there. Raises OSError for a file that
    cannot be read.
    """
    refused = _refusals_of_place(path, sources)
    if refused:
        return refused
    if tracked is not None:
        return _refusals_by_manifest(path, tracked)
    beginning = _read(path, 2 * len(MARKER))
    if beginning and not is_generated(beginning):
        return [_refusal(path, "was not generated by hypiler, and is not overwritten", _MOVE_FILE)]
    return []


def linked_folders(folders: "Sequence[str]") -> list[Finding]:
    """Why nothing is written to folders of targets that are links: these may lead out of the project."""
    help = "remove the link; the folder is then made anew"
    message = "is a symbolic link, and is neither followed nor replaced"
    return [_refusal(folder, message, help) for folder in folders if os.path.islink(folder)]


_MOVE_FILE = "move the file away, or choose another output"


def _refusal(path: str, message: str, help: str, code: str = "M504") -> Finding:
    return Finding(code, f"`{printable(path)}` {message}", file=path, help=help)


def _refusals_of_place(path: str, sources: list[str]) -> list[Finding]:
    """Why nothing may be written here, whatever the content."""
    if os.path.exists(path) and any(_is_same(path, source) for source in sources):
        return [_refusal(path, "is the registry itself, and is not overwritten", "choose another output", "M505")]
    if os.path.islink(path):
        help = "give the file that the link points to as the output"
        return [_refusal(path, "is a symbolic link, and is neither followed nor replaced", help)]
    if os.path.lexists(path) and not os.path.isfile(path):
        help = "move it away, or choose another output"
        return [_refusal(path, "is not a regular file, and is not replaced", help)]
    return []


def _is_same(path: str, source: str) -> bool:
    """Whether a file is a source. Standard input is no file."""
    return os.path.exists(source) and os.path.samefile(path, source)


def _refusals_by_manifest(path: str, wanted: str) -> list[Finding]:
    """Why a file that can't hold a comment is not ours to write: what no manifest knows may be written by hand."""
    from hypiler.project.manifest import ManifestError, header_of, is_merge, manifest_path, read_entries, same_data

    place = manifest_path(path)
    refused = _refusals_of_place(place, [])
    if refused:
        return refused
    try:
        entry = read_entries(place).get(os.path.basename(path))
    except ManifestError as error:
        return [_refusal(place, str(error), "delete it; the generated files that are up to date are then known again")]
    found = _decoded(_read(path) or b"")
    if not found or same_data(found, wanted):
        return []
    if entry is None:
        return [_refusal(path, "was not generated by hypiler, and is not overwritten", _MOVE_FILE)]
    if header_of(entry, found).edited and not is_merge(entry, found):
        return [_refusal(path, "was edited after it was generated, and is not overwritten", _MOVE_FILE, "M508")]
    return []


def _decoded(data: bytes) -> str:
    return with_plain_ends(data).decode("utf-8", "surrogateescape")


def _read(path: str, limit: int = -1) -> bytes | None:
    try:
        return read_file(path, limit)
    except FileNotFoundError:
        return None


def _replace(wanted: dict[str, bytes], found: dict[str, bytes | None]) -> None:
    """Replace files so that each is the old one or the new one, complete, whenever the process or the machine dies.

    All files are written under temporary names first, so that likely failures (a full disk) happen before anything is
    replaced. If a replacement fails, the earlier ones are rolled back.
    """
    temporaries = {path: _temporary(path) for path in wanted}
    prepared = False
    path = ""
    try:
        for path, temporary in temporaries.items():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            if os.path.exists(path):
                # A rename does not ask whether the file it replaces may be written.
                os.close(os.open(path, os.O_WRONLY))
            _create(temporary, wanted[path], like=path)
            _set_apart(temporary, path)
        prepared = True
        for path, temporary in temporaries.items():
            _rename(temporary, path)
    except BaseException as error:
        for done, temporary in temporaries.items():
            # A temporary file that is gone has replaced its target; a signal leaves no time to note it elsewhere.
            if prepared and not os.path.lexists(temporary):
                _restore(done, found[done])
        if isinstance(error, OSError):
            raise failure("write", path, error) from None
        raise
    finally:
        for temporary in temporaries.values():
            _discard(temporary)


def _rename(temporary: str, path: str) -> None:
    """Replace a file by a temporary one, also if a virus scanner or an editor has it open for a moment."""
    for seconds in _WAITS:
        try:
            return os.replace(temporary, path)
        except PermissionError:
            time.sleep(seconds)
    return os.replace(temporary, path)


def _prefix(path: str) -> str:
    return f".{os.path.basename(path)}."


def _temporary(path: str) -> str:
    """A name beside `path`, since only a rename in one file system is atomic. It is random, for two builds at once."""
    name = f"{_prefix(path)}{os.urandom(6).hex()}{_SUFFIX}"
    return os.path.join(os.path.dirname(path), name)


def _create(path: str, content: bytes, *, like: str) -> None:
    """Create a file with the mode of the file that it will replace, if there is one."""
    with open(path, "xb") as file:
        if os.path.exists(like) and os.stat(like).st_mode != os.fstat(file.fileno()).st_mode:
            os.chmod(path, S_IMODE(os.stat(like).st_mode))
        file.write(content)
        file.flush()
        # Without it, a machine that loses power after the rename may find an empty file under the new name.
        os.fsync(file.fileno())


def _set_apart(temporary: str, path: str) -> None:
    """Give a new module a time of modification that no bytecode of an earlier one can have.

    Stubs get new times as well: mypy takes a file for unchanged if its size and its time, in seconds, are those that it
    remembers.
    """
    if path.endswith((".py", ".pyi")):
        from hypiler.project.bytecode import unused_time

        status = os.stat(temporary)
        time = unused_time(path, status.st_mtime)
        if time != status.st_mtime:
            os.utime(temporary, (status.st_atime, time))


def _discard_bytecode(path: str, text: str, *, replaced: bool) -> None:
    """Remove bytecode of an earlier module: all of it if the module is replaced, else what Python would run."""
    from hypiler.project.bytecode import discard_all_bytecode, discard_bytecode, outdated_bytecode

    if replaced:
        discard_all_bytecode(path)
    else:
        discard_bytecode(outdated_bytecode(path, text))


def _restore(path: str, content: bytes | None) -> None:
    """Undo a replacement if possible: the error that is being raised says what happened."""
    temporary = _temporary(path)
    try:
        if content is None:
            os.unlink(path)
        else:
            _create(temporary, content, like=path)
            _set_apart(temporary, path)
            _rename(temporary, path)
    except OSError:
        _discard(temporary)


def _discard(temporary: str) -> None:
    """Remove a file if possible. The error that is being raised says more, and a later build sweeps temporary files."""
    try:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    except OSError:
        return


def _sweep(path: str) -> None:
    """Remove what killed builds left beside `path`. A build does not fail because this fails."""
    folder = os.path.dirname(path) or "."
    length = len(os.path.basename(_temporary(path)))
    try:
        for name in os.listdir(folder):
            if name.startswith(_prefix(path)) and name.endswith(_SUFFIX):
                left = os.path.join(folder, name)
                age = time.time() - os.stat(left).st_mtime
                if len(name) == length and age > _ABANDONED:
                    os.unlink(left)
    except OSError:
        return
