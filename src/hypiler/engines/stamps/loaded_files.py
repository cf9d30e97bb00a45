"""Which files an encoder has loaded, and their identity. docs/spaces.md describes how it becomes a part of a stamp."""

from pathlib import Path

from hypiler.engines.errors import MismatchError
from hypiler.engines.stamps.file_identity import file_key, file_sha256, remembered
from hypiler.model_files.precision import files_precision
from hypiler.stamps.files import files_digest, tokenizer_digest, vocabulary_files
from hypiler.stamps.listed_bytes import location, model_identity, pinned_files, place_of, recorded_sums
from hypiler.stamps.outputs import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from hypiler.engines.stamps.file_identity import Key
    from hypiler.protocols import Config, Model

_UNKNOWN = "unknown"
# Words for one format: exporters and registries tell signed and unsigned apart, or call four bits `q4`.
_ALIKE = {"uint8": "int8", "q4": "int4"}


class LoadedFiles:
    """The files that decide the vectors of one encoder.

    Create it before the engine loads: the files are known by their state at that moment. A file that changes later
    has no identity, since nobody knows which of its contents was loaded.

    Attributes:
        model: The registry's record, as the chosen output.
        variant: The id of the chosen variant.
        folder: The folder with the files.
        weights: The names of the weight files that the engine loads; None if nobody sees them.
        tokenizer: The names of the tokenizer's files.

    Args:
        config: The model.
        folder: The folder with the files.
        names: The names of all files in the folder.
        weights: The names of the weight files that the engine loads; None if nobody sees them.
        enforced: The recorded sha256 of files by name, which loading compares with what the engine reads.
    """

    def __init__(
        self,
        config: "Config",
        folder: Path,
        names: "Collection[str]",
        weights: "Sequence[str] | None",
        enforced: "Mapping[str, str] | None" = None,
    ) -> None:
        record: Any = config.model
        self.model: Model = chosen(record, config.output)
        self.variant: str | None = config.variant
        self.folder = folder
        self.weights: list[str] | None = None if weights is None else [name for name in weights if name in names]
        self.tokenizer: list[str] = [] if weights is None else _tokenizer_files(names)
        self._keys: dict[str, Key | None] = {
            name: file_key(folder / name) for name in (*(self.weights or ()), *self.tokenizer)
        }
        self._recorded = recorded_sums(self.model)
        # The sums of files in the folder by name: enforced ones, and others once they are computed.
        self._sums = dict(enforced or {})
        self._precision: str | None = None

    def location(self) -> "tuple[str, str | None]":
        """The repository and the commit that the files should be of."""
        return location(self.model, self.variant)

    def precision(self) -> str | None:
        """The precision of the weights; None if the files do not show it."""
        if self._precision is None and self.weights:
            self._precision = self._pinned_precision(self.weights[0]) or self._shown_precision(self.weights)
        return None if self._precision == _UNKNOWN else self._precision

    def _pinned_precision(self, name: str) -> str | None:
        """The precision that the lock has for a file whose bytes are enforced."""
        if name not in self._sums:
            return None
        repository = self.location()[0]
        full = name if repository == place_of(self.model) else f"{repository}:{name}"
        pinned = pinned_files(self.model)
        return pinned[full].precision if full in pinned else None

    def _shown_precision(self, names: "Sequence[str]") -> str | None:
        keys = [(self.folder / name, self._keys[name]) for name in names]
        files = [(path, key) for path, key in keys if key is not None]
        paths = [path for path, _ in files]
        return remembered("precision", files, lambda: files_precision(paths) or _UNKNOWN)

    def check_variant(self) -> None:
        """Raise MismatchError if the file of a variant has another precision than the registry says."""
        if self.variant is None or not self.weights:
            return
        stated = next(one.quantization for one in self.model.variants if one.id == self.variant)
        found = self.precision()
        if stated and found and _ALIKE.get(stated, stated) != _ALIKE.get(found, found):
            raise MismatchError(
                f"the variant {self.variant!r} of `{self.model.id}` is {stated!r} in the registry and {found!r} in"
                f" {self.folder / self.weights[0]}: one of them is wrong"
            )

    def identity(self) -> "tuple[dict[str, Any] | None, str | None]":
        """The identity of the weights and of the tokenizer. Files without a recorded sum are hashed.

        Both are None if nobody sees the bytes that ran. Then the pinned commit says only which bytes should have run.
        """
        if self.weights is None:
            return None, None
        return self._weights_identity(self.weights), tokenizer_digest(
            {name: self._sum(name) for name in self.tokenizer}
        )

    def _weights_identity(self, names: "Sequence[str]") -> "dict[str, Any]":
        sums = [self._sum(name) for name in names]
        known = [one for one in sums if one is not None]
        digest = files_digest(known) if known and len(known) == len(sums) else None
        listed = self._is_listed(names, known) if digest else None
        return {
            "sha256": digest,
            "listed": listed,
            "model": model_identity(self.model, self._recorded) if listed else None,
            "precision": self.precision(),
        }

    def _is_listed(self, names: "Sequence[str]", sums: "Sequence[str]") -> bool | None:
        """Whether every sum is recorded for the model; None if no weights of the model are recorded."""
        if {*sums} <= {*self._recorded.values()}:
            return True
        endings = {name.rpartition(".")[2] for name in names} | {"safetensors", "onnx", "bin"}
        return False if any(name.rpartition(".")[2] in endings for name in self._recorded) else None

    def _sum(self, name: str) -> str | None:
        """The sha256 of a file: the recorded one, which loading has enforced, or that of its content."""
        key = self._keys[name]
        if key is None or file_key(self.folder / name) != key:
            return None
        if name not in self._sums:
            found = file_sha256(self.folder / name, key)
            if found is None:
                return None
            self._sums[name] = found
        return self._sums[name]


def _tokenizer_files(names: "Collection[str]") -> list[str]:
    """The names of tokenizer.json, or of the vocabulary files where there is none."""
    whole = [name for name in names if name.rpartition("/")[2] == "tokenizer.json"]
    return sorted(whole, key=lambda name: (name.count("/"), name))[:1] or vocabulary_files(names)
