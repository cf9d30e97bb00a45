"""Finds the projects of a git repository that a change concerns, for git hooks.

A hook is given the names of all changed files at once: files of several projects, and files of no project. A registry
can only be checked as a whole, and its sources may lie above its project. So every project of the repository is asked
whether it reads one of the files, or has it as an output.
"""

import os

from hypiler.project.checkout import git_root
from hypiler.project.discovery import FILE, is_project
from hypiler.project.options import Options, OptionsError, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hypiler.project.options import RegistryOptions


class NoRepositoryError(Exception):
    """There is no git repository around the current folder."""


def changed_projects(files: "Iterable[str]", *, outputs: bool) -> "Iterator[tuple[str, Options | OptionsError]]":
    """The projects of the repository around the current folder that a change concerns, sorted by folder.

    A change concerns a project if it concerns its pyproject.toml, a source or a lock. A project whose options cannot be
    read is concerned by every change in its folder.

    Args:
        files: The changed files. Git does not name deleted files to hooks, nor everything that a merge brings, so those
            are added.
        outputs: Whether a changed output concerns a project, too.

    Yields:
        The folder of a project, relative to the current folder, and its options with paths from the current folder, or
        why they cannot be used.

    Raises NoRepositoryError, and OSError if git fails.
    """
    repository = git_root("")
    if repository is None:
        raise NoRepositoryError
    changed = {_real(file) for file in files} | _unnamed_changes(repository)
    if not changed:
        return
    gone = [path for path in changed if not os.path.lexists(path)]
    for root in projects_of(repository):
        try:
            options = read_options(root)
        except OptionsError as error:
            folder = os.path.normcase(os.path.join(os.path.realpath(root), ""))
            if any(path.startswith(folder) for path in changed):
                yield root, _with_file(error, root)
            continue
        resolved = options.resolve_paths()
        watched = _watched(root, resolved, outputs=outputs)
        if watched & changed or any(_was_source(path, resolved) for path in gone):
            yield root, resolved


def without_ignored(options: Options) -> Options:
    """The same options without the targets that git ignores: no commit holds them, so they may be old or missing."""
    paths = [path for one in options.registries for path in one.targets.values()]
    found = _git("check-ignore", "-z", "--stdin", text="\0".join(paths), codes=(0, 1))
    ignored = set(found.split("\0"))
    for one in options.registries:
        one.targets = {name: path for name, path in one.targets.items() if path not in ignored}
    return options


def _watched(root: str, options: Options, *, outputs: bool) -> set[str]:
    """The files whose changes concern a project, each by its own name and by that of what it links to."""
    paths = [os.path.join(root, FILE)]
    for one in options.registries:
        paths += [*one.inputs, *(_outputs(one) if outputs else ())]
    return {real for path in paths for real in (_real(path), os.path.realpath(path))}


def _outputs(options: "RegistryOptions") -> list[str]:
    """The files that a build writes, without reading the registry."""
    from hypiler.project.manifest import manifest_path

    paths = [*options.targets.values()]
    return [*paths, options.output + "i", *map(manifest_path, paths)]


def _was_source(path: str, options: Options) -> bool:
    """Whether a file that is gone matches a pattern of a source. Generous: `*` matches `/` as well."""
    from fnmatch import fnmatchcase

    patterns = [_real(name) for one in options.registries for name in one.named]
    return any(fnmatchcase(path, name) or fnmatchcase(path, name.replace("**" + os.sep, "")) for name in patterns)


def _with_file(error: OptionsError, root: str) -> OptionsError:
    """The same error with the path of pyproject.toml from the current folder."""
    for finding in error.findings:
        finding.file = os.path.join(root, os.path.basename(finding.file))
    return error


def projects_of(repository: str) -> list[str]:
    """The folders of all projects that git tracks, relative to the current folder, which itself is ""."""
    listed = _git("ls-files", "-z", "--", f":(top,glob)**/{FILE}", folder=repository)
    folders = {os.path.join(repository, os.path.dirname(path)) for path in listed.split("\0") if path}
    shown = [os.path.relpath(folder, os.path.realpath(os.curdir)) for folder in folders]
    return [root for root in sorted(["" if root == os.curdir else root for root in shown]) if is_project(root)]


def left_out_of_checkout(repository: str) -> set[str]:
    """The paths, from the root of the repository, of the pyproject.toml files that a sparse checkout leaves out."""
    listed = _git("ls-files", "-t", "-z", "--", f":(top,glob)**/{FILE}", folder=repository)
    return {line[2:] for line in listed.split("\0") if line.startswith("S ")}


def _unnamed_changes(repository: str) -> set[str]:
    """The changed files that git does not name to a hook."""
    # In a merge, a hook is told only what differs from both sides. But two sides that are valid may not be so together.
    is_merge = _git("rev-parse", "-q", "--verify", "MERGE_HEAD", codes=(0, 1)) != ""
    staged = _names(repository, "--cached", *([] if is_merge else ["--diff-filter=D"]))
    start, end = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    # Of a hook that runs before a push.
    return staged | _names(repository, "--diff-filter=D", start, end) if start and end else staged


def _names(repository: str, *arguments: str) -> set[str]:
    names = _git("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", *arguments, "--", folder=repository)
    return {_real(os.path.join(repository, name)) for name in names.split("\0") if name}


def _real(path: str) -> str:
    """The absolute path of a file with all links followed but the last one, as git knows it."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.normcase(os.path.join(os.path.realpath(folder), name))


def _git(command: str, *arguments: str, folder: str = "", text: str = "", codes: tuple[int, ...] = (0,)) -> str:
    """What a command of git prints. Raises OSError if there is no git, or if it exits with none of `codes`."""
    import subprocess

    # No program runs that the configuration of a checkout names.
    words = ["git", "-c", "core.fsmonitor=false", command, *arguments]
    if os.name == "nt":
        # Or Windows would run a `git.exe` that lies in the current folder, which may be anybody's checkout.
        os.environ.setdefault("NoDefaultCurrentDirectoryInExePath", "1")
    # No shell reads the words, and no name of a file can be an option: each stands on standard input or after `--`.
    done = subprocess.run(  # noqa: S603
        words, cwd=folder or None, input=os.fsencode(text), capture_output=True, check=False
    )
    if done.returncode not in codes:
        raise OSError(f"`git {command}` failed: {os.fsdecode(done.stderr).strip()}")
    return os.fsdecode(done.stdout)
