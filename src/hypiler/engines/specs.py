"""The engines as a table: what each one runs and needs, known without importing it.

The table holds the engines of this package, and those that other packages register as entry points of the group
`hypiler.engines`; docs/engines.md shows how.
"""

import os
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec

from hypiler.engines.encoder_types import type_obstacle
from hypiler.engines.errors import EngineError, MissingEngineError
from hypiler.engines.weight_files import (
    fastembed_obstacle,
    onnx_files,
    onnx_obstacle,
    pytorch_files,
    pytorch_obstacle,
    static_files,
    static_obstacle,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from importlib.metadata import EntryPoint
    from typing import Any

    from hypiler.protocols import Config

    Files = str | os.PathLike[str] | Collection[str] | None

GROUP = "hypiler.engines"
"""The group of entry points; each is named as its engine and leads to an EngineSpec."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine runs and needs. Neither making a spec nor asking it imports the engine's library.

    Attributes:
        name: What `load` calls the engine.
        requirement: What pip installs the engine and its library by, such as `hypiler[onnx]`.
        module: The module with `open_model(config, contract, layout, device)`, which gives the backend that
            `hypiler.engines.encoders` calls. It is imported when the engine is used.
        encoder_types: What it runs, of `dense`, `static`, `multi_vector`, `sparse` and `reranker`.
        requires: The modules that must be installed, by their dotted names.
        files: Gives the patterns of the files to download for a config.
        obstacle: Says why the engine cannot run a config's weights, None if it can, from the names of all files; the
            names are None if nobody has listed the files.
        runs_remote_code: Whether it runs code of the repository, where a model needs that.
    """

    name: str
    requirement: str
    module: str
    encoder_types: tuple[str, ...]
    requires: tuple[str, ...]
    files: "Callable[[Config], Sequence[str]]"
    obstacle: "Callable[[Config, Collection[str] | None], str | None]"
    runs_remote_code: bool = False

    @property
    def install_command(self) -> str:
        """The command that installs the engine."""
        return f"python -m pip install '{self.requirement}'"

    def is_installed(self) -> bool:
        """Whether all modules that it requires can be found; none of them is imported."""
        return all(map(_is_findable, self.requires))

    def why_not(self, config: "Config", files: "Files" = None) -> str | None:
        """Why the engine cannot run a model, None if it can: whether it is installed is another question.

        `files` are the names of the model's files, or the folder that holds them; without them the registry alone
        decides. Raises EngineError for a model that no engine runs.
        """
        from hypiler.engines.contract import encoder_type_of

        obstacle = type_obstacle(encoder_type_of(config), self.encoder_types)
        names = names_in(files) if isinstance(files, (str, os.PathLike)) else files
        return obstacle or self.obstacle(config, names)

    def load(self) -> "Any":
        """The engine's module. Raises MissingEngineError if it, or what it imports, is not installed."""
        try:
            return import_module(self.module)
        except ModuleNotFoundError as error:
            raise MissingEngineError(f"{error.name} is missing: {self.install_command}") from None
        except ImportError as error:
            raise MissingEngineError(
                f"the engine `{self.name}` cannot be imported ({error}): {self.install_command}"
            ) from error


SPECS = (
    EngineSpec(
        "onnx",
        "hypiler[onnx]",
        "hypiler.engines.onnx",
        ("dense", "multi_vector", "sparse", "reranker"),
        ("numpy", "onnxruntime", "tokenizers"),
        onnx_files,
        onnx_obstacle,
    ),
    EngineSpec(
        "model2vec",
        "hypiler[model2vec]",
        "hypiler.engines.model2vec",
        ("static",),
        ("numpy", "model2vec"),
        static_files,
        static_obstacle,
    ),
    EngineSpec(
        "sentence-transformers",
        "hypiler[sentence-transformers]",
        "hypiler.engines.sentence_transformers",
        # It neither cuts static models to a length nor leaves unknown tokens out of them, as model2vec does.
        ("dense", "multi_vector", "sparse", "reranker"),
        # Versions before 6 have no such module.
        ("numpy", "torch", "sentence_transformers.multi_vector_encoder"),
        pytorch_files,
        pytorch_obstacle,
        runs_remote_code=True,
    ),
    EngineSpec(
        "fastembed",
        "hypiler[fastembed]",
        "hypiler.engines.fastembed",
        ("dense", "multi_vector", "sparse"),
        ("numpy", "fastembed", "onnxruntime", "tokenizers"),
        onnx_files,
        fastembed_obstacle,
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
    ),
)
"""The engines of this package, in the order in which "auto" tries them: the lighter first."""

ENGINES = tuple([spec.name for spec in SPECS])
"""The engines of this package by name, in the order in which "auto" tries them.

`engine_specs()` gives these and the engines of other packages.
"""


def engine_specs() -> "Iterator[EngineSpec]":
    """Every engine, in the order in which "auto" tries them: those of this package, then those of others by name.

    An entry point that cannot be loaded is left out with a warning.
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
    """The engine with this name; None if there is none. Raises EngineError for an entry point that cannot be loaded."""
    for spec in SPECS:
        if spec.name == name:
            return spec
    return next((_loaded(entry) for entry in _entry_points() if entry.name == name), None)


def engine_names() -> list[str]:
    """The names of all engines; no entry point is loaded for it."""
    return [*[spec.name for spec in SPECS], *[entry.name for entry in _entry_points()]]


def _entry_points() -> "list[EntryPoint]":
    """The engines of other packages by name; none can take the name of an engine of this package."""
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


def _is_findable(module: str) -> bool:
    """Whether a module can be imported, by its files: `find_spec` alone would import the packages around it."""
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
