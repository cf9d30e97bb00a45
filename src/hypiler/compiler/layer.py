"""`Layer`: one registry among those that stand on each other."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from hypiler.compiler.locks import LockRules
    from hypiler.diagnostics.finding import Finding, Path
    from hypiler.jsontext.reader import Source

    class Follow(Protocol):
        """Reads the layers that files stand on: see `hypiler.project.layers`."""

        needed: bool

        def __call__(self, sources: list[Source]) -> "Layers":
            """The layers below these files; with `needed`, there are some whatever the files say."""
            ...


class Link:
    """An entry of `extends`.

    Attributes:
        layer: The layer that it names.
        word: The name as the entry writes it.
        file: The file of the entry.
        path: Where the entry stands in the file.
    """

    __slots__ = ("file", "layer", "path", "word")

    def __init__(self, layer: "Layer", word: str, file: str, path: "Path") -> None:
        self.layer: Layer = layer
        self.word: str = word
        self.file: str = file
        self.path: Path = path


class Layer:
    """One registry.

    Attributes:
        name: What `extends`, messages and origins call it.
        rank: Its place among all layers: 0 for the lowest one.
        sources: Its files, as far as they are JSON.
        lock: What proves facts of its models; None without a lock.
        links: What it extends, in order.
        missing: Whether a file or a layer below it could not be read, so that models may be missing.
    """

    __slots__ = ("_below", "links", "lock", "missing", "name", "rank", "sources")

    def __init__(self, name: str, sources: "list[Source]", lock: "LockRules | None" = None) -> None:
        self.name: str = name
        self.rank: int = 0
        self.sources: list[Source] = sources
        self.lock: LockRules | None = lock
        self.links: list[Link] = []
        self.missing: bool = False
        self._below: dict[Layer, Link] | None = None

    def __repr__(self) -> str:
        return f"<Layer {self.name}>"

    @property
    def below(self) -> "dict[Layer, Link]":
        """Every layer that this one extends, directly or not, with the own entry that leads there.

        Kept once it is asked for: all links must be known by then.
        """
        if self._below is None:
            self._below = {}
            for link in self.links:
                for layer in (link.layer, *link.layer.below):
                    self._below.setdefault(layer, link)
        return self._below


class Layers:
    """The layers below one's own files, and what was found while they were read.

    Attributes:
        layers: The layers, the lowest first: each comes after all that it extends.
        links: What one's own files extend, in order.
        findings: What is wrong with JSON and with entries of `extends`, by file; those of entries have no place yet.
        files: The bytes of all files that were read, by name.
        missing: Whether an entry of one's own could not be followed.
    """

    __slots__ = ("files", "findings", "layers", "links", "missing")

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.links: list[Link] = []
        self.findings: dict[str, list[Finding]] = {}
        self.files: dict[str, bytes] = {}
        self.missing: bool = False
