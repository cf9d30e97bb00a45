"""Finds the registries that a comparison is about: those of a file, a revision, a project, or an installed package."""

import os
import re
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from hypiler.compiler.overlays import list_of, object_of
from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.lifecycle.git_tree import GitTree, RevisionError, is_plain
from hypiler.project.build import load_options
from hypiler.project.checkout import git_root
from hypiler.project.discovery import FILE, is_project
from hypiler.project.loading import LOCK, STDIN, load_into
from hypiler.project.options import OptionsError, read_options
from hypiler.registry.registry import Registry
from hypiler.schema.own_facts import NO_OWN_FACTS
from hypiler.schema.requirements import CORE, Requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from hypiler.diagnostics.finding import Finding
    from hypiler.project.options import RegistryOptions

SHIPPED = "shipped"
"""The name of the registries that come with hypiler."""
_REGISTRIES = ("models.json", "hosted.json")


class VersionError(Exception):
    """A version cannot be read; the message says what to write instead."""


class VersionFindings(Exception):
    """The registry of a version has errors.

    Attributes:
        title: What the user calls the version.
        registry: The registry; None if the options of its project cannot be used.
        findings: What is wrong.
    """

    def __init__(self, title: str, registry: "Registry | None", error: "OptionsError | None" = None) -> None:
        super().__init__(title)
        self.title = title
        self.registry = registry
        source = error if registry is None else registry
        self.findings: list[Finding] = [] if source is None else source.findings


class Named:
    """One registry of a version.

    Attributes:
        name: What it is called among those of its project: the path of its module; empty if it is the only one.
        registry: The registry, without errors.
    """

    __slots__ = ("name", "registry")

    def __init__(self, name: str, registry: Registry) -> None:
        self.name: str = name
        self.registry: Registry = registry


class Version:
    """What a comparison calls OLD or NEW.

    Attributes:
        title: What the user calls it.
        registries: Its registries.
        has_options: Whether a pyproject.toml says what its models must state; if not, types are not compared.
    """

    __slots__ = ("has_options", "registries", "title")

    def __init__(self, title: str, registries: "Sequence[Named]", *, has_options: bool) -> None:
        self.title: str = title
        self.registries: list[Named] = [*registries]
        self.has_options: bool = has_options


def read_working_tree(root: str) -> Version:
    """The registries of the project in a folder, as its files are. Raises VersionFindings, OptionsError, OSError."""
    options = read_options(root)
    title = "the working tree"
    # A registry is called the same from wherever its project is seen.
    named = [_loaded(one.below(root), title, name=one.output) for one in options.registries]
    return Version(title, named, has_options=True)


def _loaded(one: "RegistryOptions", title: str, root: str = "", *, name: "str | None" = None) -> Named:
    registry = Registry()
    # A version that breaks the policy of its project can be compared all the same.
    one.policy = None
    load_options(registry, one, root)
    if registry.has_errors:
        raise VersionFindings(title, registry)
    return Named(one.output if name is None else name, registry)


def read_version(word: str, root: str) -> Version:
    """The registries that a word names.

    Args:
        word: `-` for standard input, a file, a folder or a wheel, "shipped", the entry point of an installed package,
            or a revision of git, also as `REV:path`.
        root: The folder of the project whose registries a revision is asked for.

    Raises VersionError, VersionFindings, RevisionError, OptionsError, and OSError.
    """
    if word == "-":
        return _from_files([STDIN], "standard input")
    if os.path.isdir(word):
        return read_working_tree(word) if is_project(word) else _from_folder(word)
    if os.path.exists(word):
        return _from_wheel(word) if zipfile.is_zipfile(word) else _from_files([word], word)
    if word == SHIPPED:
        named = [Named("", Registry.shipped())]
        return Version("the shipped registry", named, has_options=False)
    if (found := _installed(word)) is not None:
        return found
    return _from_revision(word, root)


def _from_files(paths: "Sequence[str]", title: str, lock: "str | bool" = True) -> Version:
    registry = Registry()
    # To be compared, models need no more than the core.
    load_into(registry, paths, lock=lock, required=Requirements(CORE), own_facts=NO_OWN_FACTS)
    if registry.has_errors:
        raise VersionFindings(title, registry)
    return Version(title, [Named("", registry)], has_options=False)


def paired(old: Version, new: Version) -> "Iterator[tuple[str, Registry, Registry, bool]]":
    """The registries of two versions by name, and whether their types can be compared.

    Single registries belong together whatever they are called. A registry of one version alone is compared with none.
    """
    types = old.has_options and new.has_options
    if len(old.registries) == len(new.registries) == 1:
        yield new.registries[0].name, old.registries[0].registry, new.registries[0].registry, types
        return
    before = {one.name: one.registry for one in old.registries}
    after = {one.name: one.registry for one in new.registries}
    for name in dict.fromkeys([*after, *before]):
        both = name in before and name in after
        yield name, before.get(name, Registry()), after.get(name, Registry()), types and both


# ---- installed packages ----


def _installed(name: str) -> Version | None:
    """The registry that an installed package offers under a name; None if no package does."""
    from hypiler.project.installed import InstalledError, find_installed

    try:
        found = find_installed(name)
    except InstalledError as error:
        raise VersionError(f"the installed registry {quote_name(name)} cannot be read: {error}") from None
    if found is None or found.paths is None:
        return None
    path, lock = found.paths
    if not os.path.isfile(path):
        raise VersionError(f"the installed registry {quote_name(name)} is packed in an archive: name its file")
    return _from_files([path], name, lock=lock if os.path.isfile(lock) else False)


def _from_wheel(path: str) -> Version:
    """The registry in a wheel, which is read without being installed."""
    with zipfile.ZipFile(path) as wheel, TemporaryDirectory() as folder:
        names = [name for name in wheel.namelist() if name.endswith(".json") and is_plain(name)]
        chosen = _chosen(names, path)
        for name in [one for one in names if os.path.dirname(one) == os.path.dirname(chosen)]:
            wheel.extract(name, folder)
        return _renamed(_from_files([os.path.join(folder, chosen)], path), f"{path}:{chosen}")


def _from_folder(path: str) -> Version:
    """The registry in a folder of installed packages, of any environment."""
    found = [str(one.relative_to(path).as_posix()) for name in _REGISTRIES for one in _below(Path(path), name)]
    return _from_files([os.path.join(path, _chosen(found, path))], path)


def _below(folder: Path, name: str) -> "Iterator[Path]":
    # A registry is a file of a package, or of a package inside it.
    for pattern in (name, f"*/{name}", f"*/*/{name}"):
        yield from sorted(folder.glob(pattern))


def _chosen(names: "Iterable[str]", where: str) -> str:
    """The only registry among some files. Raises VersionError if there is none, or if there are several."""
    found = sorted({name for name in names if os.path.basename(name) == _REGISTRIES[0]})
    if len(found) == 1:
        return found[0]
    if not found:
        raise VersionError(f"{quote_name(where)} has no file called {_REGISTRIES[0]}")
    listed = ", ".join([f"`{printable(name)}`" for name in found[:8]])
    raise VersionError(f"{quote_name(where)} has several registries: name the file of one of them: {listed}")


def _renamed(version: Version, name: str) -> Version:
    """The version with another name for its first source, which lay in a temporary folder."""
    for one in version.registries:
        for source in one.registry.sources[:1]:
            source.name = name
    return version


# ---- revisions of git ----


def _from_revision(word: str, root: str) -> Version:
    if ".." in word.partition(":")[0]:
        raise VersionError(f"{quote_name(word)} is a range: name the two revisions as OLD and NEW")
    repository = git_root(root)
    revision, colon, path = word.partition(":")
    if re.match(r"[A-Za-z]:[\\/]", word):
        raise VersionError(f"no file is called {quote_name(word)}")
    if not revision:
        raise VersionError(f"{quote_name(word)} names no revision: write `HEAD{word if colon else ''}`")
    if repository is None:
        raise VersionError(f"no file is called {quote_name(word)}, and no git repository is around this folder")
    if os.sep in revision and not colon and word.endswith((".json", ".whl")):
        raise VersionError(f"no file is called {quote_name(word)}")
    try:
        tree = GitTree(repository, revision)
    except RevisionError as error:
        if not colon and word.endswith((".json", ".whl")):
            raise VersionError(f"no file is called {quote_name(word)}") from error
        raise
    if colon:
        return _from_path(tree, path, word)
    prefix = os.path.relpath(os.path.realpath(root), repository).replace(os.sep, "/")
    return _from_project(tree, "" if prefix == "." else f"{prefix}/", word)


def removed_projects(revision: str, repository: str, kept: "Iterable[str]") -> "Iterator[tuple[str, Version]]":
    """The projects of a revision that are gone, each with its folder from the root of the repository.

    `kept` are the folders of the projects that are still there, as paths from the root of the repository. A word that
    is no revision has no projects. Raises VersionFindings and VersionError.
    """
    try:
        tree = GitTree(repository, revision)
    except RevisionError:
        return
    files = {os.path.dirname(path): path for path in tree.paths if os.path.basename(path) == FILE}
    gone = [folder for folder in sorted(files) if folder not in {*kept}]
    data = tree.read([files[folder] for folder in gone])
    for folder in gone:
        if b"hypiler" in data.get(files[folder], b""):
            version = _from_project(tree, f"{folder}/" * bool(folder), revision)
            if version.registries:
                yield folder, version


def _from_path(tree: GitTree, path: str, title: str) -> Version:
    """A file of a revision with its lock, or the project in a folder of it."""
    if path.startswith(("./", "../")):
        here = os.path.relpath(os.path.realpath(os.curdir), tree.root)
        path = os.path.normpath(os.path.join(here, path)).replace(os.sep, "/")
    path = "" if path == "." else path.strip("/")
    if path not in tree.paths:
        folder = f"{path}/" * bool(path)
        if f"{folder}{FILE}" in tree.paths:
            return _from_project(tree, folder, title)
        raise VersionError(f"the revision `{tree.revision}` has no file {quote_name(path)}")
    lock = f"{os.path.dirname(path)}/{LOCK}".lstrip("/")
    with TemporaryDirectory() as folder:
        _write(tree, [path, lock], folder)
        version = _from_files([os.path.join(folder, path)], title)
        return _renamed(version, f"{tree.revision}:{path}")


def _from_project(tree: GitTree, prefix: str, title: str) -> Version:
    """The registries of the project in a folder of a revision; none if there was no project yet."""
    options = tree.read([prefix + FILE]).get(prefix + FILE)
    if options is None:
        return Version(title, [], has_options=True)
    with TemporaryDirectory() as folder:
        # The root of the repository, above which no source may lie.
        os.mkdir(os.path.join(folder, ".git"))
        root = os.path.join(folder, *prefix.split("/"))
        _write(tree, [prefix + FILE, *_wanted(tree, prefix, options)], folder)
        if not is_project(root):
            return Version(title, [], has_options=True)
        try:
            registries = read_options(root).registries
        except OptionsError as error:
            raise VersionFindings(title, None, error) from None
        for path in [path for one in registries for path in one.sources]:
            if not os.path.exists(os.path.join(root, path)):
                raise VersionError(f"the project has no source {quote_name(path)} in {quote_name(title)}")
        found = [_loaded(one, title, root) for one in registries]
    for one in found:
        for source in [source for source in one.registry.sources_of_layers if not os.path.isabs(source.name)]:
            source.name = f"{tree.revision}:{os.path.normpath(prefix + source.name)}".replace(os.sep, "/")
    return Version(title, found, has_options=True)


def _wanted(tree: GitTree, prefix: str, options: bytes) -> "list[str]":
    """The files of a revision that its options can mean, generously: the options themselves say which are read."""
    from fnmatch import fnmatchcase

    words = [*_words(options), "models.json", LOCK]
    patterns = [os.path.normpath(prefix + word).replace(os.sep, "/") for word in words]
    patterns += [pattern.replace("**/", "") for pattern in patterns]
    found = {path for path in tree.paths if any(fnmatchcase(path, pattern) for pattern in patterns)}
    # A lock lies beside the first source, and a file can name layers beside it.
    folders = {os.path.dirname(path) for path in found}
    beside = [path for path in tree.paths if path.endswith(".json") and os.path.dirname(path) in folders]
    # No path that leads through a link to a folder is listed.
    named = [path for path in patterns if is_plain(path)]
    linked = [path for one in named for path in (one, f"{os.path.dirname(one)}/{LOCK}".lstrip("/"))]
    return _with_layers(tree, [*dict.fromkeys([*found, *beside, *linked])])


def _with_layers(tree: GitTree, paths: "list[str]") -> "list[str]":
    """These files and those that they extend, whatever folders they are in."""
    found = dict.fromkeys(paths)
    fresh = paths
    while fresh:
        named = [other for path, data in tree.read(fresh).items() for other in _extended(path, data)]
        fresh = [path for path in dict.fromkeys(named) if path not in found]
        found |= dict.fromkeys(fresh)
    return [*found]


def _extended(path: str, data: bytes) -> "Iterator[str]":
    """The files that a file extends. What is no registry extends none: whoever compiles reports it."""
    from json import loads

    try:
        tree: Any = loads(data) if b'"extends"' in data else None
    except (ValueError, RecursionError):
        return
    for word in list_of(object_of(tree).get("extends")):
        if isinstance(word, str) and word.endswith(".json"):
            yield os.path.normpath(os.path.join(os.path.dirname(path), word)).replace(os.sep, "/")


def _words(options: bytes) -> "Iterator[str]":
    """Every text in `[tool.hypiler]` that can be the path or the pattern of a file."""
    from hypiler.project.discovery import tool_tables

    try:
        tables: list[object] = [tool_tables(options).get("hypiler")]
    except (ValueError, RecursionError):
        return  # whoever reads the options next reports it
    while tables:
        one = tables.pop()
        # A source may have any name, but a generated module is none.
        if isinstance(one, str) and not one.endswith((".py", ".pyi")):
            yield one
        elif isinstance(one, dict):
            tables += one.values()
        elif isinstance(one, list):
            tables += one


def _write(tree: GitTree, paths: "Iterable[str]", folder: str) -> None:
    """Write files of a revision below a folder."""
    for path, data in tree.read(paths).items():
        place = os.path.join(folder, *path.split("/"))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(data)
