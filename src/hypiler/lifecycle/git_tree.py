"""Reads the files of a git revision, without a checkout of it.

git is asked for names and bytes of objects alone: no hook, filter, text conversion or file monitor of the repository
runs, nothing is fetched, and no word of a user can be an option.
"""

import os
import subprocess

from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = 60
# A hook of git is told these. A folder that is named in another way would be looked up in the wrong place.
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_SAFE = ("--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A clone without all objects would fetch the missing ones.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}
_LINK = "120000"
_MOST_LINKS = 8


class RevisionError(Exception):
    """A revision cannot be read; the message says why, and what to do."""


class NoCommitError(RevisionError):
    """The repository has no commit yet."""


def is_plain(path: str) -> bool:
    """Whether a path stays below the folder that it is written to. A forged tree or wheel can name any path."""
    parts = path.split("/")
    is_odd = os.name == "nt" and any(sign in path for sign in "\\:")
    return not is_odd and not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)


def _from_the_top(path: str) -> "list[str]":
    """The folders around a path, the outermost first, and the path itself."""
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


class GitTree:
    """The files of a revision.

    Attributes:
        root: The root of the repository.
        revision: What the user calls the revision.
        commit: Its commit.
    """

    def __init__(self, root: str, revision: str) -> None:
        """Find the commit of a revision. Raises RevisionError, and OSError if git cannot be run."""
        self.root = root
        self.revision = revision
        self.commit: str = self._commit()
        self._files = self._listed()

    @property
    def paths(self) -> "Iterable[str]":
        """The paths of all files and links, from the root of the repository, with `/`."""
        return self._files.keys()

    def read(self, paths: "Iterable[str]") -> "dict[str, bytes]":
        """The bytes of files by path. A link is followed inside of the revision; what is no file is left out."""
        targets = {path: self._target(path) for path in paths}
        known = {path: target for path, target in targets.items() if target is not None}
        wanted = dict.fromkeys([self._files[target][1] for target in known.values()])
        objects = dict(zip(wanted, self._objects([*wanted]), strict=True))
        return {path: objects[self._files[target][1]] for path, target in known.items()}

    def _commit(self) -> str:
        # What begins with a hyphen is an option to older versions of git, whatever stands before it.
        if self.revision.startswith("-") or not self.revision.isprintable():
            raise RevisionError(f"`{self.revision!r}` is no revision of git")
        code, text = self._git("rev-parse", "--verify", "--quiet", f"{self.revision}^{{commit}}")
        if code == 0:
            return text.decode().strip()
        self._must_be_readable()
        if self._git("rev-parse", "--verify", "--quiet", "HEAD")[0] != 0:
            raise NoCommitError("the repository has no commit yet, so there is nothing to compare with")
        if self._git("rev-parse", "--is-shallow-repository")[1].strip() == b"true":
            raise RevisionError(
                f"the shallow clone does not have the revision `{self.revision}`: fetch it;"
                " in GitHub Actions, give actions/checkout `fetch-depth: 0`"
            )
        raise RevisionError(f"the repository has no revision `{self.revision}`")

    def _must_be_readable(self) -> None:
        """Raise RevisionError if git refuses the repository, such as one of another user: it may well have commits."""
        code, _, said = self._run("rev-parse", "--git-dir")
        if code != 0:
            lines = said.decode("utf-8", "replace").splitlines()
            reason = printable(" ".join([line.strip() for line in lines if line.strip()]))
            raise RevisionError(f"git cannot read the repository `{printable(self.root)}`: {reason}")

    def _listed(self) -> "dict[str, tuple[str, str]]":
        """The mode and the object of each file, by path."""
        code, text = self._git("ls-tree", "-r", "-z", "--full-tree", self.commit)
        if code != 0:
            raise RevisionError(f"the files of the revision `{self.revision}` are not all in this clone: fetch it")
        files: dict[str, tuple[str, str]] = {}
        for line in text.decode("utf-8", "surrogateescape").split("\0"):
            about, _, path = line.partition("\t")
            mode, kind, name = about.split(" ") if path else ("", "", "")
            if kind == "blob" and is_plain(path):
                files[path] = mode, name
        return files

    def _target(self, path: str) -> str | None:
        """The file that a path leads to, also through links to folders; None if there is none."""
        for _ in range(_MOST_LINKS):
            link = next((one for one in _from_the_top(path) if self._files.get(one, ("", ""))[0] == _LINK), None)
            if link is None:
                return path if path in self._files else None
            to = self._objects([self._files[link][1]])[0].decode("utf-8", "surrogateescape")
            place = os.path.join(os.path.dirname(link), to) + path[len(link) :]
            path = os.path.normpath(place).replace(os.sep, "/")
        return None

    def _objects(self, names: "list[str]") -> "list[bytes]":
        """The bytes of objects, in order."""
        if not names:
            return []
        _, text = self._git("cat-file", "--batch", text="".join([f"{name}\n" for name in names]).encode())
        found: list[bytes] = []
        for name in names:
            head, _, text = text.partition(b"\n")
            # Each is `name kind size`, or `name missing`.
            size = head.rpartition(b" ")[2]
            if not size.isdigit():
                raise RevisionError(f"the object {name} of `{self.revision}` is not in this clone: fetch the revision")
            found.append(text[: int(size)])
            text = text[int(size) + 1 :]
        return found

    def _git(self, command: str, *arguments: str, text: bytes = b"") -> "tuple[int, bytes]":
        """The exit code of a command of git, and what it prints."""
        code, printed, _ = self._run(command, *arguments, text=text)
        return code, printed

    def _run(self, command: str, *arguments: str, text: bytes = b"") -> "tuple[int, bytes, bytes]":
        """The exit code of a command of git, what it prints, and what it says of errors."""
        environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS} | _QUIET
        if os.name == "nt":
            # Or Windows would run a `git.exe` that lies in the current folder, which may be anybody's checkout.
            environment["NoDefaultCurrentDirectoryInExePath"] = "1"
            os.environ.setdefault("NoDefaultCurrentDirectoryInExePath", "1")
        words = ["git", *_SAFE, command, *arguments]
        try:
            # No shell reads the words.
            done = subprocess.run(  # noqa: S603
                words, cwd=self.root, input=text, env=environment, capture_output=True, check=False, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise RevisionError(f"`git {command}` took longer than {_SECONDS} seconds") from None
        except FileNotFoundError:
            raise OSError("git is needed to read a revision, and is not installed") from None
        return done.returncode, done.stdout, done.stderr
