"""What a process has really loaded for one encoder: files with their sums, versions, contract and policy.

docs/policy.md describes the keys. Shapes of another version have another `version`.
"""

import re
import sys
from dataclasses import asdict

from hypiler.engines.stamps.file_identity import file_key, file_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from hypiler.engines.contract import Contract
    from hypiler.engines.files.checked_files import CheckedFiles
    from hypiler.engines.policy import LoadingPolicy
    from hypiler.engines.specs import EngineSpec
    from hypiler.engines.stamps.file_identity import Key
    from hypiler.protocols import Config

VERSION = 1
"""The version of the shape."""
# Libraries that engines load besides those that they require.
_OTHERS = ("huggingface_hub", "safetensors", "tokenizers", "transformers", "scipy")


class Provenance:
    """What one call of `load` has loaded.

    Create it before the engine reads the files: they are known by their state at that moment, and a file that changes
    later has no sha256.

    Attributes:
        config: The model and the user's choices.
        spec: The engine.
        options: What the caller of `load` allowed and assumed, and the device, by the names of the arguments.
    """

    def __init__(
        self,
        config: "Config",
        spec: "EngineSpec",
        files: "CheckedFiles",
        policy: "LoadingPolicy",
        *,
        local: bool,
        options: "Mapping[str, Any]",
    ) -> None:
        self.config = config
        self.spec = spec
        self.options: dict[str, Any] = dict(options)
        self._local = local
        self._folder = files.folder
        self._recorded = dict(files.sums)
        self._policy = policy.to_json()
        self._keys: dict[str, Key | None] = {name: file_key(files.folder / name) for name in files.names}

    def to_json(self, contract: "Contract", space: "Mapping[str, Any]") -> "dict[str, Any]":
        """Everything as JSON types. `contract` is what ran, and `space` the stamp without a probe."""
        config = self.config
        return {
            "version": VERSION,
            "model": contract.id,
            "repository": space["repository"],
            "revision": space["revision"],
            "commit": _commit(self._folder, space["revision"], local=self._local),
            "folder": str(self._folder) if self._folder.is_dir() else None,
            "variant": config.variant,
            "output": config.output,
            "prompts": {side: getattr(config, f"{side}_prompt", None) for side in ("query", "document")},
            "files": [self._file(name) for name in sorted(self._keys)],
            "engine": self.spec.name,
            "packages": _versions([name.partition(".")[0] for name in self.spec.requires]),
            "precision": space["document"]["precision"],
            "contract": {name: value for name, value in asdict(contract).items() if name != "space_facts"},
            "space_id": space["space_id"],
            "query_space_id": space["query_space_id"],
            "policy": self._policy,
            "server": None,
            **self.options,
        }

    def load_arguments(self) -> "dict[str, Any]":
        """The arguments of `load`, without the server."""
        options = dict(self.options)
        # `server` is what the server answered, which is no argument. A server chooses its own device, recorded as None.
        options.pop("server", None)
        if options.get("device") is None:
            options.pop("device", None)
        local = {"local": str(self._folder)} if self._local else {}
        return {"engine": self.spec.name, **local, **options}

    def _file(self, name: str) -> "dict[str, Any]":
        """A file: its size and sha256, and whether loading compared the sum with a recorded one."""
        path, key = self._folder / name, self._keys[name]
        recorded = self._recorded.get(name)
        sha256 = None
        if key is not None and file_key(path) == key:
            sha256 = recorded or file_sha256(path, key)
        return {"name": name, "size": key and key[2], "sha256": sha256, "checked": recorded is not None}


def _commit(folder: "Path", revision: str | None, *, local: bool) -> str | None:
    """The commit of the files. The hub's cache names the folder after it; nobody knows that of another folder."""
    if local:
        return None
    return folder.name if re.fullmatch("[0-9a-f]{40}", folder.name) else revision


def _versions(required: "Iterable[str]") -> dict[str, str | None]:
    """The versions of Python, hypiler and the libraries that are loaded, by the names of their modules."""
    found: dict[str, str | None] = {
        "python": sys.version.partition(" ")[0],
        "hypiler": sys.modules["hypiler"].__version__,
    }
    for name in dict.fromkeys((*required, *_OTHERS)):
        if name in sys.modules:
            found[name] = _version(name)
    return found


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:  # the distribution has another name
        return getattr(sys.modules[name], "__version__", None)
