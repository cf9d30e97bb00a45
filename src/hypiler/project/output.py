"""The one place that writes files: compares first, writes all files whole or none, never over a foreign one."""

import os
import time
from stat import S_IMODE

from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding
from hypiler.emit.header import MARKER, is_generated
from hypiler.project.files import failure, read_file

# Between creating a temporary file and renaming it lies far less than this, in seconds.
_ABANDONED = 60
# No build backend packs what has this ending, nor fails when it is gone again; most checkouts ignore it, too.
_SUFFIX = ".tmp.pyc"


class OutputRefused(Exception):
    """Nothing was written, since a target is not ours to write; `findings` says which and why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join([finding.message for finding in findings]))
        self.findings = findings


def write_outputs(files: dict[str, str], *, sources: list[str]) -> list[str]:
    """Write each text to its path unless it stands there already; the paths that were written.

    All targets are judged before the first is touched. Raises OutputRefused, or OSError; either way every file is as
    it was.
    """
    refused = [finding for path in files for finding in refusals(path, sources)]
    if refused:
        raise OutputRefused(refused)
    found = {path: _read(path) for path in files}
    wanted = {path: text.encode() for path, text in files.items()}
    stale = [path for path in files if found[path] != wanted[path]]
    for path in files:
        _sweep(path)
    _replace({path: wanted[path] for path in stale}, found)
    return stale


def add_files(new: dict[str, str], grown: dict[str, tuple[str, str]]) -> None:
    """Make files that do not exist yet, and let others grow, given as (before, after): all of it or nothing.

    Raises OSError, also for a file that has appeared or changed meanwhile.
    """
    for path in new:
        if os.path.lexists(path):
            raise failure("write", path, FileExistsError(None, "it exists"))
    found: dict[str, bytes | None] = {path: read_file(path) for path in grown}
    for path, (before, _) in grown.items():
        if found[path] != _encoded(before):
            raise failure("write", path, OSError(None, "it has changed meanwhile"))
    _replace(
        {path: _encoded(text) for path, text in new.items()}
        | {path: _encoded(after) for path, (_, after) in grown.items()},
        found | dict.fromkeys(new),
    )


def replace_source(path: str, expected: bytes, new: bytes, *, root: str) -> None:
    """Give a file that people write new content, if it still holds what is expected; its mode stays.

    A link is followed inside the folder `root`. Raises OSError, also for a file that leads out of there, that has
    changed meanwhile, or that another process replaces at this moment; either way the file is as it was.
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
    """Keep out others who replace the file, until the descriptor is closed or the process dies.

    The file itself is what is locked: who comes late has locked one that has lost its name.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return None  # Windows has no such lock; there, only a file that has changed before is told
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


def _encoded(text: str) -> bytes:
    """The bytes of a text, which may hold bytes of a file that are no text."""
    return text.encode("utf-8", "surrogateescape")


def refusals(path: str, sources: list[str]) -> list[Finding]:
    """Why `path` is not ours to write, if it is not. Raises OSError if it cannot be read."""

    def refusal(code: str, message: str, help: str) -> list[Finding]:
        return [Finding(code, message, file=path, help=help)]

    name = f"`{printable(path)}`"
    if os.path.exists(path) and any(os.path.samefile(path, s) for s in sources):
        help = "choose another output"
        return refusal("M505", f"{name} is the registry itself, and is not overwritten", help)
    if os.path.islink(path):
        help = "give the file that the link points to as the output"
        return refusal(
            "M504",
            f"{name} is a symbolic link, and is neither followed nor replaced",
            help,
        )
    if os.path.lexists(path) and not os.path.isfile(path):
        help = "move it away, or choose another output"
        return refusal("M504", f"{name} is not a regular file, and is not replaced", help)
    beginning = _read(path, 2 * len(MARKER))
    if beginning and not is_generated(beginning):
        help = "move the file away, or choose another output"
        return refusal("M504", f"{name} was not generated by hypiler, and is not overwritten", help)
    return []


def _read(path: str, limit: int = -1) -> bytes | None:
    try:
        return read_file(path, limit)
    except FileNotFoundError:
        return None


def _replace(wanted: dict[str, bytes], found: dict[str, bytes | None]) -> None:
    """Every file is the old one or the new one, whole, whenever the process or the machine dies.

    All are written aside before the first takes its place, so that what usually fails, such as a full disk, fails
    while the old files still stand; those replaced before a later one cannot be are put back.
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
        prepared = True
        for path, temporary in temporaries.items():
            os.replace(temporary, path)
    except BaseException as error:
        for done, temporary in temporaries.items():
            # Gone is what has taken its place; a signal leaves no time to note it.
            if prepared and not os.path.lexists(temporary):
                _restore(done, found[done])
        if isinstance(error, OSError):
            raise failure("write", path, error) from None
        raise
    finally:
        for temporary in temporaries.values():
            _discard(temporary)


def _prefix(path: str) -> str:
    return f".{os.path.basename(path)}."


def _temporary(path: str) -> str:
    """A name beside `path`, since only a rename within one file system is atomic; random, for two builds at once."""
    name = f"{_prefix(path)}{os.urandom(6).hex()}{_SUFFIX}"
    return os.path.join(os.path.dirname(path), name)


def _create(path: str, content: bytes, *, like: str) -> None:
    """Make a file, with the mode of the one that it will replace, if that exists."""
    with open(path, "xb") as file:
        if os.path.exists(like) and os.stat(like).st_mode != os.fstat(file.fileno()).st_mode:
            os.chmod(path, S_IMODE(os.stat(like).st_mode))
        file.write(content)
        file.flush()
        # Or a machine that loses power after the rename may find the new name with nothing behind it.
        os.fsync(file.fileno())


def _restore(path: str, content: bytes | None) -> None:
    """Undo a replacement, as far as it can be: the error that is on its way says what happened."""
    temporary = _temporary(path)
    try:
        if content is None:
            os.unlink(path)
        else:
            _create(temporary, content, like=path)
            os.replace(temporary, path)
    except OSError:
        _discard(temporary)


def _discard(temporary: str) -> None:
    """Remove a temporary file, as far as it can be: the error on its way says more, and a later build sweeps."""
    try:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    except OSError:
        return


def _sweep(path: str) -> None:
    """Remove what builds that were killed left beside `path`; a failure to tidy up is none of the build."""
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
