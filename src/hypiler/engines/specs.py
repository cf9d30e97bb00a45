"""The table of engines: what each engine runs and needs, without importing it.

The table contains the engines of this package. Other packages add engines by entry points of the group
`hypiler.engines`: see docs/engines.md.
"""

import os
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec

from hypiler._missing import missing_library
from hypiler.engines.encoder_types import type_obstacle
from hypiler.engines.errors import EngineError, MissingEngineError
from hypiler.engines.files.weight_files import (
    fastembed_obstacle,
    fastembed_output_obstacle,
    onnx_files,
    onnx_obstacle,
    onnx_output_obstacle,
    onnx_weights,
    other_output_obstacle,
    pytorch_files,
    pytorch_obstacle,
    pytorch_output_obstacle,
    pytorch_weights,
    server_files,
    static_files,
    static_obstacle,
    static_weights,
)
from hypiler.engines.served.apis import server_obstacle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from importlib.metadata import EntryPoint
    from typing import Any

    from hypiler.protocols import Config

    Files = str | os.PathLike[str] | Collection[str] | None
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from collections.abc import Callable, Collection, Iterator, Sequence

    Any = Config = EntryPoint = object
    Files = str | os.PathLike[str] | Collection[str] | None

GROUP = "hypiler.engines"
"""The group of entry points. The name of an entry point is the engine's name, and its value is an EngineSpec."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine runs and needs. Only the method `load` of a spec imports the engine's library.

    Attributes:
        name: The name of the engine, as `hypiler.engines.load` takes it.
        requirement: The requirement with which pip installs the engine and its library, such as `hypiler[onnx]`.
        module: The module of the engine, which is imported when the engine is used. Its function
            `open_model(config, contract, layout, device)` returns the backend that `hypiler.engines.encoders` calls.
        encoder_types: The encoder types that the engine runs: some of `dense`, `static`, `multi_vector`, `sparse` and
            `reranker`.
        requires: The dotted names of the modules that must be installed.
        files: Returns the patterns of the files to download for a config.
        obstacle: Returns why the engine cannot run a config's weights, or None if it can. It takes the names of all
            files, or None if the files were not listed.
        runs_remote_code: Whether the engine runs code from the repository if the model needs it.
        weights: Returns the names of the weight files that the engine loads for a config, out of the names of all files
            of its folder. None if the bytes of the weights are unknown.
        served: Whether the network runs on a server.
        by_url: Whether `load` takes the server's address for the engine. "auto" never takes such an engine. Its module
            has `open_server(config, contract, server, cutter)` instead of `open_model`.
        reads_bytes: Whether the engine reads all its files with `layout.files.read`, which hashes them, and opens no
            file by its path. For other engines, the files are hashed before loading, and loading fails if a file
            changes in between.
        output_obstacle: Returns why the engine cannot run the chosen output of a model with several outputs, or None if
            it can. By default, an engine runs only the default output.
        features: What else the engine can do: `tasks` if it passes `contract.query_task` and `document_task` to the
            network, `inference_free_queries` if it looks up the weights of a query's tokens, and `activation` if it
            obeys `contract.activation`. The engine is not used for a model that needs another feature.
    """

    name: str
    requirement: str
    module: str
    encoder_types: tuple[str, ...]
    requires: tuple[str, ...]
    files: "Callable[[Config], Sequence[str]]"
    obstacle: "Callable[[Config, Collection[str] | None], str | None]"
    runs_remote_code: bool = False
    weights: "Callable[[Config, Collection[str]], Sequence[str]] | None" = None
    served: bool = False
    by_url: bool = False
    reads_bytes: bool = False
    output_obstacle: "Callable[[Config], str | None]" = other_output_obstacle
    features: tuple[str, ...] = ()

    @property
    def install_command(self) -> str:
        """The command that installs the engine."""
        return f"python -m pip install '{self.requirement}'"

    def install_command_for(self, encoder_type: str) -> str:
        """The command that installs the engine and everything else that models of this encoder type need."""
        return self.install_command if has_containers(encoder_type) else _with_extra(self.requirement, "sparse")

    def is_installed(self) -> bool:
        """Whether all required modules can be found. None of them is imported."""
        return all(map(_is_findable, self.requires))

    def why_not(self, config: "Config", files: "Files" = None) -> str | None:
        """Why the engine cannot run a model; None if it can. This does not check whether the engine is installed.

        `files` are the names of the model's files, or the folder that contains them. Without them, only the registry
        decides. Raises EngineError for a model that no engine runs.
        """
        from hypiler.engines.contract import encoder_type_of

        obstacle = type_obstacle(encoder_type_of(config), self.encoder_types)
        names = names_in(files) if isinstance(files, (str, os.PathLike)) else files
        obstacle = obstacle or self.output_obstacle(config) or missing_feature(self, stated_needs(config))
        return obstacle or self.obstacle(config, names)

    def load(self) -> "Any":
        """Import the engine's module. Raises MissingEngineError if a package is missing or broken.

        Nothing but the hub is asked when a model is loaded. So telemetry of onnxruntime is turned off, unless the
        environment says something else: official builds of 1.32 report their use, as `Privacy.md` in the wheel says.
        """
        # onnxruntime reads it when it is imported first; `disable_telemetry_events` comes too late for some events.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        try:
            return import_module(self.module)
        except ImportError as error:
            raise MissingEngineError(missing_library(error, self.requirement, f"the engine `{self.name}`")) from error


SPECS = (
    EngineSpec(
        "onnx",
        "hypiler[onnx]",
        "hypiler.engines.onnx",
        ("dense", "multi_vector", "sparse", "reranker"),
        ("numpy", "onnxruntime", "tokenizers"),
        onnx_files,
        onnx_obstacle,
        weights=onnx_weights,
        reads_bytes=True,
        output_obstacle=onnx_output_obstacle,
        features=("tasks", "inference_free_queries", "activation"),
    ),
    EngineSpec(
        "model2vec",
        "hypiler[model2vec]",
        "hypiler.engines.model2vec",
        ("static",),
        ("numpy", "model2vec"),
        static_files,
        static_obstacle,
        weights=static_weights,
    ),
    EngineSpec(
        "sentence-transformers",
        "hypiler[sentence-transformers]",
        "hypiler.engines.sentence_transformers",
        # No static models: unlike model2vec, the library neither truncates their texts nor skips unknown tokens.
        ("dense", "multi_vector", "sparse", "reranker"),
        # Versions before 6 do not have the last module.
        ("numpy", "torch", "sentence_transformers.multi_vector_encoder"),
        pytorch_files,
        pytorch_obstacle,
        runs_remote_code=True,
        weights=pytorch_weights,
        output_obstacle=pytorch_output_obstacle,
        features=("tasks", "inference_free_queries", "activation"),
    ),
    EngineSpec(
        "fastembed",
        "hypiler[fastembed]",
        "hypiler.engines.fastembed",
        ("dense", "multi_vector", "sparse"),
        ("numpy", "fastembed", "onnxruntime", "tokenizers"),
        onnx_files,
        fastembed_obstacle,
        weights=onnx_weights,
        output_obstacle=fastembed_output_obstacle,
    ),
    EngineSpec(
        "pylate",
        "hypiler[pylate]",
        "hypiler.engines.pylate",
        ("multi_vector",),
        ("numpy", "pylate", "tokenizers"),
        pytorch_files,
        pytorch_obstacle,
        runs_remote_code=True,
        weights=pytorch_weights,
    ),
    EngineSpec(
        "server",
        "hypiler[server]",
        "hypiler.engines.served.backend",
        ("dense",),
        ("numpy", "openai"),
        server_files,
        server_obstacle,
        served=True,
        by_url=True,
        reads_bytes=True,
    ),
)
"""The engines of this package, in the order in which "auto" tries them: the lightest first."""

ENGINES = tuple([spec.name for spec in SPECS])
"""The engines of this package by name, in the order in which "auto" tries them.

`engine_specs()` gives these and the engines of other packages.
"""


_FEATURES = {
    "tasks": "it cannot tell the model a task",
    "inference_free_queries": "it runs queries through the network, and this model has fixed weights for their tokens",
    "activation": "it knows one activation of sparse models, and this model has another",
}


def stated_needs(config: "Config") -> list[str]:
    """The features that a config needs by what the registry states."""
    from hypiler.engines.contract import model_of

    model = model_of(config)
    needs = {
        "tasks": getattr(model, "query_task", None) or getattr(model, "document_task", None),
        "inference_free_queries": getattr(model, "inference_free_queries", None),
        "activation": getattr(model, "activation", None) not in (None, "log1p_relu"),
    }
    return [name for name, needed in needs.items() if needed]


def missing_feature(spec: EngineSpec, needs: "Collection[str]") -> str | None:
    """Why an engine cannot run a model that needs these features; None if it has all of them."""
    return next((_FEATURES[name] for name in needs if name not in spec.features), None)


def engine_specs() -> "Iterator[EngineSpec]":
    """All engines, in the order in which "auto" tries them: first this package's, then other packages' by name.

    An entry point that cannot be loaded is skipped with a warning.
    """
    yield from SPECS
    for entry in _entry_points():
        try:
            yield _loaded(entry)
        except EngineError as error:
            from warnings import warn

            from hypiler._callers import stacklevel

            warn(str(error), RuntimeWarning, stacklevel=stacklevel())


def engine_spec(name: str) -> "EngineSpec | None":
    """The engine with this name; None if there is none. Raises EngineError if its entry point cannot be loaded."""
    for spec in SPECS:
        if spec.name == name:
            return spec
    return next((_loaded(entry) for entry in _entry_points() if entry.name == name), None)


def engine_names() -> list[str]:
    """The names of all engines. No entry point is loaded."""
    return [*[spec.name for spec in SPECS], *[entry.name for entry in _entry_points()]]


def _entry_points() -> "list[EntryPoint]":
    """The entry points of other packages, sorted by name. Names of this package's engines are ignored."""
    from importlib.metadata import entry_points

    own = {spec.name for spec in SPECS}
    found = {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in own}
    return [found[name] for name in sorted(found)]


def _loaded(entry: "EntryPoint") -> EngineSpec:
    place = f"the engine `{entry.name}`{f' of {entry.dist.name}' if entry.dist else ''} ({entry.value})"
    try:
        found: Any = entry.load()
    except Exception as error:
        raise EngineError(f"{place} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(found, EngineSpec) or found.name != entry.name:
        raise EngineError(f"{place} must be an EngineSpec of this name; got {found!r}")
    return found


def has_containers(encoder_type: str) -> bool:
    """Whether the package that holds the vectors of this encoder type is installed: scipy for sparse ones."""
    return encoder_type != "sparse" or _is_findable("scipy")


def _with_extra(requirement: str, extra: str) -> str:
    """The command that installs a requirement and another extra of this package."""
    own = requirement.startswith("hypiler[")
    both = f"{requirement.removesuffix(']')},{extra}]" if own else f"{requirement}' 'hypiler[{extra}]"
    return f"python -m pip install '{both}'"


def _is_findable(module: str) -> bool:
    """Whether the module's file can be found. `find_spec` of a dotted name would import the packages around it."""
    name, *rest = module.split(".")
    found = find_spec(name)
    for part in rest:
        if found is None or found.submodule_search_locations is None:
            return False
        name = f"{name}.{part}"
        found = PathFinder.find_spec(name, found.submodule_search_locations)
    return found is not None


def names_in(folder: "str | os.PathLike[str]") -> set[str]:
    """The names of all files in a folder, relative to it, with `/` on every system."""
    root = os.fspath(folder)
    return {
        os.path.relpath(os.path.join(inner, name), root).replace(os.sep, "/")
        for inner, _, names in os.walk(root)
        for name in names
    }
