"""Reads the layers that a registry stands on: files by their paths, registries of installed packages by their names.

Each layer is read once, whoever extends it, and stands above all that it extends.
"""

import os

from hypiler.compiler.layer import Layer, Layers, Link
from hypiler.compiler.overlays import list_of, object_of
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name, quote_value
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import MAX_BYTES, Source, read_source
from hypiler.project.extends import Extends, copied, is_file, leaves, original_place
from hypiler.project.files import read_file
from hypiler.project.installed import Installed, InstalledError, find_installed, installed_names
from hypiler.project.shipped import LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hypiler.diagnostics.finding import Path

_INSTALL = "install the package that carries it, and add it to `requires` of [build-system] if a build needs it"


class _Place:
    """Where a file lies: on disk, or in an installed package.

    Attributes:
        shown: The path as findings name it.
        package: The package; None for a file on disk.
    """

    __slots__ = ("package", "shown")

    def __init__(self, shown: str, package: Installed | None = None) -> None:
        self.shown = shown
        self.package = package


class _Entry:
    """An entry of `extends`: the word, the file it stands in, and where."""

    __slots__ = ("file", "path", "word")

    def __init__(self, word: str, file: str, path: "Path") -> None:
        self.word = word
        self.file = file
        self.path = path


class LayerReader:
    """Reads the layers below the files of one registry.

    Attributes:
        result: What was read.
    """

    def __init__(
        self, root: str = "", extends: Extends | None = None, lock: str | None = None, *, packages: bool = True
    ) -> None:
        """Args.

        root: The folder below which shown paths are opened.
        extends: The option of the project; None for files that belong to no project.
        lock: The registry's own lock, which is that of no layer.
        packages: Whether installed registries are read as well.
        """
        self.result: Layers = Layers()
        self._root = root
        self._extends = extends
        self._lock = lock
        self._packages = packages
        # Layers that are files are named from here.
        self._base = extends.folder if extends is not None else ""
        self._layers: dict[str, Layer | None] = {}
        # The files and registries that are being read, from one's own down: whoever is met again closes a cycle.
        self._open: dict[str, str] = {}

    def read(self, sources: "Iterable[Source]") -> Layers:
        """The layers below these files of one's own."""
        links: list[Link | None] = []
        sources = [*sources]
        if self._extends is None:
            self._base = os.path.dirname(sources[0].name) if sources else ""
        if self._extends is not None:
            base = _Place(self._extends.file)
            for index, word in enumerate(self._extends.words):
                links.append(self._follow(_Entry(word, base.shown, (*self._extends.path, index)), base))
        for source in sources:
            links += self._below(source, _Place(source.name), self._key(source.name), self._name(source.name))
        self.result.missing = None in links
        self.result.links = [link for link in links if link is not None]
        return self.result

    def _below(self, source: Source, place: _Place, key: str, name: str) -> "list[Link | None]":
        """What the `extends` of a file names; None for each entry that leads nowhere."""
        self._open[key] = name
        found = [self._follow(entry, place) for entry in _entries(source)]
        del self._open[key]
        return found

    def _follow(self, entry: _Entry, place: _Place) -> Link | None:
        if not entry.word or not _can_be_a_path(entry.word):
            message = f"`extends` must name files or installed registries, got {quote_value(entry.word)}"
            self._refuse("M513", entry, message)
            return None
        if is_file(entry.word):
            return self._follow_file(entry, place)
        return self._follow_package(entry) if self._packages else None

    def _follow_package(self, entry: _Entry) -> Link | None:
        word = entry.word

        def read() -> Layer | None:
            try:
                installed = find_installed(word)
            except InstalledError as error:
                self._refuse("M515", entry, f"the registry {quote_name(word)} cannot be used: {printable(str(error))}")
                return None
            if installed is None or installed.paths is None:
                message = f"`extends` must name files or installed registries: {quote_name(word)} is not installed"
                self._refuse("M513", entry, message, did_you_mean(word, installed_names()) or _INSTALL)
                return None
            path, lock = installed.paths
            return self._read(word, f"package {word}", _Place(path, installed), lock)

        return self._link(entry, f"package {word}", word, read)

    def _follow_file(self, entry: _Entry, place: _Place) -> Link | None:
        shown = self._inside_package(entry, place) if place.package else self._on_disk(entry, place)
        if shown is None:
            return None
        key = self._key(shown)
        name = self._name(shown) if place.package is None else place.package.title(shown)

        def read() -> Layer | None:
            lock = os.path.join(os.path.dirname(shown), LOCK)
            is_own = self._lock is not None and self._key(lock) == self._key(self._lock)
            return self._read(name, key, _Place(shown, place.package), "" if is_own else lock, entry)

        return self._link(entry, key, name, read)

    def _link(self, entry: _Entry, key: str, name: str, read: "Callable[[], Layer | None]") -> Link | None:
        """The link to a layer, which is read where it is met first."""
        if key in self._open:
            shown = [*self._open.values()]
            chain = " → ".join([f"`{printable(one)}`" for one in [*shown[[*self._open].index(key) :], name]])
            self._refuse("M514", entry, f"`extends` must not lead back to where it began: {chain}", "remove this entry")
            return None
        if key not in self._layers:
            self._layers[key] = read()
        layer = self._layers[key]
        return None if layer is None else Link(layer, entry.word, entry.file, entry.path)

    def _read(self, name: str, key: str, place: _Place, lock: str, entry: _Entry | None = None) -> Layer | None:
        data = self._bytes(place, entry)
        if data is None:
            return None
        self.result.files[place.shown] = data
        source, findings = read_source(data, place.shown)
        self.result.findings.setdefault(place.shown, []).extend(findings)
        layer = Layer(name, [] if source is None else [source])
        layer.missing = source is None
        if source is not None:
            links = self._below(source, place, key, name)
            layer.missing = None in links
            layer.links = [link for link in links if link is not None]
        self._read_lock(layer, _Place(lock, place.package))
        self.result.layers.append(layer)
        return layer

    def _bytes(self, place: _Place, entry: _Entry | None) -> bytes | None:
        # One byte over the limit is enough to tell that a file is too large.
        try:
            if place.package is not None:
                data = place.package.read(place.shown, MAX_BYTES + 1)
                if data is None:
                    raise FileNotFoundError(None, "there is no such file")
                return data
            return read_file(os.path.join(self._root, place.shown), MAX_BYTES + 1)
        except OSError as error:
            if entry is None:
                raise
            why = "there is no such file" if isinstance(error, FileNotFoundError) else printable(str(error))
            message = f"`extends` must name files that can be read, got {quote_name(entry.word)}: {why}"
            self._refuse("M513", entry, message)
            return None

    def _read_lock(self, layer: Layer, place: _Place) -> None:
        if not self._packages or not place.shown:
            return
        if place.package is None and not os.path.exists(os.path.join(self._root, place.shown)):
            return
        data = (
            place.package.read(place.shown, MAX_BYTES + 1)
            if place.package
            else read_file(os.path.join(self._root, place.shown), MAX_BYTES + 1)
        )
        if data is not None and place.shown not in self.result.files:
            from hypiler.verification.lock_rules import Lock

            self.result.files[place.shown] = data
            layer.lock = Lock(data, place.shown)

    def _inside_package(self, entry: _Entry, place: _Place) -> str | None:
        folder = os.path.dirname(place.shown)
        target = os.path.normpath(os.path.join(folder, entry.word))
        if any(target.startswith(os.path.join(one, "")) for one in (place.package.folders if place.package else ())):
            return target
        message = f"a file of an installed registry must lie in its package, got {quote_name(entry.word)}"
        self._refuse("M503", entry, message)
        return None

    def _on_disk(self, entry: _Entry, place: _Place) -> str | None:
        """The shown path of a file; None after a finding about one that the project may not read."""
        if self._extends is None:
            return os.path.normpath(os.path.join(os.path.dirname(place.shown), entry.word))
        folder = self._extends.folder
        project = os.path.join(self._root, folder)
        here = original_place(os.path.normpath(os.path.relpath(place.shown, folder or os.curdir)))
        target = os.path.normpath(os.path.join(os.path.dirname(here), entry.word))
        if leaves(copied(target, project) or target, project):
            help = "a layer is a file of the project or of its git repository, or an installed package"
            self._refuse("M503", entry, f"a path must stay inside the project, got {quote_name(entry.word)}", help)
            return None
        return os.path.normpath(os.path.join(folder, copied(target, project) or target))

    def _name(self, shown: str) -> str:
        """What a layer of a file is called: `./team.json`."""
        path = original_place(os.path.relpath(shown, self._base or os.curdir)).replace(os.sep, "/")
        return path if path.startswith("../") else f"./{path}"

    def _key(self, shown: str) -> str:
        return os.path.realpath(os.path.join(self._root, shown))

    def _refuse(self, code: str, entry: _Entry, message: str, help: str | None = None) -> None:
        finding = Finding(code, message, entry.path, help=help, file=entry.file)
        self.result.findings.setdefault(entry.file, []).append(finding)


def layer_files(sources: "Sequence[str]", extends: Extends | None, root: str = "") -> list[str]:
    """The files that a registry stands on, and the locks beside them that exist; without installed registries.

    All paths are shown ones. A file that cannot be read is left out: whoever compiles reports it.
    """
    read: list[Source] = []
    for path in sources:
        try:
            data = read_file(os.path.join(root, path), MAX_BYTES + 1)
        except OSError:
            continue
        if b"extends" in data:
            source, _ = read_source(data, path)
            read += [source] if source else []
    if not read and not (extends and any(map(is_file, extends.words))):
        return []
    found = LayerReader(root, extends, packages=False).read(read)
    files = [source.name for layer in found.layers for source in layer.sources]
    locks = [os.path.join(os.path.dirname(path), LOCK) for path in files]
    return [*files, *dict.fromkeys([path for path in locks if os.path.exists(os.path.join(root, path))])]


def _can_be_a_path(word: str) -> bool:
    """Whether functions of `os` take the word: no NUL, and no half of a surrogate pair."""
    return "\0" not in word and not any("\ud800" <= character <= "\udfff" for character in word)


def _entries(source: Source) -> "list[_Entry]":
    """The entries of a file's `extends` that are texts, each once; the others are findings of the compiler."""
    found: dict[str, _Entry] = {}
    for index, word in enumerate(list_of(object_of(source.value).get("extends"))):
        if isinstance(word, str):
            found.setdefault(word, _Entry(word, source.name, ("extends", index)))
    return [*found.values()]
