"""The files of one model, as far as they were read.

An invalid file is reported once and then treated as empty. Weights are looked for in the folders that modules.json
names, and only their headers are read.
"""

from functools import cached_property

from hypiler.diagnostics.escaping import printable, quote_name
from hypiler.model_files.facts import ModelFileError, Problem
from hypiler.model_files.filename_safety import safe_name, unsafe_names
from hypiler.model_files.front_matter import FrontMatter, read_front_matter
from hypiler.model_files.json_files import disguise, mapping, read_array, read_object, words
from hypiler.model_files.lfs_pointer import read_pointer
from hypiler.model_files.safetensors_header import Tensor, read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

SETTINGS = "config_sentence_transformers.json"
MODULES = "modules.json"
ROUTER = "router_config.json"
STANFORD = "artifact.metadata"
ADAPTER = "adapter_config.json"
CARD = "README.md"
# The files in which sentence-transformers looks for settings of the network. The first one that is not empty counts.
_NETWORKS = tuple(
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
# Real models have fewer than ten modules.
_MOST_MODULES = 256
ROUTERS = ("Router", "Asym")
"""The module that sends queries and documents through different modules. The second name is older."""
STATIC_WEIGHTS = "SparseStaticEmbedding"
"""The module with a fixed weight for each token of a query."""
# Modules that are always saved with a configuration file.
_CONFIGURED = ("Pooling", "Dense", "SpladePooling", "SparseAutoEncoder")
# Modules whose folder has the configuration of the network, unless it is that of an adapter.
_NETWORK_MODULES = ("Transformer", "MLMTransformer", "CLIPModel")
_LIBRARIES = ("sentence_transformers.", "pylate.")
_INDEX = "model.safetensors.index.json"
_WEIGHTS = "model.safetensors"


class Module:
    """One entry of modules.json.

    Attributes:
        type: The dotted name of its class.
        name: The last part of `type`.
        folder: Its folder, with a trailing slash; empty for the repository's own folder.
        known: Whether the class belongs to a library, and not to the repository.
    """

    __slots__ = ("folder", "known", "name", "type")

    def __init__(self, type: str, folder: str) -> None:
        self.type: str = type
        self.name: str = type.rpartition(".")[2]
        self.folder: str = folder
        self.known: bool = type.startswith(_LIBRARIES)

    @property
    def config(self) -> str:
        """The name of its configuration file."""
        return f"{self.folder}config.json"


class Repository:
    """What is known about a model's files.

    Args:
        names: All file names of the repository. Unsafe names become problems.
        files: The contents of the files that were read. Of a safetensors file, at least the header.
        sizes: Sizes of whole files in bytes, as far as they are known.
        complete: Whether `names` are all files of the model. If not, a file that is not among them may still exist, so
            its absence proves nothing.

    Attributes:
        complete: Whether `names` are all files of the model.
        names: The safe file names.
        problems: The files that cannot be used.
        routes: The modules of queries and of documents, once modules.json was read, if a router separates them.
    """

    def __init__(
        self,
        names: "Collection[str]",
        files: "Mapping[str, bytes]",
        sizes: "Mapping[str, int]",
        *,
        complete: bool = True,
    ) -> None:
        self.complete = complete
        unsafe = unsafe_names(names)
        self.problems: list[Problem] = [
            Problem(_displayed(name), f"unsafe file name: {reason}") for name, reason in unsafe.items()
        ]
        self.names: frozenset[str] = frozenset(names) - unsafe.keys()
        self._files = {name: data for name, data in files.items() if name in self.names}
        self._sizes = sizes
        self._read: dict[str, Any] = {}
        self._invalid: set[str] = set()
        self.routes: dict[str, list[Module]] = {}

    def mark_invalid(self, name: str, message: str) -> None:
        """Report a file that cannot be used. From now on it is treated as empty."""
        if name not in self._invalid:
            self._invalid.add(name)
            self.problems.append(Problem(_displayed(name), message))

    def is_invalid(self, name: str) -> bool:
        """Whether a file was marked as invalid."""
        return name in self._invalid

    def is_unreadable(self, name: str) -> bool:
        """Whether a file exists but its contents are unknown: it is invalid, or it was not read yet."""
        return name in self.names and (name not in self._files or name in self._invalid)

    def is_settled(self, *names: str) -> bool:
        """Whether it is known what each of these files says: it was read, or the model has no such file."""
        return not any(self.is_unreadable(name) or (not self.complete and name not in self.names) for name in names)

    def content(self, name: str) -> bytes | None:
        """The bytes of a file; None if it was not read or is invalid."""
        return None if name in self._invalid else self._files.get(name)

    def _parsed(self, name: str, read: "Callable[[bytes], Any]", empty: "Any") -> "Any":
        if name not in self._read:
            self._read[name] = empty
            data = self._files.get(name)
            if data is not None:
                try:
                    self._read[name] = read(data)
                except ModelFileError as error:
                    self.mark_invalid(name, str(error))
        return empty if name in self._invalid else self._read[name]

    def object(self, name: str) -> "dict[str, Any]":
        """The JSON object in a file; empty if it was not read or is invalid."""
        found: dict[str, Any] = self._parsed(name, read_object, {})
        return found

    def header(self, name: str) -> dict[str, Tensor] | None:
        """The tensors in a safetensors file; None if its header was not read or is invalid."""
        if self.pointed_size(name) is not None:
            # What the pointer says of the file is still believed, so it is not marked as invalid.
            if not any(problem.file == _displayed(name) for problem in self.problems):
                self.problems.append(Problem(_displayed(name), disguise(self._files[name]) or ""))
            return None
        found: dict[str, Tensor] | None = self._parsed(
            name, lambda data: read_header(data, self._sizes.get(name)), None
        )
        return found

    def pointed_size(self, name: str) -> int | None:
        """The size of the file that a Git LFS pointer stands for; None if the file is no pointer or was not read."""
        pointer = read_pointer(self._files.get(name, b""))
        return pointer and pointer[1]

    def size(self, name: str) -> int | None:
        """The size of a file in bytes, or of the file that a pointer stands for; None if it is unknown."""
        return self.pointed_size(name) or self._sizes.get(name)

    @cached_property
    def modules(self) -> list[Module] | None:
        """The modules in order; None if modules.json was not read or is invalid."""
        entries: list[Any] | None = self._parsed(MODULES, read_array, None)
        if entries is None:
            return None
        if len(entries) > _MOST_MODULES:
            self.mark_invalid(MODULES, f"the file must list at most {_MOST_MODULES} modules; found {len(entries)}")
            return None
        modules: list[Module] = []
        for entry in map(mapping, entries):
            type, path = entry.get("type"), entry.get("path")
            if not isinstance(type, str) or not isinstance(path, str):
                self.mark_invalid(MODULES, "the file must list modules with `type` and `path`")
                return None
            folder = _folder(path)
            if folder and (reason := safe_name(folder)):
                self.mark_invalid(MODULES, f"unsafe file name: {quote_name(path)}: {reason}")
                return None
            modules.append(Module(type, f"{folder}/" if folder else ""))
        for module in modules:
            needed = _CONFIGURED if ADAPTER in self.names else (*_CONFIGURED, *_NETWORK_MODULES)
            if module.known and module.name in needed and module.config not in self.names:
                self.mark_invalid(module.config, f"it is missing, and {MODULES} names its folder: download it too")
        return self.routes["document"] if self._route(modules) else modules

    def _route(self, modules: list[Module]) -> bool:
        """Read the routes of a model whose only module is a router; whether it has routes that are understood."""
        if len(modules) == 1 and modules[0].known and modules[0].name in ROUTERS:
            held = self.object(modules[0].folder + ROUTER)
            structure, types = mapping(held.get("structure")), mapping(held.get("types"))
            routes = {side: _routed(words(structure.get(side)), types) for side in ("query", "document")}
            query, document = routes["query"], routes["document"]
            if query and document and [one.name for one in query] == [STATIC_WEIGHTS] and query[0].known:
                self.routes = {"query": query, "document": document}
        return bool(self.routes)

    @property
    def query_modules(self) -> list[Module]:
        """The modules of queries, if a router separates them from those of documents; else empty."""
        return self.routes.get("query", []) if self.modules else []

    def modules_of_type(self, *names: str) -> list[Module]:
        """The modules with these names that belong to a library, in order."""
        return [module for module in self.modules or () if module.known and module.name in names]

    @property
    def is_routed(self) -> bool:
        """Whether a router sends texts through modules that modules.json does not list and that are not understood."""
        return bool(self.modules_of_type(*ROUTERS))

    @cached_property
    def backbone(self) -> str:
        """The folder of the network: the first module's folder, or else the repository's own folder."""
        return self.modules[0].folder if self.modules else ""

    def _beside_network(self, name: str) -> str:
        """The name of a file in the network's folder, or in the repository's own folder if the network has none."""
        return self.backbone + name if self.backbone + name in self.names else name

    @cached_property
    def config_name(self) -> str:
        """The name of the network's configuration file."""
        return self._beside_network("config.json")

    @property
    def config(self) -> "dict[str, Any]":
        """The network's configuration."""
        return self.object(self.config_name)

    @property
    def architectures(self) -> list[str]:
        """The names of the classes that the network was saved from."""
        return words(self.config.get("architectures"))

    @property
    def network_name(self) -> str:
        """The name of the file with sentence-transformers' settings of the network."""
        places = [self.backbone + name for name in _NETWORKS]
        there = [place for place in places if place in self.names]
        return next((place for place in there if self.is_unreadable(place) or self.object(place)), places[0])

    @property
    def network_settings(self) -> "dict[str, Any]":
        """The settings of sentence-transformers for the network."""
        return self.object(self.network_name)

    @property
    def processor_settings(self) -> "tuple[str, dict[str, Any]]":
        """The tokenizer's part of the network's settings, after its key. The older key takes precedence."""
        key = "tokenizer_args" if "tokenizer_args" in self.network_settings else "processor_kwargs"
        return key, mapping(self.network_settings.get(key))

    @cached_property
    def lower_case(self) -> bool:
        """Whether texts are lower-cased before they reach the tokenizer. Any truthy value counts."""
        return bool(self.network_settings.get("do_lower_case"))

    @cached_property
    def front_matter(self) -> FrontMatter:
        """The front matter of the model card; empty if it was not read or is invalid."""
        nothing = FrontMatter({}, None, {})
        data = self.content(CARD)
        if data is None:
            return nothing
        if instead := disguise(data[:64]):
            self.mark_invalid(CARD, instead)
            return nothing
        try:
            return read_front_matter(data)
        except ModelFileError as error:
            self.mark_invalid(CARD, f"front matter: {error}")
            return nothing

    @cached_property
    def tokenizer_name(self) -> str:
        """The name of the tokenizer's configuration file."""
        return self._beside_network("tokenizer_config.json")

    def shards(self, folder: str) -> list[str] | None:
        """The safetensors files with the weights in a folder; None if they are unknown or not all present."""
        if folder + _WEIGHTS in self.names:
            return [folder + _WEIGHTS]
        index = folder + _INDEX
        if index not in self.names or self.is_unreadable(index):
            return None
        named_files = mapping(self.object(index).get("weight_map")).values()
        found: list[str] = []
        for name in dict.fromkeys(str(name) for name in named_files):
            if not self.complete and folder + name not in self.names:
                return None
            if reason := self._refusal(folder + name):
                self.mark_invalid(index, f"it names {quote_name(name)} as weights: {reason}")
                return None
            found.append(folder + name)
        return found or None

    def _refusal(self, name: str) -> str | None:
        if reason := safe_name(name):
            return f"unsafe file name: {reason}"
        if not name.endswith(".safetensors"):
            return "it is not a safetensors file"
        return None if name in self.names else "there is no such file"

    @cached_property
    def weight_folders(self) -> list[str]:
        """The folders that contain weights: the network's folder, and the folders of further layers."""
        layers = self.modules_of_type("Dense", "SparseAutoEncoder")
        holders = [
            module.folder
            for module in self.modules or ()
            if module in layers or not self.names.isdisjoint((module.folder + _WEIGHTS, module.folder + _INDEX))
        ]
        return list(dict.fromkeys([self.backbone, *holders]))

    def needed(self) -> list[str]:
        """The files to read next."""
        names = [self.config_name, MODULES, SETTINGS, self.network_name, self.tokenizer_name, STANFORD, ADAPTER, CARD]
        # The folders of the weights are known once modules.json was read.
        if MODULES not in self.names or MODULES in self._files:
            names += [module.config for module in self.modules or () if module.known]
            names += [module.folder + ROUTER for module in self.modules or () if module.name in ROUTERS]
            for folder in self.weight_folders:
                names += self.shards(folder) or [folder + _INDEX]
        return [name for name in dict.fromkeys(names) if name in self.names and name not in self._files]


def _routed(places: list[str], types: "dict[str, Any]") -> list[Module] | None:
    """The modules of one route; None if a place is unsafe or has no type."""
    found: list[Module] = []
    for place in places:
        type, folder = types.get(place), _folder(place)
        if not isinstance(type, str) or (folder and safe_name(folder)):
            return None
        found.append(Module(type, f"{folder}/" if folder else ""))
    return found


def _folder(path: str) -> str:
    """The folder of a module without `./` and a trailing slash. An absolute path stays absolute, and is refused."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def _displayed(name: str) -> str:
    """A file name that can be printed: escaped, and at most 100 characters."""
    text = printable(name[:100])
    return text if len(name) <= 100 else text + "…"
